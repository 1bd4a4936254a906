//! Closed forms of training and rental: 8 bits, sites, what serves users, algorithms that diffuse, funds, and the price of rent.

use crate::support::{model_of, plan_of};
use chokepoint::internals::engine::{Batch, Observer, Step};
use chokepoint::internals::math::{exp, ln};
use chokepoint::internals::plan::Plan;

/// Hours of a quarter.
const HOURS: f64 = 24.0 * 91.3125;
/// Chips of the cloud, of which the lab owns a tenth and may rent half.
const CHIPS: f64 = 20_000.0;

/// What there is of the lab in a quarter.
#[derive(Clone, Copy, Debug)]
struct Quarter {
    reachable: f64,
    cost: f64,
    effective: f64,
    run: f64,
    accessible: f64,
    free: f64,
    rented: f64,
    paid: f64,
    price: f64,
}

#[derive(Default)]
struct Course(Vec<Quarter>);

impl Observer for Course {
    fn after(&mut self, step: Step, _: usize, _: &Plan, batch: &Batch) {
        if step == Step::Training {
            let (t, f) = (&batch.outputs.training, &batch.outputs.fleet);
            self.0.push(Quarter {
                reachable: t.reachable[0][0],
                cost: t.cost[0][0],
                effective: t.effective[0][0],
                run: t.run[0][0],
                accessible: t.accessible[0][0],
                free: t.free[0][0],
                rented: t.rented[0][0],
                paid: f.rent_paid[0][0],
                price: f.rent_price[0],
            });
        }
    }
}

/// Two years of one lab at one cloud, without failures: what is said of the chip, the lab, and settings.
fn world(chip: &str, lab: &str, settings: &str) -> String {
    format!(
        "[run]\nhorizon = \"2022Q1..2023Q4\"\n[[country]]\nid = \"a\"\n[[designer]]\nid = \"d\"\ncountry = \"a\"\n\
         [[chip]]\nid = \"x\"\ndesigner = \"d\"\nbf16_tflops = 989.5\n{chip}\n\
         [[buyer]]\nid = \"b\"\ncountry = \"a\"\nrents = 0.5\nopening.x = {{ count = {CHIPS} }}\n\
         [[lab]]\nid = \"l\"\ncountry = \"a\"\nbuyers.b = 0.1\nclouds.b = 1\nmax_share = 0.8\nmfu = 0.4\nlongest_run = 100\n{lab}\n\
         [fleet]\nhazard = 0\naging = 0\n{settings}\n"
    )
}

fn course_of(text: &str) -> Vec<Quarter> {
    let plan = plan_of(model_of(text).unwrap_or_else(|e| panic!("{e}")));
    let mut course = Course::default();
    Batch::new(&plan).simulate(&plan, 0, &mut course);
    course.0
}

fn course(chip: &str, lab: &str, settings: &str) -> Vec<Quarter> {
    course_of(&world(chip, lab, settings))
}

/// A course without losses of scale, under settings of training alone.
fn trains(chip: &str, lab: &str, training: &str) -> Vec<Quarter> {
    course(chip, lab, &format!("[training]\nscale_loss = 0\n{training}\n"))
}

fn close(a: f64, b: f64) -> bool {
    (a / b - 1.0).abs() < 1e-9
}

#[test]
fn eight_bits_gain_in_throughput_and_in_cost() {
    let plain = trains("", "", "")[7];
    // Twice the rate at 0.8 of the utilisation, for 0.7 of the arithmetic: 1.36, where published runs gained 1.2 to 1.64.
    let gain = 1.0 / (0.3 + 0.7 / 1.6);
    for (lab, training) in [("", "low_precision = 0.7"), ("low_precision = 0.7", "low_precision = 0.2")] {
        let fast = trains("fp8_tflops = 1979", lab, training)[7];
        assert!(close(fast.reachable, gain * plain.reachable) && close(fast.cost, plain.cost));
        // Bound by money, a lab gains the same: its chips' hours are as many, and each does more.
        let paid = |chip| trains(chip, &format!("{lab}\nfinanceable = 1e6"), training)[7];
        let (poor, rich) = (paid(""), paid("fp8_tflops = 1979"));
        assert!(
            close(poor.cost, 1e6) && close(rich.cost, 1e6) && close(rich.reachable, gain * poor.reachable)
        );
    }
    // No gain without a rate in 8 bits, without arithmetic in them, or where they are slower.
    for (chip, training) in [
        ("", "low_precision = 0.7"),
        ("fp8_tflops = 1979", "low_precision = 0"),
        ("fp8_tflops = 1100", "low_precision = 0.7"),
    ] {
        assert!(close(trains(chip, "", training)[7].reachable, plain.reachable), "{chip} {training}");
    }
}

#[test]
fn a_run_joins_the_largest_site_and_part_of_the_others() {
    let at = |site: f64, others: f64, lab: &str| {
        trains("", &format!("largest_site = {site}\n{lab}"), &format!("other_sites = {others}"))[7]
    };
    let one = at(1.0, 0.0, "");
    for (site, others) in [(0.3, 0.0), (0.3, 0.5), (0.3, 1.0), (0.9, 0.2)] {
        let has = at(site, others, "");
        assert!(close(has.reachable, one.reachable * (site + (1.0 - site) * others)));
    }
    // Nor does what is made need more chips than can be joined.
    let share = 0.8 * (0.3 + 0.7 * 0.1);
    let capped = at(0.3, 0.1, "run_share_factor = 10\nusual_run = 100");
    assert!(close(capped.run, capped.reachable) && close(capped.reachable, one.reachable * share / 0.8));
    assert!(at(0.3, 0.1, "usual_run = 100").run < capped.run * 0.5);
}

#[test]
fn what_serves_users_trains_nothing() {
    let all = trains("", "", "")[7];
    assert!(close(all.free, all.accessible));
    let part = trains("", "serving = 0.4", "")[7];
    assert!(close(part.accessible, all.accessible) && close(part.free, 0.6 * all.accessible));
    assert!(close(part.reachable, 0.6 * all.reachable) && close(part.run, 0.6 * all.run));
    assert!(close(part.cost, 0.6 * all.cost));
}

#[test]
fn the_share_of_a_run_and_its_length_are_dated() {
    let share = "run_share = { between = \"step\", 2022Q1 = 0.4, 2022Q3 = 0.1, 2023Q3 = 0.5 }";
    let days = "longest_run = { unit = \"days\", between = \"step\", 2022Q1 = 100, 2023Q1 = 200 }";
    let text = world("", "usual_run = 50", &format!("[training]\nscale_loss = 0\n{share}\n"));
    let dated = course_of(&text.replace("longest_run = 100", days));
    assert!(close(dated[4].reachable, 2.0 * dated[3].reachable));
    // What was made stands until something larger is.
    assert!(close(dated[1].run, dated[0].run) && close(dated[5].run, dated[0].run));
    assert!(close(dated[6].run, 1.25 * dated[0].run));
}

#[test]
fn algorithms_of_who_is_behind_are_those_of_before() {
    let science = "[science]\nalgorithms = 3\ndata_stock = 1e30\n";
    let best = course("", "", science);
    let of_country = world("", "", science).replace("[[designer]]", "algorithm_lag = 0.75\n[[designer]]");
    let of_lab = of_country.replace("0.75", "2").replace("max_share", "algorithm_lag = 0.75\nmax_share");
    for text in [of_country, of_lab] {
        let behind = course_of(&text);
        for t in 0..8 {
            assert!(close(behind[t].effective, behind[t].reachable * exp((t as f64 / 4.0 - 0.75) * ln(3.0))));
            assert!(
                t < 3
                    || close(
                        behind[t].effective / behind[t].reachable,
                        best[t - 3].effective / best[t - 3].reachable
                    )
            );
        }
    }
}

#[test]
fn funds_bound_what_is_paid_to_date() {
    let rent = "[rental]\nprice = 2\n";
    let plain = course("", "rent_budget = 2e6", rent);
    let rich = course("", "rent_budget = 2e6\nfunds = 1e9", rent);
    for (a, b) in plain.iter().zip(&rich) {
        assert!(close(a.paid, 2e6) && a.paid == b.paid && close(a.rented, 2e6 / (2.0 * HOURS)));
    }
    let poor = course("", "rent_budget = 2e6\nfunds = 5e6", rent);
    let paid: Vec<f64> = poor.iter().map(|q| q.paid).collect();
    for (has, expected) in paid.iter().zip([2e6, 2e6, 1e6, 0.0, 0.0, 0.0, 0.0, 0.0]) {
        assert!((has - expected).abs() < 1.0, "{paid:?}");
    }
    // A round in the second year lets it rent on; what rationing left unspent was not paid.
    let funds = "funds = { unit = \"USD\", between = \"step\", 2022Q1 = 5e6, 2023Q1 = 8e6 }";
    let raised: f64 = course("", &format!("rent_budget = 2e6\n{funds}"), rent).iter().map(|q| q.paid).sum();
    assert!(close(raised, 8e6));
    let most = 0.5 * CHIPS * 2.0 * HOURS;
    assert!(close(course("", "rent_budget = 1e12\nfunds = 1e12", rent)[7].paid, most));
}

#[test]
fn rent_answers_to_scarcity_and_is_the_contract_price_at_balance() {
    let offered = 0.5 * CHIPS;
    let ask = |times: f64, more: &str| {
        let budget = times * offered * 2.0 * HOURS;
        let lab = format!("rent_budget = {budget}");
        course("", &lab, &format!("[rental]\nprice = 2\nscarcity = 0.5\n{more}\n"))
    };
    // At balance, in any quarter, and where nothing answers.
    assert!(ask(1.0, "").iter().all(|q| close(q.price, 2.0)));
    assert!(ask(0.5, "balance = 0.5").iter().all(|q| close(q.price, 2.0)));
    assert!(ask(3.0, "scarcity_max = 1").iter().all(|q| close(q.price, 2.0)));
    // The first quarter has no last one; later ones are dearer by the root of what was asked over what was offered.
    let scarce = ask(3.0, "");
    let mut price = 2.0;
    for q in &scarce {
        assert!(close(q.price, price), "{} {price}", q.price);
        price = 2.0 * exp(0.5 * ln(3.0 * 2.0 / price));
    }
    assert!(scarce[1].price > 2.0 && close(scarce[7].rented, offered));
    // Glut, and scarcity beyond what counts.
    assert!(ask(0.01, "").iter().skip(1).all(|q| close(q.price, 1.0)));
    assert!(ask(0.0, "").iter().skip(1).all(|q| close(q.price, 1.0)));
    assert!(close(ask(1e3, "")[1].price, 4.0));
}
