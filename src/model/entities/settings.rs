//! Settings that hold for the whole world: one table each, with a default for every field.

use super::super::field::{Date, Horizon, Number, Scalar, Series, Text, Whole};
use super::chain::Form;
#[allow(unused_imports)]
use crate::model::Spec;

settings! {
    /// How buyers choose and spend.
    Trade in "trade" {
        /// Elasticity of choice in value for money [1].
        elasticity: Scalar = Spec::unit("1").between(0.1, 20.0).or("5.5"),
        /// Value of waiting, as a share of the best offer's [1].
        wait: Scalar = Spec::share().or("0.65"),
        /// Most that a buyer orders over what it needs in a shortage [1].
        over_order: Scalar = Spec::unit("1").at_least(1.0).or("2.2").waits(),
        /// Power that buyers order chips for, over that which they expect to be free in the next quarter [1].
        power_slack: Scalar = Spec::unit("1").between(0.0, 5.0).or("1.2").waits(),
        /// Elasticity of a buyer's budget in what its money can buy, over what it could if everything were permitted at list price [1].
        access_elasticity: Scalar = Spec::unit("1").between(0.0, 20.0).or("0"),
        /// Share of unspent money that is carried to the next quarter [1].
        carry: Scalar = Spec::share().or("0.3").waits(),
        /// Factor on all budgets [1].
        world_budget: Scalar = Spec::unit("1").at_least(0.0).or("1").waits(),
        /// Memory-bound share of buyers' work [1].
        memory_bound: Scalar = Spec::share().or("0.5"),
        /// Arithmetic intensity of memory-bound work [FLOP/byte].
        intensity: Scalar = Spec::unit("FLOP/byte").positive().or("180"),
        /// Cost of host, data centre and power over the chip's life [USD/W of IT power].
        usd_per_watt: Scalar = Spec::unit("USD/W").at_least(0.0).or("12").waits(),
        /// Cost that comes with every chip whatever its size: network ports, rack, staff [USD/chip].
        usd_per_chip: Scalar = Spec::unit("USD/chip").at_least(0.0).or("0").waits(),
    }
}

settings! {
    /// How designers plan and make.
    Production in "production" {
        /// From start of production to arrival [whole quarters].
        lead: Whole = Spec::unit("quarters").between(0.0, 4.0).or("1"),
        /// Planned production over expected sales [1].
        headroom: Scalar = Spec::unit("1").positive().or("1.35").waits(),
        /// How far a designer stops a generation once its successor is in full production [1].
        wind_down: Scalar = Spec::share().or("0").waits(),
        /// Factor on the good dies of every wafer [1].
        harvest: Scalar = Spec::unit("1").between(0.1, 2.0).or("1").waits(),
        /// Good silicon in the area of a wafer that carries companion silicon [1].
        companion_yield: Scalar = Spec::share().at_least(0.01).or("0.75").waits(),
    }
}

settings! {
    /// Approved shares of licences where a rule gives none.
    Licensing in "licensing" {
        /// Where approval is presumed [1].
        presumed: Scalar = Spec::share().or("0.95").waits(),
        /// Where it is decided case by case [1].
        case_by_case: Scalar = Spec::share().or("0.5").waits(),
        /// Where it is seldom given [1].
        license: Scalar = Spec::share().or("0.15").waits(),
    }
}

settings! {
    /// How controlled chips reach those who are denied them.
    Diversion in "diversion" {
        /// Share of the money of those who are denied chips that would go to smugglers at all, if smuggled chips were all that they chose [1].
        willing: Scalar = Spec::share().or("0.5").waits(),
        /// Precedence of resellers' orders in rationing [1].
        priority: Scalar = Spec::unit("1").positive().or("5").waits(),
        /// Price on the grey market over list price, at first [1].
        premium: Scalar = Spec::unit("1").at_least(1.0).or("1.75"),
        /// Bound of that price [1].
        premium_max: Scalar = Spec::unit("1").at_least(1.0).or("5").waits(),
        /// How that price answers to scarcity: exponent of what is wanted over what routes can carry [1].
        premium_exponent: Scalar = Spec::unit("1").between(0.0, 4.0).or("0.25").waits(),
        /// How readily chips are moved, by the form in which they are sold.
        carries: Carries = Spec::none().or("{}"),
        /// Performance without the vendor's support, over that with it [1].
        support: Scalar = Spec::share().or("0.88").waits(),
        /// Failure hazard of smuggled chips over that of others [1].
        failure: Scalar = Spec::unit("1").at_least(0.0).or("1.5").waits(),
        /// Chance that location verification finds a diverted chip made in that quarter [1].
        verification: Series = Spec::share().or("0").waits(),
    }
}

part! {
    /// How readily chips of a form are smuggled: a factor on their weight in the choice of those who are denied them.
    Carries {
        /// Cards [1].
        card: Scalar = Spec::share().or("1"),
        /// Boards and servers [1].
        server: Scalar = Spec::share().or("1"),
        /// Racks [1].
        rack: Scalar = Spec::share().or("1"),
    }
}

impl Carries {
    /// How readily chips of a form are smuggled.
    pub fn of(&self, form: Form) -> Scalar {
        match form {
            Form::Card => self.card,
            Form::Server => self.server,
            Form::Rack => self.rack,
        }
    }
}

settings! {
    /// How chips enter service and leave it.
    Fleet in "fleet" {
        /// From purchase to operation [quarters].
        lag: Scalar = Spec::unit("quarters").between(0.0, 3.0).or("1").waits(),
        /// Failure hazard of a new chip [1/year].
        hazard: Scalar = Spec::unit("1/year").between(0.0, 4.0).or("0.02").waits(),
        /// Growth of the hazard with age [1/year a year].
        aging: Scalar = Spec::unit("1/year2").between(0.0, 1.0).or("0.0035").waits(),
        /// IT power over thermal design power, where a chip does not give it [1].
        server_factor: Scalar = Spec::unit("1").at_least(1.0).or("2.05"),
        /// Where power is short, a working chip makes room for one that computes this many times as much with the same power, and leaves
        /// the fleet \[1\].
        replace: Scalar = Spec::unit("1").between(1.01, 1000.0).or("2.5").waits(),
    }
}

settings! {
    /// What renting costs.
    Rental in "rental" {
        /// Price of an hour in contracts, where labs ask for as much as `balance` says [USD/H100e-hour].
        price: Series = Spec::unit("USD/H100e-hour").positive().or("2.2").waits(),
        /// What labs ask for over what clouds offer them, at which the price is `price` [1].
        balance: Series = Spec::unit("1").positive().or("1").waits(),
        /// How the price answers to scarcity: exponent of what was asked over what was offered in the last quarter, over `balance` [1].
        scarcity: Scalar = Spec::unit("1").between(0.0, 4.0).or("0").waits(),
        /// The most that scarcity counts for, before the exponent; glut counts for no less than its inverse [1].
        scarcity_max: Scalar = Spec::unit("1").at_least(1.0).or("4").waits(),
    }
}

settings! {
    /// How runs are made of chips.
    Training in "training" {
        /// Factor on every lab's utilisation [1].
        mfu_factor: Scalar = Spec::unit("1").positive().or("1").waits(),
        /// Share of its chips for runs that a lab usually gives to its largest run [1].
        run_share: Series = Spec::share().or("0.12").waits(),
        /// Largest share of the chips that it can join that one run could take [1].
        max_share: Scalar = Spec::share().or("0.8").waits(),
        /// What chips at a lab's other sites add to a run, over those of its largest site [1].
        other_sites: Series = Spec::share().or("1").waits(),
        /// Usual length of a largest run [days].
        usual_run: Series = Spec::unit("days").between(1.0, 1000.0).or("90").waits(),
        /// Share of a run's arithmetic that is done in 8 bits, where that is faster [1].
        low_precision: Series = Spec::share().or("0").waits(),
        /// Utilisation of the 8-bit peak over that of the 16-bit peak [1].
        low_precision_mfu: Scalar = Spec::unit("1").between(0.05, 1.5).or("0.8"),
        /// Loss of utilisation with the number of chips: exponent [1].
        scale_loss: Scalar = Spec::unit("1").between(0.0, 1.0).or("0.04").waits(),
        /// Number of chips from which that loss counts [chips].
        reference_chips: Scalar = Spec::unit("chips").positive().or("10k").waits(),
        /// Loss of utilisation with a slower interconnect: exponent [1].
        interconnect_loss: Scalar = Spec::unit("1").between(0.0, 2.0).or("0.2"),
        /// Interconnect from which there is no loss [GB/s].
        reference_interconnect: Scalar = Spec::unit("GB/s").positive().or("600"),
        /// From the end of a run to its publication, rounded to whole quarters [quarters].
        disclosure_lag: Scalar = Spec::unit("quarters").between(0.0, 4.0).or("0").waits(),
        /// What is left of labs' chips when a country pools them in one run [1].
        coordination: Scalar = Spec::share().or("0.7").waits(),
    }
}

settings! {
    /// The other two legs: algorithms and data.
    Science in "science" {
        /// Growth of algorithmic efficiency [1/year].
        algorithms: Scalar = Spec::growth().or("3"),
        /// Usable training tokens [tokens].
        data_stock: Series = Spec::unit("tokens").positive().or("3e14").waits(),
        /// Exponent of returns beyond the usable tokens [1].
        data_returns: Scalar = Spec::unit("1").between(0.0, 1.0).or("0.35").waits(),
        /// Parameter term of the scaling law: coefficient A [nats].
        scaling_a: Scalar = Spec::unit("1").positive().or("482.01"),
        /// Data term of the scaling law: coefficient B [nats].
        scaling_b: Scalar = Spec::unit("1").positive().or("2085.43"),
        /// Exponent of parameters [1].
        scaling_alpha: Scalar = Spec::unit("1").between(0.05, 1.0).or("0.3478"),
        /// Exponent of tokens [1].
        scaling_beta: Scalar = Spec::unit("1").between(0.05, 1.0).or("0.3658"),
    }
}

settings! {
    /// Defaults of a run.
    Run in "run" {
        /// First and last quarter, as `2022Q1..2030Q4`.
        horizon: Horizon = Spec::none().or("2022Q1..2030Q4"),
        /// Random shocks begin after this quarter; default: the horizon's first.
        known_until: Option<Date> = Spec::none(),
        /// The most influential paths, in order: three neighbours share a quasi-random net; at most 64.
        lead: Vec<Text> = Spec::none(),
        /// Thresholds of training compute whose first passing is counted [FLOP].
        thresholds: Vec<Number> = Spec::unit("FLOP").positive(),
        /// Actors that the summary shows, in order, as `lab.openai`; default: every lab, every country and the world.
        headline: Vec<Text> = Spec::none(),
    }
}
