//! The catalogues of metrics, of levers and of steps: every row is real, and stands where people look for it.

use crate::support::{baseline_with, plan_of, read};
use chokepoint::internals::engine::record::Recorder;
use chokepoint::internals::engine::{Batch, Step};
use chokepoint::internals::metrics::{ActorKind, Better, Metric, Recording, all_series};
use chokepoint::internals::model::{Lever, Model};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Every series' largest value over a batch in the last quarter.
fn at_the_end(model: Model) -> (Recording, Vec<f64>) {
    let plan = plan_of(model);
    let recording = Recording::new(&plan, &[format!("**@{}", plan.model.run.horizon.last)]).unwrap();
    let mut recorder = Recorder::new(&plan, &recording, &[]);
    Batch::new(&plan).simulate(&plan, 0, &mut recorder);
    let most = |place| recorder.cell(place).0.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    let values = (0..recording.cells.len()).map(most).collect();
    (recording, values)
}

#[test]
fn every_metric_is_produced_by_every_kind_of_actor_that_it_names() {
    let mut produced = BTreeSet::new();
    for scenario in ["scenarios/tutorial", "scenarios/baseline"] {
        let (recording, values) = at_the_end(read(scenario, None).unwrap().1);
        for (&(_, s), value) in recording.cells.iter().zip(values) {
            let series = &recording.series[s];
            let kind = ActorKind::of(&series.actor).unwrap();
            assert!(series.metric.row().of.iter().any(|of| of.0 == kind), "{}", series.actor);
            // What happens in single quarters only shows in the sum.
            if value > 0.0 && series.cumulative == series.metric.is_flow() {
                produced.insert((series.metric, kind));
            }
        }
    }
    let named = Metric::ALL.iter().flat_map(|m| m.row().of.iter().map(|of| (*m, of.0)));
    let missing: Vec<_> = named.filter(|x| !produced.contains(x)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn names_are_unique_and_lead_back_to_their_rows() {
    let names: BTreeSet<&str> = Metric::ALL.iter().map(|m| m.name()).collect();
    assert_eq!(names.len(), Metric::ALL.len());
    for &metric in Metric::ALL {
        assert_eq!(Metric::named(metric.name()), Some((metric, false)));
        assert_eq!(Metric::named(metric.sum()), metric.is_flow().then_some((metric, true)));
        assert!(metric.meaning().ends_with('.'), "{}: {}", metric.name(), metric.meaning());
    }
    assert_eq!(Metric::better(&Metric::until(1e27)), Some(Better::Hindrance));
    assert_eq!(Metric::better("no_metric"), None);
    for kind in ActorKind::ALL {
        assert_eq!(ActorKind::of(&kind.actor("x")), Some(kind));
    }
}

#[test]
fn the_page_of_the_model_has_the_catalogue() {
    let page = std::fs::read_to_string("docs/model.md").unwrap();
    let missing: Vec<String> = Metric::ALL.iter().map(|m| m.line()).filter(|l| !page.contains(l)).collect();
    assert!(missing.is_empty(), "docs/model.md, section 12, lacks\n{}", missing.join("\n"));
}

#[test]
fn the_page_of_the_model_has_every_lever() {
    let page = std::fs::read_to_string("docs/model.md").unwrap();
    let shocks = page.split("## 3. Shocks").nth(1).unwrap().split("\n## ").next().unwrap();
    let keys = Lever::ALL.iter().map(|lever| lever.row().key);
    let missing: Vec<&str> = keys.filter(|key| !shocks.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "docs/model.md, section 3, lacks {missing:?}");
}

#[test]
fn the_page_of_the_model_has_every_step() {
    let page = std::fs::read_to_string("docs/model.md").unwrap();
    let order = page.split("## 2. Order of a quarter").nth(1).unwrap().split("\n## ").next().unwrap();
    let names = Step::ALL.iter().map(|step| format!("{step:?}").to_lowercase());
    let missing: Vec<String> = names.filter(|name| !order.contains(name)).collect();
    assert!(missing.is_empty(), "docs/model.md, section 2, lacks {missing:?}");
}

#[test]
fn the_page_of_a_run_asks_for_metrics_that_exist() {
    let mut asked = 0;
    for file in std::fs::read_dir("src/report/page/script").unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for quoted in text.split('\'').skip(1).step_by(2) {
            let metric = Metric::named(quoted);
            asked += usize::from(metric.is_some());
            let looks = ["_flop", "_h100e", "_cum", "_usd", "_chips"].iter().any(|end| quoted.ends_with(end));
            assert!(!looks || metric.is_some() || quoted == "threshold_flop", "{quoted}");
        }
    }
    assert!(asked > 5, "{asked}");
}

#[test]
fn ratios_of_what_does_not_exist_are_errors() {
    let model =
        baseline_with("[[ratio]]\nid = \"none\"\nof = \"world/fleet_tons\"\nover = \"world/fleet_chips\"\n");
    let found = all_series(&model).unwrap_err().to_string();
    assert_eq!(found, "`ratio.none` takes `world/fleet_tons`, which is no metric of an actor");
}

#[test]
fn every_lever_moves_something() {
    let plain = at_the_end(read("scenarios/baseline", None).unwrap().1).1;
    Lever::ALL.par_iter().for_each(|lever| {
        let row = lever.row();
        let shock = format!(
            "[[shock]]\nid = \"probe\"\ndate = 2024-01-01\nduration = {{ value = 40, unit = \"quarters\" }}\nrecovery = \"step\"\n\
             {} = {{ on = \"{}.*\", {} = 0.5 }}\n",
            row.key,
            row.on[0],
            row.change.key()
        );
        let shocked = at_the_end(baseline_with(&shock)).1;
        assert_eq!(plain.len(), shocked.len());
        assert_ne!(plain, shocked, "{lever:?} moves nothing");
    });
}
