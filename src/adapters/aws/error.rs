//! Classifies the errors of AWS by their codes as transient (a retry may help) or permanent.

use std::fmt;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::ports::{ApplyError, SendError, Unavailable};

/// Converts an error for which a retry may help.
pub fn unavailable<E, R>(doing: &'static str, error: &SdkError<E, R>) -> Unavailable
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    Unavailable { doing, cause: cause(error) }
}

/// Parts of DynamoDB's messages about an item that exceeds a size limit: of the item, the partition key or the sort key.
const TOO_LARGE: [&str; 3] = ["Item size", "Size of hashkey", "size of all range keys"];

/// Converts the error of a write to the table. It is permanent only if the size of the item is the reason. All other errors
/// are transient, because an operator can correct them: a missing permission, a missing table or index.
pub fn apply_error<E, R>(doing: &'static str, error: &SdkError<E, R>) -> ApplyError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    let message = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
    if code(error) == Some("ValidationException") && TOO_LARGE.iter().any(|part| message.contains(part)) {
        return ApplyError::Rejected(format!("the table rejected the item: {}", cause(error)));
    }
    ApplyError::Unavailable(unavailable(doing, error))
}

/// Converts the error of a call to SNS about a contact. It is permanent if the address or the message is invalid,
/// otherwise transient. The result contains only the error's code, because SNS's error messages contain addresses.
pub fn send_error<E, R>(doing: &'static str, error: &SdkError<E, R>) -> SendError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    match code(error) {
        Some(code) if is_permanent(code) && !is_invalid_parameter(error, "TopicArn") => {
            SendError::Rejected(format!("SNS rejected the address or the message: {code}"))
        }
        code => {
            let unavailable = Unavailable { doing, cause: cause_without_message(error) };
            // If SNS refused the call, nothing was sent. After an internal error or without a response, the message may
            // have been sent.
            let was_refused = code.is_some_and(|code| !matches!(code, "InternalError" | "ServiceUnavailable"));
            if was_refused { SendError::NotSent(unavailable) } else { SendError::Unavailable(unavailable) }
        }
    }
}

/// Returns whether SNS rejected this parameter. Only the error's message contains the parameter's name.
pub fn is_invalid_parameter<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>, name: &str) -> bool {
    let message = error.as_service_error().and_then(ProvideErrorMetadata::message);
    code(error) == Some("InvalidParameter") && message.is_some_and(|message| message.contains(name))
}

/// Returns whether SNS rejected an address or a message with this code.
fn is_permanent(code: &str) -> bool {
    matches!(
        code,
        "InvalidParameter"
            | "ParameterValueInvalid"
            | "InvalidParameterValue"
            | "ValidationException"
            | "EndpointDisabled"
            | "PlatformApplicationDisabled"
            | "OptedOut"
            | "UserError"
    )
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

fn cause<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    match error.as_service_error() {
        Some(service) => match (service.code(), service.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.to_owned(),
            _ => "AWS answered without an error code".to_owned(),
        },
        None => DisplayErrorContext(error).to_string(),
    }
}

/// Describes an error by its code. An unreadable response has no code, and may contain an address, so its text is left
/// out.
fn cause_without_message<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    match (code(error), error.raw_response()) {
        (Some(code), _) => code.to_owned(),
        (None, Some(_)) => "AWS answered without an error code".to_owned(),
        (None, None) => DisplayErrorContext(error).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
    use aws_sdk_sns::operation::publish::PublishError;

    use super::*;

    fn failed(code: &str) -> ApplyError {
        failed_with(code, "details")
    }

    fn failed_with(code: &str, message: &str) -> ApplyError {
        let error = UpdateItemError::generic(ErrorMetadata::builder().code(code).message(message).build());
        apply_error("testing", &SdkError::service_error(error, ()))
    }

    #[test]
    fn only_too_large_items_are_rejected() {
        for code in [
            "ProvisionedThroughputExceededException",
            "ThrottlingException",
            "RequestLimitExceeded",
            "InternalServerError",
            "ServiceUnavailable",
            "AccessDeniedException",
            "ResourceNotFoundException",
            "ExpiredTokenException",
            "ValidationException",
        ] {
            let ApplyError::Unavailable(unavailable) = failed(code) else { panic!("{code} is permanent") };
            assert_eq!(unavailable.to_string(), format!("testing failed: {code}: details"));
        }
        for message in [
            "Item size has exceeded the maximum allowed size",
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes",
            "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
        ] {
            assert!(matches!(failed_with("ValidationException", message), ApplyError::Rejected(_)), "{message}");
        }
    }

    #[test]
    fn error_without_a_message_is_described_by_its_code() {
        let error = UpdateItemError::generic(ErrorMetadata::builder().code("ThrottlingException").build());
        let unavailable = unavailable("testing", &SdkError::service_error(error, ()));
        assert_eq!(unavailable.to_string(), "testing failed: ThrottlingException");
    }

    #[test]
    fn timeouts_are_transient() {
        let error: SdkError<UpdateItemError, ()> = SdkError::timeout_error("after 4 s");
        assert!(matches!(apply_error("testing", &error), ApplyError::Unavailable(_)));
    }

    fn send_failure(code: &str, message: &str) -> SendError {
        let error = PublishError::generic(ErrorMetadata::builder().code(code).message(message).build());
        send_error("texting", &SdkError::service_error(error, ()))
    }

    #[test]
    fn transient_sns_errors_contain_no_address() {
        for code in [
            "Throttling",
            "Throttled",
            "ThrottlingException",
            "KMSThrottling",
            "KMSAccessDenied",
            "InternalError",
            "ServiceUnavailable",
            "AuthorizationError",
            "InvalidClientTokenId",
            "ExpiredToken",
            "InvalidSecurity",
            "NotFound",
            "TopicLimitExceeded",
            "SubscriptionLimitExceeded",
        ] {
            let failure = send_failure(code, "not authorized to perform: SNS:Publish on resource: +14155552671");
            let (SendError::Unavailable(unavailable) | SendError::NotSent(unavailable)) = failure else {
                panic!("{code} is permanent")
            };
            assert_eq!(unavailable.to_string(), format!("texting failed: {code}"));
        }
        let invalid_topic = send_failure("InvalidParameter", "Invalid parameter: TopicArn");
        assert!(matches!(invalid_topic, SendError::NotSent(_)), "{invalid_topic}");
    }

    #[test]
    fn permanent_sns_errors_contain_no_address() {
        for code in ["InvalidParameter", "ParameterValueInvalid", "EndpointDisabled", "OptedOut", "UserError"] {
            let failure = send_failure(code, "Invalid parameter: PhoneNumber Reason: +1415 is not valid");
            let SendError::Rejected(reason) = failure else { panic!("{code} is transient") };
            assert_eq!(reason, format!("SNS rejected the address or the message: {code}"));
        }
    }
}
