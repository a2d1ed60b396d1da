//! Every sentence that people read, in one message file per language (`en.ftl`, `de.ftl`), and dates as the language writes
//! them.
//!
//! The message files define all words, their order and the plural forms. A further language is a further file, and a variant
//! of [`Language`](crate::domain::language::Language). Does no I/O.

mod catalog;
pub mod dates;

pub use self::catalog::Catalog;
