//! A parser for options whose value is one of several words.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use strum::{ParseError, VariantNames};

/// Parses the name of an enum variant.
pub fn choice<T>() -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = ParseError> + VariantNames + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(T::VARIANTS).try_map(|name| name.parse::<T>())
}
