//! Who may sell what to whom, as flat lists: markets, sales, grey-market options and holdings.

use crate::inputs::Inputs;
use crate::model::{BuyerId, ChipId, CountryId, DesignerId, IdVec, Model, Nodes, QuantityId, RouteId};
use crate::network::Network;
use crate::rules::{CaseId, Rulebook};
use std::collections::BTreeSet;
use std::ops::Range;

/// Where a chip goes: rules look at nothing else of a buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Market {
    /// Country of delivery.
    pub delivery: CountryId,
    /// Country of the buyer's headquarters.
    pub headquarters: CountryId,
    /// Whether a buyer with a budget is in it, or only resellers.
    pub buys: bool,
}

/// A possible sale of a chip to a buyer.
#[derive(Clone, Copy, Debug)]
pub struct Sale {
    /// The chip.
    pub chip: ChipId,
    /// The buyer.
    pub buyer: BuyerId,
    /// The buyer's country.
    pub country: CountryId,
    /// Position of (chip, market) in tables of chips by markets.
    pub chip_market: usize,
    /// Position of (chip, market, mix) in the table of values for money.
    pub offer: usize,
    /// The buyer's preference for the designer, if given.
    pub affinity: Option<usize>,
    /// Position among grey-market options, if the chip can be smuggled to the buyer.
    pub grey: Option<usize>,
}

/// A chip's value for money to buyers of one market and mix of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The chip.
    pub chip: ChipId,
    /// Position of (chip, market).
    pub chip_market: usize,
    /// Position in `mixes`.
    pub mix: usize,
}

/// A stock of chips of one kind, owner and channel.
#[derive(Clone, Copy, Debug)]
pub struct Holding {
    /// The chip.
    pub chip: ChipId,
    /// The owner.
    pub buyer: BuyerId,
    /// The owner's country.
    pub country: CountryId,
    /// Whether it was smuggled.
    pub grey: bool,
}

/// All edges of the market for chips.
#[derive(Clone, Debug)]
pub struct Edges {
    /// Markets of buyers and resellers.
    pub markets: Vec<Market>,
    /// Rules on each (chip, market): `chip * markets + market`.
    pub chip_markets: Vec<CaseId>,
    /// Memory-bound shares of work that occur.
    pub mixes: Vec<QuantityId>,
    /// Values for money that are needed.
    pub offers: Vec<Offer>,
    /// Preferences by (buyer, designer), as exponents are taken once a quarter.
    pub affinities: Vec<(BuyerId, DesignerId, QuantityId)>,
    /// Sales, by buyer.
    pub sales: Vec<Sale>,
    /// Range of `sales` of each buyer.
    pub of_buyer: IdVec<BuyerId, Range<usize>>,
    /// Grey-market options: the sale that each mirrors.
    pub grey_options: Vec<usize>,
    /// Market of each buyer with sales.
    pub market_of: IdVec<BuyerId, Option<usize>>,
    /// Chip routes to each country.
    pub routes_to: IdVec<CountryId, Vec<RouteId>>,
    /// Market of the reseller of each route.
    pub reseller_market: IdVec<RouteId, usize>,
    /// Holdings: sales first, then grey-market options, then chips that are only in opening fleets.
    pub holdings: Vec<Holding>,
    /// Holdings of each buyer in the order in which they are switched on: throughput per watt at medians, then rows.
    pub by_efficiency: Vec<Vec<usize>>,
    /// Throughput per watt at medians, by chip: infinite where no power is given \[FLOP/s/W\].
    pub efficiency: Vec<f64>,
    /// Buyers in each country.
    pub buyers_in: Vec<Vec<BuyerId>>,
    /// Chips with a price, by designers' order of rows.
    pub chips: Vec<ChipId>,
    /// The same with those that they are variants of.
    pub with_parents: Vec<ChipId>,
}

impl Edges {
    /// Lists the edges.
    pub fn new(model: &Model, network: &Network, rules: &Rulebook, medians: &Inputs) -> Self {
        let mut edges = Self {
            markets: Vec::new(),
            chip_markets: Vec::new(),
            mixes: Vec::new(),
            offers: Vec::new(),
            affinities: Vec::new(),
            sales: Vec::new(),
            of_buyer: IdVec::new(),
            grey_options: Vec::new(),
            market_of: IdVec::new(),
            routes_to: model.countries.map_ids(|n| model.chip_routes_to(n)),
            reseller_market: IdVec::new(),
            holdings: Vec::new(),
            by_efficiency: Vec::new(),
            efficiency: Vec::new(),
            buyers_in: vec![Vec::new(); model.countries.len()],
            chips: Vec::new(),
            with_parents: Vec::new(),
        };
        edges.list_markets(model, rules);
        edges.list_sales(model, network);
        edges.list_holdings(model);
        edges.rank_holdings(model, medians);
        for (b, buyer) in model.buyers.iter().enumerate() {
            edges.buyers_in[buyer.country.index()].push(BuyerId(b as u32));
        }
        edges
    }

    /// Orders each buyer's holdings by throughput per watt at medians: the same order in every draw.
    fn rank_holdings(&mut self, model: &Model, medians: &Inputs) {
        let median = |q: QuantityId| medians.value(q)[0];
        let efficiency = |chip: &crate::model::Chip| {
            let tdp = chip.tdp.map(|q| median(q) * median(model.fleet.server_factor));
            let watts = chip.it_power.map(median).or(tdp).unwrap_or(0.0);
            if watts > 0.0 { chip.bf16_tflops.map_or(0.0, median) / watts } else { f64::INFINITY }
        };
        self.efficiency = model.chips.iter().map(efficiency).collect();
        self.by_efficiency = vec![Vec::new(); model.buyers.len()];
        for (h, holding) in self.holdings.iter().enumerate() {
            self.by_efficiency[holding.buyer.index()].push(h);
        }
        for of_buyer in &mut self.by_efficiency {
            let rank = |&h: &usize| {
                let holding = &self.holdings[h];
                (self.efficiency[holding.chip.index()], holding.chip, holding.grey)
            };
            of_buyer.sort_by(|a, b| {
                let (a, b) = (rank(a), rank(b));
                b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2)))
            });
        }
    }

    fn market(&mut self, delivery: CountryId, headquarters: CountryId, buys: bool) -> usize {
        let found =
            self.markets.iter().position(|m| m.delivery == delivery && m.headquarters == headquarters);
        let index = found.unwrap_or_else(|| {
            self.markets.push(Market { delivery, headquarters, buys });
            self.markets.len() - 1
        });
        self.markets[index].buys |= buys;
        index
    }

    fn list_markets(&mut self, model: &Model, rules: &Rulebook) {
        for b in model.buyers.ids() {
            let market =
                model.buys(b).then(|| self.market(model.buyers[b].country, model.headquarters(b), true));
            self.market_of.push(market);
        }
        for route in &model.routes {
            let (delivery, hq) = route
                .reseller
                .map_or((route.via, route.via), |b| (model.buyers[b].country, model.headquarters(b)));
            let market = self.market(delivery, hq, false);
            self.reseller_market.push(market);
        }
        for c in model.chips.ids() {
            for m in &self.markets {
                self.chip_markets.push(rules.chip_case(c, m.delivery, m.headquarters));
            }
        }
    }

    fn list_sales(&mut self, model: &Model, network: &Network) {
        let mut possible = network.sales();
        possible.sort_unstable_by_key(|&(c, b)| (b, c));
        for b in model.buyers.ids() {
            let start = self.sales.len();
            if let Some(market) = self.market_of[b] {
                for &(chip, _) in possible.iter().filter(|(_, buyer)| *buyer == b) {
                    self.add_sale(model, chip, b, market);
                }
            }
            self.of_buyer.push(start..self.sales.len());
        }
        self.chips = possible.iter().map(|&(c, _)| c).collect();
        self.chips.sort_unstable();
        self.chips.dedup();
        let parent = |c: &ChipId| model.chips[*c].variant_of;
        let lines = self.chips.iter().flat_map(|&c| std::iter::successors(Some(c), parent));
        self.with_parents = lines.collect::<BTreeSet<_>>().into_iter().collect();
    }

    fn add_sale(&mut self, model: &Model, chip: ChipId, b: BuyerId, market: usize) {
        let buyer = &model.buyers[b];
        let share = buyer.memory_bound.unwrap_or(model.trade.memory_bound);
        let mix = position_or_push(&mut self.mixes, share);
        let chip_market = chip.index() * self.markets.len() + market;
        let offer = position_or_push(&mut self.offers, Offer { chip, chip_market, mix });
        let designer = model.chips[chip].designer;
        let affinity =
            buyer.affinity.get(&designer).map(|&q| position_or_push(&mut self.affinities, (b, designer, q)));
        let can_smuggle = !self.routes_to[buyer.country].is_empty()
            && (self.chip_markets[chip_market] != CaseId::FREE
                || sales_can_be_shocked(model, chip, buyer.country));
        let grey = can_smuggle.then(|| {
            self.grey_options.push(self.sales.len());
            self.grey_options.len() - 1
        });
        self.sales.push(Sale { chip, buyer: b, country: buyer.country, chip_market, offer, affinity, grey });
    }

    fn list_holdings(&mut self, model: &Model) {
        let holding = |s: &Sale, grey| Holding { chip: s.chip, buyer: s.buyer, country: s.country, grey };
        self.holdings = self.sales.iter().map(|s| holding(s, false)).collect();
        for &s in &self.grey_options {
            self.holdings.push(holding(&self.sales[s], true));
        }
        for (id, buyer) in model.buyers.iter_enumerated() {
            for &chip in buyer.opening.keys() {
                if self.sale_of(chip, id).is_none() {
                    self.holdings.push(Holding { chip, buyer: id, country: buyer.country, grey: false });
                }
            }
        }
    }

    /// The sale of a chip to a buyer.
    pub fn sale_of(&self, chip: ChipId, buyer: BuyerId) -> Option<usize> {
        self.of_buyer[buyer].clone().find(|&s| self.sales[s].chip == chip)
    }
}

/// Whether a shock of the scenario acts on sales of a chip to a country.
fn sales_can_be_shocked(model: &Model, chip: ChipId, country: CountryId) -> bool {
    model.shocks.iter().flat_map(|s| &s.sales).any(|e| {
        matches!(&e.on, Nodes::Chips(chips) if chips.contains(&chip))
            && (e.to.is_empty() || e.to.contains(&country))
    })
}

fn position_or_push<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|x| *x == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}
