//! The policy library: each policy moves the metric that its file names, its way, beyond the error of paired draws; and policies combine.

use crate::support::plan_of;
use chokepoint::internals::engine::Batch;
use chokepoint::internals::engine::record::Recorder;
use chokepoint::internals::math::{WIDTH, wide};
use chokepoint::internals::metrics::Recording;
use chokepoint::internals::model::Model;
use chokepoint::internals::model::time::{Horizon, Quarter};
use chokepoint::internals::plan::Plan;
use chokepoint::internals::scenario::Policy;
use chokepoint::study::{Project, ScenarioRequest, policies};
use rayon::prelude::*;

const SCENARIO: &str = "scenarios/baseline";
/// Draws, as many of each replicate.
const DRAWS: usize = 192;

/// What a policy's file promises: `CELL rises`, `CELL falls`, or `CELL stays: REASON` where it does not move it beyond error.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Promise {
    Rises,
    Falls,
    Stays,
}

fn promise(text: &str) -> (String, Promise) {
    let (cell, says) = text.split_once(' ').expect("a cell and what it does");
    let promise = match says {
        "rises" => Promise::Rises,
        "falls" => Promise::Falls,
        _ if says.strip_prefix("stays: ").is_some_and(|why| why.len() > 20) => Promise::Stays,
        _ => panic!("`{text}` says neither `rises`, `falls` nor `stays: REASON`"),
    };
    (cell.to_owned(), promise)
}

fn stems() -> Vec<String> {
    policies(&SCENARIO.into())
}

/// The scenario under a policy, with its policy.
fn under(name: Option<&str>) -> Result<(Model, Policy), String> {
    edited(name, &[])
}

/// The same with edits.
fn edited(name: Option<&str>, set: &[String]) -> Result<(Model, Policy), String> {
    let policy = name.map(Into::into);
    let scenario = ScenarioRequest { policy, set: set.to_vec(), ..ScenarioRequest::new(SCENARIO) };
    let project = Project::open(&scenario).map_err(|e| e.to_string())?;
    Ok((project.model, project.policy.unwrap_or_default()))
}

/// Values of cells, by draw, then cell: of a horizon that ends with the last of them.
fn simulate(mut model: Model, cells: &[String]) -> Vec<Vec<f64>> {
    let quarter = |cell: &String| Quarter::parse(cell.rsplit('@').next().unwrap()).expect("a quarter");
    let last = cells.iter().map(quarter).max().expect("a cell");
    model.run.horizon = Horizon { last, ..model.run.horizon };
    let plan: Plan = plan_of(model);
    let recording = Recording::new(&plan, cells).unwrap_or_else(|e| panic!("{cells:?}: {e}"));
    assert_eq!(recording.cells.len(), cells.len(), "{cells:?}");
    let place = |cell: &String| {
        let (name, _) = cell.rsplit_once('@').unwrap();
        let named =
            |s: usize| format!("{}/{}", recording.series[s].actor, recording.series[s].name()) == name;
        let at = (quarter(cell).0 - plan.model.run.horizon.first.0) as usize;
        recording.cells.iter().position(|&(t, s)| t == at && named(s)).expect(name)
    };
    let places: Vec<usize> = cells.iter().map(place).collect();
    let mut batch = Batch::new(&plan);
    let mut recorder = Recorder::new(&plan, &recording, &[]);
    let mut draws = Vec::new();
    for b in 0..DRAWS / wide::WIDTH {
        batch.simulate(&plan, b as u64, &mut recorder);
        for lane in 0..wide::WIDTH {
            draws.push(places.iter().map(|&p| recorder.cell(p)[lane]).collect());
        }
    }
    draws
}

/// Mean of paired differences over that of the reference, and its standard error, from the eight replicates.
fn moved(before: &[Vec<f64>], after: &[Vec<f64>], cells: (usize, usize)) -> (f64, f64) {
    let scale = before.iter().map(|d| d[cells.0]).sum::<f64>() / before.len() as f64;
    let scale = if scale == 0.0 { 1.0 } else { scale };
    let replicates: Vec<f64> = (0..WIDTH)
        .map(|r| {
            let pairs = before.iter().zip(after).skip(r).step_by(WIDTH);
            pairs.map(|(a, b)| b[cells.1] - a[cells.0]).sum::<f64>() / ((DRAWS / WIDTH) as f64 * scale)
        })
        .collect();
    let n = WIDTH as f64;
    let mean = replicates.iter().sum::<f64>() / n;
    let variance = replicates.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

#[test]
fn every_policy_moves_what_it_says_its_way() {
    let stems = stems();
    assert!(stems.len() >= 16, "{stems:?}");
    let library: Vec<(String, Model, String, Promise)> = stems
        .into_iter()
        .map(|stem| {
            let (model, policy) = under(Some(&stem)).unwrap_or_else(|e| panic!("{stem}: {e}"));
            assert!(!policy.title.is_empty() && policy.reason.len() > 20, "{stem}: a title and a reason");
            assert!(!policy.source.is_empty(), "{stem}: a source");
            let [expects] = &policy.expects[..] else { panic!("{stem} expects one thing") };
            let (cell, promise) = promise(expects);
            (stem, model, cell, promise)
        })
        .collect();
    let mut cells: Vec<String> = library.iter().map(|p| p.2.clone()).collect();
    cells.sort();
    cells.dedup();
    let base = simulate(under(None).unwrap().0, &cells);
    let wrong: Vec<String> = library
        .into_par_iter()
        .filter_map(|(stem, model, cell, promise)| {
            let after = simulate(model, std::slice::from_ref(&cell));
            let at = cells.iter().position(|c| *c == cell).unwrap();
            let (mean, error) = moved(&base, &after, (at, 0));
            println!("{stem}: {cell} {:+.2}% (standard error {:.2}%)", 100.0 * mean, 100.0 * error);
            let holds = match promise {
                Promise::Rises => mean > 3.0 * error && mean > 0.0,
                Promise::Falls => mean < -3.0 * error && mean < 0.0,
                Promise::Stays => mean.abs() <= 3.0 * error,
            };
            (!holds).then(|| format!("{stem}: {cell} {mean:+.4} ({error:.4}), not {promise:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn policies_combine() {
    let stems = stems();
    let mut combined = 0;
    for (i, a) in stems.iter().enumerate() {
        for b in stems.iter().skip(i + 1) {
            // Without any rule there is nothing left for others to set: it comes last.
            let name = if a == "no-controls" { format!("{b}+{a}") } else { format!("{a}+{b}") };
            // Two of them sell the same chip, under rules of one name.
            if name == "b30a-aggressive+b30a-moderate" {
                assert!(under(Some(&name)).is_err());
                continue;
            }
            if let Err(e) = under(Some(&name)) {
                panic!("{name}: {e}");
            }
            combined += 1;
        }
    }
    assert_eq!(combined, stems.len() * (stems.len() - 1) / 2 - 1);
}

#[test]
fn what_is_combined_is_what_both_do() {
    // Twice the packaging and no remote access: each metric moves as it does alone.
    let cells = ["country.china/rented_h100e@2028Q4".to_owned(), "world/shipped_h100e_cum@2024Q4".to_owned()];
    let [base, rent, packaging, both] =
        [None, Some("remote-access-rule"), Some("cowos-doubled"), Some("cowos-doubled+remote-access-rule")]
            .map(|name| simulate(under(name).unwrap().0, &cells));
    let shift = |after: &[Vec<f64>], i: usize| moved(&base, after, (i, i)).0;
    // The rule comes after 2024, so that shipments to then are those of packaging alone, to the bit.
    assert!(both.iter().zip(&packaging).all(|(x, y)| x[1].to_bits() == y[1].to_bits()));
    assert!(rent.iter().zip(&base).all(|(x, y)| x[1].to_bits() == y[1].to_bits()));
    assert!(shift(&rent, 0) < 0.0 && shift(&both, 0) < 0.0);
    assert!(shift(&packaging, 1) > 0.0);
}

#[test]
fn a_blockade_of_taiwan_costs_everybody_and_those_whom_it_feeds_most() {
    // Fleets count what was bought over the years, so that a blockade shows in them late and in part. Everybody loses: the world's
    // packages come from Taiwan, China's smuggled and rented chips too. China loses the smaller part, since its own makers' lines
    // run on; its chips are of memory and wafers that no blockade reaches.
    let fleet = |n: &str| format!("country.{n}/fleet_h100e@2028Q2");
    let fed = ["us", "europe", "japan", "south-korea", "india", "uae", "saudi-arabia"];
    let mut cells: Vec<String> = fed.into_iter().chain(["china"]).map(fleet).collect();
    cells.extend(
        [
            "country.us/reachable_flop@2028Q4",
            "country.china/reachable_flop@2028Q4",
            "country.china/smuggled_h100e_cum@2028Q4",
            "designer.nvidia/shipped_h100e_cum@2028Q2",
            "designer.huawei/shipped_h100e_cum@2028Q2",
        ]
        .map(str::to_owned),
    );
    let [base, after] =
        [None, Some("taiwan-blockade-2027")].map(|name| simulate(under(name).unwrap().0, &cells));
    let shift: Vec<(f64, f64)> = (0..cells.len()).map(|i| moved(&base, &after, (i, i))).collect();
    for (cell, (mean, error)) in cells.iter().zip(&shift) {
        println!("{cell} {:+.2}% (standard error {:.2}%)", 100.0 * mean, 100.0 * error);
    }
    let [fleets @ .., _, _, _, nvidia, huawei] = &shift[..] else { unreachable!() };
    let [others @ .., china] = fleets else { unreachable!() };
    for (cell, (mean, error)) in cells.iter().zip(&shift).take(cells.len() - 1) {
        assert!(*mean < -3.0 * error, "{cell} {mean:+.4} ({error:.4}) does not fall");
    }
    for (cell, (mean, error)) in cells.iter().zip(others) {
        assert!(mean + 3.0 * error.hypot(china.1) < china.0, "{cell} {mean:+.4} loses no more than China");
    }
    assert!(huawei.0 > 0.2 * nvidia.0, "{nvidia:?} {huawei:?}");
}

#[test]
fn a_blockade_of_taiwan_costs_nvidia_a_twentieth() {
    // A year of sales, less what was in stock, is missing from those of seven years.
    let cells = ["designer.nvidia/shipped_h100e_cum@2028Q2".to_owned()];
    let [base, after] =
        [None, Some("taiwan-blockade-2027")].map(|name| simulate(under(name).unwrap().0, &cells));
    let (mean, _) = moved(&base, &after, (0, 0));
    assert!(mean < -0.05, "Nvidia loses {mean}");
}

/// Values of cells under a policy and without it, draw by draw.
fn both(policy: &str, cells: &[&str]) -> [Vec<Vec<f64>>; 2] {
    let cells: Vec<String> = cells.iter().map(|c| (*c).to_owned()).collect();
    [None, Some(policy)].map(|name| simulate(under(name).unwrap().0, &cells))
}

// An expectation that does not hold yet, at its bound: what is not smuggled early leaves money and halls for better chips later. It fails
// as soon as it holds.
#[test]
#[should_panic(expected = "draw")]
fn open_tenfold_enforcement_raises_smuggled_deliveries_in_no_draw() {
    let cells = [
        "country.china/smuggled_chips_cum@2024Q4",
        "country.china/smuggled_chips_cum@2028Q4",
        "country.china/smuggled_h100e_cum@2030Q4",
    ];
    let [before, after] = both("enforcement-tenfold", &cells);
    for (draw, (x, y)) in before.iter().zip(&after).enumerate() {
        assert!(x.iter().zip(y).all(|(x, y)| y <= x), "draw {draw}: {x:?} {y:?}");
    }
}

#[test]
fn without_controls_more_is_imported_in_every_draw() {
    let cells = ["country.china/imported_h100e_cum@2024Q4", "country.china/imported_h100e_cum@2030Q4"];
    let [before, after] = both("no-controls", &cells);
    for (draw, (x, y)) in before.iter().zip(&after).enumerate() {
        assert!(x.iter().zip(y).all(|(x, y)| y > x), "draw {draw}: {x:?} {y:?}");
    }
}

#[test]
fn an_early_memory_ban_lowers_ascend_and_where_it_does_not_others_lack_memory() {
    let cells = [
        "chip.ascend-910b/produced_chips_cum@2026Q4",
        "chip.ascend-910c/produced_chips_cum@2026Q4",
        "designer.huawei/produced_chips_cum@2028Q4",
        "designer.huawei/produced_chips_cum@2026Q4",
        "designer.cambricon/produced_chips_cum@2026Q4",
        "designer.kunlunxin/produced_chips_cum@2026Q4",
        "designer.hygon/produced_chips_cum@2026Q4",
    ];
    let [before, after] = both("hbm-ban-without-notice", &cells);
    for (i, cell) in cells.iter().enumerate() {
        let (mean, error) = moved(&before, &after, (i, i));
        println!("{cell} {:+.2}% (standard error {:.2}%)", 100.0 * mean, 100.0 * error);
        assert!(mean < -3.0 * error, "{cell} {mean:+.4} ({error:.4})");
    }
    // Draw by draw it is not so: where Huawei's stock would have outlasted its orders until 2026, the others' smaller stocks run
    // out first, and their buyers' money goes to Ascend. So whatever Ascend gains, another maker has lost for want of memory,
    // and hardly a draw leaves all of them together with more.
    let change = |draw: usize, i: usize| after[draw][i] / before[draw][i] - 1.0;
    let sum = |x: &[f64]| x[3..].iter().sum::<f64>();
    let draws = 0..before.len();
    let gains: Vec<usize> = draws.clone().filter(|&d| change(d, 3) > 0.01).collect();
    assert!(gains.len() < before.len() / 4, "{gains:?}");
    for &d in &gains {
        assert!((4..7).any(|i| change(d, i) < 0.0), "draw {d}: {:?} {:?}", before[d], after[d]);
    }
    let more = draws.filter(|&d| sum(&after[d]) > 1.01 * sum(&before[d])).count();
    assert!(more <= before.len() / 50, "{more} draws");
}

// What the baseline's README says of the policies on chips for China: their signs, in worlds in which what they rest on most is twice, half,
// at its lowest or at its highest.
#[test]
fn no_sign_of_a_policy_on_chips_for_china_turns_in_nine_worlds() {
    const POLICIES: [(&str, f64); 5] = [
        ("h20-free", 1.0),
        ("h20-never", -1.0),
        ("b30a-moderate", 1.0),
        ("b30a-aggressive", 1.0),
        ("h200-half-of-us-volume", 1.0),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let halls = |times: f64| {
        let file = folder.path().join(format!("halls-{times}.toml"));
        let text = format!(
            "title = \"Halls\"\nreason = \"Chinese halls times {times}\"\n\n[[set]]\npath = \"country.china.halls\"\ntimes = {times}\n"
        );
        std::fs::write(&file, text).expect("a file");
        file.display().to_string()
    };
    let mut worlds: Vec<(Option<String>, Vec<String>)> = vec![(None, Vec::new())];
    worlds.extend([2.0, 0.5].map(|times| (Some(halls(times)), Vec::new())));
    let project = Project::open(&ScenarioRequest::new(SCENARIO)).expect("the baseline");
    for path in ["trade.elasticity", "trade.access_elasticity", "diversion.premium_exponent"] {
        let [low, _, high] = project.quantities(path).expect(path)[0].quantiles;
        assert!(low < high, "{path} is certain");
        worlds.extend([low, high].map(|value| (None, vec![format!("{path}={value}")])));
    }
    assert_eq!(worlds.len(), 9);
    let cells = ["2028Q4", "2030Q4"].map(|q| format!("country.china/reachable_flop@{q}"));
    worlds.par_iter().for_each(|(with, set)| {
        let simulated = |name: Option<&str>| simulate(edited(name, set).expect("a world").0, &cells);
        let before = simulated(with.as_deref());
        for (policy, sign) in POLICIES {
            let name = with.as_ref().map_or_else(|| policy.to_owned(), |with| format!("{policy}+{with}"));
            let after = simulated(Some(&name));
            for (c, cell) in cells.iter().enumerate() {
                let (mean, _) = moved(&before, &after, (c, c));
                assert!(mean * sign > 0.0, "{policy} moves {cell} by {mean} in {with:?} {set:?}");
            }
        }
    });
}
