//! Edges whose flows are recorded every quarter.

use crate::model::RouteId;
use crate::plan::Plan;
use crate::results::tables::Flow;

/// An edge whose flow is recorded every quarter.
#[derive(Clone, Debug)]
pub enum FlowSource {
    /// A designer's use of a facility: a link.
    Link(usize),
    /// Sales of a chip to a country under permission 1, or below 1.
    Sales(Vec<usize>, bool),
    /// Smuggled options of a chip into a country.
    Smuggled(Vec<usize>),
    /// What a private stock bought legally.
    Stocked(usize),
    /// What it got by smuggling and leaks.
    Diverted(usize),
    /// Seizures on a route.
    Seized(RouteId),
    /// A lab's rent of a cloud: a link.
    Rental(usize),
}

/// Flows of a plan, as the table names them.
pub fn flows(plan: &Plan) -> Vec<(Flow, FlowSource)> {
    let model = &plan.model;
    let mut all = Vec::new();
    let flow = |item: String, from: String, to: String, channel, unit: &str| Flow {
        item,
        from,
        to,
        channel,
        unit: unit.to_owned(),
    };
    for (l, link) in plan.supply.links.iter().enumerate() {
        let facility = &model.facilities[link.facility];
        let good = &model.goods[facility.good];
        let to = format!("designer.{}", model.designers[link.designer].id);
        let from = format!("facility.{}", facility.id);
        all.push((flow(format!("good.{}", good.id), from, to, "legal", &good.unit), FlowSource::Link(l)));
    }
    for (s, stock) in model.stockpiles.iter().enumerate() {
        let good = &model.goods[stock.good];
        let from = match stock.from.as_slice() {
            [one] => format!("facility.{}", model.facilities[*one].id),
            _ => format!("good.{}", good.id),
        };
        let to = format!("stockpile.{}", stock.id);
        let unit = if stock.dies_of.is_some() { "dies" } else { &good.unit };
        let item = format!("good.{}", good.id);
        let (legal, diverted) = (FlowSource::Stocked(s), FlowSource::Diverted(s));
        all.push((flow(item.clone(), from.clone(), to.clone(), "legal", unit), legal));
        all.push((flow(item, from, to, "smuggled", unit), diverted));
    }
    for &c in &plan.edges.chips {
        let chip = &model.chips[c];
        let from = format!("designer.{}", model.designers[chip.designer].id);
        for (n, country) in model.countries.iter().enumerate() {
            let here = |s: &usize| {
                let sale = &plan.edges.sales[*s];
                sale.chip == c && model.buyers[sale.buyer].country.index() == n
            };
            let sales: Vec<usize> = (0..plan.edges.sales.len()).filter(|s| here(s)).collect();
            if sales.is_empty() {
                continue;
            }
            let to = format!("country.{}", country.id);
            let item = format!("chip.{}", chip.id);
            for (channel, free) in [("legal", true), ("licensed", false)] {
                let f = flow(item.clone(), from.clone(), to.clone(), channel, "chips");
                all.push((f, FlowSource::Sales(sales.clone(), free)));
            }
            let grey_options: Vec<usize> = sales.iter().filter_map(|&s| plan.edges.sales[s].grey).collect();
            if !grey_options.is_empty() {
                all.push((
                    flow(item, from.clone(), to, "smuggled", "chips"),
                    FlowSource::Smuggled(grey_options),
                ));
            }
        }
    }
    for (r, route) in model.routes.iter().enumerate() {
        let from = format!("route.{}", route.id);
        let to = format!("country.{}", model.countries[route.via].id);
        let (item, unit) = match route.good {
            Some(good) => (format!("good.{}", model.goods[good].id), model.goods[good].unit.as_str()),
            None => ("chips".to_owned(), "chips"),
        };
        all.push((flow(item, from, to, "seized", unit), FlowSource::Seized(RouteId(r as u32))));
    }
    for (l, link) in plan.usage.links.iter().enumerate().filter(|(_, l)| l.weight.is_some()) {
        let from = format!("buyer.{}", model.buyers[link.buyer].id);
        let to = format!("lab.{}", model.labs[link.lab].id);
        all.push((flow("compute".to_owned(), from, to, "rental", "H100e"), FlowSource::Rental(l)));
    }
    all
}
