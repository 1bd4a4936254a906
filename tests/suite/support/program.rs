//! The program as a user runs it.

use assert_cmd::Command;
use serde_json::Value as Json;

/// Its exit code, what it prints and what it says.
pub fn chokepoint(arguments: &[&str]) -> (i32, String, String) {
    within(arguments, None)
}

/// The same, told that the terminal has so many columns.
pub fn within(arguments: &[&str], columns: Option<usize>) -> (i32, String, String) {
    let mut command = Command::cargo_bin("chokepoint").unwrap();
    command.env("NO_COLOR", "1").env_remove("COLUMNS").args(arguments);
    if let Some(columns) = columns {
        command.env("COLUMNS", columns.to_string());
    }
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// What a command prints, which must succeed.
pub fn done(arguments: &[&str]) -> String {
    let (code, out, err) = chokepoint(arguments);
    assert_eq!(code, 0, "{arguments:?}\n{err}");
    out
}

/// The same as JSON.
pub fn json(arguments: &[&str]) -> Json {
    serde_json::from_str(&done(&[arguments, &["--format", "json", "--quiet"]].concat())).unwrap()
}
