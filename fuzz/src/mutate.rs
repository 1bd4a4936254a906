//! Inputs made of a corpus: bytes changed, taken out, doubled and put together anew, with words that mean something.

/// Words that mean something to what reads.
const WORDS: [&str; 64] = [
    "[[country]]\n", "[[facility]]\n", "[[chip]]\n", "[[rule]]\n", "[[shock]]\n", "[run]\n", "id = \"a\"\n", "extends = \"a\"\n",
    "include = [\"a.toml\"]\n", "horizon = \"2022Q1..2024Q4\"\n", "{", "}", "[", "]", "(", ")", "\"", "'", "\"\"\"", "'''", "=", ",", ".",
    "*", "**", "{a,b}", "{a,{b,c}", " to ", "10k", "5%", "1e308", "-1e308", "1e-320", "nan", "inf", "-0.0", "0", "9999999999999999999",
    "normal(1, 2)", "lognormal(p05=1, p95=9)", "mixture(50%: 1 to 2, 50%: 3)", "discrete(0: 50%, 1: 50%)", "truncated(0, 1)",
    "triangular(1, 2, 3)", "pert(1, 2, 3)", "beta(2, 3)", "bernoulli(10%)", "2022Q1", "2024-02-29", "2022Q1 = 1\n", "value = 1", "times = 0",
    "plus = -1", "unit = \"1\"", "\u{e9}\u{e9}", "\\u0020", "\u{1b}[31m", "\u{202e}", "\u{feff}", "\0", "\r\n", "\n---\n", "country.a", "@2024Q4",
];

/// Random numbers: xorshift, which is enough here.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below another.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % most.max(1)
    }
}

/// Makes an input of a corpus.
pub fn mutated(corpus: &[Vec<u8>], chance: &mut Chance, longest: usize) -> Vec<u8> {
    let mut bytes = corpus.get(chance.below(corpus.len())).cloned().unwrap_or_default();
    for _ in 0..=chance.below(8) {
        let at = chance.below(bytes.len() + 1);
        let to = (at + chance.below(16)).min(bytes.len());
        match chance.below(8) {
            0 if at < bytes.len() => bytes[at] = chance.below(256) as u8,
            1 => drop(bytes.drain(at..to)),
            2 => {
                let word = WORDS[chance.below(WORDS.len())];
                bytes.splice(at..to, word.bytes());
            }
            3 => {
                let word = WORDS[chance.below(WORDS.len())];
                bytes.splice(at..at, word.bytes());
            }
            4 => {
                let part = bytes[at..to].repeat(1 + chance.below(40));
                bytes.splice(at..at, part);
            }
            5 => {
                let other = &corpus[chance.below(corpus.len())];
                let from = chance.below(other.len() + 1);
                let part = other[from..(from + chance.below(200)).min(other.len())].to_vec();
                bytes.splice(at..at, part);
            }
            6 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            _ => {
                // Lines change places.
                let mut lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
                let (a, b) = (chance.below(lines.len()), chance.below(lines.len()));
                lines.swap(a, b);
                bytes = lines.join(&b'\n');
            }
        }
    }
    bytes.truncate(longest);
    bytes
}
