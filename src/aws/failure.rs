//! What an error of AWS means to us: whether to try again, by its code, at this one place.

use std::fmt;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::ports::{Failure, Unavailable};

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
pub fn failure<E, R>(doing: &'static str, error: &SdkError<E, R>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    match code(error) {
        Some("ValidationException" | "ItemCollectionSizeLimitExceededException") => {
            Failure::Reject(format!("the table does not take it: {}", cause(error)))
        }
        _ => Failure::Retry(unavailable(doing, error)),
    }
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

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

    use super::*;

    fn failed(code: &str) -> Failure {
        let error = UpdateItemError::generic(ErrorMetadata::builder().code(code).message("so it is").build());
        failure("testing", &SdkError::service_error(error, ()))
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
            let Failure::Retry(unavailable) = failed(code) else { panic!("{code} is refused for good") };
            assert_eq!(unavailable.to_string(), format!("testing failed: {code}: so it is"));
        }
        assert!(matches!(failed("ValidationException"), Failure::Reject(_)));
    }

    #[test]
    fn what_never_got_an_answer_is_tried_again() {
        let error: SdkError<UpdateItemError, ()> = SdkError::timeout_error("after 4 s");
        assert!(matches!(failure("testing", &error), Failure::Retry(_)));
    }
}
