//! Quantities of a batch: dated paths in closed form, strikes, correlations, and what a draw owes to its address alone.

use crate::support::model_of;
use chokepoint::internals::inputs::{Inputs, Layout, LayoutError, leading_paths};
use chokepoint::internals::math::wide::{Lanes, PARTS, WIDTH};
use chokepoint::internals::model::{Model, QuantityId};
use chokepoint::internals::random::REPLICATES;
use chokepoint::internals::random::{Design, Sampler};

const DESIGN: Design = Design { seed: 7, sampler: Sampler::Sobol };
const QUARTERS: usize = 12;

fn world(text: &str) -> Model {
    let whole = format!("[run]\nhorizon = \"2022Q1..2024Q4\"\n{text}");
    model_of(&whole).unwrap_or_else(|e| panic!("{e}"))
}

fn layout(model: &Model) -> Layout {
    Layout::new(model, &DESIGN, QUARTERS).unwrap()
}

fn id(model: &Model, path: &str) -> QuantityId {
    model.quantity_of(path).unwrap_or_else(|| panic!("no {path}"))
}

fn sampled(layout: &Layout, batch: u64) -> Inputs {
    let mut inputs = layout.inputs();
    layout.sample(batch, &mut inputs);
    inputs
}

/// A country's power path, as the inputs have it.
fn power(path: &str) -> Vec<f64> {
    let model = world(&format!("[[country]]\nid = \"a\"\ngrid = {{ unit = \"MW\", {path} }}\n"));
    let inputs = sampled(&layout(&model), 0);
    let q = id(&model, "country.a.grid");
    (0..QUARTERS).map(|t| inputs.at(q, t)[0]).collect()
}

fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{found} is not {expected}");
}

#[test]
fn dated_points_are_joined_as_said() {
    let log = power("2022Q2 = 100, 2022Q4 = 400");
    for (t, expected) in [(0, 100.0), (1, 100.0), (2, 200.0), (3, 400.0), (11, 400.0)] {
        assert_near(log[t], expected);
    }
    let linear = power("2022Q2 = 100, 2022Q4 = 400, between = \"linear\"");
    assert_near(linear[2], 250.0);
    let step = power("2022Q2 = 100, 2022Q4 = 400, between = \"step\"");
    assert_eq!((step[0], step[1], step[2], step[3]), (100.0, 100.0, 100.0, 400.0));
    let from_nothing = power("2022Q2 = 0, 2022Q4 = 400");
    assert_near(from_nothing[2], 200.0);
}

#[test]
fn outside_its_points_a_path_grows_by_its_factor_a_year() {
    let grown = power("2023Q1 = 100, after = \"2 per year\", before = \"4 per year\", level = 3");
    assert_near(grown[4], 300.0);
    assert_near(grown[8], 600.0);
    assert_near(grown[6], 300.0 * 2.0_f64.sqrt());
    assert_near(grown[0], 75.0);
}

#[test]
fn a_day_counts_as_its_share_of_the_quarter() {
    // 16 May 2022 is day 45 of the 91 of the second quarter: x = 1 + 45/91.
    let path = power("2022Q2 = 100, \"2022-05-16\" = 191, between = \"linear\", after = \"1 per year\"");
    assert_near(path[2], 191.0);
    let path = power("\"2022-05-16\" = 100, 2022Q4 = 400, between = \"linear\"");
    assert_near(path[2], 100.0 + 300.0 * (46.0 / 91.0) / (2.0 - 45.0 / 91.0));
}

#[test]
fn points_share_one_uniform_and_values_stay_in_their_domain() {
    let model = world(
        "[[country]]\nid = \"a\"\ngrid = { unit = \"MW\", 2022Q1 = \"uniform(100, 200)\", 2022Q3 = \"uniform(1000, 3000)\" }\n\
         [[route]]\nid = \"r\"\nvia = \"a\"\nto = \"a\"\ncapacity = 1\ndetection = { 2022Q1 = \"uniform(60%, 90%)\", after = \"3 per year\" }\n",
    );
    let inputs = sampled(&layout(&model), 5);
    let (path, detection) = (id(&model, "country.a.grid"), id(&model, "route.r.detection"));
    for lane in 0..WIDTH {
        let u = (inputs.at(path, 0)[lane] - 100.0) / 100.0;
        assert_near(inputs.at(path, 2)[lane], 1000.0 + 2000.0 * u);
        assert!(inputs.at(detection, 0)[lane] < 0.9);
        assert_eq!(inputs.at(detection, 8)[lane], 1.0);
    }
}

#[test]
fn independent_points_have_uniforms_of_their_own() {
    let model = world(
        "[[country]]\nid = \"a\"\ngrid = { unit = \"MW\", independent = true, 2022Q1 = \"uniform(0, 1)\", 2023Q1 = \"uniform(0, 1)\" }\n",
    );
    let (layout, q) = (layout(&model), id(&model, "country.a.grid"));
    let (mut product, mut n) = (0.0, 0.0);
    for batch in 0..512 {
        let inputs = sampled(&layout, batch);
        product += ((inputs.at(q, 0) - 0.5) * (inputs.at(q, 4) - 0.5) * 12.0).sum();
        n += WIDTH as f64;
    }
    assert!((product / n).abs() < 0.05, "correlation {}", product / n);
}

const CORRELATED: &str = "[[country]]\nid = \"a\"\noverhead = \"uniform(1, 2)\"\n[[country]]\nid = \"b\"\noverhead = \"uniform(1, 2)\"\n\
     [[country]]\nid = \"c\"\noverhead = \"uniform(1, 2)\"\n[[correlation]]\nof = [\"country.a.overhead\", \"country.b.overhead\"]\nrho = 0.8\n\
     [[shock]]\nid = \"s\"\nhazard = 1\nduration = \"uniform(1, 2)\"\n";

/// Pearson correlation over 4096 draws.
fn correlation(layout: &Layout, a: QuantityId, b: QuantityId) -> f64 {
    let mut sums = [0.0; 5];
    for batch in 0..512 {
        let inputs = sampled(layout, batch);
        let (x, y): (Lanes, Lanes) = (inputs.value(a) - 1.5, inputs.value(b) - 1.5);
        for (sum, term) in sums.iter_mut().zip([x, y, x * x, y * y, x * y]) {
            *sum += term.sum() / 4096.0;
        }
    }
    let [x, y, xx, yy, xy] = sums;
    (xy - x * y) / ((xx - x * x) * (yy - y * y)).sqrt()
}

#[test]
fn correlated_paths_move_together_and_others_do_not() {
    let model = world(CORRELATED);
    let (layout, [a, b, c]) =
        (layout(&model), ["a", "b", "c"].map(|n| id(&model, &format!("country.{n}.overhead"))));
    // Ranks under a Gaussian copula correlate by (6/pi)·asin(rho/2).
    let expected = 6.0 / std::f64::consts::PI * 0.4_f64.asin();
    assert!((correlation(&layout, a, b) - expected).abs() < 0.02);
    assert!(correlation(&layout, a, c).abs() < 0.05);
    assert!(correlation(&layout, b, c).abs() < 0.05);
}

#[test]
fn fixing_a_correlated_path_moves_no_other_number() {
    let model = world(CORRELATED);
    let (whole, b) = (layout(&model), id(&model, "country.b.overhead"));
    let fixed = world(&CORRELATED.replacen("\"uniform(1, 2)\"", "1.5", 1));
    let (held, same) = (layout(&fixed), id(&fixed, "country.b.overhead"));
    assert_eq!(held.uncertain().count() + 1, whole.uncertain().count());
    for batch in 0..16 {
        assert_eq!(sampled(&whole, batch).value(b), sampled(&held, batch).value(same));
    }
}

#[test]
fn the_first_strike_has_the_draw_s_numbers_and_later_ones_their_own() {
    let model = world(CORRELATED);
    let layout = layout(&model);
    for q in ["country.a.overhead", "country.b.overhead", "shock.s.duration"].map(|p| id(&model, p)) {
        for batch in [0, 3] {
            let inputs = sampled(&layout, batch);
            for lane in 0..WIDTH {
                let draw = batch * WIDTH as u64 + lane as u64;
                let first = layout.strike(q, 0, draw);
                assert_eq!(first, inputs.value(q)[lane]);
                let later = [layout.strike(q, 1, draw), layout.strike(q, 2, draw)];
                assert!(first != later[0] && later[0] != later[1]);
                assert_eq!(later[0], layout.strike(q, 1, draw));
            }
        }
    }
    let shock = chokepoint::internals::model::ShockId(0);
    assert!(layout.clock(shock, 0, 9) != layout.clock(shock, 1, 9));
    assert!(layout.clock(shock, 0, 9) != layout.clock(shock, 0, 10));
}

#[test]
fn a_draw_owes_nothing_to_other_paths_or_to_the_horizon() {
    let model = world(CORRELATED);
    let more = world(&format!("[[country]]\nid = \"first\"\noverhead = \"uniform(1, 3)\"\n{CORRELATED}"));
    let path = "country.b.overhead";
    let (one, two) = (sampled(&layout(&model), 4), sampled(&layout(&more), 4));
    assert_eq!(one.value(id(&model, path)), two.value(id(&more, path)));

    let dated = world(
        "[[country]]\nid = \"a\"\ngrid = { unit = \"MW\", 2022Q1 = \"1 to 9\", 2024Q1 = \"2 to 70\", after = \"1 to 2 per year\" }\n",
    );
    let q = id(&dated, "country.a.grid");
    let long = sampled(&Layout::new(&dated, &DESIGN, 40).unwrap(), 2);
    let short = sampled(&layout(&dated), 2);
    assert!((0..QUARTERS).all(|t| long.at(q, t) == short.at(q, t)));
}

#[test]
fn each_uncertain_path_can_be_moved_alone() {
    let model = crate::support::read("scenarios/tutorial", None).unwrap().1;
    let quarters = model.run.horizon.len();
    let layout = Layout::new(&model, &DESIGN, quarters).unwrap();
    let (mut low, mut high) = (layout.inputs(), layout.inputs());
    let uncertain: Vec<QuantityId> = layout.uncertain().collect();
    assert_eq!(uncertain.len(), model.quantities.iter().filter(|q| q.is_uncertain()).count());
    for &q in &uncertain {
        layout.sample_with(1, &[(q, 0.05)], &mut low);
        layout.sample_with(1, &[(q, 0.95)], &mut high);
        let path = &model.quantities[q].path;
        assert_eq!(layout.rank(q, &low), Lanes::splat(0.05), "{path}");
        assert!(layout.drawn(q, &low).le(layout.drawn(q, &high)).all(), "{path}");
        let others = uncertain.iter().filter(|o| **o != q);
        assert!(others.clone().all(|o| layout.rank(*o, &low) == layout.rank(*o, &high)), "{path}");
    }
}

#[test]
fn medians_are_medians() {
    let model = world(
        "[[country]]\nid = \"a\"\noverhead = \"uniform(1, 3)\"\ngrid = { unit = \"MW\", 2022Q1 = \"1 to 100\" }\n",
    );
    let layout = layout(&model);
    let mut inputs = layout.inputs();
    layout.medians(&mut inputs);
    assert_near(inputs.value(id(&model, "country.a.overhead"))[3], 2.0);
    assert!((inputs.at(id(&model, "country.a.grid"), 9)[3] - 10.0).abs() < 1e-6);
}

#[test]
fn leading_paths_are_checked_and_take_the_net() {
    let lead = |list: &str, text: &str| {
        model_of(&format!("[run]\nhorizon = \"2022Q1..2024Q4\"\nlead = {list}\n{text}")).unwrap()
    };
    let named = lead("[\"shock.*.clock\", \"country.*.overhead\"]", CORRELATED);
    let expected = ["shock.s.clock", "country.a.overhead", "country.b.overhead", "country.c.overhead"];
    assert_eq!(leading_paths(&named).unwrap(), expected);
    let missing = lead("[\"country.*.grid\"]", CORRELATED);
    assert_eq!(leading_paths(&missing), Err(LayoutError::NoSuchLead("country.*.grid".to_owned())));

    let many = (0..65)
        .map(|i| format!("[[country]]\nid = \"n{i}\"\noverhead = \"uniform(1, 2)\"\n"))
        .collect::<Vec<_>>()
        .concat();
    let many = lead("[\"country.*.overhead\"]", &many);
    assert_eq!(Layout::new(&many, &DESIGN, 4).unwrap_err(), LayoutError::TooManyLeads(65));

    // The first two dimensions form a net: 64 points of a replicate, one in each of 8 by 8 boxes.
    let named = lead("[\"country.a.overhead\", \"country.c.overhead\"]", CORRELATED);
    let layout = Layout::new(&named, &DESIGN, 4).unwrap();
    let (a, c) = (id(&named, "country.a.overhead"), id(&named, "country.c.overhead"));
    let mut boxes = [[0_u32; 8]; 8];
    for batch in 0..64 / PARTS as u64 {
        let inputs = sampled(&layout, batch);
        // A replicate has a lane in each part.
        for lane in (0..WIDTH).step_by(REPLICATES) {
            let at = |q| ((inputs.value(q)[lane] - 1.0) * 8.0) as usize;
            boxes[at(a)][at(c)] += 1;
        }
    }
    assert_eq!(boxes, [[1; 8]; 8]);
}
