//! Briefs: one or two pages to hand on, all of it from the tables of a run or of a comparison; the gallery; and signs that policies wait for, told where policies are.

use crate::support::program::{chokepoint, done};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What a command that fails says.
fn refused(arguments: &[&str], code: i32) -> String {
    let (got, _, said) = chokepoint(arguments);
    assert_eq!(got, code, "{said}");
    said
}

/// The parts that every brief has, in order.
fn has_its_parts(markdown: &str, of: &str) {
    let mut rest = markdown;
    assert!(markdown.starts_with("# "), "{of}: no question");
    for part in [
        "?\n",
        "\n- ",
        "\n```text\n",
        "\n```text\n",
        "\n```text\n",
        "\n## What it rests on\n",
        "Of ",
        "\n## What would change it\n",
        "\n- ",
        "\n---\n",
        " draws",
    ] {
        let at = rest.find(part).unwrap_or_else(|| panic!("{of}: no {part:?} in\n{markdown}"));
        rest = &rest[at + part.len()..];
    }
    for wrong in ["NaN", "inf ", "country.", "/reachable_flop@", "()", " ,"] {
        assert!(
            !markdown.contains(wrong) || wrong == "country." && markdown.contains('`'),
            "{of}: {wrong} in\n{markdown}"
        );
    }
}

/// Numbers of a brief stand in the tables of its run.
fn numbers_are_of_tables(html: &str, folder: &Path) -> usize {
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let mut held = 0;
    for element in html.split("<data ").skip(1) {
        let of = |name: &str| {
            let text = element.split_once(&format!("{name}=\"")).unwrap().1;
            text.split_once('"').unwrap().0.to_owned()
        };
        let (table, column, value) = (of("data-table"), of("data-column"), of("value"));
        if table == "manifest.json" {
            assert!(manifest.contains(&value));
            continue;
        }
        let mut reader = csv::Reader::from_path(folder.join(&table)).unwrap();
        let at = reader.headers().unwrap().iter().position(|c| c == column).unwrap();
        assert!(reader.records().any(|r| r.unwrap()[at] == value), "{value} is not in {table}, {column}");
        held += 1;
    }
    held
}

#[test]
fn a_brief_of_a_run_says_what_its_tables_say() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let out_text = out.to_str().unwrap();
    let run = ["run", "tutorial", "--draws", "512", "--quiet", "--brief", "--out", out_text];
    done(&run);
    let (html, markdown) = (out.join("brief.html"), out.join("brief.md"));
    let first = [fs::read_to_string(&html).unwrap(), fs::read_to_string(&markdown).unwrap()];
    has_its_parts(&first[1], "the tutorial");
    assert!(numbers_are_of_tables(&first[0], &out) > 15);
    assert_eq!(first[0].matches("<svg ").count(), 3);
    assert!(
        !first[0].contains("<script") && !first[0].contains("http://") || first[0].contains("www.w3.org")
    );
    // What it rests on is in order of what it explains, and with its own grade.
    let mut reader = csv::Reader::from_path(out.join("drivers.csv")).unwrap();
    let columns = reader.headers().unwrap().clone();
    let at = |name: &str| columns.iter().position(|c| c == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let paths: Vec<&str> = first[1]
        .lines()
        .filter(|l| l.starts_with("| ") && l.contains(" `"))
        .map(|l| l.split('`').nth(1).unwrap())
        .collect();
    let cell = rows.iter().map(|r| &r[at("cell")]).find(|cell| {
        let ranked: Vec<&str> = rows
            .iter()
            .filter(|r| r[at("cell")] == **cell)
            .take(paths.len())
            .map(|r| &r[at("path")])
            .collect();
        ranked == paths
    });
    assert!(!paths.is_empty() && cell.is_some(), "{paths:?}");
    // The same again from the folder: by the verb, and by the command of a run that is complete.
    for again in [&["report", out_text, "--brief"][..], &run] {
        fs::remove_file(&html).unwrap();
        fs::remove_file(&markdown).unwrap();
        done(again);
        assert!(first == [fs::read_to_string(&html).unwrap(), fs::read_to_string(&markdown).unwrap()]);
    }
    // A brief is no part of the run: it is still whole.
    done(&["verify", out_text]);
}

#[test]
fn a_brief_of_a_comparison_is_of_all_policies_or_of_one() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("compared");
    let out_text = out.to_str().unwrap();
    done(&["compare", "tutorial", "--draws", "256", "--quiet", "--brief", "--out", out_text]);
    let all = fs::read_to_string(out.join("brief.md")).unwrap();
    has_its_parts(&all, "the comparison");
    assert!(all.contains("Enforcement") && all.contains("The same rule a year later"), "{all}");
    done(&["report", out_text, "--brief", "--policy", "rule-delayed"]);
    let one = fs::read_to_string(out.join("brief-rule-delayed.md")).unwrap();
    has_its_parts(&one, "a policy");
    assert!(one.starts_with("# What does “The same rule a year later” change?\n"), "{one}");
    assert!(one.contains("How much is a year of notice") && one.contains("it has rank "), "{one}");
    let html = fs::read_to_string(out.join("brief-rule-delayed.html")).unwrap();
    assert!(numbers_are_of_tables(&html, &out) > 10);
    // It is drawn with the policy and without: two bands.
    assert!(html.contains(">as things stand</text>") && html.contains(">The same rule a year later</text>"));
    let said = refused(&["report", out_text, "--brief", "--policy", "rule-delay"], 3);
    assert!(
        said.contains("no policy `rule-delay`: it has base, ") && said.contains("rule-delayed"),
        "{said}"
    );
    let said = refused(&["report", out_text, "--policy", "rule-delayed"], 2);
    assert!(said.contains("--brief"), "{said}");
}

#[test]
fn a_sweep_has_no_brief_and_says_so() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("swept");
    let out_text = out.to_str().unwrap();
    done(&[
        "sweep",
        "tutorial",
        "--grid",
        "route.*.detection=2%,40%",
        "--draws",
        "16",
        "--quiet",
        "--out",
        out_text,
    ]);
    let said = refused(&["report", out_text, "--brief"], 3);
    assert!(said.contains("a brief is made of a run or of a comparison"), "{said}");
    assert!(!out.join("brief.md").exists());
}

/// Texts of a scenario are text in a brief, whatever they hold.
#[test]
fn markup_of_a_scenario_stays_text_in_a_brief() {
    const EVIL: &str = "<img src=x onerror=1>|`_a_`[b](c)";
    let root = tempfile::tempdir().unwrap();
    let text = crate::support::PAGE
        .replacen("title = \"", &format!("title = \"{EVIL} "), 1)
        .replace("source = \"invented\"", &format!("source = \"{EVIL}\""));
    fs::write(root.path().join("scenario.toml"), text).unwrap();
    let out = root.path().join("run");
    done(&[
        "run",
        root.path().to_str().unwrap(),
        "--draws",
        "64",
        "--quiet",
        "--brief",
        "--out",
        out.to_str().unwrap(),
    ]);
    let html = fs::read_to_string(out.join("brief.html")).unwrap();
    let markdown = fs::read_to_string(out.join("brief.md")).unwrap();
    assert!(!html.contains("<img") && html.contains("&lt;img"));
    assert!(
        !markdown.contains("<img") && markdown.contains("&lt;img src=x onerror=1>\\|\\`\\_a\\_\\`\\[b\\](c)"),
        "{markdown}"
    );
}

/// What waits for a sign says so wherever what a policy changes is told: on the page of a comparison, in the list of policies, in `show`.
#[test]
fn a_sign_that_a_policy_waits_for_is_told() {
    let root = tempfile::tempdir().unwrap();
    let policy = root.path().join("answer.toml");
    let text = "title = \"Enforcement once smuggling is large\"\n\n[[set]]\npath = \"route.*.detection\"\ntimes = 3\nwhen = { sign = \"country.omega/smuggled_chips > 2000\", lag = 2, error = 0.3, off = 500 }\n";
    fs::write(&policy, text).unwrap();
    let (policy, out) = (policy.to_str().unwrap(), root.path().join("compared"));
    done(&[
        "compare",
        "tutorial",
        "--policy",
        policy,
        "--draws",
        "16",
        "--quiet",
        "--out",
        out.to_str().unwrap(),
    ]);
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    let told = "route.*.detection × 3, once country.omega/smuggled_chips > 2000, seen 2 quarters late with an error of 0.3 (standard deviation of its logarithm), until it is no more beyond 500";
    assert!(page.replace("&#x2f;", "/").replace("&gt;", ">").contains(told), "not told on the page");
    let shown = done(&["show", "tutorial", "route.*.detection", "--policy", policy]);
    let sign = "once country.omega/smuggled_chips > 2000, seen 2 quarters late with an error of 0.3 (standard deviation of its logarithm), until it is no more beyond 500";
    assert!(shown.contains(sign), "{shown}");
    // Without the policy nothing waits; and what is no part of it does not.
    assert!(!done(&["show", "tutorial", "route.*.detection"]).contains("once "));
    assert!(!done(&["show", "tutorial", "lab.*.mfu", "--policy", policy]).contains("once "));
    let json: serde_json::Value = serde_json::from_str(&done(&[
        "show",
        "tutorial",
        "route.*.detection",
        "--policy",
        policy,
        "--format",
        "json",
    ]))
    .unwrap();
    assert!(json[0]["waits"][0].as_str().unwrap().contains("smuggled_chips > 2000"), "{json}");
}

/// The gallery has a brief for each policy that the baseline is shipped with, and for none other; each is called and asks what the policy does.
#[test]
fn the_gallery_has_a_brief_for_each_shipped_policy() {
    let policies: serde_json::Value =
        serde_json::from_str(&done(&["policies", "scenarios/baseline", "--format", "json"])).unwrap();
    let policies = policies.as_array().unwrap();
    let index = fs::read_to_string("docs/gallery/README.md").unwrap();
    let mut known: BTreeSet<String> = BTreeSet::from(["README.md".to_owned()]);
    for policy in policies {
        let text = |key: &str| policy[key].as_str().unwrap();
        let file = format!("{}.md", text("policy"));
        let brief = fs::read_to_string(format!("docs/gallery/{file}"))
            .unwrap_or_else(|_| panic!("no brief of {file}: .ci/gallery.sh makes them"));
        has_its_parts(&brief, &file);
        assert!(
            brief.starts_with(&format!("# What does “{}” change?\n", text("title"))),
            "{file} is about another title"
        );
        assert!(brief.contains(&format!("- {}\n", text("reason"))), "{file} gives another reason");
        assert!(brief.len() < 12_000, "{file} has {} bytes", brief.len());
        assert!(index.contains(&format!("[{}]({file})", text("title"))), "the list lacks {file}");
        known.insert(file);
    }
    let there: BTreeSet<String> = fs::read_dir("docs/gallery")
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, known);
}

/// A folder with briefs is a run's like any other: the same command finds it complete, and another run may take its place.
#[test]
fn a_run_with_briefs_can_be_replaced() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let out = out.to_str().unwrap();
    let run = ["run", "tutorial", "--draws", "64", "--quiet", "--brief", "--out", out];
    done(&run);
    done(&run);
    let other = ["run", "tutorial", "--draws", "128", "--quiet", "--out", out];
    done(&[&other[..], &["--force"]].concat());
    assert!(!Path::new(out).join("brief.html").exists(), "a brief of another run is left");
    fs::write(Path::new(out).join("brief of mine.html"), "mine").unwrap();
    let (code, _, said) = chokepoint(&[&run[..], &["--force"]].concat());
    assert!(code != 0 && said.contains("brief of mine.html"), "{code} {said}");
}
