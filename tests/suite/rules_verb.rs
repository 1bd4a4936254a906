//! The verb `rules` as a user meets it: columns, filters, formats, differences, and what it says of names that do not exist.

use assert_cmd::Command;

fn rules(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("chokepoint")
        .unwrap()
        .env("NO_COLOR", "1")
        .args(["rules", "scenarios/baseline"])
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn rows_of(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_row_for_every_chip_destination_and_issuer() {
    let (code, out, err) = rules(&["--on", "2023-12-01", "--format", "csv"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("chip,to,headquarters,on,issuer,status,fee,rule\n"), "{out}");
    let rows = rows_of(&out);
    let distinct = |column: usize| {
        let mut all: Vec<&String> = rows.iter().map(|r| &r[column]).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    };
    assert_eq!(rows.len(), distinct(0) * distinct(1) * distinct(4));
    for id in csv::Reader::from_path("scenarios/baseline/chips.csv").unwrap().records() {
        let id = id.unwrap()[0].to_owned();
        assert!(rows.iter().any(|r| r[0] == id), "{id}, sold or not");
    }
    assert!(rows.iter().all(|r| r[1] == r[2] && r[3] == "2023-12-01"));
}

#[test]
fn filters_formats_edits_and_policies() {
    let one = ["--on", "2026-02-01", "--to", "china", "--issuer", "us", "--chip", "h200", "--format"];
    let (_, out, _) = rules(&[&one[..], &["csv"]].concat());
    assert_eq!(
        rows_of(&out),
        [["h200", "china", "china", "2026-02-01", "us", "license-case-by-case", "0.25", "us-2026-01"]]
    );
    let (_, out, _) = rules(&[&one[..], &["json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json[0]["status"], "license-case-by-case");
    assert_eq!(json[0]["fee"], 0.25);
    let (_, out, _) = rules(&[&one[..], &["table"]].concat());
    assert!(out.lines().count() == 2 && out.contains("25%"), "{out}");
    // An edit of a threshold, and a policy.
    let (_, out, _) = rules(&[&one[..], &["csv", "--set", "rule.us-2026-01.tpp.tpp=15000"]].concat());
    assert_eq!(rows_of(&out)[0][5], "denied");
    let (_, out, _) = rules(&[&one[..], &["csv", "--policy", "no-controls"]].concat());
    assert_eq!(rows_of(&out)[0][5..], ["free", "0", ""]);
    // Headquarters abroad, and a destination that only a list names.
    let abroad = [
        "--on",
        "2026-06-15",
        "--to",
        "oman",
        "--hq",
        "china",
        "--chip",
        "b300",
        "--issuer",
        "us",
        "--format",
        "csv",
    ];
    assert_eq!(rows_of(&rules(&abroad).1)[0][2..6], ["china", "2026-06-15", "us", "denied"]);
}

#[test]
fn a_difference_says_what_changes_when() {
    let arguments = [
        "--diff",
        "--set",
        "rule.us-2026-01.tpp.tpp=40000",
        "--issuer",
        "us",
        "--to",
        "china",
        "--format",
        "csv",
    ];
    let (code, out, err) = rules(&arguments);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.starts_with("subject,item,to,receiver,headquarters,issuer,from,until,before,after,share_before,"),
        "{out}"
    );
    let rows = rows_of(&out);
    let b30a: Vec<_> = rows.iter().filter(|r| r[1] == "b30a").collect();
    for (i, row) in b30a.iter().enumerate() {
        assert_eq!(row[2..6], ["china", "", "china", "us"]);
        assert_eq!(row[8..10], ["denied", "license-case-by-case"]);
        // One range follows the other, and the last one lasts.
        assert_eq!(b30a.get(i + 1).map_or("", |next| next[6].as_str()), row[7]);
        assert_eq!(row[10], "0");
    }
    assert!(b30a[0][6].starts_with("2026-01-") && b30a.len() <= 3, "{b30a:?}");
    // Nothing is approved before the lag is over; then a share is.
    let last = b30a.last().unwrap();
    assert!(b30a[0][11] == "0" && last[11].parse::<f64>().unwrap() > 0.0, "{b30a:?}");
    assert!(last[15].contains("home_share = 0.5"), "{last:?}");
    assert!(rows.iter().all(|r| r[1] != "h20" && r[1] != "b300"), "those were free of it, or too fast");
    // A test of headquarters changes nothing for buyers at home, and it says where it does.
    let (code, out, err) =
        rules(&["--diff", "--set", "rule.us-2023-10-hq.until=2026-05-31", "--format", "csv"]);
    assert!(code == 0 && out.lines().count() == 1 && err.contains("--hq china"), "{out}{err}");
    let (_, out, _) = rules(&[
        "--diff",
        "--set",
        "rule.us-2023-10-hq.until=2026-05-31",
        "--hq",
        "china",
        "--to",
        "malaysia",
        "--chip",
        "b300",
        "--format",
        "csv",
    ]);
    let ranges = rows_of(&out);
    let (first, last) = (&ranges[0][6], &ranges.last().unwrap()[7]);
    assert!("2025-04-01" <= first.as_str() && first.as_str() < "2025-07-01", "{ranges:?}");
    assert_eq!(last, "2026-05-31");
    let (code, out, err) = rules(&["--diff", "--format", "csv"]);
    assert!(
        code == 0 && out.lines().count() == 1 && err.contains("nothing that the rules say"),
        "{out}{err}"
    );
}

#[test]
fn a_difference_tells_tools_servicing_and_limits_in_ranges() {
    let policy = ["--diff", "--policy", "tool-servicing-ban"];
    let all = rows_of(&rules(&[&policy[..], &["--format", "csv"]].concat()).1);
    assert!(!all.is_empty());
    for row in &all {
        assert_eq!((row[0].as_str(), row[2].as_str()), ("servicing", "china"), "{row:?}");
        assert_eq!(row[6..10], ["2027-01-01", "", "free", "denied"]);
        assert_eq!(row[10..12], ["1", "0"]);
    }
    let receivers: Vec<&str> = all.iter().map(|r| r[3].as_str()).collect();
    assert!(receivers.contains(&"smic-n2"), "{receivers:?}");
    // In words one sentence has all that changes alike.
    let (_, text, _) = rules(&policy);
    let sentence = "servicing, us: free → denied, approved 100% → 0%, from 2027-01-01 to the end\n";
    assert_eq!(text.matches(sentence).count(), 1, "{text}");
    assert!(text.lines().count() < all.len() && text.contains("smic-n2 (china)"), "{text}");
    // A limit that is lifted is a change though the status stays.
    let lifted =
        ["--diff", "--set", "rule.us-2026-01.cap.home_share=0.25", "--to", "china", "--format", "csv"];
    let rows = rows_of(&rules(&lifted).1);
    assert!(!rows.is_empty() && rows.iter().all(|r| r[8] == r[9] && r[14] != r[15]), "{rows:?}");
    assert!(rows.iter().all(|r| r[15].contains("home_share = 0.25")), "{rows:?}");
}

#[test]
fn what_does_not_exist_is_rejected_with_what_was_meant() {
    for (flag, name, near) in [
        ("--chip", "h2O", "h20"),
        ("--to", "Chima", "china"),
        ("--hq", "vietnm", "vietnam"),
        ("--issuer", "chin", "china"),
    ] {
        let (code, out, err) = rules(&["--on", "2026-02-01", flag, name]);
        assert!(code == 3 && out.is_empty(), "{code} {out}");
        assert!(err.contains(flag) && err.contains(&format!("did you mean `{near}`?")), "{err}");
    }
    let (code, _, err) = rules(&["--on", "2026-02-01", "--issuer", "venezuela"]);
    assert!(code == 3 && err.contains("no country of the scenario"), "{err}");
    for bad in [&["--on", "2026-13-01"][..], &[], &["--on", "2026-02-01", "--diff"]] {
        let (code, _, err) = rules(bad);
        assert!(code == 2 && err.contains("--on"), "{code} {err}");
    }
}
