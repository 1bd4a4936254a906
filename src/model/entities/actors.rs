//! The demand side: buyers, labs and smuggling routes.

use super::super::field::{
    BuyerId, ChipId, CountryId, Date, DesignerId, GoodId, Map, Scalar, Series, Shares, Text,
};
#[allow(unused_imports)]
use crate::model::Spec;

choice! {
    /// What a buyer does with its chips.
    BuyerKind {
        /// Rents part of them out.
        Cloud = "cloud",
        /// Trains on them itself.
        Lab = "lab",
        /// Sells them on; it has no budget of its own: routes place its orders.
        Reseller = "reseller",
        /// Anything else.
        Other = "other",
    }
}

entity! {
    /// A firm, or a class of firms, that buys chips and stands in one country.
    Buyer in "buyer" {
        /// What people call it; its id where nothing is written.
        title: Text = Spec::none().or(""),
        /// What it does with its chips.
        kind: BuyerKind = Spec::none().or("other"),
        /// Country where its chips stand.
        country: CountryId = Spec::required(),
        /// Country of its ultimate parent; default: `country`.
        headquarters: Option<CountryId> = Spec::none(),
        /// Money for AI chips [USD/quarter].
        budget: Option<Series> = Spec::unit("USD/quarter").at_least(0.0).waits(),
        /// Preference for a designer's chips over their price-performance [1]; 1 where not given.
        affinity: Map<DesignerId, Series> = Spec::unit("1").at_least(0.0),
        /// Precedence in rationing [1].
        priority: Scalar = Spec::unit("1").positive().or("1").waits(),
        /// Memory-bound share of its work [1]; default: `trade.memory_bound`.
        memory_bound: Option<Scalar> = Spec::share(),
        /// Share of its operating chips that it offers for rent [1].
        rents: Option<Series> = Spec::share().waits(),
        /// Chips that it has at the start.
        opening: Map<ChipId, Opening> = Spec::none(),
    }
}

part! {
    /// Chips owned at the horizon's start.
    Opening {
        /// How many [chips].
        count: Scalar = Spec::unit("chips").at_least(0.0),
        /// Their mean age [years].
        age: Scalar = Spec::unit("years").between(0.0, 20.0).or("1"),
    }
}

entity! {
    /// An organisation that trains models.
    Lab in "lab" {
        /// What people call it; its id where nothing is written.
        title: Text = Spec::none().or(""),
        /// Country of its headquarters.
        country: CountryId = Spec::required(),
        /// Buyers whose chips it uses, with its share of each: a list (all of them) or a table of shares [1].
        buyers: Shares<BuyerId> = Spec::share(),
        /// Clouds that it rents from, with weights [1].
        clouds: Shares<BuyerId> = Spec::unit("1").at_least(0.0),
        /// Money for renting [USD/quarter].
        rent_budget: Option<Series> = Spec::unit("USD/quarter").at_least(0.0).waits(),
        /// Money that it has had for renting since the start, whatever it has spent of it [USD]; without it only `rent_budget` binds.
        funds: Option<Series> = Spec::unit("USD").at_least(0.0).waits(),
        /// What it means to spend on its largest run, at rental prices [USD]; without it money does not bind.
        training_budget: Option<Series> = Spec::unit("USD").at_least(0.0).waits(),
        /// The largest single run that could be paid for [USD]; without it money does not bind.
        financeable: Option<Series> = Spec::unit("USD").at_least(0.0).waits(),
        /// Model FLOP utilisation of a run at the reference size and interconnect [1].
        mfu: Scalar = Spec::share().or("0.35").waits(),
        /// Share of its chips that serve users and are not there for runs [1].
        serving: Series = Spec::share().or("0").waits(),
        /// Largest share of the chips that it can join that one run could take [1]; default: `training.max_share`.
        max_share: Option<Scalar> = Spec::share().waits(),
        /// Share of its chips that stand at its largest site [1].
        largest_site: Series = Spec::share().or("1").waits(),
        /// Its usual share in one run, over `training.run_share` [1].
        run_share_factor: Series = Spec::unit("1").positive().or("1").waits(),
        /// Share of its runs' arithmetic in 8 bits [1]; default: `training.low_precision`.
        low_precision: Option<Series> = Spec::share().waits(),
        /// The longest run [days].
        longest_run: Series = Spec::unit("days").between(1.0, 1000.0).or("150").waits(),
        /// The usual length of its largest run [days]; default: `training.usual_run`.
        usual_run: Option<Series> = Spec::unit("days").between(1.0, 1000.0).waits(),
        /// From the end of its runs to their publication, rounded to whole quarters [quarters]; default: `training.disclosure_lag`.
        disclosure_lag: Option<Scalar> = Spec::unit("quarters").between(0.0, 4.0).waits(),
        /// How far its algorithms are behind the best [years]; default: that of its country.
        algorithm_lag: Option<Series> = Spec::unit("years").between(0.0, 20.0).waits(),
        /// The largest run finished before the horizon [FLOP].
        opening_run: Scalar = Spec::unit("FLOP").at_least(0.0).or("0"),
    }
}

entity! {
    /// A long contract between a designer and a buyer: chips that are planned, ordered and filled before others.
    Commitment in "commitment" {
        /// Who is to deliver.
        designer: DesignerId = Spec::required(),
        /// Who is to take and pay.
        buyer: BuyerId = Spec::required(),
        /// The designer's chips that it may be met with; empty: all that are offered to the buyer.
        chips: Vec<ChipId> = Spec::none(),
        /// Chips of a quarter [chips/quarter].
        units: Series = Spec::unit("chips/quarter").at_least(0.0),
        /// Who says so.
        source: Text = Spec::none().or(""),
    }
}

entity! {
    /// A smuggling route from a transit country to a destination, for chips or for one good.
    Route in "route" {
        /// Transit country.
        via: CountryId = Spec::required(),
        /// Destination.
        to: CountryId = Spec::required(),
        /// The good that it carries; without it: chips.
        good: Option<GoodId> = Spec::none(),
        /// The reseller that places its orders; default: a firm of the transit country.
        reseller: Option<BuyerId> = Spec::none(),
        /// First day of use; default: the horizon's start.
        opens: Option<Date> = Spec::none(),
        /// Capacity at its opening [chips or the good's unit per quarter].
        capacity: Scalar = Spec::unit("chips/quarter").at_least(0.0),
        /// What it can carry at its opening, in money at the price on the grey market [USD/quarter]; it grows as `capacity` does. Without it money does not bind; only for chips.
        capacity_usd: Option<Scalar> = Spec::unit("USD/quarter").at_least(0.0).waits(),
        /// Where growth ends [chips or the good's unit per quarter]; default: its opening capacity.
        ceiling: Option<Scalar> = Spec::unit("chips/quarter").at_least(0.0).waits(),
        /// Growth of a fully used route far from its ceiling [1/quarter].
        growth: Scalar = Spec::unit("1/quarter").at_least(0.0).or("0").waits(),
        /// Capacity lost to investigations per share seized [1/quarter].
        rollup: Scalar = Spec::unit("1").at_least(0.0).or("0").waits(),
        /// Share of what is attempted that is seized [1].
        detection: Series = Spec::share().waits(),
        /// From purchase to delivery [quarters].
        lag: Scalar = Spec::unit("quarters").between(0.0, 3.0).or("0.5").waits(),
    }
}
