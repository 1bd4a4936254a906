//! Errors and warnings with their places, gathered so that all are reported in one go.

use super::limits::HELPED;
use super::suggest;
use std::ops::Range;
use std::sync::Arc;

/// A stretch of a source: `--set` arguments and edits files are sources too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Index into [`Sources`].
    pub source: u32,
    /// Bytes.
    pub span: Range<usize>,
}

/// A text that was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name as shown to people: the path as given, or `--set`.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Where its lines start.
    pub(super) lines: Vec<usize>,
}

/// Every text that was read, in order of reading.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The texts, which those who go on from a scenario share.
    pub all: Vec<Arc<Source>>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario cannot be used.
    Error,
    /// Legal but odd.
    Warning,
}

/// One finding at one place.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line without the place.
    pub message: String,
    /// Where.
    pub place: Place,
    /// Text under the underline: what is wrong with exactly this.
    pub label: String,
    /// What would be right, if known.
    pub help: Option<String>,
    /// Whether so few were found before it that it can say what may have been meant.
    pub(super) early: bool,
}

/// Findings, in order of discovery.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    /// The findings.
    pub all: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds an error.
    pub fn error(
        &mut self,
        place: &Place,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Severity::Error, place, message.into(), label.into())
    }
    /// Adds a warning.
    pub fn warn(
        &mut self,
        place: &Place,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Severity::Warning, place, message.into(), label.into())
    }
    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.all.iter().any(|d| d.severity == Severity::Error)
    }
    fn push(&mut self, severity: Severity, place: &Place, message: String, label: String) -> &mut Diagnostic {
        let early = self.all.len() < HELPED;
        self.all.push(Diagnostic { severity, message, place: place.clone(), label, help: None, early });
        let last = self.all.len() - 1;
        &mut self.all[last]
    }
}

impl Diagnostic {
    /// Says which of the words that would have been right is near, if one is; gives whether one was. Only the first findings
    /// look: each looks through all words.
    pub fn suggest<'w>(&mut self, word: &str, words: impl IntoIterator<Item = &'w str>) -> bool {
        let near = if self.early { suggest(word, words) } else { None };
        if let Some(near) = near {
            self.help(format!("did you mean `{near}`?"));
        }
        near.is_some()
    }
    /// Whether it is one of the first findings, which say what may have been meant.
    pub(super) fn is_early(&self) -> bool {
        self.early
    }
    /// Says what would be right.
    pub fn help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }
}
