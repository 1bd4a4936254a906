//! Arithmetic with the same bits everywhere: lanes of eight draws, and exp, ln and the normal distribution without a libm.
//!
//! Every function has one body, written for one number with nothing but `+ - * /`, `sqrt` and bit operations, and no branch on
//! values; [`Lanes`] applies it to each lane. So a lane and a scalar agree to the bit, on any machine and instruction set.

mod dispatch;
mod elementary;
mod lanes;
mod normal;
pub mod special;

pub use dispatch::{Kernel, dispatch, use_portable_instructions};
pub use elementary::{exp, ln, pow};
pub use lanes::{Lanes, Mask, WIDTH};
pub use normal::{inverse_normal, normal_cdf};
