//! The tree in which everything that is no count is summed: over leaves of draws, two by two, then two pairs by two.
//!
//! A leaf is [`LEAF`] batches, counted from draw 0. Two neighbours are joined where the number of the left one is even, and so on
//! upwards. So a node depends on nothing but the draws below it: not on threads, nor on which process summed which leaves.

use serde::{Deserialize, Serialize};

/// Batches in a leaf: 1024 draws.
pub const LEAF: u64 = 128;

/// Nodes over consecutive leaves that have no sibling yet, from left to right.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Forest<T> {
    /// Number of the leaf after the last one.
    next: u64,
    /// Height above the leaves, and what is summed.
    nodes: Vec<(u32, T)>,
}

impl<T> Default for Forest<T> {
    fn default() -> Self {
        Self { next: 0, nodes: Vec::new() }
    }
}

impl<T> Forest<T> {
    /// Begins with a leaf other than the first.
    ///
    /// # Panics
    /// If there are leaves already.
    pub fn start(&mut self, leaf: u64) {
        assert!(self.nodes.is_empty(), "leaves follow each other");
        self.next = leaf;
    }

    /// Nodes without a sibling.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no leaf.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Nodes, from left to right.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.nodes.iter().map(|(_, node)| node)
    }

    /// Adds the next node at a height, 0 for a leaf; `join` takes a left and a right one.
    pub fn push(&mut self, mut height: u32, mut node: T, mut join: impl FnMut(T, T) -> T) {
        let mut place = self.next >> height;
        self.next += 1 << height;
        while place & 1 == 1 && self.nodes.last().is_some_and(|n| n.0 == height) {
            let Some((_, left)) = self.nodes.pop() else { break };
            node = join(left, node);
            (place, height) = (place >> 1, height + 1);
        }
        self.nodes.push((height, node));
    }

    /// Adds the leaves that follow; says whether they do.
    pub fn append(&mut self, other: Self, mut join: impl FnMut(T, T) -> T) -> bool {
        self.append_with(other, |forest, height, node| forest.push(height, node, &mut join))
    }

    /// The same, with a way to add a node at a height.
    pub fn append_with(&mut self, other: Self, mut add: impl FnMut(&mut Self, u32, T)) -> bool {
        match other.first() {
            Some(first) if self.nodes.is_empty() => self.next = first,
            first if first != Some(self.next) => return false,
            _ => {}
        }
        for (height, node) in other.nodes {
            add(self, height, node);
        }
        true
    }

    /// Number of the first leaf; none if heights cannot be.
    fn first(&self) -> Option<u64> {
        let leaves = |n: &(u32, T)| 1_u64.checked_shl(n.0);
        self.nodes.iter().map(leaves).try_fold(self.next, |next, leaves| next.checked_sub(leaves?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[allow(clippy::needless_pass_by_value)] // as nodes are joined
    fn joined(a: String, b: String) -> String {
        format!("({a}{b})")
    }

    fn leaves(range: std::ops::Range<u64>) -> Forest<String> {
        let mut forest = Forest::default();
        forest.start(range.start);
        range.for_each(|leaf| forest.push(0, format!("{leaf},"), joined));
        forest
    }

    proptest! {
        #[test]
        fn parts_in_stages_are_the_whole(cuts in prop::collection::btree_set(1_u64..300, 0..9), at in any::<prop::sample::Index>()) {
            let ends: Vec<u64> = std::iter::once(0).chain(cuts).chain([300]).collect();
            let mut parts: Vec<Forest<String>> = ends.windows(2).map(|w| leaves(w[0]..w[1])).collect();
            // Two neighbours first, then all.
            if parts.len() > 1 {
                let i = at.index(parts.len() - 1);
                let right = parts.remove(i + 1);
                prop_assert!(parts[i].append(right, joined));
            }
            let mut all = Forest::default();
            for part in parts {
                prop_assert!(all.append(part, joined));
            }
            prop_assert_eq!(all.nodes, leaves(0..300).nodes);
        }
    }

    #[test]
    fn what_does_not_follow_is_refused() {
        assert!(!leaves(0..3).append(leaves(4..5), joined) && !leaves(0..3).append(leaves(2..5), joined));
    }
}
