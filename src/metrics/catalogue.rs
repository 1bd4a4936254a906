//! The catalogue of metrics: a row each, with everything that is to be known of it.
//!
//! Who adds a metric writes its row here, in `engine/record.rs` how it is read (the compiler asks), and in `docs/model.md` what it
//! is (a test asks).

use crate::analysis::Sense;
use crate::model::ChipUnit;

/// What the sum of a flow is called after the flow.
const SUM: &str = "_cum";

/// What a time until a run of some size is reachable is called, before the size \[FLOP\].
const UNTIL: &str = "quarters_to_";

/// A kind of actor: the word before the dot in an actor's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // the tables of those names; a family is of chips, and a ratio is of two metrics
pub enum ActorKind {
    Lab,
    Country,
    Group,
    World,
    Buyer,
    Chip,
    Designer,
    Family,
    Facility,
    Good,
    Route,
    Rule,
    Ratio,
}

impl ActorKind {
    /// All of them, in order.
    pub const ALL: [Self; 13] = [
        Self::Lab,
        Self::Country,
        Self::Group,
        Self::World,
        Self::Buyer,
        Self::Chip,
        Self::Designer,
        Self::Family,
        Self::Facility,
        Self::Good,
        Self::Route,
        Self::Rule,
        Self::Ratio,
    ];

    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Country => "country",
            Self::Group => "group",
            Self::World => "world",
            Self::Buyer => "buyer",
            Self::Chip => "chip",
            Self::Designer => "designer",
            Self::Family => "family",
            Self::Facility => "facility",
            Self::Good => "good",
            Self::Route => "route",
            Self::Rule => "rule",
            Self::Ratio => "ratio",
        }
    }

    /// The kind of an actor by its name: `country.china` is a country.
    pub fn of(actor: &str) -> Option<Self> {
        let word = actor.split_once('.').map_or(actor, |(word, _)| word);
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }

    /// The name of an actor of this kind; the world has no id.
    pub fn actor(self, id: &str) -> String {
        match self {
            Self::World => self.name().to_owned(),
            _ => format!("{}.{id}", self.name()),
        }
    }
}

/// Whether amounts of quarters can be added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// An amount of a quarter: its sum since the start is a metric too.
    Flow,
    /// What stands at a quarter's end.
    Stock,
}

/// For whom more is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More makes the actor stronger: better for it, and worse for whoever restricts it.
    Strength,
    /// More hinders the actor: worse for it, and better for whoever restricts it.
    Hindrance,
    /// More is better for those who restrict as well, whose industry sells it.
    Earnings,
}

impl Better {
    /// For whom, in words.
    pub const fn whom(self) -> &'static str {
        match self {
            Self::Strength => "the actor",
            Self::Hindrance => "who restricts it",
            Self::Earnings => "both",
        }
    }

    /// Which way is better for whoever restricts: the side that comparisons of policies take where no objective is given.
    pub const fn sense(self) -> Sense {
        match self {
            Self::Strength => Sense::Min,
            Self::Hindrance | Self::Earnings => Sense::Max,
        }
    }
}

/// Under which heading observations of a metric are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the headings
pub enum Group {
    Supply,
    LegalFlows,
    Smuggling,
    Fleets,
    Labs,
    TrainingRuns,
    Prices,
    Other,
}

impl Group {
    /// All of them, in the order of boards.
    pub const ALL: [Self; 8] = [
        Self::Supply,
        Self::LegalFlows,
        Self::Smuggling,
        Self::Fleets,
        Self::Labs,
        Self::TrainingRuns,
        Self::Prices,
        Self::Other,
    ];

    /// The heading.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Supply => "supply",
            Self::LegalFlows => "legal flows",
            Self::Smuggling => "smuggling",
            Self::Fleets => "fleets",
            Self::Labs => "labs",
            Self::TrainingRuns => "training runs",
            Self::Prices => "prices",
            Self::Other => "other",
        }
    }
}

/// What of an actor a metric reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Of its labs; an actor without labs has no such metric.
    Labs(Trained),
    /// What its labs could train together.
    Pooled,
    /// What an hour of rent costs, of the world.
    Rent,
    /// Of its buyers.
    Buyers(Held),
    /// What comes to it by smuggling; a country in which no route ends has no such metric.
    Arrivals(Arrived),
    /// Chips that were refused to it, or by it if it is a rule.
    Refused,
    /// Of its chips.
    Chips(Sold),
    /// Of its facilities, where there is such a thing.
    Facilities(Made),
    /// Of a route for chips.
    Route(Carried),
    /// One of its metrics over another, both of its buyers.
    Over(Metric, Metric),
    /// Its part of the world's.
    Share(Metric),
    /// The quotient of the two metrics that the scenario names.
    Ratio,
}

/// What of labs is taken: the best lab's, or a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the metric of that name
pub enum Trained {
    Reachable,
    Run,
    Effective,
    Cost,
    Parameters,
    Tokens,
    Accessible,
    Rented,
    Free,
}

/// What of buyers is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the metric of that name
pub enum Held {
    Fleet(ChipUnit),
    Bought(ChipUnit),
    Imported(ChipUnit),
    Spend,
    Power,
    Planned,
    Stranded(ChipUnit),
    Retired(ChipUnit),
}

/// What comes to a country by smuggling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the metric of that name
pub enum Arrived {
    Smuggled(ChipUnit),
    Seized,
    Premium,
}

/// What of chips is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the metric of that name
pub enum Sold {
    Produced,
    Shipped(ChipUnit),
    Revenue,
}

/// What of facilities is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the metric of that name
pub enum Made {
    Capacity,
    Output,
    /// Where others take any.
    Others,
    /// Where the good goes into companion silicon.
    Companions,
    /// Where they answer to scarcity.
    Answered,
    Utilisation,
}

/// What a route carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the metric of that name
pub enum Carried {
    Smuggled(ChipUnit),
    Seized,
}

/// Everything that is to be known of a metric.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// The name of its sum since the start, which flows have.
    pub sum: &'static str,
    /// Its unit, in which `good` stands for the unit of the actor's good.
    pub unit: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// Whether it is a flow.
    pub course: Course,
    /// For whom more is better.
    pub better: Better,
    /// Where observations of it are scored; those of a ratio are scored as its numerator.
    pub group: Group,
    /// Kinds of actor that have it, and what of them it reads.
    pub of: &'static [(ActorKind, Reads)],
}

macro_rules! catalogue {
    ($(
        $(#[doc = $meaning:literal])+
        $metric:ident = $name:literal [$unit:literal] $course:ident $better:ident $group:ident {
            $( $($kind:ident)+ : $reads:expr ),+ $(,)?
        }
    )*) => {
        /// A metric.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric { $( $(#[doc = $meaning])+ $metric, )* }

        impl Metric {
            /// All of them, in the order in which tables have them.
            pub const ALL: &'static [Self] = &[$(Self::$metric),*];

            /// Everything that is to be known of it.
            pub const fn row(self) -> &'static Row {
                match self { $(
                    Self::$metric => &Row {
                        name: $name,
                        sum: concat!($name, "_cum"),
                        unit: $unit,
                        meaning: concat!($($meaning),+),
                        course: Course::$course,
                        better: Better::$better,
                        group: Group::$group,
                        of: &[$( $( (ActorKind::$kind, $reads) ),+ ),+],
                    },
                )* }
            }
        }
    };
}

catalogue! {
    /// Largest training run that could be finished by the quarter's end; of several labs, the best one's.
    ReachableFlop = "reachable_flop" ["FLOP"] Stock Strength TrainingRuns {
        Lab Country Group World: Reads::Labs(Trained::Reachable)
    }
    /// Largest training run that is expected to have been finished; of several labs, the best one's.
    RunFlop = "run_flop" ["FLOP"] Stock Strength TrainingRuns {
        Lab Country Group World: Reads::Labs(Trained::Run)
    }
    /// Reachable run times the progress of algorithms since the start, less what too little data takes; of several labs, the best one's.
    EffectiveFlop = "effective_flop" ["FLOP"] Stock Strength TrainingRuns {
        Lab Country World: Reads::Labs(Trained::Effective)
    }
    /// Cost of the reachable run; of several labs, that of the lab with the largest.
    RunCostUsd = "run_cost_usd" ["USD"] Stock Strength TrainingRuns {
        Lab Country World: Reads::Labs(Trained::Cost)
    }
    /// Parameters with which the reachable run learns most.
    OptimalParameters = "optimal_parameters" ["1"] Stock Strength TrainingRuns {
        Lab Country World: Reads::Labs(Trained::Parameters)
    }
    /// Tokens with which the reachable run learns most.
    OptimalTokens = "optimal_tokens" ["tokens"] Stock Strength TrainingRuns {
        Lab Country World: Reads::Labs(Trained::Tokens)
    }
    /// Working chips that labs own a part of or rent.
    AccessibleH100e = "accessible_h100e" ["H100e"] Stock Strength Labs {
        Lab Country Group: Reads::Labs(Trained::Accessible)
    }
    /// Working chips that labs rent.
    RentedH100e = "rented_h100e" ["H100e"] Stock Strength Labs {
        Lab Country Group: Reads::Labs(Trained::Rented)
    }
    /// Working chips that labs own a part of or rent and that do not serve users.
    TrainingH100e = "training_h100e" ["H100e"] Stock Strength Labs {
        Lab Country Group: Reads::Labs(Trained::Free)
    }
    /// Largest training run that all labs together could finish.
    PooledFlop = "pooled_flop" ["FLOP"] Stock Strength TrainingRuns {
        Country Group: Reads::Pooled
    }
    /// Chips owned, those being deployed included.
    FleetChips = "fleet_chips" ["chips"] Stock Strength Fleets {
        Country Group World Buyer: Reads::Buyers(Held::Fleet(ChipUnit::Chips))
    }
    /// Chips owned, those being deployed included, by their rate at 16 bits.
    FleetH100e = "fleet_h100e" ["H100e"] Stock Strength Fleets {
        Country Group World Buyer: Reads::Buyers(Held::Fleet(ChipUnit::H100e))
    }
    /// Chips owned, those being deployed included, by their rate at 8 bits.
    FleetH100e8Bit = "fleet_h100e_8bit" ["H100e-8bit"] Stock Strength Fleets {
        Country Group World Buyer: Reads::Buyers(Held::Fleet(ChipUnit::H100e8Bit))
    }
    /// Total processing performance of chips owned, those being deployed included.
    FleetTpp = "fleet_tpp" ["TPP"] Stock Strength Fleets {
        Country Group World Buyer: Reads::Buyers(Held::Fleet(ChipUnit::Tpp))
    }
    /// Chips bought legally.
    BoughtChips = "bought_chips" ["chips"] Flow Strength LegalFlows {
        Country Group Buyer: Reads::Buyers(Held::Bought(ChipUnit::Chips))
    }
    /// Chips bought legally from designers of other countries.
    ImportedChips = "imported_chips" ["chips"] Flow Strength LegalFlows {
        Country Group: Reads::Buyers(Held::Imported(ChipUnit::Chips))
    }
    /// Chips bought legally, by their rate at 16 bits.
    BoughtH100e = "bought_h100e" ["H100e"] Flow Strength LegalFlows {
        Country Group Buyer: Reads::Buyers(Held::Bought(ChipUnit::H100e))
    }
    /// Chips bought legally from designers of other countries, by their rate at 16 bits.
    ImportedH100e = "imported_h100e" ["H100e"] Flow Strength LegalFlows {
        Country Group: Reads::Buyers(Held::Imported(ChipUnit::H100e))
    }
    /// Chips bought legally, by their rate at 8 bits.
    BoughtH100e8Bit = "bought_h100e_8bit" ["H100e-8bit"] Flow Strength LegalFlows {
        Country Group Buyer: Reads::Buyers(Held::Bought(ChipUnit::H100e8Bit))
    }
    /// Chips bought legally from designers of other countries, by their rate at 8 bits.
    ImportedH100e8Bit = "imported_h100e_8bit" ["H100e-8bit"] Flow Strength LegalFlows {
        Country Group: Reads::Buyers(Held::Imported(ChipUnit::H100e8Bit))
    }
    /// Money paid for chips bought legally, fees included.
    SpendUsd = "spend_usd" ["USD"] Flow Strength LegalFlows {
        Country Group World Buyer: Reads::Buyers(Held::Spend)
    }
    /// Money that buyers would spend if everything could be bought at list price.
    PlannedSpend = "planned_spend" ["USD"] Flow Strength LegalFlows {
        Country Group World Buyer: Reads::Buyers(Held::Planned)
    }
    /// Money paid for chips bought legally over what was planned.
    SpendOverPlan = "spend_over_plan" ["1"] Stock Strength LegalFlows {
        Country Group World Buyer: Reads::Over(Metric::SpendUsd, Metric::PlannedSpend)
    }
    /// Power that working chips draw, with what cooling and the like take.
    PowerMw = "power_mw" ["MW"] Stock Strength Fleets {
        Country Buyer: Reads::Buyers(Held::Power)
    }
    /// Chips deployed that wait for power.
    StrandedChips = "stranded_chips" ["chips"] Stock Hindrance Fleets {
        Country Group World Buyer: Reads::Buyers(Held::Stranded(ChipUnit::Chips))
    }
    /// Chips deployed that wait for power, by their rate at 16 bits.
    StrandedH100e = "stranded_h100e" ["H100e"] Stock Hindrance Fleets {
        Country Group World Buyer: Reads::Buyers(Held::Stranded(ChipUnit::H100e))
    }
    /// Working chips that were taken out where power is short, to make room for better ones.
    RetiredChips = "retired_chips" ["chips"] Flow Hindrance Fleets {
        Country Group World Buyer: Reads::Buyers(Held::Retired(ChipUnit::Chips))
    }
    /// Working chips that were taken out to make room for better ones, by their rate at 16 bits.
    RetiredH100e = "retired_h100e" ["H100e"] Flow Hindrance Fleets {
        Country Group World Buyer: Reads::Buyers(Held::Retired(ChipUnit::H100e))
    }
    /// Chips that were asked for and refused: to a country, or by a rule.
    DeniedChips = "denied_chips" ["chips"] Flow Hindrance LegalFlows {
        Country Rule: Reads::Refused
    }
    /// Price of smuggled chips over list price, after the quarter's update.
    Premium = "premium" ["1"] Stock Hindrance Prices {
        Country: Reads::Arrivals(Arrived::Premium)
    }
    /// Price of an hour that labs rent.
    RentPrice = "rent_price" ["USD/H100e-hour"] Stock Hindrance Prices {
        World: Reads::Rent
    }
    /// Chips seized on the way.
    SeizedChips = "seized_chips" ["chips"] Flow Hindrance Smuggling {
        Country: Reads::Arrivals(Arrived::Seized),
        Route: Reads::Route(Carried::Seized)
    }
    /// Smuggled chips that arrived.
    SmuggledChips = "smuggled_chips" ["chips"] Flow Strength Smuggling {
        Country: Reads::Arrivals(Arrived::Smuggled(ChipUnit::Chips)),
        Route: Reads::Route(Carried::Smuggled(ChipUnit::Chips))
    }
    /// Smuggled chips that arrived, by their rate at 16 bits.
    SmuggledH100e = "smuggled_h100e" ["H100e"] Flow Strength Smuggling {
        Country: Reads::Arrivals(Arrived::Smuggled(ChipUnit::H100e)),
        Route: Reads::Route(Carried::Smuggled(ChipUnit::H100e))
    }
    /// Smuggled chips that arrived, by their rate at 8 bits.
    SmuggledH100e8Bit = "smuggled_h100e_8bit" ["H100e-8bit"] Flow Strength Smuggling {
        Country: Reads::Arrivals(Arrived::Smuggled(ChipUnit::H100e8Bit)),
        Route: Reads::Route(Carried::Smuggled(ChipUnit::H100e8Bit))
    }
    /// Chips whose production was started.
    ProducedChips = "produced_chips" ["chips"] Flow Strength Supply {
        Chip Designer Family World: Reads::Chips(Sold::Produced)
    }
    /// Chips sold, to buyers and to resellers.
    ShippedChips = "shipped_chips" ["chips"] Flow Strength Supply {
        Chip Designer Family World: Reads::Chips(Sold::Shipped(ChipUnit::Chips))
    }
    /// Chips sold, to buyers and to resellers, by their rate at 16 bits.
    ShippedH100e = "shipped_h100e" ["H100e"] Flow Strength Supply {
        Chip Designer Family World: Reads::Chips(Sold::Shipped(ChipUnit::H100e))
    }
    /// Chips sold, to buyers and to resellers, by their rate at 8 bits.
    ShippedH100e8Bit = "shipped_h100e_8bit" ["H100e-8bit"] Flow Strength Supply {
        Chip Designer Family World: Reads::Chips(Sold::Shipped(ChipUnit::H100e8Bit))
    }
    /// Chips sold, at list price.
    RevenueUsd = "revenue_usd" ["USD"] Flow Earnings Supply {
        Chip Designer Family World: Reads::Chips(Sold::Revenue)
    }
    /// What facilities could make.
    Capacity = "capacity" ["good/quarter"] Stock Strength Supply {
        Facility Good: Reads::Facilities(Made::Capacity)
    }
    /// What designers and private stocks took of facilities.
    Output = "output" ["good/quarter"] Flow Strength Supply {
        Facility Good: Reads::Facilities(Made::Output)
    }
    /// What other customers took of facilities.
    Others = "others" ["good/quarter"] Flow Hindrance Supply {
        Facility Good: Reads::Facilities(Made::Others)
    }
    /// What of output went into companion silicon beside chips.
    Companions = "companions" ["good/quarter"] Flow Strength Supply {
        Facility Good: Reads::Facilities(Made::Companions)
    }
    /// Capacity that was added in answer to scarcity, so far.
    Answered = "answered" ["good/quarter"] Stock Strength Supply {
        Facility Good: Reads::Facilities(Made::Answered)
    }
    /// What designers, private stocks and other customers took, over capacity.
    Utilisation = "utilisation" ["1"] Stock Strength Supply {
        Facility Good: Reads::Facilities(Made::Utilisation)
    }
    /// Chips owned over those of the world, by their rate at 16 bits.
    FleetShare = "fleet_share" ["1"] Stock Strength Fleets {
        Country: Reads::Share(Metric::FleetH100e)
    }
    /// The quotient of two metrics that the scenario names.
    Ratio = "ratio" ["1"] Stock Strength Other {
        Ratio: Reads::Ratio
    }
}

impl Metric {
    /// Its name.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The name of its sum since the start.
    pub const fn sum(self) -> &'static str {
        self.row().sum
    }

    /// Whether it is a flow, so that it has a sum.
    pub fn is_flow(self) -> bool {
        self.row().course == Course::Flow
    }

    /// The metric of a name, and whether the name is that of its sum.
    pub fn named(name: &str) -> Option<(Self, bool)> {
        let found = |name: &str| Self::ALL.iter().copied().find(|m| m.name() == name);
        let sum = || found(name.strip_suffix(SUM)?).filter(|m| m.is_flow());
        found(name).map(|m| (m, false)).or_else(|| sum().map(|m| (m, true)))
    }

    /// What a comparison calls the time until a run of a size \[FLOP\] is reachable: it derives that of a metric's course.
    pub fn until(level: f64) -> String {
        format!("{UNTIL}{level:e}")
    }

    /// For whom more is better of what has a name: a metric, its sum, or a time until something is reachable.
    pub fn better(name: &str) -> Option<Better> {
        let metric = Self::named(name).map(|(metric, _)| metric.row().better);
        metric.or(name.starts_with(UNTIL).then_some(Better::Hindrance))
    }

    /// Whether it says in another unit of chips what another metric says in H100e.
    pub fn repeats(self) -> bool {
        let unit = self.row().unit;
        [ChipUnit::H100e8Bit, ChipUnit::Tpp].iter().any(|u| u.symbol() == unit)
    }

    /// What it is, in a sentence.
    pub fn meaning(self) -> &'static str {
        self.row().meaning.trim_start()
    }

    /// Its line in the table of `docs/model.md`: name, course, unit, actors, for whom more is better, heading, meaning.
    pub fn line(self) -> String {
        let row = self.row();
        let course = if self.is_flow() { "flow" } else { "stock" };
        let kinds: Vec<&str> = row.of.iter().map(|of| of.0.name()).collect();
        format!(
            "| `{}` | {course} | {} | {} | {} | {} | {} |",
            row.name,
            row.unit,
            kinds.join(", "),
            row.better.whom(),
            row.group.name(),
            self.meaning()
        )
    }

    /// Metrics that a kind of actor has, in the order of tables, with what they read.
    pub fn of(kind: ActorKind) -> Vec<(Self, Reads)> {
        let reads = |m: Self| m.row().of.iter().find(|of| of.0 == kind).map(|of| (m, of.1));
        let mut all: Vec<(Self, Reads)> = Self::ALL.iter().copied().filter_map(reads).collect();
        if kind == ActorKind::Route {
            // Of a route, what arrives comes before what does not.
            all.sort_by_key(|(m, _)| *m == Self::SeizedChips);
        }
        all
    }
}
