//! Diagnostics as text: message, place, source line, underline, what would be right.

use super::diagnostic::{Diagnostic, Diagnostics, Place, Severity, Source, Sources};
use super::limits::{QUOTED, SHOWN};
use super::printable::{one_line, printable};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

impl Source {
    /// The line that a byte stands in, from 0, and where that line starts.
    fn line(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at).saturating_sub(1);
        (line, self.lines.get(line).copied().unwrap_or(0))
    }

    /// A span's ends, as near as characters allow.
    fn ends(&self, place: &Place) -> (usize, usize) {
        let end = self.text.floor_char_boundary(place.span.end.min(self.text.len()));
        (self.text.floor_char_boundary(place.span.start.min(end)), end)
    }
}

impl Sources {
    /// Name, line and column of a place, from 1.
    pub fn line_column(&self, place: &Place) -> (&str, usize, usize) {
        let Some(source) = self.all.get(place.source as usize) else { return ("", 1, 1) };
        let (start, _) = source.ends(place);
        let (line, from) = source.line(start);
        (&source.name, line + 1, source.text[from..start].chars().count() + 1)
    }

    /// `file:line` of a place.
    pub fn file_line(&self, place: &Place) -> String {
        let Some(source) = self.all.get(place.source as usize) else { return ":1".to_owned() };
        format!("{}:{}", source.name, source.line(place.span.start.min(source.text.len())).0 + 1)
    }

    /// The first [`SHOWN`] findings, errors first, and how many there are.
    pub fn render(&self, diagnostics: &Diagnostics, color: bool) -> String {
        self.render_first(SHOWN, diagnostics, color)
    }

    /// All findings, errors first, and how many there are.
    pub fn render_all(&self, diagnostics: &Diagnostics, color: bool) -> String {
        self.render_first(usize::MAX, diagnostics, color)
    }

    fn render_first(&self, most: usize, diagnostics: &Diagnostics, color: bool) -> String {
        let mut sorted: Vec<&Diagnostic> = diagnostics.all.iter().collect();
        sorted.sort_by_key(|d| (d.severity, d.place.source, d.place.span.start));
        let shown = sorted.len().min(most);
        let mut out: String = sorted[..shown].iter().map(|d| self.render_one(d, color) + "\n\n").collect();
        let count = |s: Severity| sorted.iter().filter(|d| d.severity == s).count();
        let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        out.push_str(&match (errors, warnings) {
            (0, 0) => String::new(),
            (0, w) => plural(w, "warning"),
            (e, 0) => plural(e, "error"),
            (e, w) => format!("{}, {}", plural(e, "error"), plural(w, "warning")),
        });
        if shown < sorted.len() {
            out.push_str(&format!(
                "; the first {shown} are shown, `chokepoint check --all-errors` shows all"
            ));
        }
        out
    }

    fn render_one(&self, d: &Diagnostic, color: bool) -> String {
        let level = if d.severity == Severity::Error { Level::ERROR } else { Level::WARNING };
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut groups: Vec<Group<'_>> = Vec::new();
        let (message, label) = (quoted(&d.message), quoted(&d.label));
        match self.all.get(d.place.source as usize) {
            Some(source) => {
                let (start, end) = source.ends(&d.place);
                let (number, from) = source.line(start);
                let to = source.lines.get(number + 1).map_or(source.text.len(), |next| next - 1);
                let line = &source.text[from..to];
                let name = one_line(&source.name);
                if line.len() > QUOTED {
                    // A line that long is no help. Its place is.
                    let (_, _, column) = self.line_column(&d.place);
                    let origin = Origin::path(name).line(number + 1).char_column(column);
                    let title = if label.is_empty() { message } else { format!("{message}: {label}") };
                    groups.push(level.primary_title(title).element(origin));
                } else {
                    let span = start - from..end.clamp(start, start.max(to)) - from;
                    let annotation = AnnotationKind::Primary.span(span).label(label);
                    let snippet = Snippet::source(shown(line));
                    let snippet = snippet.line_start(number + 1).path(name).annotation(annotation);
                    groups.push(level.primary_title(message).element(snippet));
                }
            }
            None => groups.push(Group::with_title(level.primary_title(message))),
        }
        if let Some(help) = &d.help {
            groups.push(Group::with_title(Level::HELP.secondary_title(quoted(help))));
        }
        renderer.render(&groups)
    }
}

/// A message, which may name anything: printable, and no longer than is read.
fn quoted(text: &str) -> String {
    let text = printable(text).into_owned();
    if text.len() <= 2 * QUOTED {
        return text;
    }
    format!("{}…", &text[..text.floor_char_boundary(2 * QUOTED)])
}

/// A line in which a terminal obeys nothing. Other characters keep their places: the renderer shows the rest of what it must
/// not print in its own way.
fn shown(line: &str) -> String {
    line.chars().map(|c| if matches!(c, '\u{80}'..='\u{9f}') { '\u{b7}' } else { c }).collect()
}
