//! The error for an invalid field: the field's name and what is wrong with its value.

use std::str::FromStr;

use strum::VariantNames;

/// An invalid field. The error text is written for the person who can correct the value.
///
/// It contains at most one character of the input, so that no contact appears in an error or a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {problem}")]
pub struct InvalidField {
    /// The field's name in the message. Nested fields are written with a dot, as in `contact.email`.
    pub field: &'static str,
    pub problem: FieldProblem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    #[error("is missing; add it")]
    Missing,
    #[error("must be {expected}, not {found}")]
    WrongType { expected: &'static str, found: &'static str },
    #[error("is empty; use 1 to {limit} characters")]
    Empty { limit: usize },
    #[error("has {found} characters; at most {limit} are allowed")]
    TooLong { found: usize, limit: usize },
    #[error("has {found} bytes; at most {limit} are allowed")]
    TooManyBytes { found: usize, limit: usize },
    #[error("has a character with more than {limit} accents or other marks; remove some of them")]
    TooManyMarks { limit: usize },
    #[error("has {found} entries; at most {limit} are allowed")]
    TooMany { found: usize, limit: usize },
    #[error("contains U+{:04X}, which cannot be shown; remove it", u32::from(*.character))]
    Invisible { character: char },
    #[error("needs at least one letter or digit; add one")]
    NoLetterOrDigit,
    #[error("begins with `#`, which is reserved; use another first character")]
    BeginsWithHash,
    #[error("contains an address that mail programs turn into a link; leave it out, or write it without dots")]
    Link,
    #[error("must be one of {choices}")]
    NotAChoice { choices: String },
    #[error("must contain exactly one of `email`, `sms` and `webhook`")]
    NotOneContact,
    #[error("is not an email address; write it like ana@example.org")]
    NotAnEmail,
    #[error("is not a phone number in international form; write it like +14155552671")]
    NotAPhone,
    #[error("is not an https address; write it like https://example.org/hook, without user name, password or #")]
    NotAWebhook,
    #[error("is neither an email address (ana@example.org), a phone number (+14155552671) nor an https address")]
    NotAContact,
    #[error("is not a time; use RFC 3339 (2026-01-31T18:00:00Z) or milliseconds since 1970")]
    NotATime,
    #[error("is outside the range {earliest} to {latest}; numbers are milliseconds since 1970, not seconds")]
    TimeOutOfRange { earliest: String, latest: String },
    #[error("is not a local time; write it like 2026-12-03T19:00, without an offset")]
    NotALocalTime,
    #[error("is not a time zone; write it like Europe/Berlin")]
    NotAZone,
    #[error("is not after the start; choose a later time")]
    EndsBeforeStart,
    #[error("is in the past; use a later time")]
    InThePast,
    #[error("must be a whole number from {least} to {most}")]
    NotInRange { least: u64, most: u64 },
    #[error("must be 1 to {limit} printable ASCII characters without spaces")]
    NotAnId { limit: usize },
    #[error("is missing; to cancel over `http`, give the id of the sign-up that began the registration")]
    MissingRegistration,
}

impl FieldProblem {
    /// Returns the error for a field with this problem.
    pub fn in_field(self, field: &'static str) -> InvalidField {
        InvalidField { field, problem: self }
    }
}

/// Parses the name of an enum variant. The error lists all names.
pub fn choice<T: FromStr + VariantNames>(text: &str) -> Result<T, FieldProblem> {
    text.parse().map_err(|_| FieldProblem::NotAChoice { choices: list_names(T::VARIANTS) })
}

fn list_names(names: &[&str]) -> String {
    let (last, others) = names.split_last().expect("the enum has at least two variants");
    format!("`{}` and `{last}`", others.join("`, `"))
}
