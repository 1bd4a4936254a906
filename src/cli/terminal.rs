//! The terminal: what is printed, notes, progress, a hand on Ctrl-C, colour.

use super::arguments::Format;
use super::failure::Failure;
use crate::report::{fit, markdown};
use crate::scenario::printable;
use crate::study::{Error, Note, Watch, Work};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Set by Ctrl-C, SIGTERM and SIGHUP. A process has one handler, so it has one of these.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Tells a person something, on a line of stderr; nobody listening is no error. Whatever a scenario called its things, a terminal
/// obeys none of it.
pub(super) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(text));
}

/// Tells findings, which have colours of their own and nothing else that a terminal obeys.
pub(super) fn tell_findings(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Says why a command failed.
pub(super) fn say(failure: &Failure) {
    match failure {
        // Findings say themselves which of them are errors.
        Failure::Study(Error::Findings(findings)) => tell_findings(findings.render(colored()).trim_end()),
        Failure::Findings(text) => tell_findings(text.trim_end()),
        Failure::Study(error) => tell(&format!("error: {error}")),
        Failure::Usage(text) => tell(&format!("error: {text}")),
        Failure::Wrong(all) => all.iter().for_each(|wrong| tell(&format!("error: {wrong}"))),
        Failure::Differs { wrong, of, first } => tell(&format!(
            "error: {wrong} of {of} rounds come out differently when they are simulated anew; the first is round {first}"
        )),
        Failure::Stdout(error) => tell(&format!("error: stdout: {error}")),
    }
}

/// The machine's name; empty where it has none to tell.
pub(super) fn machine() -> String {
    #[cfg(unix)]
    {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }
    #[cfg(not(unix))]
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// Prints data, with what a terminal would obey written out; a closed pipe is no error.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(printable(text).as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Stdout(e)),
        _ => Ok(()),
    }
}

/// Prints a finding in a format: text for people within the terminal's width, Markdown of the rows that CSV has.
pub(super) fn print_in(format: Format, text: &str) -> Result<(), Failure> {
    match format {
        Format::Table => print(&fit(text, width())),
        Format::Markdown => print(&markdown(text)),
        Format::Csv | Format::Json => print(text),
    }
}

/// Columns of the terminal that stdout is, or those that `COLUMNS` in the environment asks for; none where nothing says it.
pub(super) fn width() -> Option<usize> {
    let asked = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    asked.or_else(columns).filter(|columns| *columns >= FEWEST)
}

/// Fewer columns than that hold no table.
const FEWEST: usize = 40;

fn columns() -> Option<usize> {
    #[cfg(unix)]
    {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
        (size.ws_col > 0).then_some(size.ws_col as usize)
    }
    #[cfg(not(unix))]
    None
}

/// Whether colours are wanted on stderr.
pub(super) fn colored() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Whether distributions can be drawn on stdout: a terminal, of a locale with the characters for it, and nobody asked for plain text.
pub(super) fn draws_fans() -> bool {
    let says = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let locale = says("LC_ALL").or_else(|| says("LC_CTYPE")).or_else(|| says("LANG")).unwrap_or_default();
    let unicode = ["utf-8", "utf8"].iter().any(|u| locale.to_lowercase().contains(u));
    let plain = says("TERM").is_none_or(|t| t == "dumb");
    std::io::stdout().is_terminal() && unicode && !plain
}

/// Watches a study at a terminal.
pub(super) struct Terminal {
    quiet: bool,
    started: Instant,
    bar: Mutex<ProgressBar>,
}

impl Terminal {
    /// One that shows progress and notes, unless it is to be quiet.
    pub(super) fn new(quiet: bool) -> Self {
        Self { quiet, started: Instant::now(), bar: Mutex::new(ProgressBar::hidden()) }
    }

    fn bar(&self) -> ProgressBar {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Watch for Terminal {
    fn begin(&self, work: Work, steps: u64) {
        // A second handler in one process is refused: then the first one serves.
        let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
        INTERRUPTED.store(false, Ordering::Relaxed);
        if self.quiet || !std::io::stderr().is_terminal() {
            return;
        }
        let bar = ProgressBar::new(steps);
        let template = match work {
            Work::Draws => "{bar:32} {pos}/{len} draws, {speed}{left}",
            Work::Failures => "{bar:32} {percent}% of failures{left}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            // Nothing is known of the speed before the first draws are done.
            let speed = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let speed = state.per_sec();
                let _ = if state.pos() == 0 {
                    write!(out, "starting")
                } else {
                    write!(out, "{speed:.0} draws/s")
                };
            };
            let left = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let (seconds, done) = (state.eta().as_secs(), state.pos());
                let _ = match seconds {
                    _ if done == 0 || state.elapsed().as_secs() < 1 => Ok(()),
                    0..=99 => write!(out, ", {} s left", seconds.max(1)),
                    _ => write!(out, ", {} min left", seconds.div_ceil(60)),
                };
            };
            bar.set_style(style.with_key("speed", speed).with_key("left", left));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = bar;
    }

    fn progress(&self, done: u64) {
        self.bar().set_position(done);
    }

    fn end(&self) {
        self.bar().finish_and_clear();
    }

    fn note(&self, note: &Note) {
        if !self.quiet || note.matters() {
            tell(&note.to_string());
        }
    }

    fn stop(&self) -> &AtomicBool {
        &INTERRUPTED
    }

    fn now(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}
