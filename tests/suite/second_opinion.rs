//! The engine against a second program written from the model's page alone: every metric of a draw to 1e-9.

use crate::support::{PAGE, model_of, read};
use chokepoint::internals::engine::Batch;
use chokepoint::internals::engine::record::Recorder;
use chokepoint::internals::math::wide::WIDTH;
use chokepoint::internals::metrics::Recording;
use chokepoint::internals::model::Model;
use chokepoint::internals::network::Network;
use chokepoint::internals::plan::Plan;
use chokepoint::internals::random::{Design, Sampler};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Compares draws; gives how many numbers were compared.
fn agree(model: &Model, draws: &[u64], seed: u64) -> usize {
    let design = Design { seed, sampler: Sampler::Sobol };
    let network = Network::from_model(model);
    let plan = Plan::new(model.clone(), &network, &design).unwrap();
    let recording = Recording::new(&plan, &["*".to_owned()]).unwrap();
    let mut recorder = Recorder::new(&plan, &recording, &[]);
    let mut batch = Batch::new(&plan);
    let world = crate::reference::World::new(model, &network, &design, &crate::reference::Cells::All);
    let mut second = crate::reference::Draw::new(&world);
    let mut compared = 0;
    for &draw in draws {
        batch.simulate(&plan, draw / WIDTH as u64, &mut recorder);
        let lane = (draw % WIDTH as u64) as usize;
        second.simulate(draw);
        let history = world.history(&second.cells);
        let mut wrong: Vec<(i32, String)> = Vec::new();
        for s in &recording.series {
            let named = (s.actor.clone(), s.name().to_owned());
            assert!(history.contains_key(&named), "the second program lacks {named:?}");
        }
        let kind = |actor: &str| actor.split('.').next().unwrap_or_default().to_owned();
        let mut largest: BTreeMap<(String, &str), f64> = BTreeMap::new();
        for ((actor, metric), course) in &history {
            let most = largest.entry((kind(actor), metric)).or_default();
            *most = course.iter().fold(*most, |m, x| m.max(x.abs()));
        }
        for ((actor, metric), course) in &history {
            let found = recording.find(actor, metric);
            let Some(series) = found else {
                assert!(course.iter().all(|x| *x == 0.0), "{actor}/{metric} is not recorded");
                continue;
            };
            for (t, &expected) in course.iter().enumerate() {
                let cell = recording.cells.binary_search(&(t, series)).unwrap();
                let ours = recorder.cell(cell)[lane];
                // What is left where all was taken is rounding: numbers count from a hundredth of a unit and a millionth
                // of the largest of the metric and kind of actor on.
                let floor = (1e-6 * largest[&(kind(actor), metric.as_str())]).max(0.01);
                let scale = expected.abs().max(ours.abs()).max(floor);
                // So is less than a millionth of anything: what a fully taken line makes of its last digits.
                let counts = expected.abs().max(ours.abs()) > crate::reference::DUST;
                if counts && (ours - expected).abs() > 1e-9 * scale {
                    wrong.push((t as i32, format!("{t}: {actor}/{metric}: {ours:e} against {expected:e}")));
                }
                compared += 1;
            }
        }
        compared += compare_roots(model, &batch, &second, lane, &mut wrong);
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

/// What a percent more of each input would have added to each buyer's chips by the end, and what rules refused \[H100e\].
fn compare_roots(
    model: &Model,
    batch: &Batch,
    second: &crate::reference::Draw<'_>,
    lane: usize,
    wrong: &mut Vec<(i32, String)>,
) -> usize {
    const H100E: f64 = 989.5e12;
    let mut compared = 0;
    for (b, expected) in second.roots.of.iter().enumerate() {
        let state = &batch.state.roots;
        let ours = state.added[b].iter().flatten().map(|x| x[lane] / H100E);
        let theirs = expected.added.iter().flatten().copied();
        let pairs: Vec<(f64, f64)> =
            ours.zip(theirs).chain([(state.refused[b][lane] / H100E, expected.refused)]).collect();
        // Parts of one whole: what one input adds another may take.
        let scale = pairs.iter().fold(0.01_f64, |most, (a, b)| most.max(a.abs()).max(b.abs()));
        for (k, (ours, theirs)) in pairs.into_iter().enumerate() {
            if (ours - theirs).abs() > 1e-9 * scale {
                let id = &model.buyers[b].id;
                wrong.push((i32::MAX, format!("root {k} of {id}: {ours:e} against {theirs:e}")));
            }
            compared += 1;
        }
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

#[test]
fn what_is_noted_and_what_was_simulated_before_change_no_number() {
    for path in ["scenarios/tutorial", "scenarios/baseline"] {
        let model = read(path, None).unwrap().1;
        let (network, design) = (Network::from_model(&model), Design { seed: 1, sampler: Sampler::Sobol });
        let all = crate::reference::World::new(&model, &network, &design, &crate::reference::Cells::All);
        let mut whole = crate::reference::Draw::new(&all);
        whole.simulate(21);
        for seldom in [1, 4] {
            let chosen = |t: usize, s: &crate::reference::Series| {
                t % seldom == seldom - 1
                    || matches!(s.metric.as_str(), "ratio" | "reachable_flop" | "premium")
            };
            let world = crate::reference::World::new(
                &model,
                &network,
                &design,
                &crate::reference::Cells::Of(&chosen),
            );
            let mut part = crate::reference::Draw::new(&world);
            part.simulate(3);
            part.simulate(400);
            part.simulate(21);
            let cells = (0..world.quarters).flat_map(|t| all.series().iter().map(move |s| (t, s)));
            let expected: Vec<f64> =
                cells.zip(&whole.cells).filter(|((t, s), _)| chosen(*t, s)).map(|(_, x)| *x).collect();
            assert!(expected.len() > 100 && part.cells == expected, "{path}");
        }
    }
}

/// The page with a licence for everybody abroad instead of its rule, and a cap on it.
fn capped(cap: &str) -> Model {
    let start = PAGE.find("[[rule]]").unwrap();
    let end = PAGE.find("[[route]]").unwrap();
    let rule = format!(
        "[[group]]\nid = \"home\"\nmembers = [\"alpha\"]\n\
         [[rule]]\nid = \"quota\"\nissuer = \"alpha\"\neffective = \"2022-05-15\"\nuntil = \"2026-08-01\"\nrequires = \"license\"\n\
         share = \"60% to 90%\"\nto = {{ worldwide = true, except_groups = [\"home\"] }}\ncap = {{ {cap} }}\n\
         [[buyer]]\nid = \"omega-second\"\ncountry = \"omega\"\nbudget = {{ unit = \"USD/year\", value = \"0.2B to 0.6B\" }}\n\
         [[buyer]]\nid = \"gamma-cloud\"\nkind = \"cloud\"\ncountry = \"gamma\"\nbudget = {{ unit = \"USD/year\", value = \"0.2B to 0.6B\" }}\n"
    );
    model_of(&format!("{}{rule}{}", &PAGE[..start], &PAGE[end..])).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn on_volume_limits() {
    for cap in [
        "units = \"2k to 9k\"",
        "units_per_buyer = \"1k to 9k\"",
        "tpp_per_buyer = \"2e7 to 1e8\"",
        "tpp_per_country = \"1e8 to 4e8\"",
        "tpp_per_country = \"5e7 to 2e8\", years = 2",
        "home_share = \"10% to 60%\"",
        "units = 9k, units_per_buyer = 4k, tpp_per_buyer = 6e7, tpp_per_country = 8e7, years = 1, home_share = 0.5",
    ] {
        let model = capped(&cap.replace("9k,", "9000,").replace("4k,", "4000,"));
        assert!(agree(&model, &[0, 1, 13], 1) > 1000, "{cap}");
    }
}

/// How many worlds are made up: 100, or `CHOKEPOINT_WORLDS`.
fn worlds() -> u64 {
    std::env::var("CHOKEPOINT_WORLDS").ok().and_then(|n| n.parse().ok()).unwrap_or(100)
}

#[test]
fn on_a_hundred_worlds_made_up_at_random() {
    let wrong: Vec<String> = (0..worlds())
        .into_par_iter()
        .filter_map(|seed| {
            let model = match model_of(&crate::support::worlds::world(seed)) {
                Ok(model) => model,
                Err(errors) => return Some(format!("world {seed} is not valid\n{errors}")),
            };
            let compared = std::panic::catch_unwind(|| agree(&model, &[seed, 8 * seed + 3], seed));
            match compared {
                Ok(compared) if compared > 200 => None,
                Ok(compared) => Some(format!("world {seed}: only {compared} numbers")),
                Err(_) => Some(format!("world {seed} differs")),
            }
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_worlds_made_up_have_something_of_everything() {
    let alive: Vec<Vec<String>> = (0..100_u64)
        .into_par_iter()
        .map(|seed| {
            let model = model_of(&crate::support::worlds::world(seed)).unwrap();
            let design = Design { seed, sampler: Sampler::Sobol };
            let network = Network::from_model(&model);
            let world =
                crate::reference::World::new(&model, &network, &design, &crate::reference::Cells::All);
            let mut second = crate::reference::Draw::new(&world);
            second.simulate(seed);
            let history = world.history(&second.cells);
            let flows = history.iter().filter(|(_, course)| course.iter().any(|x| *x > 1.0));
            let mut kinds: Vec<String> = flows
                .map(|((actor, metric), _)| format!("{}/{metric}", actor.split('.').next().unwrap()))
                .collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds
        })
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in alive.iter().flatten() {
        *counts.entry(kind).or_default() += 1;
    }
    // A share exceeds 1 in few worlds.
    counts.retain(|kind, _| !kind.ends_with("/spend_over_plan"));
    let rare: Vec<_> = counts.iter().filter(|(_, n)| **n < 10).collect();
    assert!(rare.is_empty() && counts.len() > 24, "{} kinds; rare: {rare:?} {counts:#?}", counts.len());
}
