//! Published arithmetic that the engine must reproduce: what is known of a few runs, caps and stocks fixes the rest.

use crate::support::{model_of, plan_of};
use chokepoint::internals::engine::{Batch, Observer, Step};
use chokepoint::internals::plan::Plan;

/// A lab alone with chips of one kind, no failures and no losses of scale.
fn lab(chip: &str, chips: f64, lab: &str) -> Batch {
    let text = format!(
        "[run]\nhorizon = \"2022Q1..2022Q2\"\n[[country]]\nid = \"a\"\n[[designer]]\nid = \"d\"\ncountry = \"a\"\n\
         [[chip]]\nid = \"x\"\ndesigner = \"d\"\n{chip}\n\
         [[buyer]]\nid = \"b\"\ncountry = \"a\"\nopening.x = {{ count = {chips} }}\n\
         [[lab]]\nid = \"l\"\ncountry = \"a\"\nbuyers = [\"b\"]\nmax_share = 1\n{lab}\n\
         [fleet]\nhazard = 0\naging = 0\n[training]\nscale_loss = 0\n[rental]\nprice = 2\n"
    );
    let plan = plan_of(model_of(&text).unwrap_or_else(|e| panic!("{e}")));
    let mut batch = Batch::new(&plan);
    batch.simulate(&plan, 0, &mut ());
    batch
}

#[test]
fn gpt_4_by_its_chips_days_and_utilisation() {
    // Epoch AI: about 25,000 A100 (312 TFLOP/s) for 95 days at 34%: 2.0e25 to 2.4e25 FLOP.
    let batch = lab("bf16_tflops = 312", 25_000.0, "mfu = 0.34\nlongest_run = 95");
    let flop = batch.outputs.training.reachable[0][0];
    assert!((flop / 2.18e25 - 1.0).abs() < 0.01, "{flop:e}");
}

#[test]
fn deepseek_v3_by_its_chip_hours_and_its_bill() {
    // DeepSeek-V3 report: 2048 H800 (989.5 TFLOP/s), 2.788 million chip-hours, 5.576 million USD at 2 USD an hour.
    let days = 2.788e6 / 2048.0 / 24.0;
    let batch = lab("bf16_tflops = 989.5", 2048.0, &format!("mfu = 0.343\nlongest_run = {days}"));
    let flop = batch.outputs.training.reachable[0][0];
    assert!((flop / 3.41e24 - 1.0).abs() < 0.01, "{flop:e}");
    let cost = batch.outputs.training.cost[0][0];
    assert!((cost / 5.576e6 - 1.0).abs() < 1e-6, "{cost}");
}

/// Sums what is sold and started over a run.
#[derive(Default)]
struct Sums {
    sold: f64,
    started: f64,
}

impl Observer for Sums {
    fn after(&mut self, step: Step, _: usize, _: &Plan, batch: &Batch) {
        if step == Step::Trade {
            self.sold += batch.outputs.trade.sold[0][0];
            self.started += batch.outputs.production.started[0][0];
        }
    }
}

/// Chips wanted without end for four years, with a rule or a stock in the way.
fn sums(more: &str, recipe: &str) -> Sums {
    let text = format!(
        "[run]\nhorizon = \"2024Q1..2027Q4\"\n[[country]]\nid = \"a\"\n[[country]]\nid = \"b\"\n[[designer]]\nid = \"d\"\ncountry = \"a\"\n\
         [[chip]]\nid = \"h100\"\ndesigner = \"d\"\nlaunch = \"2020Q1\"\nbf16_tflops = 989.5\nint8_tops = 1979\nprice = 30000\n{recipe}\n\
         [[buyer]]\nid = \"b\"\ncountry = \"b\"\nbudget = 4e9\n{more}\n"
    );
    let plan = plan_of(model_of(&text).unwrap_or_else(|e| panic!("{e}")));
    let mut sums = Sums::default();
    Batch::new(&plan).simulate(&plan, 0, &mut sums);
    sums
}

#[test]
fn the_diffusion_rules_caps_in_chips() {
    // BIS, January 2025: 790 million TPP a country and 26.9 million a customer, of 15,832 TPP an H100.
    for (tpp, chips) in [(790e6, 49_899.0), (26.9e6, 1_699.0)] {
        let rule = format!(
            "[[rule]]\nid = \"cap\"\nissuer = \"a\"\neffective = \"2023-01-01\"\nto = {{ countries = [\"b\"] }}\n\
             requires = \"license\"\nshare = 1\ncap = {{ tpp_per_country = {tpp:.0} }}"
        );
        let sold = sums(&rule, "").sold;
        assert!((sold - chips).abs() < 1.0, "{sold}");
        assert!(sums("", "").sold > 5.0 * chips);
    }
}

#[test]
fn a_stockpile_of_memory_in_packages() {
    // SemiAnalysis: 13 million HBM stacks, eight in each Ascend 910C: 1.4 to 1.65 million packages.
    let stock = "[[good]]\nid = \"hbm\"\nunit = \"stacks\"\n[[stockpile]]\nid = \"s\"\ndesigner = \"d\"\ngood = \"hbm\"\nopening = 13e6";
    let started = sums(stock, "recipe = { hbm = 8 }").started;
    assert!((started - 1.625e6).abs() < 1.0, "{started}");
}
