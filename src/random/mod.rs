//! (random) being built on its own branch.
/// An uncertain number.
#[derive(Clone, Debug)]
pub struct Distribution;
impl Distribution {
    /// Whether it is one number.
    pub fn is_fixed(&self) -> bool {
        true
    }
}
