//! The page's figures: what each draws, from which data, under a title that says what it finds.

use super::answer::milestone;
use super::facts::{Facts, REACHABLE, RUN};
use super::findings;
use super::phrase::{Phrase, Source};
use crate::metrics::{ActorKind, Metric};

/// A figure of the page.
#[derive(Debug)]
pub(super) struct Figure {
    /// Its name in the page and in the script.
    pub(super) id: &'static str,
    /// The section that it belongs to.
    pub(super) section: &'static str,
    /// Datasets that it draws; without the first there is no figure.
    pub(super) data: &'static [&'static str],
    /// What is drawn and how it is read: the caption and, after the title, the text alternative.
    pub(super) about: &'static str,
    /// Titles by what is chosen: `policy` or `policy|choice`.
    pub(super) titles: Vec<(String, Phrase)>,
    /// What is chosen at first.
    pub(super) chosen: String,
}

/// What a figure shows at first, and its titles by what can be chosen.
type Titled = (String, Titles);

/// A figure without titles yet: name, section, data, what is drawn, and how its titles are found.
type Plain = (&'static str, &'static str, &'static [&'static str], &'static str, fn(&Facts<'_>) -> Titled);

const FIGURES: [Plain; 17] = [
    (
        "fan",
        "runs",
        &["runs"],
        "Largest training run [FLOP, log scale] by quarter: what the actor could finish (line: median; bands: 50% and 90% of draws) and, dashed, what it is expected to have finished. Dotted lines are thresholds.",
        |facts| (follower(facts), by_actor(facts, fan)),
    ),
    (
        "reached",
        "runs",
        &["thresholds"],
        "Probability [%] of having been able to finish a run of each size, by quarter; bands are 95% intervals for the number of draws.",
        |facts| (follower(facts), by_actor(facts, milestone)),
    ),
    (
        "spread",
        "runs",
        &["runs"],
        "Largest run that each actor could finish [FLOP, log scale] in the quarter chosen: dot, median; thick, 50% of draws; thin, 90%.",
        |facts| (facts.last().to_owned(), by_quarter(facts, spread)),
    ),
    (
        "shares",
        "compute",
        &["shares"],
        "Share [%] of the world's AI compute (dense BF16) that stands in each country at year ends; bars, 90% of draws. The five largest countries.",
        |facts| (String::new(), shares(facts).map(|t| (String::new(), t)).into_iter().collect()),
    ),
    (
        "holdings",
        "compute",
        &["holdings"],
        "Compute at year ends [H100 equivalents, log scale]: owned (what stands in the country, smuggled chips included), rented (by labs of the country, wherever it stands) and smuggled into the country so far; dots, medians; bars, 90% of draws. What is nothing is left out.",
        |facts| (follower(facts), holdings(facts)),
    ),
    (
        "flows",
        "flows",
        &["flows"],
        "Chips sold in the year chosen [chips, mean over draws], from the process that made them to the country where they went; colour, the channel. Flows too small to see are added up as other chips.",
        findings::flows,
    ),
    (
        "bound",
        "limits",
        &["bound"],
        "What bound each subject most often, by quarter; a fuller colour, in a larger share of draws. Labs: what stops a larger run. Chips: what stops more production.",
        findings::bound,
    ),
    (
        "facilities",
        "limits",
        &["facilities"],
        "Output over available capacity [%, median over draws] of each facility at year ends. A full line is a candidate for the bottleneck; an idle one is not.",
        |facts| (String::new(), findings::facilities(facts)),
    ),
    (
        "drivers",
        "drivers",
        &["drivers"],
        "Share [%] of the variance of what is chosen that an input explains by itself (first-order index; of its logarithm where it is positive in every draw); colour, how well the input is founded. Left of the dashed line is what chance alone would show with this number of draws.",
        findings::drivers,
    ),
    (
        "tornado",
        "drivers",
        &["drivers"],
        "What is chosen, over draws in which an input is in the lowest tenth of its distribution (hollow) and in the highest (full): means, geometric ones of what is positive in every draw. Inputs are those above, in their order; one whose ends lie closer together than their errors, the thin lines, tells no direction.",
        findings::tornado,
    ),
    (
        "forest",
        "policies",
        &["comparison"],
        "Change of what is chosen under each policy against the scenario as it stands, on the same draws: dot, median; bar, 90% of draws. Blue, lower in the mean; red, higher; grey, no change beyond the error of this many draws. Policies between two lines cannot be told apart.",
        findings::forest,
    ),
    (
        "regret",
        "policies",
        &["comparison"],
        "Regret: how much worse a policy does than the best policy of each draw; dot, mean; bar to the 95% quantile. Low is robust.",
        findings::regret,
    ),
    (
        "pareto",
        "policies",
        &["comparison"],
        "Median changes of two numbers under each policy. A policy on the line is beaten by no other in both, if less of the first and more of the second is wanted.",
        findings::pareto,
    ),
    (
        "sweep",
        "sweep",
        &["sweep"],
        "Mean over draws of what is chosen over the levels of two levers; other levers stay at the level chosen.",
        findings::sweep,
    ),
    (
        "past",
        "past",
        &["hindcast"],
        "Published values (diamond, with their interval; filled, if inside the simulated 90% interval) against simulated ones (dot, median; bar, 90% of draws), for the metric chosen. Of a lower bound only the bound is published.",
        findings::past,
    ),
    (
        "graph",
        "graph",
        &["nodes", "edges", "facilities", "bound"],
        "Who supplies whom, from tools to labs. Larger facilities are fuller at the horizon's end; colour, the share of draws in which a good is what binds a chip's production, the largest of any chip. Point at a node, or move to it by keyboard, to see its links.",
        |facts| (String::new(), findings::graph(facts)),
    ),
    (
        "timeline",
        "rules",
        &["rules"],
        "Rules by issuer: from the effective to the last day; a dot marks the announcement where it came earlier. Dotted: in force only if a shock or a policy makes it so.",
        |facts| (String::new(), findings::timeline(facts)),
    ),
];

/// The figures that the run has data for, with their titles under every policy.
pub(super) fn figures(policies: &[Facts<'_>], datasets: &[&str]) -> Vec<Figure> {
    let mut all = Vec::new();
    for &(id, section, data, about, titled) in FIGURES.iter().filter(|f| datasets.contains(&f.2[0])) {
        let (mut chosen, mut titles) = (String::new(), Vec::new());
        for facts in policies {
            let (first, own) = titled(facts);
            if chosen.is_empty() {
                chosen = first;
            }
            let key = |key: String| match key.as_str() {
                "" => facts.policy.clone(),
                key => format!("{}|{key}", facts.policy),
            };
            titles.extend(own.into_iter().map(|(choice, title)| (key(choice), title)));
        }
        all.push(Figure { id, section, data, about, titles, chosen });
    }
    all.retain(|f: &Figure| !f.titles.is_empty());
    all
}

/// The figure that a page opens with: what was asked for.
pub(super) fn leading(figures: &[Figure]) -> Option<&'static str> {
    ["forest", "sweep", "past", "fan"].into_iter().find(|id| figures.iter().any(|f| f.id == *id))
}

type Titles = Vec<(String, Phrase)>;

/// The one who is behind of those who compete.
fn follower(facts: &Facts<'_>) -> String {
    let contenders = facts.contenders();
    contenders.get(1).or(contenders.first()).cloned().unwrap_or_default()
}

fn by_actor(facts: &Facts<'_>, title: fn(&Facts<'_>, &str) -> Option<Phrase>) -> Titles {
    let actors = facts.actors(REACHABLE);
    actors.into_iter().filter_map(|a| Some((a.clone(), title(facts, &a)?))).collect()
}

fn by_quarter(facts: &Facts<'_>, title: fn(&Facts<'_>, &str) -> Option<Phrase>) -> Titles {
    facts.ends.iter().filter_map(|q| Some((q.clone(), title(facts, q)?))).collect()
}

pub(super) fn fan(facts: &Facts<'_>, actor: &str) -> Option<Phrase> {
    let q = facts.last();
    let median = facts.cell(actor, REACHABLE, q, "p50")?;
    let start = Phrase::default().name(&facts.name(actor)).say(" could finish a run of ").number(&median);
    let start = start.say(" FLOP by ").name(q).say(", give or take: ");
    let range = start.then(facts.interval(actor, REACHABLE, q)?).say(" in 90% of draws");
    Some(match facts.cell(actor, RUN, q, "p50") {
        Some(run) => range.say("; it is expected to have trained ").number(&run).say("."),
        None => range.say("."),
    })
}

/// The lab that could train most in a quarter, and how wide its range is.
pub(super) fn spread(facts: &Facts<'_>, quarter: &str) -> Option<Phrase> {
    let size = |a: &String| facts.cell(a, REACHABLE, quarter, "p50");
    let is_lab = |a: &str| ActorKind::of(a) == Some(ActorKind::Lab);
    let labs = facts.headline.iter().any(|a| is_lab(a));
    let named = facts.headline.iter().filter(|a| (!labs || is_lab(a)) && size(a).is_some());
    let value = |a: &&String| size(a).map_or(f64::NAN, |s| s.value());
    let most = named.max_by(|a, b| value(a).total_cmp(&value(b)))?;
    let whose = if labs { " leads the labs with " } else { " leads with " };
    let start = Phrase::new("In ").name(quarter).say(", ").name(&facts.name(most)).say(whose);
    let median = start.number(&size(most)?).say(" FLOP in the median, but anything from ");
    Some(median.then(facts.interval(most, REACHABLE, quarter)?).say(" is within 90% of draws."))
}

/// The two countries with most of the world's compute.
fn shares(facts: &Facts<'_>) -> Option<Phrase> {
    let q = facts.last();
    let share = |a: &String| facts.cell(a, Metric::FleetShare.name(), q, "p50");
    let mut all: Vec<(Source, String)> =
        facts.actors(Metric::FleetShare.name()).into_iter().filter_map(|a| Some((share(&a)?, a))).collect();
    all.sort_by(|a, b| b.0.value().total_cmp(&a.0.value()));
    let clause = |(median, actor): &(Source, String)| {
        let low = facts.cell(actor, Metric::FleetShare.name(), q, "p05")?;
        let high = facts.cell(actor, Metric::FleetShare.name(), q, "p95")?;
        let start = Phrase::default().name(&facts.name(actor)).say(" has ").percent(median).say(" (");
        Some(start.percent(&low).say(" to ").percent(&high).say(")"))
    };
    let first = Phrase::new("In ").name(q).say(", ").then(clause(all.first()?)?);
    let first = first.say(" of the world's AI compute");
    Some(match all.get(1).and_then(clause) {
        Some(second) => first.say(", ").then(second).say("."),
        None => first.say("."),
    })
}

fn holdings(facts: &Facts<'_>) -> Titles {
    let title = |actor: &String| {
        let q = facts.last();
        let owned = facts.cell(actor, Metric::FleetH100e.name(), q, "p50")?;
        let start = Phrase::new("In ").name(q).say(", ").name(&facts.name(actor)).say(" has ");
        let mut phrase = start.amount(&owned).say(" H100 equivalents of its own");
        for (metric, words) in [
            (Metric::RentedH100e.name(), " that its labs rent"),
            (Metric::SmuggledH100e.sum(), " smuggled in since the start"),
        ] {
            if let Some(amount) = facts.cell(actor, metric, q, "p50").filter(|s| s.value() > 0.0) {
                phrase = phrase.say(", ").amount(&amount).say(words);
            }
        }
        Some((actor.clone(), phrase.say(".")))
    };
    facts
        .actors(Metric::FleetH100e.name())
        .iter()
        .filter(|a| ActorKind::of(a) == Some(ActorKind::Country))
        .filter_map(title)
        .collect()
}
