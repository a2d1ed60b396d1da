//! How many parties wait before a number, without a list of all of them.

use serde::{Deserialize, Serialize};

/// The number of seats at which a section is full.
const SECTION: u32 = 128;

/// The numbers of the seats that wait, counted in sections. Of 10,000 seats, about 80 counts are stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WaitingLine {
    /// Each section: the number at which it begins, and the count of its seats, which is not zero. Sorted.
    sections: Vec<(u64, u32)>,
}

/// Where a seat waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// The number at which the section begins.
    pub begins_at: u64,
    /// The count of seats before the section.
    pub before: u64,
}

impl WaitingLine {
    /// Builds the line from the numbers of all seats that wait, smallest first.
    pub fn of(numbers: &[u64]) -> Self {
        let sections = numbers.chunks(SECTION as usize).filter_map(|section| {
            let count = u32::try_from(section.len()).expect("a section is small");
            Some((*section.first()?, count))
        });
        Self { sections: sections.collect() }
    }

    /// Returns the count of all seats that wait.
    pub fn len(&self) -> u64 {
        self.sections.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// Adds a seat.
    pub fn add(&mut self, number: u64) {
        match self.index(number) {
            // Only the last section grows to its size. A seat that comes back to the middle is rare.
            Some(at) if at + 1 < self.sections.len() || self.sections[at].1 < SECTION => self.sections[at].1 += 1,
            Some(at) => self.sections.insert(at + 1, (number, 1)),
            None => match self.sections.first_mut() {
                Some(first) if first.1 < SECTION => *first = (number, first.1 + 1),
                _ => self.sections.insert(0, (number, 1)),
            },
        }
    }

    /// Takes a seat out that is in the line.
    pub fn remove(&mut self, number: u64) {
        let Some(at) = self.index(number) else { return };
        self.sections[at].1 -= 1;
        if self.sections[at].1 == 0 {
            self.sections.remove(at);
        }
        // Whatever the sections before and after it are now, small ones become one.
        for at in [at + 1, at] {
            let are_two = (1..self.sections.len()).contains(&at);
            if are_two && self.sections[at - 1].1 + self.sections[at].1 <= SECTION / 2 {
                let (_, count) = self.sections.remove(at);
                self.sections[at - 1].1 += count;
            }
        }
    }

    /// Returns the section of a seat.
    pub fn section(&self, number: u64) -> Section {
        let Some(at) = self.index(number) else { return Section { begins_at: 0, before: 0 } };
        let before = self.sections[..at].iter().map(|(_, count)| u64::from(*count)).sum();
        Section { begins_at: self.sections[at].0, before }
    }

    /// The index of the section that the number belongs to.
    fn index(&self, number: u64) -> Option<usize> {
        self.sections.partition_point(|(begins_at, _)| *begins_at <= number).checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::seed;

    #[test]
    fn counts_like_a_list_of_all_numbers() {
        let mut random = seed::rng();
        let (mut line, mut numbers, mut next) = (WaitingLine::default(), BTreeSet::new(), 1_000_000_u64);
        let mut first = next;
        for _ in 0..20_000 {
            match random.u8(..100) {
                0..52 => {
                    next += random.u64(1..5);
                    line.add(next);
                    numbers.insert(next);
                }
                52..54 => {
                    first -= 1;
                    line.add(first);
                    numbers.insert(first);
                }
                _ => {
                    let at = random.usize(..numbers.len().max(1));
                    if let Some(number) = numbers.iter().copied().nth(at) {
                        line.remove(number);
                        numbers.remove(&number);
                    }
                }
            }
            assert_eq!(line.len(), numbers.len() as u64);
            assert_eq!(line.is_empty(), numbers.is_empty());
            let some = random.usize(..numbers.len().max(1));
            if let Some(number) = numbers.iter().copied().nth(some) {
                let Section { begins_at, before } = line.section(number);
                let within = numbers.range(begins_at..number).count() as u64;
                assert_eq!(before + within, numbers.range(..number).count() as u64);
            }
            assert!(line.sections.len() <= 2 + 4 * numbers.len() / SECTION as usize, "{:?}", line.sections);
        }
        let all: Vec<u64> = numbers.iter().copied().collect();
        assert_eq!(WaitingLine::of(&all).len(), line.len());
        let last = all[all.len() - 1];
        let Section { begins_at, before } = WaitingLine::of(&all).section(last);
        assert_eq!(before + numbers.range(begins_at..last).count() as u64, line.len() - 1);
    }

    #[test]
    fn ten_thousand_waiting_need_few_counts() {
        let mut line = WaitingLine::default();
        (0..10_000).for_each(|number| line.add(number));
        assert_eq!(line.sections.len(), 79);
        assert_eq!(WaitingLine::of(&(0..10_000).collect::<Vec<_>>()), line);
    }
}
