//! What numbering plans say about phone numbers.

use phonenumber::Type;
use phonenumber::metadata::{DATABASE, Metadata};

use super::country::Country;

/// Numbers that cost the sender more, or reach no person by text message. UK `70` numbers, for example, are personal
/// numbers, and some cost as much as premium numbers.
const SPECIAL: [Type; 8] = [
    Type::PremiumRate,
    Type::SharedCost,
    Type::TollFree,
    Type::PersonalNumber,
    Type::Voip,
    Type::Pager,
    Type::Uan,
    Type::Voicemail,
];

/// The line behind a phone number, according to the numbering plans of libphonenumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneLine {
    /// A mobile phone. In countries such as US, mobile and fixed lines have the same kind of number: these are included.
    Mobile(Country),
    /// Any other line: fixed, premium-rate, shared-cost, toll-free, personal, internet, pager, company or voicemail.
    Other(Country),
    /// The number is in no country's numbering plan. Satellite phones, for example, belong to no country.
    Unknown,
}

impl PhoneLine {
    /// Finds the line of a number in E.164 form.
    ///
    /// A number that matches no plan is [`Unknown`](Self::Unknown), even if only one country has its calling code. This
    /// protects the operator's money, because such a number may be of any kind. It affects no recipient, because
    /// [`Contact::sms`](super::contact::Contact::sms) accepts only numbers that match a plan.
    pub fn of(number: &str) -> Self {
        // `PhoneNumber::country` and `PhoneNumber::number_type` ignore leading zeros, which the mobile numbers of Benin
        // and Congo have. So the digits that will be dialled are compared with the plans here.
        let Ok(parsed) = phonenumber::parse(None, number) else { return Self::Unknown };
        let code = parsed.code().value();
        let Some(national) = number.strip_prefix(&format!("+{code}")) else { return Self::Unknown };
        // The first is the main country of the calling code. It also has the numbers that it shares with its territories.
        let plans = DATABASE.by_code(&code).unwrap_or_default();
        let Some(plan) = plans.into_iter().find(|plan| has(plan, national)) else { return Self::Unknown };
        match plan.id().parse() {
            Ok(country) if is_mobile(plan, national) => Self::Mobile(country),
            Ok(country) => Self::Other(country),
            Err(_) => Self::Unknown,
        }
    }
}

/// Whether the plan has the number, as a line of any kind.
fn has(plan: &Metadata, national: &str) -> bool {
    let leads =
        plan.leading_digits().is_none_or(|digits| digits.find(national).is_some_and(|found| found.start() == 0));
    let kinds = [Type::FixedLine, Type::Mobile].into_iter().chain(SPECIAL);
    leads && matches(plan, Type::Unknown, national) && kinds.into_iter().any(|kind| matches(plan, kind, national))
}

/// Some special numbers also match the plan's pattern of mobile numbers.
fn is_mobile(plan: &Metadata, national: &str) -> bool {
    matches(plan, Type::Mobile, national) && !SPECIAL.into_iter().any(|kind| matches(plan, kind, national))
}

fn matches(plan: &Metadata, kind: Type, national: &str) -> bool {
    plan.descriptors().get(kind).is_some_and(|pattern| pattern.is_match(national))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn describe(line: PhoneLine) -> String {
        match line {
            PhoneLine::Mobile(country) => format!("mobile {country}"),
            PhoneLine::Other(country) => format!("other {country}"),
            PhoneLine::Unknown => "unknown".to_owned(),
        }
    }

    #[test]
    fn finds_the_country_of_numbers_with_a_shared_calling_code() {
        for (number, line) in [
            ("+14155552671", "mobile US"),
            ("+16137827274", "mobile CA"),
            ("+12423591234", "mobile BS"),
            ("+18762101234", "mobile JM"),
            ("+17872345678", "mobile PR"),
            ("+447400123456", "mobile GB"),
            ("+447911123456", "mobile GG"),
            ("+447797712345", "mobile JE"),
            ("+447781123456", "mobile GG"),
            ("+447624456789", "mobile IM"),
            ("+79123456789", "mobile RU"),
            ("+77710009998", "mobile KZ"),
            ("+393123456789", "mobile IT"),
            ("+390669812345", "other VA"),
            ("+358412345678", "mobile FI"),
            ("+35818123456", "other AX"),
            ("+4741234567", "mobile NO"),
            ("+2290195123456", "mobile BJ"),
            ("+2250123456789", "mobile CI"),
        ] {
            assert_eq!(describe(PhoneLine::of(number)), line, "{number}");
        }
    }

    #[test]
    fn special_numbers_are_not_mobile() {
        for (number, line) in [
            ("+19002345678", "other US"),
            ("+18002345678", "other US"),
            ("+15002345678", "other US"),
            ("+449012345678", "other GB"),
            ("+447012345678", "other GB"),
            ("+447640123456", "other GB"),
            ("+442079460958", "other GB"),
            ("+499001234567", "other DE"),
            ("+491801234567", "other DE"),
            ("+3933101234501", "other IT"),
            ("+979123456789", "unknown"),
            ("+881612345678", "unknown"),
            ("+88213123456", "unknown"),
        ] {
            assert_eq!(describe(PhoneLine::of(number)), line, "{number}");
        }
    }

    #[test]
    fn a_number_outside_of_every_plan_is_unknown() {
        for number in
            ["", "+", "+1", "+14155", "+12015", "+4900000000", "+999123456789", "4155552671", "+1 415 555 2671"]
        {
            assert_eq!(PhoneLine::of(number), PhoneLine::Unknown, "{number}");
        }
    }

    /// Territories that share all or some of their mobile numbers with a larger country. For the Isle of Man, only the
    /// numbers that begin with +44 7924 are given to the United Kingdom.
    const SHARED: [&str; 10] = ["AX", "BL", "CC", "CX", "EH", "IM", "MF", "SJ", "VA", "YT"];

    #[test]
    fn every_country_has_mobile_numbers() {
        let mut elsewhere = BTreeSet::new();
        for plan in DATABASE.iter().filter(|plan| plan.id() != "001") {
            let Some(example) = plan.descriptors().mobile().and_then(|mobile| mobile.example()) else { continue };
            match PhoneLine::of(&format!("+{}{example}", plan.country_code())) {
                PhoneLine::Mobile(country) if country.to_string() == plan.id() => {}
                PhoneLine::Mobile(_) => _ = elsewhere.insert(plan.id()),
                line => panic!("{}: {}", plan.id(), describe(line)),
            }
        }
        assert!(elsewhere.iter().all(|country| SHARED.contains(country)), "{elsewhere:?}");
    }

    #[test]
    fn no_special_number_of_any_country_is_mobile() {
        for plan in DATABASE.iter() {
            for kind in SPECIAL {
                let Some(example) = plan.descriptors().get(kind).and_then(|kind| kind.example()) else { continue };
                let line = PhoneLine::of(&format!("+{}{example}", plan.country_code()));
                assert!(!matches!(line, PhoneLine::Mobile(_)), "{} {kind:?} {example}: {}", plan.id(), describe(line));
            }
        }
    }
}
