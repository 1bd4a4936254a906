//! Arithmetic with the same bits everywhere: lanes of several draws, and exp, ln and the normal distribution without a libm.
//!
//! Every function has one body, written for one number with nothing but `+ - * /`, `sqrt` and bit operations, and no branch on
//! values; [`Lanes`] applies it to each lane. So a lane and a scalar agree to the bit, on any machine and instruction set.

mod dispatch;
mod elementary;
pub mod lanes;
mod list;
mod normal;
pub mod special;

pub use dispatch::{Kernel, dispatch, use_portable_instructions};
pub use elementary::{exp, ln, pow};
pub use list::List;
pub use normal::{inverse_normal, normal_cdf};

/// Draws side by side in results, one of each replicate: draws `8·i .. 8·i + 8`.
pub const WIDTH: usize = 8;
/// One number of eight draws.
pub type Lanes = lanes::Lanes<WIDTH>;
/// A condition in eight draws.
pub type Mask = lanes::Mask<WIDTH>;

/// The same for draws that are simulated in lockstep.
pub mod wide {
    use super::lanes;

    /// Draws of a batch, a multiple of those of results. What is paid for a batch is shared by more draws if there are more; its state
    /// takes more room.
    pub const WIDTH: usize = 16;
    /// How many times as many as in results.
    pub const PARTS: usize = WIDTH / super::WIDTH;
    /// One number of the draws of a batch.
    pub type Lanes = lanes::Lanes<WIDTH>;
    /// A condition in the draws of a batch.
    pub type Mask = lanes::Mask<WIDTH>;
}
