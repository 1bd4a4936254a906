//! The state of a draw, and the order of a quarter (section 2).

use super::numbers::Numbers;
use super::{
    World, caps, choice, diversion, fleets, production, roots, rules, shocks, signs, trade, training, verdict,
};

/// The state of a draw; used again for the next.
pub struct Draw<'a> {
    pub(super) w: &'a World<'a>,
    pub(super) n: Numbers<'a>,
    pub(super) t: usize,
    pub(super) signs: signs::Signs<'a>,
    pub(super) shocks: shocks::Shocks,
    pub(super) rules: verdict::Verdicts,
    /// Values of the cells, in order of quarters.
    pub cells: Vec<f64>,
    pub(super) values: Vec<f64>,
    // Section 4, by facility, then by chip.
    pub(super) installed: Vec<f64>,
    /// What was planned for this quarter, as the last one knew it.
    pub(super) foreseen: Vec<f64>,
    pub(super) available: Vec<f64>,
    pub(super) works: Vec<f64>,
    pub(super) elsewhere: Vec<f64>,
    /// Unmet shares of the last four quarters; capacity that is coming in answer, by quarter; what came, so far and now.
    pub(super) unmet: Vec<[f64; 4]>,
    pub(super) answers: Vec<[f64; 16]>,
    pub(super) built: Vec<f64>,
    pub(super) answered: Vec<f64>,
    pub(super) access: Vec<f64>,
    pub(super) wear: Vec<f64>,
    pub(super) area: Vec<f64>,
    pub(super) gross: Vec<f64>,
    // Section 6, by chip.
    pub(super) launch: Vec<f64>,
    pub(super) own_ramp: Vec<f64>,
    pub(super) ramp: [Vec<f64>; 2],
    pub(super) only_cut: [Vec<bool>; 2],
    pub(super) expected: Vec<f64>,
    pub(super) sales_expected: Vec<f64>,
    pub(super) wants: Vec<f64>,
    pub(super) promised: Vec<f64>,
    pub(super) planned: Vec<f64>,
    /// Chips that their ramp limits.
    pub(super) capped: Vec<bool>,
    pub(super) started: Vec<f64>,
    pub(super) arrived: Vec<f64>,
    pub(super) pipeline: Vec<f64>,
    // By part, by lot, by facility.
    pub(super) needs: Vec<f64>,
    pub(super) yields: Vec<f64>,
    pub(super) output: Vec<f64>,
    pub(super) left: Vec<f64>,
    pub(super) used: Vec<f64>,
    pub(super) companions: Vec<f64>,
    // By designer and good.
    pub(super) asked_of: Vec<f64>,
    pub(super) short_of: Vec<f64>,
    pub(super) lacks: Vec<f64>,
    pub(super) claimed: Vec<f64>,
    pub(super) granted: Vec<f64>,
    pub(super) room: production::Room,
    pub(super) pooled: Vec<(usize, f64, f64)>,
    pub(super) pool_demand: Vec<f64>,
    pub(super) pool_granted: Vec<f64>,
    pub(super) pool_used: Vec<f64>,
    // By stock.
    pub(super) held: Vec<f64>,
    pub(super) taken: Vec<f64>,
    pub(super) stock_legal: Vec<f64>,
    pub(super) stock_asked: Vec<f64>,
    pub(super) stock_grey: Vec<f64>,
    pub(super) stock_source: Vec<f64>,
    pub(super) stock_transit: Vec<diversion::Transit>,
    // Section 7, by chip, sale, buyer, country.
    pub(super) theta: f64,
    pub(super) patience: f64,
    pub(super) willing: f64,
    pub(super) support: f64,
    pub(super) world_budget: f64,
    /// Elasticity of budgets in access over that of choice in value.
    pub(super) eagerness: f64,
    pub(super) carries: Vec<f64>,
    pub(super) planned_spend: Vec<f64>,
    pub(super) planned_in: Vec<f64>,
    pub(super) wanted: Vec<f64>,
    pub(super) wanted_usd: Vec<f64>,
    /// What routes could carry in the last quarter in which anything was wanted.
    pub(super) carried: Vec<f64>,
    pub(super) units: Vec<[f64; 4]>,
    pub(super) watts: Vec<f64>,
    pub(super) running: Vec<f64>,
    pub(super) price: Vec<f64>,
    pub(super) effective: Vec<f64>,
    pub(super) attractions: Vec<choice::Weighed>,
    pub(super) priority: Vec<f64>,
    pub(super) precedence: Vec<f64>,
    pub(super) money: Vec<f64>,
    pub(super) purses: Vec<trade::Purse>,
    pub(super) cash: Vec<f64>,
    pub(super) over: Vec<f64>,
    pub(super) ordered: Vec<f64>,
    pub(super) filled: Vec<f64>,
    pub(super) power: Vec<f64>,
    /// The same for commitments, and what they want of it.
    pub(super) power_first: Vec<f64>,
    pub(super) promised_power: Vec<f64>,
    /// Money of commitments that they could not spend.
    pub(super) unfilled: Vec<f64>,
    /// Power that a buyer expects to have for more chips [MW].
    pub(super) free_power: Vec<f64>,
    /// What commitments ask for, by sale; what of it rules refuse.
    pub(super) committed: Vec<f64>,
    pub(super) costs: Vec<f64>,
    pub(super) broken: Vec<(usize, rules::CaseId, f64)>,
    pub(super) reach: Vec<f64>,
    pub(super) choices: choice::Choices,
    pub(super) planned_choices: choice::Choices,
    pub(super) inventory: Vec<f64>,
    pub(super) opening: Vec<f64>,
    pub(super) demand: Vec<f64>,
    pub(super) ration: Vec<f64>,
    pub(super) sold: Vec<f64>,
    pub(super) grey_orders: Vec<f64>,
    pub(super) grey_wants: Vec<f64>,
    pub(super) grey_bought: Vec<f64>,
    /// By country and chip: what is under way to it from this quarter, by the quarter of its arrival.
    pub(super) passed: Vec<[f64; 4]>,
    pub(super) resellers: Vec<trade::Reseller>,
    pub(super) attempted: Vec<f64>,
    pub(super) refused: Vec<(usize, rules::CaseId, f64)>,
    pub(super) cap_sold: Vec<caps::Sold>,
    pub(super) home: Vec<f64>,
    pub(super) limits: Vec<f64>,
    pub(super) members: Vec<Vec<usize>>,
    pub(super) sums_of: Vec<f64>,
    // Section 8, by route, then by country.
    pub(super) networks: Vec<f64>,
    pub(super) route_lag: Vec<[f64; 4]>,
    pub(super) route_capacity: Vec<f64>,
    pub(super) route_detection: Vec<f64>,
    pub(super) route_attempted: Vec<f64>,
    pub(super) route_seized: Vec<f64>,
    pub(super) route_transit: Vec<[diversion::Transit; 3]>,
    pub(super) route_delivered: Vec<[f64; 3]>,
    pub(super) goods_attempted: Vec<f64>,
    pub(super) open_capacity: Vec<f64>,
    pub(super) open_usd: Vec<f64>,
    pub(super) premium: Vec<f64>,
    pub(super) tallies: Vec<[f64; 6]>,
    // Section 9, by fleet, chip, country, buyer, use.
    pub(super) fleet_lag: [f64; 4],
    pub(super) held_chips: Vec<fleets::Held>,
    pub(super) transit: Vec<diversion::Transit>,
    pub(super) delivered: Vec<f64>,
    pub(super) service: Vec<fleets::Service>,
    /// Facility power of what runs, by country and by buyer; of what waits and is in deployment, by buyer [MW].
    pub(super) running_mw: Vec<f64>,
    pub(super) buyer_mw: Vec<f64>,
    pub(super) waiting_mw: Vec<f64>,
    pub(super) waiting_in: Vec<f64>,
    pub(super) coming_mw: Vec<f64>,
    pub(super) working: Vec<fleets::Working>,
    pub(super) rent_asked: Vec<f64>,
    pub(super) parts: Vec<f64>,
    pub(super) lab_weight: Vec<f64>,
    /// Paid for rent so far, by lab [USD]; what was asked and offered; what an hour costs now.
    pub(super) rent_paid: Vec<f64>,
    pub(super) rent_last: fleets::LastRent,
    pub(super) rent_price: f64,
    pub(super) rented: Vec<f64>,
    pub(super) used_share: Vec<f64>,
    // Section 10, by lab.
    pub(super) optimum: training::Optimum,
    pub(super) runs: Vec<training::Runs>,
    pub(super) growth: f64,
    pub(super) reference_chips: f64,
    pub(super) scale_loss: f64,
    pub(super) sums: Vec<[training::Sums; 2]>,
    pub(super) made: Vec<f64>,
    pub(super) trained: Vec<training::Trained>,
    pub roots: roots::Roots,
    pub(super) pool_parts: Vec<training::Part>,
    pub(super) pooled_flop: Vec<f64>,
}

impl<'a> Draw<'a> {
    pub fn new(w: &'a World<'a>) -> Self {
        let m = w.m;
        let zeros = |n: usize| vec![0.0; n];
        let [chips, buyers, countries] = [m.chips.len(), m.buyers.len(), m.countries.len()];
        let [facilities, routes, stocks] = [m.facilities.len(), m.routes.len(), m.stockpiles.len()];
        let (sales, fleets, uses, labs) = (w.market.sales.len(), w.fleets.len(), w.uses.len(), m.labs.len());
        let choices = || choice::Choices::new(buyers, sales);
        Self {
            w,
            n: Numbers::new(&w.layout),
            t: 0,
            signs: signs::Signs::new(w),
            shocks: shocks::Shocks::new(w),
            rules: verdict::Verdicts::new(w),
            cells: Vec::with_capacity(w.table.size()),
            values: zeros(w.table.width()),
            installed: zeros(facilities),
            foreseen: zeros(facilities),
            available: zeros(facilities),
            works: zeros(facilities),
            elsewhere: zeros(facilities),
            unmet: vec![[0.0; 4]; facilities],
            answers: vec![[0.0; 16]; facilities],
            built: zeros(facilities),
            answered: zeros(facilities),
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
            promised: zeros(chips),
            planned: zeros(chips),
            capped: vec![false; chips],
            started: zeros(chips),
            arrived: zeros(chips),
            pipeline: zeros(chips * (w.lead + 1)),
            needs: zeros(w.chain.parts.len()),
            yields: zeros(w.chain.lots.len()),
            output: zeros(facilities),
            left: zeros(facilities),
            used: zeros(facilities),
            companions: zeros(facilities),
            asked_of: zeros(m.designers.len() * m.goods.len()),
            short_of: zeros(m.designers.len() * m.goods.len()),
            lacks: zeros(m.designers.len() * m.goods.len()),
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
            eagerness: 0.0,
            carries: zeros(chips),
            planned_spend: zeros(buyers),
            planned_in: zeros(countries),
            wanted: zeros(countries),
            wanted_usd: zeros(countries),
            carried: zeros(countries),
            units: vec![[0.0; 4]; chips],
            watts: zeros(chips),
            running: zeros(chips),
            price: zeros(chips),
            effective: zeros(sales),
            attractions: vec![choice::Weighed::NONE; sales * (w.lead + 1)],
            priority: zeros(buyers),
            precedence: Vec::with_capacity(routes),
            money: zeros(buyers),
            purses: vec![trade::Purse::default(); buyers],
            cash: zeros(buyers),
            over: zeros(buyers),
            ordered: zeros(buyers),
            filled: zeros(buyers),
            power: zeros(buyers),
            power_first: zeros(buyers),
            promised_power: zeros(buyers),
            unfilled: zeros(buyers),
            free_power: zeros(buyers),
            committed: zeros(sales),
            costs: zeros(buyers),
            broken: Vec::with_capacity(sales),
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
            cap_sold: vec![caps::Sold::new(m); w.caps.len()],
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
            open_usd: zeros(countries),
            premium: zeros(countries),
            tallies: vec![[0.0; 6]; countries],
            fleet_lag: [0.0; 4],
            held_chips: vec![fleets::Held::default(); fleets],
            transit: vec![diversion::Transit::default(); fleets],
            delivered: zeros(fleets),
            service: vec![fleets::Service::default(); chips],
            running_mw: zeros(countries),
            buyer_mw: zeros(buyers),
            waiting_mw: zeros(buyers),
            waiting_in: zeros(countries),
            coming_mw: zeros(buyers),
            working: vec![fleets::Working::default(); buyers],
            rent_asked: zeros(buyers),
            parts: zeros(buyers),
            lab_weight: zeros(labs),
            rent_paid: zeros(labs),
            rent_last: fleets::LastRent::default(),
            rent_price: 0.0,
            rented: zeros(uses),
            used_share: zeros(uses),
            optimum: training::Optimum::default(),
            runs: vec![training::Runs::default(); labs],
            growth: 0.0,
            reference_chips: 1.0,
            scale_loss: 0.0,
            sums: vec![[training::Sums::default(); 2]; labs],
            made: zeros(labs * w.quarters),
            trained: vec![training::Trained::default(); labs],
            roots: roots::Roots::default(),
            pool_parts: vec![training::Part::default(); labs],
            pooled_flop: zeros(w.pools.sets.len()),
        }
    }

    /// Simulates a draw; its cells are then in place.
    pub fn simulate(&mut self, draw: u64) {
        self.reset(draw);
        for t in 0..self.w.quarters {
            self.t = t;
            self.look();
            self.strike();
            self.open_quarter();
            self.produce();
            self.trade();
            self.divert();
            self.age_fleets();
            self.train();
            self.find_roots();
            self.close_quarter();
        }
    }

    /// Everything as it is before the first quarter.
    fn reset(&mut self, draw: u64) {
        let w = self.w;
        self.t = 0;
        self.n.load(draw);
        self.reset_signs(draw);
        self.reset_shocks();
        self.reset_rules();
        self.hold_back_rules();
        self.reset_dies();
        self.reset_market();
        self.reset_routes();
        self.reset_fleets();
        self.reset_training();
        self.reset_roots();
        self.cells.clear();
        let start = w.m.run.horizon.first;
        for (c, chip) in w.m.chips.iter().enumerate() {
            self.launch[c] = match chip.launch {
                Some(d) if chip.price.is_some() => d.since(start) + self.n.v(chip.delay),
                _ => f64::INFINITY,
            };
        }
        for f in 0..w.m.facilities.len() {
            self.installed[f] = self.planned_capacity(f, 0);
            self.foreseen[f] = self.installed[f];
        }
        for (s, stock) in w.m.stockpiles.iter().enumerate() {
            self.held[s] = self.n.v(stock.opening);
        }
        let lists = [&mut self.inventory, &mut self.cash, &mut self.grey_orders, &mut self.values];
        lists.into_iter().chain([&mut self.delivered, &mut self.home]).for_each(|list| list.fill(0.0));
        self.unmet.fill([0.0; 4]);
        self.answers.fill([0.0; 16]);
        self.built.fill(0.0);
        for list in [&mut self.over, &mut self.power, &mut self.power_first, &mut self.carried] {
            list.fill(1.0);
        }
        self.cap_sold.iter_mut().for_each(caps::Sold::clear);
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
        self.note_signs();
    }
}
