//! Arguments of the verbs that hold the simulated past against the record.

use super::{ScenarioArguments, SimulatingArguments};
use crate::cli::values::{not_negative, quarter, share};
use crate::model::time::Quarter;
use crate::study::HindcastRequest;
use clap::Args;
use std::path::PathBuf;

#[derive(Clone, Debug, Args)]
pub(crate) struct HindcastArguments {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArguments,
    #[command(flatten)]
    pub(crate) simulating: SimulatingArguments,
    /// A CSV file of observations, scored in place of the scenario's own: metric,actor,quarter,low,central,high,interval,kind,since,unit,source
    #[arg(long, value_name = "FILE")]
    pub(crate) observations: Option<PathBuf>,
    /// Last quarter that the scenario was fitted to: later observations are scored apart, as a conditional forecast [default: the vintage's, else 2024Q4]
    #[arg(long, value_name = "QUARTER", value_parser = quarter)]
    pub(crate) until: Option<Quarter>,
    /// Last quarter whose publications the naive forecasts know; may be repeated
    #[arg(long, value_name = "QUARTER", default_values_t = HindcastRequest::ORIGINS, value_parser = quarter)]
    pub(crate) origin: Vec<Quarter>,
    /// Weight draws by the likelihood of year-end observations up to --until
    #[arg(long)]
    pub(crate) weight: bool,
    /// With --weight: standard deviation of the model's own error, in natural logs
    #[arg(long, value_name = "SD", default_value_t = HindcastRequest::DISCREPANCY, value_parser = not_negative)]
    pub(crate) discrepancy: f64,
    /// With --weight: correlation of that error along a series, a year apart
    #[arg(long, value_name = "RHO", default_value_t = HindcastRequest::DISCREPANCY_RHO, value_parser = share)]
    pub(crate) discrepancy_rho: f64,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct CalibrateArguments {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArguments,
    #[command(flatten)]
    pub(crate) simulating: SimulatingArguments,
    /// Last quarter of the record that draws are weighed by: what came later is forecast [default: the vintage's, else 2024Q4]
    #[arg(long, value_name = "QUARTER", value_parser = quarter)]
    pub(crate) until: Option<Quarter>,
    /// Standard deviation of the model's own error, in natural logs
    #[arg(long, value_name = "SD", default_value_t = HindcastRequest::DISCREPANCY, value_parser = not_negative)]
    pub(crate) discrepancy: f64,
    /// Correlation of that error along a series, a year apart
    #[arg(long, value_name = "RHO", default_value_t = HindcastRequest::DISCREPANCY_RHO, value_parser = share)]
    pub(crate) discrepancy_rho: f64,
}

impl HindcastArguments {
    pub(crate) fn request(&self) -> HindcastRequest {
        HindcastRequest {
            scenario: self.scenario.request(),
            observations: self.observations.as_ref().map(Into::into),
            until: self.until,
            origins: self.origin.clone(),
            weight: self.weight,
            discrepancy: self.discrepancy,
            discrepancy_rho: self.discrepancy_rho,
            simulation: self.simulating.request(),
        }
    }
}

impl CalibrateArguments {
    pub(crate) fn request(&self) -> HindcastRequest {
        HindcastRequest {
            scenario: self.scenario.request(),
            observations: None,
            until: self.until,
            origins: HindcastRequest::ORIGINS.to_vec(),
            weight: false,
            discrepancy: self.discrepancy,
            discrepancy_rho: self.discrepancy_rho,
            simulation: self.simulating.request(),
        }
    }
}
