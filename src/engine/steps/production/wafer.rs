//! Wafers into dies: how many fit on one, and how many of them are good.

use crate::inputs::Inputs;
use crate::math::wide::Lanes;
use crate::plan::{Line, Plan};

/// Area of a 300 mm wafer \[mm²\].
const WAFER: f64 = std::f64::consts::PI * 22_500.0;

/// Gross dies of an area \[mm²\] on a 300 mm wafer.
#[inline(always)]
pub fn dies_per_wafer(area: Lanes) -> Lanes {
    let pi = std::f64::consts::PI;
    WAFER / area - 300.0 * pi / (2.0 * area).sqrt()
}

/// Murphy's yield at an expected number of defects per die.
#[inline(always)]
pub fn murphy(defects: Lanes) -> Lanes {
    // Below 1e-4 the difference in the formula loses digits; there its series is exact to 1e-12.
    let x = defects.max(1e-4);
    let root = (1.0 - (-x).exp()) / x;
    let series = 1.0 - defects + defects * defects * (7.0 / 12.0);
    defects.gt(Lanes::splat(1e-4)).select(root * root, series)
}

/// Wafers of companion silicon beside a chip.
#[inline(always)]
pub(super) fn companion(plan: &Plan, inputs: &Inputs, line: &Line) -> Lanes {
    let sound = plan.model.production.companion_yield;
    line.companion.map_or(Lanes::ZERO, |area| inputs.value(area) / (WAFER * inputs.value(sound)))
}
