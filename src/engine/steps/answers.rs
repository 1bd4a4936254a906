//! Answers: which signs are on, and the numbers and rules that wait for them.

use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, Mask, WIDTH};
use crate::plan::Plan;
use crate::rules::Parameters;

/// Signs so far.
#[derive(Clone, Debug)]
pub struct AnswerState {
    /// Draws in which each sign is on.
    pub on: List<Mask>,
    /// Draws in which it can come on no more.
    spent: List<Mask>,
}

/// What was seen of a quarter's signs.
#[derive(Clone, Debug)]
pub struct AnswerOutputs {
    /// What the metric of each was.
    pub truth: List<Lanes>,
    /// What was observed.
    pub observed: List<Lanes>,
    /// Draws in which it came on or went off.
    pub turned: List<Mask>,
}

/// Values between which numbers are chosen.
#[derive(Clone, Debug)]
pub(crate) struct AnswerScratch {
    /// By number that waits: its values as long as no sign is on, by quarter where it has a place for each.
    base: Vec<List<Lanes>>,
    /// By sign: all numbers under its edits, if it edits any.
    edited: Vec<Option<Inputs>>,
    /// Whether some number in place is an edited one.
    mixed: bool,
}

/// The step.
pub(crate) struct Answering<'a> {
    pub state: &'a mut AnswerState,
    pub out: &'a mut AnswerOutputs,
    pub scratch: &'a mut AnswerScratch,
}

impl AnswerState {
    /// No sign has been seen.
    pub fn new(plan: &Plan) -> Self {
        let never = List::of(Mask::splat(false), plan.model.answers.signs.len());
        Self { on: never.clone(), spent: never }
    }
}

impl AnswerOutputs {
    /// Nothing was observed.
    pub fn new(plan: &Plan) -> Self {
        let signs = plan.model.answers.signs.len();
        let zeros = List::of(Lanes::ZERO, signs);
        Self { truth: zeros.clone(), observed: zeros, turned: List::of(Mask::splat(false), signs) }
    }
}

impl AnswerScratch {
    /// Room for a plan's numbers.
    pub(crate) fn new(plan: &Plan) -> Self {
        let inputs = |edited: &Option<crate::plan::Edited>| edited.as_ref().map(|e| e.layout.inputs());
        Self {
            base: vec![List::default(); plan.model.answers.numbers.len()],
            edited: plan.answers.edited.iter().map(inputs).collect(),
            mixed: false,
        }
    }

    /// Puts the numbers back as they are while no sign is on.
    pub(crate) fn restore(&mut self, plan: &Plan, inputs: &mut Inputs) {
        if !std::mem::replace(&mut self.mixed, false) {
            return;
        }
        for (waiting, base) in plan.model.answers.numbers.iter().zip(&self.base) {
            base.iter().enumerate().for_each(|(t, &value)| inputs.put(waiting.number, t, value));
        }
    }
}

impl Answering<'_> {
    /// No sign is on; `inputs` hold the draws' numbers as they are then.
    pub(crate) fn reset(&mut self, plan: &Plan, inputs: &Inputs, batch: u64) {
        self.state.on.fill(Mask::splat(false));
        self.state.spent.fill(Mask::splat(false));
        for (waiting, base) in plan.model.answers.numbers.iter().zip(&mut self.scratch.base) {
            let q = waiting.number;
            let places = if inputs.is_constant(q) { 1 } else { plan.quarters + plan.lead + 1 };
            base.refill((0..places).map(|t| inputs.at(q, t)));
        }
        for (edited, under) in self.scratch.edited.iter_mut().zip(&plan.answers.edited) {
            if let (Some(edited), Some(under)) = (edited, under) {
                under.layout.sample_sharing(batch, &under.shared, inputs, edited);
            }
        }
    }

    /// Looks for the signs of quarter `t`, and puts numbers and rules in place; `seen` gives a sign's metric at the end of a quarter.
    pub(crate) fn step(
        &mut self,
        plan: &Plan,
        inputs: &mut Inputs,
        terms: &mut Parameters,
        seen: impl Fn(usize, usize) -> Lanes,
        batch: u64,
        t: usize,
    ) {
        let mut any = false;
        for (i, sign) in plan.model.answers.signs.iter().enumerate() {
            self.out.turned[i] = Mask::splat(false);
            if t < sign.first() {
                continue;
            }
            let at = t - sign.lag;
            let truth = seen(i, at);
            let observed = if sign.error > 0.0 {
                let uniform = plan.answers.errors[i].redraw(at as u32).of_batch(batch);
                truth * (sign.error * uniform.inverse_normal()).exp()
            } else {
                truth
            };
            let beyond = |level: f64| {
                let level = Lanes::splat(level);
                if sign.above { observed.gt(level) } else { observed.lt(level) }
            };
            let was = self.state.on[i];
            let stays = sign.off.map_or(Mask::splat(true), &beyond);
            let comes = beyond(sign.level) & !self.state.spent[i];
            let now = (was & stays) | (!was & comes);
            if !sign.again {
                self.state.spent[i] = self.state.spent[i] | (was & !now);
            }
            let turned = (was & !now) | (now & !was);
            (self.out.truth[i], self.out.observed[i]) = (truth, observed);
            (self.out.turned[i], self.state.on[i]) = (turned, now);
            for lane in (0..WIDTH).filter(|&lane| turned.lane(lane)) {
                terms.turn_sign(&plan.rules, i, lane, t, now.lane(lane));
                any = true;
            }
        }
        if any {
            self.place(plan, inputs, t);
            if plan.answers.on_rules {
                terms.renew(&plan.rules, inputs, t);
            }
        }
    }

    /// Puts numbers in place from quarter `t` on, as far as anybody looks ahead: those of signs that are on, the last where there are several.
    fn place(&mut self, plan: &Plan, inputs: &mut Inputs, t: usize) {
        for (waiting, base) in plan.model.answers.numbers.iter().zip(&self.scratch.base) {
            let q = waiting.number;
            let constant = inputs.is_constant(q);
            let quarters = if constant { 0..1 } else { t..base.len() };
            for place in quarters {
                let quarter = if constant { t } else { place };
                let value = waiting.edited.iter().fold(base[place], |value, &(sign, number)| {
                    let Some(edited) = &self.scratch.edited[sign] else { return value };
                    self.state.on[sign].select(edited.at(number, quarter), value)
                });
                inputs.put(q, place, value);
            }
        }
        self.scratch.mixed = true;
    }
}
