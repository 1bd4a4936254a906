//! Ids of rows, and vectors that only the id of their own table can index.

use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut, Index, IndexMut, Range};

/// A row of one table, by its position.
pub trait Id: Copy {
    /// The id of the row at a position.
    fn from_index(index: usize) -> Self;
    /// Position in its table.
    fn index(self) -> usize;
}

/// Declares ids: each a `u32` of its own type.
macro_rules! ids { ($($(#[$about:meta])* $name:ident),* $(,)?) => { $(
    $(#[$about])*
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct $name(pub u32);
    impl $name {
        /// Position in its table.
        #[inline(always)]
        pub const fn index(self) -> usize { self.0 as usize }
    }
    impl $crate::model::Id for $name {
        fn from_index(index: usize) -> Self {
            Self(u32::try_from(index).expect("a table has fewer than 2^32 rows"))
        }
        #[inline(always)]
        fn index(self) -> usize { self.0 as usize }
    }
)* } }
pub(crate) use ids;

ids! {
    /// A number of the scenario: a row of [`crate::model::Model::quantities`].
    QuantityId,
    /// A row of `country`.
    CountryId,
    /// A row of `group`.
    GroupId,
    /// A row of `tool`.
    ToolId,
    /// A row of `good`.
    GoodId,
    /// A row of `facility`.
    FacilityId,
    /// A row of `designer`.
    DesignerId,
    /// A row of `chip`.
    ChipId,
    /// A row of `stockpile`.
    StockpileId,
    /// A row of `buyer`.
    BuyerId,
    /// A row of `lab`.
    LabId,
    /// A row of `route`.
    RouteId,
    /// A row of `rule`.
    RuleId,
    /// A row of `shock`.
    ShockId,
}

/// A row that a scenario names.
pub trait Named {
    /// The name, unique in its table.
    fn name(&self) -> &str;
}

/// One item for each row of a table, indexed by the table's id.
///
/// It reads as a slice; only indexing asks for the id, so that a chip's position cannot index countries.
pub struct IdVec<I, T> {
    items: Vec<T>,
    id: PhantomData<fn(I)>,
}

impl<I: Id, T> IdVec<I, T> {
    /// One item without rows.
    pub const fn new() -> Self {
        Self { items: Vec::new(), id: PhantomData }
    }

    /// Adds a row; gives its id.
    pub fn push(&mut self, item: T) -> I {
        self.items.push(item);
        I::from_index(self.items.len() - 1)
    }

    /// The ids of all rows, in order.
    pub fn ids(&self) -> Ids<I> {
        Ids { range: 0..self.items.len(), id: PhantomData }
    }

    /// The items with their ids, in order.
    pub fn iter_enumerated(
        &self,
    ) -> impl DoubleEndedIterator<Item = (I, &T)> + ExactSizeIterator + Clone + use<'_, I, T> {
        self.ids().zip(&self.items)
    }

    /// The items with their ids, in order, to change them.
    pub fn iter_mut_enumerated(
        &mut self,
    ) -> impl DoubleEndedIterator<Item = (I, &mut T)> + ExactSizeIterator {
        self.ids().zip(&mut self.items)
    }

    /// The item of a row, if there is the row.
    pub fn get_id(&self, id: I) -> Option<&T> {
        self.items.get(id.index())
    }

    /// The first row whose item is wanted.
    pub fn find_id(&self, wanted: impl FnMut(&T) -> bool) -> Option<I> {
        self.items.iter().position(wanted).map(I::from_index)
    }

    /// Another vector of the same table: one item made of each of this one's.
    pub fn map<'a, U>(&'a self, item_of: impl FnMut(&'a T) -> U) -> IdVec<I, U> {
        self.items.iter().map(item_of).collect()
    }

    /// Another vector of the same table: one item made for each id.
    pub fn map_ids<U>(&self, item_of: impl FnMut(I) -> U) -> IdVec<I, U> {
        self.ids().map(item_of).collect()
    }

    /// Another vector of the same table, with the same item in every row.
    pub fn filled<U: Clone>(&self, item: U) -> IdVec<I, U> {
        vec![item; self.items.len()].into()
    }

    /// Takes other items in place of what there was.
    pub fn refill(&mut self, items: impl Iterator<Item = T>) {
        self.items.clear();
        self.items.extend(items);
    }

    /// The items as a slice.
    pub fn as_slice(&self) -> &[T] {
        &self.items
    }
}

impl<I: Id, T: Named> IdVec<I, T> {
    /// The row of a name.
    pub fn named(&self, name: &str) -> Option<I> {
        self.find_id(|row| row.name() == name)
    }
}

/// The ids of a table, in order.
pub struct Ids<I> {
    range: Range<usize>,
    id: PhantomData<fn() -> I>,
}

impl<I> Clone for Ids<I> {
    fn clone(&self) -> Self {
        Self { range: self.range.clone(), id: PhantomData }
    }
}

impl<I: Id> Iterator for Ids<I> {
    type Item = I;

    fn next(&mut self) -> Option<I> {
        self.range.next().map(I::from_index)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl<I: Id> DoubleEndedIterator for Ids<I> {
    fn next_back(&mut self) -> Option<I> {
        self.range.next_back().map(I::from_index)
    }
}

impl<I: Id> ExactSizeIterator for Ids<I> {}
impl<I: Id> FusedIterator for Ids<I> {}

impl<I: Id, T> Index<I> for IdVec<I, T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for IdVec<I, T> {
    #[inline(always)]
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }
}

impl<I: Id, T> Index<usize> for IdVec<I, T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, position: usize) -> &T {
        &self.items[position]
    }
}

impl<I: Id, T> IndexMut<usize> for IdVec<I, T> {
    #[inline(always)]
    fn index_mut(&mut self, position: usize) -> &mut T {
        &mut self.items[position]
    }
}

impl<I, T> Deref for IdVec<I, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<I, T> DerefMut for IdVec<I, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

impl<I, T> From<Vec<T>> for IdVec<I, T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, id: PhantomData }
    }
}

impl<I, T> From<IdVec<I, T>> for Vec<T> {
    fn from(rows: IdVec<I, T>) -> Self {
        rows.items
    }
}

impl<I, T> FromIterator<T> for IdVec<I, T> {
    fn from_iter<S: IntoIterator<Item = T>>(items: S) -> Self {
        items.into_iter().collect::<Vec<T>>().into()
    }
}

impl<I, T> IntoIterator for IdVec<I, T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, I, T> IntoIterator for &'a IdVec<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<'a, I, T> IntoIterator for &'a mut IdVec<I, T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter_mut()
    }
}

impl<I, T> Default for IdVec<I, T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<I, T: Clone> Clone for IdVec<I, T> {
    fn clone(&self) -> Self {
        self.items.clone().into()
    }

    fn clone_from(&mut self, source: &Self) {
        self.items.clone_from(&source.items);
    }
}

impl<I, T: PartialEq> PartialEq for IdVec<I, T> {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl<I, T: fmt::Debug> fmt::Debug for IdVec<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_order_of_rows_and_index_their_own_vector() {
        let mut names: IdVec<ChipId, &str> = vec!["a", "b"].into();
        let c = names.push("c");
        assert_eq!((c, names[c]), (ChipId(2), "c"));
        assert_eq!(names.ids().rev().collect::<Vec<_>>(), [ChipId(2), ChipId(1), ChipId(0)]);
        assert_eq!(names.iter_enumerated().nth(1), Some((ChipId(1), &"b")));
        assert_eq!(names.find_id(|n| *n == "b"), Some(ChipId(1)));
        assert_eq!(names.get_id(ChipId(3)), None);
        let mut lengths = names.map(|n| n.len());
        lengths[c] += 1;
        assert_eq!(Vec::from(lengths), [1, 1, 2]);
    }
}
