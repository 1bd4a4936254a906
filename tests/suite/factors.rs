//! Common factors: what loads on one keeps its distribution and moves with the others; a factor is a path like any other.

use crate::support::{PAGE, findings, model_of, plan_of};
use chokepoint::internals::analysis::Sensitivity;
use chokepoint::internals::inputs::Layout;
use chokepoint::internals::math::wide::{Lanes, PARTS, WIDTH};
use chokepoint::internals::math::{Mask, exp, inverse_normal, ln, normal_cdf};
use chokepoint::internals::model::{Model, QuantityId, show};
use chokepoint::internals::plan::{Driver, first_divergence};
use chokepoint::internals::random::REPLICATES;
use chokepoint::internals::random::{Design, Sampler};
use chokepoint::study::{PolicySource, Project, ScenarioRequest, TextSource};

const BATCHES: u64 = 8192 / WIDTH as u64;
const DRAWS: f64 = 8192.0;

/// Loadings of the page's numbers: of one without a date, of dated ones, of a shock's.
const LOADS: [(&str, f64); 4] = [
    ("facility.fab.capacity", 0.8),
    ("lab.first.mfu", -0.5),
    ("buyer.alpha-cloud.budget", 0.6),
    ("shock.fab-outage.duration", 0.7),
];

fn factor(more: &str) -> String {
    let loads: Vec<String> = LOADS.iter().map(|(path, loading)| format!("\"{path}\" = {loading}")).collect();
    format!("{PAGE}\n[[factor]]\nid = \"boom\"\n{more}loads = {{ {} }}\n", loads.join(", "))
}

fn model(text: &str) -> Model {
    model_of(text).unwrap_or_else(|e| panic!("{e}"))
}

fn layout(model: &Model, seed: u64) -> Layout {
    Layout::new(model, &Design { seed, sampler: Sampler::Sobol }, 20).unwrap()
}

fn id(model: &Model, path: &str) -> QuantityId {
    model.quantity_of(path).unwrap_or_else(|| panic!("no {path}"))
}

/// Uniforms of paths, draw by draw.
fn ranks(layout: &Layout, paths: &[QuantityId]) -> Vec<Vec<f64>> {
    let mut inputs = layout.inputs();
    let mut all = vec![Vec::new(); paths.len()];
    for b in 0..BATCHES {
        layout.sample(b, &mut inputs);
        for (list, &q) in all.iter_mut().zip(paths) {
            list.extend((0..WIDTH).map(|lane| layout.rank(q, &inputs)[lane]));
        }
    }
    all
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| inverse_normal(*a) * inverse_normal(*b)).sum::<f64>() / DRAWS
}

#[test]
fn scores_correlate_by_the_product_of_loadings() {
    let model = model(&factor(""));
    let paths: Vec<QuantityId> = ["factor.boom", "lab.second.mfu"]
        .iter()
        .chain(LOADS.iter().map(|l| &l.0))
        .map(|p| id(&model, p))
        .collect();
    let ranks = ranks(&layout(&model, 3), &paths);
    let loadings: Vec<f64> = [1.0, 0.0].into_iter().chain(LOADS.map(|l| l.1)).collect();
    for i in 0..paths.len() {
        for j in 0..i {
            let (found, due) = (correlation(&ranks[i], &ranks[j]), loadings[i] * loadings[j]);
            assert!((found - due).abs() < 4.0 / DRAWS.sqrt(), "{i} {j}: {found} for {due}");
        }
    }
}

#[test]
fn factors_can_be_correlated_and_what_loads_on_them_is() {
    let text = factor("").replace(", \"shock.fab-outage.duration\" = 0.7", "")
        + "[[factor]]\nid = \"luck\"\nloads = { \"shock.fab-outage.duration\" = 0.7 }\n\
           [[correlation]]\nof = [\"factor.boom\", \"factor.luck\"]\nrho = 0.5\n";
    let model = model(&text);
    let layout = layout(&model, 8);
    let paths = ["factor.boom", "factor.luck", "facility.fab.capacity", "shock.fab-outage.duration"]
        .map(|p| id(&model, p));
    let ranks = ranks(&layout, &paths);
    for (i, j, due) in [(0, 1, 0.5), (0, 2, 0.8), (1, 3, 0.7), (2, 3, 0.8 * 0.5 * 0.7)] {
        let found = correlation(&ranks[i], &ranks[j]);
        assert!((found - due).abs() < 4.0 / DRAWS.sqrt(), "{i} {j}: {found} for {due}");
    }
    // The first strike of a shock has the draw's numbers.
    let mut inputs = layout.inputs();
    layout.sample(2, &mut inputs);
    for lane in 0..WIDTH {
        assert_eq!(layout.strike(paths[3], 0, (2 * WIDTH + lane) as u64), inputs.value(paths[3])[lane]);
    }
}

#[test]
fn what_loads_on_a_factor_keeps_its_distribution() {
    let model = model(&factor(""));
    let layout = layout(&model, 4);
    let paths: Vec<QuantityId> = LOADS.iter().map(|l| id(&model, l.0)).collect();
    for (mut ranks, (path, _)) in ranks(&layout, &paths).into_iter().zip(LOADS) {
        ranks.sort_by(f64::total_cmp);
        let distance =
            ranks.iter().enumerate().map(|(i, u)| (u - (i as f64 + 0.5) / DRAWS).abs()).fold(0.0, f64::max);
        // Kolmogorov's bound at one in a hundred thousand.
        assert!(distance < 2.5 / DRAWS.sqrt(), "{path}: {distance}");
    }
    // And the number is read at that rank: of the duration, log-uniform quantiles of its 90% interval, from a hundredth of a quarter on.
    let duration = id(&model, "shock.fab-outage.duration");
    let (middle, sd) = (ln(0.4) / 2.0, ln(10.0) / 2.0 / inverse_normal(0.95));
    let lowest = normal_cdf((ln(0.01) - middle) / sd);
    let mut inputs = layout.inputs();
    layout.sample(7, &mut inputs);
    for lane in 0..WIDTH {
        let u = lowest + layout.rank(duration, &inputs)[lane] * (1.0 - lowest);
        let due = exp(middle + inverse_normal(u) * sd);
        assert!((inputs.value(duration)[lane] / due - 1.0).abs() < 1e-9);
    }
}

#[test]
fn a_leading_factor_takes_the_net_with_what_leads_beside_it() {
    let text = factor("").replace("lead = [", "lead = [\"factor.*\", ");
    let model = model(&text);
    let layout = layout(&model, 5);
    let (boom, mfu) = (id(&model, "factor.boom"), id(&model, "lab.second.mfu"));
    let names = chokepoint::internals::inputs::leading_paths(&model).unwrap();
    assert_eq!(names[0], "factor.boom");
    let mut inputs = layout.inputs();
    let mut boxes = [[0_u32; 8]; 8];
    let mut strips = [0_u32; 64];
    for b in 0..64 / PARTS as u64 {
        layout.sample(b, &mut inputs);
        // The capacity is the second of the net; its own part keeps its place in it.
        let own = layout.own_rank(id(&model, "facility.fab.capacity"), &inputs, b);
        // A replicate has a lane in each part.
        for lane in (3..WIDTH).step_by(REPLICATES) {
            let u = layout.rank(boom, &inputs)[lane];
            strips[(u * 64.0) as usize] += 1;
            boxes[(u * 8.0) as usize][(own[lane] * 8.0) as usize] += 1;
        }
        assert_eq!(layout.own_rank(mfu, &inputs, b), layout.rank(mfu, &inputs));
    }
    assert_eq!((strips, boxes), ([1; 64], [[1; 8]; 8]));
}

#[test]
fn a_given_factor_moves_what_loads_on_it_and_nothing_else() {
    let (free, given) = (model(&factor("")), model(&factor("value = 0.9\n")));
    let (without, with) = (layout(&free, 6), layout(&given, 6));
    assert_eq!(with.uncertain().count() + 1, without.uncertain().count());
    let (mut a, mut b) = (without.inputs(), with.inputs());
    let ahead = inverse_normal(0.9);
    for batch in 0..16 {
        without.sample(batch, &mut a);
        with.sample(batch, &mut b);
        for q in with.uncertain() {
            let path = &given.quantities[q].path;
            let (was, is) = (without.rank(id(&free, path), &a), with.rank(q, &b));
            let Some((_, loading)) = LOADS.iter().find(|l| l.0 == path) else {
                assert_eq!(was, is, "{path}");
                continue;
            };
            let own = with.own_rank(q, &b, batch);
            for lane in 0..WIDTH {
                let score = loading * ahead + (1.0 - loading * loading).sqrt() * inverse_normal(own[lane]);
                assert!((is[lane] - normal_cdf(score)).abs() < 1e-12, "{path}");
            }
        }
    }
    // Held for a while, as when inputs are moved one by one, it does the same.
    let boom = id(&free, "factor.boom");
    without.sample_with(3, &[(boom, 0.9)], &mut a);
    with.sample(3, &mut b);
    let budget = "buyer.alpha-cloud.budget";
    assert_eq!(a.at(id(&free, budget), 9), b.at(id(&given, budget), 9));
    without.medians(&mut a);
    with.medians(&mut b);
    let capacity = "facility.fab.capacity";
    let [was, is] = [a.at(id(&free, capacity), 19), b.at(id(&given, capacity), 19)];
    let due = normal_cdf(0.8 * ahead);
    assert!((with.rank(id(&given, capacity), &b)[0] - due).abs() < 1e-12 && is.gt(was).all());
}

#[test]
fn later_strikes_have_numbers_that_no_factor_moves() {
    let (plain, loaded) = (model(PAGE), model(&factor("")));
    let (alone, with) = (layout(&plain, 7), layout(&loaded, 7));
    let path = "shock.fab-outage.duration";
    let (p, q) = (id(&plain, path), id(&loaded, path));
    let mut inputs = with.inputs();
    for batch in 0..8 {
        with.sample(batch, &mut inputs);
        for lane in 0..WIDTH {
            let draw = batch * WIDTH as u64 + lane as u64;
            assert_eq!(with.strike(q, 0, draw), inputs.value(q)[lane]);
            assert_ne!(with.strike(q, 0, draw), alone.strike(p, 0, draw));
            assert_eq!(with.strike(q, 1, draw), alone.strike(p, 1, draw));
        }
    }
}

#[test]
fn drivers_rank_the_factor_and_what_is_a_number_s_own() {
    let plan = plan_of(model(&factor("")));
    let paths = ["factor.boom", "facility.fab.capacity", "lab.second.mfu"].map(|p| id(&plan.model, p));
    let mut sensitivity = Sensitivity::new(3, 1, WIDTH as u64 * BATCHES);
    let mut inputs = plan.layout.inputs();
    for b in 0..BATCHES {
        plan.layout.sample(b, &mut inputs);
        let ranks: Vec<Lanes> =
            paths.iter().map(|q| plan.driver_rank(Driver::Quantity(*q), &inputs, b)).collect();
        let outcome: Lanes = plan.layout.rank(paths[1], &inputs).inverse_normal();
        for part in 0..PARTS {
            let ranks = ranks.iter().map(|rank| rank.part(part)).collect();
            sensitivity.absorb(&[ranks], &[vec![outcome.part(part)]], &[Mask::splat(true)]);
        }
    }
    let found = sensitivity.finish(0.05)[0].clone().unwrap();
    for (index, due) in found.indices.iter().zip([0.64, 0.36, 0.0]) {
        assert!((index - due).abs() < 0.02, "{index} for {due}");
    }
}

/// A project of a text with a policy's text and settings by hand.
fn project(text: &str, policy: &str, set: &[&str]) -> Project {
    let request = ScenarioRequest {
        set: set.iter().map(|s| (*s).to_owned()).collect(),
        ..ScenarioRequest::new(TextSource::text("scenario.toml", text))
    };
    Project::open(&request.under(PolicySource::text("policy", policy))).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn policies_share_draws_with_the_scenario_to_the_bit_and_fork_where_a_number_moves() {
    let set =
        |path: &str, value: &str| format!("title = \"t\"\n[[set]]\npath = \"{path}\"\nvalue = {value}\n");
    let late = "{ unit = \"MW\", 2022Q1 = 300, 2024Q4 = 600, 2026Q4 = \"2k to 3k\" }";
    let world = factor("")
        .replace("grid = { unit = \"MW\", 2022Q1 = 300, 2026Q4 = \"2k to 3k\" }", &format!("grid = {late}"));
    let world = world.replace("loads = { ", "loads = { \"country.alpha.grid\" = 0.5, ");
    let slow = format!("{PAGE}\n[[factor]]\nid = \"grid\"\nloads = {{ \"country.alpha.grid\" = 0.5 }}\n")
        .replace("grid = { unit = \"MW\", 2022Q1 = 300, 2026Q4 = \"2k to 3k\" }", &format!("grid = {late}"));
    let cases = [
        (&world, set("factor.boom", "0.2"), 0),
        (&world, set("factor.boom", "\"uniform(0.5, 1)\""), 0),
        (
            &world,
            set("factor.boom.loads", "{ \"facility.fab.capacity\" = 0.8, \"lab.second.mfu\" = 0.3 }"),
            0,
        ),
        (&world, set("lab.first.mfu", "0.4"), 0),
        (&world, "title = \"t\"\n[[remove]]\npath = \"factor.boom\"\n".to_owned(), 0),
        (&world, set("factor.boom.title", "\"A boom\""), usize::MAX),
        // The grid is certain until the end of 2024, and what differs is looked at a quarter ahead.
        (&slow, set("factor.grid", "0.9"), 11),
    ];
    for (text, policy, from) in cases {
        let base = plan_of(project(text, "title = \"none\"", &[]).model);
        let other = plan_of(project(text, &policy, &[]).model);
        let shared = other.layout.shared_with(&base.layout);
        let (mut theirs, mut ours, mut alone) =
            (base.layout.inputs(), other.layout.inputs(), other.layout.inputs());
        for b in [0, 5, 9] {
            base.layout.sample(b, &mut theirs);
            other.layout.sample_sharing(b, &shared, &theirs, &mut ours);
            other.layout.sample(b, &mut alone);
            for (q, quantity) in other.model.quantities.iter_enumerated() {
                for t in 0..20 {
                    assert_eq!(ours.at(q, t), alone.at(q, t), "{} at {t} under\n{policy}", quantity.path);
                }
            }
        }
        assert_eq!(first_divergence(&base, &other), from, "{policy}");
    }
}

#[test]
fn a_factor_is_shown_and_set_like_any_number() {
    let sourced = factor("title = \"A boom\"\nsource = \"invented\"\ngrade = \"judgement\"\n").replace(
        "\"lab.first.mfu\" = -0.5",
        "\"lab.first.mfu\" = { value = -0.5, source = \"chips are short\", grade = \"derived\" }",
    );
    let plain = project(&sourced, "title = \"none\"", &[]);
    let rows = show(&plain.model, "factor.*");
    let row = &rows[0];
    assert_eq!((row.quantity.path.as_str(), row.quantity.unit.as_str()), ("factor.boom", "quantile"));
    assert!(row.quantiles.iter().zip([0.05, 0.5, 0.95]).all(|(x, due)| (x - due).abs() < 1e-12));
    let about = &row.quantity.provenance;
    assert_eq!(about.source, "invented");
    for part in ["moves facility.fab.capacity by 0.8", "lab.first.mfu by -0.5 (derived: chips are short)"] {
        assert!(about.note.contains(part), "{}", about.note);
    }
    for held in [
        project(&sourced, "title = \"none\"", &["factor.boom=0.9"]),
        project(&sourced, "title = \"t\"\n[[set]]\npath = \"factor.*\"\nvalue = 0.9\n", &[]),
    ] {
        let row = &show(&held.model, "factor.boom")[0];
        assert_eq!((row.quantiles, row.value.as_str()), ([0.9; 3], "0.9"));
        assert_eq!(row.quantity.edited_by.len(), 1);
        // The resolved scenario reads back as the same.
        let back = project(&held.document.to_toml(), "title = \"none\"", &[]);
        assert_eq!(show(&back.model, "factor.boom")[0].quantiles, [0.9; 3]);
        assert_eq!(back.model.factors, held.model.factors);
    }
}

#[test]
fn what_a_factor_cannot_be_is_said_at_its_place() {
    let cases = [
        ("loads = { \"lab.first.mfu\" = 1.2 }", "`factor.f` loads `lab.first.mfu` by 1.2", "1.2"),
        (
            "loads = { \"lab.frist.mfu\" = 0.5 }",
            "`factor.f` loads `lab.frist.mfu`, which matches no uncertain path",
            "\"lab.frist.mfu\"",
        ),
        (
            "loads = { \"chip.*.tdp\" = 0.5 }",
            "`factor.f` loads `chip.*.tdp`, which matches no uncertain path",
            "\"chip.*.tdp\"",
        ),
        (
            "loads = { \"factor.*\" = 0.5 }",
            "`factor.f` loads `factor.*`, which matches no uncertain path",
            "\"factor.*\"",
        ),
        (
            "loads = { \"lab.*.mfu\" = 0.5, \"lab.first.mfu\" = 0.2 }",
            "`lab.first.mfu` is tied twice",
            "\"lab.first.mfu\"",
        ),
        (
            "loads = { \"lab.*.mfu\" = 0.5 }\n[[factor]]\nid = \"g\"\nloads = { \"lab.second.*\" = 0.2 }",
            "`lab.second.mfu` is tied twice",
            "\"lab.second.*\"",
        ),
        (
            "loads = { \"lab.*.mfu\" = 0.5 }\n[[correlation]]\nof = [\"lab.first.mfu\", \"route.gamma.detection\"]\nrho = 0.2",
            "`lab.first.mfu` is tied twice",
            "\"lab.*.mfu\"",
        ),
        (
            "loads = { \"lab.first.mfu\" = \"much\" }",
            "`factor.f.loads` takes loadings: numbers from -1 to 1",
            "\"much\"",
        ),
        (
            "value = 1\nloads = { \"lab.first.mfu\" = 0.5 }",
            "`factor.f` takes a quantile: above 0 and below 1",
            "1",
        ),
        (
            "value = 0\nloads = { \"lab.first.mfu\" = 0.5 }",
            "`factor.f` takes a quantile: above 0 and below 1",
            "0",
        ),
        ("weight = 2\nloads = { \"lab.first.mfu\" = 0.5 }", "unknown key `weight` in `factor.f`", "weight"),
    ];
    for (row, message, underlined) in cases {
        let text = format!("{PAGE}\n[[factor]]\nid = \"f\"\n{row}\n");
        let found = findings(&text);
        let d = found.diagnostics.all.first().unwrap_or_else(|| panic!("nothing is said of {row}"));
        assert_eq!(d.message, message, "{row}");
        let source = &found.sources.all[d.place.source as usize].text;
        assert_eq!(&source[d.place.span.clone()], underlined, "{row}");
    }
    let text = format!("{PAGE}\n[[factor]]\nid = \"f\"\n");
    assert_eq!(
        findings(&text).diagnostics.all[0].message,
        "`factor.f` has `loads`: a table of paths with the loading of each"
    );
    // An edit may fix what a factor loads, or take it away.
    let loaded = format!("{PAGE}\n[[factor]]\nid = \"f\"\nloads = {{ \"lab.second.mfu\" = 0.5 }}\n");
    project(&loaded, "title = \"none\"", &["lab.second.mfu=0.4"]);
    project(&loaded, "title = \"t\"\n[[remove]]\npath = \"lab.second\"\n", &[]);
}
