//! The widest vector instructions that this machine has, chosen when the program runs: the same bits, sooner.
//!
//! Code for lanes is written once, as a [`Kernel`], and compiled twice: for every machine of the architecture, and for those
//! with AVX2, where four numbers go through one instruction instead of two. Neither version fuses a multiplication with an
//! addition, so that both round alike.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether wide instructions are left alone although the machine has them.
static PORTABLE: AtomicBool = AtomicBool::new(false);

/// A piece of work on lanes. Its `run` must be `#[inline(always)]`, as must be what it calls: only what is inlined is compiled for
/// the wider instructions.
pub trait Kernel {
    /// What it gives.
    type Output;
    /// Does the work.
    fn run(self) -> Self::Output;
}

/// Leaves wide instructions alone from now on, in the whole process: to show that they change no bit.
pub fn use_portable_instructions() {
    PORTABLE.store(true, Ordering::Relaxed);
}

/// Does the work with the widest instructions there are.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") && !PORTABLE.load(Ordering::Relaxed) {
        // The only unsafe code of the package: a function compiled for AVX2 must not be called without it, and the line
        // above has asked the processor.
        #[allow(unsafe_code)]
        return unsafe { with_avx2(kernel) };
    }
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}
