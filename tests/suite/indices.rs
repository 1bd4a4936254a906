//! Indices by pick-freeze: estimators against closed forms, and `indices` as a user asks for it.

#![allow(clippy::disallowed_methods)] // the functions' own sines are inputs here, not results

use crate::support::program::{chokepoint, done, json};
use chokepoint::Interval;
use chokepoint::internals::analysis::Scale;
use chokepoint::internals::analysis::indices::{Index, Indices, Walk};
use chokepoint::internals::math::{Lanes, inverse_normal, wide};
use chokepoint::internals::random::{Copula, Design, Sampler};
use serde_json::Value as Json;
use std::f64::consts::PI;
use std::fs;

/// Walks of a function of uniforms, on groups of them; those of a copula are correlated before the function sees them.
fn walks(
    groups: &[&[usize]],
    batches: u64,
    copula: Option<(&Copula, &[usize])>,
    f: &dyn Fn(&[f64]) -> f64,
) -> Vec<Walk> {
    let inputs = groups.iter().map(|g| g.len()).sum::<usize>();
    let design = Design { seed: 5, sampler: Sampler::Mc };
    let streams: Vec<_> = (0..inputs).map(|i| design.stream(&format!("x{i}"), None)).collect();
    let seconds: Vec<_> = streams.iter().map(chokepoint::internals::random::Stream::second).collect();
    let orders: Vec<_> = (0..groups.len()).map(|g| design.stream(&format!("order{g}"), None)).collect();
    let walk = |b: u64| {
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by(|&i, &j| orders[i].uniform(b).total_cmp(&orders[j].uniform(b)));
        let mut taken: Vec<Lanes> = streams.iter().map(|s| s.uniforms(b)).collect();
        let mut other: Vec<Lanes> = seconds.iter().map(|s| s.uniforms(b)).collect();
        let mut values = Vec::new();
        for &g in order.iter().chain(&order) {
            let mut seen = taken.clone();
            if let Some((copula, members)) = copula {
                let mut part: Vec<Lanes> = members.iter().map(|&m| seen[m]).collect();
                copula.apply(&mut part);
                members.iter().zip(part).for_each(|(&m, u)| seen[m] = u);
            }
            values.push(Lanes::from_fn(|lane| f(&seen.iter().map(|u| u[lane]).collect::<Vec<_>>())));
            groups[g].iter().for_each(|&i| std::mem::swap(&mut taken[i], &mut other[i]));
        }
        Walk { order, values }
    };
    (0..batches).map(walk).collect()
}

/// Holds indices against (first, total, share) by group, each to 3.5 of its errors; inert ones exactly.
fn holds(found: &Indices, truth: &[[f64; 3]]) {
    for (g, (index, truth)) in found.groups.iter().zip(truth).enumerate() {
        for (interval, truth) in [index.first, index.total, index.share].iter().zip(truth) {
            let off = (interval.value - truth).abs();
            assert!(off <= 3.5 * interval.error, "{g}: {interval:?} for {truth}");
            assert!(interval.error < 0.02, "{g}: {interval:?}");
        }
    }
    let sum: f64 = found.groups.iter().map(|g| g.share.value).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    let first: f64 = found.groups.iter().map(|g| g.first.value).sum();
    assert!((found.together.value - (1.0 - first)).abs() < 1e-9);
}

#[test]
fn the_ishigami_function_has_its_closed_forms() {
    let (a, b) = (7.0, 0.1);
    let f = |u: &[f64]| {
        let x: Vec<f64> = u.iter().map(|u| PI * (2.0 * u - 1.0)).collect();
        x[0].sin() + a * x[1].sin().powi(2) + b * x[2].powi(4) * x[0].sin()
    };
    let found = Indices::of(walks(&[&[0], &[1], &[2], &[3]], 4096, None, &f)).unwrap();
    assert_eq!(found.scale, Scale::Plain);
    let (one, two) = (0.5 * (1.0 + b * PI.powi(4) / 5.0).powi(2), a * a / 8.0);
    let both = 8.0 * b * b * PI.powi(8) / 225.0;
    let v = one + two + both;
    let truth = [[one, one + both, one + both / 2.0], [two; 3], [0.0, both, both / 2.0], [0.0; 3]];
    holds(&found, &truth.map(|row| row.map(|x| x / v)));
    let inert = found.groups[3];
    assert!([inert.first, inert.total, inert.share].iter().all(|i| i.value == 0.0 && i.error == 0.0));
}

#[test]
fn sobols_g_function_has_its_closed_forms() {
    let a = [0.0, 1.0, 4.5, 9.0, 99.0, 99.0];
    // Its negative, whose logarithm is not taken.
    let factor = |(u, a): (&f64, f64)| ((4.0 * u - 2.0).abs() + a) / (1.0 + a);
    let f = |u: &[f64]| -u.iter().zip(a).map(factor).product::<f64>();
    let found = Indices::of(walks(&[&[0], &[1], &[2], &[3], &[4], &[5]], 4096, None, &f)).unwrap();
    let own = a.map(|a| 1.0 / (3.0 * (1.0 + a) * (1.0 + a)));
    let v = own.iter().map(|x| 1.0 + x).product::<f64>() - 1.0;
    let of = |set: usize| (0..6).filter(|i| set >> i & 1 == 1).map(|i| own[i]).product::<f64>();
    let truth: Vec<[f64; 3]> = (0..6)
        .map(|i| {
            let with = (1_usize..64).filter(|set| set >> i & 1 == 1);
            let total: f64 = with.clone().map(of).sum();
            let share: f64 = with.map(|set| of(set) / f64::from(set.count_ones())).sum();
            [own[i] / v, total / v, share / v]
        })
        .collect();
    holds(&found, &truth);
}

#[test]
fn correlated_gaussians_are_a_group_with_its_known_share() {
    // (X₁ + X₂) X₃ + X₁ with a correlation ρ of the first two: variance 1 of the pair alone, 2 + 2ρ together with the third.
    let rho = 0.6;
    let copula = Copula::new(2, &[(0, 1, rho)]).unwrap();
    let f = |u: &[f64]| {
        let x: Vec<f64> = u.iter().map(|&u| inverse_normal(u)).collect();
        (x[0] + x[1]) * x[2] + x[0]
    };
    let found = Indices::of(walks(&[&[0, 1], &[2]], 4096, Some((&copula, &[0, 1])), &f)).unwrap();
    let together = 2.0 + 2.0 * rho;
    let v = 1.0 + together;
    holds(&found, &[[1.0 / v, 1.0, (1.0 + together / 2.0) / v], [0.0, together / v, together / 2.0 / v]]);
    // Their sum and a third: the pair has 2 + 2ρ of 3 + 2ρ.
    let f = |u: &[f64]| u.iter().map(|&u| inverse_normal(u)).sum();
    let found = Indices::of(walks(&[&[0, 1], &[2]], 2048, Some((&copula, &[0, 1])), &f)).unwrap();
    let pair = (2.0 + 2.0 * rho) / (3.0 + 2.0 * rho);
    holds(&found, &[[pair; 3], [1.0 - pair; 3]]);
}

#[test]
fn errors_are_as_large_as_estimates_are_off() {
    // A product has all kinds of indices. Sixty sets of walks: the spread of estimates is what their errors say.
    let f = |u: &[f64]| (u[0] - 0.2) * (u[1] + 0.5) + 0.3 * u[2];
    let all = walks(&[&[0], &[1], &[2]], 60 * 32, None, &f);
    let sets: Vec<Indices> = all.chunks(32).map(|c| Indices::of(c.to_vec()).unwrap()).collect();
    for g in 0..3 {
        for of in [|i: &Index| i.first, |i: &Index| i.total, |i: &Index| i.share] {
            let each: Vec<Interval> = sets.iter().map(|s| of(&s.groups[g])).collect();
            let spread = Interval::of_replicates(0.0, &each.iter().map(|i| i.value).collect::<Vec<_>>());
            let spread = spread.error * (each.len() as f64).sqrt();
            let said = (each.iter().map(|i| i.error * i.error).sum::<f64>() / each.len() as f64).sqrt();
            assert!((0.7..1.4).contains(&(said / spread)), "{g}: {said} for {spread}");
        }
    }
}

#[test]
fn what_is_the_same_everywhere_has_no_indices() {
    assert_eq!(Indices::of(walks(&[&[0], &[1]], 8, None, &|_| 3.5)), None);
    let ratio = |w: Walk| {
        let others = w.values.iter().map(|y| *y * 2.0).collect();
        (w, others)
    };
    let f = |u: &[f64]| u[0] + u[1];
    let all = walks(&[&[0], &[1]], 8, None, &f).into_iter().map(ratio).collect();
    // Two numbers in the same ratio everywhere do not differ by more here than there.
    assert_eq!(Indices::of_difference(all), None);
}

const CELL: &str = "country.omega/reachable_flop@2026Q4";

fn value(row: &Json, of: &str) -> f64 {
    row[of]["value"].as_f64().unwrap()
}

#[test]
fn the_tutorials_indices_add_up_and_are_the_same_on_any_number_of_threads() {
    let asked = ["indices", "scenarios/tutorial", "--cell", CELL, "--of", "5", "--draws", "1024"];
    let found = json(&asked);
    let rows = found["inputs"].as_array().unwrap();
    assert_eq!(rows.len(), 6);
    assert_eq!(rows[5]["path"], "all others");
    let sum: f64 = rows.iter().map(|r| value(r, "shapley")).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    for row in rows {
        let error = |of: &str| row[of]["se"].as_f64().unwrap();
        // Alone it explains no more than its share, and that no more than with all others, within errors.
        assert!(
            value(row, "first") < value(row, "shapley") + 4.0 * (error("first") + error("shapley")),
            "{row}"
        );
        assert!(
            value(row, "shapley") < value(row, "total") + 4.0 * (error("total") + error("shapley")),
            "{row}"
        );
    }
    assert_eq!(json(&[&asked[..], &["--threads", "1"]].concat()), found);
    // What leads is what the run's own drivers say, and the first-order index is near theirs.
    let root = tempfile::tempdir().unwrap();
    let run = root.path().join("run");
    done(&["run", "scenarios/tutorial", "--draws", "4096", "--quiet", "--out", run.to_str().unwrap()]);
    let mut reader = csv::Reader::from_path(run.join("drivers.csv")).unwrap();
    let drivers: Vec<(String, f64)> = reader
        .deserialize::<std::collections::BTreeMap<String, String>>()
        .map(|r| r.unwrap())
        .filter(|r| r["cell"] == CELL)
        .map(|r| (r["path"].clone(), r["index"].parse().unwrap()))
        .collect();
    let of = |path: &str| drivers.iter().find(|(p, _)| p == path).unwrap().1;
    let largest = rows.iter().max_by(|a, b| value(a, "first").total_cmp(&value(b, "first"))).unwrap();
    assert_eq!(largest["path"].as_str().unwrap(), drivers[0].0);
    for row in &rows[..5] {
        let (path, error) = (row["path"].as_str().unwrap(), row["first"]["se"].as_f64().unwrap());
        assert!((value(row, "first") - of(path)).abs() < 4.0 * error + 0.02, "{row} {}", of(path));
    }
}

#[test]
fn the_table_and_the_page_say_the_same() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("found");
    let asked = ["indices", "scenarios/tutorial", "--cell", CELL, "--of", "3", "--draws", "256"];
    let asked = [&asked[..], &["--out", out.to_str().unwrap()]].concat();
    let text = done(&[&asked[..], &["--quiet"]].concat());
    assert!(text.contains("Shapley share") && text.contains("together, in none alone"), "{text}");
    let table = fs::read_to_string(out.join("indices.csv")).unwrap();
    assert_eq!(table.lines().count(), 5);
    assert!(table.starts_with("path,grade,inputs,others,first,first_se,total,total_se,shapley,shapley_se"));
    let page = fs::read_to_string(out.join("indices.html")).unwrap();
    assert!(page.contains("<svg") && page.trim_end().ends_with("</html>"));
    for line in table.lines().skip(1) {
        assert!(page.contains(line.split(',').next().unwrap()));
    }
    let (code, _, err) = chokepoint(&asked);
    assert!(code == 1 && err.contains("no file of a run"), "{code} {err}");
}

#[test]
fn a_policys_difference_is_driven_by_what_it_acts_through() {
    let root = tempfile::tempdir().unwrap();
    // The policy makes one budget uncertain and leaves all else alone: the ratio of the two worlds has one driver.
    let policy = root.path().join("unsure.toml");
    let edits = "title = \"unsure\"\n[[add]]\ntable = \"shock\"\nrow = { id = \"crash\", hazard = 0.3, \
        duration = { value = 40, unit = \"quarters\" }, budget = { on = \"buyer.omega-labs\", times = 0.5 } }\n";
    fs::write(&policy, edits).unwrap();
    let policy = policy.to_str().unwrap();
    let asked = ["indices", "scenarios/tutorial", "--cell", CELL, "--draws", "512", "--of", "4"];
    let found = json(&[&asked[..], &["--policy", policy, "--against", "base"]].concat());
    assert_eq!((found["policy"].as_str(), found["against"].as_str()), (Some("unsure"), Some("base")));
    assert_eq!(found["scale"], "log");
    let rows = found["inputs"].as_array().unwrap();
    // The clock of the shock is the policy's alone: it is among all others, which carry nearly everything.
    let others = rows.iter().find(|r| r["path"] == "all others").unwrap();
    assert!(value(others, "shapley") > 0.5, "{found}");
}

#[test]
fn what_is_inert_has_none_and_what_is_correlated_is_one() {
    let root = tempfile::tempdir().unwrap();
    let own = root.path().join("scenario.toml");
    let tied = "\n[[factor]]\nid = \"boom\"\nloads = { \"buyer.*.budget.after\" = 0.8 }\n\
        \n[[correlation]]\nof = [\"lab.second.mfu\", \"lab.second.longest_run\"]\nrho = 0.7\n";
    let text = fs::read_to_string("scenarios/tutorial/scenario.toml").unwrap() + tied;
    fs::write(&own, text).unwrap();
    let found = json(&["indices", own.to_str().unwrap(), "--cell", CELL, "--of", "100", "--draws", "1024"]);
    let rows = found["inputs"].as_array().unwrap();
    let row =
        |path: &str| rows.iter().find(|r| r["path"] == path).unwrap_or_else(|| panic!("{path}: {found}"));
    // How well the other country's lab trains is nothing to this one.
    for inert in ["lab.first.mfu", "lab.first.longest_run"] {
        for of in ["first", "total", "shapley"] {
            assert_eq!(
                (value(row(inert), of), row(inert)[of]["se"].as_f64()),
                (0.0, Some(0.0)),
                "{inert} {of}"
            );
        }
    }
    // Correlated numbers are one; a factor and what is left of the numbers on it are several, and each has its part.
    let pair = row("lab.second.longest_run + lab.second.mfu");
    assert_eq!(pair["inputs"], 2);
    assert!(value(pair, "shapley") > 0.6, "{pair}");
    let (boom, own) = (row("factor.boom"), row("buyer.omega-labs.budget.after"));
    assert!(value(boom, "total") > 3.0 * boom["total"]["se"].as_f64().unwrap(), "{boom}");
    assert!(value(own, "total") > 3.0 * own["total"]["se"].as_f64().unwrap(), "{own}");
    assert!(rows.iter().all(|r| r["path"] != "all others"));
    // ln y is nearly a sum of the two, with a correlation: a pair's share is what neither has alone.
    let apart = json(&["indices", "scenarios/tutorial", "--cell", CELL, "--of", "2", "--draws", "1024"]);
    let alone: f64 = apart["inputs"].as_array().unwrap()[..2].iter().map(|r| value(r, "shapley")).sum();
    assert!(value(pair, "shapley") > alone, "{pair} {apart}");
}

#[test]
fn indices_are_refused_at_their_place() {
    let cases: [(&[&str], i32, &str); 5] = [
        (&["indices", "scenarios/tutorial"], 2, "--cell"),
        (&["indices", "scenarios/tutorial", "--cell", CELL, "--against", "base"], 2, "--policy"),
        (&["indices", "scenarios/tutorial", "--cell", CELL, "--of", "0"], 2, "--of"),
        (
            &["indices", "scenarios/tutorial", "--cell", "country.omga/reachable_flop@2026Q4"],
            3,
            "did you mean",
        ),
        (
            &[
                "indices",
                "scenarios/tutorial",
                "--cell",
                CELL,
                "--policy",
                "rule-delayed",
                "--against",
                "rule-delayed",
            ],
            2,
            "twice",
        ),
    ];
    for (arguments, code, words) in cases {
        let (found, _, err) = chokepoint(arguments);
        assert!(found == code && err.contains(words), "{arguments:?}: {found} {err}");
    }
}

#[test]
fn an_exchange_moves_its_inputs_alone_and_is_given_back() {
    use std::collections::BTreeSet;
    let request = chokepoint::study::ScenarioRequest::new("scenarios/tutorial");
    let project = chokepoint::study::Project::open(&request).unwrap();
    let mut plan = project.plan(&chokepoint::study::Sampling::default()).unwrap();
    let uncertain: Vec<_> = plan.layout.uncertain().collect();
    let sample = |plan: &chokepoint::Plan| {
        let mut inputs = plan.layout.inputs();
        plan.layout.sample(7, &mut inputs);
        let drawn: Vec<wide::Lanes> = uncertain.iter().map(|&q| plan.layout.drawn(q, &inputs)).collect();
        let clocks: Vec<wide::Lanes> =
            plan.model.shocks.ids().flat_map(|s| [0, 1].map(|k| plan.layout.clocks(s, k, 7))).collect();
        (drawn, clocks)
    };
    let before = sample(&plan);
    let path = "route.gamma.capacity";
    let other = plan.second(&BTreeSet::from([path.to_owned()]));
    let clock = plan.second(&BTreeSet::from(["shock.fab-outage.clock".to_owned()]));
    let part = |x: wide::Lanes, part: usize| -> Lanes { x.part(part) };
    for here in 0..wide::PARTS {
        plan.layout.exchange(&other, here);
        let moved = sample(&plan);
        for (i, &q) in uncertain.iter().enumerate() {
            for p in 0..wide::PARTS {
                let same = part(moved.0[i], p) == part(before.0[i], p);
                assert_eq!(!same, p == here && plan.model.quantities[q].path == path);
            }
        }
        assert_eq!(moved.1, before.1);
        plan.layout.exchange(&other, here);
        assert_eq!(sample(&plan), before);
        plan.layout.exchange(&clock, here);
        let moved = sample(&plan);
        assert_eq!(moved.0, before.0);
        // The first strike and the next have other moments.
        for (a, b) in moved.1.iter().zip(&before.1) {
            (0..wide::PARTS).for_each(|p| assert_eq!(part(*a, p) != part(*b, p), p == here));
        }
        plan.layout.exchange(&clock, here);
    }
    // In all parts it is as if these were the layout's own.
    (0..wide::PARTS).for_each(|here| plan.layout.exchange(&clock, here));
    assert!(sample(&plan).1.iter().zip(&before.1).all(|(a, b)| (0..wide::WIDTH).all(|l| a[l] != b[l])));
}
