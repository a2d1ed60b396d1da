//! The words with which devices name what somebody did with a button, such as `single`, `on_press` or `button_2_short_release`.
//!
//! Devices and bridges build these names from the name of the button and a gesture, in either order. The gestures are those
//! that the definitions of zigbee2mqtt expose: <https://github.com/Koenkk/zigbee-herdsman-converters>.

use crate::domain::button::PressKind;

/// The meaning of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning<'a> {
    Press {
        button: ButtonName<'a>,
        kind: PressKind,
    },
    /// A part of a press that is reported as a whole, too, or a movement: nothing happens.
    NotAPress,
    NotUnderstood,
}

/// Which button of a device was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ButtonName<'a> {
    /// The first button is 1. It is also the button of an action that names none.
    Number(u32),
    Named(&'a str),
}

/// The gestures that are presses. A device that reports both that a button went down and that it was released sends two
/// of them for one press, which [`crate::domain::button::DeduplicationKey::Gesture`] makes one.
const PRESSES: [(&str, PressKind); 20] = [
    ("single", PressKind::Single),
    ("single_click", PressKind::Single),
    ("single_press", PressKind::Single),
    ("click", PressKind::Single),
    ("press", PressKind::Single),
    ("pressed", PressKind::Single),
    ("short_press", PressKind::Single),
    ("short_release", PressKind::Single),
    ("press_release", PressKind::Single),
    ("double", PressKind::Double),
    ("double_click", PressKind::Double),
    ("double_press", PressKind::Double),
    ("triple", PressKind::Triple),
    ("triple_click", PressKind::Triple),
    ("triple_press", PressKind::Triple),
    ("hold", PressKind::Long),
    ("long", PressKind::Long),
    ("long_click", PressKind::Long),
    ("long_press", PressKind::Long),
    ("hold_once", PressKind::Long),
];

/// The gestures that begin or end a press that another message reports.
const PARTS_OF_PRESSES: [&str; 8] = [
    "initial_press",
    "multi_press_complete",
    "release",
    "released",
    "hold_release",
    "long_release",
    "long_press_release",
    "double_release",
];

/// Buttons whose names are actions of their own: a press. `on` and `toggle` are the first button of a device.
const PRESSED_BUTTONS: [(&str, ButtonName<'_>); 4] = [
    ("on", ButtonName::Number(1)),
    ("toggle", ButtonName::Number(1)),
    ("off", ButtonName::Named("off")),
    ("emergency", ButtonName::Named("emergency")),
];

/// The first words of actions of knobs, dials, cubes and sensors.
const MOVEMENTS: [&str; 14] = [
    "brightness",
    "color",
    "dial",
    "drop",
    "fall",
    "flip",
    "flip90",
    "flip180",
    "rotate",
    "shake",
    "slide",
    "tilt",
    "vibration",
    "wakeup",
];

/// Returns what an action means. Case does not matter.
pub fn meaning(action: &str) -> Meaning<'_> {
    if let Some((_, button)) = PRESSED_BUTTONS.iter().find(|(name, _)| action.eq_ignore_ascii_case(name)) {
        return Meaning::Press { button: *button, kind: PressKind::Single };
    }
    // The longest gesture is the right one: `1_press_release` ends a press, and is no `release` of a button called `1_press`.
    let presses = PRESSES.iter().map(|(gesture, kind)| (*gesture, Some(*kind)));
    let parts = PARTS_OF_PRESSES.iter().map(|gesture| (*gesture, None));
    let gestures =
        presses.chain(parts).filter_map(|(gesture, kind)| Some((gesture, kind, button_beside(action, gesture)?)));
    match gestures.max_by_key(|(gesture, ..)| gesture.len()) {
        Some((_, Some(kind), button)) => Meaning::Press { button, kind },
        Some((_, None, _)) => Meaning::NotAPress,
        None if is_movement(action) => Meaning::NotAPress,
        None => Meaning::NotUnderstood,
    }
}

/// Returns the button in an action that consists of its name and a gesture, if it does.
fn button_beside<'a>(action: &'a str, gesture: &str) -> Option<ButtonName<'a>> {
    if action.eq_ignore_ascii_case(gesture) {
        return Some(ButtonName::Number(1));
    }
    let rest = action.len().checked_sub(gesture.len() + 1)?;
    let ends = action.is_char_boundary(rest)
        && action[rest..].strip_prefix('_').is_some_and(|end| end.eq_ignore_ascii_case(gesture));
    if ends && rest > 0 {
        return Some(button_name(&action[..rest]));
    }
    let begins = action.is_char_boundary(gesture.len()) && action[..gesture.len()].eq_ignore_ascii_case(gesture);
    let name = action.get(gesture.len()..).filter(|_| begins)?.strip_prefix('_')?;
    (!name.is_empty()).then(|| button_name(name))
}

/// `2` and `button_2` are the second button, `left` has no number. `on` and `button` are the first one.
fn button_name(name: &str) -> ButtonName<'_> {
    let number = name.strip_prefix("button_").unwrap_or(name).parse().ok().filter(|number| *number > 0);
    match (number, name) {
        (Some(number), _) => ButtonName::Number(number),
        (None, "on" | "toggle" | "button") => ButtonName::Number(1),
        (None, name) => ButtonName::Named(name),
    }
}

fn is_movement(action: &str) -> bool {
    let first = action.split('_').next().unwrap_or_default();
    MOVEMENTS.iter().any(|movement| first.eq_ignore_ascii_case(movement)) || action.eq_ignore_ascii_case("stop")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gesture_is_understood_alone_and_on_both_sides_of_a_button() {
        for (gesture, kind) in PRESSES {
            let press = |button| Meaning::Press { button, kind };
            for (action, button) in [
                (gesture.to_owned(), ButtonName::Number(1)),
                (format!("1_{gesture}"), ButtonName::Number(1)),
                (format!("button_3_{gesture}"), ButtonName::Number(3)),
                (format!("{gesture}_2"), ButtonName::Number(2)),
                (format!("on_{gesture}"), ButtonName::Number(1)),
                (format!("off_{gesture}"), ButtonName::Named("off")),
                (format!("{gesture}_left"), ButtonName::Named("left")),
                (format!("arrow_left_{gesture}"), ButtonName::Named("arrow_left")),
                (format!("dots_1_{gesture}"), ButtonName::Named("dots_1")),
                (gesture.to_uppercase(), ButtonName::Number(1)),
            ] {
                assert_eq!(meaning(&action), press(button), "{action}");
            }
        }
        for gesture in PARTS_OF_PRESSES {
            for action in [gesture.to_owned(), format!("2_{gesture}"), format!("{gesture}_right")] {
                assert_eq!(meaning(&action), Meaning::NotAPress, "{action}");
            }
        }
    }

    #[test]
    fn movements_are_no_presses_and_other_words_are_not_understood() {
        for action in
            ["brightness_move_up", "brightness_stop", "rotate_left", "dial_rotate_right_slow", "flip90", "stop"]
        {
            assert_eq!(meaning(action), Meaning::NotAPress, "{action}");
        }
        let click = Meaning::Press { button: ButtonName::Named("brightness_up"), kind: PressKind::Single };
        assert_eq!(meaning("brightness_up_click"), click, "a button of a remote control");
        for action in ["", "_", "quadruple", "many", "presser", "1", "recall_1", "single_", "ü_hold_ü"] {
            assert!(!matches!(meaning(action), Meaning::NotAPress), "{action}");
        }
        assert_eq!(meaning("quadruple"), Meaning::NotUnderstood);
        assert_eq!(meaning("many"), Meaning::NotUnderstood);
    }
}
