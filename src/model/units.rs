//! Units in which chips are counted, and the chip after which two of them are named.

use std::ops::{Index, IndexMut};

/// Dense rates of an H100 SXM, by NVIDIA's data sheet: an `H100e` of a chip is its rate over these.
pub mod h100 {
    /// At 16 bits \[TFLOP/s\].
    pub const BF16_TFLOPS: f64 = 989.5;
    /// At 8 bits \[TOP/s\].
    pub const INT8_TOPS: f64 = 1979.0;
    /// At 16 bits \[FLOP/s\].
    pub const FLOP_PER_SECOND: f64 = 989.5e12;
}

/// A unit in which chips are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChipUnit {
    /// Chips, whatever they can do.
    Chips,
    /// H100 equivalents by the rate at 16 bits.
    H100e,
    /// H100 equivalents by the rate at 8 bits; a chip without one counts at its rate at 16 bits.
    H100e8Bit,
    /// Total processing performance, as export rules count it.
    Tpp,
}

impl ChipUnit {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Chips, Self::H100e, Self::H100e8Bit, Self::Tpp];

    /// As tables write it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Chips => "chips",
            Self::H100e => "H100e",
            Self::H100e8Bit => "H100e-8bit",
            Self::Tpp => "TPP",
        }
    }
}

/// A value in each unit of chips.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PerUnit<T>(pub [T; ChipUnit::ALL.len()]);

impl<T: Copy> PerUnit<T> {
    /// The same value in each.
    pub const fn splat(value: T) -> Self {
        Self([value; ChipUnit::ALL.len()])
    }
}

impl<T> Index<ChipUnit> for PerUnit<T> {
    type Output = T;
    #[inline(always)]
    fn index(&self, unit: ChipUnit) -> &T {
        &self.0[unit as usize]
    }
}

impl<T> IndexMut<ChipUnit> for PerUnit<T> {
    #[inline(always)]
    fn index_mut(&mut self, unit: ChipUnit) -> &mut T {
        &mut self.0[unit as usize]
    }
}
