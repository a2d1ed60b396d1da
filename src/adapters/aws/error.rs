//! What an error of AWS means to us: whether to try again, by its code, at this one place.

use std::fmt;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::ports::{ApplyError, SendError, Unavailable};

/// A call that failed and may work later.
pub fn unavailable<E, R>(doing: &'static str, error: &SdkError<E, R>) -> Unavailable
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    Unavailable { doing, cause: cause(error) }
}

/// A call that failed: for good if what was asked can never be done, else for now. Whatever an operator can mend
/// (a missing right, a missing table) is for now.
pub fn apply_error<E, R>(doing: &'static str, error: &SdkError<E, R>) -> ApplyError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    match code(error) {
        Some("ValidationException" | "ItemCollectionSizeLimitExceededException") => {
            ApplyError::Rejected(format!("the table does not take it: {}", cause(error)))
        }
        _ => ApplyError::Unavailable(unavailable(doing, error)),
    }
}

/// A call about somebody's address that failed, said by its code alone: what SNS says in words repeats addresses. For
/// good if the address or the message is the reason, else for now, as above.
pub fn send_error<E, R>(doing: &'static str, error: &SdkError<E, R>) -> SendError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    match code(error) {
        Some(code) if is_final(code) && !names_parameter(error, "TopicArn") => {
            SendError::Rejected(format!("SNS does not take it: {code}"))
        }
        code => {
            let unavailable = Unavailable { doing, cause: cause_without_words(error) };
            // What SNS refuses it does not send; what it says of its own mishaps, or not at all, leaves that open.
            let is_refused = code.is_some_and(|code| !matches!(code, "InternalError" | "ServiceUnavailable"));
            if is_refused { SendError::NotSent(unavailable) } else { SendError::Unavailable(unavailable) }
        }
    }
}

/// Whether SNS refused a call for a parameter, which it names in words alone.
pub fn names_parameter<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>, name: &str) -> bool {
    let message = error.as_service_error().and_then(ProvideErrorMetadata::message);
    code(error) == Some("InvalidParameter") && message.is_some_and(|message| message.contains(name))
}

/// The codes of SNS that say of an address or a message that it never will do.
fn is_final(code: &str) -> bool {
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
            _ => "an answer without an error code".to_owned(),
        },
        None => DisplayErrorContext(error).to_string(),
    }
}

/// Where there is no code, either no answer came, or one that nobody can read and that may hold anything.
fn cause_without_words<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    match (code(error), error.raw_response()) {
        (Some(code), _) => code.to_owned(),
        (None, Some(_)) => "an answer without an error code".to_owned(),
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
        let error = UpdateItemError::generic(ErrorMetadata::builder().code(code).message("so it is").build());
        apply_error("testing", &SdkError::service_error(error, ()))
    }

    #[test]
    fn only_what_can_never_be_done_is_refused_for_good() {
        for code in [
            "ProvisionedThroughputExceededException",
            "ThrottlingException",
            "RequestLimitExceeded",
            "InternalServerError",
            "ServiceUnavailable",
            "AccessDeniedException",
            "ResourceNotFoundException",
            "ExpiredTokenException",
        ] {
            let ApplyError::Unavailable(unavailable) = failed(code) else { panic!("{code} is refused for good") };
            assert_eq!(unavailable.to_string(), format!("testing failed: {code}: so it is"));
        }
        assert!(matches!(failed("ValidationException"), ApplyError::Rejected(_)));
    }

    #[test]
    fn what_never_got_an_answer_is_tried_again() {
        let error: SdkError<UpdateItemError, ()> = SdkError::timeout_error("after 4 s");
        assert!(matches!(apply_error("testing", &error), ApplyError::Unavailable(_)));
    }
    fn not_delivered(code: &str, message: &str) -> SendError {
        let error = PublishError::generic(ErrorMetadata::builder().code(code).message(message).build());
        send_error("texting", &SdkError::service_error(error, ()))
    }

    #[test]
    fn what_an_operator_can_mend_or_time_will_is_tried_again_and_told_without_an_address() {
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
            let failure = not_delivered(code, "not authorized to perform: SNS:Publish on resource: +14155552671");
            let (SendError::Unavailable(unavailable) | SendError::NotSent(unavailable)) = failure else {
                panic!("{code} is refused for good")
            };
            assert_eq!(unavailable.to_string(), format!("texting failed: {code}"));
        }
        let mistyped = not_delivered("InvalidParameter", "Invalid parameter: TopicArn");
        assert!(matches!(mistyped, SendError::NotSent(_)), "{mistyped}");
    }

    #[test]
    fn what_is_wrong_with_an_address_is_so_for_good_and_told_without_it() {
        for code in ["InvalidParameter", "ParameterValueInvalid", "EndpointDisabled", "OptedOut", "UserError"] {
            let failure = not_delivered(code, "Invalid parameter: PhoneNumber Reason: +1415 is not valid");
            let SendError::Rejected(reason) = failure else { panic!("{code} is tried again") };
            assert_eq!(reason, format!("SNS does not take it: {code}"));
        }
    }
}
