//! A warning that a scenario's author knows and means.

use crate::scenario::{Diagnostics, Place, Severity};

/// A warning that is accepted.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// A part of its text.
    pub warning: String,
    /// Why it may be.
    pub reason: String,
    /// Where it is written.
    pub place: Place,
}

impl Accepted {
    /// Whether it is about a warning.
    pub fn means(&self, message: &str) -> bool {
        message.contains(&self.warning)
    }
}

/// Takes warnings that are accepted out of findings, and says how many.
pub fn take_accepted(accepted: &[Accepted], diagnostics: &mut Diagnostics) -> usize {
    let before = diagnostics.all.len();
    let is = |d: &crate::scenario::Diagnostic| {
        d.severity == Severity::Warning && accepted.iter().any(|a| a.means(&d.message))
    };
    diagnostics.all.retain(|d| !is(d));
    before - diagnostics.all.len()
}
