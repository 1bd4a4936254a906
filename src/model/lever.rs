//! What shocks act on: one row a lever, which the reader, the plan, the engine and the story all read.
//!
//! Who adds a lever writes its row here and its field in `entities/policy.rs`, and lets a step of the engine read it.

use super::entities::Shock;
use super::field::Effect;

/// The places at which a lever acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the rows of those tables
pub enum Places {
    Facilities,
    Countries,
    Buyers,
    Routes,
    /// Pairs of a chip and a market.
    Markets,
    /// Pairs of a facility and a tool that it depends on.
    FacilityTools,
}

/// How the amount of an effect is written, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A factor, `times`, on what there is.
    Times,
    /// An addition, `plus`, to what there is.
    Plus,
}

/// Everything that is to be known of a lever.
#[derive(Debug)]
pub struct LeverRow {
    /// Under which key of a shock its effects are written.
    pub key: &'static str,
    /// What a story calls it.
    pub word: &'static str,
    /// Where it acts.
    pub places: Places,
    /// Tables whose rows an effect can name; the first is that of the places.
    pub on: &'static [&'static str],
    /// Whether an effect can be narrowed to destinations.
    pub to: bool,
    /// What an effect's amount does.
    pub change: Change,
    /// Largest value that shocks together can make \[1\].
    pub top: f64,
}

macro_rules! levers {
    ($(
        $(#[doc = $about:literal])+
        $lever:ident $field:ident $word:literal: $change:ident at $places:ident of $on:expr, $to:expr, $top:expr;
    )*) => {
        /// What a shock acts on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Lever { $( $(#[doc = $about])+ $lever, )* }

        impl Lever {
            /// All of them, in order.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$lever),*];

            /// Everything that is to be known of it.
            pub const fn row(self) -> &'static LeverRow {
                match self { $(
                    Self::$lever => &LeverRow {
                        key: stringify!($field),
                        word: $word,
                        places: Places::$places,
                        on: &$on,
                        to: $to,
                        change: Change::$change,
                        top: $top,
                    },
                )* }
            }
        }

        impl Shock {
            /// Its effects on a lever.
            pub fn effects(&self, lever: Lever) -> &[Effect] {
                match lever { $( Lever::$lever => &self.$field, )* }
            }
        }
    };
}

/// No bound.
const FREE: f64 = f64::INFINITY;

// Variant, field of a shock, word of a story; what an amount does, where; tables that an effect names, whether it takes
// destinations, largest value.
levers! {
    /// Capacity of facilities.
    Capacity capacity "capacity": Times at Facilities of ["facility", "country", "good"], false, 1.0;
    /// Power of countries.
    Power power "power": Times at Countries of ["country", "group"], false, FREE;
    /// Budgets of buyers.
    Budget budget "budgets": Times at Buyers of ["buyer", "country", "group"], false, FREE;
    /// Detection on routes.
    Detection detection "detection": Times at Routes of ["route", "country"], false, FREE;
    /// Capacity of routes.
    RouteCapacity route_capacity "routes": Times at Routes of ["route", "country"], false, FREE;
    /// Permission of (chip, market): 0 closes the edge.
    Sales sales "sales": Times at Markets of ["chip", "designer"], true, 1.0;
    /// Fee of (chip, market).
    Fee fee "fees": Plus at Markets of ["chip", "designer"], true, FREE;
    /// Access to new tools, by (facility, tool).
    Tools tools "tools": Times at FacilityTools of ["tool"], true, 1.0;
    /// Access to servicing, by (facility, tool).
    Service service "servicing": Times at FacilityTools of ["tool"], true, 1.0;
}

impl Change {
    /// The key under which the amount is written.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Times => "times",
            Self::Plus => "plus",
        }
    }

    /// What changes nothing \[1\].
    pub const fn rest(self) -> f64 {
        match self {
            Self::Times => 1.0,
            Self::Plus => 0.0,
        }
    }
}
