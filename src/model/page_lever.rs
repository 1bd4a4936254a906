//! What the explorer's page offers to change.

/// A lever: what it is, and what it changes.
#[derive(Clone, Debug, PartialEq)]
pub struct PageLever {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Levers of one group stand together.
    pub group: String,
    /// What it is, and what it is today.
    pub about: String,
    /// Who says how far it can go.
    pub source: String,
    /// What it changes.
    pub moves: Moves,
}

/// What a lever changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Moves {
    /// Numbers, by a factor; at 1 they are as they are.
    Times(Vec<String>, Track),
    /// Numbers, to a value.
    Value(Vec<String>, Track),
    /// Whatever a policy changes: a switch.
    Policy(String),
}

/// From where to where a lever goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Lowest.
    pub from: f64,
    /// Highest.
    pub to: f64,
    /// Whether equal steps are equal factors.
    pub by_factors: bool,
    /// Unit of a value; empty for the number's own.
    pub unit: String,
}
