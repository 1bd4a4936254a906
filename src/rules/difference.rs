//! What two books say otherwise of a case, in ranges of dates: status, approved share, fee and limits by issuer.

use super::calendar::{self, Standing};
use super::case::CaseId;
use super::listing::ListingFilter;
use super::outcome;
use super::parameters::Parameters;
use super::rulebook::Rulebook;
use super::scope::Place;
use crate::inputs::Inputs;
use crate::model::time::Date;
use crate::model::{QuantityId, Rule, RuleId, Status, Subject};
use std::collections::BTreeMap;

/// What one issuer's rules say of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Status.
    pub status: Status,
    /// Share that may flow \[1\]: nothing of what needs a licence before its first approvals.
    pub share: f64,
    /// Fee over the price on what is approved \[1\]; 0 where nothing can be.
    pub fee: f64,
    /// Volume limits, by the keys of a rule's cap; and `above`, the rentals that remote access leaves alone.
    pub limits: Vec<(&'static str, f64)>,
}

/// A flow on which rules act.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuledFlow {
    /// The subject of its rules.
    pub subject: Subject,
    /// What flows: a chip, a tool class, a facility's output, or a buyer's chips for rent.
    pub item: String,
    /// Country of delivery.
    pub to: String,
    /// The facility, designer, stock or lab that receives it; empty for chips.
    pub receiver: String,
    /// Country of the receiver's headquarters.
    pub headquarters: String,
}

/// A range of dates in which two books differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Of what.
    pub flow: RuledFlow,
    /// Country that issues the rules.
    pub issuer: String,
    /// First moment at which they differ.
    pub from: Date,
    /// First moment at which they do not any more, or differ in another way; none: to the horizon's end.
    pub until: Option<Date>,
    /// What the first book says.
    pub before: Said,
    /// What the second one does.
    pub after: Said,
}

/// A book with its numbers, which are read in lane 0.
#[derive(Clone, Copy, Debug)]
pub struct BookSide<'a> {
    /// The book.
    pub book: &'a Rulebook,
    /// Its parameters.
    pub parameters: &'a Parameters,
    /// What they were read from.
    pub inputs: &'a Inputs,
}

/// A range in which two cases differ by one issuer \[quarters since the horizon's start\].
#[derive(Clone, Debug)]
struct Stretch {
    issuer: String,
    from: f64,
    until: f64,
    before: Said,
    after: Said,
}

impl Said {
    /// What is said where no rule covers a flow.
    const FREE: Self = Self { status: Status::Free, share: 1.0, fee: 0.0, limits: Vec::new() };
}

impl BookSide<'_> {
    fn stand(&self, case: CaseId) -> Standing {
        let mut standing = Standing::default();
        let always = (f64::NEG_INFINITY, f64::INFINITY);
        self.book.stand(case, always, f64::INFINITY, self.parameters, 0, &mut standing);
        standing
    }

    /// What issuers that require something say at a moment.
    fn said(&self, case: CaseId, standing: &Standing, at: f64) -> BTreeMap<String, Said> {
        let governing = calendar::status(&self.book.model, standing, at, false);
        let said = governing.into_iter().map(|g| {
            let said = Said {
                status: g.status,
                share: outcome::share(&g, self.parameters.share[g.rule])[0],
                fee: self.book.fee_owed(case, g.status, Some(g.rule), self.parameters),
                limits: self.limits(g.rule, g.status),
            };
            (self.book.name(Place::Country(g.issuer)).to_owned(), said)
        });
        said.collect()
    }

    /// Limits of a rule on what may flow.
    fn limits(&self, rule: RuleId, status: Status) -> Vec<(&'static str, f64)> {
        let Rule { cap, above, .. } = &self.book.model.rules[rule];
        let value = |q: Option<QuantityId>| q.map(|q| self.inputs.value(q)[0]);
        let caps = cap.iter().filter(|_| status < Status::Denied).flat_map(|cap| {
            [
                ("units", value(cap.units)),
                ("units_per_buyer", value(cap.units_per_buyer)),
                ("tpp_per_country", value(cap.tpp_per_country)),
                ("years", cap.tpp_per_country.and(cap.years).map(f64::from)),
                ("tpp_per_buyer", value(cap.tpp_per_buyer)),
                ("home_share", value(cap.home_share)),
            ]
        });
        let all = caps.chain([("above", value(*above))]);
        all.filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// What another book of the same horizon says otherwise of a flow, which is a case of each.
    pub fn differences(&self, case: CaseId, other: &Self, its: CaseId, flow: &RuledFlow) -> Vec<Change> {
        self.stretches(case, other, its).into_iter().map(|s| self.change(s, flow)).collect()
    }

    fn change(&self, stretch: Stretch, flow: &RuledFlow) -> Change {
        let horizon = self.book.model.run.horizon;
        let date = |x: f64| Date(f64::from(horizon.first.0) + x);
        let Stretch { issuer, from, until, before, after } = stretch;
        let until = (until < horizon.len() as f64).then(|| date(until));
        Change { flow: flow.clone(), issuer, from: date(from), until, before, after }
    }

    fn stretches(&self, case: CaseId, other: &Self, its: CaseId) -> Vec<Stretch> {
        let (ours, theirs) = (self.stand(case), other.stand(its));
        let quarters = self.book.model.run.horizon.len();
        let both = (0..quarters).flat_map(|t| [ours.breaks(t as f64), theirs.breaks(t as f64)]).flatten();
        let mut breaks: Vec<f64> = both.collect();
        breaks.sort_by(f64::total_cmp);
        breaks.dedup();
        let (free, mut found) = (Said::FREE, Vec::<Stretch>::new());
        for piece in breaks.windows(2) {
            let at = 0.5 * (piece[0] + piece[1]);
            let (before, after) = (self.said(case, &ours, at), other.said(its, &theirs, at));
            let mut issuers: Vec<&String> = before.keys().chain(after.keys()).collect();
            issuers.sort_unstable();
            issuers.dedup();
            for issuer in issuers {
                let [a, b] = [&before, &after].map(|said| said.get(issuer).unwrap_or(&free));
                if a == b {
                    continue;
                }
                let goes_on = |s: &&mut Stretch| {
                    s.issuer == *issuer && s.until == piece[0] && s.before == *a && s.after == *b
                };
                if let Some(last) = found.iter_mut().find(goes_on) {
                    last.until = piece[1];
                } else {
                    let (before, after) = (a.clone(), b.clone());
                    found.push(Stretch {
                        issuer: issuer.clone(),
                        from: piece[0],
                        until: piece[1],
                        before,
                        after,
                    });
                }
            }
        }
        found
    }

    /// What another book of the same horizon says otherwise of chips that both know.
    ///
    /// Buyers have their headquarters as the filter says, by default where they take delivery. The day of the filter is not looked at.
    pub fn chip_differences(&self, other: &Self, filter: &ListingFilter) -> Vec<Change> {
        let (book, mut rows) = (self.book, Vec::new());
        let mut known: BTreeMap<(CaseId, CaseId), Vec<Stretch>> = BTreeMap::new();
        for chip in book.model.chips.ids().filter(|c| filter.chip.is_none_or(|asked| asked == *c)) {
            let id = &book.model.chips[chip].id;
            let Some(its) = other.book.model.chips.named(id) else { continue };
            for to in book.destinations(filter.to) {
                let headquarters = filter.headquarters.unwrap_or(to);
                let there = [to, headquarters].map(|p| other.book.place(book.name(p)));
                let [Some(its_to), Some(its_headquarters)] = there else { continue };
                let case = book.chip_case_at(chip, to, headquarters);
                let its_case = other.book.chip_case_at(its, its_to, its_headquarters);
                let stretches =
                    known.entry((case, its_case)).or_insert_with(|| self.stretches(case, other, its_case));
                let flow = RuledFlow {
                    subject: Subject::Chips,
                    item: id.clone(),
                    to: book.name(to).to_owned(),
                    receiver: String::new(),
                    headquarters: book.name(headquarters).to_owned(),
                };
                rows.extend(stretches.iter().map(|s| self.change(s.clone(), &flow)));
            }
        }
        rows
    }
}
