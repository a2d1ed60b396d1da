//! Countries, by their two-letter codes.

use std::fmt;
use std::str::FromStr;

use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;

/// A country or territory with its own phone numbers, such as `DE`: the codes of ISO 3166-1, and `AC`, `TA` and `XK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country(Id);

/// Why a text is not a country. Each error says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCountry {
    #[error("UK is not the country code of the United Kingdom; write GB")]
    Uk,
    #[error("{text} is a calling code; write the codes of countries instead, such as {example}")]
    CallingCode { text: String, example: &'static str },
    #[error("{0:?} is not a two-letter country code of ISO 3166-1; write codes such as DE,US")]
    Unknown(String),
}

impl FromStr for Country {
    type Err = InvalidCountry;

    fn from_str(text: &str) -> Result<Self, InvalidCountry> {
        let code = text.trim().to_ascii_uppercase();
        if let Ok(id) = code.parse() {
            return Ok(Self(id));
        }
        if code == "UK" {
            return Err(InvalidCountry::Uk);
        }
        match code.trim_start_matches(['+', '0']).parse() {
            Ok(calling_code) => Err(InvalidCountry::CallingCode { text: code, example: main_country(calling_code) }),
            Err(_) => Err(InvalidCountry::Unknown(text.trim().to_owned())),
        }
    }
}

/// The largest country with this calling code, or any country.
fn main_country(calling_code: u16) -> &'static str {
    DATABASE.region(&calling_code).and_then(|regions| regions.first().copied()).unwrap_or("DE")
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        text.parse::<Country>().unwrap_err().to_string()
    }

    #[test]
    fn parses_two_letter_codes() {
        assert_eq!("DE".parse::<Country>().unwrap().to_string(), "DE");
        assert_eq!(" us ".parse::<Country>().unwrap().to_string(), "US");
    }

    #[test]
    fn error_says_what_to_write() {
        assert!(error("UK").ends_with("write GB"), "{}", error("UK"));
        for (text, example) in
            [("+49", "DE"), ("0049", "DE"), ("49", "DE"), ("+1", "US"), ("+44", "GB"), ("+999", "DE")]
        {
            let error = error(text);
            assert!(error.contains("is a calling code") && error.ends_with(example), "{error}");
        }
        for text in ["Germany", "DEU", "ZZ", "001", "", "D E", "+", "ÄÖ"] {
            assert!(error(text).contains("such as"), "{}", error(text));
        }
    }

    #[test]
    fn every_country_with_phone_numbers_has_a_code() {
        // 001 stands for numbers that belong to no country, such as satellite phones.
        for plan in DATABASE.iter().filter(|plan| plan.id() != "001") {
            assert_eq!(plan.id().parse::<Country>().unwrap().to_string(), plan.id());
        }
    }
}
