//! `policies`: the policies of a scenario, and what each changes.

use super::arguments::PoliciesArguments;
use super::failure::Failure;
use super::terminal::print_in;
use crate::report::policy_list;
use crate::study::{TextSource, policies_of};

pub(super) fn policies(arguments: &PoliciesArguments) -> Result<(), Failure> {
    print_in(
        arguments.format,
        &policy_list(&policies_of(&TextSource::from(&arguments.scenario))?, arguments.format.table()),
    )
}
