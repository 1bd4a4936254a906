//! How buyers weigh chips: a logit in value for money, used for what is ordered and for what will be.

use crate::inputs::Inputs;
use crate::math::{Lanes, Mask};
use crate::model::{ChipUnit, PerUnit, h100};
use crate::plan::Plan;

/// What does not change within a draw: performance and power of chips.
#[derive(Clone, Debug)]
pub struct DataSheets {
    /// Dense BF16 throughput, by chip [FLOP/s].
    pub flops: Vec<Lanes>,
    /// IT power, by chip [W].
    pub watts: Vec<Lanes>,
    /// Counting units of chips: chips, H100e, 8-bit H100e, TPP.
    pub units: Vec<PerUnit<Lanes>>,
    /// Quality for training: interconnect against the reference, by chip [1].
    pub quality: Vec<Lanes>,
    /// Effective throughput, by chip and mix of work: `chip * mixes + mix` [FLOP/s].
    effective: Vec<Lanes>,
    /// Elasticity θ [1].
    theta: Lanes,
    /// ω^θ [1].
    pub wait: Lanes,
    /// Preferences that do not change over time, to the power of θ [1].
    preference: Vec<Lanes>,
}

impl DataSheets {
    /// Empty sheets of a plan's chips.
    pub fn new(plan: &Plan) -> Self {
        let chips = plan.model.chips.len();
        let zeros = vec![Lanes::ZERO; chips];
        Self {
            flops: zeros.clone(),
            watts: zeros.clone(),
            units: vec![PerUnit::splat(Lanes::ZERO); chips],
            quality: zeros,
            effective: vec![Lanes::ZERO; chips * plan.edges.mixes.len()],
            theta: Lanes::ONE,
            wait: Lanes::ZERO,
            preference: vec![Lanes::ONE; plan.edges.affinities.len()],
        }
    }

    /// Reads the sheets of a batch.
    #[inline(always)]
    pub fn read(&mut self, plan: &Plan, inputs: &Inputs) {
        let trade = &plan.model.trade;
        let training = &plan.model.training;
        self.theta = inputs.value(trade.elasticity);
        self.wait = inputs.value(trade.wait).pow(self.theta);
        for (i, &(_, _, affinity)) in plan.edges.affinities.iter().enumerate() {
            if inputs.is_constant(affinity) {
                self.preference[i] = inputs.value(affinity).pow(self.theta);
            }
        }
        let mixes = &plan.edges.mixes;
        for (c, chip) in plan.model.chips.iter().enumerate() {
            let id = crate::model::ChipId(c as u32);
            self.units[c] = super::controls::units(&plan.model, inputs, id);
            let flops = self.units[c][ChipUnit::H100e] * h100::FLOP_PER_SECOND;
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

/// Choice of every option, and of waiting.
///
/// Only options that may be chosen in some draw are weighed; of the others everything is 0.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Of legal sales, were there permission: by sale.
    pub asked: Vec<Lanes>,
    /// Of legal options: `asked` where something is permitted.
    pub legal: Vec<Lanes>,
    /// Of grey-market options.
    pub grey: Vec<Lanes>,
    /// Of waiting for a better legal offer, by buyer.
    pub wait: Vec<Lanes>,
    /// Sum over legal options and waiting, by buyer.
    pub legal_total: Vec<Lanes>,
    /// Sum over all options and waiting for any, by buyer.
    pub total: Vec<Lanes>,
    /// Price with fees, by (chip, market), where a chip on sale is offered [USD].
    pub price: Vec<Lanes>,
    /// List price, by chip on sale [USD].
    pub list: Vec<Lanes>,
    /// Chips on sale in some draw.
    pub chips: Vec<usize>,
    /// Sales that are asked for in some draw, by buyer.
    pub wanted: Options,
    /// Of them those that are permitted or smuggled in some draw.
    pub open: Options,
    /// Share of a buyer's money that grey-market options attract.
    pub grey_share: Vec<Lanes>,
    preference: Vec<Lanes>,
    value: Vec<Lanes>,
    grey_value: Vec<Lanes>,
    on_sale: Vec<bool>,
    /// Values without any fee, by chip and mix of work, where they are known.
    plain: Vec<Lanes>,
    plain_known: Vec<bool>,
    /// Values of smuggled chips, by chip, mix and country, where they are known.
    street: Vec<Lanes>,
    street_known: Vec<bool>,
}

/// Sales in order, buyer by buyer.
#[derive(Clone, Debug)]
pub struct Options {
    sales: Vec<u32>,
    starts: Vec<u32>,
}

impl Options {
    /// An empty list.
    pub(in crate::engine) fn new(plan: &Plan) -> Self {
        let buyers = plan.edges.of_buyer.len();
        Self { sales: Vec::with_capacity(plan.edges.sales.len()), starts: vec![0; buyers + 1] }
    }

    /// All of them.
    #[inline(always)]
    pub fn all(&self) -> impl Iterator<Item = usize> + '_ {
        self.sales.iter().map(|&s| s as usize)
    }

    /// Those of one buyer.
    #[inline(always)]
    pub fn of(&self, buyer: usize) -> impl Iterator<Item = usize> + '_ {
        let range = self.starts[buyer] as usize..self.starts[buyer + 1] as usize;
        self.sales[range].iter().map(|&s| s as usize)
    }

    /// Starts a new list.
    #[inline(always)]
    pub(in crate::engine) fn clear(&mut self) {
        self.sales.clear();
    }

    /// Adds a sale of the buyer whose turn it is.
    #[inline(always)]
    pub(in crate::engine) fn push(&mut self, sale: usize) {
        self.sales.push(sale as u32);
    }

    /// Ends the turn of a buyer.
    #[inline(always)]
    pub(in crate::engine) fn end(&mut self, buyer: usize) {
        self.starts[buyer + 1] = self.sales.len() as u32;
    }

    /// Copies a list.
    #[inline(always)]
    pub(in crate::engine) fn copy(&mut self, other: &Self) {
        self.sales.clear();
        self.sales.extend_from_slice(&other.sales);
        self.starts.copy_from_slice(&other.starts);
    }
}

/// What a quarter's choice is made from.
#[derive(Clone, Copy, Debug)]
pub struct ChoiceContext<'a> {
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

impl Choice {
    /// A choice in which no option has any weight.
    pub fn new(plan: &Plan) -> Self {
        let e = &plan.edges;
        let lanes = |n: usize| vec![Lanes::ZERO; n];
        let plain = plan.model.chips.len() * e.mixes.len();
        Self {
            asked: lanes(e.sales.len()),
            legal: lanes(e.sales.len()),
            grey: lanes(e.grey_options.len()),
            wait: lanes(plan.model.buyers.len()),
            legal_total: lanes(plan.model.buyers.len()),
            total: lanes(plan.model.buyers.len()),
            grey_share: lanes(plan.model.buyers.len()),
            price: lanes(e.chip_markets.len()),
            list: lanes(plan.model.chips.len()),
            chips: Vec::with_capacity(plan.model.chips.len()),
            wanted: Options::new(plan),
            open: Options::new(plan),
            preference: vec![Lanes::ONE; e.affinities.len()],
            value: lanes(e.offers.len()),
            grey_value: lanes(e.offers.len()),
            on_sale: vec![false; plan.model.chips.len()],
            plain: lanes(plain),
            plain_known: vec![false; plain],
            street: lanes(plain * plan.model.countries.len()),
            street_known: vec![false; plain * plan.model.countries.len()],
        }
    }

    /// Weighs all options.
    #[inline(always)]
    pub fn weigh(&mut self, plan: &Plan, inputs: &Inputs, sheets: &DataSheets, view: &ChoiceContext<'_>) {
        let edges = &plan.edges;
        for (i, &(_, _, affinity)) in edges.affinities.iter().enumerate() {
            self.preference[i] = if inputs.is_constant(affinity) {
                sheets.preference[i]
            } else {
                inputs.at(affinity, view.quarter).pow(sheets.theta)
            };
        }
        self.value_offers(plan, inputs, sheets, view);
        self.clear(plan);
        let willing = inputs.value(plan.model.diversion.willing);
        let (sales, on_sale, offered) = (&edges.sales[..], &self.on_sale[..], view.offered);
        let (value, grey_value, preferences) = (&self.value[..], &self.grey_value[..], &self.preference[..]);
        let (all_asked, all_legal, all_grey) = (&mut self.asked[..], &mut self.legal[..], &mut self.grey[..]);
        for b in 0..edges.of_buyer.len() {
            let (mut sum, mut best) = (Lanes::ZERO, Lanes::ZERO);
            let (mut grey_sum, mut grey_best) = (Lanes::ZERO, Lanes::ZERO);
            let smuggles = view.route_capacity[plan.model.buyers[b].country.index()].gt(Lanes::ZERO);
            for s in edges.of_buyer[b].clone() {
                let sale = &sales[s];
                let c = sale.chip.index();
                if !on_sale[c] || !offered[sale.chip_market].any() {
                    continue;
                }
                let preference = sale.affinity.map_or(Lanes::ONE, |i| preferences[i]);
                let weight = offered[sale.chip_market].select(view.ramp[c] * preference, Lanes::ZERO);
                let permitted = view.permitted[sale.chip_market];
                let asked = weight * value[sale.offer];
                let legal = permitted.gt(Lanes::ZERO).select(asked, Lanes::ZERO);
                all_asked[s] = asked;
                all_legal[s] = legal;
                self.wanted.push(s);
                let mut open = legal.gt(Lanes::ZERO);
                sum += legal;
                best = best.max(legal);
                if let (Some(g), true) = (sale.grey, permitted.lt(Lanes::ONE).any()) {
                    let possible = view.in_stock[c] & smuggles;
                    let grey = willing * (1.0 - permitted) * weight * grey_value[sale.offer];
                    let grey = possible.select(grey, Lanes::ZERO);
                    all_grey[g] = grey;
                    open = open | grey.gt(Lanes::ZERO);
                    grey_sum += grey;
                    grey_best = grey_best.max(grey);
                }
                if open.any() {
                    self.open.push(s);
                }
            }
            self.wanted.end(b);
            self.open.end(b);
            self.wait[b] = sheets.wait * best;
            self.legal_total[b] = sum + self.wait[b];
            self.total[b] = sum + grey_sum + sheets.wait * best.max(grey_best);
            self.grey_share[b] = grey_sum.per(self.total[b]);
        }
    }

    /// Sales whose grey-market options may be chosen in some draw, with those options, in order.
    #[inline(always)]
    pub fn smuggled<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (usize, usize)> + 'a {
        let grey = self.open.all().filter_map(|s| Some((s, plan.edges.sales[s].grey?)));
        grey.filter(|&(_, g)| self.grey[g].gt(Lanes::ZERO).any())
    }

    /// Forgets what was weighed last.
    #[inline(always)]
    fn clear(&mut self, plan: &Plan) {
        for s in self.wanted.sales.drain(..) {
            let s = s as usize;
            self.asked[s] = Lanes::ZERO;
            self.legal[s] = Lanes::ZERO;
            if let Some(g) = plan.edges.sales[s].grey {
                self.grey[g] = Lanes::ZERO;
            }
        }
        self.open.clear();
    }

    #[inline(always)]
    fn value_offers(&mut self, plan: &Plan, inputs: &Inputs, sheets: &DataSheets, view: &ChoiceContext<'_>) {
        let edges = &plan.edges;
        self.chips.clear();
        for (c, chip) in plan.model.chips.iter().enumerate() {
            self.on_sale[c] = chip.price.is_some() && view.ramp[c].gt(Lanes::ZERO).any();
            if let (Some(price), true) = (chip.price, self.on_sale[c]) {
                self.list[c] = inputs.at(price, view.quarter);
                self.chips.push(c);
            }
        }
        let per_watt = inputs.value(plan.model.trade.usd_per_watt);
        let per_chip = inputs.value(plan.model.trade.usd_per_chip);
        let support = inputs.value(plan.model.diversion.support);
        self.plain_known.fill(false);
        self.street_known.fill(false);
        for (o, offer) in edges.offers.iter().enumerate() {
            let c = offer.chip.index();
            if !self.on_sale[c] || !view.offered[offer.chip_market].any() {
                continue;
            }
            let price = self.list[c];
            let use_of = c * edges.mixes.len() + offer.mix;
            let effective = sheets.effective[use_of];
            let running = per_watt * sheets.watts[c] + per_chip;
            let fee = view.fee[offer.chip_market];
            self.price[offer.chip_market] = price * (1.0 + fee);
            // Powers are dear: markets without a fee share one, and smuggled chips have one for each country.
            let value = |paid: Lanes| (effective / (paid + running)).pow(sheets.theta);
            self.value[o] = if fee == Lanes::ZERO {
                if !std::mem::replace(&mut self.plain_known[use_of], true) {
                    self.plain[use_of] = value(price);
                }
                self.plain[use_of]
            } else {
                value(self.price[offer.chip_market])
            };
            let country = edges.markets[offer.chip_market % edges.markets.len()].delivery.index();
            let smuggled = !edges.routes_to[country].is_empty()
                && view.permitted[offer.chip_market].lt(Lanes::ONE).any();
            if smuggled {
                let place = use_of * plan.model.countries.len() + country;
                if !std::mem::replace(&mut self.street_known[place], true) {
                    let street = price * view.premium[country] + running;
                    self.street[place] = (effective * support / street).pow(sheets.theta);
                }
                self.grey_value[o] = self.street[place];
            }
        }
    }
}

/// Share of what is wanted from smugglers that routes can carry, by country [1]; `wants` are those of a grey-market option [chips].
#[inline(always)]
pub fn limit_to_routes(
    plan: &Plan,
    choice: &Choice,
    capacity: &[Lanes],
    wants: impl Fn(usize) -> Lanes,
    reach: &mut [Lanes],
) {
    reach.fill(Lanes::ZERO);
    for (_, g) in choice.smuggled(plan) {
        reach[plan.edges.sales[plan.edges.grey_options[g]].country.index()] += wants(g);
    }
    for (wanted, &capacity) in reach.iter_mut().zip(capacity) {
        *wanted = wanted.gt(capacity).select(capacity.per(*wanted), Lanes::ONE);
    }
}

/// Expected sales of every chip: what buyers' money [USD] would buy at arrival, less what they will have smuggled.
///
/// `reach` is room for what routes can carry, by country.
#[inline(always)]
pub fn expected_sales(
    plan: &Plan,
    choice: &Choice,
    view: &ChoiceContext<'_>,
    money: &[Lanes],
    reach: &mut [Lanes],
    expected: &mut [Lanes],
) {
    expected.fill(Lanes::ZERO);
    let wants = |g: usize| {
        let sale = &plan.edges.sales[plan.edges.grey_options[g]];
        let (b, c) = (sale.buyer.index(), sale.chip.index());
        let street = choice.list[c] * view.premium[sale.country.index()];
        money[b].per(choice.total[b]) * choice.grey[g] / street
    };
    limit_to_routes(plan, choice, view.route_capacity, wants, reach);
    for (b, buyer) in plan.model.buyers.iter().enumerate() {
        let grey = reach[buyer.country.index()] * choice.grey_share[b];
        let per_weight = (money[b] * (1.0 - grey)).per(choice.legal_total[b]);
        for s in choice.open.of(b) {
            let sale = &plan.edges.sales[s];
            let price = choice.price[sale.chip_market];
            expected[sale.chip.index()] +=
                per_weight * choice.legal[s] * view.permitted[sale.chip_market] / price;
        }
    }
}
