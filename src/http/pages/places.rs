//! What pages say about places and the waiting list, and the lists of people who have a place and who wait.

use maud::{Markup, html};

use crate::domain::event_details::Content;
use crate::domain::place::Place;
use crate::http::locale::{Locale, Slot};
use crate::http::pages::signup_fields::Signee;
use crate::http::place_bodies::PlacesBody;
use crate::http::roster_view::{RosterPerson, RosterView};

/// How many people are coming.
pub fn count_text(locale: Locale, count: u64, places: Option<&PlacesBody>) -> String {
    match places {
        None => locale.count("count-signups", count),
        Some(PlacesBody { capacity, taken, waiting }) => {
            let variables =
                [("taken", (*taken).into()), ("capacity", (*capacity).into()), ("waiting", (*waiting).into())];
            locale.format(if *waiting == 0 { "count-places" } else { "count-places-waiting" }, &variables)
        }
    }
}

/// How many places are taken, as a bar with text.
pub fn places_bar(locale: Locale, places: &PlacesBody) -> Markup {
    let shown = places.taken.min(places.capacity.into());
    html! {
        div.places {
            progress max=(places.capacity) value=(shown) aria-hidden="true" {}
            p { (count_text(locale, 0, Some(places))) }
        }
    }
}

/// A position on the waiting list: `1st`, `22nd`.
pub fn ordinal(locale: Locale, position: u64) -> String {
    locale.format("ordinal", &[("position", position.into())])
}

/// The label of the button to sign up.
pub fn signup_label(locale: Locale, places: Option<&PlacesBody>, signee: Signee) -> String {
    let is_full = places.is_some_and(|places| places.free() == 0);
    locale.text(match (signee, is_full) {
        (Signee::Oneself, true) => "signup-wait",
        (Signee::Oneself, false) => "signup-submit",
        (Signee::SomebodyElse, true) => "signup-wait-other",
        (Signee::SomebodyElse, false) => "signup-submit-other",
    })
}

/// What somebody should know about the places before they sign up. `places` is `None` if they may not see the numbers.
pub fn signup_hint(locale: Locale, content: &Content, places: Option<&PlacesBody>, signee: Signee) -> Option<String> {
    content.capacity?;
    let Some(places) = places else { return Some(locale.text("signup-limited")) };
    match places.free() {
        0 => {
            let position = ordinal(locale, places.waiting + 1);
            let id = if signee == Signee::Oneself { "signup-full" } else { "signup-full-other" };
            Some(locale.format(id, &[("position", position.into())]))
        }
        free if free > content.guests_per_signup.into() => None,
        free => Some(locale.count("signup-few", free)),
    }
}

/// What a registration's owner should know about their place. `guests` is the number of guests who have a place or wait.
pub fn place_text(locale: Locale, name: &str, place: Option<Place>, guests: u8) -> Markup {
    let name = ("name", Slot::Text(name));
    match place {
        None => locale.markup("personal-in", &[name]),
        Some(Place::Confirmed { .. }) if guests == 0 => locale.markup("personal-place", &[name]),
        Some(Place::Confirmed { .. }) => {
            locale.markup("personal-place-guests", &[name, ("number", Slot::Number(guests.into()))])
        }
        Some(Place::Waiting { position: Some(position) }) => {
            let position = html! { (ordinal(locale, position)) };
            locale.markup("personal-waiting", &[name, ("position", Slot::Markup(position))])
        }
        Some(Place::Waiting { position: None }) => locale.markup("personal-waiting-somewhere", &[name]),
        Some(Place::Pending) => locale.markup("personal-undecided", &[name]),
    }
}

/// Says that more guests did not fit. `guests` have a place.
pub fn refused_guests_text(locale: Locale, refused: u8, guests: u8) -> String {
    let wanted = guests.saturating_add(refused);
    let variables = [("wanted", wanted.into()), ("guests", guests.into())];
    locale.format("personal-refused-guests", &variables)
}

/// The people on a page of a roster, in lists: those who have a place, and those who wait. `item` writes what is shown of a
/// person beside the position on the waiting list.
pub fn lists(locale: Locale, roster: &RosterView, item: impl Fn(&RosterPerson<'_>) -> Markup) -> Markup {
    let people = roster.people();
    html! {
        ul.people { (items(locale, &people, Part::Coming, &item)) }
        (other_lists(locale, &people, &item))
    }
}

/// The lists of people who have no place, unless they are empty.
pub fn other_lists(locale: Locale, people: &[RosterPerson<'_>], item: impl Fn(&RosterPerson<'_>) -> Markup) -> Markup {
    html! {
        @for (part, heading) in [(Part::Pending, "people-pending"), (Part::Waiting, "people-waiting")] {
            @if people.iter().any(|person| part.contains(person)) {
                h3 { (locale.text(heading)) }
                ul.people { (items(locale, people, part, &item)) }
            }
        }
    }
}

/// A list of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Those who have a place, and everybody if the places are not limited.
    Coming,
    Pending,
    Waiting,
}

impl Part {
    pub fn contains(self, person: &RosterPerson<'_>) -> bool {
        self == match person.place {
            None | Some(Place::Confirmed { .. }) => Self::Coming,
            Some(Place::Pending) => Self::Pending,
            Some(Place::Waiting { .. }) => Self::Waiting,
        }
    }
}

/// The items of one list. Those who wait are in the order of their positions.
pub fn items(
    locale: Locale,
    people: &[RosterPerson<'_>],
    part: Part,
    item: impl Fn(&RosterPerson<'_>) -> Markup,
) -> Markup {
    let position = |person: &RosterPerson<'_>| person.place.and_then(Place::position);
    let mut listed: Vec<&RosterPerson<'_>> = people.iter().filter(|person| part.contains(person)).collect();
    listed.sort_by_key(|person| position(person).unwrap_or(u64::MAX));
    html! {
        @for person in listed {
            li {
                (item(person))
                @if let Some(position) = position(person) { span.hint { (ordinal(locale, position)) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::capacity::Capacity;
    use crate::domain::event_details::Title;
    use crate::domain::language::Language;

    const ENGLISH: Language = Language::English;

    fn places(capacity: u32, taken: u64, waiting: u64) -> PlacesBody {
        PlacesBody { capacity, taken, waiting }
    }

    #[test]
    fn ordinals_of_positions() {
        let english = [1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111, 113].map(|at| ordinal(Locale::new(ENGLISH), at));
        let expected = ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th", "113th"];
        assert_eq!(english, expected);
        assert_eq!([1, 3, 101].map(|at| ordinal(Locale::new(Language::German), at)), ["1.", "3.", "101."]);
    }

    #[test]
    fn count_says_places_if_they_are_limited() {
        let text = |count, places: Option<PlacesBody>| count_text(Locale::new(ENGLISH), count, places.as_ref());
        assert_eq!(text(7, Some(places(40, 23, 4))), "23 of 40 places taken · 4 waiting");
        assert_eq!(text(7, Some(places(40, 23, 0))), "23 of 40 places taken");
        assert_eq!(
            [0, 1, 2].map(|count| text(count, None)),
            ["Nobody has signed up yet", "1 signed up", "2 signed up"]
        );
    }

    #[test]
    fn hint_says_what_a_signup_gets() {
        let locale = Locale::new(ENGLISH);
        let mut content = Content::titled(Title::parse("Dinner").unwrap());
        assert_eq!(signup_hint(locale, &content, None, Signee::Oneself), None, "the places are not limited");
        content.capacity = Capacity::try_from(10).ok();
        content.guests_per_signup = 2;
        let hint = |places: Option<PlacesBody>| {
            signup_hint(locale, &content, places.as_ref(), Signee::Oneself).unwrap_or_default()
        };
        assert!(hint(None).starts_with("The number of places is limited."));
        assert_eq!(hint(Some(places(10, 7, 0))), "");
        assert_eq!(
            hint(Some(places(10, 8, 0))),
            "Only 2 places are free. If you are more people than that, all of you wait."
        );
        assert_eq!(hint(Some(places(10, 9, 1))), "Only 1 place is free. If you bring guests, all of you wait.");
        assert_eq!(hint(Some(places(10, 12, 2))), "All places are taken. You would be 3rd on the waiting list.");
        let label = |places: Option<PlacesBody>| signup_label(locale, places.as_ref(), Signee::Oneself);
        assert_eq!(label(Some(places(10, 10, 0))), "Put me on the waiting list");
        assert_eq!(label(Some(places(10, 9, 3))), "Count me in");
        assert_eq!(label(None), "Count me in");
    }

    #[test]
    fn refused_guests_are_counted_with_those_who_fit() {
        let text = |refused, guests| refused_guests_text(Locale::new(ENGLISH), refused, guests);
        assert_eq!(text(2, 2), "There was no room for 4 guests. You still have places for yourself and 2 guests.");
        assert_eq!(text(1, 0), "There was no room for 1 guest. You still have a place for yourself.");
    }
}
