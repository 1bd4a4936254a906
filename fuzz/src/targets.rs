//! The targets. Each takes bytes, and panics if something is wrong.

use chokepoint::internals::model::Model;
use chokepoint::internals::scenario::{
    Diagnostics, Document, Sources, apply, from_argument, from_csv, from_text, glob_match, read_policy,
};
use chokepoint::study::{
    Error, PolicySource, Project, Run, RunRequest, Sampling, ScenarioRequest, SimulationRequest, TextSource,
};
use chokepoint::{PastRun, Severity, read_eto};
use std::cell::OnceCell;

/// A world that fits on a page.
pub const PAGE: &str = include_str!("../../tests/suite/support/page.toml");

/// A target by its name.
pub type Target = fn(&[u8]);

/// All of them.
pub const ALL: [(&str, Target); 7] = [
    ("scenario", scenario),
    ("expression", expression),
    ("edit", edit),
    ("pattern", pattern),
    ("manifest", manifest),
    ("eto", eto),
    ("runs", runs),
];

fn opened(text: &str) -> Result<Project, Error> {
    Project::open(&ScenarioRequest::new(TextSource::text("scenario.toml", text)))
}

/// What is told can be told, in colour and without.
fn tell(error: &Error) {
    let plain = error.to_string();
    assert!(!plain.contains('\u{1b}') && !plain.contains('\u{9b}'), "an escape code in {plain:?}");
    if let Error::Findings(findings) = error {
        let errors = findings.diagnostics.all.iter().filter(|d| d.severity == Severity::Error).count();
        assert!(errors > 0, "refused without an error");
        let _ = findings.render_all(true);
    }
}

/// A scenario's text.
pub fn scenario(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match opened(text) {
        Ok(mut project) => {
            let _ = project.bind_observations();
            let again = opened(&project.document.to_toml());
            assert!(again.is_ok(), "what was accepted is refused as written again: {}", again.unwrap_err());
        }
        Err(error) => tell(&error),
    }
}

/// A number or a distribution, in a field that is any number, a share, a date's value.
pub fn expression(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut quoted = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    let world = format!(
        "[run]\nhorizon = \"2022Q1..2024Q4\"\n[[country]]\nid = \"a\"\ngrid = {{ 2022Q1 = \"{quoted}\", 2023Q1 = \"{quoted}\" }}\n[training]\nrun_share = \"{quoted}\"\nusual_run = '''{}'''\n",
        text.replace("'''", "")
    );
    match opened(&world) {
        Ok(project) => {
            let plan = project.plan(&Sampling::default());
            assert!(plan.is_ok(), "{:?}", plan.err());
            for shown in project.quantities("**").expect("quantities") {
                assert!(shown.quantiles.iter().all(|x| x.is_finite()), "{}: {:?}", shown.value, shown.quantiles);
            }
        }
        Err(error) => tell(&error),
    }
}

thread_local! {
    static WORLD: OnceCell<(Sources, Document)> = const { OnceCell::new() };
}

fn world() -> (Sources, Document) {
    WORLD.with(|world| {
        let made = world.get_or_init(|| {
            let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
            let document = from_text("scenario.toml", PAGE, &mut sources, &mut diagnostics);
            (sources, document)
        });
        made.clone()
    })
}

/// Edits: a `--set` argument, a table of edits, or a policy, as the first byte says.
pub fn edit(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (mut sources, mut document) = world();
    let mut diagnostics = Diagnostics::default();
    let edits = if let Some(text) = text.strip_prefix("csv:") {
        let source = sources.add("edits.csv", text.to_owned());
        from_csv(&sources, source, "--edits", &mut diagnostics)
    } else if let Some(text) = text.strip_prefix("policy:") {
        let policy = from_text("policy.toml", text, &mut sources, &mut diagnostics);
        read_policy("policy", &policy.root, &mut diagnostics).edits
    } else {
        from_argument(text, &mut sources, &mut diagnostics).into_iter().collect()
    };
    apply(&mut document, &edits, &mut diagnostics);
    let _ = Model::from_document(&document, &sources, &mut diagnostics);
    let _ = sources.render_all(&diagnostics, true);
}

/// A pattern, and after a line's end a path.
pub fn pattern(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (pattern, path) = text.split_once('\n').unwrap_or((text, "country.us/reachable_flop@2024Q4"));
    let _ = glob_match(pattern, path);
    if pattern.len() <= 1_000 && !pattern.contains(['*', '{']) {
        assert_eq!(glob_match(pattern, path), pattern == path);
    }
    assert!(pattern.len() > 1_000 || glob_match("**", path));
}

/// A run's folder: its manifest, and after `\n---\n` its summary.
pub fn manifest(input: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let text = String::from_utf8_lossy(input);
    let (manifest, summary) = text.split_once("\n---\n").unwrap_or((&text, ""));
    std::fs::write(folder.path().join("manifest.json"), manifest).expect("a file");
    std::fs::write(folder.path().join("summary.csv"), summary).expect("a file");
    if let Err(error) = PastRun::read(folder.path()) {
        let _ = error.to_string();
    }
}

/// The four tables of an ETO data set, one after another with `\n---\n` between.
pub fn eto(input: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let parts: Vec<&[u8]> = split(input);
    for (i, name) in ["inputs.csv", "providers.csv", "provision.csv", "sequence.csv"].iter().enumerate() {
        std::fs::write(folder.path().join(name), parts.get(i).copied().unwrap_or_default()).expect("a file");
    }
    match read_eto(folder.path()) {
        Ok(chain) => {
            let part = format!("[run]\nhorizon = \"2022Q1..2024Q4\"\n{}", chain.to_part());
            if let Err(error) = opened(&part) {
                let text = error.to_string();
                assert!(!text.contains("this is not TOML"), "{text}");
            }
        }
        Err(error) => drop(error.to_string()),
    }
}

fn split(input: &[u8]) -> Vec<&[u8]> {
    let between = b"\n---\n";
    let mut parts = Vec::new();
    let mut rest = input;
    while let Some(at) = rest.windows(between.len()).position(|w| w == between) {
        parts.push(&rest[..at]);
        rest = &rest[at + between.len()..];
    }
    parts.push(rest);
    parts
}

/// Edits that are made of the input's bytes: what `check` accepts runs 16 draws under audit, and every recorded value is finite.
pub fn runs(input: &[u8]) {
    let Ok(base) = opened(PAGE) else { panic!("the page has errors") };
    let paths: Vec<&str> = base.model.quantities.iter().map(|q| q.path.as_str()).collect();
    let numbers = [
        "0", "-1", "1", "0.5", "2", "1e-3", "1e3", "1e-9", "1e9", "1e-20", "1e20", "1e-300", "1e300", "nan", "inf",
        "1e-12", "1e12", "-1e9", "0.999999", "4",
    ];
    let mut policy = "title = \"Edits\"\n".to_owned();
    for three in input.chunks_exact(3).take(6) {
        let path = paths[(usize::from(three[0]) * 256 + usize::from(three[1])) % paths.len()];
        let number = numbers[usize::from(three[2]) % numbers.len()];
        let kind = ["times", "plus", "value"][usize::from(three[2]) / numbers.len() % 3];
        policy.push_str(&format!("[[set]]\npath = \"{path}\"\n{kind} = {number}\n"));
    }
    let scenario = ScenarioRequest::new(TextSource::text("scenario.toml", PAGE));
    let scenario = scenario.under(PolicySource::text("edits", policy.clone()));
    match Project::open(&scenario) {
        Ok(_) => {
            let simulation = SimulationRequest {
                sampling: Sampling { draws: 16, ..Sampling::default() },
                audit: true,
                threads: 1,
                select: vec!["**".to_owned()],
                ..SimulationRequest::default()
            };
            let request = RunRequest { simulation, ..RunRequest { scenario, ..RunRequest::new("") } };
            let run = Run::open(&request, &()).unwrap_or_else(|e| panic!("{e}\n{policy}"));
            if let Err(error) = run.simulate(None, &()) {
                panic!("{error}\n{policy}");
            }
        }
        Err(error) => tell(&error),
    }
}
