//! Draws as an Arrow stream: a row a draw, a column a cell, handed over batch by batch while they are simulated.

use crate::arrow::{capsule, field};
use crate::errors::Wrong;
use crate::watch::Progress;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, RecordBatchReader, UInt64Array};
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use chokepoint::cli::{Asked, asked};
use chokepoint::study::{Error, Gatherer, Simulation};
use chokepoint::{FolderError, Round, WIDTH};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

/// Batches that wait for a reader at most: the engine waits for who is slower.
const WAITING: usize = 4;
/// How often a reader looks for a hand on Ctrl-C.
const LOOKS: Duration = Duration::from_millis(50);

/// What is to be streamed. Each stream simulates the draws anew: they are the same.
#[pyclass(frozen, module = "chokepoint._native")]
pub(crate) struct Draws {
    simulation: Arc<Simulation>,
    schema: SchemaRef,
    rows: usize,
    /// Why the last stream ended early.
    wrong: Arc<Mutex<Option<Wrong>>>,
}

#[pymethods]
impl Draws {
    /// Reads the words of a run; `inputs` adds what draws took for uncertain numbers; batches have about so many rows.
    #[new]
    fn new(py: Python<'_>, words: Vec<String>, inputs: bool, rows: usize) -> PyResult<Self> {
        py.detach(|| Self::open(&words, inputs, rows)).map_err(PyErr::from)
    }

    /// Names, types and units of the columns.
    fn columns(&self) -> Vec<(String, String, Option<String>)> {
        let unit = |f: &arrow_schema::Field| f.metadata().get("unit").cloned();
        self.schema.fields().iter().map(|f| (f.name().clone(), f.data_type().to_string(), unit(f))).collect()
    }

    /// Starts to simulate, and gives what reads the draws.
    fn stream<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let (sender, receiver) = sync_channel(WAITING);
        let progress = Arc::new(Progress::new());
        let schema = self.schema.clone();
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let (simulation, watch, rows) = (self.simulation.clone(), progress.clone(), self.rows);
        std::thread::spawn(move || {
            let mut gatherer =
                Sender { schema, rows, waiting: Columns::default(), to: sender, watch: watch.clone() };
            let done = simulation.work(&*watch, &mut [&mut gatherer]);
            gatherer.end(done);
        });
        let reader = Reader {
            schema: self.schema.clone(),
            from: receiver,
            progress,
            wrong: self.wrong.clone(),
            thread: std::thread::current().id(),
            ended: false,
        };
        capsule(py, Box::new(reader))
    }

    /// Raises what ended the last stream early, if anything did.
    #[pyo3(name = "raise_")]
    fn raise(&self) -> PyResult<()> {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner).take();
        wrong.map_or(Ok(()), |wrong| Err(wrong.into()))
    }
}

impl Draws {
    fn open(words: &[String], inputs: bool, rows: usize) -> Result<Self, Wrong> {
        let Asked::Run(request, _) = asked(words)? else { return Err(Wrong::usage("draws are of a run")) };
        let mut simulation = Simulation::open(&request.scenario, &request.simulation, &())?;
        let mut fields = vec![field("draw", DataType::UInt64, false, None, "Number of the draw")];
        for cell in &simulation.recording.names {
            let meaning = "The cell of that name: actor/metric@quarter";
            fields.push(field(&cell.address(), DataType::Float64, false, Some(&cell.unit), meaning));
        }
        let inputs = if inputs { simulation.bring_inputs() } else { Vec::new() };
        for (path, unit) in inputs {
            let meaning = "What the draw took; a dated series at its last uncertain date";
            fields.push(field(&path, DataType::Float64, false, Some(&unit), meaning));
        }
        let schema = Arc::new(Schema::new(fields));
        Ok(Self { simulation: Arc::new(simulation), schema, rows: rows.max(1), wrong: Arc::default() })
    }
}

/// Draws that wait until a batch is full.
#[derive(Default)]
struct Columns {
    draws: Vec<u64>,
    values: Vec<Vec<f64>>,
}

/// What simulates hands over.
type Handed = Result<RecordBatch, Wrong>;

/// The engine's end: makes batches of rounds.
struct Sender {
    schema: SchemaRef,
    rows: usize,
    waiting: Columns,
    to: SyncSender<Handed>,
    watch: Arc<Progress>,
}

impl Sender {
    fn send(&mut self) {
        let Columns { draws, values } = std::mem::take(&mut self.waiting);
        if draws.is_empty() {
            return;
        }
        let numbers: ArrayRef = Arc::new(UInt64Array::from(draws));
        let values = values.into_iter().map(|v| Arc::new(Float64Array::from(v)) as ArrayRef);
        let batch =
            RecordBatch::try_new(self.schema.clone(), std::iter::once(numbers).chain(values).collect());
        let batch = batch.map_err(|error| Wrong::usage(error.to_string()));
        if self.to.send(batch).is_err() {
            // Nobody reads any more.
            self.watch.ask_to_stop();
        }
    }

    fn end(mut self, done: Result<f64, Error>) {
        match done {
            Ok(_) => self.send(),
            Err(error) => drop(self.to.send(Err(error.into()))),
        }
    }
}

impl Gatherer for Sender {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        let round = &rounds[0];
        let columns = self.schema.fields().len() - 1;
        self.waiting.values.resize(columns, Vec::new());
        for (b, mask) in round.masks.iter().enumerate() {
            let inputs = round.inputs.get(b).into_iter().flatten();
            for lane in (0..WIDTH).filter(|&lane| mask.lane(lane)) {
                self.waiting.draws.push((round.first + b as u64) * WIDTH as u64 + lane as u64);
                let values = round.cells[b].iter().chain(inputs.clone());
                self.waiting.values.iter_mut().zip(values).for_each(|(list, x)| list.push(x[lane]));
            }
        }
        if self.waiting.draws.len() >= self.rows {
            self.send();
        }
        Ok(())
    }
}

/// The reader's end.
struct Reader {
    schema: SchemaRef,
    from: Receiver<Handed>,
    progress: Arc<Progress>,
    wrong: Arc<Mutex<Option<Wrong>>>,
    /// Who asked for the stream: signals are looked for in that thread alone, which cannot wait for itself.
    thread: ThreadId,
    ended: bool,
}

impl Iterator for Reader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            match self.from.recv_timeout(LOOKS) {
                Ok(Ok(batch)) => return Some(Ok(batch)),
                Ok(Err(wrong)) => {
                    self.ended = true;
                    let text = format!("{wrong:?}");
                    *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = Some(wrong);
                    return Some(Err(ArrowError::ExternalError(text.into())));
                }
                Err(RecvTimeoutError::Disconnected) => self.ended = true,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if std::thread::current().id() == self.thread && Python::attach(|py| py.check_signals()).is_err()
            {
                self.ended = true;
                self.progress.ask_to_stop();
                // The exception cannot pass through a stream: it is raised again as soon as Python goes on.
                let again = |py: Python<'_>| py.import("_thread")?.call_method0("interrupt_main").map(drop);
                let _ = Python::attach(again);
                return Some(Err(ArrowError::ExternalError("interrupted".into())));
            }
        }
        None
    }
}

impl RecordBatchReader for Reader {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.progress.ask_to_stop();
    }
}
