//! Malformed and malicious input: small texts that once took minutes, files that a scenario has no business with, and names that
//! a terminal, a spreadsheet or another program would obey.

use crate::support::program::chokepoint;
use crate::support::{PAGE, findings, model_of};
use assert_cmd::Command;
use chokepoint::internals::scenario::limits;
use chokepoint::internals::scenario::{self, Diagnostics, Severity, Sources};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Processor time of this thread: what other tests do beside it does not count.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Holds that work of this thread takes no longer than five seconds; ten times that where the compiler leaves out its work.
fn quickly<T>(what: &str, of: impl FnOnce() -> T) -> T {
    let since = thread_time();
    let found = of();
    within(what, thread_time().checked_sub(since).unwrap());
    found
}

/// Holds that a command takes no longer than that, by the clock on the wall.
fn quick_command<T>(what: &str, of: impl FnOnce() -> T) -> T {
    let since = Instant::now();
    let found = of();
    within(what, since.elapsed());
    found
}

fn within(what: &str, took: Duration) {
    let most = Duration::from_secs(if cfg!(debug_assertions) { 50 } else { 5 });
    assert!(took < most, "{what} took {took:?}");
}

/// Rows that are read in the tests of speed.
const MANY: usize = if cfg!(debug_assertions) { 10_000 } else { 100_000 };

/// A world with one row of each table that others name.
const WORLD: &str = "[run]\nhorizon = \"2022Q1..2024Q4\"\n[[country]]\nid = \"a\"\n[[country]]\nid = \"b\"\n\
    [[good]]\nid = \"wafers\"\nunit = \"wafers\"\n[[designer]]\nid = \"d\"\ncountry = \"a\"\n\
    [[facility]]\nid = \"f\"\ncountry = \"a\"\ngood = \"wafers\"\ncapacity = \"1k to 2k\"\n\
    [[chip]]\nid = \"c\"\ndesigner = \"d\"\n[[buyer]]\nid = \"b\"\ncountry = \"a\"\nbudget = \"1k to 2k\"\n";

#[test]
fn a_hundred_thousand_rows_of_any_table_are_read_in_seconds() {
    let rows: [(&str, &str); 16] = [
        ("country", ""),
        ("group", "members = [\"a\"]"),
        ("tool", "suppliers = { a = 1 }"),
        ("good", "unit = \"wafers\""),
        ("facility", "country = \"a\"\ngood = \"wafers\"\ncapacity = \"1k to 2k\""),
        ("designer", "country = \"a\"\nclaims = { f = \"10%\" }"),
        (
            "chip",
            "designer = \"d\"\nprice = 10\nbf16_tflops = 1\nlaunch = \"2022Q1\"\nrecipe = { wafers = 1 }",
        ),
        ("stockpile", "designer = \"d\"\ngood = \"wafers\""),
        ("buyer", "country = \"a\"\nbudget = \"1k to 2k\""),
        ("lab", "country = \"a\"\nbuyers = [\"b\"]"),
        ("commitment", "designer = \"d\"\nbuyer = \"b\"\nunits = 1"),
        ("route", "via = \"a\"\nto = \"b\"\ncapacity = 1\ndetection = 0"),
        (
            "rule",
            "issuer = \"a\"\neffective = \"2023-01-01\"\nrequires = \"denied\"\nto = { countries = [\"b\"] }",
        ),
        ("shock", "date = \"2023Q1\"\ncapacity = { on = \"facility.f\", times = 0.5 }"),
        ("ratio", "of = \"world/run_flop\"\nover = \"world/run_flop\""),
        ("correlation", "of = [\"facility.f.capacity\", \"buyer.b.budget\"]\nrho = 0"),
    ];
    for (table, fields) in rows {
        let mut text = WORLD.to_owned();
        for i in 0..MANY {
            let id = if table == "correlation" { String::new() } else { format!("id = \"x{i}\"\n") };
            text.push_str(&format!("[[{table}]]\n{id}{fields}\n"));
        }
        let model = quickly(table, || model_of(&text));
        if let Err(error) = model {
            panic!("{table}: {}", error.lines().take(8).collect::<Vec<_>>().join("\n"));
        }
    }
}

#[test]
fn a_hundred_thousand_rows_of_a_spreadsheet_are_read_in_seconds() {
    let root = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(root.path().join(name), text).unwrap();
    let (mut chips, mut seen, mut edits) =
        ("id,designer\n".to_owned(), "metric,actor,quarter,central\n".to_owned(), "path,value\n".to_owned());
    for i in 0..MANY {
        chips.push_str(&format!("x{i},d\n"));
        seen.push_str("fleet_h100e,country.a,2023Q4,1\n");
        edits.push_str(&format!("chip.x{i}.bf16_tflops,{}\n", 1 + i));
    }
    let head = "chips = \"chips.csv\"\nobservations = \"seen.csv\"\nassumptions = \"edits.csv\"\n";
    write("scenario.toml", &format!("{head}{WORLD}"));
    for (name, text) in [("chips.csv", &chips), ("seen.csv", &seen), ("edits.csv", &edits)] {
        write(name, text);
    }
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    quickly("spreadsheets", || {
        let document = scenario::load(root.path(), &[], &mut sources, &mut diagnostics).unwrap();
        let _ = chokepoint::Model::from_document(&document, &sources, &mut diagnostics);
    });
    let shown = sources.render(&diagnostics, false);
    assert!(!diagnostics.has_errors(), "{shown}");
}

#[test]
fn many_errors_are_found_in_seconds_and_the_first_are_shown() {
    let errors = MANY / 6;
    let mut text = WORLD.to_owned();
    for i in 0..errors {
        text.push_str(&format!("[[lab]]\nid = \"x{i}\"\ncountry = \"nowhere{i}\"\n"));
    }
    let shown = quickly("errors", || findings(&text).render(false));
    assert!(
        shown.contains(&format!("{errors} errors; the first 20 are shown")),
        "{}",
        &shown[shown.len() - 200..]
    );
    assert_eq!(shown.matches("error:").count(), limits::SHOWN);
    let some = text.lines().take(23 + 3 * 30).collect::<Vec<_>>().join("\n");
    let found = findings(&some);
    assert!(found.diagnostics.all.len() > limits::SHOWN);
    assert_eq!(found.render_all(false).matches("error:").count(), found.diagnostics.all.len());
}

#[test]
fn what_is_nested_is_refused_at_its_place() {
    let deep = format!("{WORLD}\nx = {}1{}\n", "[".repeat(10_000), "]".repeat(10_000));
    let dotted = format!("{WORLD}\n{}x = 1\n", "a.".repeat(10_000));
    for text in [deep, dotted] {
        let found = quickly("brackets", || findings(&text));
        let shown = found.render(false);
        assert!(shown.contains("80 deep at most"), "{shown}");
        assert!(found.diagnostics.all.len() < 5, "{shown}");
    }
    let mixture = (0..9).fold("1 to 2".to_owned(), |inner, _| format!("mixture(50%: {inner}, 50%: 3)"));
    let world = |x: &str| format!("{WORLD}[training]\nusual_run = \"{x}\"\n");
    let shown = findings(&world(&mixture)).render(false);
    assert!(shown.contains("mixtures lie 8 deep"), "{shown}");
    let allowed = (0..8).fold("10 to 20".to_owned(), |inner, _| format!("mixture(50%: {inner}, 50%: 30)"));
    let model = quickly("mixtures", || model_of(&world(&allowed)).unwrap());
    let id = model.quantity_of("training.usual_run").unwrap();
    assert!(matches!(&model.quantities[id].shape, chokepoint::Shape::Uncertain(d) if d.quantile(0.9) > 10.0));
    let long = findings(&world(&"1".repeat(3_000))).render(false);
    assert!(long.contains("2000 characters at most"), "{long}");
}

#[test]
fn what_is_off_a_characters_boundary_is_told() {
    for value in ["1\\u0020ééé", "ééé to \\u00e9", "\\t10 ääää"] {
        let shown = findings(&format!("{WORLD}[training]\nusual_run = \"{value}\"\n")).render(false);
        assert!(shown.contains("training.usual_run") && shown.contains("1 error"), "{shown}");
    }
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("scenario.toml"), WORLD).unwrap();
    for cells in ["\"x\"é,1\n", "é\"é,ü\n\"a\nb\"ö,2\n", "chip.c,\"é\n"] {
        let edits = root.path().join("edits.csv");
        fs::write(&edits, format!("path,value\n{cells}")).unwrap();
        let (code, _, err) =
            chokepoint(&["check", root.path().to_str().unwrap(), "--edits", edits.to_str().unwrap()]);
        assert!(code == 3 && err.contains("edits.csv:"), "{code} {err}");
    }
}

#[test]
fn includes_end() {
    let root = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(root.path().join(name), text).unwrap();
    let check = || chokepoint(&["check", root.path().to_str().unwrap()]);
    // A chain.
    write("scenario.toml", "include = [\"0.toml\"]\n");
    for i in 0..3_000 {
        write(&format!("{i}.toml"), &format!("include = [\"{}.toml\"]\n", i + 1));
    }
    let (code, _, err) = quick_command("a chain", check);
    assert!(code == 3 && err.contains("32 deep at most") && err.contains("30.toml:1"), "{code} {err}");
    // Each file twice, and twice again.
    for i in 0..30 {
        write(&format!("{i}.toml"), &format!("include = [\"./{0}.toml\", \"{0}.toml\"]\n", i + 1));
    }
    write("30.toml", "");
    let (code, _, err) = quick_command("doubled", check);
    assert!(code == 3 && err.contains("is read twice"), "{code} {err}");
    // Rows that extend rows.
    let rows = (0..3_000).fold(String::new(), |rows, i| {
        rows + &format!("[[country]]\nid = \"x{i}\"\nextends = \"x{}\"\n", i + 1)
    });
    let shown =
        quickly("rows", || findings(&format!("{WORLD}{rows}[[country]]\nid = \"x3000\"\n")).render(false));
    assert!(shown.contains("rows extend rows 32 deep at most"), "{shown}");
}

#[test]
fn patterns_are_matched_in_linear_time() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("scenario.toml"), PAGE).unwrap();
    let folder = root.path().to_str().unwrap();
    let doubled = format!("facility.{}", "{a,b}".repeat(20));
    let starred = format!("{}x", "**a".repeat(60));
    for pattern in [&doubled, &starred] {
        let (code, _, err) = quick_command("a pattern", || chokepoint(&["show", folder, pattern]));
        assert!(code == 3 && err.contains("no quantity matches"), "{code} {err}");
        let set = format!("{pattern}=1");
        let (code, _, err) = quick_command("an edit", || chokepoint(&["check", folder, "--set", &set]));
        assert!(code == 3 && err.contains("nothing matches"), "{code} {err}");
    }
    let long = format!("{}=1", "*".repeat(2_000));
    let (code, _, err) = chokepoint(&["check", folder, "--set", &long]);
    assert!(code == 3 && err.contains("1000 characters at most"), "{code} {err}");
}

#[test]
fn tables_of_too_many_rows_and_keys_are_refused() {
    let rows = format!("{WORLD}{}", "[[country]]\nid = \"a\"\n".repeat(limits::ROWS + 1));
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let _ = scenario::from_text("scenario.toml", &rows, &mut sources, &mut diagnostics);
    assert!(diagnostics.all[0].message.contains("200000 rows at most"), "{}", diagnostics.all[0].message);
    let keys = (0..=limits::KEYS).fold(String::new(), |keys, i| keys + &format!("x{i} = 1\n"));
    let found = findings(&format!("{WORLD}[training]\n{keys}"));
    assert!(found.diagnostics.all.iter().any(|d| d.message.contains("10000 keys at most")));
}

/// Texts of a page, and what stands in their place.
type Changes<'a> = &'a [(&'a str, &'a str)];

/// What `check` says of a page with changes.
fn said(changes: Changes<'_>, rows: &str) -> (i32, String) {
    let root = tempfile::tempdir().unwrap();
    let text = changes.iter().fold(PAGE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    fs::write(root.path().join("scenario.toml"), format!("{text}\n{rows}")).unwrap();
    let (code, _, err) = chokepoint(&["check", root.path().to_str().unwrap()]);
    (code, err)
}

#[test]
fn check_tells_what_it_was_silent_on() {
    let headline = [("known_until", "headline = [\"country.nowhere\"]\nknown_until")];
    let next = "[[chip]]\nid = \"n2\"\nextends = \"n1\"\nsuccessor = \"n1\"\n";
    let own = [("designer = \"north\"\nlaunch", "designer = \"north\"\nsuccessor = \"n1\"\nlaunch")];
    let cases: [(Changes<'_>, &str, &str); 7] = [
        (&own, "", "`chip.n1` is its own successor"),
        (&headline, "", "`run.headline` names `country.nowhere`"),
        (
            &[("designer = \"north\"\nlaunch", "designer = \"north\"\nsuccessor = \"n2\"\nlaunch")],
            next,
            "is its own successor",
        ),
        (&[("2022Q1 = 300, ", "2022Q1 = 300, 2022-01-01 = 400, ")], "", "has two values on one day"),
        (&[("via = \"gamma\"", "via = \"omega\"")], "", "`route.gamma` goes through its destination"),
        (
            &[],
            "[[ratio]]\nid = \"r\"\nof = \"world/nothing\"\nover = \"world/run_flop\"\n",
            "`ratio.r` takes `world/nothing`",
        ),
        (
            &[],
            "[[observation]]\nactor = \"country.gone\"\nmetric = \"fleet_h100e\"\nquarter = \"2023Q4\"\ncentral = 1\n",
            "there is no actor `country.gone`",
        ),
    ];
    for (changes, rows, message) in cases {
        let (code, err) = said(changes, rows);
        assert!(err.contains(message) && err.contains("scenario.toml:"), "{message}: {code} {err}");
        // What can be simulated and is odd is a warning.
        assert_eq!(code, if message.contains("its destination") { 0 } else { 3 }, "{message}");
    }
    // A table with the wrong header: a column twice, one without a name, none at all, one that is passed over.
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("scenario.toml"), PAGE).unwrap();
    let edits = root.path().join("edits.csv");
    for (text, message, code) in [
        ("path,value,value\n", "two columns are called `value`", 3),
        ("path,value,\n", "a column has a name", 3),
        ("path;value\n", "edits have a column `path`", 3),
        ("", "a table has a header", 3),
        ("path,value,sorce\nlab.first.mfu,30%,me\n", "edits have no column `sorce`", 0),
    ] {
        fs::write(&edits, text).unwrap();
        let folder = root.path().to_str().unwrap();
        let (found, _, err) = chokepoint(&["check", folder, "--edits", edits.to_str().unwrap()]);
        assert!(found == code && err.contains(message), "{message}: {found} {err}");
    }
}

#[test]
fn what_is_no_quantity_is_not_multiplied() {
    let policy = "title = \"x\"\n[[set]]\npath = \"chip.n1.launch\"\ntimes = 2\n";
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("scenario.toml"), PAGE).unwrap();
    fs::create_dir(root.path().join("policies")).unwrap();
    fs::write(root.path().join("policies/x.toml"), policy).unwrap();
    let (code, _, err) = chokepoint(&["check", root.path().to_str().unwrap(), "--policy", "x"]);
    assert!(code == 3 && err.contains("`chip.n1.launch` is no quantity"), "{code} {err}");
}

#[cfg(unix)]
mod files {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        root
    }

    fn check(folder: &Path, more: &[&str]) -> (i32, String) {
        let mut arguments = vec!["check", folder.to_str().unwrap()];
        arguments.extend(more);
        let (code, _, err) = quick_command("check", || chokepoint(&arguments));
        (code, err)
    }

    #[test]
    fn a_scenario_reads_its_own_folder_and_what_is_allowed() {
        let parts = b"[[country]]\nid = \"more\"\n";
        let root = folder_with(&[
            ("own/scenario.toml", format!("include = [\"../shared/more.toml\"]\n{PAGE}").as_bytes()),
            ("shared/more.toml", parts),
            ("child/scenario.toml", b"extends = \"../plain\"\n"),
            ("plain/scenario.toml", format!("include = [\"parts/more.toml\"]\n{PAGE}").as_bytes()),
            ("plain/parts/more.toml", parts),
        ]);
        let own = root.path().join("own");
        let (code, err) = check(&own, &[]);
        assert!(
            code == 3 && err.contains("outside the scenario's folder") && err.contains("--allow-read"),
            "{err}"
        );
        assert!(err.contains("scenario.toml:1"), "{err}");
        let shared = root.path().join("shared");
        assert_eq!(check(&own, &["--allow-read", shared.to_str().unwrap()]).0, 0);
        assert_eq!(check(&root.path().join("child"), &[]).0, 0);
    }

    #[test]
    fn what_is_no_plain_file_is_refused() {
        let including = |name: &str| format!("include = [\"{name}\"]\n{PAGE}");
        let root = folder_with(&[("scenario.toml", b""), ("real.toml", b"")]);
        let path = |name: &str| root.path().join(name);
        symlink("/etc/passwd", path("link.toml")).unwrap();
        symlink("/etc", path("folder")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path("pipe.toml")).status().unwrap().success());
        symlink("/dev/zero", path("zero.toml")).unwrap();
        let huge = fs::File::create(path("huge.toml")).unwrap();
        huge.set_len(limits::FILE_BYTES as u64 + 1).unwrap();
        for (name, why) in [
            ("link.toml", "symbolic link"),
            ("folder/x.toml", "symbolic link"),
            ("pipe.toml", "no plain file"),
            ("zero.toml", "symbolic link"),
            ("huge.toml", "larger than 64 MiB"),
            ("/etc/passwd", "those are called `.toml`"),
            ("/dev/null.toml", "outside the scenario's folder"),
        ] {
            fs::write(path("scenario.toml"), including(name)).unwrap();
            let (code, err) = check(root.path(), &[]);
            assert!(
                code == 3 && err.contains(why) && err.contains("scenario.toml:1"),
                "{name}: {code} {err}"
            );
            assert!(!err.contains("root:"), "{err}");
        }
        // The scenario itself, its policies and what it extends.
        fs::remove_file(path("scenario.toml")).unwrap();
        symlink("real.toml", path("scenario.toml")).unwrap();
        let (code, err) = check(root.path(), &[]);
        assert!(code == 3 && err.contains("symbolic link"), "{code} {err}");
        fs::remove_file(path("scenario.toml")).unwrap();
        fs::write(path("scenario.toml"), PAGE).unwrap();
        fs::create_dir(path("policies")).unwrap();
        symlink("/etc/passwd", path("policies/x.toml")).unwrap();
        let (code, err) = check(root.path(), &["--policy", "x"]);
        assert!(code == 3 && err.contains("symbolic link") && !err.contains("root:"), "{code} {err}");
        for base in ["link.toml", "folder", "/etc"] {
            fs::write(path("scenario.toml"), format!("extends = \"{base}\"\n")).unwrap();
            let (code, err) = check(root.path(), &[]);
            assert!(
                code == 3 && err.contains("scenario.toml:1") && !err.contains("root:"),
                "{base}: {code} {err}"
            );
        }
    }

    #[test]
    fn no_more_than_a_line_of_another_file_is_quoted() {
        let secrets = "user:one\npassword:two\nkey:three\n";
        let config = "key = \"one\"\npassword = \"two\"\n[server]\ntoken = \"three\"\n";
        for text in [secrets, config] {
            let root = folder_with(&[
                ("own/scenario.toml", b"extends = \"../other/secret.toml\"\n"),
                ("other/secret.toml", text.as_bytes()),
            ]);
            let (code, err) = check(&root.path().join("own"), &["--all-errors"]);
            let quoted = ["one", "two", "three"].iter().filter(|word| err.contains(**word)).count();
            assert!(code == 3 && quoted <= 1, "{quoted} lines are quoted: {err}");
        }
    }

    #[test]
    fn what_is_no_utf_8_is_told_with_its_place() {
        let root = folder_with(&[("scenario.toml", b"title = \"a\"\n# caf\xe9\n")]);
        let (code, err) = check(root.path(), &[]);
        assert!(code == 3 && err.contains("line 2, byte 6: 0xe9 is not UTF-8"), "{code} {err}");
        fs::write(root.path().join("scenario.toml"), PAGE).unwrap();
        let edits = root.path().join("edits.csv");
        fs::write(&edits, b"path,value\nlab.first.mfu,\xff\n").unwrap();
        let (code, err) = check(root.path(), &["--edits", edits.to_str().unwrap()]);
        assert!(code == 3 && err.contains("line 2, byte 15: 0xff is not UTF-8"), "{code} {err}");
        let word = std::ffi::OsStr::from_bytes(b"a=\xff");
        let mut command = Command::cargo_bin("chokepoint").unwrap();
        let run = command.arg("check").arg(root.path()).arg("--set").arg(word).output().unwrap();
        let err = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(
            run.status.code() == Some(2) && err.contains("argument 4 is not UTF-8 at its byte 3"),
            "{err}"
        );
    }

    #[test]
    fn no_escape_code_reaches_a_terminal() {
        let hostile = "\\u001b[31m\\u009b2J\\u0007\\u202ered";
        let raw = "\u{1b}[31m\u{9b}2J";
        let obeyed =
            |text: &str| text.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}');
        let page = PAGE
            .replace("title = \"One", &format!("title = \"{hostile} One"))
            .replace(
                "issuer = \"alpha\"",
                &format!("issuer = \"alpha\"\ntitle = \"{hostile}\"\nsource = \"{hostile}\""),
            )
            .replace("operator = \"fabco\"", &format!("operator = \"{hostile}\""))
            .replace("source = \"invented\"", &format!("source = \"{hostile}\""));
        let root = folder_with(&[
            ("scenario.toml", page.as_bytes()),
            (
                "bad.toml",
                format!("[[country]]\nid = \"{hostile}\"\n\"{hostile}\" = 1\nx = '\u{9b}31m'\n").as_bytes(),
            ),
            (&format!("{raw}.csv"), format!("path,{raw}\nx,{raw}\n").as_bytes()),
        ]);
        let (folder, bad) = (root.path().to_str().unwrap(), root.path().join("bad.toml"));
        let named = root.path().join(format!("{raw}.csv"));
        let (bad, named) = (bad.to_str().unwrap(), named.to_str().unwrap());
        let out = root.path().join("out");
        let out = out.to_str().unwrap();
        let commands: [&[&str]; 14] = [
            &["check", folder],
            &["check", bad, "--all-errors"],
            &["check", folder, "--edits", named],
            &["check", folder, "--set", raw],
            &["check", folder, "--policy", raw],
            &["check", raw],
            &["show", folder],
            &["show", folder, "--format", "csv"],
            &["show", folder, raw],
            &["rules", folder, "--on", "2024-01-01"],
            &["graph", folder],
            &["graph", folder, "--format", "graphml"],
            &["run", folder, "--draws", "64", "--out", out, "--quiet"],
            &["explain", folder, "--draw", "0", "--draws", "64"],
        ];
        for arguments in commands {
            let (_, stdout, stderr) = chokepoint(arguments);
            assert!(!obeyed(&stdout) && !obeyed(&stderr), "{arguments:?}\n{stdout}\n{stderr}");
        }
        for bad in [vec!["check", folder, raw], vec![raw], vec!["run", folder, "--draws", raw]] {
            let (code, stdout, stderr) = chokepoint(&bad);
            assert!(code == 2 && !obeyed(&stdout) && !obeyed(&stderr), "{bad:?} {stderr}");
        }
        // In colour too: what is left of a text is its own renderer's.
        let text = crate::support::findings(&format!("{WORLD}\n\"{hostile}\" = 1\n# \u{9b}\n")).render(true);
        let plain = text.replace("\u{1b}[0m", "");
        let codes: Vec<&str> = plain.split('\u{1b}').skip(1).collect();
        let of_a_colour = |c: &&str| {
            c.starts_with('[')
                && c[1..]
                    .find('m')
                    .is_some_and(|end| c[1..=end].chars().all(|c| c.is_ascii_digit() || c == ';'))
        };
        assert!(
            codes.iter().all(of_a_colour) && !text.contains('\u{9b}') && !text.contains("2J\u{7}"),
            "{text:?}"
        );
    }
}

#[test]
fn graphs_and_imports_print_nothing_but_what_they_are() {
    let root = tempfile::tempdir().unwrap();
    let hostile = "\\\" ]; evil [label=\\\"x\\n\\r\\\\";
    let text = PAGE.replace("operator = \"fabco\"", &format!("operator = \"{hostile}\""));
    fs::write(root.path().join("scenario.toml"), text).unwrap();
    let (code, out, err) = chokepoint(&["graph", root.path().to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    let line = out.lines().find(|l| l.contains("evil")).unwrap();
    assert!(line.contains("operator=\"\\\" ]; evil [label=\\\"x\\n \\\\\""), "{line}");
    // Names of a data set are comments: what follows on a line's end is none of the scenario's.
    let data = root.path().join("data");
    fs::create_dir(&data).unwrap();
    for name in ["inputs.csv", "providers.csv", "provision.csv", "sequence.csv"] {
        let text = fs::read_to_string(format!("tests/data/supply_chain/{name}")).unwrap();
        let text = text.replace("Ink", "\"Ink\n[[country]]\nid = \"\"evil\"\"\"");
        fs::write(data.join(name), text).unwrap();
    }
    let (code, out, err) = chokepoint(&["import", "eto", data.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("evil") && out.lines().all(|l| !l.starts_with("id = \"evil")), "{out}");
    let part = format!("[run]\nhorizon = \"2022Q1..2024Q4\"\n{out}");
    assert!(findings(&part).diagnostics.all.iter().all(|d| d.severity == Severity::Warning));
}

#[test]
fn cells_that_look_like_formulas_are_text_and_read_back() {
    let root = tempfile::tempdir().unwrap();
    let text = PAGE
        .replace("source = \"invented\"", "source = \"=HYPERLINK(1)\"")
        .replace("\"30% to 45%\"", "\"-1 to 3\"");
    let text = text.replace("mfu = \"-1 to 3\"", "mfu = { value = \"normal(0.3, 0.05)\", source = \"@x\" }");
    fs::write(root.path().join("scenario.toml"), text).unwrap();
    let folder = root.path().to_str().unwrap();
    let (code, out, _) = chokepoint(&["show", folder, "--format", "csv"]);
    assert_eq!(code, 0);
    assert!(out.contains(",'@x,") && !out.contains(",@x") && !out.contains(",=HYPER"), "{out}");
    let edits = root.path().join("edits.csv");
    fs::write(&edits, &out).unwrap();
    let (code, again, err) =
        chokepoint(&["show", folder, "--format", "csv", "--edits", edits.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    let sources = |text: &str| text.matches("'@x").count();
    assert_eq!(sources(&out), sources(&again));
}

#[test]
fn a_row_of_commas_is_told_where_it_stands() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().to_str().unwrap();
    let chips = "id,title,designer\nx,X,d\n,,\n";
    fs::write(root.path().join("chips.csv"), chips).unwrap();
    fs::write(root.path().join("scenario.toml"), "chips = \"chips.csv\"\n").unwrap();
    let (code, _, err) = chokepoint(&["check", folder]);
    assert!(code == 3 && err.contains("this row is empty"), "{code} {err}");
    assert!(err.contains("chips.csv:3:1"), "{err}");
    assert!(!err.contains("a chip without `id`"), "{err}");
}
