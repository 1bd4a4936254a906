//! What kept a chip's production from being larger, as codes: a good's row, or one of these.

use crate::math::wide::{Lanes, Mask, WIDTH};
use crate::model::GoodId;

/// Nothing was wanted.
pub const NONE: u8 = 255;
/// Everything wanted was made.
pub const DEMAND: u8 = 254;
/// The launch ramp.
pub const RAMP: u8 = 253;

/// What bound a chip in the first pass, by lane.
#[inline(always)]
pub(super) fn label(
    planned: Lanes,
    least: Lanes,
    capped: Mask,
    want: Lanes,
    goods: &[GoodId],
    ratios: &[Lanes],
) -> [u8; WIDTH] {
    let mut causes = [NONE; WIDTH];
    for (lane, cause) in causes.iter_mut().enumerate().filter(|(lane, _)| want[*lane] > 0.0) {
        *cause = if least[lane] < 1.0 && planned[lane] > 0.0 {
            let binding = goods.iter().find(|g| ratios[g.index()][lane] == least[lane]);
            binding.map_or(DEMAND, |g| g.0 as u8)
        } else if capped.lane(lane) {
            RAMP
        } else {
            DEMAND
        };
    }
    causes
}

/// What a chip lacked that was not made whole: the good of which leftovers give it least; of several, the one that bound it in
/// the first pass, else the first.
#[inline(always)]
pub(super) fn note_short(
    short: Mask,
    least: Lanes,
    goods: &[GoodId],
    ratios: &[Lanes],
    first: [u8; WIDTH],
    into: &mut [u8; WIDTH],
) {
    for lane in (0..WIDTH).filter(|&lane| short.lane(lane)) {
        let mut scarcest = goods.iter().filter(|g| ratios[g.index()][lane] <= least[lane] + 1e-9);
        let own = scarcest.clone().find(|g| g.0 as u8 == first[lane]);
        if let Some(g) = own.or_else(|| scarcest.next()) {
            into[lane] = g.0 as u8;
        }
    }
}
