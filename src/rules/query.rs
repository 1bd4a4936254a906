//! What the book says when asked: of a case in a quarter, now and ahead, in the draws of a batch; and at a moment, in one.

use super::calendar::{self, Covering, Finder, Governing, Quarter, Standing};
use super::case::{Case, CaseId};
use super::memo::{Begins, Memo};
use super::outcome::{self, Cut, Outcome};
use super::parameters::Parameters;
use super::rulebook::Rulebook;
use crate::inputs::Inputs;
use crate::math::wide::{Lanes, Mask, WIDTH};
use crate::model::{CountryId, RuleId, ShockId, Status};
use std::cell::Cell;

/// What one issuer's rules say of a case at a moment, in one draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ruling {
    /// Status that is required.
    pub status: Status,
    /// The rule that gives it; none if the issuer requires nothing.
    pub rule: Option<RuleId>,
    /// Share that may flow \[1\].
    pub share: f64,
    /// Fee over the price \[1\].
    pub fee: f64,
}

/// Room to find in one draw what governs.
type Room = (Standing, Finder);

thread_local! {
    /// That of a thread; none while it is in use.
    static ROOM: Cell<Option<Box<Room>>> = const { Cell::new(None) };
}

impl Rulebook {
    /// How many cases there are.
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// All cases.
    pub fn all_cases(&self) -> impl Iterator<Item = CaseId> + use<> {
        self.cases.ids()
    }

    /// Rules in a case, in order of rows.
    pub fn rules_of(&self, case: CaseId) -> impl Iterator<Item = RuleId> + '_ {
        self.cases[case].members.iter().map(|m| m.rule)
    }

    /// When a case's rules are in force in one lane, as far as announced before `known_by`; those that are silent between two moments
    /// are left out.
    pub(super) fn stand(
        &self,
        case: CaseId,
        between: (f64, f64),
        known_by: f64,
        parameters: &Parameters,
        lane: usize,
        into: &mut Standing,
    ) {
        into.clear();
        for (i, m) in self.cases[case].members.iter().enumerate() {
            if m.condition.is_some_and(|c| !parameters.holds[c].lane(lane)) {
                continue;
            }
            let (dates, lag) = (&self.dates[m.rule], parameters.lag[m.rule][lane]);
            if dates.is_silent(lag, between) {
                continue;
            }
            let sign = |s: &usize| parameters.since[*s][lane];
            // A rule that waits is known of from when its sign came on, and in force no sooner.
            let since = dates.waits_for.iter().map(sign).reduce(f64::min).unwrap_or(f64::NEG_INFINITY);
            let (from, announced) = (dates.from.max(since), dates.announced.max(since));
            let own = announced < known_by
                && from.is_finite()
                && from < dates.until
                && parameters.switched_on[m.rule].lane(lane);
            let course = |s: &ShockId| {
                let (from, until) = parameters.courses[*s];
                from[lane].is_finite().then_some((from[lane], until[lane]))
            };
            let covering = Covering {
                issuer: dates.issuer,
                rule: m.rule,
                member: i,
                announced: if own { announced } else { f64::INFINITY },
                lag,
            };
            let own = own.then_some((from, dates.until));
            if dates.by_itself {
                into.add(covering, own.into_iter(), std::iter::empty());
                continue;
            }
            let away = |s: &usize| Some((sign(s), f64::INFINITY)).filter(|(since, _)| since.is_finite());
            into.add(
                covering,
                own.into_iter().chain(dates.enforced_by.iter().filter_map(course)),
                dates.lifted_by.iter().filter_map(course).chain(dates.gives_way_to.iter().filter_map(away)),
            );
        }
    }

    /// What a case comes to in quarter `t`.
    pub fn now(&self, case: CaseId, t: usize, parameters: &Parameters) -> Outcome {
        let memo = self.cases[case].now.get(t);
        self.over((case, Mask::splat(true)), memo, t as f64, f64::INFINITY, parameters)
    }

    /// What it is expected to come to `lead` quarters later, as far as known at `t`; memos are kept for the production lead.
    #[inline(always)]
    pub fn ahead(&self, case: CaseId, t: usize, lead: usize, parameters: &Parameters) -> Outcome {
        self.ahead_in(case, Mask::splat(true), t, lead, parameters)
    }

    /// The same in some draws; what it gives in others means nothing.
    #[inline(always)]
    pub fn ahead_in(
        &self,
        case: CaseId,
        lanes: Mask,
        t: usize,
        lead: usize,
        parameters: &Parameters,
    ) -> Outcome {
        let c = &self.cases[case];
        let memo = if lead == self.model.production.lead as usize { c.ahead.get(t) } else { None };
        self.over((case, lanes), memo, (t + lead) as f64, t as f64 + 1.0, parameters)
    }

    #[inline(always)]
    fn over(
        &self,
        (case, lanes): (CaseId, Mask),
        memo: Option<&Memo>,
        t: f64,
        known_by: f64,
        parameters: &Parameters,
    ) -> Outcome {
        let first = self.cases[case].first;
        let mut out = Outcome::FREE;
        self.each_group((case, lanes), memo, (t, known_by), parameters, |lanes, quarter, begins| {
            if !quarter.parts.is_empty() {
                let here = outcome::evaluate(quarter, begins, |g| {
                    (parameters.share[g.rule], parameters.fee[first + g.member])
                });
                out.permitted = lanes.select(here.permitted, out.permitted);
                out.fee = lanes.select(here.fee, out.fee);
            }
        });
        out
    }

    /// Visits what governs a case in the quarter at `t`, as far as announced before `known_by`, in some draws: once for all in which the same rules hold.
    #[inline(always)]
    fn each_group(
        &self,
        (case, lanes): (CaseId, Mask),
        memo: Option<&Memo>,
        (t, known_by): (f64, f64),
        parameters: &Parameters,
        mut visit: impl FnMut(Mask, &Quarter, Lanes),
    ) {
        let c = &self.cases[case];
        if c.members.is_empty() {
            return;
        }
        let memo = memo.filter(|memo| memo.keeps());
        let mut keys = parameters.keys[case];
        let (mut begins, mut apart) = (Lanes::ZERO, Mask::splat(memo.is_none()));
        if let Some(memo) = memo {
            if let Some(b) = &memo.begins {
                begins = b.from + parameters.lag[b.rule];
                apart = add_beginnings(&mut keys, begins, b, t);
            }
            if !c.shocks.is_empty() {
                apart = apart | add_courses(&mut keys, c, parameters, t);
            }
        }
        let (mut left, mut room) = (lanes, None);
        for lane in 0..WIDTH {
            if !left.lane(lane) {
                continue;
            }
            let key = keys[lane];
            let kept = memo.filter(|_| !apart.lane(lane)).and_then(|memo| {
                memo.find(key, || {
                    let mut standing = Standing::default();
                    self.stand(case, (t, t + 1.0), known_by, parameters, lane, &mut standing);
                    calendar::quarter(&self.model, &standing, t, memo.begins.as_ref().map(|_| begins[lane]))
                })
            });
            // One call for both: what is called in two places is not inlined.
            let (alike, quarter, begins) = if let Some(quarter) = kept {
                let same = keys.map(|k| if k == key { u64::MAX } else { 0 });
                (Mask::from(same) & left & !apart, quarter, begins)
            } else {
                let room = room.get_or_insert_with(|| ROOM.take().unwrap_or_default());
                let mut one = Mask::splat(false);
                one.0[lane] = u64::MAX;
                (one, self.find(case, lane, (t, known_by), parameters, room), Lanes::ZERO)
            };
            left = left & !alike;
            visit(alike, quarter, begins);
        }
        if room.is_some() {
            ROOM.set(room);
        }
    }

    /// Finds what governs a quarter in one lane.
    #[inline(never)]
    fn find<'a>(
        &self,
        case: CaseId,
        lane: usize,
        (t, known_by): (f64, f64),
        parameters: &Parameters,
        room: &'a mut Room,
    ) -> &'a Quarter {
        let (standing, finder) = room;
        self.stand(case, (t, t + 1.0), known_by, parameters, lane, standing);
        finder.quarter(&self.model, standing, t, None)
    }

    /// Visits what governs a case now.
    #[inline(always)]
    fn each_group_now(
        &self,
        (case, lanes): (CaseId, Mask),
        t: usize,
        parameters: &Parameters,
        visit: impl FnMut(Mask, &Quarter, Lanes),
    ) {
        let memo = self.cases[case].now.get(t);
        self.each_group((case, lanes), memo, (t as f64, f64::INFINITY), parameters, visit);
    }

    /// What a case comes to in quarter `t`; what is announced to be cut in it, and the front-running before that.
    #[inline(always)]
    pub fn now_and_cut(
        &self,
        case: CaseId,
        t: usize,
        parameters: &Parameters,
        inputs: &Inputs,
    ) -> (Outcome, Cut) {
        self.now_and_cut_in(case, Mask::splat(true), t, parameters, inputs)
    }

    /// The same in some draws; what it gives in others means nothing.
    #[inline(always)]
    pub fn now_and_cut_in(
        &self,
        case: CaseId,
        lanes: Mask,
        t: usize,
        parameters: &Parameters,
        inputs: &Inputs,
    ) -> (Outcome, Cut) {
        let first = self.cases[case].first;
        let mut out = Outcome::FREE;
        let mut loss = Cut { share: Lanes::ZERO, front_running: Lanes::ONE };
        let ahead = |rule: RuleId| inputs.value(self.model.rules[rule].rush);
        self.each_group_now((case, lanes), t, parameters, |lanes, quarter, begins| {
            if !quarter.parts.is_empty() {
                let here = outcome::evaluate(quarter, begins, |g| {
                    (parameters.share[g.rule], parameters.fee[first + g.member])
                });
                out.permitted = lanes.select(here.permitted, out.permitted);
                out.fee = lanes.select(here.fee, out.fee);
            }
            if !quarter.pending.is_empty() {
                let (share, rule) = outcome::cut(quarter, begins, |g| parameters.share[g.rule]);
                loss.share = lanes.select(share, loss.share);
                loss.front_running = lanes.select(ahead(rule), loss.front_running);
            }
        });
        (out, loss)
    }

    /// What is announced to be cut in quarter `t`, and the front-running before it.
    pub fn cut(&self, case: CaseId, t: usize, parameters: &Parameters, inputs: &Inputs) -> Cut {
        self.now_and_cut(case, t, parameters, inputs).1
    }

    /// Lanes in which a rule governs a case at any moment of quarter `t`.
    pub fn governs(&self, case: CaseId, rule: RuleId, t: usize, parameters: &Parameters) -> Mask {
        let mut out = Mask::splat(false);
        if self.rules_of(case).any(|r| r == rule) {
            self.each_group_now((case, Mask::splat(true)), t, parameters, |lanes, quarter, _| {
                if quarter.parts.iter().any(|(_, g)| g.rule == rule) {
                    out = out | lanes;
                }
            });
        }
        out
    }

    /// What each rule refuses of a case in quarter `t`: the time-average of 1 − share while it governs, by rule; other rules' places are left alone.
    #[inline(always)]
    pub fn blame(&self, case: CaseId, t: usize, parameters: &Parameters, into: &mut [Lanes]) {
        for rule in self.rules_of(case) {
            into[rule.index()] = Lanes::ZERO;
        }
        self.each_group_now((case, Mask::splat(true)), t, parameters, |lanes, quarter, begins| {
            for (span, g) in &quarter.parts {
                let refused = (1.0 - outcome::share(g, parameters.share[g.rule])) * span.weight(begins);
                into[g.rule.index()] += lanes.select(refused, Lanes::ZERO);
            }
        });
    }

    /// Status of a case by issuer at a moment \[quarters since the horizon's start\], with the governing rule, in one lane; issuers that require nothing are left out.
    pub fn status_at(
        &self,
        case: CaseId,
        moment: f64,
        parameters: &Parameters,
        lane: usize,
    ) -> Vec<(CountryId, Status, RuleId)> {
        let governing = self.governing(case, moment, parameters, lane);
        governing.into_iter().map(|g| (g.issuer, g.status, g.rule)).collect()
    }

    /// What one issuer says of a case at a moment \[quarters since the horizon's start\], in one lane.
    pub fn status(
        &self,
        case: CaseId,
        moment: f64,
        issuer: CountryId,
        parameters: &Parameters,
        lane: usize,
    ) -> Ruling {
        let found = self.governing(case, moment, parameters, lane).into_iter().find(|g| g.issuer == issuer);
        let Some(g) = found else {
            return Ruling { status: Status::Free, rule: None, share: 1.0, fee: 0.0 };
        };
        let share = outcome::share(&g, parameters.share[g.rule])[lane];
        let fee = parameters.fee[self.cases[case].first + g.member][lane];
        Ruling { status: g.status, rule: Some(g.rule), share, fee: if share > 0.0 { fee } else { 0.0 } }
    }

    fn governing(&self, case: CaseId, moment: f64, parameters: &Parameters, lane: usize) -> Vec<Governing> {
        let mut standing = Standing::default();
        let quarter = (moment.floor(), moment.floor() + 1.0);
        self.stand(case, quarter, f64::INFINITY, parameters, lane, &mut standing);
        calendar::status(&self.model, &standing, moment, false)
    }

    /// Fee of a rule in a case once its approvals have begun \[1\]; 0 for a rule that is not in it.
    pub fn fee(&self, case: CaseId, rule: RuleId, parameters: &Parameters) -> Lanes {
        let c: &Case = &self.cases[case];
        let place = c.members.iter().position(|m| m.rule == rule);
        place.map_or(Lanes::ZERO, |p| parameters.fee[c.first + p])
    }

    /// Rentals up to this size are not covered by a case of remote access \[H100e\].
    pub fn rental_floor(&self, case: CaseId, inputs: &Inputs) -> Lanes {
        let members = &self.cases[case].members;
        let above = members.iter().find_map(|m| self.model.rules[m.rule].above);
        above.map_or(Lanes::ZERO, |q| inputs.value(q))
    }
}

/// Adds to keys what comes before the moments at which approvals begin; lanes in which they meet another moment stay apart.
fn add_beginnings(keys: &mut [u64; WIDTH], moments: Lanes, begins: &Begins, t: f64) -> Mask {
    let mut apart = Mask::splat(false);
    for (lane, key) in keys.iter_mut().enumerate() {
        match begins.class(moments[lane], t) {
            Some(class) => *key |= class << 60,
            None => apart.0[lane] = u64::MAX,
        }
    }
    apart
}

/// Adds to keys which courses of shocks last through the quarter at `t`; lanes in which one begins or ends stay apart.
///
/// Of a course that puts rules in force its start counts too, among the dates of the case's rules: on a tie the latest governs.
#[inline(always)]
fn add_courses(keys: &mut [u64; WIDTH], case: &Case, parameters: &Parameters, t: f64) -> Mask {
    let (start, end) = (Lanes::splat(t), Lanes::splat(t + 1.0));
    let mut apart = Mask::splat(false);
    let mut enforced = Mask::splat(false);
    for (i, (shock, enforces)) in case.shocks.iter().enumerate() {
        let (onset, until) = parameters.courses[*shock];
        let struck = onset.lt(Lanes::splat(f64::INFINITY));
        if !struck.any() {
            continue;
        }
        let settled = (onset + parameters.settles[*shock]).le(start);
        let past = settled & until.le(start);
        let through = settled & onset.le(start) & until.ge(end) & struck;
        apart = apart | (struck & !past & !through);
        for lane in (0..WIDTH).filter(|&lane| through.lane(lane)) {
            keys[lane] |= 1 << (32 + i);
        }
        if *enforces {
            apart = apart | (enforced & through);
            enforced = enforced | through;
            for lane in (0..WIDTH).filter(|&lane| through.lane(lane)) {
                let before = case.dates.iter().filter(|&&date| date < onset[lane]).count();
                keys[lane] |= (before as u64) << 46;
                if case.dates.contains(&onset[lane]) {
                    apart.0[lane] = u64::MAX;
                }
            }
        }
    }
    apart
}
