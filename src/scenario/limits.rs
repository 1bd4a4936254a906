//! How large and how deep what is read may be: `docs/limits.md` publishes these numbers.

/// Bytes of a file, or of a text that is handed over.
pub const FILE_BYTES: usize = 64 << 20;
/// Files that a scenario is made of.
pub const FILES: usize = 1_000;
/// Files within files, by `include` or `extends`; rows that extend rows.
pub const DEPTH: usize = 32;
/// Rows of a table, and edits of one policy or table of edits.
pub const ROWS: usize = 200_000;
/// Keys of a table that stands in a scenario.
pub const KEYS: usize = 10_000;
/// Mixtures within mixtures.
pub const MIXTURES: usize = 8;
/// Characters of a number or a distribution.
pub const EXPRESSION: usize = 2_000;
/// Characters of a pattern, and what its `{a,b}` may come to when written out.
pub const PATTERN: usize = 1_000;
/// Paths and rows that patterns and removals look at, together.
pub const LOOKED: usize = 20_000_000;
/// Signs that a scenario and its policies wait for: each that edits numbers makes a world of its own.
pub const SIGNS: usize = 32;
/// Findings that are shown unless all are asked for.
pub const SHOWN: usize = 20;
/// Errors that say what may have been meant.
pub(super) const HELPED: usize = 200;
/// Syntax errors that are told of one file.
pub(super) const SYNTAX: usize = 100;
/// Characters of a line that is quoted, and of a name in a message.
pub(super) const QUOTED: usize = 400;
/// Values that rows take from rows which they extend.
pub const TAKEN: usize = 5_000_000;
/// Paths that correlations tie.
pub const CORRELATED: usize = 1_000;
/// Pairs of paths in correlations.
pub const PAIRS: usize = 1_000_000;
/// The largest number of a scenario, in the unit of its field (runs are counted in FLOP); what is not 0 is no nearer to it than the inverse of this.
pub const LARGEST: f64 = 1e36;
/// Rows of each table of a world that is simulated: its state grows with products of them.
pub const SIMULATED: [(&str, usize); 16] = [
    ("country", 500),
    ("group", 1_000),
    ("tool", 500),
    ("good", 500),
    ("facility", 1_000),
    ("designer", 500),
    ("chip", 1_000),
    ("stockpile", 500),
    ("buyer", 1_000),
    ("lab", 1_000),
    ("commitment", 1_000),
    ("route", 500),
    ("rule", 500),
    ("shock", 1_000),
    ("ratio", 1_000),
    ("observation", 200_000),
];
/// Chips times buyers of a world that is simulated.
pub const SALES: usize = 200_000;
