//! What all studies of many draws do alike: simulate, keep what is gathered meanwhile, go on from it, make parts, join them.

use super::error::Error;
use super::folder::{Answers, RunFolder, Took, Written, answer_file, place};
use super::gather::Gatherer;
use super::kept::{Gathered, Kept, LEAF_DRAWS};
use super::request::Destination;
use super::rounds::Rounds;
use super::simulation::Simulation;
use super::stopping::Stopping;
use super::watch::Watch;
use super::{estimate, parts};
use crate::engine::run::{ROUND, Round};
use crate::math::WIDTH;
use crate::report::OutputFormat;
use crate::results::table::TableText;
use crate::results::{FolderError, Interval, MANIFEST, Manifest, RunReader};
use rayon::prelude::*;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Share of the time that may go into keeping what is gathered, as so many times as long between.
const SELDOM: f64 = 50.0;

/// What a study of many draws is made of.
pub(super) trait ManyDraws: Sized {
    type Gathered<'a>: Gathered
    where
        Self: 'a;
    type Found<'a>: Found
    where
        Self: 'a;

    /// The scenario as it stands.
    fn base(&self) -> &Simulation;

    /// Other plans on the same draws.
    fn others(&self) -> &[Simulation] {
        &[]
    }

    /// When to stop, if not after the draws that are asked for.
    fn stopping(&self) -> Option<&Stopping> {
        None
    }

    /// What it is.
    fn manifest(&self) -> Manifest {
        self.base().manifest()
    }

    /// Files that it writes, apart from those of all studies.
    fn files(&self) -> Vec<&'static str>;

    /// Room for what is gathered; tables with a row a draw are opened in the folder.
    fn gather(&self, folder: Option<&mut RunFolder>) -> Result<Self::Gathered<'_>, Error>;

    /// The number whose precision decides when to stop.
    fn known(&self, _: &Self::Gathered<'_>) -> Option<(Interval, f64)> {
        None
    }

    /// What follows from all that was gathered.
    fn conclude<'a>(&'a self, gathered: Self::Gathered<'a>, took: Took) -> Result<Self::Found<'a>, Error>;

    /// The manifest with its identity.
    fn identified(&self) -> Manifest {
        let mut manifest = self.manifest();
        manifest.identify();
        manifest
    }
}

/// What a study of many draws has found.
pub trait Found {
    /// What is printed of it.
    fn answer(&self, format: OutputFormat) -> String;

    /// The same as a table.
    fn answer_table(&self) -> TableText;

    /// All tables of findings, as they stand in the study's folder.
    fn all_tables(&self) -> Vec<TableText>;

    /// What it took.
    fn took(&self) -> Took;

    /// Writes all tables, the data package, the manifest and the page.
    ///
    /// # Errors
    /// If a file cannot be written.
    fn store(self, folder: RunFolder) -> Result<Written, Error>;
}

/// What is done with it.
pub(super) trait Steps: ManyDraws {
    fn open_folder(&self, to: &Destination, watch: &dyn Watch) -> Result<Option<RunFolder>, Error> {
        if to.part.is_some() && self.stopping().is_some_and(|s| s.wanted.is_some()) {
            return Err(Error::PartPrecision);
        }
        parts::leaves(to.part, self.base().request.sampling.draws)?;
        RunFolder::open(self.base(), self.identified(), &self.files(), to, watch)
    }

    fn fits(&self, to: &Destination, watch: &dyn Watch) -> Result<(), Error> {
        estimate::check(self.base(), self.others(), self.base().exports, to, watch)
    }

    fn path(&self, to: &Destination) -> PathBuf {
        place(self.base(), &self.identified(), to)
    }

    fn stored_answer(&self, to: &Destination, format: OutputFormat) -> Result<String, Error> {
        let path = place(self.base(), &self.identified(), to);
        if to.part.is_some() {
            return Ok(String::new());
        }
        let run = RunReader::open(&path, MANIFEST)?;
        Ok(run.read(answer_file(format))?.unwrap_or_default())
    }

    fn find(&self, folder: Option<&mut RunFolder>, watch: &dyn Watch) -> Result<Self::Found<'_>, Error> {
        let (gathered, took) = self.gathered(folder, watch)?;
        self.base().check_used(took.used, watch)?;
        self.conclude(gathered, took)
    }

    fn find_part(&self, mut folder: RunFolder, watch: &dyn Watch) -> Result<(PathBuf, Took), Error> {
        let (mut gathered, took) = self.gathered(Some(&mut folder), watch)?;
        let draws = parts::leaves(folder.part, self.base().request.sampling.draws)?;
        let head = folder.head(draws.start, draws.end);
        Ok((folder.finish_part(&head, &mut gathered.all())?, took))
    }

    fn merge(&self, from: &[PathBuf], folder: &mut RunFolder) -> Result<Self::Found<'_>, Error> {
        let (gathered, took) = self.joined(from, folder, true)?;
        self.base().check_used(took.used, &())?;
        self.conclude(gathered, took)
    }

    fn merge_some(&self, from: &[PathBuf], mut folder: RunFolder) -> Result<PathBuf, Error> {
        let (mut gathered, _) = self.joined(from, &mut folder, false)?;
        let (first, end) =
            folder.stretches.first().zip(folder.stretches.last()).map_or((0, 0), |(a, b)| (a.first, b.end));
        let head = folder.head(first, end);
        folder.finish_part(&head, &mut gathered.all())
    }

    fn again(&self, run: &Path, rounds: u64, watch: &dyn Watch) -> Result<(Vec<u64>, u64), Error> {
        let reader = RunReader::open(run, MANIFEST)?;
        if reader.manifest["identity"].as_str() != Some(&self.identified().identity) {
            return Err(Error::NotAsItWas(run.to_owned()));
        }
        let table = reader.read(super::rounds::FILE)?.unwrap_or_default();
        let known: Vec<&str> = table.lines().skip(1).collect();
        let (all, length) = (known.len() as u64, ROUND * WIDTH as u64);
        let most = reader.manifest["draws"].as_u64().unwrap_or(all * length);
        let some = rounds.min(all);
        let mut wrong = Vec::new();
        for i in 0..some {
            // Evenly over all of them.
            let round = (2 * i + 1) * all / (2 * some);
            let mut found = Rounds::default();
            let draws = round * length..((round + 1) * length).min(most);
            self.base().work_on(self.others(), draws, watch, &mut [&mut found])?;
            let line = found.table().text.lines().nth(1).map(str::to_owned);
            if line.as_deref() != known.get(round as usize).copied() {
                wrong.push(round);
            }
        }
        Ok((wrong, some))
    }

    fn gathered(
        &self,
        mut folder: Option<&mut RunFolder>,
        watch: &dyn Watch,
    ) -> Result<(Self::Gathered<'_>, Took), Error> {
        let base = self.base();
        let asked = parts::leaves(folder.as_ref().and_then(|f| f.part), base.request.sampling.draws)?;
        let mut gathered = self.gather(folder.as_deref_mut())?;
        let (mut done, mut seconds) = (asked.start, 0.0);
        match folder.as_deref_mut().and_then(|f| f.left.take()) {
            Some(mut left) => {
                for kept in gathered.all() {
                    kept.load(&mut left, None)?;
                }
                done = left.head.end;
                seconds = left.head.stretches.iter().map(|s| s.seconds).sum();
                watch.note(&super::watch::Note::GoesOn {
                    done: done - asked.start,
                    draws: asked.end - asked.start,
                });
            }
            None => gathered.all().into_iter().for_each(|kept| kept.start(asked.start / LEAF_DRAWS)),
        }
        let mut work = |draws: Range<u64>| -> Result<(f64, Option<(Interval, f64)>), Error> {
            let from = done.max(draws.start);
            if from < draws.end {
                let folder = folder.as_deref_mut();
                let mut keeping = Keeping::new(gathered.all(), folder, watch, (asked.start, from, draws.end));
                let simulated = base.work_on(self.others(), from..draws.end, watch, &mut [&mut keeping]);
                let (at, started) = (keeping.done, keeping.started);
                let kept = keeping.end(simulated.is_ok() || matches!(simulated, Err(Error::Interrupted)))?;
                if kept && matches!(simulated, Err(Error::Interrupted)) {
                    let (done, draws) = (at - asked.start, asked.end - asked.start);
                    return Err(Error::InterruptedAt { done, draws });
                }
                simulated?;
                done = draws.end;
                seconds += watch.now() - started;
            }
            // What came before went on: it was not known well enough.
            let known = if done == draws.end { self.known(&gathered) } else { None };
            Ok((0.0, known))
        };
        let draws = if let Some(stopping) = self.stopping().filter(|s| s.wanted.is_some()) {
            stopping.run(base, watch, work)?.0
        } else {
            work(asked.clone())?;
            asked.end - asked.start
        };
        let used = gathered.used();
        Ok((gathered, Took { draws, used, seconds }))
    }

    fn joined(
        &self,
        from: &[PathBuf],
        folder: &mut RunFolder,
        whole: bool,
    ) -> Result<(Self::Gathered<'_>, Took), Error> {
        let draws = self.base().request.sampling.draws;
        let all = parts::read(from, &self.identified().identity, draws, whole)?;
        let mut gathered = self.gather(Some(folder))?;
        for part in &all {
            let mut state = part.state()?;
            for kept in gathered.all() {
                kept.load(&mut state, Some(&part.path))?;
            }
            folder.stretches.extend(part.description.lineage.iter().cloned());
        }
        folder.manifest.audited = all.iter().all(|part| part.description.audited);
        let seconds = folder.stretches.iter().map(|s| s.seconds).sum();
        let used = gathered.used();
        Ok((gathered, Took { draws, used, seconds }))
    }
}

impl<S: ManyDraws> Steps for S {}

/// Hands rounds on to all gatherers, and keeps what they have now and then.
struct Keeping<'a> {
    all: Vec<&'a mut dyn Kept>,
    folder: Option<&'a mut RunFolder>,
    watch: &'a dyn Watch,
    /// The first draw of all, and of these.
    first: u64,
    from: u64,
    /// The draw after the last, and after the last that is done.
    end: u64,
    done: u64,
    started: f64,
    /// When it was kept last, and what that took \[s\].
    last: f64,
    cost: f64,
}

impl<'a> Keeping<'a> {
    fn new(
        all: Vec<&'a mut dyn Kept>,
        folder: Option<&'a mut RunFolder>,
        watch: &'a dyn Watch,
        (first, from, end): (u64, u64, u64),
    ) -> Self {
        let now = watch.now();
        Self { all, folder, watch, first, from, end, done: from, started: now, last: now, cost: 0.0 }
    }

    fn keep(&mut self) -> Result<(), FolderError> {
        let Some(folder) = self.folder.as_deref_mut() else { return Ok(()) };
        let now = self.watch.now();
        folder.add_stretch(self.from, self.done, now - self.started);
        let head = folder.head(self.first, self.done);
        folder.stretches.pop();
        folder.keep(&head, &mut self.all)?;
        self.last = self.watch.now();
        self.cost = self.last - now;
        Ok(())
    }

    fn is_due(&self) -> bool {
        let Some(folder) = &self.folder else { return false };
        let seconds = folder.keep_seconds as f64;
        self.done.is_multiple_of(LEAF_DRAWS)
            && (folder.keep_seconds == 0
                || self.watch.now() - self.last >= seconds.min(10.0_f64.max(SELDOM * self.cost)))
    }

    /// Ends these draws; of a study that was cut short, keeps what there is, and says whether there is something.
    fn end(mut self, sound: bool) -> Result<bool, FolderError> {
        let any = sound && self.done > self.from;
        if any {
            self.keep_if_interrupted()?;
        }
        let seconds = self.watch.now() - self.started;
        let (from, done) = (self.from, self.done);
        if let Some(folder) = self.folder.as_deref_mut() {
            folder.add_stretch(from, done, seconds);
        }
        Ok((any || self.from > self.first) && self.folder.is_some())
    }

    fn keep_if_interrupted(&mut self) -> Result<(), FolderError> {
        if self.watch.stop().load(std::sync::atomic::Ordering::Relaxed) { self.keep() } else { Ok(()) }
    }
}

impl Gatherer for Keeping<'_> {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        // Side by side: parts of each are one thread's work. Of several that fail the first tells why.
        let taken: Vec<_> = self.all.par_iter_mut().map(|kept| kept.absorb(rounds)).collect();
        taken.into_iter().collect::<Result<(), _>>()?;
        if let Some(round) = rounds.first() {
            self.done = ((round.first + round.masks.len() as u64) * WIDTH as u64).min(self.end);
        }
        if self.is_due() { self.keep() } else { Ok(()) }
    }
}

/// Answers of a study in all formats.
pub(super) fn answers(found: &impl Found) -> Answers {
    Answers::new(|format| found.answer(format))
}
