//! The explorer: the same draws and statistics as other verbs give, whatever was changed before; its page; levers and their errors.

use assert_cmd::Command;
use chokepoint::internals::math::wide::WIDTH;
use chokepoint::study::{
    Compare, CompareRequest, Explorer, PolicySource, Project, ScenarioRequest, Side, Summariser,
};
use std::fs;

const CELLS: &str = "country.*/reachable_flop";
const POLICY: &str = "title = \"x\"\n[[set]]\npath = \"route.*.detection\"\ntimes = 3.5\n[[set]]\npath = \"lab.*.mfu\"\ntimes = 0.8\n";

fn text_of(scenario: &str) -> String {
    Project::open(&ScenarioRequest::new(scenario)).unwrap().document.to_toml()
}

/// Runs the command; gives its exit code, what it printed, and what it said.
fn go(arguments: &[&str]) -> (i32, String, String) {
    let done = Command::cargo_bin("chokepoint").unwrap().args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

#[test]
fn what_the_page_sums_is_what_compare_gives() {
    let mut explorer =
        Explorer::open("tutorial", &text_of("scenarios/tutorial"), &[CELLS.to_owned()], 1).unwrap();
    // A change that was made before leaves nothing behind.
    explorer.change("title = \"y\"\n[[set]]\npath = \"lab.*.mfu\"\ntimes = 0.5\n").unwrap();
    explorer.simulate(Side::Changed, 3, &mut Vec::new()).unwrap();
    explorer.change(POLICY).unwrap();
    let cells = explorer.cells().to_vec();
    let mut summariser = Summariser::new(cells.len());
    for batch in 0..128 / WIDTH as u64 {
        let mut both = Vec::new();
        for side in [Side::Base, Side::Changed] {
            let mut values = Vec::new();
            explorer.simulate(side, batch, &mut values).unwrap();
            assert_eq!(values.len(), WIDTH * (cells.len() + explorer.labelled().len()));
            both.extend_from_slice(&values[..WIDTH * cells.len()]);
        }
        summariser.add(&both);
    }
    let numbers = summariser.finish();
    let mut request = CompareRequest::new("scenarios/tutorial");
    request.policies = vec![PolicySource::text("changed", POLICY)];
    request.simulation.sampling.draws = 128;
    request.simulation.select = vec![CELLS.to_owned()];
    let compare = Compare::open(&request, &()).unwrap();
    let results = compare.simulate(None, &()).unwrap();
    let mut compared = 0;
    for (i, cell) in cells.iter().enumerate() {
        let of = &numbers[i * Summariser::NUMBERS..(i + 1) * Summariser::NUMBERS];
        let Some(place) = results.cells().iter().position(|c| c.address() == *cell) else { continue };
        let paired = results.paired(place, 1);
        assert_eq!(
            (of[16], of[19], of[23]),
            (paired.mean.value, paired.quantiles[1].value, paired.ratios[1].value)
        );
        assert_eq!((of[27], of[28]), (paired.lower, paired.higher));
        compared += 1;
    }
    assert_eq!(compared, cells.len());
}

#[test]
fn a_change_with_an_error_leaves_the_one_before() {
    let mut explorer =
        Explorer::open("tutorial", &text_of("scenarios/tutorial"), &[CELLS.to_owned()], 1).unwrap();
    explorer.change(POLICY).unwrap();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    explorer.simulate(Side::Changed, 0, &mut before).unwrap();
    let error = explorer
        .change("title = \"z\"\n[[set]]\npath = \"route.nowhere.detection\"\ntimes = 2\n")
        .unwrap_err();
    assert!(error.to_string().contains("there is no `route.nowhere.detection`"), "{error}");
    explorer.simulate(Side::Changed, 0, &mut after).unwrap();
    assert_eq!(before, after);
}

#[test]
fn the_page_is_one_file_that_asks_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let (code, _, said) = go(&["explore", "scenarios/baseline", "--out", file.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    let page = fs::read_to_string(&file).unwrap();
    assert!(page.len() < 4_000_000, "{} bytes", page.len());
    assert!(page.contains("default-src 'none'"));
    assert!(!page.contains("http://") || !page.contains("src=\"http"), "nothing is fetched");
    assert_eq!(page.matches("<script").count(), 6);
}

#[test]
fn a_lever_is_told_where_it_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = fs::read_to_string("scenarios/tutorial/scenario.toml").unwrap();
    let file = folder.path().join("scenario.toml");
    let path = folder.path().to_str().unwrap();
    let head = "\n[[lever]]\nid = \"a\"\ntitle = \"a\"\ngroup = \"g\"\n";
    for (rest, told) in [
        ("path = \"route.*.detection\"\n", "`lever.a` has one of `times`, `value` and `policy`"),
        ("times = { from = 0.5, to = 2 }\n", "`lever.a` has a `path`"),
        ("path = \"route.*.detecton\"\ntimes = { from = 0.5, to = 2 }\n", "which is no number's path"),
        ("path = \"route.*.detection\"\ntimes = { from = 2, to = 4 }\n", "factors from below 1 to above it"),
        ("path = \"route.*.detection\"\nvalue = { from = 1, to = 0 }\n", "it goes from less to more"),
        (
            "path = \"route.*.detection\"\nvalue = { from = 0, to = 1, step = \"log\" }\n",
            "steps by factors begin above 0",
        ),
        ("path = \"route.*.detection\"\nvalue = { from = 0 }\n", "`lever.a.value` has a `to`"),
    ] {
        fs::write(&file, format!("{scenario}{head}{rest}")).unwrap();
        let (code, _, said) = go(&["check", path]);
        assert_eq!(code, 3, "{rest}: {said}");
        assert!(said.contains(told), "{rest}: {said}");
        assert!(said.contains("scenario.toml:"), "{rest}: {said}");
    }
    fs::write(&file, format!("{scenario}{head}policy = \"nobody\"\n")).unwrap();
    let (code, _, said) = go(&["explore", path, "--out", folder.path().join("x.html").to_str().unwrap()]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("lever `a` switches on `nobody`"), "{said}");
}

/// The page keeps the base at the quarter that saves most, were every lever as likely to be moved.
#[test]
fn the_page_keeps_the_base_where_that_saves_most() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let (code, _, err) = go(&["explore", "scenarios/baseline", "--quiet", "--out", file.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    let page = fs::read_to_string(file).unwrap();
    let (_, rest) = page.split_once("id=\"page\">").unwrap();
    let data: serde_json::Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
    let scenario = data["scenario"].as_str().unwrap();
    let mut explorer = Explorer::open("baseline", scenario, &[CELLS.to_owned()], 1).unwrap();
    let mut acting = Vec::new();
    for lever in data["levers"].as_array().unwrap() {
        let edits = if lever["kind"] == "switch" {
            let policies = data["policies"].as_array().unwrap();
            let policy = policies.iter().find(|p| p["name"] == lever["policy"]).unwrap();
            policy["edits"].as_str().unwrap().to_owned()
        } else {
            let change = format!("{} = {:?}", lever["kind"].as_str().unwrap(), lever["to"].as_f64().unwrap());
            let paths = lever["paths"].as_array().unwrap();
            paths
                .iter()
                .map(|path| format!("[[set]]\npath = {path}\n{change}\n"))
                .collect::<Vec<_>>()
                .concat()
        };
        explorer.change(&format!("title = \"x\"\n{edits}")).unwrap();
        acting.push(explorer.acts_from());
    }
    let saved = |quarter: usize| quarter * acting.iter().filter(|&&at| at >= quarter).count();
    let keep = data["keep"].as_u64().unwrap() as usize;
    let most = (0..data["quarters"].as_array().unwrap().len()).map(saved).max().unwrap();
    assert!(keep > 0 && saved(keep) == most, "kept at {keep}: {acting:?}");
}
