//! The commands that the README prints work as printed, with fewer draws.

#![cfg(unix)]

use assert_cmd::cargo::CommandCargoExt;
use std::fs;
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

#[test]
fn the_commands_of_the_readme_run() {
    let root = tempfile::tempdir().unwrap();
    let here = std::env::current_dir().unwrap();
    std::os::unix::fs::symlink(here.join("scenarios"), root.path().join("scenarios")).unwrap();
    let program = Command::cargo_bin("chokepoint").unwrap().get_program().to_owned();
    let programs = std::path::Path::new(&program).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut run = 0;
    for file in ["README.md", "scenarios/tutorial/README.md", "scenarios/baseline/README.md"] {
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
        }
    }
    assert!(run > 6, "only {run} commands");
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
