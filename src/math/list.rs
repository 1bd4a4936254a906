//! Lists of numbers whose room is used again.
//!
//! Room to simulate a policy in is made for each of its batches and given up again. Lanes begin at cache lines, and an allocator that is
//! asked for such lists over and over leaves holes between them that nothing fills. So a thread keeps the room that it gave up, and the
//! next list of about its length gets it. What was in it is never seen again.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// Bytes that a thread keeps, at most.
const MOST: usize = 64 << 20;

/// Room that a thread gave up.
struct Shelves {
    /// By type of the items: a [`Shelf`] of them.
    of: BTreeMap<TypeId, Box<dyn Any>>,
    bytes: usize,
}

/// Room for items of one type, by how many there is room for.
type Shelf<T> = BTreeMap<usize, Vec<Vec<T>>>;

thread_local! {
    static SHELVES: RefCell<Shelves> = const { RefCell::new(Shelves { of: BTreeMap::new(), bytes: 0 }) };
}

impl Shelves {
    fn shelf<T: 'static>(&mut self) -> &mut Shelf<T> {
        let kept = self.of.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(Shelf::<T>::new()));
        kept.downcast_mut().expect("a shelf is of the type that it is kept under")
    }

    /// Room for so many items, if there is any.
    fn take<T: 'static>(&mut self, items: usize) -> Option<Vec<T>> {
        let room = self.shelf().get_mut(&items)?.pop()?;
        self.bytes -= size(&room);
        Some(room)
    }

    /// Puts room on its shelf, unless there is too much.
    fn give<T: 'static>(&mut self, mut room: Vec<T>) {
        room.clear();
        if self.bytes + size(&room) <= MOST {
            self.bytes += size(&room);
            self.shelf().entry(class(room.capacity())).or_default().push(room);
        }
    }
}

/// Bytes of a list's room.
fn size<T>(room: &Vec<T>) -> usize {
    room.capacity() * size_of::<T>()
}

/// The largest of the sizes in which room is made that is not above a number: eight an octave, so that lists of nearly one length share
/// theirs.
fn class(items: usize) -> usize {
    items / step(items) * step(items)
}

/// How far apart the sizes of about so many items are.
fn step(items: usize) -> usize {
    1 << (items.max(8).ilog2() - 3)
}

/// A list that gives its room up to the next one.
pub struct List<T: Copy + 'static>(Vec<T>);

impl<T: Copy + 'static> List<T> {
    /// An empty list with room for so many items.
    // Not inlined, as what is given up is not: there are many lists, and the engine in a page is to be small.
    #[inline(never)]
    pub fn with_room(items: usize) -> Self {
        let room = items.next_multiple_of(step(items));
        let kept = if room == 0 {
            None
        } else {
            SHELVES.try_with(|shelves| shelves.borrow_mut().take(room)).ok().flatten()
        };
        Self(kept.unwrap_or_else(|| Vec::with_capacity(room)))
    }

    /// The same item so many times.
    #[inline(never)]
    pub fn of(item: T, times: usize) -> Self {
        let mut list = Self::with_room(times);
        list.0.resize(times, item);
        list
    }

    /// Takes other items; a list without room gets some that was given up.
    #[inline(always)]
    pub fn refill(&mut self, items: impl Iterator<Item = T>) {
        self.0.clear();
        let (at_least, _) = items.size_hint();
        if at_least > self.0.capacity() {
            *self = Self::with_room(at_least);
        }
        self.0.extend(items);
    }
}

/// Puts room on this thread's shelf; while a thread ends it keeps nothing.
#[inline(never)]
fn give_up<T: 'static>(room: Vec<T>) {
    let _ = SHELVES.try_with(|shelves| shelves.borrow_mut().give(room));
}

impl<T: Copy + 'static> Drop for List<T> {
    fn drop(&mut self) {
        if self.0.capacity() > 0 {
            give_up(std::mem::take(&mut self.0));
        }
    }
}

impl<T: Copy + 'static> Deref for List<T> {
    type Target = Vec<T>;
    #[inline(always)]
    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T: Copy + 'static> DerefMut for List<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T: Copy + 'static> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + 'static> Clone for List<T> {
    fn clone(&self) -> Self {
        let mut list = Self::with_room(self.len());
        list.0.extend_from_slice(&self.0);
        list
    }

    fn clone_from(&mut self, from: &Self) {
        self.refill(from.iter().copied());
    }
}

impl<T: Copy + 'static + fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'a, T: Copy + 'static> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    #[inline(always)]
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, T: Copy + 'static> IntoIterator for &'a mut List<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;
    #[inline(always)]
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Lanes;

    #[test]
    fn a_list_has_what_it_is_of_whatever_was_in_its_room() {
        let place = |list: &List<Lanes>| list.as_ptr();
        for length in [1, 7, 8, 9, 100, 127, 128, 129, 5000] {
            let mut first = List::of(Lanes::splat(f64::NAN), length);
            first[length - 1] = Lanes::splat(3.0);
            let was = place(&first);
            drop(first);
            let second = List::of(Lanes::ONE, length);
            assert_eq!((second.len(), place(&second)), (length, was), "room that was given up is used again");
            assert!(second.iter().all(|&x| x == Lanes::ONE));
            // Room in use is nobody else's.
            let third = second.clone();
            assert_ne!(place(&third), was);
            assert_eq!(third[..], second[..]);
        }
        assert_eq!(List::<Lanes>::default().capacity(), 0);
        assert!(List::<Lanes>::with_room(0).is_empty());
    }

    #[test]
    fn lists_of_nearly_one_length_share_room_and_waste_little() {
        for length in 1..4000 {
            let list = List::<Lanes>::with_room(length);
            let room = list.capacity();
            assert!(room >= length && 8 * (room - length) <= length, "{length} {room}");
            assert_eq!(class(room), room, "it comes back to where it was taken from");
        }
        let first = List::of(Lanes::ONE, 1000);
        let was = first.as_ptr();
        drop(first);
        assert_eq!(List::of(Lanes::ONE, 970).as_ptr(), was);
    }

    #[test]
    fn a_thread_keeps_no_more_than_it_may() {
        let each = MOST / size_of::<Lanes>() / 4;
        let many: Vec<List<Lanes>> = (0..8).map(|_| List::of(Lanes::ONE, each)).collect();
        drop(many);
        let bytes = SHELVES.with_borrow(|shelves| shelves.bytes);
        assert!((MOST / 2..=MOST).contains(&bytes), "{bytes}");
    }
}
