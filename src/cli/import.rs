//! `import`: a data set of a supply chain in the language of scenarios, on stdout; what was left out, on stderr.

use super::Failure;
use super::arguments::ImportArguments;
use super::session::{Session, print};
use crate::model::GoodKind;
use crate::scenario::import::{Stage, read_eto};

pub(super) fn import(arguments: &ImportArguments) -> Result<(), Failure> {
    let chain = read_eto(&arguments.folder).map_err(|e| Failure::Rejected(e.to_string()))?;
    let text = match &arguments.into {
        None => chain.to_part(),
        Some(scenario) => {
            let session = Session::read(&super::arguments::ScenarioArguments {
                scenario: scenario.clone(),
                policy: None,
                edits: Vec::new(),
                set: Vec::new(),
            })?;
            let findings = session.findings();
            let Some(model) = &session.model else { return Err(Failure::Rejected(findings)) };
            let countries = model.countries.iter().map(|c| c.id.clone()).collect();
            let tools = model.tools.iter().map(|t| t.id.clone()).collect();
            let stage = |kind| match kind {
                GoodKind::Wafer | GoodKind::Memory => Some(Stage::Fabrication),
                GoodKind::Packaging => Some(Stage::Packaging),
                GoodKind::Other => None,
            };
            let facilities: Vec<_> = (model.facilities.iter())
                .filter_map(|f| Some((f.id.clone(), stage(model.goods[f.good.index()].kind)?)))
                .collect();
            chain.to_policy(&countries, &tools, &facilities)
        }
    };
    for note in &chain.notes {
        tell!("note: {note}");
    }
    tell!("{} tool classes, {} notes", chain.classes.len(), chain.notes.len());
    print(&text)
}
