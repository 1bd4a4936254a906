//! The page of a run: its numbers stand in the tables, its words follow from them, and a scenario's texts stay texts.

use crate::support::PAGE;
use assert_cmd::Command;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Runs a scenario into a folder and gives the page.
fn page_of(scenario: &Path, out: &Path, draws: &str) -> String {
    let mut command = Command::cargo_bin("chokepoint").unwrap();
    let out_text = out.to_str().unwrap();
    command.args(["run", scenario.to_str().unwrap(), "--draws", draws, "--quiet", "--out", out_text]);
    command.assert().success();
    fs::read_to_string(out.join("report.html")).unwrap()
}

/// A scenario's text in a folder of its own.
fn scenario(root: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let folder = root.join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("scenario.toml"), text).unwrap();
    folder
}

/// What stands between two marks, for every pair of them.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).filter_map(|part| part.split_once(end).map(|p| p.0)).collect()
}

fn unescape(text: &str) -> String {
    let mut text = text.to_owned();
    for (name, sign) in
        [("lt", "<"), ("gt", ">"), ("quot", "\""), ("#39", "'"), ("#x27", "'"), ("#x2f", "/"), ("amp", "&")]
    {
        text = text.replace(&format!("&{name};"), sign);
    }
    text
}

/// The page's data for its script.
fn data(page: &str) -> Json {
    let text = between(page, "<script type=\"application/json\" id=\"data\">", "</script>")[0];
    serde_json::from_str(text).unwrap()
}

/// A run's table: columns, rows.
type Table = (Vec<String>, Vec<Vec<String>>);

fn table(folder: &Path, name: &str) -> Table {
    let mut reader = csv::Reader::from_path(folder.join(name)).unwrap();
    let columns = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
    (columns, rows)
}

/// Values of every column of every table of a run, and of the manifest.
fn known(folder: &Path) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut all: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if Path::new(&name).extension().is_some_and(|e| e == "csv") {
            let (columns, rows) = table(folder, &name);
            for row in rows {
                for (column, cell) in columns.iter().zip(row) {
                    all.entry((name.clone(), column.clone())).or_default().insert(cell);
                }
            }
        }
    }
    let manifest: Json =
        serde_json::from_str(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    for (key, value) in manifest.as_object().unwrap() {
        all.entry(("manifest.json".to_owned(), key.clone())).or_default().insert(value.to_string());
    }
    all
}

/// The value that a number shown stands for, and how far from it what is shown may be.
fn reads_as(shown: &str, value: f64) -> bool {
    let per_cent = shown.strip_suffix("%");
    let text = per_cent.unwrap_or(shown);
    let value = if per_cent.is_some() { 100.0 * value } else { value };
    match text {
        "<1" => return value > 0.0 && value < 0.5,
        "<0.01" => return value != 0.0 && value.abs() < 0.01,
        ">99" => return value > 99.5 && value < 100.0,
        _ => {}
    }
    let (digits, factor) = match text.chars().last() {
        Some('k') => (&text[..text.len() - 1], 1e3),
        Some('M') => (&text[..text.len() - 1], 1e6),
        Some('B') => (&text[..text.len() - 1], 1e9),
        Some('T') => (&text[..text.len() - 1], 1e12),
        _ => (text, 1.0),
    };
    let Ok(number) = digits.parse::<f64>() else { return false };
    let number = number * factor;
    // Half a unit of the second digit; the words may say which way a change goes.
    let off = (number - value.abs()).abs().min((number - value).abs());
    off <= 0.0501 * value.abs() || (per_cent.is_some() && off <= 0.5)
}

#[test]
fn the_terminal_writes_numbers_as_pages_do() {
    // `.ci/page.mjs` holds the page's script to the same list.
    let pairs: Vec<(f64, String)> = serde_json::from_str(include_str!("support/numbers.json")).unwrap();
    for (x, shown) in pairs {
        assert_eq!(chokepoint::internals::report::number(x), shown, "{x}");
    }
}

/// Checks the numbers of a piece of HTML against the tables; says how many there are.
fn check_numbers(html: &str, known: &BTreeMap<(String, String), BTreeSet<String>>) -> usize {
    let elements = between(html, "<data ", "</data>");
    for element in &elements {
        let (attributes, shown) = element.split_once('>').unwrap();
        let of = |name: &str| unescape(between(attributes, &format!("{name}=\""), "\"")[0]);
        let place = (of("data-table"), of("data-column"));
        // The second one: `value` is also the end of no other attribute's name.
        let raw = of("value");
        assert!(known.get(&place).is_some_and(|cells| cells.contains(&raw)), "{raw} is not in {place:?}");
        let shown = unescape(shown);
        assert!(reads_as(&shown, raw.parse().unwrap()), "{shown} is not how {raw} reads");
    }
    elements.len()
}

/// Text without elements' tags, numbers of tables and names of the scenario.
fn own_words(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let end = if after.starts_with("data ") {
            "</data>"
        } else if after.starts_with("span class=\"name\"") {
            "</span>"
        } else {
            ">"
        };
        rest = after.split_once(end).map_or("", |p| p.1);
        text.push(' ');
    }
    unescape(&(text + rest))
}

#[test]
fn every_number_of_the_page_stands_in_a_table() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let page = page_of(Path::new("scenarios/tutorial"), &out, "256");
    let known = known(&out);
    // The first screen.
    let screen = between(&page, "<section id=\"answer\">", "</section>")[0];
    assert!(check_numbers(screen, &known) > 30);
    let rest = screen.split("<p class=\"note\">").next().unwrap().split("</h1>").nth(1).unwrap();
    // A figure's caption says how it is read, which is no number of the run.
    let rest = between(rest, "<figcaption>", "</figcaption>")
        .into_iter()
        .fold(rest.to_owned(), |rest, caption| rest.replace(caption, ""));
    let rest = own_words(&rest);
    // What is left are quarters of the key table and names of quantiles.
    for word in rest
        .split(|c: char| c.is_whitespace() || ",;:()[]".contains(c))
        .filter(|w| w.contains(|c: char| c.is_ascii_digit()))
    {
        let quarter = word.len() == 6 && word.as_bytes()[4] == b'Q';
        assert!(quarter || ["90%", "95%"].contains(&word), "`{word}` in {rest}");
    }
    // Titles, under whatever is chosen.
    let data = data(&page);
    let mut titles = 0;
    for figure in data["figures"].as_array().unwrap() {
        assert!(!figure["titles"].as_object().unwrap().is_empty());
        for title in figure["titles"].as_object().unwrap().values() {
            let html = title.as_str().unwrap();
            check_numbers(html, &known);
            titles += 1;
            let left = own_words(html);
            for word in left.split_whitespace().filter(|w| w.contains(|c: char| c.is_ascii_digit())) {
                assert!(["90%", "95%", "(95%", "(90%", "H100"].contains(&word), "`{word}` in {left}");
            }
        }
    }
    assert!(titles > 20, "{titles}");
    // Figures draw rows of the tables as they are.
    for (id, dataset) in data["data"].as_object().unwrap() {
        rows_are_of_the_table(&out, id, dataset);
    }
}

/// Every row of a dataset is a row of its table, restricted to the dataset's columns.
fn rows_are_of_the_table(folder: &Path, id: &str, dataset: &Json) {
    let (columns, rows) = table(folder, dataset["table"].as_str().unwrap());
    let packed = dataset["columns"].as_object().unwrap();
    let at: Vec<usize> = packed.keys().map(|n| columns.iter().position(|c| c == n).unwrap()).collect();
    let canonical = |cell: &str| match cell.parse::<f64>() {
        Ok(x) if x.is_finite() => format!("{:x}", x.to_bits()),
        _ => cell.to_owned(),
    };
    let there: BTreeSet<Vec<String>> =
        rows.iter().map(|r| at.iter().map(|&c| canonical(&r[c])).collect()).collect();
    let unpacked: Vec<Vec<String>> = (packed.values())
        .map(|column| {
            if let Some(numbers) = column.as_array() {
                let bits = |n: &Json| n.as_f64().map_or_else(String::new, |x| format!("{:x}", x.to_bits()));
                numbers.iter().map(bits).collect()
            } else {
                let words = column["words"].as_array().unwrap();
                let at = column["at"].as_array().unwrap().iter();
                at.map(|i| canonical(words[i.as_u64().unwrap() as usize].as_str().unwrap())).collect()
            }
        })
        .collect();
    assert!(!unpacked[0].is_empty(), "{id} is empty");
    for i in 0..unpacked[0].len() {
        let row: Vec<String> = unpacked.iter().map(|c| c[i].clone()).collect();
        assert!(there.contains(&row), "{id}: row {i} is not in {}: {row:?}", dataset["table"]);
    }
}

#[test]
fn the_page_is_small_and_the_same_when_made_again() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let page = page_of(Path::new("scenarios/baseline"), &out, "64");
    assert!(page.len() < 8_000_000, "{} bytes", page.len());
    assert!(page.len() > 1_000_000);
    fs::remove_file(out.join("report.html")).unwrap();
    let again = |folder: &Path| {
        Command::cargo_bin("chokepoint").unwrap().args(["report", folder.to_str().unwrap()]).assert()
    };
    again(&out).success();
    assert!(page == fs::read_to_string(out.join("report.html")).unwrap());
    let error = again(root.path()).failure().code(3);
    let text = String::from_utf8_lossy(&error.get_output().stderr).into_owned();
    assert!(text.contains("is no run's folder"), "{text}");
}

#[test]
fn markup_of_a_scenario_stays_text() {
    const EVIL: &str = "</script><script>window.hit=1</script><img src=x onerror=window.hit=1>&amp;<b>b</b>";
    let root = tempfile::tempdir().unwrap();
    let text = PAGE
        .replacen("title = \"", &format!("title = \"{EVIL} "), 1)
        .replace(
            "issuer = \"alpha\"",
            &format!("issuer = \"alpha\"\ntitle = \"{EVIL}\"\nsource = \"{EVIL}\""),
        )
        .replace("source = \"invented\"", &format!("source = \"{EVIL}\", note = \"<!-- {EVIL}\""));
    let out = root.path().join("run");
    let page = page_of(&scenario(root.path(), "evil", &text), &out, "64");
    assert!(!page.contains("<img"));
    assert!(!page.contains("window.hit=1</script>"));
    assert!(!page.contains("<b>b</b>"));
    // The script elements are the page's own three, and the data reads back as what was written.
    assert_eq!(page.matches("</script>").count(), 3);
    let rules = &data(&page)["data"]["rules"]["columns"]["title"]["words"];
    assert_eq!(rules[0], EVIL);
    assert!(unescape(&page).contains(&format!("<h1>{EVIL} ")));
}

/// The answer's sentences, with a sign for every number: which way they go must not hang on its digits.
fn sentences(page: &str) -> String {
    let all = between(page, "<div class=\"sentences\">", "</div>")[0];
    let plain = |html: &str| {
        let mut parts = html.split("<data ");
        let first = parts.next().unwrap_or_default().to_owned();
        let html =
            parts.fold(first, |text, part| text + "#" + part.split_once("</data>").map_or("", |p| p.1));
        shown(&html)
    };
    between(all, "<p>", "</p>").into_iter().map(plain).collect::<Vec<_>>().join("\n")
}

/// A world in which the country under controls is behind, one in which it is ahead, and one in which nobody is.
#[test]
fn opposite_worlds_give_opposite_sentences() {
    let root = tempfile::tempdir().unwrap();
    // No rule, much money and power: the same chips go the other way.
    let free = PAGE
        .replace("\"0.8B to 1.2B\"", "\"30B to 60B\"")
        .replace("\"2B to 3B\"", "\"0.02B to 0.03B\"")
        .replace("requires = \"denied\"", "requires = \"free\"")
        .replace("2022Q1 = 200, 2026Q4 = \"1k to 2k\"", "2022Q1 = 900, 2026Q4 = \"9k to 20k\"");
    // Labs that cannot pay for long runs are stopped by nothing else.
    let poor = "[[lab]]\nfinanceable = \"1M to 3M\"";
    let tell = |name: &str, text: &str| {
        let out = root.path().join(format!("{name}-run"));
        sentences(&page_of(&scenario(root.path(), name, text), &out, "256"))
    };
    insta::assert_snapshot!("behind", tell("behind", PAGE));
    insta::assert_snapshot!("ahead", tell("ahead", &free.replacen("[[lab]]", poor, 1)));
    insta::assert_snapshot!("open", tell("open", &free.replace("[[lab]]", poor)));
}

#[test]
fn a_page_says_what_of_a_large_table_it_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let compare = |name: &str, select: &str| {
        let out = folder.path().join(name);
        let mut command = Command::cargo_bin("chokepoint").unwrap();
        command.args(["compare", "scenarios/baseline", "--draws", "8", "--quiet"]);
        for policy in ["h20-free", "h20-never"] {
            command.args(["--policy", policy]);
        }
        command.args(["--select", select, "--out"]);
        command.arg(&out).assert().success();
        let page = fs::read_to_string(out.join("report.html")).unwrap();
        let rows = table(&out, "comparison.csv").1.len();
        let shown = &data(&page)["data"]["comparison"]["columns"]["difference_mean"];
        (shown.as_array().unwrap().len(), rows, page.contains("shown of comparison.csv are"))
    };
    let (shown, rows, said) = compare("large", "country.*/*@*");
    assert!(shown < rows && said, "{shown} of {rows}");
    let (shown, rows, said) = compare("small", "country.*/reachable_flop@*Q4");
    assert!(shown == rows && !said, "{shown} of {rows}");
}

/// Runs a command that succeeds, in the repository's folder.
fn done(arguments: &[&str]) -> String {
    let output = Command::cargo_bin("chokepoint").unwrap().args(arguments).assert().success();
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

/// Every sentence of a page: the answer's, and the titles of its figures under whatever is chosen.
fn every_sentence(page: &str) -> Vec<String> {
    let answer = between(page, "<div class=\"sentences\">", "</div>")[0];
    let mut all: Vec<String> = between(answer, "<p>", "</p>").into_iter().map(str::to_owned).collect();
    all.extend(between(page, "<p class=\"question\">", "</p>").into_iter().map(str::to_owned));
    for figure in data(page)["figures"].as_array().unwrap() {
        all.extend(figure["titles"].as_object().unwrap().values().map(|t| t.as_str().unwrap().to_owned()));
    }
    all
}

/// A sentence without its markup.
fn shown(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    unescape(&text)
}

/// No sentence of any kind of page lacks a name or a number that it should have, or says a cell's path for a name.
#[test]
fn sentences_of_all_pages_are_whole() {
    let root = tempfile::tempdir().unwrap();
    let folder = |name: &str| root.path().join(name);
    let page = |name: &str, arguments: &[&str]| {
        let out = folder(name);
        done(&[arguments, &["--draws", "64", "--quiet", "--out", out.to_str().unwrap()]].concat());
        (fs::read_to_string(out.join("report.html")).unwrap(), known(&out))
    };
    let pages = [
        page("run", &["run", "tutorial"]),
        page("policy", &["run", "tutorial", "--policy", "enforcement-tenfold"]),
        page("compare", &["compare", "tutorial"]),
        page("sweep", &["sweep", "tutorial", "--grid", "route.*.detection=2%,10%,40%"]),
        page("hindcast", &["hindcast", "baseline"]),
    ];
    for (page, known) in &pages {
        let all = every_sentence(page);
        assert!(all.len() > 3, "{all:?}");
        for html in &all {
            check_numbers(html, known);
            assert!(!html.contains("<span class=\"name\"></span>"), "a name is missing: {html}");
            let text = shown(html);
            for wrong in ["In ,", "  ", " ,", " .", "NaN", "inf", "_", "by ,", "–"] {
                assert!(!text.contains(wrong), "`{wrong}` in: {text}");
            }
            assert!(!text.contains("/reachable_flop@") && !text.contains("country."), "a path in: {text}");
            assert!(text.ends_with('.') || text.ends_with('?'), "{text}");
        }
        // What was asked for comes before any table: the answer, then its figure.
        let answer = between(page, "<section id=\"answer\">", "</section>")[0];
        let figure = answer.find("<figure").expect("a page opens with a figure");
        assert!(answer.find("class=\"sentences\"").unwrap() < figure);
        assert!(answer.find("<table").is_none_or(|table| figure < table));
    }
}

/// What a page says of how well the past was simulated follows from its scores.
#[test]
fn verdicts_on_the_past_follow_from_scores() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("past");
    let run = ["hindcast", "baseline", "--draws", "64", "--quiet", "--out", out.to_str().unwrap()];
    done(&run);
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    let (columns, rows) = table(&out, "scores.csv");
    let at = |name: &str| columns.iter().position(|c| c == name).unwrap();
    let section = |name: &str| {
        let of = |r: &&Vec<String>| r[at("section")] == name && r[at("policy")] == "base";
        rows.iter().filter(of).collect::<Vec<_>>()
    };
    let number = |r: &[String], name: &str| r[at(name)].parse::<f64>().unwrap();
    let sentences: Vec<String> = every_sentence(&page).iter().map(|html| shown(html)).collect();
    let mut held = 0;
    for name in ["past", "forecast"] {
        let of = section(name);
        let Some(all) = of.iter().find(|r| r[at("group")] == "all") else { continue };
        let (wide, narrow, count) = (number(all, "inside90"), number(all, "inside50"), number(all, "rows"));
        let start = if name == "past" { "Of " } else { "Out of sample, of " };
        let said = sentences.iter().filter(|s| s.starts_with(&format!("{start}{count} published values")));
        for sentence in said {
            held += 1;
            // Two standard errors, and five points at least.
            let off = |share: f64, should: f64| {
                let allowed = (2.0 * (should * (1.0 - should) / count).sqrt()).max(0.05);
                if (share - should).abs() <= allowed { 0.0 } else { (share - should).signum() }
            };
            let (a, b) = (off(wide, 0.9), off(narrow, 0.5));
            assert_eq!(
                sentence.contains("about as many as there should be"),
                a == 0.0 && b == 0.0,
                "{sentence}"
            );
            assert_eq!(
                sentence.contains("more than there should be"),
                a + b > 0.0 && a * b >= 0.0,
                "{sentence}"
            );
            assert_eq!(
                sentence.contains("fewer than there should be"),
                a + b < 0.0 && a * b >= 0.0,
                "{sentence}"
            );
        }
        // The group that is called furthest off has the worst score, and its share inside is its own.
        let groups = of.iter().filter(|r| r[at("group")] != "all");
        let worst = groups.max_by(|a, b| number(a, "crps").total_cmp(&number(b, "crps"))).unwrap();
        let what = if name == "past" { "It is furthest off on " } else { "The forecast is furthest off on " };
        if let Some(sentence) = sentences.iter().find(|s| s.starts_with(what)) {
            held += 1;
            assert!(sentence.starts_with(&format!("{what}{}, where ", worst[at("group")])), "{sentence}");
            let share = sentence.split("where ").nth(1).unwrap().split(" of published").next().unwrap();
            assert!(reads_as(share, number(worst, "inside90")), "{sentence}");
            assert_eq!(sentence.contains("medians lie below"), number(worst, "bias") < 0.0, "{sentence}");
        }
    }
    assert!(held >= 2, "{sentences:?}");
}

/// Where an input is said to raise or lower something, its ends lie so; where a policy is, its mean does.
#[test]
fn directions_that_are_said_are_those_of_the_tables() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("compared");
    done(&["compare", "tutorial", "--draws", "512", "--quiet", "--out", out.to_str().unwrap()]);
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    let figures = data(&page);
    let titles = |id: &str| {
        let figure = figures["figures"].as_array().unwrap().iter().find(|f| f["id"] == id).cloned().unwrap();
        let titles = figure["titles"].as_object().unwrap().clone();
        titles
            .into_iter()
            .map(|(key, t)| (key.split_once('|').unwrap().1.to_owned(), shown(t.as_str().unwrap())))
    };
    let (columns, rows) = table(&out, "drivers.csv");
    let at = |name: &str| columns.iter().position(|c| c == name).unwrap();
    let mut held = 0;
    for (cell, title) in titles("tornado") {
        let first = rows.iter().find(|r| r[at("cell")] == cell && r[at("rank")] == "1").unwrap();
        let of = |name: &str| first[at(name)].parse::<f64>().unwrap();
        assert_eq!(title.contains(" raises "), of("at_highest") > of("at_lowest"), "{title}");
        held += 1;
    }
    let (columns, rows) = table(&out, "comparison.csv");
    let at = |name: &str| columns.iter().position(|c| c == name).unwrap();
    for (cell, title) in titles("forest") {
        let of_cell = |r: &&Vec<String>| {
            format!("{}/{}@{}", r[at("actor")], r[at("metric")], r[at("quarter")]) == cell
                && r[at("policy")] != "base"
        };
        let mean = |r: &[String]| r[at("difference_mean")].parse::<f64>().unwrap();
        let error = |r: &[String]| r[at("difference_se")].parse::<f64>().unwrap_or(f64::INFINITY);
        let most =
            rows.iter().filter(of_cell).max_by(|a, b| mean(a).abs().total_cmp(&mean(b).abs())).unwrap();
        let moves = mean(most).abs() > 2.0 * error(most);
        assert_eq!(title.starts_with("No policy moves"), !moves, "{title}");
        assert_eq!(title.contains(" raises "), moves && mean(most) > 0.0, "{title}");
        held += 1;
    }
    assert!(held > 10, "{held}");
}
