//! The explorer's page: one self-contained file with the engine inside, which simulates the scenario anew when a lever moves.
//!
//! Texts of a scenario are data of the page, never markup.

use super::page::safe;
use crate::math::wide::WIDTH;
use minijinja::{Environment, Error, UndefinedBehavior, Value, context};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
/// What the page and its workers share.
const ENGINE: &str = include_str!("script/engine.js");
const WORKER: &str = include_str!("script/worker.js");
/// The page's own script, in order of use.
const SCRIPT: [&str; 7] = [
    include_str!("script/pool.js"),
    include_str!("script/state.js"),
    include_str!("script/answer.js"),
    include_str!("script/words.js"),
    include_str!("script/figures.js"),
    include_str!("script/view.js"),
    include_str!("script/start.js"),
];
/// The engine, compiled by `explorer/build.sh`, gzipped.
const COMPILED: &[u8] = include_bytes!("../../../explorer/engine.wasm.gz");

/// What the page is of, beside its data.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Title of the scenario.
    pub title: &'a str,
    /// First digits of the model's hash.
    pub hash: &'a str,
    /// Version of the program.
    pub version: &'a str,
    /// Seed of the draws.
    pub seed: u64,
}

/// The page; `draws` are values of the scenario as it stands, batch by batch.
///
/// # Errors
/// If the template fails, which is a fault of the program.
pub fn explorer_page(about: About<'_>, data: &serde_json::Value, draws: &[f64]) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template("page.html", TEMPLATE)?;
    let as_is = |text: String| Value::from_safe_string(text);
    environment.get_template("page.html")?.render(context! {
        title => about.title, hash => about.hash, version => about.version, seed => about.seed,
        style => as_is(STYLE.to_owned()),
        engine => as_is(base64(COMPILED)),
        draws => as_is(base64(&draws.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())),
        engine_source => as_is(ENGINE.to_owned()),
        worker_source => as_is(WORKER.to_owned()),
        data => as_is(safe(data)),
        script => as_is(format!("// Draws of a batch.\nconst LANES = {};\n{ENGINE}{}", WIDTH, SCRIPT.concat())),
    })
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as text (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0, |bits, &byte| (bits << 8) | u32::from(byte)) << (8 * (3 - three.len()));
        for i in 0..4 {
            let digit = char::from(DIGITS[((bits >> (18 - 6 * i)) & 63) as usize]);
            text.push(if i <= three.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_text_as_the_standard_has_them() {
        let of = |text: &str| base64(text.as_bytes());
        assert_eq!(["", "f", "fo", "foo", "foobar"].map(of), ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy"]);
    }

    #[test]
    fn nothing_in_the_scripts_ends_their_element() {
        for text in SCRIPT.iter().chain([&ENGINE, &WORKER]) {
            assert!(!text.to_lowercase().contains("</script"));
            assert!(!text.contains("innerHTML"), "what comes from a scenario is text");
        }
    }
}
