//! Sentences whose numbers remember the table that they come from, and whose names are never markup.

use super::super::SUFFIXES;
use std::fmt::Write;

/// A part of a sentence.
#[derive(Clone, Debug)]
enum Piece {
    /// Our own words.
    Words(String),
    /// A name, a date or a text of the scenario.
    Name(String),
    /// A number of a table.
    Number { raw: String, shown: String, table: &'static str, column: String },
}

/// A sentence, or a part of one.
#[derive(Clone, Debug, Default)]
pub struct Phrase(Vec<Piece>);

/// A cell of a table: where it stands, and its text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The table's file.
    pub table: &'static str,
    /// The column.
    pub column: String,
    /// The cell's text.
    pub raw: String,
    /// Whether it is shown without its sign, where the words say which way it goes.
    pub unsigned: bool,
}

impl Source {
    /// The cell's number; NaN where it is empty.
    pub fn value(&self) -> f64 {
        self.raw.parse().unwrap_or(f64::NAN)
    }
}

impl Phrase {
    /// Starts with our own words.
    pub fn new(words: &str) -> Self {
        Self::default().say(words)
    }

    /// Adds our own words.
    pub fn say(mut self, words: &str) -> Self {
        self.0.push(Piece::Words(words.to_owned()));
        self
    }

    /// Adds a name, a date or a text of the scenario.
    pub fn name(mut self, name: &str) -> Self {
        self.0.push(Piece::Name(name.to_owned()));
        self
    }

    /// Adds a number of a table in two significant digits.
    pub fn number(self, source: &Source) -> Self {
        let value = source.value();
        let shown = significant(if source.unsigned { value.abs() } else { value });
        self.shown(source, shown)
    }

    /// Adds a number of things of a table in two significant digits.
    pub(super) fn amount(self, source: &Source) -> Self {
        let value = source.value();
        let shown = amount(if source.unsigned { value.abs() } else { value });
        self.shown(source, shown)
    }

    /// Adds a number of a table as per cent.
    pub fn percent(self, source: &Source) -> Self {
        let shown = super::super::percent(source.value());
        self.shown(source, shown)
    }

    /// Adds a share of a table as the change that it is: `13%` where the words say which way, else `+13%` or `−13%`.
    pub fn change(self, source: &Source) -> Self {
        let share = source.value();
        let size = match 100.0 * share.abs() {
            x if !x.is_finite() => "–".to_owned(),
            0.0 => "0".to_owned(),
            x if x < 0.01 => "<0.01".to_owned(),
            x => significant(x),
        };
        let sign = match share {
            _ if source.unsigned => "",
            x if x < 0.0 => "−",
            x if x > 0.0 => "+",
            _ => "",
        };
        // What is smaller than anything shown goes no way.
        let sign = if size.starts_with(['<', '–', '0']) && share.abs() < 1e-4 { "" } else { sign };
        self.shown(source, format!("{sign}{size}%"))
    }

    /// Adds a number of a table in its own digits.
    pub fn exactly(self, source: &Source) -> Self {
        let shown = source.raw.clone();
        self.shown(source, shown)
    }

    fn shown(mut self, source: &Source, shown: String) -> Self {
        let Source { table, column, raw, .. } = source.clone();
        self.0.push(Piece::Number { raw, shown, table, column });
        self
    }

    /// Adds another phrase.
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The same, with a capital where a sentence begins with a country's article.
    fn opened(&self) -> Vec<Piece> {
        let mut starts = true;
        let open = |piece: &Piece| {
            let begins =
                std::mem::replace(&mut starts, matches!(piece, Piece::Words(w) if w.ends_with(". ")));
            match piece {
                Piece::Name(text) if begins && text.starts_with("the ") => {
                    Piece::Name(format!("T{}", &text[1..]))
                }
                _ => piece.clone(),
            }
        };
        self.0.iter().map(open).collect()
    }

    /// As HTML; every name is escaped.
    pub fn html(&self) -> String {
        let mut out = String::new();
        for piece in &self.opened() {
            let _ = match piece {
                Piece::Words(text) => write!(out, "{}", escape(text)),
                Piece::Name(text) => write!(out, "<span class=\"name\">{}</span>", escape(text)),
                Piece::Number { raw, shown, table, column } => write!(
                    out,
                    "<data value=\"{}\" data-table=\"{table}\" data-column=\"{}\">{}</data>",
                    escape(raw),
                    escape(column),
                    escape(shown)
                ),
            };
        }
        out
    }

    /// As Markdown; no name is markup.
    pub fn markdown(&self) -> String {
        let of = |piece: &Piece| match piece {
            Piece::Words(text) => text.clone(),
            Piece::Name(text) => plain_markdown(text),
            Piece::Number { shown, .. } => shown.clone(),
        };
        self.opened().iter().map(of).collect()
    }

    /// As plain text.
    pub fn plain(&self) -> String {
        let of = |piece: &Piece| match piece {
            Piece::Words(text) | Piece::Name(text) => text.clone(),
            Piece::Number { shown, .. } => shown.clone(),
        };
        self.opened().iter().map(of).collect()
    }
}

/// A text that Markdown takes as it is.
pub(super) fn plain_markdown(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// Text as HTML text, in elements and in attributes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// A number rounded to two significant digits.
fn two_digits(x: f64) -> f64 {
    format!("{x:.1e}").parse().expect("a number reads back from its digits")
}

/// A number in two significant digits: `3.0e28`, `0.42`, `17`, `-0.3`.
pub(super) fn significant(x: f64) -> String {
    if !x.is_finite() {
        "–".to_owned()
    } else if x == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e5).contains(&x.abs()) {
        let rounded = two_digits(x);
        format!("{rounded}")
    } else {
        format!("{x:.1e}")
    }
}

/// A number of things in two significant digits: `1200`, `170k`, `11M`, `2.5B`.
pub(super) fn amount(x: f64) -> String {
    let rounded = two_digits(x);
    match SUFFIXES.iter().find(|s| rounded.abs() >= s.0 && rounded.abs() < 1e15) {
        Some((_, unit, suffix)) => format!("{}{suffix}", significant(rounded / unit)),
        None => significant(x),
    }
}

/// An actor as people name it: countries by name, everything else by its id.
pub fn actor_name(actor: &str) -> String {
    let Some(id) = actor.strip_prefix("country.") else {
        return match actor {
            "world" => "the world".to_owned(),
            _ => actor.split_once('.').map_or(actor, |(_, id)| id).to_owned(),
        };
    };
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    if id.len() <= 3 {
        return id.to_uppercase();
    }
    id.split('-').map(capital).collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::super::within_sentence;
    use super::*;

    #[test]
    fn names_stay_text_and_numbers_name_their_table() {
        let source = Source {
            table: "summary.csv",
            column: "p50".to_owned(),
            raw: "3.14159e27".to_owned(),
            unsigned: false,
        };
        let phrase = Phrase::new("Reaches ").number(&source).say(" & ").name("<b onclick='x'>\"a\"</b>");
        assert_eq!(
            phrase.html(),
            "Reaches <data value=\"3.14159e27\" data-table=\"summary.csv\" data-column=\"p50\">3.1e27</data> &amp; \
             <span class=\"name\">&lt;b onclick=&#39;x&#39;&gt;&quot;a&quot;&lt;/b&gt;</span>"
        );
        assert_eq!(phrase.plain(), "Reaches 3.1e27 & <b onclick='x'>\"a\"</b>");
    }

    #[test]
    fn numbers_and_names_read_as_people_write_them() {
        let shown = [3.14159e27, 0.4249, 17.3, 1234.0, 0.0, -0.31].map(significant);
        assert_eq!(shown, ["3.1e27", "0.42", "17", "1200", "0", "-0.31"]);
        // As the terminal writes them: what is shown of a large number is two digits.
        let large = [9.96e26, 1e28, 3.14159e27];
        assert_eq!(large.map(significant), ["1.0e27", "1.0e28", "3.1e27"]);
        assert_eq!(large.map(significant), large.map(crate::report::number));
        let things = [1234.0, 9999.0, 17_345.0, 1.14e7, 2.5e9, 0.3].map(amount);
        assert_eq!(things, ["1200", "10k", "17k", "11M", "2.5B", "0.3"]);
        let within =
            ["United States", "Netherlands", "South Korea", "United Arab Emirates"].map(within_sentence);
        assert_eq!(
            within,
            ["the United States", "the Netherlands", "South Korea", "the United Arab Emirates"]
        );
        let opens = Phrase::default().name(&within[0]).say(" and ").name(&within[1]);
        assert_eq!(opens.plain(), "The United States and the Netherlands");
        let names = ["country.us", "country.south-korea", "lab.openai", "world"].map(actor_name);
        assert_eq!(names, ["US", "South Korea", "openai", "the world"]);
    }
}
