//! The face of the simulator for a page: numbers and texts across the border of WebAssembly, and nothing else.
//!
//! A page writes UTF-8 into [`room`] and calls; a call gives 1 if it was done, 0 if not. What it has to say, or why it was not
//! done, is UTF-8 at [`told`]; values of draws are doubles at [`values`]. The next call writes over both. After a trap,
//! [`told`] has the words of the panic, and nothing else may be called.

// The names that a page calls must be exported as they are; no memory is touched but the library's own.
#![allow(unsafe_code)]

use chokepoint::study::{Explorer, Side, Summariser};
use serde_json::{Value, json};
use std::cell::RefCell;

/// What is kept between two calls.
#[derive(Default)]
struct Kept {
    explorer: Option<Explorer>,
    summariser: Option<Summariser>,
    room: Vec<u8>,
    told: String,
    values: Vec<f64>,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

/// Makes room for a text of so many bytes, and says where.
#[unsafe(no_mangle)]
pub extern "C" fn room(bytes: usize) -> *mut u8 {
    KEPT.with_borrow_mut(|kept| {
        kept.room.clear();
        kept.room.resize(bytes, 0);
        kept.room.as_mut_ptr()
    })
}

/// Where the last call's text begins.
#[unsafe(no_mangle)]
pub extern "C" fn told() -> *const u8 {
    KEPT.with_borrow(|kept| kept.told.as_ptr())
}

/// How many bytes it has.
#[unsafe(no_mangle)]
pub extern "C" fn told_bytes() -> usize {
    KEPT.with_borrow(|kept| kept.told.len())
}

/// Where the last batch's values begin: for each cell those of its draws, the cells of labels after the others.
#[unsafe(no_mangle)]
pub extern "C" fn values() -> *const f64 {
    KEPT.with_borrow(|kept| kept.values.as_ptr())
}

/// How many values there are.
#[unsafe(no_mangle)]
pub extern "C" fn value_count() -> usize {
    KEPT.with_borrow(|kept| kept.values.len())
}

/// Opens the scenario of the request in the room, `{"name", "scenario", "select", "seed", "keep"}`, of which the last, at the start of
/// which quarter the scenario as it stands is kept, may be missing; and tells what is measured of it:
/// `{"cells": [address], "labels": [subject], "names": [label], "quarters": [quarter]}`.
#[unsafe(no_mangle)]
pub extern "C" fn open() -> u32 {
    with(|kept| {
        let request: Value = serde_json::from_slice(&kept.room).map_err(|e| e.to_string())?;
        let text = |key: &str| request[key].as_str().unwrap_or_default().to_owned();
        let select = request["select"].as_array().into_iter().flatten();
        let select: Vec<String> = select.filter_map(|v| v.as_str().map(str::to_owned)).collect();
        let seed = request["seed"].as_u64().unwrap_or(1);
        let mut explorer =
            Explorer::open(&text("name"), &text("scenario"), &select, seed).map_err(|e| e.to_string())?;
        if let Some(quarter) = request["keep"].as_u64() {
            explorer.keep_at(quarter as usize);
        }
        let about = json!({
            "cells": explorer.cells(), "labels": explorer.labelled(), "names": Explorer::LABELS,
        });
        kept.explorer = Some(explorer);
        Ok(about.to_string())
    })
}

/// Puts the scenario under the policy in the room, a TOML text.
#[unsafe(no_mangle)]
pub extern "C" fn change() -> u32 {
    with(|kept| {
        let policy = String::from_utf8(std::mem::take(&mut kept.room)).map_err(|e| e.to_string())?;
        opened(&mut kept.explorer)?.change(&policy).map_err(|e| e.to_string())?;
        Ok(String::new())
    })
}

/// Keeps a batch of the scenario as it stands, from which changes go on.
#[unsafe(no_mangle)]
pub extern "C" fn keep(batch: u32) -> u32 {
    with(|kept| {
        opened(&mut kept.explorer)?.keep(u64::from(batch));
        Ok(String::new())
    })
}

/// Simulates a batch of the scenario as it stands (`changed` 0), or as it was changed (1).
#[unsafe(no_mangle)]
pub extern "C" fn simulate(changed: u32, batch: u32) -> u32 {
    with(|kept| {
        let side = if changed == 0 { Side::Base } else { Side::Changed };
        let explorer = opened(&mut kept.explorer)?;
        explorer.simulate(side, u64::from(batch), &mut kept.values).map_err(|e| e.to_string())?;
        Ok(String::new())
    })
}

/// Tells the story of a draw, of the scenario as it stands beside that under the policy in the room, if there is one.
#[unsafe(no_mangle)]
pub extern "C" fn explain(draw: u32) -> u32 {
    with(|kept| {
        let request: Value = serde_json::from_slice(&kept.room).map_err(|e| e.to_string())?;
        let (policy, actor) = (request["policy"].as_str(), request["actor"].as_str());
        let explorer = opened(&mut kept.explorer)?;
        explorer.explain(u64::from(draw), policy, actor).map_err(|e| e.to_string())
    })
}

/// Begins to summarise draws of so many cells.
#[unsafe(no_mangle)]
pub extern "C" fn summarise(cells: usize) -> u32 {
    with(|kept| {
        kept.summariser = Some(Summariser::new(cells));
        Ok(String::new())
    })
}

/// Adds the batches in the room: doubles by batch, side and cell.
#[unsafe(no_mangle)]
pub extern "C" fn add() -> u32 {
    with(|kept| {
        let doubles = kept.room.chunks_exact(8);
        let values: Vec<f64> =
            doubles.map(|bytes| f64::from_le_bytes(std::array::from_fn(|i| bytes[i]))).collect();
        kept.summariser.as_mut().ok_or("nothing is summarised")?.add(&values);
        Ok(String::new())
    })
}

/// Puts what is known of every cell among the values.
#[unsafe(no_mangle)]
pub extern "C" fn finish() -> u32 {
    with(|kept| {
        kept.values = kept.summariser.as_ref().ok_or("nothing is summarised")?.finish();
        Ok(String::new())
    })
}

/// The scenario that was opened.
fn opened(explorer: &mut Option<Explorer>) -> Result<&mut Explorer, String> {
    explorer.as_mut().ok_or_else(|| "no scenario is open".to_owned())
}

/// Does some work on what is kept, and keeps what it tells.
fn with(work: impl FnOnce(&mut Kept) -> Result<String, String>) -> u32 {
    std::panic::set_hook(Box::new(|panic| {
        let words = panic.to_string();
        let _ = KEPT.try_with(|kept| kept.try_borrow_mut().map(|mut kept| kept.told = words));
    }));
    KEPT.with(|cell| {
        // The work has what is kept for itself, so that a panic finds a place for its words.
        let mut kept = cell.take();
        let done = work(&mut kept);
        let ok = u32::from(done.is_ok());
        kept.told = done.unwrap_or_else(|error| error);
        cell.replace(kept);
        ok
    })
}
