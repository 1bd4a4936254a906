//! Roots are true: a percent more of the named input from the start helps a lab that lacks chips more than of any other.

use crate::support::{plan_of, read};
use chokepoint::internals::engine::steps::roots::root;
use chokepoint::internals::engine::{Batch, Observer, Step};
use chokepoint::internals::math::wide::{Lanes, WIDTH};
use chokepoint::internals::model::{GoodKind, QuantityId, Subject};
use chokepoint::internals::plan::Plan;
use rayon::prelude::*;
use std::collections::BTreeMap;

const MORE: f64 = 1.01;
/// 128 draws.
const BATCHES: u64 = 128 / WIDTH as u64;

/// A lab at the end of a year in a draw.
#[derive(Clone, Copy)]
struct Seen {
    reachable: f64,
    /// Throughput that it has of chips designed at home.
    home: f64,
    refused: f64,
    root: u8,
    at_home: u8,
}

/// Looks at labs at year ends: by year, lab and lane.
#[derive(Default)]
struct Look(Vec<Vec<[Seen; WIDTH]>>);

impl Observer for Look {
    fn after(&mut self, step: Step, t: usize, plan: &Plan, b: &Batch) {
        if step != Step::Training || t % 4 != 3 {
            return;
        }
        let roots = &b.outputs.roots;
        let seen = |l: usize| {
            let home = designed_at_home(plan, b, l);
            std::array::from_fn(|lane| Seen {
                reachable: b.outputs.training.reachable[l][lane],
                home: home[lane],
                refused: roots.refused[l][lane],
                root: roots.root[l][lane],
                at_home: roots.at_home[l][lane],
            })
        };
        self.0.push((0..plan.model.labs.len()).map(seen).collect());
    }
}

/// Throughput that a lab has of working chips whose designer is of the country of the buyer's headquarters.
fn designed_at_home(plan: &Plan, b: &Batch, l: usize) -> Lanes {
    let m = &plan.model;
    let mut all = Lanes::ZERO;
    for i in plan.usage.of_lab[l].clone() {
        let buyer = plan.usage.links[i].buyer;
        let country = m.buyers[buyer].headquarters.unwrap_or(m.buyers[buyer].country);
        for (h, holding) in plan.edges.holdings.iter().enumerate() {
            let chip = &m.chips[holding.chip];
            if holding.buyer == buyer && m.designers[chip.designer].country == country {
                let works = b.state.fleet.count[h] * b.sheets.flops[holding.chip.index()];
                all += works * b.sheets.quality[holding.chip.index()] * b.outputs.fleet.used[i];
            }
        }
    }
    all
}

/// What there is more of, by root: a class of goods everywhere, with private stocks and what is smuggled for them.
fn levers(plan: &Plan) -> Vec<(u8, Vec<QuantityId>)> {
    let m = &plan.model;
    let goods = |kind: GoodKind| {
        let is = |g: chokepoint::internals::model::GoodId| m.goods[g].kind == kind;
        let made = m.facilities.iter().filter(|f| is(f.good)).flat_map(|f| [Some(f.capacity), f.others]);
        let kept = m.stockpiles.iter().filter(|s| is(s.good)).flat_map(|s| [Some(s.opening), s.rate]);
        let carried = m.routes.iter().filter(|r| r.good.is_some_and(is));
        let carried = carried.flat_map(|r| [Some(r.capacity), r.ceiling]);
        made.chain(kept).chain(carried).flatten().collect()
    };
    let routes = m.routes.iter().filter(|r| r.good.is_none());
    let routes = routes.flat_map(|r| [Some(r.capacity), r.ceiling, r.capacity_usd]);
    vec![
        (root::PACKAGING, goods(GoodKind::Packaging)),
        (root::MEMORY, goods(GoodKind::Memory)),
        (root::WAFERS, goods(GoodKind::Wafer)),
        (root::POWER, m.countries.iter().flat_map(|c| [c.halls, c.grid, c.on_site]).flatten().collect()),
        (root::MONEY, m.buyers.iter().filter_map(|b| b.budget).collect()),
        (root::ROUTES, routes.flatten().collect()),
    ]
}

fn look(plan: &Plan, batch: u64, change: impl Fn(&mut Batch)) -> Look {
    let mut b = Batch::new(plan);
    b.begin(plan, batch);
    change(&mut b);
    let mut look = Look::default();
    b.run(plan, batch, &mut look);
    look
}

/// How often a root was named, and how often nothing else helped more.
type Right = BTreeMap<(&'static str, &'static str), (usize, usize)>;

/// Names of labs' roots against what helps, by question and country.
fn judged() -> Right {
    let plan = plan_of(read("scenarios/baseline", None).unwrap().1);
    let levers = levers(&plan);
    let rules: Vec<QuantityId> =
        plan.model.rules.iter().filter(|r| r.subject == Subject::Chips).map(|r| r.in_force).collect();
    let judge = |batch: u64| {
        let base = look(&plan, batch, |_| {});
        let times = |list: &[QuantityId], by: f64| {
            look(&plan, batch, |b| list.iter().for_each(|&q| b.inputs.scale(q, by)))
        };
        let more: Vec<(u8, Look)> = levers.iter().map(|(root, list)| (*root, times(list, MORE))).collect();
        let lifted = times(&rules, 0.0);
        let mut right = Right::new();
        for (y, labs) in base.0.iter().enumerate() {
            for (l, lanes) in labs.iter().enumerate() {
                let country = plan.model.labs[l].country;
                let place = match plan.model.countries[country].id.as_str() {
                    "us" => "us",
                    "china" => "china",
                    _ => "elsewhere",
                };
                for (lane, base) in lanes.iter().enumerate() {
                    let gains = |of: &dyn Fn(&Seen) -> f64| {
                        let gain = |look: &Look| of(&look.0[y][l][lane]) / of(base) - 1.0;
                        let all = more.iter().map(|(root, look)| (*root, gain(look)));
                        (all.collect::<Vec<(u8, f64)>>(), gain(&lifted))
                    };
                    let mut note = |what, named: u8, gains: &[(u8, f64)]| {
                        let best = gains.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a });
                        let (count, good) = right.entry((what, place)).or_default();
                        *count += 1;
                        *good += usize::from(best.is_some_and(|b| b.0 == named));
                    };
                    if base.root != root::NONE {
                        let (mut all, by_lifting) = gains(&|s: &Seen| s.reachable);
                        // A rule that refused a lab's buyers nothing so far is none of theirs.
                        if base.refused > 0.0 {
                            all.push((root::RULES, by_lifting));
                        }
                        note("all", base.root, &all);
                    }
                    if base.at_home != root::NONE && base.home > 0.0 {
                        note("at home", base.at_home, &gains(&|s: &Seen| s.home).0);
                    }
                }
            }
        }
        right
    };
    let all: Vec<Right> = (0..BATCHES).into_par_iter().map(judge).collect();
    let mut sums = Right::new();
    for (key, (count, good)) in all.into_iter().flatten() {
        let sum = sums.entry(key).or_default();
        *sum = (sum.0 + count, sum.1 + good);
    }
    sums
}

/// Share of named roots that nothing else helps more than, of all draws of which the question is.
fn right(what: &str) -> f64 {
    static JUDGED: std::sync::OnceLock<Right> = std::sync::OnceLock::new();
    let judged = JUDGED.get_or_init(judged);
    let of = judged.iter().filter(|(key, _)| key.0 == what).map(|(_, n)| *n);
    let (count, good) = of.fold((0, 0), |sum, n| (sum.0 + n.0, sum.1 + n.1));
    println!("{judged:?}");
    assert!(count > 1000, "{what}: {count}");
    good as f64 / count as f64
}

// Expectations that do not hold yet, at their bounds. Each fails as soon as it holds.
//
// Of Chinese labs it holds in 98 of 100, of American ones in 76: packaging and money are taken for each other where both are near.
#[test]
#[should_panic(expected = "helps most in")]
fn open_a_percent_more_of_the_root_helps_most_in_nine_of_ten_draws() {
    let all = right("all");
    assert!(all > 0.9, "helps most in {all}");
}

#[test]
fn a_percent_more_of_the_root_helps_most_in_most_draws() {
    let all = right("all");
    assert!(all > 0.8, "{all}");
}

// Of chips designed at home alone it is seven of ten. A private stock that lasts for some more quarters makes memory no lack now, and
// yet what is in it from the start is used one day: early on memory is named where packaging helps more.
#[test]
#[should_panic(expected = "at home")]
fn open_a_percent_more_of_the_root_at_home_helps_most_in_nine_of_ten_draws() {
    let home = right("at home");
    assert!(home > 0.9, "at home: {home}");
}
