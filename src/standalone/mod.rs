//! The standalone home: one program, one SQLite file.

pub mod serve;
pub mod sqlite;
