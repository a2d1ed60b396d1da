use super::*;
use crate::domain::free_text::{Line, Paragraphs};
use crate::domain::registration_details::Edit;

fn table(bytes: &[u8]) -> Vec<Row> {
    let mut table = Table::new(bytes).unwrap_or_else(|error| panic!("{error}"));
    std::iter::from_fn(|| table.next_row().unwrap()).collect()
}

/// The number of each row, with its sign-up or the reason why it is rejected.
fn parse_rows(bytes: &[u8]) -> Vec<(u64, String)> {
    let describe = |row: Row| match row.signup {
        Ok(ImportedSignup { event, name, contact, details }) => {
            let contact = contact.map_or_else(String::new, |contact| format!(" at {}", contact.address()));
            let guests = details.guests.map_or_else(String::new, |guests| format!(" with {guests} guests"));
            let texts = [
                ("answer", edit_text(&details.answer, Line::as_str)),
                ("note", edit_text(&details.note, Paragraphs::as_str)),
            ];
            let texts =
                texts.map(|(name, text)| text.map_or_else(String::new, |text| format!(", {name} {text:?}"))).concat();
            (row.number, format!("{name} for {}{contact}{guests}{texts}", event.title()))
        }
        Err(problem) => (row.number, problem.to_string()),
    };
    table(bytes).into_iter().map(describe).collect()
}

/// What a row sets. It never removes anything.
fn edit_text<T>(edit: &Edit<T>, text: impl Fn(&T) -> &str) -> Option<String> {
    match edit {
        Edit::Keep => None,
        Edit::Remove => Some("removed".to_owned()),
        Edit::Set(value) => Some(text(value).to_owned()),
    }
}

fn parse_one_row(row: &str) -> String {
    parse_rows(format!("event,name,email,phone,webhook\n{row}\n").as_bytes()).remove(0).1
}

#[test]
fn details_are_read_and_an_empty_cell_says_nothing() {
    let bytes = "event,name,guests,answer,note\nDance,Ana,2,No meat,\"late\nvery\"\nDance,Ben, ,,\nDance,Cem,many,,\n";
    let rows = parse_rows(bytes.as_bytes());
    assert_eq!(rows[0].1, "Ana for Dance with 2 guests, answer \"No meat\", note \"late\\nvery\"");
    assert_eq!(rows[1].1, "Ben for Dance");
    assert!(rows[2].1.starts_with("`guests` "), "{rows:?}");
}

#[test]
fn columns_have_any_order_and_case() {
    let bytes = b"Phone, NAME ,Age,Event\n+14155552671,Ana,7,Pizza Night\n,Ben,,Dance\n";
    assert_eq!(
        parse_rows(bytes),
        [(2, "Ana for Pizza Night at +14155552671".to_owned()), (3, "Ben for Dance".to_owned())]
    );
    let table = Table::new(&bytes[..]).unwrap();
    assert_eq!(table.ignored_columns(), ["Age"]);
}

#[test]
fn reads_spreadsheet_encodings_and_delimiters() {
    let expected = [(2, "Zoë for Dance at zoe@example.org".to_owned()), (4, "Ben, Jr. for Dance".to_owned())];
    let comma = "event,name,email\r\nDance,Zoë,zoe@example.org\r\n,,\r\nDance,\"Ben, Jr.\",\r\n,,,,\r\n";
    let semicolon = "event;name;email\nDance;Zoë;zoe@example.org\n\";\"\nDance;Ben, Jr.;\n";
    assert_eq!(parse_rows(comma.as_bytes()), expected);
    assert_eq!(parse_rows(format!("\u{feff}{comma}").as_bytes()), expected);
    assert_eq!(parse_rows(comma.replace(',', "\t").replace("Ben\t", "Ben,").as_bytes()), expected);
    assert_eq!(parse_rows(format!("sep=,\r\n{comma}").as_bytes()), expected);
    let utf16: Vec<u8> = format!("\u{feff}{comma}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(parse_rows(&utf16), expected);
    let big_endian: Vec<u8> = format!("\u{feff}{comma}").encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(parse_rows(&big_endian), expected);
    let windows: Vec<u8> = encoding_rs::WINDOWS_1252.encode(comma).0.into_owned();
    assert_eq!(parse_rows(&windows), expected);
    assert_eq!(parse_rows(semicolon.replace("\";\"", ";").as_bytes()), expected);
}

#[test]
fn rows_are_numbered_as_in_a_spreadsheet() {
    let bytes = b"event,name,comment\nDance,Ana,\"two\nlines\"\nDance,,\n";
    assert_eq!(
        parse_rows(bytes),
        [(2, "Ana for Dance".to_owned()), (3, "`name` is empty; use 1 to 80 characters".to_owned())]
    );
}

#[test]
fn rejected_row_has_a_reason() {
    assert_eq!(parse_one_row("Dance,Ana,a@example.org,+14155552671,"), RowProblem::SeveralContacts.to_string());
    assert_eq!(parse_one_row("Dance,Ana,,\"4,91512E+11\","), RowProblem::ShortenedPhone.to_string());
    assert_eq!(parse_one_row("Dance,Ana,,4.91512E+11,"), RowProblem::ShortenedPhone.to_string());
    assert!(parse_one_row("Dance,Ana,,01512 3456789,").starts_with("`phone` is not a phone number"));
    assert!(parse_one_row("Dance,Ana,nowhere,,").starts_with("`email` is not an email address"));
    assert!(parse_one_row("Dance,Ana,,,http://example.org").starts_with("`webhook` is not an https address"));
    assert!(parse_one_row("#,Ana,,,").starts_with("`event` needs at least one letter"));
    assert_eq!(parse_one_row("Dance,\"Ana\nDance,Ben,,,"), RowProblem::LineBreak.to_string());
    assert!(parse_one_row("Dance").starts_with("`name` is empty"));
    assert_eq!(parse_one_row(&format!("Dance,Ana,{},,", "x".repeat(20_000))), RowProblem::TooLong.to_string());
}

#[test]
fn nothing_that_somebody_wrote_is_dropped_without_a_word() {
    let reasons = |text: &str| -> Vec<String> { parse_rows(text.as_bytes()).into_iter().map(|(_, row)| row).collect() };
    let rows = reasons("event,name,\nDance,Ana,\nDance,Ben,late\nDance,Cem,,, \nDance,Dora,,,also late\n");
    assert_eq!((&*rows[0], &*rows[2]), ("Ana for Dance", "Cem for Dance"));
    assert!(rows[1].starts_with("column 3 has text, but no name"), "{rows:?}");
    assert!(rows[3].starts_with("column 5 has text, but no name"), "{rows:?}");
    // Addresses in columns with other names.
    let rows = reasons("event,name,E-Mail,Handy\nDance,Ana,ana@example.org,\nDance,Ben,,+14155552671\n");
    assert_eq!(rows, ["Ana for Dance at ana@example.org", "Ben for Dance at +14155552671"]);
    let contacts = "event,name,kontakt,shoe\nDance,Ana,ana@example.org,38\nDance,Ben,'+14155552671,\nDance,Cem,yes,\n";
    let rows = reasons(contacts);
    assert!(
        rows[..2].iter().all(|row| row.starts_with("`kontakt` has an email address or a phone number")),
        "{rows:?}"
    );
    assert_eq!(rows[2], "Cem for Dance");
    let options = Options { event: None, dropped: vec!["Kontakt".to_owned()] };
    let mut table = Table::with(contacts.as_bytes(), options).unwrap();
    assert!(table.next_row().unwrap().unwrap().signup.is_ok());
}

#[test]
fn list_without_an_event_is_for_the_given_one() {
    let options = Options { event: Some("Dance".to_owned()), dropped: Vec::new() };
    let mut table = Table::with(&b"name,event\nAna,\nBen,Gala\n"[..], options.clone()).unwrap();
    let titles =
        std::iter::from_fn(|| table.next_row().unwrap()).map(|row| row.signup.unwrap().event.title().to_owned());
    assert_eq!(titles.collect::<Vec<_>>(), ["Dance", "Gala"]);
    assert!(Table::with(&b"name\nAna\n"[..], options.clone()).is_ok());
    assert!(Table::with(&b"event\nDance\n"[..], options).is_err(), "a name is always needed");
}

#[test]
fn other_kinds_of_files_are_named() {
    let error = |bytes: &[u8]| Table::new(bytes).err().map(|error| error.to_string()).unwrap_or_default();
    for (bytes, says) in [
        (&b"PK\x03\x04\x14\0"[..], "the file is a zip archive or an Excel workbook (xlsx), not CSV"),
        (b"\x1f\x8b\x08\0", "compressed with gzip"),
        (b"\xd0\xcf\x11\xe0\xa1", "xls"),
        (b"%PDF-1.7", "a PDF"),
    ] {
        assert!(error(bytes).contains(says), "{says}: {}", error(bytes));
    }
}

#[test]
fn unescapes_formulas() {
    assert_eq!(parse_one_row("Dance,'=Ana,,,"), "=Ana for Dance");
    assert_eq!(parse_one_row("Dance,'+1 Ana,,'+14155552671,"), "+1 Ana for Dance at +14155552671");
    assert_eq!(parse_one_row("Dance,'t Hooft,,,"), "'t Hooft for Dance");
}

#[test]
fn invalid_header_names_missing_column() {
    let error = |text: &str| Table::new(text.as_bytes()).err().map(|error| error.to_string());
    assert!(error("").unwrap().contains("empty"));
    assert!(error("name,email\nAna,\n").unwrap().contains("no column `event`; the first row names name, email"));
    assert!(error("Dance,Ana\n").unwrap().contains("names Dance, Ana"));
    assert!(error("event,name,Name\n").unwrap().contains("two columns are called `name`"));
    assert!(error(" \n").unwrap().contains("names none"));
    assert!(error("event,name").is_none());
}

#[test]
fn rejected_row_can_be_corrected() {
    let rows = table("event;name;phone\nDance;=Ana;4,9E+11\n".as_bytes());
    let mut written = Vec::new();
    rejected_rows::write_header(&mut written).unwrap();
    rejected_rows::write_row(&mut written, &rows[0], "too short").unwrap();
    let written = String::from_utf8(written).unwrap();
    assert_eq!(
        written,
        "event,name,email,phone,webhook,guests,answer,note,language,row,reason\r\nDance,'=Ana,,\"'4,9E+11\",,,,,,2,too short\r\n"
    );
    let corrected = written.replace("\"'4,9E+11\"", "+14155552671");
    assert_eq!(parse_rows(corrected.as_bytes()), [(2, "=Ana for Dance at +14155552671".to_owned())]);
}

#[test]
fn repeated_import_makes_same_signups() {
    let began_at = Timestamp::parse_rfc3339("2026-11-25T18:00:00Z").unwrap();
    let (id, length) = Import::hash_contents(&b"event,name\n"[..]).unwrap();
    assert_eq!((id.len(), length), (16, 11));
    assert_ne!(id, Import::hash_contents(&b"event,name\n\n"[..]).unwrap().0);
    let import = Import { id, began_at };
    let imported = table(b"event,name\nDance,Ana\n").remove(0).signup.unwrap();
    assert_eq!(import.signup(2, imported.clone()), import.signup(2, imported.clone()));
    assert!(import.signup(9, imported.clone()).version < import.signup(10, imported).version);
}

/// The amount of random data that the test parses.
const FUZZ_BYTES: usize = 10_000_000;

#[test]
fn survives_random_bytes() {
    let valid = "event,name,email,phone,webhook\r\nDance,\"Zoë\",zoe@example.org,,\r\nDance,Ben,,+14155552671,\r\n";
    let mut random = crate::seed::rng();
    let mut sent = 0;
    while sent < FUZZ_BYTES {
        let mut bytes = valid.repeat(random.usize(1..4)).into_bytes();
        for _ in 0..random.usize(0..12) {
            let at = random.usize(0..bytes.len());
            match random.u8(0..4) {
                0 => bytes[at] = random.u8(..),
                1 => bytes.insert(at, *random.choice(b"\",;\t\r\n'=\xff\xfe\0").unwrap()),
                2 => bytes.truncate(at.max(1)),
                _ => bytes.extend_from_within(at..),
            }
        }
        bytes.truncate(50_000);
        sent += bytes.len();
        let Ok(mut table) = Table::new(&*bytes) else { continue };
        while let Ok(Some(row)) = table.next_row() {
            if let Err(problem) = row.signup {
                assert!(problem.to_string().len() < 300);
            }
        }
    }
}
