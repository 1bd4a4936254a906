//! The explorer's page, where the build has no pages.

use super::error::Error;
use super::request::ScenarioRequest;
use super::watch::Watch;
use std::path::Path;

/// What would be explored.
#[derive(Clone, Debug)]
pub struct ExploreRequest {
    /// The scenario.
    pub scenario: ScenarioRequest,
    /// Seed of all random numbers.
    pub seed: u64,
    /// What was typed before the policy.
    pub command: String,
}

/// Makes no page: this build has none.
///
/// # Errors
/// Always.
pub fn explore(_: &ExploreRequest, _: &dyn Watch) -> Result<String, Error> {
    Err(Error::WithoutFeature("page"))
}

/// Writes no page: this build has none.
///
/// # Errors
/// Always.
pub fn write_explorer(_: &Path, _: &str) -> Result<(), Error> {
    Err(Error::WithoutFeature("page"))
}
