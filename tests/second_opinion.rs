//! The engine against a second program written from the model's page alone: every metric of a draw to 1e-9.

#![allow(clippy::type_complexity, clippy::too_many_lines)] // the reference follows its page, section by section

mod reference;
mod support;

use chokepoint::engine::Batch;
use chokepoint::engine::record::Recorder;
use chokepoint::model::Model;
use chokepoint::network::Network;
use chokepoint::plan::Plan;
use chokepoint::plan::series::Recording;
use chokepoint::random::{Design, Sampler};
use support::{PAGE, model_of, read};

/// Compares draws; gives how many numbers were compared.
fn agree(model: &Model, draws: &[u64], seed: u64) -> usize {
    let design = Design { seed, sampler: Sampler::Sobol };
    let plan = Plan::new(model.clone(), &Network::from_model(model), &design).unwrap();
    let recording = Recording::new(&plan, &["*".to_owned()]).unwrap();
    let mut recorder = Recorder::new(&plan, &recording, &[]);
    let mut batch = Batch::new(&plan);
    let mut compared = 0;
    for &draw in draws {
        batch.simulate(&plan, draw / 8, &mut recorder);
        let lane = (draw % 8) as usize;
        let history = reference::simulate(model, &design, draw);
        let mut wrong: Vec<(i32, String)> = Vec::new();
        for ((actor, metric), course) in &history {
            let found = recording.series.iter().position(|s| s.actor == *actor && s.metric == *metric);
            let Some(series) = found else { continue };
            // What rounding leaves of something large is compared with that.
            let largest = course.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
            for (t, &expected) in course.iter().enumerate() {
                let cell = recording.cells.iter().position(|&c| c == (t, series)).unwrap();
                let ours = recorder.cells[cell][lane];
                let scale = expected.abs().max(ours.abs()).max(1e-6).max(1e-6 * largest);
                if (ours - expected).abs() > 1e-9 * scale {
                    wrong.push((t as i32, format!("{t}: {actor}/{metric}: {ours:e} against {expected:e}")));
                }
                compared += 1;
            }
        }
        wrong.sort();
        assert!(
            wrong.is_empty(),
            "draw {draw}: {} differ, first\n{:#?}",
            wrong.len(),
            &wrong[..wrong.len().min(12)]
        );
    }
    compared
}

#[test]
fn on_the_page() {
    assert!(agree(&model_of(PAGE).unwrap(), &[0, 1, 13, 100], 1) > 1000);
}

#[test]
fn on_the_tutorial() {
    assert!(agree(&read("scenarios/tutorial", None).unwrap().1, &[0, 5, 77], 1) > 1000);
}

#[test]
fn on_the_baseline() {
    assert!(agree(&read("scenarios/baseline", None).unwrap().1, &[0, 3001], 1) > 10_000);
}
