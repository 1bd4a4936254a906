//! The commands that the README prints work as printed, with fewer draws.

#![cfg(unix)]

use assert_cmd::cargo::CommandCargoExt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Lines of the `sh` blocks of a Markdown text, without comments.
fn commands(markdown: &str) -> Vec<String> {
    let blocks = markdown.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks
        .flat_map(|block| block.lines().map(|line| line.split("  #").next().unwrap_or_default().trim()));
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// What is run for a printed command: this build of the program, and few draws; none for what is not the program's.
fn runnable(command: &str) -> Option<String> {
    let plain = command.replace("cargo run --release -- ", "chokepoint ");
    let arguments = plain.strip_prefix("chokepoint ")?;
    let mut words: Vec<&str> = arguments.split(' ').collect();
    if let Some(i) = words.iter().position(|w| *w == "--draws") {
        words.drain(i..i + 2);
    }
    let verb = words[0].to_owned();
    let help = Command::cargo_bin("chokepoint").unwrap().args([&verb, "--help"]).output().unwrap();
    assert!(help.status.success(), "{verb}");
    let draws = String::from_utf8_lossy(&help.stdout).contains("--draws <");
    // A condition keeps a part of the draws only.
    let few = if plain.contains("--given") { " --draws 256" } else { " --draws 24" };
    Some(format!("chokepoint {}{}", words.join(" "), if draws { few } else { "" }))
}

/// What commands of the journeys show.
const SEEN: [(&str, &[&str]); 12] = [
    ("chokepoint policies baseline", &["enforcement-tenfold", "route.*.detection × 10"]),
    ("chokepoint show baseline detection", &["route.malaysia.detection", "written 2% to 15%", "judgement"]),
    (
        "chokepoint compare baseline --policy",
        &["enforcement-tenfold", "location-verification", "cannot be told apart", "lower in"],
    ),
    (
        "chokepoint run baseline --select",
        &["lab.deepseek/reachable_flop@2028Q4", "country.china/fleet_h100e@2028Q4"],
    ),
    ("chokepoint metrics fleet country", &["fleet_h100e [H100e]", "of: country"]),
    ("chokepoint discover baseline", &["draws"]),
    ("chokepoint explain baseline --actor", &["lab.deepseek", "Out of the ordinary"]),
    ("chokepoint new world mine", &["chokepoint check mine"]),
    ("chokepoint check mine", &["3 countries, 2 facilities", "2 labs, 1 rules"]),
    ("chokepoint fields facility", &["facility.capacity"]),
    ("chokepoint run mine", &["First Lab", "Second Lab"]),
    ("chokepoint compare mine", &["more-enforcement"]),
];

#[test]
fn the_commands_of_the_readme_run() {
    let root = tempfile::tempdir().unwrap();
    let here = std::env::current_dir().unwrap();
    std::os::unix::fs::symlink(here.join("scenarios"), root.path().join("scenarios")).unwrap();
    let program = Command::cargo_bin("chokepoint").unwrap().get_program().to_owned();
    let programs = Path::new(&program).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut run = 0;
    let mut seen = [false; SEEN.len()];
    for file in
        ["README.md", "docs/journeys.md", "scenarios/tutorial/README.md", "scenarios/baseline/README.md"]
    {
        for printed in commands(&fs::read_to_string(file).unwrap()) {
            let Some(command) = runnable(&printed) else { continue };
            let done = Command::new("sh")
                .args(["-c", &command])
                .current_dir(root.path())
                .env("PATH", &path)
                .output()
                .unwrap();
            let err = String::from_utf8_lossy(&done.stderr);
            assert!(done.status.success(), "{file}: {printed}\n{command}\n{err}");
            run += 1;
            let said = String::from_utf8_lossy(&done.stdout);
            for ((_, words), seen) in
                SEEN.iter().zip(&mut seen).filter(|((start, _), _)| printed.starts_with(start))
            {
                let missing: Vec<&&str> = words.iter().filter(|word| !said.contains(**word)).collect();
                assert!(
                    file != "docs/journeys.md" || missing.is_empty(),
                    "{printed}: no {missing:?} in\n{said}"
                );
                *seen = true;
            }
            if printed.contains("--brief") {
                let brief = find(root.path(), "brief.html").expect("a brief");
                assert!(brief.with_extension("md").exists(), "{}", brief.display());
            }
        }
    }
    assert!(run > 6, "only {run} commands");
    assert!(seen.iter().all(|&s| s), "{seen:?}");
}

/// A file of a name somewhere in a folder; symbolic links are not followed.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    fs::read_dir(folder).unwrap().map(Result::unwrap).find_map(|entry| match entry.file_type().unwrap() {
        kind if kind.is_dir() => find(&entry.path(), name),
        _ => (entry.file_name() == name).then(|| entry.path()),
    })
}

#[test]
fn the_readme_names_every_verb() {
    let readme = fs::read_to_string("README.md").unwrap();
    let help = Command::cargo_bin("chokepoint").unwrap().arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let list = help.split("Commands:\n").nth(1).unwrap().lines().take_while(|line| !line.is_empty());
    let verbs: Vec<&str> = list.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(verbs.len() > 10, "{help}");
    let named =
        |verb: &str| ["chokepoint ", "`"].iter().any(|before| readme.contains(&format!("{before}{verb} ")));
    let missing: Vec<&&str> = verbs.iter().filter(|verb| **verb != "help" && !named(verb)).collect();
    assert!(missing.is_empty(), "README.md names no {missing:?}");
}

#[test]
fn the_sample_is_what_the_command_prints() {
    let readme = fs::read_to_string("README.md").unwrap();
    let sample = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let mut command = Command::cargo_bin("chokepoint").unwrap();
    command.args(["run", "scenarios/baseline", "--draws", "512", "--quiet", "--out"]).arg(out);
    let printed = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    let lines: Vec<&str> = sample.lines().filter(|line| !line.is_empty()).collect();
    assert!(lines.len() > 15, "{sample}");
    for line in lines {
        assert!(
            printed.contains(&line),
            "the README prints\n{line}\nand the command\n{}",
            printed.join("\n")
        );
    }
}

/// What the tutorial says of its commands is what they do.
#[test]
fn what_the_tutorial_says_is_so() {
    let readme = fs::read_to_string("scenarios/tutorial/README.md").unwrap();
    let root = tempfile::tempdir().unwrap();
    let omega = |name: &str, more: &[&str]| {
        let out = root.path().join(name);
        let mut command = Command::cargo_bin("chokepoint").unwrap();
        command.args(["run", "scenarios/tutorial", "--draws", "256", "--quiet", "--format", "csv", "--out"]);
        let printed = String::from_utf8(command.arg(&out).args(more).output().unwrap().stdout).unwrap();
        let mut reader = csv::Reader::from_reader(printed.as_bytes());
        let head = reader.headers().unwrap().clone();
        let at = |name: &str| head.iter().position(|h| h == name).unwrap();
        let (actor, quarter, median) = (at("actor"), at("quarter"), at("reachable_p50"));
        let rows = reader.records().map(Result::unwrap);
        let row = rows.into_iter().find(|r| &r[actor] == "country.omega" && &r[quarter] == "2026Q4").unwrap();
        row[median].parse::<f64>().unwrap()
    };
    let stands = omega("stands", &[]);
    // The first thing to try changes what it says, and what is said to change nothing does not.
    assert!(readme.contains("rule.alpha-2023.in_force=0") && readme.contains("three times as much"));
    let free = omega("free", &["--set", "rule.alpha-2023.in_force=0"]);
    assert!((2.5..3.5).contains(&(free / stands)), "{}", free / stands);
    assert!(readme.contains("rule.alpha-2023.a1.tpp=20000`) changes nothing"));
    assert_eq!(omega("threshold", &["--set", "rule.alpha-2023.a1.tpp=20000"]), stands);
    assert!(readme.contains("--policy rule-delayed                  # a year more for omega"));
    assert!(omega("delayed", &["--policy", "rule-delayed"]) > 1.1 * stands);
    // The numbers by hand: dies of a wafer, yield, a run.
    let (area, density) = (800.0_f64, 0.001);
    let dies =
        std::f64::consts::PI * 150.0_f64.powi(2) / area - 300.0 * std::f64::consts::PI / (2.0 * area).sqrt();
    let share = ((1.0 - chokepoint::internals::math::exp(-area * density)) / (area * density)).powi(2);
    for part in
        [format!("{dies:.1} gross dies"), format!("{share:.3}"), format!("{:.1} good dies", dies * share)]
    {
        assert!(readme.contains(&part), "{part}");
    }
    let run = 0.8 * 20_000.0 * 1e15 * 0.37 * 127.0 * 86_400.0;
    assert!(readme.contains("6.5·10²⁵") && (run / 6.5e25 - 1.0_f64).abs() < 0.01, "{run}");
}
