//! Long runs: parts and their merge, what a killed or cut run goes on from, and what is believed of a folder.

#![cfg(unix)]

use assert_cmd::cargo::CommandCargoExt;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A study with tables of draws, of a year, so that many draws take little.
const RUN: [&str; 10] = [
    "run",
    "scenarios/tutorial",
    "--horizon",
    "2022Q1..2022Q4",
    "--export",
    "draws=csv",
    "--export",
    "inputs=parquet",
    "--export",
    "strikes=csv",
];

fn command(words: &[&str]) -> Command {
    let mut command = Command::cargo_bin("chokepoint").unwrap();
    command.args(words).arg("--quiet");
    command
}

/// Exit code, stdout, stderr.
fn done(command: &mut Command) -> (i32, String, String) {
    let out = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code().unwrap_or(-1), text(&out.stdout), text(&out.stderr))
}

fn works(command: &mut Command) -> String {
    let (code, out, err) = done(command);
    assert_eq!(code, 0, "{err}");
    out
}

/// Digests of everything in a run's folder but what tells of time and place: the manifest, the lineage and the page.
fn bytes(folder: &Path) -> BTreeMap<String, String> {
    let told = ["manifest.json", "lineage.json", "report.html"];
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let files = entries.map(|e| e.unwrap().path());
    let name = |p: &PathBuf| p.file_name().unwrap().to_string_lossy().into_owned();
    let files = files.map(|p| (name(&p), p)).filter(|f| !told.contains(&f.0.as_str()));
    files.map(|(n, p)| (n, format!("{:?}", Sha256::digest(fs::read(p).unwrap())))).collect()
}

/// Makes parts of a study; gives their folders.
fn parts(root: &Path, words: &[&str], of: usize) -> Vec<PathBuf> {
    let make = |k: usize| {
        let out = root.join(format!("part-{k}-of-{of}"));
        works(command(words).args(["--part", &format!("{k}/{of}"), "--out"]).arg(&out));
        out
    };
    (1..=of).map(make).collect()
}

fn merged(parts: &[PathBuf], out: &Path, more: &[&str]) -> (i32, String, String) {
    done(command(&["merge"]).args(parts).arg("--out").arg(out).args(more))
}

#[test]
fn parts_in_any_order_and_in_stages_have_the_bytes_of_one_go() {
    let root = tempfile::tempdir().unwrap();
    let words = [&RUN[..], &["--draws", "5300"]].concat();
    let whole = root.path().join("whole");
    let said = works(command(&words).arg("--out").arg(&whole));
    for of in [1, 2, 6] {
        let mut all = parts(root.path(), &words, of);
        all.reverse();
        let out = root.path().join(format!("from-{of}"));
        let (code, answer, err) = merged(&all, &out, &[]);
        assert!(code == 0 && answer == said, "{err}");
        assert_eq!(bytes(&out), bytes(&whole), "{of} parts");
        works(&mut command(&["verify", out.to_str().unwrap(), "--again", "2"]));
    }
    // Some of six first, then what they became with the rest.
    let six: Vec<PathBuf> = (1..=6).map(|k| root.path().join(format!("part-{k}-of-6"))).collect();
    let stages = [&six[1..3], &six[3..6]].map(|some| {
        let out = some[0].with_extension("stage");
        assert_eq!(merged(some, &out, &["--partial"]).0, 0);
        out
    });
    let out = root.path().join("staged");
    let (code, _, err) = merged(&[stages[1].clone(), stages[0].clone(), six[0].clone()], &out, &[]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(bytes(&out), bytes(&whole));
    let lineage: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("lineage.json")).unwrap()).unwrap();
    assert_eq!(lineage.as_array().unwrap().len(), 6);
    assert_eq!((&lineage[0]["first"], &lineage[5]["end"]), (&0.into(), &5300.into()));
}

#[test]
fn every_study_of_many_draws_has_parts() {
    let beside = tempfile::tempdir().unwrap();
    let table = beside.path().join("observed.csv");
    let header = "metric,actor,quarter,low,central,high,interval,kind,since,unit,source";
    let row = "shipped_chips_cum,designer.north,2022Q4,40000,60000,90000,,,,chips,made up";
    fs::write(&table, format!("{header}\n{row}\n")).unwrap();
    let observed = table.to_str().unwrap();
    let studies: [&[&str]; 3] = [
        &[
            "compare",
            "scenarios/tutorial",
            "--horizon",
            "2022Q1..2022Q4",
            "--draws",
            "2100",
            "--export",
            "draws=parquet",
            "--objective",
            "min country.omega/reachable_flop@2022Q4",
            "--target",
            "country.omega/reachable_flop@2022Q4 < 1e26",
        ],
        &[
            "sweep",
            "scenarios/tutorial",
            "--horizon",
            "2022Q1..2022Q4",
            "--draws",
            "2100",
            "--grid",
            "route.*.detection=2%,20%",
            "--export",
            "inputs=csv",
            "--export",
            "strikes=parquet",
        ],
        &[
            "hindcast",
            "scenarios/tutorial",
            "--horizon",
            "2022Q1..2022Q4",
            "--draws",
            "2100",
            "--weight",
            "--discrepancy",
            "1",
            "--observations",
            observed,
            "--export",
            "draws=csv",
        ],
    ];
    for words in studies {
        let root = tempfile::tempdir().unwrap();
        let (whole, out) = (root.path().join("whole"), root.path().join("joined"));
        works(command(words).arg("--out").arg(&whole));
        let all = parts(root.path(), words, 2);
        let (code, _, err) = merged(&all, &out, &[]);
        assert_eq!(code, 0, "{err}");
        assert_eq!(bytes(&out), bytes(&whole), "{words:?}");
    }
}

#[test]
fn a_part_that_is_missing_doubled_foreign_or_torn_is_named_with_what_makes_it() {
    let root = tempfile::tempdir().unwrap();
    let words = [
        "run",
        "scenarios/tutorial",
        "--horizon",
        "2022Q1..2022Q4",
        "--draws",
        "3000",
        "--select",
        "world/*@2022Q4",
    ];
    let all = parts(root.path(), &words, 3);
    let out = root.path().join("run");
    let (code, _, err) = merged(&[all[0].clone(), all[2].clone()], &out, &[]);
    assert!(code == 3 && err.contains("part 2/3 is missing"), "{err}");
    assert!(
        err.contains(
            "`chokepoint run scenarios/tutorial --horizon 2022Q1..2022Q4 --draws 3000 --select 'world/*@2022Q4' --quiet --part 2/3`"
        ),
        "{err}"
    );
    let (code, _, err) = merged(&[all[0].clone(), all[1].clone(), all[1].clone(), all[2].clone()], &out, &[]);
    assert!(code == 3 && err.contains("part-2-of-3 has draws that"), "{err}");
    let other = root.path().join("other");
    works(command(&words).args(["--seed", "2", "--part", "2/3", "--out"]).arg(&other));
    let (code, _, err) = merged(&[all[0].clone(), other, all[2].clone()], &out, &[]);
    assert!(code == 3 && err.contains("other is a part of another run"), "{err}");
    let (code, _, err) = merged(&[all[0].clone(), root.path().join("none")], &out, &[]);
    assert!(code == 3 && err.contains("none is no part of a run"), "{err}");
    // The same part again is not made again; a torn one is told.
    works(command(&words).args(["--part", "2/3", "--out"]).arg(&all[1]));
    let state = all[1].join("state");
    let mut torn = fs::read(&state).unwrap();
    torn.pop();
    fs::write(&state, torn).unwrap();
    let (code, _, err) = merged(&all, &out, &[]);
    assert!(
        code == 3
            && err.contains("part-2-of-3 is torn")
            && err.contains("--part 2/3 --force` makes it again"),
        "{err}"
    );
    works(command(&words).args(["--part", "2/3", "--force", "--out"]).arg(&all[1]));
    assert_eq!(merged(&all, &out, &[]).0, 0);
    // A part is no run.
    let (code, _, err) = done(&mut command(&["verify", all[1].to_str().unwrap()]));
    assert!(code == 3 && err.contains("holds no complete run"), "{err}");
}

#[test]
fn parts_that_cannot_be_are_refused() {
    let (code, _, err) =
        done(&mut command(&["run", "scenarios/tutorial", "--draws", "3000", "--part", "1/4"]));
    assert!(code == 2 && err.contains("3/3 at most"), "{err}");
    let precision = "country.omega/reachable_flop@2022Q4 p50 = 1%";
    let words = ["run", "scenarios/tutorial", "--draws", "3000", "--part", "1/2", "--precision", precision];
    let (code, _, err) = done(&mut command(&words));
    assert!(code == 2 && err.contains("--part does not go with --precision"), "{err}");
    let (code, _, err) = done(&mut command(&["run", "scenarios/tutorial", "--part", "3/2"]));
    assert!(code == 2 && err.contains("a part of so many"), "{err}");
}

/// Starts a study and ends it with a signal once something of it is kept.
fn cut(words: &[&str], out: &Path, signal: &str) -> i32 {
    let mut command = command(words);
    command.args(["--keep", "0", "--resume", "--out"]).arg(out);
    let state =
        out.with_file_name(format!(".{}.part", out.file_name().unwrap().to_string_lossy())).join(".state");
    // What an earlier run kept is there already: something new has to be kept, or the process may not even listen yet.
    let kept = || fs::metadata(&state).and_then(|m| m.modified()).ok();
    let before = kept();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let since = Instant::now();
    while (kept().is_none() || kept() == before) && child.try_wait().unwrap().is_none() {
        assert!(since.elapsed() < Duration::from_mins(2), "nothing was kept");
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = Command::new("kill").args([signal, &child.id().to_string()]).status();
    child.wait().unwrap().code().unwrap_or(-1)
}

#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    let root = tempfile::tempdir().unwrap();
    let words = [&RUN[..], &["--draws", "5300"]].concat();
    let (whole, out) = (root.path().join("whole"), root.path().join("cut"));
    works(command(&words).arg("--out").arg(&whole));
    for signal in ["-KILL", "-TERM", "-HUP", "-INT", "-KILL"] {
        let code = cut(&words, &out, signal);
        assert!(signal == "-KILL" || code == 1 || out.exists(), "{signal} {code}");
        if !out.exists() {
            let (code, _, err) = done(command(&words).arg("--out").arg(&out));
            assert!(code == 1 && err.contains("goes on from there") && err.contains("--resume"), "{err}");
            let (code, _, err) = done(command(&words).args(["--seed", "3", "--resume", "--out"]).arg(&out));
            assert!(code == 1 && err.contains("draws of another run"), "{err}");
        }
    }
    works(command(&words).args(["--resume", "--out"]).arg(&out));
    assert_eq!(bytes(&out), bytes(&whole));
    assert!(!out.with_file_name(".cut.part").exists());
    let lineage: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("lineage.json")).unwrap()).unwrap();
    assert!(lineage.as_array().unwrap().len() > 1, "{lineage}");
}

#[test]
fn a_comparison_and_a_part_go_on_too() {
    let root = tempfile::tempdir().unwrap();
    let words = [
        "compare",
        "scenarios/tutorial",
        "--horizon",
        "2022Q1..2022Q4",
        "--draws",
        "3000",
        "--export",
        "draws=parquet",
        "--export",
        "inputs=parquet",
    ];
    let (whole, out) = (root.path().join("whole"), root.path().join("cut"));
    works(command(&words).arg("--out").arg(&whole));
    cut(&words, &out, "-KILL");
    works(command(&words).args(["--resume", "--out"]).arg(&out));
    assert_eq!(bytes(&out), bytes(&whole));
    let part = [&words[..], &["--part", "1/1"]].concat();
    cut(&part, &root.path().join("part"), "-KILL");
    works(command(&part).args(["--resume", "--out"]).arg(root.path().join("part")));
    assert_eq!(merged(&[root.path().join("part")], &root.path().join("joined"), &[]).0, 0);
    assert_eq!(bytes(&root.path().join("joined")), bytes(&whole));
}

#[test]
fn a_write_that_fails_anywhere_names_its_file_and_loses_nothing() {
    let root = tempfile::tempdir().unwrap();
    let words = [&RUN[..], &["--draws", "2100", "--keep", "0"]].concat();
    let (whole, out) = (root.path().join("whole"), root.path().join("run"));
    works(command(&words).arg("--out").arg(&whole));
    let program = Command::cargo_bin("chokepoint").unwrap().get_program().to_owned();
    // Files may grow to so many blocks of 512 bytes: what a full disk does, without one. The signal that comes with it is ignored.
    let script = "trap '' XFSZ; ulimit -f $0; exec \"$@\"";
    for blocks in [0, 1, 8, 64, 256, 1024, 4096] {
        let mut limited = Command::new("sh");
        limited.args(["-c", script, &blocks.to_string()]).arg(&program).args(&words);
        let (code, _, err) = done(limited.args(["--quiet", "--resume", "--out"]).arg(&out));
        if code == 0 {
            assert!(blocks > 8, "nothing was written");
            break;
        }
        let named = err.contains("cannot be written") && err.contains(root.path().to_str().unwrap());
        assert!(code == 1 && named && !out.exists(), "{blocks}: {code} {err}");
    }
    works(command(&words).args(["--resume", "--out"]).arg(&out));
    assert_eq!(bytes(&out), bytes(&whole));
}

#[test]
fn nothing_of_a_run_is_believed_that_is_not_what_it_wrote() {
    let root = tempfile::tempdir().unwrap();
    let words = ["run", "scenarios/tutorial", "--draws", "64"];
    let out = root.path().join("run");
    let path = out.to_str().unwrap();
    let said = works(command(&words).arg("--out").arg(&out));
    // What is there already prints its answer again.
    assert_eq!(works(command(&words).arg("--out").arg(&out)), said);
    assert!(works(&mut command(&["verify", path])).contains("as they were written"));
    for name in ["summary.csv", "manifest.json", "quantities.csv"] {
        let file = out.join(name);
        let whole = fs::read_to_string(&file).unwrap();
        fs::write(&file, whole.replacen('2', "3", 1)).unwrap();
        let (code, _, err) = done(&mut command(&["verify", path]));
        assert!(code == 3 && err.contains(name), "{err}");
        let (code, _, err) = done(command(&words).arg("--out").arg(&out));
        assert!(code == 1 && err.contains(name) && err.contains("--force"), "{err}");
        let (code, _, err) = done(Command::cargo_bin("chokepoint").unwrap().args(["report", path]));
        assert!(code == 3 && err.contains(name), "{err}");
        if name != "quantities.csv" {
            let (code, _, err) = done(Command::cargo_bin("chokepoint").unwrap().args(["diff", path, path]));
            assert!(code == 3 && err.contains(name), "{err}");
        }
        works(command(&words).arg("--force").arg("--out").arg(&out));
    }
    // The page can be made again, and is no part of what is held.
    fs::remove_file(out.join("report.html")).unwrap();
    works(&mut command(&["verify", path, "--again", "1"]));
    // A digest that a round does not have.
    let rounds = fs::read_to_string(out.join("rounds.csv")).unwrap();
    assert_eq!(rounds.lines().count(), 2);
    // An audit is done where none was.
    works(command(&words).args(["--audit", "--out"]).arg(&out));
    let manifest = fs::read_to_string(out.join("manifest.json")).unwrap();
    assert!(manifest.contains("\"audited\": true"));
}

#[test]
fn only_what_is_a_runs_own_is_touched() {
    let root = tempfile::tempdir().unwrap();
    let words = ["run", "scenarios/tutorial", "--draws", "64"];
    let held = |name: &str| fs::read_to_string(root.path().join(name)).unwrap();
    let write = |name: &str| fs::write(root.path().join(name), "mine").unwrap();
    fs::create_dir(root.path().join("theirs")).unwrap();
    for name in ["theirs/x.part", "theirs/.lock", ".run.lock", "elsewhere"] {
        write(name);
    }
    for more in [&[][..], &["--force"], &["--resume"]] {
        let (code, _, err) = done(command(&words).args(more).arg("--out").arg(root.path().join("theirs")));
        assert!(code == 1 && err.contains("which is no file of a run"), "{err}");
    }
    assert_eq!((held("theirs/x.part"), held("theirs/.lock")), ("mine".into(), "mine".into()));
    // A lock that is there is locked, and stays what it is; a link is not followed.
    let out = root.path().join("run");
    works(command(&words).args(["--export", "draws=csv", "--out"]).arg(&out));
    assert_eq!(held(".run.lock"), "mine");
    std::os::unix::fs::symlink(root.path().join("elsewhere"), root.path().join(".other.lock")).unwrap();
    let (code, _, err) = done(command(&words).arg("--out").arg(root.path().join("other")));
    assert!(code == 1 && err.contains("is a link"), "{err}");
    std::os::unix::fs::symlink(&out, root.path().join("link")).unwrap();
    let (code, _, err) = done(command(&words).args(["--force", "--out"]).arg(root.path().join("link")));
    assert!(code == 1 && err.contains("is a link"), "{err}");
    assert_eq!(held("elsewhere"), "mine");
    // A run is replaced as a whole, with its exports, and not if something of another's lies beside them.
    works(command(&words).args(["--seed", "2", "--force", "--out"]).arg(&out));
    assert!(!out.join("draws.csv").exists());
    write("run/notes.txt");
    let (code, _, err) = done(command(&words).args(["--seed", "3", "--force", "--out"]).arg(&out));
    assert!(code == 1 && err.contains("notes.txt"), "{err}");
    assert!(fs::read_to_string(out.join("manifest.json")).unwrap().contains("\"seed\": 2"));
}

#[test]
fn of_many_processes_at_once_one_writes() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let start = |seed: usize| {
        let mut command = command(&["run", "scenarios/tutorial", "--draws", "300", "--threads", "1"]);
        command.args(["--seed", &seed.to_string(), "--out"]).arg(&out);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let all: Vec<_> = (1..=6).map(start).collect();
    let mut wrote = 0;
    for child in all {
        let end = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&end.stderr).into_owned();
        let turned_away = err.contains("another run is writing") || err.contains("holds another run");
        assert!(end.status.success() || turned_away, "{err}");
        wrote += u32::from(end.status.success());
    }
    assert_eq!(wrote, 1);
    works(&mut command(&["verify", out.to_str().unwrap()]));
}

#[test]
fn a_run_that_cannot_fit_is_refused_at_once() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let since = Instant::now();
    let words = ["run", "scenarios/tutorial", "--draws", "100M", "--memory", "20M"];
    let (code, _, err) = done(command(&words).arg("--out").arg(&out));
    assert!(code == 1 && err.contains("of memory") && err.contains("--memory"), "{err}");
    let (code, _, err) = done(
        command(&["run", "scenarios/tutorial", "--draws", "1000M", "--export", "draws=csv"])
            .arg("--out")
            .arg(&out),
    );
    assert!(code == 1 && err.contains("has room for"), "{err}");
    assert!(since.elapsed() < Duration::from_secs(20) && !out.exists(), "{:?}", since.elapsed());
}
