//! Data sheets: performance and power of chips, which do not change within a draw.

use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::Lanes;
use crate::model::{ChipId, ChipUnit, Model, PerUnit, h100};
use crate::plan::Plan;

/// What does not change within a draw: performance and power of chips.
#[derive(Clone, Debug)]
pub struct DataSheets {
    /// Dense BF16 throughput, by chip \[FLOP/s\].
    pub flops: List<Lanes>,
    /// IT power, by chip \[W\].
    pub watts: List<Lanes>,
    /// Counting units of chips: chips, H100e, 8-bit H100e, TPP.
    pub units: List<PerUnit<Lanes>>,
    /// Quality for training: interconnect against the reference, by chip \[1\].
    pub quality: List<Lanes>,
    /// Facility power of a watt that chips take, by country \[MW/W\].
    pub megawatts: List<Lanes>,
    /// Share of a FLOP's time that 8 bits save, by chip; 0 where they are no faster \[1\].
    pub saved: List<Lanes>,
    /// Effective throughput, by chip and mix of work: `chip * mixes + mix` \[FLOP/s\].
    pub(super) effective: List<Lanes>,
    /// Elasticity θ \[1\].
    pub(super) theta: Lanes,
    /// Elasticity of budgets in access, over θ \[1\].
    pub eagerness: Lanes,
    /// How readily a chip is smuggled in its form, by chip \[1\].
    pub carries: List<Lanes>,
    /// ω^θ \[1\].
    pub wait: Lanes,
    /// Preferences that do not change over time, to the power of θ \[1\].
    pub(super) preference: List<Lanes>,
}

impl DataSheets {
    /// Empty sheets of a plan's chips.
    pub fn new(plan: &Plan) -> Self {
        let chips = plan.model.chips.len();
        let zeros = List::of(Lanes::ZERO, chips);
        Self {
            flops: zeros.clone(),
            watts: zeros.clone(),
            units: List::of(PerUnit::splat(Lanes::ZERO), chips),
            quality: zeros.clone(),
            megawatts: List::of(Lanes::ZERO, plan.model.countries.len()),
            saved: zeros,
            effective: List::of(Lanes::ZERO, chips * plan.edges.mixes.len()),
            theta: Lanes::ONE,
            eagerness: Lanes::ZERO,
            carries: List::of(Lanes::ONE, chips),
            wait: Lanes::ZERO,
            preference: List::of(Lanes::ONE, plan.edges.affinities.len()),
        }
    }

    /// Reads the sheets of a batch.
    #[inline(always)]
    pub(crate) fn read(&mut self, plan: &Plan, inputs: &Inputs) {
        let trade = &plan.model.trade;
        let training = &plan.model.training;
        self.theta = inputs.value(trade.elasticity);
        self.eagerness = inputs.value(trade.access_elasticity) / self.theta;
        self.wait = inputs.value(trade.wait).pow(self.theta);
        for (i, &(_, _, affinity)) in plan.edges.affinities.iter().enumerate() {
            if inputs.is_constant(affinity) {
                self.preference[i] = inputs.value(affinity).pow(self.theta);
            }
        }
        for (megawatts, country) in self.megawatts.iter_mut().zip(&plan.model.countries) {
            *megawatts = inputs.value(country.overhead) / 1e6;
        }
        let mixes = &plan.edges.mixes;
        for (c, chip) in plan.model.chips.iter().enumerate() {
            let id = ChipId(c as u32);
            self.carries[c] = inputs.value(plan.model.diversion.carries.of(chip.form));
            self.units[c] = units(&plan.model, inputs, id);
            let flops = self.units[c][ChipUnit::H100e] * h100::FLOP_PER_SECOND;
            self.flops[c] = flops;
            let tdp = chip.tdp.map(|q| inputs.value(q) * inputs.value(plan.model.fleet.server_factor));
            self.watts[c] = chip.it_power.map(|q| inputs.value(q)).or(tdp).unwrap_or(Lanes::ZERO);
            self.quality[c] = chip.interconnect.map_or(Lanes::ONE, |q| {
                let ratio = inputs.value(q) / inputs.value(training.reference_interconnect);
                ratio.pow(inputs.value(training.interconnect_loss)).min(1.0)
            });
            self.saved[c] = chip.fp8_tflops.map_or(Lanes::ZERO, |q| {
                let eight = inputs.value(q) * 1e12 * inputs.value(training.low_precision_mfu);
                (1.0 - flops.per(eight)).max(0.0)
            });
            for (m, &share) in mixes.iter().enumerate() {
                let fed = chip
                    .memory_bandwidth
                    .map_or(flops, |q| flops.min(inputs.value(q) * 1e9 * inputs.value(trade.intensity)));
                let memory_bound = inputs.value(share);
                self.effective[c * mixes.len() + m] =
                    1.0 / ((1.0 - memory_bound) / flops + memory_bound / fed);
            }
        }
    }
}

/// What a chip counts in each unit.
#[inline(always)]
fn units(model: &Model, inputs: &Inputs, chip: ChipId) -> PerUnit<Lanes> {
    let c = &model.chips[chip];
    let value = |q: Option<crate::model::QuantityId>| q.map(|q| inputs.value(q));
    let bf16 = value(c.bf16_tflops).unwrap_or(Lanes::ZERO);
    let int8 = value(c.int8_tops).unwrap_or(bf16);
    let fp4 = value(c.fp4_tflops).unwrap_or(Lanes::ZERO);
    let tpp = value(c.tpp).unwrap_or_else(|| (bf16 * 16.0).max((int8 * 8.0).max(fp4 * 4.0)));
    PerUnit([Lanes::ONE, bf16 / h100::BF16_TFLOPS, int8 / h100::INT8_TOPS, tpp])
}
