//! How buyers weigh chips: a logit in value for money, used for what is ordered and for what will be.

use super::data_sheets::DataSheets;
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, Mask};
use crate::plan::Plan;

/// Less than this of a chip is rounding, not something to buy or to smuggle \[chips\].
pub(crate) const DUST: f64 = 1e-6;

/// Weights of all options, and of waiting.
///
/// Only options that may be chosen in some draw are weighed; of the others everything is 0.
#[derive(Clone, Debug)]
pub struct ChoiceOutputs {
    /// Of legal sales, were there permission: by sale.
    pub asked: List<Lanes>,
    /// Of legal options: `asked` where something is permitted.
    pub legal: List<Lanes>,
    /// Of grey-market options, times the share of money that would go to them.
    pub grey: List<Lanes>,
    /// Of waiting for a better legal offer, by buyer.
    pub wait: List<Lanes>,
    /// Sum over legal options and waiting, by buyer.
    pub legal_total: List<Lanes>,
    /// Sum over all options and waiting for any, by buyer.
    pub total: List<Lanes>,
    /// Share of a buyer's money that grey-market options attract.
    pub grey_share: List<Lanes>,
    /// A buyer's budget over what it would be if everything were permitted at list price \[1\].
    pub access: List<Lanes>,
    /// Price with fees, by (chip, market), where a chip on sale is offered \[USD\].
    pub price: List<Lanes>,
    /// List price, by chip on sale \[USD\].
    pub list: List<Lanes>,
    /// Chips on sale in some draw.
    pub chips: Vec<usize>,
    /// Sales that are asked for in some draw, by buyer.
    pub wanted: Options,
    /// Of them those that are permitted or smuggled in some draw.
    pub open: Options,
}

/// Room to work in.
#[derive(Clone, Debug)]
pub(crate) struct ChoiceScratch {
    /// Preferences to the power of θ \[1\].
    preference: List<Lanes>,
    /// Values of legal offers, to the power of θ.
    value: List<Lanes>,
    /// Values of smuggled offers, to the power of θ.
    grey_value: List<Lanes>,
    on_sale: Vec<bool>,
    /// Values without any fee, by chip and mix of work, where they are known.
    plain: List<Lanes>,
    plain_known: Vec<bool>,
    /// Values of smuggled chips, by chip, mix and country, where they are known.
    street: List<Lanes>,
    street_known: Vec<bool>,
}

/// The step.
pub(crate) struct Choice<'a> {
    pub out: &'a mut ChoiceOutputs,
    pub scratch: &'a mut ChoiceScratch,
}

/// Sales in order, buyer by buyer.
#[derive(Clone, Debug)]
pub struct Options {
    sales: Vec<u32>,
    starts: Vec<u32>,
}

impl Options {
    /// An empty list.
    pub(crate) fn new(plan: &Plan) -> Self {
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
    pub fn of(&self, buyer: usize) -> impl Iterator<Item = usize> + Clone + '_ {
        let range = self.starts[buyer] as usize..self.starts[buyer + 1] as usize;
        self.sales[range].iter().map(|&s| s as usize)
    }

    /// Starts a new list.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.sales.clear();
    }

    /// Adds a sale of the buyer whose turn it is.
    #[inline(always)]
    pub(crate) fn push(&mut self, sale: usize) {
        self.sales.push(sale as u32);
    }

    /// Ends the turn of a buyer.
    #[inline(always)]
    pub(crate) fn end(&mut self, buyer: usize) {
        self.starts[buyer + 1] = self.sales.len() as u32;
    }

    /// Copies a list.
    #[inline(always)]
    pub(crate) fn copy(&mut self, other: &Self) {
        self.sales.clear();
        self.sales.extend_from_slice(&other.sales);
        self.starts.copy_from_slice(&other.starts);
    }
}

/// What a quarter's choice is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChoiceContext<'a> {
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
    /// Capacity of chip routes to each country \[chips/quarter\], and in money \[USD/quarter\].
    pub route_capacity: &'a [Lanes],
    /// The same in money \[USD/quarter\].
    pub route_usd: &'a [Lanes],
    /// Grey-market price over list price, by country \[1\].
    pub premium: &'a [Lanes],
}

impl ChoiceOutputs {
    /// No option has any weight.
    pub fn new(plan: &Plan) -> Self {
        let e = &plan.edges;
        let lanes = |n: usize| List::of(Lanes::ZERO, n);
        let (chips, buyers) = (plan.model.chips.len(), plan.model.buyers.len());
        Self {
            asked: lanes(e.sales.len()),
            legal: lanes(e.sales.len()),
            grey: lanes(e.grey_options.len()),
            wait: lanes(buyers),
            legal_total: lanes(buyers),
            total: lanes(buyers),
            grey_share: lanes(buyers),
            access: List::of(Lanes::ONE, buyers),
            price: lanes(e.chip_markets.len()),
            list: lanes(chips),
            chips: Vec::with_capacity(chips),
            wanted: Options::new(plan),
            open: Options::new(plan),
        }
    }

    /// Sales whose grey-market options may be chosen in some draw, with those options, in order.
    #[inline(always)]
    pub fn smuggled<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (usize, usize)> + 'a {
        let grey = self.open.all().filter_map(|s| Some((s, plan.edges.sales[s].grey?)));
        grey.filter(|&(_, g)| self.grey[g].gt(Lanes::ZERO).any())
    }
}

impl ChoiceScratch {
    /// Room for a plan's edges.
    pub(crate) fn new(plan: &Plan) -> Self {
        let e = &plan.edges;
        let lanes = |n: usize| List::of(Lanes::ZERO, n);
        let pairs = plan.model.chips.len() * e.mixes.len();
        Self {
            preference: List::of(Lanes::ONE, e.affinities.len()),
            value: lanes(e.offers.len()),
            grey_value: lanes(e.offers.len()),
            on_sale: vec![false; plan.model.chips.len()],
            plain: lanes(pairs),
            plain_known: vec![false; pairs],
            street: lanes(pairs * plan.model.countries.len()),
            street_known: vec![false; pairs * plan.model.countries.len()],
        }
    }
}

impl Choice<'_> {
    /// Weighs all options.
    #[inline(always)]
    pub(crate) fn weigh(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        sheets: &DataSheets,
        context: &ChoiceContext<'_>,
    ) {
        let edges = &plan.edges;
        for (i, &(_, _, affinity)) in edges.affinities.iter().enumerate() {
            self.scratch.preference[i] = if inputs.is_constant(affinity) {
                sheets.preference[i]
            } else {
                inputs.at(affinity, context.quarter).pow(sheets.theta)
            };
        }
        self.value_offers(plan, inputs, sheets, context);
        self.clear(plan);
        let willing = inputs.value(plan.model.diversion.willing);
        let (answers, mixes) = (sheets.eagerness.gt(Lanes::ZERO).any(), edges.mixes.len());
        let at_list = &self.scratch.plain[..];
        let (sales, on_sale, offered) = (&edges.sales[..], &self.scratch.on_sale[..], context.offered);
        let (value, grey_value, preferences) =
            (&self.scratch.value[..], &self.scratch.grey_value[..], &self.scratch.preference[..]);
        let (all_asked, all_legal, all_grey) =
            (&mut self.out.asked[..], &mut self.out.legal[..], &mut self.out.grey[..]);
        for b in 0..edges.of_buyer.len() {
            let (mut sum, mut best) = (Lanes::ZERO, Lanes::ZERO);
            let (mut grey_sum, mut grey_best) = (Lanes::ZERO, Lanes::ZERO);
            let (mut granted, mut whole) = (Lanes::ZERO, Lanes::ZERO);
            let smuggles = context.route_capacity[plan.model.buyers[b].country.index()].gt(Lanes::ZERO);
            for s in edges.of_buyer[b].clone() {
                let sale = &sales[s];
                let c = sale.chip.index();
                if !on_sale[c] || !offered[sale.chip_market].any() {
                    continue;
                }
                let preference = sale.affinity.map_or(Lanes::ONE, |i| preferences[i]);
                let weight = offered[sale.chip_market].select(context.ramp[c] * preference, Lanes::ZERO);
                let permitted = context.permitted[sale.chip_market];
                let asked = weight * value[sale.offer];
                let legal = permitted.gt(Lanes::ZERO).select(asked, Lanes::ZERO);
                all_asked[s] = asked;
                all_legal[s] = legal;
                self.out.wanted.push(s);
                let mut open = legal.gt(Lanes::ZERO);
                sum += legal;
                best = best.max(legal);
                if answers {
                    granted += permitted * legal;
                    whole += weight * at_list[c * mixes + edges.offers[sale.offer].mix];
                }
                if let (Some(g), true) = (sale.grey, permitted.lt(Lanes::ONE).any()) {
                    let possible = context.in_stock[c] & smuggles;
                    let grey = sheets.carries[c] * (1.0 - permitted) * weight * grey_value[sale.offer];
                    let grey = possible.select(grey, Lanes::ZERO);
                    all_grey[g] = willing * grey;
                    open = open | grey.gt(Lanes::ZERO);
                    grey_sum += grey;
                    grey_best = grey_best.max(grey);
                }
                if open.any() || plan.commitments.of_sale[s] {
                    self.out.open.push(s);
                }
            }
            self.out.wanted.end(b);
            self.out.open.end(b);
            self.out.wait[b] = sheets.wait * best;
            self.out.legal_total[b] = sum + self.out.wait[b];
            self.out.total[b] = sum + grey_sum + sheets.wait * best.max(grey_best);
            self.out.grey_share[b] = willing * grey_sum.per(self.out.total[b]);
            self.out.access[b] = if answers {
                let part = (granted + willing * grey_sum).per(whole).pow(sheets.eagerness);
                whole.gt(Lanes::ZERO).select(part, Lanes::ONE)
            } else {
                Lanes::ONE
            };
        }
    }

    /// Forgets what was weighed last.
    #[inline(always)]
    fn clear(&mut self, plan: &Plan) {
        for s in self.out.wanted.sales.drain(..) {
            let s = s as usize;
            self.out.asked[s] = Lanes::ZERO;
            self.out.legal[s] = Lanes::ZERO;
            if let Some(g) = plan.edges.sales[s].grey {
                self.out.grey[g] = Lanes::ZERO;
            }
        }
        self.out.open.clear();
    }

    #[inline(always)]
    fn value_offers(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        sheets: &DataSheets,
        context: &ChoiceContext<'_>,
    ) {
        let edges = &plan.edges;
        self.out.chips.clear();
        for (c, chip) in plan.model.chips.iter().enumerate() {
            self.scratch.on_sale[c] = chip.price.is_some() && context.ramp[c].gt(Lanes::ZERO).any();
            if let (Some(price), true) = (chip.price, self.scratch.on_sale[c]) {
                self.out.list[c] = inputs.at(price, context.quarter);
                self.out.chips.push(c);
            }
        }
        let per_watt = inputs.value(plan.model.trade.usd_per_watt);
        let per_chip = inputs.value(plan.model.trade.usd_per_chip);
        let support = inputs.value(plan.model.diversion.support);
        let answers = sheets.eagerness.gt(Lanes::ZERO).any();
        self.scratch.plain_known.fill(false);
        self.scratch.street_known.fill(false);
        for (o, offer) in edges.offers.iter().enumerate() {
            let c = offer.chip.index();
            if !self.scratch.on_sale[c] || !context.offered[offer.chip_market].any() {
                continue;
            }
            let price = self.out.list[c];
            let use_of = c * edges.mixes.len() + offer.mix;
            let effective = sheets.effective[use_of];
            let running = per_watt * sheets.watts[c] + per_chip;
            let fee = context.fee[offer.chip_market];
            self.out.price[offer.chip_market] = price * (1.0 + fee);
            // Powers are dear: markets without a fee share one, and smuggled chips have one for each country.
            let value = |paid: Lanes| (effective / (paid + running)).pow(sheets.theta);
            let is_free = fee == Lanes::ZERO;
            if (is_free || answers) && !std::mem::replace(&mut self.scratch.plain_known[use_of], true) {
                self.scratch.plain[use_of] = value(price);
            }
            self.scratch.value[o] =
                if is_free { self.scratch.plain[use_of] } else { value(self.out.price[offer.chip_market]) };
            let country = edges.markets[offer.chip_market % edges.markets.len()].delivery.index();
            let smuggled = !edges.routes_to[country].is_empty()
                && context.permitted[offer.chip_market].lt(Lanes::ONE).any();
            if smuggled {
                let place = use_of * plan.model.countries.len() + country;
                if !std::mem::replace(&mut self.scratch.street_known[place], true) {
                    let street = price * context.premium[country] + running;
                    self.scratch.street[place] = (effective * support / street).pow(sheets.theta);
                }
                self.scratch.grey_value[o] = self.scratch.street[place];
            }
        }
    }
}

/// Share of what is wanted from smugglers that routes can carry, in number and in money, by country \[1\].
///
/// `wants` are those of a grey-market option \[USD\].
#[inline(always)]
pub(crate) fn limit_to_routes(
    plan: &Plan,
    choice: &ChoiceOutputs,
    context: &RouteLimits<'_>,
    wants: impl Fn(usize) -> Lanes,
    reach: &mut [Lanes],
) {
    let RouteLimits { capacity, usd, premium } = *context;
    for (n, routes) in plan.edges.routes_to.iter().enumerate() {
        reach[n] = Lanes::ONE;
        if routes.is_empty() {
            continue;
        }
        let (mut chips, mut money) = (Lanes::ZERO, Lanes::ZERO);
        for b in &plan.edges.buyers_in[n] {
            for s in choice.open.of(b.index()) {
                let sale = &plan.edges.sales[s];
                let Some(g) = sale.grey else { continue };
                let wanted = wants(g);
                chips += wanted / (choice.list[sale.chip.index()] * premium[n]);
                money += wanted;
            }
        }
        let fit = |wanted: Lanes, has: Lanes| wanted.gt(has).select(has.per(wanted), Lanes::ONE);
        reach[n] = fit(chips, capacity[n]).min(fit(money, usd[n]));
    }
}

/// What routes to each country can carry, and at what price.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RouteLimits<'a> {
    /// Capacity \[chips/quarter\].
    pub capacity: &'a [Lanes],
    /// Capacity in money \[USD/quarter\].
    pub usd: &'a [Lanes],
    /// Grey-market price over list price \[1\].
    pub premium: &'a [Lanes],
}

/// Expected sales of every chip: what buyers' money \[USD\] would buy at arrival, less what they will have smuggled.
///
/// `reach` is room for what routes can carry, by country.
#[inline(always)]
pub(crate) fn expected_sales(
    plan: &Plan,
    choice: &ChoiceOutputs,
    context: &ChoiceContext<'_>,
    money: &[Lanes],
    reach: &mut [Lanes],
    expected: &mut [Lanes],
) {
    expected.fill(Lanes::ZERO);
    let wants = |g: usize| {
        let b = plan.edges.sales[plan.edges.grey_options[g]].buyer.index();
        money[b].per(choice.total[b]) * choice.grey[g]
    };
    limit_to_routes(plan, choice, &context.routes(), wants, reach);
    for (b, buyer) in plan.model.buyers.iter().enumerate() {
        let grey = reach[buyer.country.index()] * choice.grey_share[b];
        let per_weight = (money[b] * (1.0 - grey)).per(choice.legal_total[b]);
        for s in choice.open.of(b) {
            let sale = &plan.edges.sales[s];
            let price = choice.price[sale.chip_market];
            expected[sale.chip.index()] +=
                per_weight * choice.legal[s] * context.permitted[sale.chip_market] / price;
        }
    }
}

impl<'a> ChoiceContext<'a> {
    /// What routes can carry, and at what price.
    fn routes(&self) -> RouteLimits<'a> {
        RouteLimits { capacity: self.route_capacity, usd: self.route_usd, premium: self.premium }
    }
}
