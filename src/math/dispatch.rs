//! The widest vector instructions that this machine has, chosen when the program runs: the same bits, sooner.
//!
//! Code for lanes is written once, as a [`Kernel`], and compiled twice: for every machine of the architecture, and for those
//! with AVX2 (and the counting of bits, which all of these have), where four numbers go through one instruction instead of two. Neither version fuses a multiplication with an
//! addition, so that both round alike.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether wide instructions are left alone although the machine has them.
static PORTABLE: AtomicBool = AtomicBool::new(false);

/// A piece of work on lanes. Its `run` must be `#[inline(always)]`, as must be what it calls: only what is inlined is compiled for
/// the wider instructions.
pub trait Kernel: Sized {
    /// What it gives.
    type Output;

    /// Does the work.
    fn run(self) -> Self::Output;

    /// Does the work with the instructions that every machine of the architecture has.
    ///
    /// This method and the next belong to the trait and are not inlined: so the compiler puts each kernel with the module of its
    /// type, and builds modules side by side.
    #[inline(never)]
    fn run_portably(self) -> Self::Output {
        self.run()
    }

    /// Does the work with AVX2, and with the instruction that counts bits.
    ///
    /// # Safety
    /// The processor must have both.
    #[cfg(all(target_arch = "x86_64", not(test)))]
    #[allow(unsafe_code)]
    #[target_feature(enable = "avx2,popcnt")]
    unsafe fn run_with_avx2(self) -> Self::Output {
        self.run()
    }
}

/// Leaves wide instructions alone from now on, in the whole process: to show that they change no bit.
pub fn use_portable_instructions() {
    PORTABLE.store(true, Ordering::Relaxed);
}

/// Does the work with the widest instructions there are.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    // The tests within the library do without: kernels are most of what there is to compile. Those outside hold both to the same bits.
    #[cfg(all(target_arch = "x86_64", not(test)))]
    if std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("popcnt")
        && !PORTABLE.load(Ordering::Relaxed)
    {
        // A function compiled for them must not be called without them, and the lines above have asked the processor.
        #[allow(unsafe_code)]
        return unsafe { kernel.run_with_avx2() };
    }
    kernel.run_portably()
}
