//! `import eto` on a small made-up data set with the traps of the real one.

use crate::support::program::chokepoint;
use crate::support::read;
use chokepoint::internals::scenario::import::{ImportError, Stage, read_eto};
use std::fs;
use std::path::Path;

const DATA: &str = "tests/data/supply_chain";

#[test]
fn classes_have_their_suppliers_and_stages() {
    let chain = read_eto(Path::new(DATA)).unwrap();
    let ids: Vec<&str> = chain.classes.iter().map(|c| c.id.as_str()).collect();
    // Not the whole class of lamps beside its kinds, no design, no stage, nothing without shares.
    assert_eq!(ids, ["blue-lamps", "red-lamps-large", "glue-pots", "ink", "firm-made-tools"]);
    let shares = |i: usize| -> Vec<(&str, f64)> {
        chain.classes[i].shares.iter().map(|s| (s.country.as_str(), s.percent)).collect()
    };
    // The newest year, countries and not firms, none with nothing.
    assert_eq!(shares(0), [("japan", 99.9)]);
    assert_eq!(shares(1), [("japan", 60.0), ("us", 42.0)]);
    assert_eq!(shares(2), [("us", 35.5)]);
    assert_eq!(shares(3), [("land-of-aa", 100.0)]);
    // Firms stand for their countries where no country has a share.
    assert_eq!(shares(4), [("japan", 80.0), ("us", 15.0)]);
    assert_eq!(chain.classes[0].note, "");
    assert!(chain.classes[1].note.contains("102.0%"), "{}", chain.classes[1].note);
    assert!(chain.classes[2].note.contains("35.5%"), "{}", chain.classes[2].note);
    let stage = |i: usize| chain.classes[i].stages.iter().copied().collect::<Vec<_>>();
    // Through what it is a kind of; at the first stage that needs it.
    assert_eq!(stage(0), [Stage::Fabrication]);
    assert_eq!(stage(2), [Stage::Packaging]);
    assert!(chain.classes[0].shares[0].source.contains("2030: a \"quoted\" source, with a comma"));
    for part in [
        "Lamps: left out",
        "Drawing: left out",
        "Fabrication of wafers: left out",
        "Unshared tools: left out",
    ] {
        assert!(chain.notes.iter().any(|n| n.starts_with(part)), "{part} {:#?}", chain.notes);
    }
}

#[test]
fn what_is_printed_can_be_included() {
    let (code, part, err) = chokepoint(&["import", "eto", DATA]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("Various countries belong to no country"), "{err}");
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("part.toml"), &part).unwrap();
    fs::write(root.path().join("scenario.toml"), "title = \"With a part\"\ninclude = [\"part.toml\"]\n")
        .unwrap();
    let (_, model) = read(root.path().to_str().unwrap(), None).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((model.tools.len(), model.countries.len()), (5, 3));
    let sourced =
        model.quantities.iter().filter(|q| q.path.starts_with("tool.") && q.path.contains("suppliers"));
    assert!(
        sourced.clone().count() == 7 && sourced.clone().all(|q| q.provenance.source.starts_with("ETO, 2030"))
    );
    let (code, _, err) = chokepoint(&["check", root.path().to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
}

#[test]
fn names_that_make_no_id_break_nothing() {
    let root = tempfile::tempdir().unwrap();
    for file in fs::read_dir(DATA).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.replace("Land of Aa", "日本").replace("Blue lamps", "—");
        fs::write(root.path().join(file.file_name().unwrap()), text).unwrap();
    }
    let chain = read_eto(root.path()).unwrap();
    assert!(chain.notes.iter().any(|n| n.contains("100% of XAA belong to no country")), "{:#?}", chain.notes);
    assert_eq!(chain.classes[0].id, "class");
    fs::write(root.path().join("part.toml"), chain.to_part()).unwrap();
    let scenario = root.path().join("scenario.toml");
    fs::write(&scenario, "title = \"With a part\"\ninclude = [\"part.toml\"]\n").unwrap();
    let (code, _, err) = chokepoint(&["check", root.path().to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
}

#[test]
fn what_is_printed_for_a_scenario_is_a_policy_that_it_takes() {
    let (code, policy, _) = chokepoint(&["import", "eto", DATA, "--into", "scenarios/baseline"]);
    assert_eq!(code, 0);
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("lamps.toml");
    fs::write(&file, &policy).unwrap();
    let before = read("scenarios/baseline", None).unwrap().1;
    let after = read("scenarios/baseline", file.to_str()).unwrap_or_else(|e| panic!("{e}")).1;
    assert_eq!(after.tools.len(), before.tools.len() + 5);
    assert_eq!(after.countries.len(), before.countries.len() + 1);
    let depends = |tool: &str| {
        let id = chokepoint::internals::model::ToolId(
            after.tools.iter().position(|t| t.id == tool).unwrap() as u32
        );
        after.facilities.iter().filter(|f| f.dependence.contains_key(&id)).count()
    };
    assert!(depends("blue-lamps") > 0 && depends("glue-pots") > 0);
    assert_eq!(depends("blue-lamps"), depends("ink"));
}

#[test]
fn a_broken_data_set_is_refused_at_its_place() {
    let root = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(DATA).unwrap() {
        let file = entry.unwrap().path();
        fs::copy(&file, root.path().join(file.file_name().unwrap())).unwrap();
    }
    let flows = root.path().join("provision.csv");
    let text = fs::read_to_string(&flows).unwrap();
    fs::write(&flows, text.replace("35.5,2030,glue", "355,2030,glue")).unwrap();
    let error = read_eto(root.path()).unwrap_err();
    assert!(matches!(&error, ImportError::Cell { line: 10, .. }), "{error}");
    assert!(error.to_string().ends_with("`355` is no share in percent, from 0 to 100"), "{error}");
    fs::write(&flows, text.replacen("share_provided", "share", 1)).unwrap();
    let folder = root.path().to_str().unwrap();
    let (code, _, err) = chokepoint(&["import", "eto", folder]);
    assert!(code == 3 && err.contains("there is no column `share_provided`"), "{err}");
    fs::remove_file(&flows).unwrap();
    let (code, _, err) = chokepoint(&["import", "eto", folder]);
    assert!(code == 3 && err.contains("provision.csv"), "{err}");
}
