//! A study on a thread of its own, which can be waited for, looked at and stopped.

use crate::arrow::{PlainTable, plain};
use crate::errors::Wrong;
use crate::watch::Progress;
use chokepoint::OutputFormat;
use chokepoint::cli::{Asked, asked};
use chokepoint::study::{
    Calibrate, Compare, Destination, Explained, Found, Hindcast, Run, Study, Sweep, Written, discover,
    explain, indices, knockout, search, worth,
};
use chokepoint::{Ranking, TableText};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// What a study found, without the interpreter.
#[derive(Debug, Default)]
struct Outcome {
    /// What is printed: for people, and as JSON.
    text: String,
    json: String,
    /// The same as a table.
    answer: Option<PlainTable>,
    tables: Vec<PlainTable>,
    /// Its folder, and whether that was there already, or is a part.
    folder: Option<PathBuf>,
    complete: bool,
    part: bool,
    draws: u64,
    used: u64,
    seconds: f64,
}

/// What thread and interpreter share.
#[derive(Debug)]
struct Shared {
    progress: Progress,
    result: Mutex<Option<Result<Outcome, Wrong>>>,
    ended: Condvar,
}

/// A study that runs. It stops when nobody holds it any more.
#[pyclass(frozen, module = "chokepoint._native")]
pub(crate) struct Job {
    shared: Arc<Shared>,
}

#[pymethods]
impl Job {
    /// Reads the words of a command and starts it; `write` says whether it writes a folder, and `command` what a manifest
    /// says was typed, if that is something else.
    #[new]
    #[pyo3(signature = (words, write, command=None))]
    fn new(words: Vec<String>, write: bool, command: Option<Vec<String>>) -> PyResult<Self> {
        let mut asked = asked(&words).map_err(Wrong::from)?;
        if let (Asked::Run(_, to), Some(command)) = (&mut asked, command) {
            to.command = command;
        }
        let shared =
            Arc::new(Shared { progress: Progress::new(), result: Mutex::new(None), ended: Condvar::new() });
        let works = shared.clone();
        std::thread::spawn(move || {
            let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                carry_out(&asked, write, &works.progress)
            }));
            let found = found.unwrap_or_else(|_| Err(Wrong::usage("the simulator failed: this is a bug")));
            *works.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
            works.ended.notify_all();
        });
        Ok(Self { shared })
    }

    /// Waits until the study has ended, or so many seconds; says whether it has. Nothing interrupts it.
    #[pyo3(signature = (seconds=None))]
    fn wait(&self, py: Python<'_>, seconds: Option<f64>) -> bool {
        py.detach(|| {
            let guard = self.shared.result.lock().unwrap_or_else(PoisonError::into_inner);
            let runs = |result: &mut Option<_>| result.is_none();
            match seconds {
                None => drop(self.shared.ended.wait_while(guard, runs)),
                Some(seconds) => {
                    let most = Duration::from_secs_f64(seconds.clamp(0.0, 1e9));
                    drop(self.shared.ended.wait_timeout_while(guard, most, runs));
                }
            }
            self.shared.result.lock().unwrap_or_else(PoisonError::into_inner).is_some()
        })
    }

    /// Has it end after the draws at hand.
    fn stop(&self) {
        self.shared.progress.ask_to_stop();
    }

    /// Steps that are done, and all of them.
    fn progress(&self) -> (u64, u64) {
        self.shared.progress.steps()
    }

    /// What was worth a note so far.
    fn notes(&self) -> Vec<String> {
        self.shared.progress.notes()
    }

    /// What was found; raises why it failed. It can be taken once.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let result = self.shared.result.lock().unwrap_or_else(PoisonError::into_inner).take();
        let found = result.ok_or_else(|| Wrong::usage("it has not ended, or was taken before"))??;
        let all = PyDict::new(py);
        all.set_item("text", found.text)?;
        all.set_item("json", found.json)?;
        all.set_item("answer", found.answer)?;
        all.set_item("tables", found.tables)?;
        all.set_item("folder", found.folder)?;
        all.set_item("complete", found.complete)?;
        all.set_item("part", found.part)?;
        all.set_item("draws", found.draws)?;
        all.set_item("draws_used", found.used)?;
        all.set_item("seconds", found.seconds)?;
        all.set_item("notes", self.shared.progress.notes())?;
        Ok(all)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.shared.progress.ask_to_stop();
    }
}

fn carry_out(asked: &Asked, write: bool, watch: &Progress) -> Result<Outcome, Wrong> {
    match asked {
        Asked::Run(request, to) => of(&Run::open(request, watch)?, to, write, None, watch),
        Asked::Compare(request, to) => of(&Compare::open(request, watch)?, to, write, None, watch),
        Asked::Sweep(request, to) => of(&Sweep::open(request, watch)?, to, write, None, watch),
        Asked::Hindcast(request, to) => of(&Hindcast::open(request, watch)?, to, write, None, watch),
        Asked::Calibrate(request, to) => of(&Calibrate::open(request, watch)?, to, write, None, watch),
        Asked::Merge(whole, parts) => match &**whole {
            Asked::Run(request, to) => of(&Run::open(request, watch)?, to, true, Some(parts), watch),
            Asked::Compare(request, to) => of(&Compare::open(request, watch)?, to, true, Some(parts), watch),
            Asked::Sweep(request, to) => of(&Sweep::open(request, watch)?, to, true, Some(parts), watch),
            Asked::Hindcast(request, to) => {
                of(&Hindcast::open(request, watch)?, to, true, Some(parts), watch)
            }
            Asked::Calibrate(request, to) => {
                of(&Calibrate::open(request, watch)?, to, true, Some(parts), watch)
            }
            _ => Err(Wrong::usage("the command that made it simulates no draws")),
        },
        Asked::Explain(request) => {
            let told: Explained = explain(request, watch)?;
            Ok(Outcome { text: told.text(), json: told.json().to_string(), ..Outcome::default() })
        }
        Asked::Chokepoints(request) => {
            let ranked = knockout(request, watch)?;
            Ok(Outcome {
                text: Ranking::render(&ranked, OutputFormat::Text),
                json: Ranking::render(&ranked, OutputFormat::Json),
                answer: Some(plain(Ranking::to_table(&ranked))),
                draws: request.draws,
                used: request.draws,
                ..Outcome::default()
            })
        }
        Asked::Discover(request) => {
            let found = discover(request, watch)?;
            Ok(Outcome {
                text: found.render(OutputFormat::Text),
                json: found.render(OutputFormat::Json),
                tables: found.tables().into_iter().map(plain).collect(),
                ..Outcome::default()
            })
        }
        Asked::Indices(request) => {
            let found = indices(request, watch)?;
            Ok(Outcome {
                text: found.render(OutputFormat::Text),
                json: found.render(OutputFormat::Json),
                answer: Some(plain(found.to_table())),
                ..Outcome::default()
            })
        }
        Asked::Search(request) => {
            let found = search(request, watch)?;
            Ok(Outcome {
                text: found.render(OutputFormat::Text),
                json: found.render(OutputFormat::Json),
                answer: Some(plain(found.to_table())),
                ..Outcome::default()
            })
        }
        Asked::Worth(request) => {
            let found = worth(request, watch)?;
            Ok(Outcome {
                text: found.render(OutputFormat::Text),
                json: found.render(OutputFormat::Json),
                answer: Some(plain(found.to_table())),
                ..Outcome::default()
            })
        }
        _ => Err(Wrong::usage("this is answered at once")),
    }
}

/// Simulates a study, or joins it from parts, and writes its folder if it has one.
fn of<S: Study>(
    study: &S,
    to: &Destination,
    write: bool,
    parts: Option<&[PathBuf]>,
    watch: &Progress,
) -> Result<Outcome, Wrong> {
    if !write {
        study.fits(to, watch)?;
        return Ok(outcome(study, &study.find(None, watch)?));
    }
    let Some(mut folder) = study.open_folder(to, watch)? else {
        return Ok(Outcome {
            text: study.stored_answer(to, OutputFormat::Text)?,
            json: study.stored_answer(to, OutputFormat::Json)?,
            folder: watch.complete(),
            complete: true,
            part: to.part.is_some(),
            ..Outcome::default()
        });
    };
    let found = match parts {
        Some(parts) => study.merge(parts, &mut folder)?,
        None => {
            study.fits(to, watch)?;
            if to.part.is_some() {
                let (path, took) = study.find_part(folder, watch)?;
                return Ok(Outcome {
                    folder: Some(path),
                    part: true,
                    draws: took.draws,
                    used: took.used,
                    seconds: took.seconds,
                    ..Outcome::default()
                });
            }
            study.find(Some(&mut folder), watch)?
        }
    };
    let outcome = outcome(study, &found);
    let Written { path, no_page, .. } = found.store(folder)?;
    if let Some(error) = no_page {
        watch.note_text(format!("no page: {error}"));
    }
    Ok(Outcome { folder: Some(path), ..outcome })
}

fn outcome<S: Study>(study: &S, found: &S::Finds<'_>) -> Outcome {
    let took = found.took();
    let tables: Vec<TableText> = found.all_tables();
    Outcome {
        text: found.answer(OutputFormat::Text),
        json: found.answer(OutputFormat::Json),
        answer: Some(plain(found.answer_table())),
        tables: tables.into_iter().chain(study.reference().world_tables()).map(plain).collect(),
        draws: took.draws,
        used: took.used,
        seconds: took.seconds,
        ..Outcome::default()
    }
}
