//! The supply side: countries, tools, goods, facilities, designers, chips, private stocks.

use super::super::field::{
    Amount, BuyerId, ChipId, CountryId, Date, DesignerId, FacilityId, Flag, GoodId, Map, Number, Scalar,
    Series, Text, ToolId,
};
#[allow(unused_imports)]
use crate::model::Spec;

entity! {
    /// A jurisdiction.
    Country in "country" {
        /// What people call it; its id where nothing is written.
        title: Text = Spec::none().or(""),
        /// Facility power of the data halls that are built for AI [MW]; without it halls never bind.
        halls: Option<Series> = Spec::unit("MW").at_least(0.0).waits(),
        /// How much later than announced halls come that are announced after `run.known_until` [quarters].
        halls_delay: Scalar = Spec::unit("quarters").between(0.0, 20.0).or("0"),
        /// Share of the halls announced after `run.known_until` that come about [1].
        halls_share: Scalar = Spec::share().or("1"),
        /// Power that the grid delivers to AI data centres [MW]; without it and `on_site` supply never binds.
        grid: Option<Series> = Spec::unit("MW").at_least(0.0).waits(),
        /// How much later than announced connections come that are announced after `run.known_until` [quarters].
        grid_delay: Scalar = Spec::unit("quarters").between(0.0, 20.0).or("0"),
        /// Share of the connections announced after `run.known_until` that come about [1].
        grid_share: Scalar = Spec::share().or("1"),
        /// Power that data centres generate themselves [MW]: gas turbines, batteries, reactors.
        on_site: Option<Series> = Spec::unit("MW").at_least(0.0).waits(),
        /// How much later than announced generators come that are announced after `run.known_until` [quarters].
        on_site_delay: Scalar = Spec::unit("quarters").between(0.0, 20.0).or("0"),
        /// Share of the generators announced after `run.known_until` that come about [1].
        on_site_share: Scalar = Spec::share().or("1"),
        /// How far its labs' algorithms are behind the best [years].
        algorithm_lag: Series = Spec::unit("years").between(0.0, 20.0).or("0").waits(),
        /// Facility power over IT power [1].
        overhead: Scalar = Spec::unit("1").between(1.0, 100.0).or("1.25"),
    }
}

entity! {
    /// A named set of countries: an alliance, or a list of a rule.
    Group in "group" {
        /// What people call it; its id where nothing is written.
        title: Text = Spec::none().or(""),
        /// Countries in the group.
        members: Vec<CountryId> = Spec::none(),
        /// Further jurisdictions on the list, by name: those that are countries of the scenario become members, the rest only the rule book knows.
        others: Vec<Text> = Spec::none(),
        /// Where the list is published.
        source: Text = Spec::none().or(""),
    }
}

entity! {
    /// A class of manufacturing tools that facilities depend on.
    Tool in "tool" {
        /// Countries whose firms supply it, with their shares [1].
        suppliers: Map<CountryId, Scalar> = Spec::share(),
        /// A country's own substitute for it.
        substitute: Map<CountryId, Substitute> = Spec::none(),
    }
}

part! {
    /// An indigenous substitute for a tool class: quality grows as a logistic in time.
    Substitute {
        /// Quarters after the horizon's start at which half the ceiling is reached [quarters].
        midpoint: Scalar = Spec::unit("quarters"),
        /// Steepness of the logistic [1/quarter].
        steepness: Scalar = Spec::unit("1/quarter").at_least(0.0).or("0.25"),
        /// Share of the tool's function that it can replace in the end [1].
        ceiling: Scalar = Spec::share().or("0.9"),
    }
}

choice! {
    /// What kind of good it is.
    GoodKind {
        /// Processed wafers of one node, counted in 300 mm wafers.
        Wafer = "wafer",
        /// High-bandwidth memory, counted in GB.
        Memory = "memory",
        /// Advanced packaging; a launching chip's share of it is ramped.
        Packaging = "packaging",
        /// Anything else.
        Other = "other",
    }
}

entity! {
    /// What chips are made from: wafers of one process, high-bandwidth memory, advanced packaging.
    Good in "good" {
        /// Kind of good.
        kind: GoodKind = Spec::none().or("other"),
        /// What one of it is called: `wafers`, `GB`, `packages`.
        unit: Text = Spec::required(),
        /// Node of the logic [nm], for rules on foundry service and tools.
        node: Option<Number> = Spec::unit("nm").positive(),
        /// Memory bandwidth density [GB/s/mm2], for rules on stand-alone memory.
        memory_bandwidth_density: Option<Scalar> = Spec::unit("GB/s/mm2").at_least(0.0),
    }
}

entity! {
    /// A fab, memory fab or packaging line: one operator, one country, one good.
    Facility in "facility" {
        /// What people call it; its id where nothing is written.
        title: Text = Spec::none().or(""),
        /// Firm that runs it.
        operator: Text = Spec::none().or(""),
        /// Country where it stands.
        country: CountryId = Spec::required(),
        /// What it makes.
        good: GoodId = Spec::required(),
        /// Planned output once it is open [the good's unit per quarter].
        capacity: Series = Spec::rate_of_good().at_least(0.0).waits(),
        /// First day of its work; without it, it has always been open.
        opens: Option<Date> = Spec::none(),
        /// How much later than `opens` it opens [quarters].
        delay: Scalar = Spec::unit("quarters").between(0.0, 20.0).or("0"),
        /// Access to tools that the plan of `capacity` already reckons with [1]: growth comes as planned while access is that.
        assumed_access: Scalar = Spec::share().at_least(0.01).or("1").waits(),
        /// What customers whom the model does not describe want of it [the good's unit per quarter]: phones, personal computers.
        others: Option<Series> = Spec::rate_of_good().at_least(0.0).waits(),
        /// Share of its output that those customers cannot take from designers [1].
        floor: Series = Spec::share().or("0").waits(),
        /// Capacity that it adds in answer to scarcity, as a share of what is installed, a quarter and unit of unmet share [1/quarter].
        answer: Scalar = Spec::unit("1/quarter").at_least(0.0).or("0"),
        /// From the decision to add capacity to its first output, after the next quarter has begun [quarters].
        answer_lag: Scalar = Spec::unit("quarters").between(0.0, 12.0).or("4"),
        /// Largest unmet share that it answers to [1].
        answer_cap: Scalar = Spec::unit("1").at_least(0.0).or("0.5"),
        /// Defects per area of logic [defects/mm2]; asked for where a recipe counts dies.
        defect_density: Option<Series> = Spec::unit("defects/mm2").at_least(0.0).waits(),
        /// Share of dies without defects that meet their specification [1].
        parametric_yield: Scalar = Spec::share().at_least(0.01).or("1").waits(),
        /// Share of what goes through the line that comes out good [1]: packaging yield.
        line_yield: Series = Spec::share().at_least(0.01).or("1").waits(),
        /// Share of growth that needs a tool class [1].
        dependence: Map<ToolId, Scalar> = Spec::share().waits(),
        /// Share of capacity lost in a quarter without the tool's servicing [1/quarter].
        servicing: Map<ToolId, Scalar> = Spec::unit("1/quarter").between(0.0, 1.0).waits(),
        /// Designers that it serves; empty: any.
        serves: Vec<DesignerId> = Spec::none(),
    }
}

impl Facility {
    /// Whether it may add capacity where its good is scarce.
    pub fn answers(&self, model: &crate::model::Model) -> bool {
        let answer = &model.quantities[self.answer.0 as usize].shape;
        !matches!(answer, crate::model::Shape::Fixed(x) if *x == 0.0)
    }
}

entity! {
    /// A firm that designs chips and has them made.
    Designer in "designer" {
        /// What people call it; its id where nothing is written.
        title: Text = Spec::none().or(""),
        /// Country of its headquarters.
        country: CountryId = Spec::required(),
        /// Share of each facility's output that it has reserved [1]; at a facility the shares are scaled to at most 1.
        claims: Map<FacilityId, Series> = Spec::share(),
    }
}

choice! {
    /// In what form a chip is sold, and so how readily it is moved.
    Form {
        /// A card that fits any server.
        Card = "card",
        /// A board of several chips in a server.
        Server = "server",
        /// A rack that is cooled and wired as one.
        Rack = "rack",
    }
}

entity! {
    /// One product: its data sheet, recipe, price and dates.
    Chip in "chip" {
        /// What people call it; its id where nothing is written.
        title: Text = Spec::none().or(""),
        /// Who designs it.
        designer: DesignerId = Spec::required(),
        /// First day of sale; for a compliant variant without it, `variant_lag` after its parent is first cut off.
        launch: Option<Date> = Spec::none(),
        /// How much later than `launch` it comes [quarters].
        delay: Scalar = Spec::unit("quarters").between(0.0, 12.0).or("0"),
        /// First day without sale.
        end: Option<Date> = Spec::none(),
        /// Dense BF16 throughput [1e12 FLOP/s].
        bf16_tflops: Option<Scalar> = Spec::unit("TFLOP/s").positive(),
        /// Dense 8-bit throughput [1e12 OP/s].
        int8_tops: Option<Scalar> = Spec::unit("TOP/s").positive(),
        /// Dense 8-bit throughput that runs can use [1e12 FLOP/s]; without it they use 16 bits. Integers of 8 bits seldom are of use to a run.
        fp8_tflops: Option<Scalar> = Spec::unit("TFLOP/s").positive(),
        /// Dense 4-bit throughput [1e12 FLOP/s].
        fp4_tflops: Option<Scalar> = Spec::unit("TFLOP/s").positive(),
        /// Total processing performance [TOP/s x bit length]; default: the largest over formats.
        tpp: Option<Scalar> = Spec::unit("TPP").at_least(0.0),
        /// Performance density [TPP/mm2]; default: tpp over the area of all logic dies.
        performance_density: Option<Scalar> = Spec::unit("TPP/mm2").at_least(0.0),
        /// Area of one logic die [mm2].
        die_area: Option<Scalar> = Spec::unit("mm2").between(1.0, 858.0),
        /// Logic dies in a package [1].
        dies: Number = Spec::unit("1").between(1.0, 64.0).or("1"),
        /// Memory [GB].
        memory: Option<Scalar> = Spec::unit("GB").at_least(0.0),
        /// Memory bandwidth [GB/s].
        memory_bandwidth: Option<Scalar> = Spec::unit("GB/s").at_least(0.0),
        /// Chip-to-chip bandwidth, both directions [GB/s].
        interconnect: Option<Scalar> = Spec::unit("GB/s").at_least(0.0),
        /// Thermal design power [W].
        tdp: Option<Scalar> = Spec::unit("W").positive(),
        /// IT power of a chip with its share of the server [W]; default: tdp x `fleet.server_factor`.
        it_power: Option<Scalar> = Spec::unit("W").positive(),
        /// List price [USD]; without it the chip is never sold.
        price: Option<Series> = Spec::unit("USD").positive().waits(),
        /// In what form it is sold, for what smugglers can carry.
        form: Form = Spec::none().or("server"),
        /// Whether it is designed or marketed for data centres.
        datacenter: Flag = Spec::none().or("true"),
        /// Node of the logic [nm].
        node: Option<Number> = Spec::unit("nm").positive(),
        /// Transistors in the package [1].
        transistors: Option<Scalar> = Spec::unit("1").positive(),
        /// Goods in one chip: a number of the good's units, `"die"` (its dies at the facility's yield) or `"memory"` (its GB).
        recipe: Map<GoodId, Amount> = Spec::none(),
        /// Silicon that has to be there beside it, by good of kind wafer [mm2 a chip]: processors, switches, network cards, base dies of memory.
        companions: Map<GoodId, Scalar> = Spec::unit("mm2").at_least(0.0),
        /// Quarters from launch to full production [quarters].
        ramp: Scalar = Spec::unit("quarters").between(0.5, 20.0).or("4"),
        /// The chip of which this is a version that complies with a rule; it is offered only where that one is not free.
        variant_of: Option<ChipId> = Spec::none(),
        /// Quarters from the parent's first denial to this variant's launch, where `launch` is not given [quarters].
        variant_lag: Option<Scalar> = Spec::unit("quarters").between(0.0, 20.0),
        /// The next generation: as that comes into full production, its designer winds this one down.
        successor: Option<ChipId> = Spec::none(),
        /// Generation under which it is also counted, as `family.<name>`; empty: none.
        family: Text = Spec::none().or(""),
        /// Buyers that it is made for; empty: everyone.
        sold_to: Vec<BuyerId> = Spec::none(),
    }
}

/// A good that a chip needs: what its recipe says of it, companion silicon beside it, or both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The good.
    pub good: GoodId,
    /// What goes into the chip itself.
    pub amount: Option<Amount>,
    /// Area of companion silicon [mm2].
    pub companion: Option<Scalar>,
}

impl Chip {
    /// Every good that one chip needs, in the order of the goods' rows.
    pub fn parts(&self) -> impl Iterator<Item = Part> + '_ {
        let goods: std::collections::BTreeSet<GoodId> =
            self.recipe.keys().chain(self.companions.keys()).copied().collect();
        goods.into_iter().map(|good| Part {
            good,
            amount: self.recipe.get(&good).copied(),
            companion: self.companions.get(&good).copied(),
        })
    }

    /// Whether a chip needs a good.
    pub fn needs(&self, good: GoodId) -> bool {
        self.recipe.contains_key(&good) || self.companions.contains_key(&good)
    }
}

entity! {
    /// A private stock of a good, filled by purchases, leaks or smuggling, drawn on by one designer.
    Stockpile in "stockpile" {
        /// Whose it is.
        designer: DesignerId = Spec::required(),
        /// What good it stands for.
        good: GoodId = Spec::required(),
        /// Held at the start [the good's unit, or dies].
        opening: Scalar = Spec::unit_of_good().at_least(0.0).or("0"),
        /// Purchases [the good's unit per quarter], as far as rules on the good permit.
        rate: Option<Series> = Spec::rate_of_good().at_least(0.0).waits(),
        /// Facilities from whose output the purchases come.
        from: Vec<FacilityId> = Spec::none(),
        /// Purchases between announcement and effect of a rule that will end them, over ordinary ones [1].
        burst: Scalar = Spec::unit("1").at_least(1.0).or("1").waits(),
        /// The stock is counted in dies of this chip rather than in the good's unit.
        dies_of: Option<ChipId> = Spec::none(),
    }
}
