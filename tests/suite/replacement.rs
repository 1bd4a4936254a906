//! Better chips take the place of worse ones where power is short: closed forms.

use crate::support::model_of;
use chokepoint::internals::network::Network;
use chokepoint::internals::random::{Design, Sampler};

/// A hall of 10 MW that a buyer fills with old chips of a kilowatt, before new ones come in 2023.
const WORLD: &str = r#"
title = "A full hall"
[run]
horizon = "2022Q1..2024Q4"
known_until = "2022Q1"
[production]
lead = 1
wind_down = 0
[trade]
power_slack = 1
[fleet]
lag = 0
hazard = 0
aging = 0
replace = REPLACE
[[country]]
id = "here"
halls = HALLS
overhead = 1
[[designer]]
id = "north"
country = "here"
[[chip]]
id = "old"
designer = "north"
launch = "2020Q1"
end = "2023Q1"
bf16_tflops = 1000
it_power = 1000
price = 10000
[[chip]]
id = "new"
designer = "north"
launch = "2023Q1"
bf16_tflops = TFLOPS
it_power = WATTS
price = 20000
[[buyer]]
id = "b"
country = "here"
budget = BUDGET
"#;

/// Courses of metrics of the one buyer.
fn courses<const N: usize>(
    [replace, halls, tflops, watts, budget]: [f64; 5],
    metrics: [&str; N],
) -> [Vec<f64>; N] {
    let text =
        [("REPLACE", replace), ("HALLS", halls), ("TFLOPS", tflops), ("WATTS", watts), ("BUDGET", budget)]
            .iter()
            .fold(WORLD.to_owned(), |text, (name, value)| text.replace(name, &value.to_string()));
    let model = model_of(&text).unwrap_or_else(|e| panic!("{e}"));
    let (network, design) = (Network::from_model(&model), Design { seed: 1, sampler: Sampler::Sobol });
    let all = crate::reference::World::new(&model, &network, &design, &crate::reference::Cells::All);
    let mut draw = crate::reference::Draw::new(&all);
    draw.simulate(0);
    let history = all.history(&draw.cells);
    metrics.map(|metric| history[&("buyer.b".to_owned(), metric.to_owned())].clone())
}

const METRICS: [&str; 5] =
    ["fleet_chips", "retired_chips_cum", "bought_chips_cum", "power_mw", "fleet_h100e"];

fn near(x: f64, y: f64) -> bool {
    (x - y).abs() <= 1e-9 * x.abs().max(y.abs()).max(1.0)
}

#[test]
fn a_full_hall_changes_to_chips_that_are_enough_better() {
    for (tflops, watts) in [(3000.0, 1000.0), (6000.0, 2000.0)] {
        let [fleet, retired, bought, power, h100e] = courses([2.5, 10.0, tflops, watts, 1e9], METRICS);
        assert!(near(fleet[3], 10_000.0) && retired[3] == 0.0, "{fleet:?}, {retired:?}");
        // Watt for watt: as many megawatts as before, three times what they compute.
        assert!(near(fleet[11], 1e7 / watts) && near(h100e[11], 3e7 / 989.5), "{fleet:?}, {h100e:?}");
        assert!(near(retired[11], 10_000.0), "{retired:?}");
        for t in 0..12 {
            assert!(near(fleet[t] + retired[t], bought[t]) && power[t] < 10.0 + 1e-9, "{t}");
        }
    }
}

#[test]
fn a_full_hall_keeps_chips_that_are_nearly_as_good() {
    let [fleet, retired, bought, ..] = courses([2.5, 10.0, 2400.0, 1000.0, 1e9], METRICS);
    assert!(near(fleet[11], fleet[3]) && retired[11] == 0.0 && near(bought[11], bought[3]), "{fleet:?}");
}

#[test]
fn where_there_is_room_for_both_nothing_is_taken_out() {
    let [fleet, retired, bought, ..] = courses([1.5, 1e9, 3000.0, 1000.0, 1e9], METRICS);
    assert!(retired[11] == 0.0 && near(fleet[11], bought[11]) && fleet[11] > 1.2 * fleet[3], "{fleet:?}");
}

/// That twice the money or power computes no less, in some quarters.
fn more_is_no_less(quarters: impl Fn(usize) -> bool) {
    let of =
        |halls, budget| courses([2.5, halls, 3000.0, 1000.0, budget], ["fleet_h100e", "bought_h100e_cum"]);
    for budget in [2e6, 5e6, 1e7, 3e7, 1e8] {
        let [base, rich, wide] = [of(10.0, budget), of(10.0, 2.0 * budget), of(20.0, budget)];
        for other in [rich, wide] {
            for (less, more) in base.iter().zip(&other) {
                for t in (0..12).filter(|&t| quarters(t)) {
                    assert!(more[t] >= less[t] * (1.0 - 1e-9), "{budget}: less in {t} of {less:?}, {more:?}");
                }
            }
        }
    }
}

#[test]
fn twice_the_money_or_power_computes_no_less_before_a_better_chip_and_once_it_has_come() {
    more_is_no_less(|t| !(4..10).contains(&t));
}

// An expectation that does not hold yet, at its bound. Designers plan by the share of wants that there was power for a quarter ago, so that
// of a chip that is launched too little is made at first for halls that are full. It fails as soon as it holds.
#[test]
#[should_panic(expected = "less in")]
fn open_twice_the_money_or_power_computes_no_less() {
    more_is_no_less(|_| true);
}
