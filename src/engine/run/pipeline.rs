//! Batches under way on all threads, and rounds of them, which are handed over in order.
//!
//! Whichever thread completes the next round in order hands it over, while the others go on with batches of the rounds after it: no
//! thread waits for the last batch of a round.

use super::round::Done;
use crate::math::wide::PARTS;
use rayon::ScopeFifo;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many times eight draws are handed over together.
pub const ROUND: u64 = 32;
/// Batches for each thread that are under way beside those of a round.
const PER_THREAD: u64 = 1;

/// Eights of draws of a round, and those that are under way at once: simulated, or waiting to be handed over.
///
/// Rounds of many plans hold fewer batches, to take no more memory.
pub fn under_way(alternatives: usize, threads: usize) -> (u64, u64) {
    let length = if alternatives == 0 { ROUND } else { ROUND / 4 };
    (length, length + PARTS as u64 * PER_THREAD * threads as u64)
}

/// What became of a batch: of each part that was asked for, what there is of every plan.
type Simulated<E> = Result<Vec<Vec<Done>>, E>;

/// Batches of a task, simulated by `S`, and rounds of them, taken by `T`.
pub(super) struct Pipeline<E, S, T> {
    simulate: S,
    /// Eights that are asked for.
    eights: Range<u64>,
    /// Eights of a round.
    length: u64,
    /// Batches that are under way at once.
    room: u64,
    state: Mutex<State<E, T>>,
}

/// Where a pipeline stands.
struct State<E, T> {
    /// The batch to begin next.
    next: u64,
    /// Batches begun, of rounds that were not taken.
    under_way: u64,
    /// The round to take next.
    first: u64,
    /// Rounds from that one on, as far as they were begun.
    rounds: VecDeque<Pending<E>>,
    /// Who takes rounds; none while somebody lets it take one.
    take: Option<T>,
    /// Why no more rounds are taken.
    ended: Option<E>,
}

/// A round that was begun.
struct Pending<E> {
    /// Its batches, with what became of those that are done.
    batches: Vec<Option<Simulated<E>>>,
    /// How many are not done.
    left: usize,
}

impl<E, S, T> Pipeline<E, S, T>
where
    E: Send,
    S: Fn(u64) -> Simulated<E> + Sync,
    T: FnMut(u64, Vec<Vec<Done>>) -> Result<(), E> + Send,
{
    /// Eights of draws that `simulate` simulates by batches, and `take` takes by rounds: the number of the first of them, then all.
    pub(super) fn new(eights: Range<u64>, (length, under_way): (u64, u64), simulate: S, take: T) -> Self {
        let state = State {
            next: eights.start / PARTS as u64,
            under_way: 0,
            first: eights.start / length,
            rounds: VecDeque::new(),
            take: Some(take),
            ended: None,
        };
        Self { simulate, eights, length, room: under_way / PARTS as u64, state: Mutex::new(state) }
    }

    /// Runs to the end.
    pub(super) fn run(self) -> Result<(), E> {
        rayon::scope_fifo(|scope| self.begin(scope, &mut self.state()));
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.ended.map_or(Ok(()), Err)
    }

    fn state(&self) -> MutexGuard<'_, State<E, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The round of a batch.
    fn round_of(&self, batch: u64) -> u64 {
        batch * PARTS as u64 / self.length
    }

    /// Batches of a round: rounds are counted from draw 0, so that they are the same wherever a task starts.
    fn batches(&self, round: u64) -> Range<u64> {
        let parts = PARTS as u64;
        (round * self.length / parts).max(self.eights.start / parts)
            ..((round + 1) * self.length / parts).min(self.end())
    }

    /// The end of all batches; of no eights there is none.
    fn end(&self) -> u64 {
        if self.eights.is_empty() { 0 } else { self.eights.end.div_ceil(PARTS as u64) }
    }

    /// Begins batches, as many as there is room for.
    fn begin<'s>(&'s self, scope: &ScopeFifo<'s>, state: &mut State<E, T>) {
        while state.next < self.end() && state.under_way < self.room {
            let batch = state.next;
            let last = state.first + state.rounds.len() as u64;
            if self.round_of(batch) == last {
                let left = self.batches(last).count();
                state.rounds.push_back(Pending { batches: (0..left).map(|_| None).collect(), left });
            }
            state.next += 1;
            state.under_way += 1;
            scope.spawn_fifo(move |scope| self.simulate(scope, batch));
        }
    }

    /// Simulates a batch, and hands over the rounds that it completes.
    fn simulate<'s>(&'s self, scope: &ScopeFifo<'s>, batch: u64) {
        if self.state().ended.is_some() {
            return;
        }
        let simulated = (self.simulate)(batch);
        let mut state = self.state();
        let number = self.round_of(batch);
        let place = (number - state.first) as usize;
        let round = &mut state.rounds[place];
        round.batches[(batch - self.batches(number).start) as usize] = Some(simulated);
        round.left -= 1;
        while let Some((mut take, number, round)) = state.ready() {
            drop(state);
            let first = (number * self.length).max(self.eights.start);
            let batches = round.batches.len() as u64;
            // Of batches that failed the first tells why: which that is does not depend on the threads.
            let simulated: Result<Vec<_>, _> = round.batches.into_iter().flatten().collect();
            let taken = simulated.and_then(|parts| take(first, parts.into_iter().flatten().collect()));
            state = self.state();
            state.take = Some(take);
            match taken {
                Ok(()) => {
                    state.under_way -= batches;
                    self.begin(scope, &mut state);
                }
                Err(why) => state.ended = Some(why),
            }
        }
    }
}

impl<E, T> State<E, T> {
    /// The next round in order, with its number and who takes it, if all of it is done and nobody takes another.
    fn ready(&mut self) -> Option<(T, u64, Pending<E>)> {
        if self.ended.is_some() || self.rounds.front()?.left > 0 {
            return None;
        }
        let take = self.take.take()?;
        let round = self.rounds.pop_front()?;
        self.first += 1;
        Some((take, self.first - 1, round))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::record::Recorded;
    use crate::math::{Lanes, Mask};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    /// An eight of draws of one plan, told by its number.
    fn eight(number: u64) -> Vec<Done> {
        let cells = vec![Lanes::splat(number as f64)];
        let recorded = Recorded { cells, ..Recorded::default() };
        vec![Done::of(recorded, Mask::splat(true))]
    }

    /// What came of eights.
    struct Ran {
        /// Rounds that were taken: the first eight, and how many there are.
        rounds: Vec<(u64, usize)>,
        ended: Result<(), u64>,
        /// How many batches were under way at most.
        most: u64,
    }

    /// Runs eights of a plan and its alternatives on so many threads, where some batches fail.
    fn run(eights: Range<u64>, (alternatives, threads): (usize, usize), fail: &[u64]) -> Ran {
        let (begun, taken, most) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let simulate = |batch: u64| {
            let now = begun.fetch_add(1, Ordering::SeqCst) + 1 - taken.load(Ordering::SeqCst);
            most.fetch_max(now, Ordering::SeqCst);
            // Later batches are done before earlier ones.
            std::thread::sleep(Duration::from_micros(300 * (5 - batch % 5)));
            if fail.contains(&batch) {
                return Err(batch);
            }
            let parts = PARTS as u64;
            Ok((batch * parts..(batch + 1) * parts).filter(|e| eights.contains(e)).map(eight).collect())
        };
        let mut rounds = Vec::new();
        let take = |first: u64, all: Vec<Vec<Done>>| {
            let numbers: Vec<f64> = all.iter().map(|plans| plans[0].cells[0][0]).collect();
            let wanted: Vec<f64> = (first..).take(all.len()).map(|number| number as f64).collect();
            assert_eq!(numbers, wanted, "eights are in order");
            rounds.push((first, all.len()));
            taken.fetch_add(all.len().div_ceil(PARTS) as u64, Ordering::SeqCst);
            Ok(())
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (length, room) = under_way(alternatives, threads);
        let ended = pool.install(|| Pipeline::new(eights.clone(), (length, room), simulate, take).run());
        assert!(
            most.load(Ordering::SeqCst) <= room / PARTS as u64,
            "no more are under way than there is room for"
        );
        Ran { rounds, ended, most: most.into_inner() }
    }

    #[test]
    fn rounds_are_taken_in_order_each_once_on_any_number_of_threads() {
        for threads in [1, 2, 3, 16] {
            for (alternatives, wanted) in [
                (0, vec![(37, 27), (64, 32), (96, 32), (128, 22)]),
                (20, [vec![(37, 3)], (5..18).map(|r| (8 * r, 8)).collect(), vec![(144, 6)]].concat()),
            ] {
                let Ran { rounds, ended, most } = run(37..150, (alternatives, threads), &[]);
                assert_eq!(rounds, wanted);
                assert!(ended.is_ok());
                // Batches of the next round go on while one is not complete.
                let (length, _) = under_way(alternatives, threads);
                assert!(threads == 1 || most > length / PARTS as u64, "{most}");
            }
        }
        assert_eq!(run(7..7, (0, 2), &[]).rounds, [], "no draws, no round");
    }

    #[test]
    fn the_first_batch_that_fails_tells_why_and_no_later_round_is_taken() {
        for threads in [1, 2, 16] {
            // Of a round's batches 22 fails before 20 does, on many threads; 40 is of a later round.
            let Ran { rounds, ended, .. } = run(0..320, (0, threads), &[22, 20, 40]);
            assert_eq!(rounds, [(0, 32)]);
            assert_eq!(ended, Err(20));
        }
    }
}
