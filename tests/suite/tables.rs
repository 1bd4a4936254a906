//! Every table of every study is what the data package says: its file, its columns in their order, and what each holds.

use assert_cmd::Command;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Does a study in a folder of its own.
fn done(arguments: &[&str], out: &Path) {
    let mut command = Command::cargo_bin("chokepoint").unwrap();
    command.args(arguments).args(["--quiet", "--out", out.to_str().unwrap()]).assert().success();
}

/// Whether a cell is empty or holds what a type of the data package stands for.
fn holds(kind: &str, cell: &str) -> bool {
    cell.is_empty()
        || match kind {
            "string" => true,
            "integer" => cell.parse::<u64>().is_ok(),
            "number" => cell.parse::<f64>().is_ok_and(f64::is_finite),
            "boolean" => ["true", "false"].contains(&cell),
            other => panic!("the type {other}"),
        }
}

/// Holds a folder's tables against its data package; gives the names of those that have rows.
fn check(folder: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(folder.join("datapackage.json")).unwrap();
    let package: Json = serde_json::from_str(&text).unwrap();
    let (mut described, mut filled) = (BTreeSet::new(), BTreeSet::new());
    for resource in package["resources"].as_array().unwrap() {
        let file = resource["path"].as_str().unwrap();
        assert!(described.insert(file.to_owned()), "{file} is described twice");
        assert!(!resource["description"].as_str().unwrap().is_empty(), "{file}");
        let fields = resource["schema"]["fields"].as_array().unwrap();
        let of = |key: &str| -> Vec<&str> { fields.iter().map(|f| f[key].as_str().unwrap()).collect() };
        assert!(of("description").iter().all(|d| !d.is_empty()), "{file}");
        let mut reader = csv::Reader::from_path(folder.join(file)).unwrap();
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), of("name"), "{file}");
        for row in reader.records() {
            for ((cell, name), kind) in row.unwrap().iter().zip(of("name")).zip(of("type")) {
                assert!(holds(kind, cell), "{file}, {name}: {cell} is no {kind}");
            }
            filled.insert(file.to_owned());
        }
    }
    let files = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let tables: BTreeSet<String> =
        files.filter(|f| f != "answer.csv" && f.strip_suffix(".csv").is_some()).collect();
    assert_eq!(tables, described);
    assert_eq!(described, filled, "a table has no row");
    filled
}

#[test]
fn tables_are_what_the_data_package_says() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let tutorial = "scenarios/tutorial";
    let world = ["quantities.csv", "rules.csv", "nodes.csv", "edges.csv"];
    let distributions = ["summary.csv", "thresholds.csv", "bottlenecks.csv"];
    let flows = ["flows.csv", "yearly_flows.csv"];
    let check = |name: &str, expected: &[&[&str]]| {
        let filled = check(&at(name));
        for table in expected.iter().copied().flatten() {
            assert!(filled.contains(*table), "{name}: {table} has no row");
        }
    };

    let exports = ["--export", "draws=csv", "--export", "inputs=csv", "--export", "strikes=csv"];
    done(&[&["run", tutorial, "--draws", "16"], exports.as_slice()].concat(), &at("run"));
    check(
        "run",
        &[&world, &distributions, &flows, &["drivers.csv", "draws.csv", "inputs.csv", "strikes.csv"]],
    );

    let goals = [
        "--objective",
        "min country.omega/reachable_flop@2026Q4",
        "--target",
        "country.omega/run_flop@2026Q4 < 1e26",
    ];
    done(&[&["compare", tutorial, "--draws", "16"], goals.as_slice(), &exports].concat(), &at("compare"));
    let found = ["comparison.csv", "objectives.csv", "targets.csv", "draws.csv", "inputs.csv", "strikes.csv"];
    check("compare", &[&world, &distributions, &found]);

    let grid = ["--grid", "route.*.detection=2%,40%", "--grid", "lab.*.mfu=20%,40%"];
    done(&[&["sweep", tutorial, "--draws", "16"], grid.as_slice(), &exports].concat(), &at("sweep"));
    check("sweep", &[&world, &["sweep.csv", "draws.csv", "inputs.csv", "strikes.csv"]]);

    let observed = at("observed.csv");
    let rows = "metric,actor,quarter,low,central,high,interval,kind,since,unit,source\n\
        shipped_chips_cum,designer.north,2023Q4,100000,200000,300000,,,2023Q1,chips,made up\n\
        shipped_chips_cum,designer.north,2024Q4,200000,300000,400000,,,2023Q1,chips,made up\n";
    fs::write(&observed, rows).unwrap();
    let past = ["--observations", observed.to_str().unwrap(), "--until", "2024Q4", "--origin", "2023Q4"];
    let hindcast = ["hindcast", tutorial, "--draws", "64", "--weight"];
    done(&[hindcast.as_slice(), &past].concat(), &at("hindcast"));
    let scores = ["hindcast.csv", "naive.csv", "scores.csv", "rivals.csv"];
    let weights = ["weights.csv", "weighted.csv", "weighting.csv"];
    check("hindcast", &[&world, &distributions, &flows, &scores, &weights]);
}

/// Tables in Parquet are compressed, stand in the data package, and tell which replicate a draw belongs to; by default they hold
/// what comparisons look at.
#[test]
fn tables_in_parquet_are_small_and_described() {
    use parquet::basic::Compression;
    use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let root = tempfile::tempdir().unwrap();
    let run = |name: &str, more: &[&str]| {
        let out = root.path().join(name);
        let base = ["run", "tutorial", "--draws", "1024", "--quiet", "--out", out.to_str().unwrap()];
        crate::support::program::done(&[&base[..], more].concat());
        out
    };
    let exports = ["--export", "draws=parquet", "--export", "inputs=parquet", "--export", "strikes=parquet"];
    let out = run("few", &exports);
    let package: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("datapackage.json")).unwrap()).unwrap();
    for name in ["draws", "inputs", "strikes"] {
        let path = format!("{name}.parquet");
        let reader = SerializedFileReader::new(std::fs::File::open(out.join(&path)).unwrap()).unwrap();
        let columns: Vec<String> = reader
            .metadata()
            .file_metadata()
            .schema_descr()
            .columns()
            .iter()
            .map(|c| c.name().to_owned())
            .collect();
        let resources = package["resources"].as_array().unwrap();
        let about = resources.iter().find(|r| r["path"] == path.as_str()).unwrap();
        assert_eq!((&about["name"], &about["format"]), (&name.into(), &"parquet".into()));
        let told: Vec<&str> = about["schema"]["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["name"].as_str().unwrap())
            .collect();
        assert_eq!(told, columns, "{path}");
        let groups = reader.metadata().row_groups();
        let chunks = || groups.iter().flat_map(RowGroupMetaData::columns);
        assert!(chunks().all(|c| c.compression() == Compression::SNAPPY), "{path}");
        let size = |of: fn(&ColumnChunkMetaData) -> i64| chunks().map(of).sum::<i64>();
        let (packed, whole) =
            (size(ColumnChunkMetaData::compressed_size), size(ColumnChunkMetaData::uncompressed_size));
        assert!(packed < whole, "{path}: {packed} of {whole}");
    }
    let rows = SerializedFileReader::new(std::fs::File::open(out.join("draws.parquet")).unwrap()).unwrap();
    let mut seen = 0;
    for row in rows.get_row_iter(None).unwrap() {
        use parquet::record::RowAccessor;
        let row = row.unwrap();
        assert_eq!(row.get_long(1).unwrap(), row.get_long(0).unwrap() % 8);
        seen += 1;
    }
    // Two labs, three countries, a group and a designer at the ends of five years.
    assert!(seen % (1024 * 5) == 0 && seen <= 1024 * 5 * 8, "{seen}");
    // Everything is there for whoever selects it.
    let all = run("all", &["--select", "*", "--export", "draws=parquet"]);
    let size = |out: &std::path::Path| std::fs::metadata(out.join("draws.parquet")).unwrap().len();
    assert!(size(&all) > 4 * size(&out), "{} and {}", size(&all), size(&out));
}

/// Before gigabytes are written it is said how many, and how to take less.
#[test]
fn gigabytes_are_warned_of() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    // It is stopped as soon as it has said so.
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("chokepoint"));
    child.args(["run", "tutorial", "--draws", "2M", "--export", "draws=csv"]);
    child.args(["--quiet", "--out", out.to_str().unwrap()]);
    let mut child = child.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stderr.take().unwrap()), &mut line)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("GB; less with fewer cells by --select, fewer --draws, parquet"), "{line}");
}
