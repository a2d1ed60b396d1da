//! What pages say about places and the waiting list, and the lists of people who have a place and who wait.

use maud::{Markup, html};

use crate::domain::event_details::Content;
use crate::domain::place::Place;
use crate::http::place_bodies::{PlaceBody, PlacesBody};
use crate::http::roster_view::{RosterPerson, RosterView};

/// How many people are coming. The script `event.js` uses the same words.
pub fn count_text(count: u64, places: Option<&PlacesBody>) -> String {
    match (places, count) {
        (Some(PlacesBody { capacity, taken, waiting: 0 }), _) => format!("{taken} of {capacity} places taken"),
        (Some(PlacesBody { capacity, taken, waiting }), _) => {
            format!("{taken} of {capacity} places taken, {waiting} waiting")
        }
        (None, 0) => "Nobody is in yet".to_owned(),
        (None, 1) => "1 is in".to_owned(),
        (None, count) => format!("{count} are in"),
    }
}

/// How many people are coming to an event in a list.
pub fn short_count_text(count: u64, places: Option<&PlacesBody>) -> String {
    match places {
        Some(_) => count_text(count, places),
        None => format!("{count} in"),
    }
}

/// A position on the waiting list: `1st`, `22nd`.
pub fn ordinal(position: u64) -> String {
    let suffix = match (position % 10, position % 100) {
        (1, last_two) if last_two != 11 => "st",
        (2, last_two) if last_two != 12 => "nd",
        (3, last_two) if last_two != 13 => "rd",
        _ => "th",
    };
    format!("{position}{suffix}")
}

/// The label of the button to sign up. The script `event.js` uses the same words.
pub fn signup_label(places: Option<&PlacesBody>) -> &'static str {
    if places.is_some_and(|places| places.free() == 0) { "Put me on the waiting list" } else { "Count me in" }
}

/// What somebody should know about the places before they sign up. `places` is `None` if they may not see the numbers. The
/// script `event.js` uses the same words.
pub fn signup_hint(content: &Content, places: Option<&PlacesBody>) -> Option<String> {
    content.capacity?;
    let Some(places) = places else {
        return Some("The number of places is limited. Your personal link shows whether you have one.".to_owned());
    };
    match places.free() {
        0 => Some(format!("There is no free place. You would be {} on the waiting list.", ordinal(places.waiting + 1))),
        free if free > content.guests_per_signup.into() => None,
        1 => Some("Only 1 place is free. If you bring guests, all of you wait.".to_owned()),
        free => Some(format!("Only {free} places are free. If you are more people than that, all of you wait.")),
    }
}

/// What a registration's owner should know about their place. `guests` is the number of guests who have a place or wait.
pub fn place_text(place: &PlaceBody, guests: u8) -> String {
    match (place.state, place.position) {
        ("confirmed", _) => match guests {
            0 => "you have a place.".to_owned(),
            1 => "you have a place, and so has your guest.".to_owned(),
            guests => format!("you have a place, and so have your {guests} guests."),
        },
        ("waiting", Some(position)) => format!("you are on the waiting list: {}.", ordinal(position)),
        ("waiting", None) => "you are on the waiting list.".to_owned(),
        (_, _) => "we are deciding about your place. This page looks again by itself.".to_owned(),
    }
}

/// Says that more guests did not fit. `guests` have a place.
pub fn refused_guests_text(refused: u8, guests: u8) -> String {
    let wanted = guests.saturating_add(refused);
    let did_not_fit =
        if wanted == 1 { "1 guest did not fit.".to_owned() } else { format!("{wanted} guests did not fit.") };
    match guests {
        0 => format!("{did_not_fit} You still have a place for yourself."),
        guests => format!("{did_not_fit} You still have places for {guests}."),
    }
}

/// The people on a page of a roster, in lists: those who have a place, and those who wait. `item` writes what is shown of a
/// person beside the position on the waiting list.
pub fn lists(roster: &RosterView, item: impl Fn(&RosterPerson<'_>) -> Markup) -> Markup {
    let people = roster.people();
    html! {
        ul.people { (items(&people, Part::Coming, &item)) }
        (other_lists(&people, &item))
    }
}

/// The lists of people who have no place. They are hidden while they are empty, for the script `event.js`.
pub fn other_lists(people: &[RosterPerson<'_>], item: impl Fn(&RosterPerson<'_>) -> Markup) -> Markup {
    html! {
        @for (part, id, heading) in [(Part::Pending, "pending", "Not decided yet"), (Part::Waiting, "waiting", "Waiting list")] {
            @let is_empty = !people.iter().any(|person| part.contains(person));
            div id=(id) hidden[is_empty] {
                h3 { (heading) }
                ul.people { (items(people, part, &item)) }
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
    fn contains(self, person: &RosterPerson<'_>) -> bool {
        self == match person.place {
            None | Some(Place::Confirmed { .. }) => Self::Coming,
            Some(Place::Pending) => Self::Pending,
            Some(Place::Waiting { .. }) => Self::Waiting,
        }
    }
}

/// The items of one list. Those who wait are in the order of their positions.
pub fn items(people: &[RosterPerson<'_>], part: Part, item: impl Fn(&RosterPerson<'_>) -> Markup) -> Markup {
    let position = |person: &RosterPerson<'_>| person.place.and_then(Place::position);
    let mut listed: Vec<&RosterPerson<'_>> = people.iter().filter(|person| part.contains(person)).collect();
    listed.sort_by_key(|person| position(person).unwrap_or(u64::MAX));
    html! {
        @for person in listed {
            li {
                (item(person))
                @if let Some(position) = position(person) {
                    span.hint { (ordinal(position)) }
                } @else {
                    time.hint datetime=(person.registration.since) { (person.registration.since.date()) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::capacity::Capacity;
    use crate::domain::event_details::Title;

    fn places(capacity: u32, taken: u64, waiting: u64) -> PlacesBody {
        PlacesBody { capacity, taken, waiting }
    }

    #[test]
    fn ordinals_of_positions() {
        let texts = [1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111, 113].map(ordinal);
        assert_eq!(
            texts,
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th", "113th"]
        );
    }

    #[test]
    fn count_says_places_if_they_are_limited() {
        assert_eq!(count_text(7, Some(&places(40, 23, 4))), "23 of 40 places taken, 4 waiting");
        assert_eq!(count_text(7, Some(&places(40, 23, 0))), "23 of 40 places taken");
        assert_eq!([0, 1, 2].map(|count| count_text(count, None)), ["Nobody is in yet", "1 is in", "2 are in"]);
        assert_eq!(short_count_text(7, None), "7 in");
        assert_eq!(short_count_text(7, Some(&places(40, 0, 0))), "0 of 40 places taken");
    }

    #[test]
    fn hint_says_what_a_signup_gets() {
        let mut content = Content::titled(Title::parse("Dinner").unwrap());
        assert_eq!(signup_hint(&content, None), None, "the places are not limited");
        content.capacity = Capacity::try_from(10).ok();
        content.guests_per_signup = 2;
        let hint = |places: Option<PlacesBody>| signup_hint(&content, places.as_ref()).unwrap_or_default();
        assert!(hint(None).starts_with("The number of places is limited."));
        assert_eq!(hint(Some(places(10, 7, 0))), "");
        assert_eq!(
            hint(Some(places(10, 8, 0))),
            "Only 2 places are free. If you are more people than that, all of you wait."
        );
        assert_eq!(hint(Some(places(10, 9, 1))), "Only 1 place is free. If you bring guests, all of you wait.");
        assert_eq!(hint(Some(places(10, 12, 2))), "There is no free place. You would be 3rd on the waiting list.");
        assert_eq!(signup_label(Some(&places(10, 10, 0))), "Put me on the waiting list");
        assert_eq!(signup_label(Some(&places(10, 9, 3))), "Count me in");
        assert_eq!(signup_label(None), "Count me in");
    }

    #[test]
    fn refused_guests_are_counted_with_those_who_fit() {
        assert_eq!(refused_guests_text(2, 2), "4 guests did not fit. You still have places for 2.");
        assert_eq!(refused_guests_text(1, 0), "1 guest did not fit. You still have a place for yourself.");
    }
}
