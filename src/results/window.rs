//! Where the chunks of a histogram are kept: most of them lie in one window, in which they are found without a search.

/// Chunks in the window: sixteen octaves.
const WINDOW: usize = 64;

/// Where the chunks of one sign are kept.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// Number of the chunk at the start of the window.
    first: u32,
    /// For each chunk of the window: 1 + its place among the chunks, 0 if it is empty.
    window: [u16; WINDOW],
    /// Those outside the window with their places, rising.
    far: Vec<(u32, u32)>,
}

impl Side {
    /// A window around a chunk.
    pub(super) fn around(number: u32) -> Self {
        Self { first: number.saturating_sub(WINDOW as u32 / 2), window: [0; WINDOW], far: Vec::new() }
    }

    /// The place of a chunk in the window.
    #[inline(always)]
    pub(super) fn near(&self, number: u32) -> Option<usize> {
        let place = *self.window.get(number.wrapping_sub(self.first) as usize)?;
        (place > 0).then(|| usize::from(place) - 1)
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
        if let (Some(entry), Ok(place)) = (near, u16::try_from(place + 1)) {
            *entry = place;
        } else {
            let at = self.far.partition_point(|f| f.0 < number);
            self.far.insert(at, (number, place as u32));
        }
    }

    /// Chunks that hold something, rising, with their places.
    pub(super) fn rising(&self) -> Vec<(u32, usize)> {
        let window = self.window.iter().enumerate().filter(|(_, place)| **place > 0);
        let near = window.map(|(i, &place)| (self.first + i as u32, usize::from(place) - 1));
        let mut all: Vec<_> = near.chain(self.far.iter().map(|&(n, place)| (n, place as usize))).collect();
        all.sort_unstable();
        all
    }
}
