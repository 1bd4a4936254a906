//! Where the chunks of a histogram are kept: most of them lie in one window, in which they are found without a search.

/// Buckets in a chunk: a quarter of an octave.
pub(super) const CHUNK: usize = 16;
/// Chunks in the window: sixteen octaves.
const WINDOW: usize = 64;
/// The place of a chunk that has none: more than there are chunks.
const NONE: u16 = u16::MAX;

/// Where the chunks of one sign are kept.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// Number of the chunk at the start of the window.
    first: u32,
    /// For each chunk of the window: its place among the chunks.
    window: [u16; WINDOW],
    /// Those outside the window with their places, rising.
    far: Vec<(u32, u32)>,
}

impl Side {
    /// A window around a chunk.
    pub(super) fn around(number: u32) -> Self {
        Self { first: number.saturating_sub(WINDOW as u32 / 2), window: [NONE; WINDOW], far: Vec::new() }
    }

    /// The place of a chunk in the window.
    #[inline(always)]
    pub(super) fn near(&self, number: u32) -> Option<usize> {
        let place = *self.window.get(number.wrapping_sub(self.first) as usize)?;
        (place != NONE).then(|| usize::from(place))
    }

    /// Places of some buckets among those that are kept, if all are in the window; beyond the last one for a chunk that is empty.
    #[inline(always)]
    pub(super) fn all_near<const N: usize>(&self, buckets: [u64; N]) -> Option<[usize; N]> {
        let first = u64::from(self.first) * CHUNK as u64;
        let inside = buckets.map(|bucket| bucket.wrapping_sub(first));
        // One branch for all of them.
        let mut bits = 0;
        for &bucket in &inside {
            bits |= bucket;
        }
        let place = |bucket: u64| {
            let (chunk, rest) = (bucket as usize / CHUNK, bucket as usize % CHUNK);
            usize::from(self.window[chunk % WINDOW]) * CHUNK + rest
        };
        (bits < (WINDOW * CHUNK) as u64).then(|| inside.map(place))
    }

    /// The place of one outside it.
    #[cold]
    #[inline(never)]
    pub(super) fn search(&self, number: u32) -> Option<usize> {
        let found = self.far.binary_search_by_key(&number, |f| f.0).ok()?;
        Some(self.far[found].1 as usize)
    }

    /// Gives a chunk a place.
    pub(super) fn insert(&mut self, number: u32, place: usize) {
        let near = self.window.get_mut(number.wrapping_sub(self.first) as usize);
        if let (Some(entry), Ok(place)) = (near, u16::try_from(place))
            && place != NONE
        {
            *entry = place;
        } else {
            let at = self.far.partition_point(|f| f.0 < number);
            self.far.insert(at, (number, place as u32));
        }
    }

    /// Chunks that hold something, rising, with their places.
    pub(super) fn rising(&self) -> Vec<(u32, usize)> {
        let window = self.window.iter().enumerate().filter(|(_, place)| **place != NONE);
        let near = window.map(|(i, &place)| (self.first + i as u32, usize::from(place)));
        let mut all: Vec<_> = near.chain(self.far.iter().map(|&(n, place)| (n, place as usize))).collect();
        all.sort_unstable();
        all
    }
}
