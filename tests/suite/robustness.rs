//! What a user's machine does to a run: Ctrl-C, a full disk, two runs at once, paths that cannot be written.

#![cfg(unix)]

use assert_cmd::cargo::CommandCargoExt;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A run of the tutorial into a folder, started and not waited for.
fn start(out: &Path, more: &[&str]) -> Child {
    let mut command = Command::cargo_bin("chokepoint").unwrap();
    command.args(["run", "scenarios/tutorial", "--quiet", "--out"]).arg(out).args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> (i32, String) {
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    (status.code().unwrap_or(-1), String::from_utf8_lossy(&stderr).into_owned())
}

/// Names in a folder; none if it is not there.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

fn wait_for(what: impl Fn() -> bool) {
    let since = Instant::now();
    while !what() {
        assert!(since.elapsed() < Duration::from_secs(55), "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn ctrl_c_ends_cleanly_and_leaves_what_to_go_on_from() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let child = start(&out, &["--draws", "200k", "--export", "draws=csv"]);
    let work = root.path().join(".run.part");
    wait_for(|| fs::metadata(work.join("draws.csv")).is_ok_and(|m| m.len() > 1 << 16));
    let since = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let (code, err) = end(child);
    assert!(code == 1 && err.contains("interrupted"), "{code} {err}");
    // A second by promise; machines that test are busy.
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    assert!(
        !out.exists() && err.contains("--resume") && work.join(".state").exists(),
        "{err} {:?}",
        names(&work)
    );
}

#[test]
fn a_full_disk_fails_the_run_and_leaves_no_half_file() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    // Files may grow to 32 blocks of 512 bytes: what a full disk does, without one. The signal that comes with it is ignored.
    let program = Command::cargo_bin("chokepoint").unwrap().get_program().to_owned();
    let script = "trap '' XFSZ; ulimit -f 32; exec \"$0\" \"$@\"";
    let run = Command::new("sh")
        .args(["-c", script])
        .arg(program)
        .args(["run", "scenarios/tutorial", "--quiet", "--draws", "4096", "--export", "draws=csv", "--out"])
        .arg(&out)
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code() == Some(1) && err.contains("cannot be written"), "{:?} {err}", run.status);
    assert_eq!(names(root.path()), [".run.lock"]);
}

#[test]
fn two_runs_at_once_do_not_share_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let first = start(&out, &["--draws", "100M", "--keep", "0"]);
    wait_for(|| root.path().join(".run.part/.state").exists());
    let (code, err) = end(start(&out, &["--draws", "64", "--seed", "2"]));
    assert!(code == 1 && err.contains("another run is writing to"), "{code} {err}");
    assert!(Command::new("kill").args(["-INT", &first.id().to_string()]).status().unwrap().success());
    assert_eq!(end(first).0, 1);
    // The one that was turned away has taken nothing from the other.
    let (code, err) = end(start(&out, &["--draws", "64", "--seed", "2", "--force"]));
    assert_eq!(code, 0, "{err}");
    assert!(out.join("manifest.json").exists());
}

#[test]
fn an_output_that_cannot_be_written_fails_before_the_work() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "x").unwrap();
    for out in [file.as_path(), &file.join("below"), Path::new("/proc/run")] {
        let since = Instant::now();
        let (code, err) = end(start(out, &["--draws", "100M"]));
        assert!(code == 1 && err.contains("cannot be written"), "{code} {err}");
        assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "x");
}
