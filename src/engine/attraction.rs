//! How buyers weigh chips: a logit in value for money, used for what is ordered and for what will be.

use super::permits::Permits;
use crate::math::{Lanes, Mask};
use crate::plan::Plan;
use crate::plan::inputs::Inputs;

/// What does not change within a draw: performance and power of chips.
#[derive(Clone, Debug)]
pub struct DataSheets {
    /// Dense BF16 throughput, by chip [FLOP/s].
    pub flops: Vec<Lanes>,
    /// IT power, by chip [W].
    pub watts: Vec<Lanes>,
    /// Counting units of chips: chips, H100e, 8-bit H100e, TPP.
    pub units: Vec<[Lanes; 4]>,
    /// Quality for training: interconnect against the reference, by chip [1].
    pub quality: Vec<Lanes>,
    /// Effective throughput, by chip and mix of work: `chip * mixes + mix` [FLOP/s].
    effective: Vec<Lanes>,
    /// Elasticity θ [1].
    theta: Lanes,
    /// ω^θ [1].
    wait: Lanes,
}

impl DataSheets {
    /// Room for a plan's chips.
    pub fn new(plan: &Plan) -> Self {
        let chips = plan.model.chips.len();
        let zeros = vec![Lanes::ZERO; chips];
        Self {
            flops: zeros.clone(),
            watts: zeros.clone(),
            units: vec![[Lanes::ZERO; 4]; chips],
            quality: zeros,
            effective: vec![Lanes::ZERO; chips * plan.edges.mixes.len()],
            theta: Lanes::ONE,
            wait: Lanes::ZERO,
        }
    }

    /// Reads the sheets of a batch.
    pub fn read(&mut self, plan: &Plan, inputs: &Inputs) {
        let trade = &plan.model.trade;
        let training = &plan.model.training;
        self.theta = inputs.value(trade.elasticity);
        self.wait = inputs.value(trade.wait).pow(self.theta);
        let mixes = &plan.edges.mixes;
        for (c, chip) in plan.model.chips.iter().enumerate() {
            let id = crate::model::ChipId(c as u32);
            self.units[c] = super::permits::units(&plan.model, inputs, id);
            let flops = self.units[c][1] * (989.5 * 1e12);
            self.flops[c] = flops;
            let tdp = chip.tdp.map(|q| inputs.value(q) * inputs.value(plan.model.fleet.server_factor));
            self.watts[c] = chip.it_power.map(|q| inputs.value(q)).or(tdp).unwrap_or(Lanes::ZERO);
            self.quality[c] = chip.interconnect.map_or(Lanes::ONE, |q| {
                let ratio = inputs.value(q) / inputs.value(training.reference_interconnect);
                ratio.pow(inputs.value(training.interconnect_loss)).min(1.0)
            });
            for (m, &share) in mixes.iter().enumerate() {
                let fed = chip
                    .memory_bandwidth
                    .map_or(flops, |q| flops.min(inputs.value(q) * 1e9 * inputs.value(trade.intensity)));
                let memory_bound = inputs.value(share);
                self.effective[c * mixes.len() + m] =
                    1.0 / ((1.0 - memory_bound) / flops + memory_bound / fed);
            }
        }
    }
}

/// Attraction of every option, and of waiting.
#[derive(Clone, Debug)]
pub struct Attraction {
    /// Of legal sales, were there permission: by sale.
    pub asked: Vec<Lanes>,
    /// Of legal options: `asked` where something is permitted.
    pub legal: Vec<Lanes>,
    /// Of smuggled options.
    pub grey: Vec<Lanes>,
    /// Of waiting for a better legal offer, by buyer.
    pub wait: Vec<Lanes>,
    /// Sum over legal options and waiting, by buyer.
    pub legal_total: Vec<Lanes>,
    /// Sum over all options and waiting for any, by buyer.
    pub total: Vec<Lanes>,
    /// Share of a buyer's money that smuggled options attract.
    pub grey_share: Vec<Lanes>,
    preference: Vec<Lanes>,
    value: Vec<Lanes>,
    grey_value: Vec<Lanes>,
}

/// What a quarter's choice is made from.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Quarter whose prices and preferences count.
    pub quarter: usize,
    /// Ramp by chip.
    pub ramp: &'a [Lanes],
    /// Offers by (chip, market).
    pub offered: &'a [Mask],
    /// Permission by (chip, market).
    pub permitted: &'a [Lanes],
    /// Fee by (chip, market).
    pub fee: &'a [Lanes],
    /// Whether smuggling of a chip is possible for want of stock, by chip.
    pub in_stock: &'a [Mask],
    /// Capacity of chip routes to each country [chips/quarter].
    pub route_capacity: &'a [Lanes],
    /// Grey-market price over list price, by country [1].
    pub premium: &'a [Lanes],
}

impl Attraction {
    /// Room for a plan's edges.
    pub fn new(plan: &Plan) -> Self {
        let e = &plan.edges;
        Self {
            asked: vec![Lanes::ZERO; e.sales.len()],
            legal: vec![Lanes::ZERO; e.sales.len()],
            grey: vec![Lanes::ZERO; e.greys.len()],
            wait: vec![Lanes::ZERO; plan.model.buyers.len()],
            legal_total: vec![Lanes::ZERO; plan.model.buyers.len()],
            total: vec![Lanes::ZERO; plan.model.buyers.len()],
            grey_share: vec![Lanes::ZERO; plan.model.buyers.len()],
            preference: vec![Lanes::ONE; e.affinities.len()],
            value: vec![Lanes::ZERO; e.offers.len()],
            grey_value: vec![Lanes::ZERO; e.offers.len()],
        }
    }

    /// Weighs all options.
    #[inline(always)]
    pub fn weigh(&mut self, plan: &Plan, inputs: &Inputs, sheets: &DataSheets, view: &View<'_>) {
        let edges = &plan.edges;
        for (i, &(_, _, affinity)) in edges.affinities.iter().enumerate() {
            self.preference[i] = inputs.at(affinity, view.quarter).pow(sheets.theta);
        }
        self.value_offers(plan, inputs, sheets, view);
        let willing = inputs.value(plan.model.diversion.willing);
        for b in 0..edges.of_buyer.len() {
            let (mut sum, mut best) = (Lanes::ZERO, Lanes::ZERO);
            let (mut grey_sum, mut grey_best) = (Lanes::ZERO, Lanes::ZERO);
            let country = plan.model.buyers[b].country.index();
            for s in edges.of_buyer[b].clone() {
                let sale = &edges.sales[s];
                let c = sale.chip.index();
                let preference = sale.affinity.map_or(Lanes::ONE, |i| self.preference[i]);
                let weight = view.offered[sale.stand].select(view.ramp[c] * preference, Lanes::ZERO);
                let permitted = view.permitted[sale.stand];
                let asked = weight * self.value[sale.offer];
                let legal = permitted.gt(Lanes::ZERO).select(asked, Lanes::ZERO);
                self.asked[s] = asked;
                self.legal[s] = legal;
                sum += legal;
                best = best.max(legal);
                if let Some(g) = sale.grey {
                    let possible = view.in_stock[c] & view.route_capacity[country].gt(Lanes::ZERO);
                    let grey = willing * (1.0 - permitted) * weight * self.grey_value[sale.offer];
                    let grey = possible.select(grey, Lanes::ZERO);
                    self.grey[g] = grey;
                    grey_sum += grey;
                    grey_best = grey_best.max(grey);
                }
            }
            self.wait[b] = sheets.wait * best;
            self.legal_total[b] = sum + self.wait[b];
            self.total[b] = sum + grey_sum + sheets.wait * best.max(grey_best);
            self.grey_share[b] = grey_sum.per(self.total[b]);
        }
    }

    #[inline(always)]
    fn value_offers(&mut self, plan: &Plan, inputs: &Inputs, sheets: &DataSheets, view: &View<'_>) {
        let edges = &plan.edges;
        let per_watt = inputs.value(plan.model.trade.usd_per_watt);
        let per_chip = inputs.value(plan.model.trade.usd_per_chip);
        let support = inputs.value(plan.model.diversion.support);
        for (o, offer) in edges.offers.iter().enumerate() {
            let c = offer.chip.index();
            let (Some(price), true) = (plan.model.chips[c].price, view.ramp[c].gt(Lanes::ZERO).any()) else {
                self.value[o] = Lanes::ZERO;
                self.grey_value[o] = Lanes::ZERO;
                continue;
            };
            let price = inputs.at(price, view.quarter);
            let effective = sheets.effective[c * edges.mixes.len() + offer.mix];
            let running = per_watt * sheets.watts[c] + per_chip;
            let cost = price * (1.0 + view.fee[offer.stand]) + running;
            self.value[o] = (effective / cost).pow(sheets.theta);
            let country = edges.markets[offer.stand % edges.markets.len()].delivery.index();
            let smuggled =
                !edges.routes_to[country].is_empty() && view.permitted[offer.stand].lt(Lanes::ONE).any();
            self.grey_value[o] = if smuggled {
                (effective * support / (price * view.premium[country] + running)).pow(sheets.theta)
            } else {
                Lanes::ZERO
            };
        }
    }
}

/// Share of what is wanted from smugglers that routes can carry, by country [1].
#[inline(always)]
pub fn limit_to_routes(plan: &Plan, capacity: &[Lanes], wants: impl Fn(usize) -> Lanes, reach: &mut [Lanes]) {
    reach.fill(Lanes::ZERO);
    for (g, &s) in plan.edges.greys.iter().enumerate() {
        let buyer = plan.edges.sales[s].buyer.index();
        reach[plan.model.buyers[buyer].country.index()] += wants(g);
    }
    for (wanted, &capacity) in reach.iter_mut().zip(capacity) {
        *wanted = wanted.gt(capacity).select(capacity.per(*wanted), Lanes::ONE);
    }
}

/// Expected sales of every chip: what buyers' money would buy at arrival, less what they will have smuggled.
#[inline(always)]
pub fn expected_sales(
    plan: &Plan,
    inputs: &Inputs,
    permits: &Permits,
    attraction: &Attraction,
    view: &View<'_>,
    appetite: &[Lanes],
    expected: &mut [Lanes],
) {
    expected.fill(Lanes::ZERO);
    let world = inputs.value(plan.model.trade.world_budget);
    debug_assert_eq!(permits.ramp_ahead.len(), expected.len());
    let money: Vec<Lanes> = (plan.model.buyers.iter().zip(appetite))
        .map(|(buyer, &appetite)| {
            buyer.budget.map_or(Lanes::ZERO, |q| inputs.at(q, view.quarter) * world * appetite)
        })
        .collect();
    let mut reach = vec![Lanes::ZERO; plan.model.countries.len()];
    let wants = |g: usize| {
        let sale = &plan.edges.sales[plan.edges.greys[g]];
        let (b, c) = (sale.buyer.index(), sale.chip.index());
        let premium = view.premium[plan.model.buyers[b].country.index()];
        let street = plan.model.chips[c].price.map_or(Lanes::ONE, |q| inputs.at(q, view.quarter)) * premium;
        money[b].per(attraction.total[b]) * attraction.grey[g] / street
    };
    limit_to_routes(plan, view.route_capacity, wants, &mut reach);
    for (b, buyer) in plan.model.buyers.iter().enumerate() {
        let grey = reach[buyer.country.index()] * attraction.grey_share[b];
        let per_weight = (money[b] * (1.0 - grey)).per(attraction.legal_total[b]);
        for s in plan.edges.of_buyer[b].clone() {
            let sale = &plan.edges.sales[s];
            let c = sale.chip.index();
            if let Some(price) = plan.model.chips[c].price {
                let price = inputs.at(price, view.quarter) * (1.0 + view.fee[sale.stand]);
                expected[c] += per_weight * attraction.legal[s] * view.permitted[sale.stand] / price;
            }
        }
    }
}
