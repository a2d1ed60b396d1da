//! Lists of countries.

use std::fmt;
use std::str::FromStr;

use super::country::{Country, InvalidCountry};

/// Countries, separated by commas: `DE,US`. The list may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Countries(Vec<Country>);

impl Countries {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, country: Country) -> bool {
        self.0.contains(&country)
    }

    /// Returns the code of each country.
    pub fn codes(&self) -> Vec<String> {
        self.0.iter().map(Country::to_string).collect()
    }
}

impl FromStr for Countries {
    type Err = InvalidCountry;

    fn from_str(text: &str) -> Result<Self, InvalidCountry> {
        let codes = text.split(',').filter(|code| !code.trim().is_empty());
        codes.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Countries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.codes().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_lists() {
        for (text, parsed) in [("DE,US", "DE,US"), ("DE, us,", "DE,US"), ("", ""), (" ", "")] {
            let countries: Countries = text.parse().unwrap();
            assert_eq!((countries.to_string().as_str(), countries.is_empty()), (parsed, parsed.is_empty()), "{text:?}");
        }
        assert_eq!("DE,UK".parse::<Countries>(), Err(InvalidCountry::Uk));
    }

    #[test]
    fn contains_listed_countries_only() {
        let countries: Countries = "DE,US".parse().unwrap();
        assert!(countries.contains("US".parse().unwrap()));
        assert!(!countries.contains("CA".parse().unwrap()));
    }
}
