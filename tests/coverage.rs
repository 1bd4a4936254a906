//! Error bars are right: intervals of paired differences cover what a very long run finds as often as they say.
//!
//! `CHOKEPOINT_SEEDS=200 cargo test --release --test coverage -- --nocapture` is the long form; by default there are fewer
//! seeds, on the tutorial alone. `CHOKEPOINT_COVERAGE=baseline` runs it on the baseline instead.

mod support;

use chokepoint::analysis::{Contest, Paired, Sense};
use chokepoint::engine::run::{Rival, Task, contest};
use chokepoint::model::Model;
use chokepoint::network::Network;
use chokepoint::plan::Plan;
use chokepoint::plan::series::Recording;
use chokepoint::random::{Design, Sampler};
use std::sync::atomic::AtomicBool;

/// Plans of a scenario and of a policy, on the same draws.
fn plans(scenario: &str, policy: &str, design: Design) -> [Plan; 2] {
    let model = |policy: Option<&str>| -> Model { support::read(scenario, policy).unwrap().1 };
    let lead = chokepoint::plan::inputs::leading_paths(&model(None)).unwrap();
    [None, Some(policy)].map(|p| {
        let mut model = model(p);
        model.run.lead.clone_from(&lead);
        let network = Network::from_model(&model);
        Plan::new(model, &network, &design).unwrap()
    })
}

/// Paired statistics of cells from `draws` draws.
fn estimate(scenario: &str, policy: &str, cells: &[&str], design: Design, draws: u64) -> Vec<Paired> {
    let plans = plans(scenario, policy, design);
    let select: Vec<String> = cells.iter().map(|c| (*c).to_owned()).collect();
    let recordings = plans.each_ref().map(|p| Recording::lean(p, &select).unwrap());
    let task = Task {
        plan: &plans[0],
        recording: &recordings[0],
        flows: &[],
        from: 0,
        draws,
        given: None,
        audit: false,
        inputs: false,
    };
    let rival = Rival::new(&task, &plans[1], &recordings[1]);
    let mut pairs = Contest::new(2, vec![Sense::Min; cells.len()], design.sampler == Sampler::Mc);
    contest::<()>(&task, std::slice::from_ref(&rival), &AtomicBool::new(false), |rounds| {
        let masks = rounds[0].masks.clone();
        let values: Vec<_> = rounds.iter().map(|r| r.cells.clone()).collect();
        pairs.absorb(&values, &masks);
        Ok(())
    })
    .unwrap();
    // Cells are recorded in order of quarters; each is asked for alone, so that order does not matter.
    let place = |c: &&str| recordings[0].names.iter().position(|n| n.address() == **c).unwrap();
    cells.iter().map(|c| pairs.paired(place(c), 1)).collect()
}

/// Mean and quantiles that are estimated, with their intervals.
fn numbers(p: &Paired) -> [(f64, f64); 3] {
    [p.mean, p.quantiles[1], p.quantiles[2]].map(|i| (i.value, i.half))
}

const NAMES: [&str; 3] = ["mean", "median", "p95"];

/// Shares of seeds whose intervals cover a long run's numbers, by cell and number.
fn coverage(
    scenario: &str,
    policy: &str,
    cells: &[&str],
    (seeds, draws, long): (u64, u64, u64),
    sampler: Sampler,
) -> Vec<[f64; 3]> {
    let truth = estimate(scenario, policy, cells, Design { seed: 1_000_003, sampler: Sampler::Sobol }, long);
    let mut covered = vec![[0.0; 3]; cells.len()];
    for seed in 1..=seeds {
        let found = estimate(scenario, policy, cells, Design { seed, sampler }, draws);
        for ((counts, found), truth) in covered.iter_mut().zip(&found).zip(&truth) {
            for (count, (n, t)) in counts.iter_mut().zip(numbers(found).iter().zip(numbers(truth))) {
                *count += f64::from((n.0 - t.0).abs() <= n.1) / seeds as f64;
            }
        }
    }
    for (cell, shares) in cells.iter().zip(&covered) {
        for (name, share) in NAMES.iter().zip(shares) {
            println!(
                "{scenario} {policy} {sampler} {draws} draws {seeds} seeds: {cell} {name} {:.1} %",
                100.0 * share
            );
        }
    }
    covered
}

fn seeds() -> Option<u64> {
    std::env::var("CHOKEPOINT_SEEDS").ok().and_then(|s| s.parse().ok())
}

#[test]
fn intervals_cover_the_truth() {
    let on_baseline = std::env::var("CHOKEPOINT_COVERAGE").is_ok_and(|s| s == "baseline");
    let long_form = seeds();
    // At 95 %, 40 seeds cover at least 34 times with probability 0.997.
    let (low, high) = if long_form.is_some() { (0.90, 0.99) } else { (0.85, 1.0) };
    let sure = |shares: &[[f64; 3]]| {
        assert!(shares.iter().flatten().all(|s| (low..=high).contains(s)), "{shares:?}");
    };
    if on_baseline {
        // A price that is bounded below and stays where nothing is smuggled, and what a rare blockade does.
        let kinked = ["country.china/premium@2026Q4", "country.china/reachable_flop@2028Q4"];
        let size = (long_form.unwrap_or(40), 64, 8192);
        coverage("scenarios/baseline", "enforcement-tenfold", &kinked, size, Sampler::Sobol);
        coverage(
            "scenarios/baseline",
            "tests/data/no-blockade.toml",
            &["world/shipped_h100e_cum@2030Q4"],
            size,
            Sampler::Sobol,
        );
        return;
    }
    let size = long_form.map_or((40, 128, 8192), |seeds| (seeds, 256, 131_072));
    let cells = [
        "country.omega/reachable_flop@2025Q4",
        "lab.second/accessible_h100e@2024Q4",
        "designer.north/revenue_usd_cum@2026Q4",
    ];
    sure(&coverage("scenarios/tutorial", "rule-delayed", &cells, size, Sampler::Sobol));
    sure(&coverage("scenarios/tutorial", "rule-delayed", &cells[..1], size, Sampler::Mc));
}

/// Variance over seeds of the estimated difference: paired or independent, on the net or not.
fn variances(scenario: &str, policy: &str, cells: &[&str], seeds: u64, draws: u64) -> Vec<[[f64; 2]; 3]> {
    let spread = |x: &[f64]| {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (x.len() - 1) as f64
    };
    let mut all = vec![[[0.0; 2]; 3]; cells.len()];
    let designs = |sampler| (1..=seeds).map(move |seed| Design { seed, sampler });
    for (k, sampler) in [Sampler::Sobol, Sampler::Mc].into_iter().enumerate() {
        let found: Vec<Vec<Paired>> =
            designs(sampler).map(|d| estimate(scenario, policy, cells, d, draws)).collect();
        for c in 0..cells.len() {
            let of = |f: &dyn Fn(&Paired) -> f64| spread(&found.iter().map(|s| f(&s[c])).collect::<Vec<_>>());
            all[c][k] = [of(&|p| p.mean.value), of(&|p| p.quantiles[1].value)];
        }
    }
    // Independent: the policy on one seed, the scenario as it stands on another, both on the net.
    let single = |policy_too: bool| -> Vec<Vec<[f64; 2]>> {
        designs(Sampler::Sobol)
            .map(|d| {
                let seed = if policy_too { d.seed } else { d.seed + 5000 };
                levels(scenario, policy, cells, Design { seed, ..d }, draws, policy_too)
            })
            .collect()
    };
    let (with, without) = (single(true), single(false));
    for c in 0..cells.len() {
        for k in 0..2 {
            let each: Vec<f64> = with.iter().zip(&without).map(|(a, b)| a[c][k] - b[c][k]).collect();
            all[c][2][k] = spread(&each);
        }
    }
    all
}

/// Mean and median of cells themselves, under the policy or not.
fn levels(
    scenario: &str,
    policy: &str,
    cells: &[&str],
    design: Design,
    draws: u64,
    policy_too: bool,
) -> Vec<[f64; 2]> {
    let plans = plans(scenario, policy, design);
    let plan = &plans[usize::from(policy_too)];
    let select: Vec<String> = cells.iter().map(|c| (*c).to_owned()).collect();
    let recording = Recording::lean(plan, &select).unwrap();
    let task = Task {
        plan,
        recording: &recording,
        flows: &[],
        from: 0,
        draws,
        given: None,
        audit: false,
        inputs: false,
    };
    let mut summary: chokepoint::results::Summary = chokepoint::results::Summary::new(cells.len(), false);
    chokepoint::engine::run::simulate::<()>(&task, &AtomicBool::new(false), |round| {
        summary.absorb(&round.cells, &round.masks);
        Ok(())
    })
    .unwrap();
    let place = |c: &&str| recording.names.iter().position(|n| n.address() == **c).unwrap();
    cells.iter().map(|c| summary.one(place(c))).map(|s| [s.mean, s.quantiles.p50]).collect()
}

#[test]
fn pairing_and_the_net_narrow_differences() {
    let on_baseline = std::env::var("CHOKEPOINT_COVERAGE").is_ok_and(|s| s == "baseline");
    let (scenario, policy, cell, draws) = if on_baseline {
        ("scenarios/baseline", "enforcement-tenfold", "country.china/reachable_flop@2028Q4", 128)
    } else {
        ("scenarios/tutorial", "enforcement-tenfold", "country.omega/reachable_flop@2026Q4", 128)
    };
    let [net, mc, apart] = variances(scenario, policy, &[cell], seeds().unwrap_or(40).min(50), draws)[0];
    for (k, name) in ["mean", "median"].into_iter().enumerate() {
        println!(
            "{cell} {name}: variance over seeds, Sobol paired {:.3e}; Monte Carlo is ×{:.2}, independent draws ×{:.1}",
            net[k],
            mc[k] / net[k],
            apart[k] / net[k]
        );
    }
    assert!(apart[0] > 3.0 * net[0] && apart[1] > 3.0 * net[1]);
    assert!(mc[0] > net[0]);
}
