//! Twins: where the lists of one plan find their items in those of another plan.

/// For each item of a policy's lists, the place of the same item in the lists of the reference case.
#[derive(Clone, Debug)]
pub(crate) struct Twins {
    /// Of rules.
    pub rules: Vec<Option<usize>>,
    /// Of shocks.
    pub shocks: Vec<Option<usize>>,
    /// Of acts of shocks.
    pub acts: Vec<Option<usize>>,
    /// Of grey-market options.
    pub grey_options: Vec<Option<usize>>,
    /// Of holdings.
    pub holdings: Vec<Option<usize>>,
}

/// Takes over what has a twin; the rest stays as reset.
pub(crate) fn take<T: Copy>(twins: &[Option<usize>], from: &[T], into: &mut [T]) {
    for (place, twin) in into.iter_mut().zip(twins) {
        if let Some(t) = twin {
            *place = from[*t];
        }
    }
}

/// The same with `width` places for each item.
pub(crate) fn take_rows<T: Copy>(twins: &[Option<usize>], width: usize, from: &[T], into: &mut [T]) {
    for (i, twin) in twins.iter().enumerate() {
        if let Some(t) = twin {
            into[i * width..(i + 1) * width].copy_from_slice(&from[t * width..(t + 1) * width]);
        }
    }
}
