//! Diagnostics as text: message, place, source line, underline, what would be right.

use super::diagnostic::{Diagnostic, Diagnostics, Place, Severity, Sources};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

impl Sources {
    /// Name, line and column of a place, from 1.
    pub fn line_column(&self, place: &Place) -> (&str, usize, usize) {
        let Some(source) = self.all.get(place.source as usize) else { return ("", 1, 1) };
        let before = &source.text[..place.span.start.min(source.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit_once('\n').map_or(before, |(_, line)| line).chars().count() + 1;
        (&source.name, line, column)
    }

    /// `file:line` of a place.
    pub fn file_line(&self, place: &Place) -> String {
        let (name, line, _) = self.line_column(place);
        format!("{name}:{line}")
    }

    /// All findings, errors first, and how many there are.
    pub fn render(&self, diagnostics: &Diagnostics, color: bool) -> String {
        let mut sorted: Vec<&Diagnostic> = diagnostics.all.iter().collect();
        sorted.sort_by_key(|d| (d.severity, d.place.source, d.place.span.start));
        let mut out: String = sorted.iter().map(|d| self.render_one(d, color) + "\n\n").collect();
        let count = |s: Severity| sorted.iter().filter(|d| d.severity == s).count();
        let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        out.push_str(&match (errors, warnings) {
            (0, 0) => String::new(),
            (0, w) => plural(w, "warning"),
            (e, 0) => plural(e, "error"),
            (e, w) => format!("{}, {}", plural(e, "error"), plural(w, "warning")),
        });
        out
    }

    fn render_one(&self, d: &Diagnostic, color: bool) -> String {
        let level = if d.severity == Severity::Error { Level::ERROR } else { Level::WARNING };
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut groups: Vec<Group<'_>> = Vec::new();
        let title = level.primary_title(d.message.as_str());
        match self.all.get(d.place.source as usize) {
            Some(source) => {
                let end = d.place.span.end.min(source.text.len());
                let start = d.place.span.start.min(end);
                let first_line = source.text[start..end].find('\n').map_or(end, |i| start + i);
                let span = start..if first_line > start { first_line } else { end };
                let annotation = AnnotationKind::Primary.span(span).label(d.label.as_str());
                let snippet =
                    Snippet::source(source.text.as_str()).path(source.name.as_str()).annotation(annotation);
                groups.push(title.element(snippet));
            }
            None => groups.push(Group::with_title(title)),
        }
        if let Some(help) = &d.help {
            groups.push(Group::with_title(Level::HELP.secondary_title(help.as_str())));
        }
        renderer.render(&groups)
    }
}
