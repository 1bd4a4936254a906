//! What governments and accidents do: rules and shocks; and what is said about the world: correlations, ratios, observations.

use super::super::field::{
    ChipId, Clause, CountryId, Date, DesignerId, Effects, Flag, GoodId, GroupId, Map, RuleId, Scalar, Series,
    ShockId, StockpileId, Text, ToolId, Whole,
};
#[allow(unused_imports)]
use crate::model::{Lever, Spec};

choice! {
    /// What a rule asks for, from weakest to strictest.
    Status {
        /// No licence needed.
        Free = "free",
        /// Notify, then ship.
        Notify = "notify",
        /// A licence that is presumed to be approved.
        LicensePresumedApproved = "license-presumed-approved",
        /// A licence decided case by case.
        LicenseCaseByCase = "license-case-by-case",
        /// A licence that is seldom given.
        License = "license",
        /// No sale.
        Denied = "denied",
    }
}

choice! {
    /// The flow on which a rule acts.
    Subject {
        /// Sales of chips.
        Chips = "chips",
        /// Sales of goods, such as stand-alone memory.
        Goods = "goods",
        /// Sales of tools to facilities.
        Tools = "tools",
        /// Servicing of tools at facilities.
        Servicing = "servicing",
        /// Making a designer's dies.
        Foundry = "foundry",
        /// Renting chips to a lab from abroad.
        RemoteAccess = "remote-access",
    }
}

entity! {
    /// A legal rule of one country: it requires a status, or eases what other rules require.
    Rule in "rule" {
        /// Country that issues it.
        issuer: CountryId = Spec::required(),
        /// What it is called.
        title: Text = Spec::none().or(""),
        /// Where it is published.
        source: Text = Spec::none().or(""),
        /// Anything a reader should know.
        note: Text = Spec::none().or(""),
        /// Day from which people act on it; default: `effective`.
        announced: Option<Date> = Spec::none(),
        /// Day from which it holds; without it only a shock puts it in force.
        effective: Option<Date> = Spec::none(),
        /// First day on which it holds no more.
        until: Option<Date> = Spec::none(),
        /// Whether it holds at all: above one half it does, so `"bernoulli(30%)"` is a switch.
        in_force: Scalar = Spec::share().or("1").waits(),
        /// The flow on which it acts.
        subject: Subject = Spec::none().or("chips"),
        /// Goods that it covers, for `subject = "goods"`; empty: all.
        goods: Vec<GoodId> = Spec::none(),
        /// Tools that it covers, for tools and servicing; empty: all.
        tools: Vec<ToolId> = Spec::none(),
        /// Addressees: designers whose products it binds, or who are served; empty: all.
        designers: Vec<DesignerId> = Spec::none(),
        /// Chips that it names (importers' refusals may); empty: all.
        products: Vec<ChipId> = Spec::none(),
        /// Whom it keeps from having the item.
        to: Destination = Spec::required(),
        /// The status that it requires.
        requires: Option<Status> = Spec::none(),
        /// Rules of the same issuer whose requirements it eases.
        eases: Vec<RuleId> = Spec::none(),
        /// The status that they are eased to.
        eased_to: Option<Status> = Spec::none(),
        /// It holds where any of these conditions does; empty: always.
        any: Vec<Clause> = Spec::none(),
        /// It holds only where all of these conditions do.
        all: Vec<Clause> = Spec::none(),
        /// Approved share of what is asked for [1]; default: by status, from `[licensing]`.
        share: Option<Scalar> = Spec::share().waits(),
        /// From the effective day to the first approvals [quarters].
        lag: Scalar = Spec::unit("quarters").between(0.0, 12.0).or("0"),
        /// Share of the price that the state takes on top [1]: revenue share or tariff.
        fee: Scalar = Spec::unit("1").between(0.0, 10.0).or("0").waits(),
        /// Fees by bands of the data sheet; the first that holds replaces `fee`.
        bands: Vec<Band> = Spec::none(),
        /// Volume limits.
        cap: Option<Cap> = Spec::none(),
        /// Purchases between announcement and effect by those that it will cut off, over ordinary ones [1].
        rush: Scalar = Spec::unit("1").at_least(1.0).or("1").waits(),
        /// For remote access: rentals up to this size are not covered [H100e].
        above: Option<Scalar> = Spec::unit("H100e").at_least(0.0).waits(),
    }
}

part! {
    /// Destinations of a rule: a sale is covered if its delivery (or, where asked, its buyer's headquarters) is in one of them.
    Destination {
        /// Countries.
        countries: Vec<CountryId> = Spec::none(),
        /// Groups of countries.
        groups: Vec<GroupId> = Spec::none(),
        /// Whether every jurisdiction is one, whatever is listed.
        worldwide: Flag = Spec::none().or("false"),
        /// Countries that are left out.
        except: Vec<CountryId> = Spec::none(),
        /// Groups that are left out.
        except_groups: Vec<GroupId> = Spec::none(),
        /// Whether the place of delivery counts.
        delivered: Flag = Spec::none().or("true"),
        /// Whether the buyer's headquarters count.
        headquarters: Flag = Spec::none().or("false"),
    }
}

part! {
    /// A fee for items whose data sheet satisfies a condition.
    Band {
        /// It holds where any of these does; empty: always.
        any: Vec<Clause> = Spec::none(),
        /// It holds only where all of these do.
        all: Vec<Clause> = Spec::none(),
        /// The fee [1].
        fee: Scalar = Spec::unit("1").between(0.0, 10.0).waits(),
    }
}

part! {
    /// Volume limits of a rule's outcome; the tightest binds.
    Cap {
        /// Chips in a calendar year, over all that the rule governs [chips/year].
        units: Option<Scalar> = Spec::unit("chips/year").at_least(0.0).waits(),
        /// Chips in a calendar year to one buyer [chips/year].
        units_per_buyer: Option<Scalar> = Spec::unit("chips/year").at_least(0.0).waits(),
        /// Total processing performance that may go to one country in a period of `years` [TPP].
        tpp_per_country: Option<Scalar> = Spec::unit("TPP").at_least(0.0).waits(),
        /// Calendar years after which what went to a country counts anew, the first that of the effective day; default: the rule's life.
        years: Option<Whole> = Spec::none().between(1.0, 100.0),
        /// Total processing performance in a calendar year to one buyer [TPP/year].
        tpp_per_buyer: Option<Scalar> = Spec::unit("TPP/year").at_least(0.0).waits(),
        /// Share of the product's sales to the issuer's home market in all quarters before, of which what is sold under the rule counts for all time [1].
        home_share: Option<Scalar> = Spec::unit("1").at_least(0.0).waits(),
    }
}

choice! {
    /// How a shock's effect fades.
    Recovery {
        /// Full until its end.
        Step = "step",
        /// In a straight line to its end.
        Linear = "linear",
        /// By a factor e in each duration.
        Exponential = "exponential",
    }
}

choice! {
    /// A state of the world on which a shock can wait.
    Gauge {
        /// Share of attempted chips that was seized on the way to the country in the last quarter [1].
        SeizedShare = "seized-share",
        /// Share of first-round orders of the country's buyers that was not filled in the last quarter [1].
        UnmetDemand = "unmet-demand",
        /// Chips smuggled into the country in the last quarter over those bought legally [1].
        SmuggledShare = "smuggled-share",
    }
}

entity! {
    /// Something that happens on a date, by chance, or when the world is in some state.
    Shock in "shock" {
        /// What it is called.
        title: Text = Spec::none().or(""),
        /// Where its numbers come from.
        source: Text = Spec::none().or(""),
        /// Anything a reader should know.
        note: Text = Spec::none().or(""),
        /// The day on which it strikes.
        date: Option<Date> = Spec::none(),
        /// Chance of striking [1/year], after `run.known_until`.
        hazard: Option<Series> = Spec::unit("1/year").at_least(0.0).waits(),
        /// It can strike only in a quarter after one in which this held; without a hazard it then strikes at once.
        when: Option<Trigger> = Spec::none(),
        /// Factors on the hazard while other shocks act.
        hazard_times: Map<ShockId, Scalar> = Spec::unit("1").at_least(0.0),
        /// From the strike to the onset [quarters].
        delay: Scalar = Spec::unit("quarters").between(0.0, 40.0).or("0"),
        /// Length, or time constant, of the effect [quarters].
        duration: Scalar = Spec::unit("quarters").between(0.01, 400.0).or("1"),
        /// How the effect fades.
        recovery: Recovery = Spec::none().or("linear"),
        /// Whether it can strike again once it is over.
        recurring: Flag = Spec::none().or("true"),
        /// Factors on facilities' capacity.
        capacity: Effects = Spec::lever(Lever::Capacity),
        /// Factors on countries' power.
        power: Effects = Spec::lever(Lever::Power),
        /// Factors on buyers' budgets.
        budget: Effects = Spec::lever(Lever::Budget),
        /// Factors on routes' detection.
        detection: Effects = Spec::lever(Lever::Detection),
        /// Factors on routes' capacity.
        route_capacity: Effects = Spec::lever(Lever::RouteCapacity),
        /// Factors on what may be sold: 0 closes the edge.
        sales: Effects = Spec::lever(Lever::Sales),
        /// Additions to the fee on sales: a tariff.
        fee: Effects = Spec::lever(Lever::Fee),
        /// Factors on access to new tools.
        tools: Effects = Spec::lever(Lever::Tools),
        /// Factors on access to servicing.
        service: Effects = Spec::lever(Lever::Service),
        /// Rules in force from onset for the duration.
        enforces: Vec<RuleId> = Spec::none(),
        /// Rules out of force from onset for the duration.
        lifts: Vec<RuleId> = Spec::none(),
        /// What a private stock gains, spread over the duration.
        leak: Option<Leak> = Spec::none(),
    }
}

part! {
    /// A condition on the state of the last quarter.
    Trigger {
        /// What is looked at.
        gauge: Gauge = Spec::required(),
        /// Where.
        country: CountryId = Spec::required(),
        /// The level above which it holds [1].
        above: Scalar = Spec::unit("1").at_least(0.0).waits(),
    }
}

part! {
    /// A gain of a private stock from outside the modelled supply.
    Leak {
        /// Which stock.
        stockpile: StockpileId = Spec::required(),
        /// How much in all [the stock's unit].
        amount: Scalar = Spec::unit("1").at_least(0.0),
    }
}

entity! {
    /// A quotient of two metrics, recorded as metric `ratio` of the actor `ratio.<id>`.
    Ratio in "ratio" {
        /// The numerator, as `actor/metric`.
        of: Text = Spec::required(),
        /// The denominator, as `actor/metric`.
        over: Text = Spec::required(),
    }
}
