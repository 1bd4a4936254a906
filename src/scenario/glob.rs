//! Patterns over paths: `*` stands for anything within a segment, `**` for anything, `{a,b}` for either.

use super::limits::PATTERN;

/// Whether a path matches a pattern; segments are separated by `.`, `/` or `@`.
pub fn glob_match(pattern: &str, path: &str) -> bool {
    Glob::new(pattern).matches(path)
}

/// Whether a text is a pattern rather than a path.
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '{'])
}

/// Whether a pattern is longer than one may be.
pub fn is_too_long(pattern: &str) -> bool {
    pattern.len() > PATTERN
}

/// What stands at one place of a pattern, and where to go on if it is met, or before it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// This byte.
    Byte(u8),
    /// Anything; `true` beyond a segment too.
    Any(bool),
    /// One of the places.
    Fork(usize, usize),
    /// Go on there.
    Jump(usize),
}

/// A pattern, read once and matched many times: in time that grows with the pattern times the path, whatever stands in it.
#[derive(Clone, Debug)]
pub struct Glob {
    parts: Vec<Part>,
    /// The bytes before the first star or choice: most paths differ there.
    plain: Vec<u8>,
}

impl Glob {
    /// Reads a pattern. One that is longer than may be matches nothing.
    pub fn new(pattern: &str) -> Self {
        let mut parts = Vec::new();
        if is_too_long(pattern) {
            return Self { parts: vec![Part::Jump(0)], plain: Vec::new() };
        }
        let bytes = pattern.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            at = match bytes[at] {
                b'*' => star(bytes, at, bytes.len(), &mut parts),
                b'{' => match bytes[at..].iter().position(|b| *b == b'}') {
                    Some(length) => {
                        choice(&bytes[at + 1..at + length], &mut parts);
                        at + length + 1
                    }
                    None => byte(bytes[at], at, &mut parts),
                },
                other => byte(other, at, &mut parts),
            };
        }
        let plain = parts.iter().map_while(|part| if let Part::Byte(b) = part { Some(*b) } else { None });
        Self { plain: plain.collect(), parts }
    }

    /// Whether a path matches.
    pub fn matches(&self, path: &str) -> bool {
        let path = path.as_bytes();
        let plain = self.plain.len();
        if !path.starts_with(&self.plain) {
            return false;
        }
        if plain == self.parts.len() {
            return path.len() == plain;
        }
        let mut at = Places::new(self.parts.len());
        let mut next = Places::new(self.parts.len());
        at.enter(&self.parts, plain);
        for &byte in &path[plain..] {
            for &place in &at.list {
                match self.parts.get(place) {
                    Some(Part::Byte(b)) if *b == byte => next.enter(&self.parts, place + 1),
                    Some(Part::Any(true)) => next.enter(&self.parts, place),
                    Some(Part::Any(false)) if !matches!(byte, b'.' | b'/' | b'@') => {
                        next.enter(&self.parts, place);
                    }
                    _ => {}
                }
            }
            if next.list.is_empty() {
                return false;
            }
            std::mem::swap(&mut at, &mut next);
            next.clear();
        }
        at.seen[self.parts.len()]
    }
}

fn byte(byte: u8, at: usize, parts: &mut Vec<Part>) -> usize {
    parts.push(Part::Byte(byte));
    at + 1
}

fn star(bytes: &[u8], at: usize, end: usize, parts: &mut Vec<Part>) -> usize {
    let double = at + 1 < end && bytes[at + 1] == b'*';
    parts.push(Part::Any(double));
    at + 1 + usize::from(double)
}

/// `{a,b}`: forks to each choice, which go on behind the last. A brace within has no meaning of its own.
fn choice(inner: &[u8], parts: &mut Vec<Part>) {
    let choices: Vec<&[u8]> = inner.split(|b| *b == b',').map(<[u8]>::trim_ascii).collect();
    let mut ends = Vec::new();
    for (i, one) in choices.iter().enumerate() {
        let last = i + 1 == choices.len();
        let fork = parts.len();
        if !last {
            parts.push(Part::Fork(0, 0));
        }
        let mut at = 0;
        while at < one.len() {
            at = if one[at] == b'*' { star(one, at, one.len(), parts) } else { byte(one[at], at, parts) };
        }
        if !last {
            ends.push(parts.len());
            parts.push(Part::Jump(0));
            parts[fork] = Part::Fork(fork + 1, parts.len());
        }
    }
    let behind = parts.len();
    for end in ends {
        parts[end] = Part::Jump(behind);
    }
}

/// Places of a pattern that a path has come to.
struct Places {
    seen: Vec<bool>,
    list: Vec<usize>,
    /// Places to come to; kept for its room.
    open: Vec<usize>,
}

impl Places {
    fn new(parts: usize) -> Self {
        Self { seen: vec![false; parts + 1], list: Vec::new(), open: Vec::new() }
    }

    fn clear(&mut self) {
        for place in self.list.drain(..) {
            self.seen[place] = false;
        }
    }

    /// Comes to a place, and to all that lie behind it without a byte.
    fn enter(&mut self, parts: &[Part], place: usize) {
        self.open.push(place);
        while let Some(place) = self.open.pop() {
            if std::mem::replace(&mut self.seen[place], true) {
                continue;
            }
            self.list.push(place);
            match parts.get(place) {
                Some(Part::Any(_)) => self.open.push(place + 1),
                Some(&Part::Fork(a, b)) => self.open.extend([a, b]),
                Some(&Part::Jump(to)) => self.open.push(to),
                Some(Part::Byte(_)) | None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_stay_in_their_segment_unless_doubled() {
        assert!(glob_match("route.*.detection", "route.malaysia.detection"));
        assert!(!glob_match("route.*", "route.malaysia.detection"));
        assert!(glob_match("route.**", "route.malaysia.detection"));
        assert!(glob_match("lab.*/reachable_flop@*Q4", "lab.meta/reachable_flop@2026Q4"));
        assert!(!glob_match("lab.*/reachable_flop@*Q4", "lab.meta/reachable_flop@2026Q3"));
        assert!(glob_match("country.{us,china}/*@*", "country.china/run_flop@2024Q4"));
        assert!(glob_match("country.{us, china}.{a,b}.**", "country.china.b.c.d"));
        assert!(!glob_match("country.{us,china}", "country.ch"));
        assert!(glob_match("**", "anything.at/all@2022Q1"));
        assert!(glob_match("a{", "a{") && glob_match("", "") && !glob_match("", "a"));
    }

    #[test]
    fn what_doubles_and_doubles_again_takes_no_longer() {
        let path = "a".repeat(400);
        for pattern in
            ["{a,b}".repeat(150), "**a".repeat(300) + "b", "*".repeat(800) + "b", "{a,aa}".repeat(120)]
        {
            for _ in 0..20 {
                let _ = glob_match(&pattern, &path);
            }
        }
        assert!(glob_match(&"{a,b}".repeat(150), &"ab".repeat(75)));
        assert!(!glob_match(&"*".repeat(PATTERN + 1), "a"));
    }

    /// The meaning in the plainest way: all alternatives, each matched by trying.
    fn plainly(pattern: &str, path: &str) -> bool {
        fn all(pattern: &str) -> Vec<String> {
            let Some(open) = pattern.find('{') else { return vec![pattern.to_owned()] };
            let Some(close) = pattern[open..].find('}').map(|i| open + i) else {
                return vec![pattern.to_owned()];
            };
            let choices = pattern[open + 1..close].split(',');
            choices
                .flat_map(|c| all(&pattern[close + 1..]).into_iter().map(move |rest| (c.trim(), rest)))
                // The mark matches nothing: it keeps stars apart that a choice brings together.
                .map(|(c, rest)| format!("{}\u{1}{c}\u{1}{rest}", &pattern[..open]))
                .collect()
        }
        fn one(pattern: &[u8], path: &[u8]) -> bool {
            match pattern {
                [] => path.is_empty(),
                [1, rest @ ..] => one(rest, path),
                [b'*', b'*', rest @ ..] => (0..=path.len()).any(|i| one(rest, &path[i..])),
                [b'*', rest @ ..] => {
                    let end = path.iter().position(|c| b"./@".contains(c)).unwrap_or(path.len());
                    (0..=end).any(|i| one(rest, &path[i..]))
                }
                [c, rest @ ..] => path.first() == Some(c) && one(rest, &path[1..]),
            }
        }
        all(pattern).iter().any(|p| one(p.as_bytes(), path.as_bytes()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn patterns_mean_what_writing_them_out_means(pattern in "[ab.*,]{0,5}(\\{[ab,*]{0,4}\\}[ab*]{0,2}){0,2}", path in "[ab.]{0,7}") {
            prop_assert_eq!(glob_match(&pattern, &path), plainly(&pattern, &path), "{} {}", pattern, path);
        }
    }
}
