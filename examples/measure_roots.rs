//! Roots are true: a percent more of the named input from the start helps a lab that lacks chips more than of any other.

use chokepoint::internals::engine::steps::roots::root;
use chokepoint::internals::engine::steps::training::lab_cause;
use chokepoint::internals::engine::{Batch, Observer, Step};
use chokepoint::internals::model::{GoodKind, QuantityId, Subject};
use chokepoint::internals::network::Network;
use chokepoint::internals::plan::Plan;
use chokepoint::internals::random::{Design, Sampler};
use chokepoint::study::{Project, ScenarioRequest};
use rayon::prelude::*;

/// What is looked at of a lab at a quarter's end.
#[derive(Clone, Copy, Default, Debug)]
struct Seen {
    reachable: f64,
    accessible: f64,
    home: f64,
    label: u8,
    root: u8,
    at_home: u8,
    refused: f64,
    weights: [[f64; 2]; 7],
}

/// By quarter, lab, lane.
struct Look {
    quarters: Vec<usize>,
    seen: Vec<Vec<[Seen; 8]>>,
}

impl Observer for Look {
    fn after(&mut self, step: Step, t: usize, plan: &Plan, b: &Batch) {
        if step != Step::Training || !self.quarters.contains(&t) {
            return;
        }
        let labs = 0..plan.model.labs.len();
        self.seen.push(
            labs.map(|l| {
                std::array::from_fn(|lane| {
                    let mut home = 0.0;
                    for i in plan.usage.of_lab[l].clone() {
                        let buyer = plan.usage.links[i].buyer;
                        let about = &plan.model.buyers[buyer];
                        let country = about.headquarters.unwrap_or(about.country);
                        for (h, holding) in plan.edges.holdings.iter().enumerate() {
                            let chip = &plan.model.chips[holding.chip];
                            if holding.buyer == buyer
                                && plan.model.designers[chip.designer].country == country
                            {
                                let x = b.state.fleet.count[h] * b.sheets.flops[holding.chip.index()];
                                home += x[lane] * b.outputs.fleet.used[i][lane];
                            }
                        }
                    }
                    Seen {
                        reachable: b.outputs.training.reachable[l][lane],
                        accessible: b.outputs.training.accessible[l][lane],
                        home,
                        label: b.outputs.training.bound_by[l][lane],
                        root: b.outputs.roots.root[l][lane],
                        at_home: b.outputs.roots.at_home[l][lane],
                        refused: b.outputs.roots.refused[l][lane],
                        weights: b.outputs.roots.weights[l].map(|w| w.map(|x| x[lane])),
                    }
                })
            })
            .collect(),
        );
    }
}

/// Quantities of which a percent more is given, by root.
fn levers(plan: &Plan) -> Vec<(u8, Vec<QuantityId>)> {
    let m = &plan.model;
    let of_kind = |kind: GoodKind| {
        let mut all: Vec<QuantityId> = Vec::new();
        for f in m.facilities.iter().filter(|f| m.goods[f.good].kind == kind) {
            all.push(f.capacity);
            all.extend(f.others);
        }
        for s in m.stockpiles.iter().filter(|s| m.goods[s.good].kind == kind) {
            all.push(s.opening);
            all.extend(s.rate);
        }
        for r in m.routes.iter().filter(|r| r.good.is_some_and(|g| m.goods[g].kind == kind)) {
            all.push(r.capacity);
            all.extend(r.ceiling);
        }
        all.sort();
        all.dedup();
        all
    };
    let routes = m.routes.iter().filter(|r| r.good.is_none());
    vec![
        (root::PACKAGING, of_kind(GoodKind::Packaging)),
        (root::MEMORY, of_kind(GoodKind::Memory)),
        (root::WAFERS, of_kind(GoodKind::Wafer)),
        (root::POWER, m.countries.iter().flat_map(|c| [c.halls, c.grid, c.on_site]).flatten().collect()),
        (root::MONEY, m.buyers.iter().filter_map(|b| b.budget).collect()),
        (
            root::ROUTES,
            routes.flat_map(|r| [Some(r.capacity), r.ceiling, r.capacity_usd]).flatten().collect(),
        ),
    ]
}

fn look(plan: &Plan, batch: u64, quarters: &[usize], change: impl Fn(&mut Batch)) -> Vec<Vec<[Seen; 8]>> {
    let mut b = Batch::new(plan);
    b.begin(plan, batch);
    change(&mut b);
    let mut look = Look { quarters: quarters.to_vec(), seen: Vec::new() };
    b.run(plan, batch, &mut look);
    look.seen
}

fn main() {
    let project = Project::open(&ScenarioRequest::new("scenarios/baseline")).unwrap();
    let model = project.model;
    let network = Network::from_model(&model);
    let plan = Plan::new(model, &network, &Design { seed: 1, sampler: Sampler::Sobol }).expect("a plan");
    let levers = levers(&plan);
    let batches: u64 = std::env::var("BATCHES").ok().and_then(|x| x.parse().ok()).unwrap_or(8);
    let quarters = [7, 11, 15, 19, 23, 27, 31, 35];
    let quarters: Vec<usize> = quarters.into_iter().filter(|q| *q < plan.quarters).collect();
    let rows: Vec<String> = (0..batches)
        .into_par_iter()
        .flat_map_iter(|batch| {
            let base = look(&plan, batch, &quarters, |_| {});
            let mut all: Vec<Vec<Vec<[Seen; 8]>>> = levers
                .iter()
                .map(|(_, list)| {
                    look(&plan, batch, &quarters, |b| list.iter().for_each(|q| b.inputs.scale(*q, 1.01)))
                })
                .collect();
            all.push(look(&plan, batch, &quarters, |b| {
                for r in plan.model.rules.iter().filter(|r| r.subject == Subject::Chips) {
                    b.inputs.scale(r.in_force, 0.0);
                }
            }));
            let mut rows = Vec::new();
            for (q, quarter) in quarters.iter().enumerate() {
                for (l, lab) in plan.model.labs.iter().enumerate() {
                    for lane in 0..8 {
                        let s = base[q][l][lane];
                        let name = |r: u8| if r == root::NONE { "none" } else { root::NAMES[usize::from(r)] };
                        let mut row = format!(
                            "{},{quarter},{},{},{},{},{}",
                            batch * 8 + lane as u64,
                            lab.id,
                            plan.model.countries[lab.country].id,
                            lab_cause::NAMES[usize::from(s.label)],
                            name(s.root),
                            name(s.at_home)
                        );
                        for other in &all {
                            let o = other[q][l][lane];
                            row += &format!(
                                ",{:e},{:e},{:e}",
                                o.reachable / s.reachable - 1.0,
                                o.accessible / s.accessible - 1.0,
                                o.home / s.home - 1.0
                            );
                        }
                        row += &format!(",{:e}", s.refused);
                        for w in s.weights {
                            row += &format!(",{:e},{:e}", w[0], w[1]);
                        }
                        rows.push(row);
                    }
                }
            }
            rows
        })
        .collect();
    let mut head = "draw,quarter,lab,country,label,root,home".to_owned();
    for x in ["packaging", "memory", "wafers", "power", "money", "routes", "rules"] {
        head += &format!(",{x}_r,{x}_a,{x}_h");
    }
    head += ",refused";
    for x in root::NAMES.iter().take(7) {
        head += &format!(",w_{x}_0,w_{x}_1");
    }
    std::fs::write("/tmp/roots.csv", format!("{head}\n{}\n", rows.join("\n"))).unwrap();
}
