//! Why something cannot be done, as the exceptions of `chokepoint._errors`.

use chokepoint::cli::NotRead;
use chokepoint::study::{Error, ErrorKind, Findings};
use chokepoint::{Diagnostics, Severity};
use pyo3::prelude::*;
use serde_json::{Value, json};

/// What went wrong, before there is an exception of it: a thread without the interpreter can hold it.
#[derive(Clone, Debug)]
pub(crate) struct Wrong {
    /// `scenario`, `usage`, `failed` or `interrupted`.
    kind: &'static str,
    message: String,
    findings: Value,
}

impl Wrong {
    /// Something that was asked for wrongly.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { kind: "usage", message: message.into(), findings: Value::Null }
    }
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Interrupted | Error::InterruptedAt { .. } => "interrupted",
            other => match other.kind() {
                ErrorKind::Failed => "failed",
                ErrorKind::Misused => "usage",
                ErrorKind::Rejected => "scenario",
            },
        };
        match error {
            Error::Findings(found) => {
                Self { kind, message: found.render_all(false), findings: findings(&found) }
            }
            other => Self { kind, message: other.to_string(), findings: Value::Null },
        }
    }
}

impl From<NotRead> for Wrong {
    fn from(error: NotRead) -> Self {
        match error {
            NotRead::Usage(text) => Self::usage(text.strip_prefix("error: ").unwrap_or(&text)),
            NotRead::Study(error) => error.into(),
        }
    }
}

impl From<Wrong> for PyErr {
    fn from(wrong: Wrong) -> Self {
        Python::attach(|py| {
            let make = || -> PyResult<Bound<'_, PyAny>> {
                let findings = wrong.findings.to_string();
                py.import("chokepoint._errors")?.getattr("make")?.call1((
                    wrong.kind,
                    &wrong.message,
                    findings,
                ))
            };
            make().map_or_else(|error| error, PyErr::from_value)
        })
    }
}

/// Findings with their places, errors first, each also as text with its line and underline.
pub(crate) fn findings(found: &Findings) -> Value {
    let mut all: Vec<_> = found.diagnostics.all.iter().collect();
    all.sort_by_key(|d| (d.severity, d.place.source, d.place.span.start));
    let one = |d: &&chokepoint::Diagnostic| {
        let (file, line, column) = found.sources.line_column(&d.place);
        let alone = Diagnostics { all: vec![(*d).clone()] };
        let text = found.sources.render_all(&alone, false);
        // The last paragraph counts the findings.
        let text = text.rsplit_once("\n\n").map_or(text.as_str(), |(text, _)| text);
        json!({
            "severity": if d.severity == Severity::Error { "error" } else { "warning" },
            "message": d.message, "label": d.label, "help": d.help,
            "file": file, "line": line, "column": column, "text": text,
        })
    };
    all.iter().map(one).collect()
}
