//! A second opinion: the model of `docs/model.md` once more, one draw at a time with plain numbers, along the graph.
//!
//! It shares no step with the engine: only the model that was read, its graph, the random streams and distributions, and exp
//! and ln. It is the rival that the engine's speed is measured against, too: what does not depend on a draw is prepared in a
//! [`World`], a [`Draw`] is used over and over, and nothing in it is looked up by name or allocated.
#![allow(dead_code, missing_docs, unreachable_pub)] // the parts that a test does not ask for

mod capacity;
mod diversion;
mod fleets;
mod market;
mod numbers;
mod production;
mod record;
mod rules;
mod shocks;
mod stocks;
mod trade;
mod training;
mod verdict;

use chokepoint::model::{
    BuyerId, Chip, ChipId, DesignerId, GoodId, LabId, Model, QuantityId, StockpileId, ToolId,
};
use chokepoint::network::{Edge, Network, Node};
use chokepoint::random::Design;
use numbers::{Layout, Numbers};
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
pub use record::{Cells, Series};
use std::collections::BTreeMap;

/// Values of a draw by (actor, metric), over quarters.
pub type History = BTreeMap<(String, String), Vec<f64>>;

/// x/0 = 0: a share of nothing is nothing.
pub fn per(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

/// A factor that shrinks what is asked to what there is.
pub fn fit(has: f64, asked: f64) -> f64 {
    if asked > has { has / asked } else { 1.0 }
}

/// Whether a chip is ever on sale.
pub fn is_sold(chip: &Chip) -> bool {
    chip.price.is_some() && (chip.launch.is_some() || chip.variant_of.is_some())
}

/// The graph's nodes of rows.
pub struct Nodes {
    pub tools: Vec<NodeIndex>,
    pub goods: Vec<NodeIndex>,
    pub designers: Vec<NodeIndex>,
    pub chips: Vec<NodeIndex>,
    pub stockpiles: Vec<NodeIndex>,
    pub buyers: Vec<NodeIndex>,
    pub labs: Vec<NodeIndex>,
}

impl Nodes {
    fn new(m: &Model, network: &Network) -> Self {
        let all = |n: usize, node: &dyn Fn(u32) -> Node| -> Vec<NodeIndex> {
            (0..n as u32).map(|i| network.index(node(i))).collect()
        };
        Self {
            tools: all(m.tools.len(), &|i| Node::Tool(ToolId(i))),
            goods: all(m.goods.len(), &|i| Node::Good(GoodId(i))),
            designers: all(m.designers.len(), &|i| Node::Designer(DesignerId(i))),
            chips: all(m.chips.len(), &|i| Node::Chip(ChipId(i))),
            stockpiles: all(m.stockpiles.len(), &|i| Node::Stockpile(StockpileId(i))),
            buyers: all(m.buyers.len(), &|i| Node::Buyer(BuyerId(i))),
            labs: all(m.labs.len(), &|i| Node::Lab(LabId(i))),
        }
    }
}

/// Row of a node in its table.
fn row(graph: &DiGraph<Node, Edge>, node: NodeIndex) -> usize {
    match graph[node] {
        Node::Country(i) => i.index(),
        Node::Tool(i) => i.index(),
        Node::Good(i) => i.index(),
        Node::Facility(i) => i.index(),
        Node::Designer(i) => i.index(),
        Node::Chip(i) => i.index(),
        Node::Stockpile(i) => i.index(),
        Node::Buyer(i) => i.index(),
        Node::Route(i) => i.index(),
        Node::Lab(i) => i.index(),
    }
}

/// A world in the making.
pub struct Preparation<'a> {
    pub m: &'a Model,
    pub graph: &'a DiGraph<Node, Edge>,
    pub nodes: Nodes,
    pub layout: Layout<'a>,
    pub book: rules::Book,
}

impl Preparation<'_> {
    pub fn row(&self, node: NodeIndex) -> usize {
        row(self.graph, node)
    }
    pub fn case(&mut self, sale: &rules::Sale) -> rules::CaseId {
        self.book.case(self.m, &self.layout, sale)
    }
}

/// What does not depend on the draw.
pub struct World<'a> {
    pub m: &'a Model,
    pub graph: &'a DiGraph<Node, Edge>,
    pub nodes: Nodes,
    pub quarters: usize,
    pub lead: usize,
    pub layout: Layout<'a>,
    pub book: rules::Book,
    pub shocks: shocks::Casebook,
    pub equipment: Vec<capacity::Equipment>,
    pub chain: production::Chain,
    pub stocks: Vec<stocks::Stock>,
    pub market: market::Market,
    pub caps: Vec<trade::Cap>,
    pub fleets: Vec<fleets::Fleet>,
    /// Those of smuggled chips.
    pub smuggled: Vec<usize>,
    pub uses: Vec<fleets::Use>,
    pub pools: training::Pools,
    pub table: record::Table,
    /// Share that a claim is for, by edge.
    claims: Vec<QuantityId>,
}

impl<'a> World<'a> {
    pub fn new(m: &'a Model, network: &'a Network, design: &Design, cells: &Cells<'_>) -> Self {
        let quarters = m.run.horizon.len();
        let lead = m.production.lead as usize;
        let mut p = Preparation {
            m,
            graph: &network.graph,
            nodes: Nodes::new(m, network),
            layout: Layout::new(m, design, quarters + lead + 1),
            book: rules::Book::new(m),
        };
        let mut market = market::Market::new(&mut p);
        let chain = production::Chain::new(&mut p);
        let claim = |e: EdgeIndex| match (network.graph[e], network.graph.edge_endpoints(e)) {
            (Edge::Claims, Some((d, f))) => {
                let claims = &m.designers[p.row(d)].claims;
                claims[&chokepoint::model::FacilityId(p.row(f) as u32)]
            }
            _ => QuantityId(0),
        };
        let fleets = fleets::fleets(&p, &mut market);
        Self {
            claims: network.graph.edge_indices().map(claim).collect(),
            quarters,
            lead,
            shocks: shocks::Casebook::new(m),
            equipment: capacity::equipment(&mut p),
            stocks: stocks::stocks(&mut p),
            caps: trade::caps(m),
            smuggled: (0..fleets.len()).filter(|&i| fleets[i].smuggled).collect(),
            fleets,
            uses: fleets::uses(&mut p),
            pools: training::Pools::new(m),
            table: record::Table::new(m, cells),
            chain,
            market,
            m,
            graph: p.graph,
            nodes: p.nodes,
            layout: p.layout,
            book: p.book,
        }
    }

    pub fn row(&self, node: NodeIndex) -> usize {
        row(self.graph, node)
    }
    /// The quantity of an edge that is a claim.
    pub fn quantity(&self, edge: EdgeIndex) -> QuantityId {
        self.claims[edge.index()]
    }

    /// Every metric of every actor, in the order in which a quarter's cells are noted.
    pub fn series(&self) -> &[Series] {
        &self.table.series
    }

    /// What was recorded, under its names, where every cell was.
    pub fn history(&self, cells: &[f64]) -> History {
        let n = self.table.series.len();
        let course = |i: usize| (0..self.quarters).map(|t| cells[t * n + i]).collect();
        let named = |(i, s): (usize, &Series)| ((s.actor.clone(), s.metric.clone()), course(i));
        self.table.series.iter().enumerate().map(named).collect()
    }
}

/// The state of a draw; used again for the next.
pub struct Draw<'a> {
    w: &'a World<'a>,
    n: Numbers<'a>,
    t: usize,
    shocks: shocks::Shocks,
    rules: verdict::Verdicts,
    /// Values of the cells, in order of quarters.
    pub cells: Vec<f64>,
    values: Vec<f64>,
    // Section 4, by facility, then by chip.
    installed: Vec<f64>,
    available: Vec<f64>,
    access: Vec<f64>,
    wear: Vec<f64>,
    area: Vec<f64>,
    gross: Vec<f64>,
    // Section 6, by chip.
    launch: Vec<f64>,
    own_ramp: Vec<f64>,
    ramp: [Vec<f64>; 2],
    only_cut: [Vec<bool>; 2],
    expected: Vec<f64>,
    sales_expected: Vec<f64>,
    wants: Vec<f64>,
    planned: Vec<f64>,
    started: Vec<f64>,
    arrived: Vec<f64>,
    pipeline: Vec<f64>,
    // By part, by lot, by facility.
    needs: Vec<f64>,
    yields: Vec<f64>,
    output: Vec<f64>,
    left: Vec<f64>,
    used: Vec<f64>,
    claimed: Vec<f64>,
    granted: Vec<f64>,
    room: production::Room,
    pooled: Vec<(usize, f64, f64)>,
    pool_demand: Vec<f64>,
    pool_granted: Vec<f64>,
    pool_used: Vec<f64>,
    // By stock.
    held: Vec<f64>,
    taken: Vec<f64>,
    stock_legal: Vec<f64>,
    stock_asked: Vec<f64>,
    stock_grey: Vec<f64>,
    stock_source: Vec<f64>,
    stock_transit: Vec<diversion::Transit>,
    // Section 7, by chip, sale, buyer, country.
    theta: f64,
    patience: f64,
    willing: f64,
    support: f64,
    world_budget: f64,
    units: Vec<[f64; 4]>,
    watts: Vec<f64>,
    running: Vec<f64>,
    price: Vec<f64>,
    effective: Vec<f64>,
    attractions: Vec<market::Attraction>,
    priority: Vec<f64>,
    precedence: Vec<f64>,
    money: Vec<f64>,
    purses: Vec<trade::Purse>,
    cash: Vec<f64>,
    over: Vec<f64>,
    ordered: Vec<f64>,
    filled: Vec<f64>,
    power: Vec<f64>,
    wanted_power: Vec<f64>,
    reach: Vec<f64>,
    choices: market::Choices,
    planned_choices: market::Choices,
    inventory: Vec<f64>,
    opening: Vec<f64>,
    demand: Vec<f64>,
    ration: Vec<f64>,
    sold: Vec<f64>,
    grey_orders: Vec<f64>,
    grey_wants: Vec<f64>,
    grey_bought: Vec<f64>,
    /// By country and chip: what is under way to it from this quarter, by the quarter of its arrival.
    passed: Vec<[f64; 4]>,
    resellers: Vec<trade::Reseller>,
    attempted: Vec<f64>,
    refused: Vec<(usize, rules::CaseId, f64)>,
    cap_sold: Vec<trade::Sold>,
    home: Vec<f64>,
    limits: Vec<f64>,
    members: Vec<Vec<usize>>,
    sums_of: Vec<f64>,
    // Section 8, by route, then by country.
    networks: Vec<f64>,
    route_lag: Vec<[f64; 4]>,
    route_capacity: Vec<f64>,
    route_detection: Vec<f64>,
    route_attempted: Vec<f64>,
    route_seized: Vec<f64>,
    route_transit: Vec<[diversion::Transit; 3]>,
    route_delivered: Vec<[f64; 3]>,
    goods_attempted: Vec<f64>,
    open_capacity: Vec<f64>,
    premium: Vec<f64>,
    tallies: Vec<[f64; 6]>,
    // Section 9, by fleet, chip, country, buyer, use.
    fleet_lag: [f64; 4],
    held_chips: Vec<fleets::Held>,
    transit: Vec<diversion::Transit>,
    delivered: Vec<f64>,
    service: Vec<fleets::Service>,
    /// Running, and with what is in deployment [W].
    load: Vec<[f64; 2]>,
    owned_load: Vec<f64>,
    operating: Vec<f64>,
    working: Vec<fleets::Working>,
    rent_asked: Vec<f64>,
    parts: Vec<f64>,
    lab_weight: Vec<f64>,
    rented: Vec<f64>,
    used_share: Vec<f64>,
    // Section 10, by lab.
    optimum: training::Optimum,
    sums: Vec<[training::Sums; 2]>,
    made: Vec<f64>,
    trained: Vec<training::Trained>,
    pool_parts: Vec<training::Part>,
    pooled_flop: Vec<f64>,
}

impl<'a> Draw<'a> {
    pub fn new(w: &'a World<'a>) -> Self {
        let m = w.m;
        let zeros = |n: usize| vec![0.0; n];
        let [chips, buyers, countries] = [m.chips.len(), m.buyers.len(), m.countries.len()];
        let [facilities, routes, stocks] = [m.facilities.len(), m.routes.len(), m.stockpiles.len()];
        let (sales, fleets, uses, labs) = (w.market.sales.len(), w.fleets.len(), w.uses.len(), m.labs.len());
        let choices = || market::Choices::new(buyers, sales);
        Self {
            w,
            n: Numbers::new(&w.layout),
            t: 0,
            shocks: shocks::Shocks::new(w),
            rules: verdict::Verdicts::new(w),
            cells: Vec::with_capacity(w.table.size()),
            values: zeros(w.table.width()),
            installed: zeros(facilities),
            available: zeros(facilities),
            access: zeros(facilities),
            wear: zeros(facilities),
            area: zeros(chips),
            gross: zeros(chips),
            launch: zeros(chips),
            own_ramp: zeros(chips),
            ramp: [zeros(chips), zeros(chips)],
            only_cut: [vec![false; chips], vec![false; chips]],
            expected: zeros(chips),
            sales_expected: zeros(chips),
            wants: zeros(chips),
            planned: zeros(chips),
            started: zeros(chips),
            arrived: zeros(chips),
            pipeline: zeros(chips * (w.lead + 1)),
            needs: zeros(w.chain.parts.len()),
            yields: zeros(w.chain.lots.len()),
            output: zeros(facilities),
            left: zeros(facilities),
            used: zeros(facilities),
            claimed: zeros(facilities),
            granted: vec![1.0; m.designers.len() * facilities],
            room: production::Room::new(m),
            pooled: Vec::with_capacity(w.chain.parts.len()),
            pool_demand: zeros(facilities),
            pool_granted: zeros(facilities),
            pool_used: zeros(facilities),
            held: zeros(stocks),
            taken: zeros(facilities),
            stock_legal: zeros(stocks),
            stock_asked: zeros(stocks),
            stock_grey: zeros(stocks),
            stock_source: zeros(stocks),
            stock_transit: vec![diversion::Transit::default(); stocks],
            theta: 0.0,
            patience: 0.0,
            willing: 0.0,
            support: 0.0,
            world_budget: 0.0,
            units: vec![[0.0; 4]; chips],
            watts: zeros(chips),
            running: zeros(chips),
            price: zeros(chips),
            effective: zeros(sales),
            attractions: vec![market::Attraction::NONE; sales * (w.lead + 1)],
            priority: zeros(buyers),
            precedence: Vec::with_capacity(routes),
            money: zeros(buyers),
            purses: vec![trade::Purse::default(); buyers],
            cash: zeros(buyers),
            over: zeros(buyers),
            ordered: zeros(buyers),
            filled: zeros(buyers),
            power: zeros(countries),
            wanted_power: zeros(countries),
            reach: zeros(countries),
            choices: choices(),
            planned_choices: choices(),
            inventory: zeros(chips),
            opening: zeros(chips),
            demand: zeros(chips),
            ration: zeros(chips),
            sold: zeros(sales),
            grey_orders: zeros(chips),
            grey_wants: zeros(chips * countries),
            grey_bought: zeros(chips * countries),
            passed: vec![[0.0; 4]; chips * countries],
            resellers: Vec::with_capacity(chips * routes),
            attempted: zeros(chips * routes),
            refused: Vec::with_capacity(sales),
            cap_sold: vec![trade::Sold::new(m); w.caps.len()],
            home: zeros(chips * countries),
            limits: Vec::with_capacity(sales),
            members: vec![Vec::with_capacity(sales); w.caps.len()],
            sums_of: zeros(chips.max(buyers).max(countries).max(1)),
            networks: zeros(routes),
            route_lag: vec![[0.0; 4]; routes],
            route_capacity: zeros(routes),
            route_detection: zeros(routes),
            route_attempted: zeros(routes),
            route_seized: zeros(routes),
            route_transit: vec![[diversion::Transit::default(); 3]; routes],
            route_delivered: vec![[0.0; 3]; routes],
            goods_attempted: zeros(routes),
            open_capacity: zeros(countries),
            premium: zeros(countries),
            tallies: vec![[0.0; 6]; countries],
            fleet_lag: [0.0; 4],
            held_chips: vec![fleets::Held::default(); fleets],
            transit: vec![diversion::Transit::default(); fleets],
            delivered: zeros(fleets),
            service: vec![fleets::Service::default(); chips],
            load: vec![[0.0; 2]; countries],
            owned_load: zeros(countries),
            operating: zeros(countries),
            working: vec![fleets::Working::default(); buyers],
            rent_asked: zeros(buyers),
            parts: zeros(buyers),
            lab_weight: zeros(labs),
            rented: zeros(uses),
            used_share: zeros(uses),
            optimum: training::Optimum::default(),
            sums: vec![[training::Sums::default(); 2]; labs],
            made: zeros(labs * w.quarters),
            trained: vec![training::Trained::default(); labs],
            pool_parts: vec![training::Part::default(); labs],
            pooled_flop: zeros(w.pools.sets.len()),
        }
    }

    /// Simulates a draw; its cells are then in place.
    pub fn simulate(&mut self, draw: u64) {
        self.reset(draw);
        for t in 0..self.w.quarters {
            self.t = t;
            self.strike();
            self.open_quarter();
            self.produce();
            self.trade();
            self.divert();
            self.age_fleets();
            self.train();
            self.close_quarter();
        }
    }

    /// Everything as it is before the first quarter.
    fn reset(&mut self, draw: u64) {
        let w = self.w;
        self.t = 0;
        self.n.load(draw);
        self.reset_shocks();
        self.reset_rules();
        self.reset_dies();
        self.reset_market();
        self.reset_routes();
        self.reset_fleets();
        self.reset_training();
        self.cells.clear();
        let start = w.m.run.horizon.first;
        for (c, chip) in w.m.chips.iter().enumerate() {
            self.launch[c] = match chip.launch {
                Some(d) if chip.price.is_some() => d.since(start) + self.n.v(chip.delay),
                _ => f64::INFINITY,
            };
        }
        for (f, facility) in w.m.facilities.iter().enumerate() {
            self.installed[f] = self.n.at(facility.capacity, 0);
        }
        for (s, stock) in w.m.stockpiles.iter().enumerate() {
            self.held[s] = self.n.v(stock.opening);
        }
        let lists = [&mut self.inventory, &mut self.cash, &mut self.grey_orders, &mut self.values];
        lists.into_iter().chain([&mut self.delivered, &mut self.home]).for_each(|list| list.fill(0.0));
        [&mut self.over, &mut self.power].into_iter().for_each(|list| list.fill(1.0));
        self.cap_sold.iter_mut().for_each(trade::Sold::clear);
        for list in [&mut self.transit, &mut self.stock_transit] {
            list.fill(diversion::Transit::default());
        }
        self.route_transit.fill([diversion::Transit::default(); 3]);
        self.sums.fill([training::Sums::default(); 2]);
    }

    /// Capacity, launches and routes of the quarter.
    fn open_quarter(&mut self) {
        self.open_facilities();
        self.read_ramps(false);
        if self.launch_variants() {
            self.read_ramps(false);
        }
        self.read_ramps(true);
        self.offer_variants();
        self.open_routes();
    }

    /// State for the next quarter, and records.
    fn close_quarter(&mut self) {
        self.adapt_routes();
        self.grow();
        self.read_gauges();
        self.record();
    }
}
