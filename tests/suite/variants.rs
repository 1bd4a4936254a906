//! Compliant variants: launched a lag after the parent is denied, offered only where the parent is not free, ended by a later rule.

use crate::support::states::after_each;
use crate::support::{model_of, plan_of};
use chokepoint::internals::engine::Step;
use chokepoint::internals::math::wide::Lanes;
use chokepoint::internals::plan::Plan;

/// Quarter of the tutorial's rule: 2023Q4.
const DENIED: usize = 7;

/// The tutorial with a variant that waits for its parent's denial, and with more rows.
fn waiting(more: &str) -> Plan {
    let text = std::fs::read_to_string("scenarios/tutorial/scenario.toml").unwrap();
    let variant = "designer = \"north\"\nvariant_lag = { value = 1.5, unit = \"quarters\" }\ndie_area = 800\n\
                   memory_bandwidth = 3350\ninterconnect = 900\ntdp = 700\nrecipe = { wafers = \"die\" }";
    let changed = text.replacen("extends = \"n1\"\nlaunch = \"2024Q1\"", variant, 1);
    assert_ne!(text, changed);
    // Power is plenty: where the room for it grows less, nothing of any chip may be bought in a quarter.
    let powered = changed
        .replace("2026Q4 = \"2k to 3k\"", "2026Q4 = 90000")
        .replace("2026Q4 = \"1k to 2k\"", "2026Q4 = 90000");
    assert_ne!(powered, changed);
    let changed = powered;
    plan_of(model_of(&(changed + more)).unwrap_or_else(|e| panic!("{e}")))
}

/// Legal sales of the variant in each quarter, by country of the buyer, over a batch of draws [chips].
fn sales(plan: &Plan) -> Vec<[f64; 2]> {
    let mut all = Vec::new();
    let variant = plan.model.chips.iter().position(|c| c.id == "n1-export").unwrap();
    let alpha = plan.model.countries.iter().position(|c| c.id == "alpha").unwrap();
    after_each(plan, 0, Step::Trade, |plan, batch, _| {
        let mut sold = [Lanes::ZERO; 2];
        for (s, sale) in plan.edges.sales.iter().enumerate().filter(|(_, s)| s.chip.index() == variant) {
            let abroad = plan.model.buyers[sale.buyer].country.index() != alpha;
            sold[usize::from(abroad)] += batch.outputs.trade.sold[s];
        }
        all.push(sold.map(Lanes::sum));
    });
    all
}

#[test]
fn a_variant_comes_its_lag_after_the_denial_and_goes_where_its_parent_cannot() {
    let sold = sales(&waiting(""));
    // Denied from the first day of quarter 7: on sale from 8.5 on, made a quarter before it is sold.
    assert!(sold[..=DENIED].iter().all(|s| *s == [0.0; 2]), "{sold:?}");
    assert!(sold[DENIED + 2..].iter().all(|s| s[1] > 0.0), "{sold:?}");
    assert!(sold.iter().all(|s| s[0] == 0.0), "its parent is free at home: {sold:?}");
}

#[test]
fn a_later_rule_ends_it_and_only_it() {
    let letter = "\n[[rule]]\nid = \"later\"\nissuer = \"alpha\"\nannounced = \"2025-01-01\"\neffective = \"2025-01-01\"\n\
                  requires = \"denied\"\nto = { groups = [\"restricted\"], headquarters = true }\nall = [{ tpp = \">= 2400\" }]\n";
    let (free, ended) = (sales(&waiting("")), sales(&waiting(letter)));
    assert_eq!(free[..12], ended[..12]);
    assert!(free[12..].iter().all(|s| s[1] > 0.0));
    assert!(ended[12..].iter().all(|s| s[1] == 0.0), "{ended:?}");
}
