//! The same bytes with the widest instructions of this machine and with those that every machine has.

use assert_cmd::Command;
use std::fs;
use std::path::Path;

fn run(scenario: &str, draws: &str, out: &Path, portable: bool) {
    let mut command = Command::cargo_bin("chokepoint").unwrap();
    command.args(["run", scenario, "--draws", draws, "--quiet", "--out", out.to_str().unwrap()]);
    command.args(["--export", "draws=csv", "--export", "inputs=csv"]);
    if portable {
        command.env("CHOKEPOINT_PORTABLE", "1");
    } else {
        command.env_remove("CHOKEPOINT_PORTABLE");
    }
    command.assert().success();
}

#[test]
fn wide_instructions_change_no_byte() {
    let root = tempfile::tempdir().unwrap();
    for (scenario, draws) in [("scenarios/tutorial", "512"), ("scenarios/baseline", "64")] {
        let folders = [false, true].map(|portable| {
            let folder = root.path().join(format!("{}-{portable}", scenario.replace('/', "-")));
            run(scenario, draws, &folder, portable);
            folder
        });
        for file in [
            "summary.csv",
            "thresholds.csv",
            "bottlenecks.csv",
            "flows.csv",
            "drivers.csv",
            "draws.csv",
            "inputs.csv",
        ] {
            let [wide, portable] = folders.each_ref().map(|folder| fs::read(folder.join(file)).unwrap());
            assert!(wide.len() > 100 && wide == portable, "{scenario}: {file}");
        }
    }
}
