//! The scenarios that ship: clean, valid against the schema, and the same after a round trip.

use crate::support::{PAGE, findings, model_of, read};
use chokepoint::internals::model::{Model, schema, show};
use chokepoint::study::{Findings, Project, ScenarioRequest, TextSource};
use std::path::Path;

const SHIPPED: [&str; 2] = ["scenarios/tutorial", "scenarios/baseline"];

#[test]
fn they_read_without_a_finding() {
    for path in SHIPPED {
        let project = Project::open(&ScenarioRequest::new(path)).unwrap_or_else(|e| panic!("{e}"));
        assert!(project.diagnostics.all.is_empty(), "{}", project.findings().render(false));
    }
}

#[test]
fn every_policy_applies() {
    for path in SHIPPED {
        for entry in std::fs::read_dir(format!("{path}/policies")).unwrap() {
            let file = entry.unwrap().path();
            let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
            read(path, Some(&stem)).unwrap_or_else(|e| panic!("{stem}: {e}"));
        }
    }
    read("scenarios/baseline", Some("enforcement-tenfold+cowos-doubled")).unwrap();
}

#[test]
fn the_page_of_the_documentation_reads_without_a_finding() {
    let Findings { sources, diagnostics } = findings(PAGE);
    assert!(diagnostics.all.is_empty(), "{}", sources.render(&diagnostics, false));
}

fn as_json(file: &Path) -> serde_json::Value {
    let table: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
    serde_json::to_value(table).unwrap()
}

#[test]
fn every_file_is_valid_against_the_schema() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for path in SHIPPED {
        for entry in std::fs::read_dir(path).unwrap() {
            let file = entry.unwrap().path();
            if file.extension().is_some_and(|e| e == "toml") {
                let errors: Vec<String> = validator
                    .iter_errors(&as_json(&file))
                    .map(|e| format!("{e} at {}", e.instance_path()))
                    .collect();
                assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
            }
        }
    }
    let misspelt: toml::Table = "[[country]]\nid = \"a\"\npwer = 3\n".parse().unwrap();
    assert!(!validator.is_valid(&serde_json::to_value(misspelt).unwrap()));
    let untyped: toml::Table = "[[chip]]\nid = \"a\"\ndatacenter = \"yes\"\n".parse().unwrap();
    assert!(!validator.is_valid(&serde_json::to_value(untyped).unwrap()));
}

#[test]
fn every_field_of_the_schema_says_what_it_is() {
    let schema = schema();
    for (table, rows) in schema["properties"].as_object().unwrap() {
        let fields = rows["items"]["properties"].as_object().or_else(|| rows["properties"].as_object());
        for (field, about) in fields.into_iter().flatten() {
            let described = about["description"].as_str().is_some_and(|d| d.len() > 3);
            assert!(described || ["source", "note"].contains(&field.as_str()), "{table}.{field}");
        }
    }
}

/// Quantities with everything that decides draws.
fn essence(model: &Model) -> Vec<String> {
    model.quantities.iter().map(|q| format!("{} {:?} {:?}", q.path, q.shape, q.unit)).collect()
}

#[test]
fn what_show_prints_edits_accept() {
    for path in SHIPPED {
        let (_, model) = read(path, None).unwrap();
        let mut csv = "path,value,unit\n".to_owned();
        for row in show(&model, "**") {
            let dated = matches!(row.quantity.shape, chokepoint::internals::model::Shape::Dated(_));
            let quote = |t: &str| format!("\"{}\"", t.replace('"', "\"\""));
            let unit = if dated { String::new() } else { row.unit.clone() };
            csv.push_str(&format!("{},{},{}\n", row.quantity.path, quote(&row.value), unit));
        }
        let edits = vec![TextSource::text("edits.csv", csv)];
        let edited = ScenarioRequest { edits, ..ScenarioRequest::new(path) };
        let again = Project::open(&edited).unwrap_or_else(|e| panic!("{e}")).model;
        for (a, b) in essence(&model).iter().zip(&essence(&again)) {
            assert_eq!(a, b);
        }
    }
}

#[test]
fn the_resolved_scenario_reads_back_as_the_same() {
    let root = tempfile::tempdir().unwrap();
    // A dated point, and the series that it belongs to, changed one after the other.
    let point = root.path().join("point.toml");
    let edits = [
        ("facility.tsmc-cowos.capacity.2027-11-15", "times = 0.5"),
        ("facility.tsmc-cowos.capacity", "plus = 100"),
    ];
    let edits = edits.map(|(path, change)| format!("[[set]]\npath = \"{path}\"\n{change}\n"));
    std::fs::write(&point, format!("title = \"Later\"\n{}", edits.concat())).unwrap();
    for (path, policy) in [
        (SHIPPED[0], Some("enforcement-tenfold")),
        (SHIPPED[1], Some("cowos-doubled")),
        (SHIPPED[1], point.to_str()),
        (SHIPPED[1], None),
    ] {
        let (document, model) = read(path, policy).unwrap();
        let again = model_of(&document.to_toml()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(essence(&model), essence(&again));
    }
}

#[test]
fn no_series_has_more_than_two_dated_points_a_year() {
    let (_, model) = read("scenarios/baseline", None).unwrap();
    for q in model.quantities.iter() {
        if let chokepoint::internals::model::Shape::Dated(dated) = &q.shape {
            for year in 0..9 {
                let within =
                    dated.points.iter().filter(|(x, _)| (x / 4.0).floor() == f64::from(year)).count();
                assert!(within <= 2, "{}", q.path);
            }
        }
    }
}
