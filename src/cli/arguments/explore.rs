//! What can be typed of `explore`.

use super::ScenarioArguments;
use clap::Args;
use std::path::PathBuf;

#[derive(Clone, Debug, Args)]
pub(crate) struct ExploreArguments {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArguments,
    /// Seed of all random numbers
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The page; default `output/SCENARIO-explorer.html`
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// No notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
}
