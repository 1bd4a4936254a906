//! Pages of Parquet columns: whole numbers in few bits, by runs, and numbers beside the places where there is none.
//!
//! The encodings are those of the format's page "Encodings": PLAIN, RLE (runs and bit-packed groups of eight) and `RLE_DICTIONARY`.

use super::filling::Run;
use parquet::basic::Encoding;
use parquet::column::page::Page;

/// Values of a group of packed bits; shorter runs are packed.
const GROUP: usize = 8;

/// Adds runs encoded in `width` bits a value: long runs as such, what lies between them as packed bits.
pub(super) fn encode_runs(out: &mut Vec<u8>, runs: impl Iterator<Item = Run>, width: u32) {
    let mut packed: Vec<u32> = Vec::new();
    let mut add = |out: &mut Vec<u8>, (value, mut times): Run| {
        // A group of packed values has to be whole before a run may follow.
        let missing = times.min(packed.len().next_multiple_of(GROUP) - packed.len());
        packed.extend(std::iter::repeat_n(value, missing));
        times -= missing;
        if times < GROUP {
            packed.extend(std::iter::repeat_n(value, times));
            return;
        }
        pack(out, &mut packed, width);
        varint(out, (times as u64) << 1);
        out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
    };
    let mut last: Run = (0, 0);
    for run in runs {
        if run.0 == last.0 {
            last.1 += run.1;
        } else {
            add(out, last);
            last = run;
        }
    }
    add(out, last);
    pack(out, &mut packed, width);
}

/// Adds packed groups, the last one filled up, and clears them.
fn pack(out: &mut Vec<u8>, values: &mut Vec<u32>, width: u32) {
    if values.is_empty() {
        return;
    }
    values.resize(values.len().next_multiple_of(GROUP), 0);
    varint(out, ((values.len() / GROUP) as u64) << 1 | 1);
    let (mut bits, mut held) = (0_u64, 0);
    for value in values.drain(..) {
        bits |= u64::from(value) << held;
        held += width;
        while held >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            held -= 8;
        }
    }
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Bits that a place among `n` takes.
pub(super) fn bits_for(n: usize) -> u32 {
    (usize::BITS - n.saturating_sub(1).leading_zeros()).max(1)
}

/// Which rows have a number, encoded as the start of a page.
pub(super) fn presence(runs: impl Iterator<Item = Run>) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    encode_runs(&mut bytes, runs, 1);
    let length = (bytes.len() - 4) as u32;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// Places in a dictionary, encoded as a page.
pub(super) fn places(runs: impl Iterator<Item = Run>, of: usize) -> Vec<u8> {
    let width = bits_for(of);
    let mut bytes = vec![width as u8];
    encode_runs(&mut bytes, runs, width);
    bytes
}

/// A page of so many rows.
pub(super) fn data_page(bytes: Vec<u8>, rows: usize, encoding: Encoding) -> Page {
    Page::DataPage {
        buf: bytes.into(),
        num_values: rows as u32,
        encoding,
        def_level_encoding: Encoding::RLE,
        rep_level_encoding: Encoding::RLE,
        statistics: None,
    }
}

/// The page of distinct values, plainly written.
pub(super) fn dictionary_page(bytes: Vec<u8>, values: usize) -> Page {
    Page::DictionaryPage {
        buf: bytes.into(),
        num_values: values as u32,
        encoding: Encoding::PLAIN,
        is_sorted: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads runs as the format's specification says.
    fn decode(bytes: &[u8], width: u32, count: usize) -> Vec<u32> {
        let (mut at, mut values) = (0, Vec::new());
        while at < bytes.len() {
            let (mut header, mut shift) = (0_u64, 0);
            loop {
                let byte = bytes[at];
                at += 1;
                header |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            let n = (header >> 1) as usize;
            if header & 1 == 1 {
                let bit = |i: usize| u32::from(bytes[at + i / 8] >> (i % 8) & 1);
                let width = width as usize;
                values.extend((0..8 * n).map(|v| (0..width).map(|b| bit(v * width + b) << b).sum::<u32>()));
                at += n * width;
            } else {
                let mut value = [0; 4];
                let length = width.div_ceil(8) as usize;
                value[..length].copy_from_slice(&bytes[at..at + length]);
                values.extend(std::iter::repeat_n(u32::from_le_bytes(value), n));
                at += length;
            }
        }
        assert!(values.len() >= count && values.len() < count + GROUP);
        values.truncate(count);
        values
    }

    proptest! {
        #[test]
        fn runs_read_back_as_they_were(
            width in 1_u32..18,
            runs in prop::collection::vec((any::<u32>(), 0_usize..30), 0..40),
        ) {
            let runs: Vec<Run> = runs.into_iter().map(|(v, n)| (v & ((1 << width) - 1), n)).collect();
            let values: Vec<u32> = runs.iter().flat_map(|&(v, n)| std::iter::repeat_n(v, n)).collect();
            let mut bytes = Vec::new();
            encode_runs(&mut bytes, runs.into_iter(), width);
            prop_assert_eq!(decode(&bytes, width, values.len()), values);
        }
    }

    #[test]
    fn a_long_run_takes_few_bytes() {
        let mut bytes = Vec::new();
        encode_runs(&mut bytes, (0..1000).map(|_| (5, 1)), 3);
        assert_eq!(bytes, [0xd0, 0x0f, 5]);
        assert_eq!([1, 2, 3, 256, 257].map(bits_for), [1, 1, 2, 8, 9]);
    }
}
