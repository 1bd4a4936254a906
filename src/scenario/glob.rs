//! Patterns over paths: `*` stands for anything within a segment, `**` for anything, `{a,b}` for either.

/// Whether a path matches a pattern; segments are separated by `.`, `/` or `@`.
pub fn glob_match(pattern: &str, path: &str) -> bool {
    alternatives(pattern).iter().any(|p| matches(p.as_bytes(), path.as_bytes()))
}

/// Whether a text is a pattern rather than a path.
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '{'])
}

/// Expands `{a,b}`.
fn alternatives(pattern: &str) -> Vec<String> {
    let Some(open) = pattern.find('{') else { return vec![pattern.to_owned()] };
    let Some(close) = pattern[open..].find('}').map(|i| open + i) else { return vec![pattern.to_owned()] };
    pattern[open + 1..close]
        .split(',')
        .flat_map(|choice| {
            alternatives(&format!("{}{}{}", &pattern[..open], choice.trim(), &pattern[close + 1..]))
        })
        .collect()
}

fn matches(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => path.is_empty(),
        [b'*', b'*', rest @ ..] => (0..=path.len()).any(|i| matches(rest, &path[i..])),
        [b'*', rest @ ..] => {
            let end = path.iter().position(|c| matches!(c, b'.' | b'/' | b'@')).unwrap_or(path.len());
            (0..=end).any(|i| matches(rest, &path[i..]))
        }
        [c, rest @ ..] => path.first() == Some(c) && matches(rest, &path[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_in_their_segment_unless_doubled() {
        assert!(glob_match("route.*.detection", "route.malaysia.detection"));
        assert!(!glob_match("route.*", "route.malaysia.detection"));
        assert!(glob_match("route.**", "route.malaysia.detection"));
        assert!(glob_match("lab.*/reachable_flop@*Q4", "lab.meta/reachable_flop@2026Q4"));
        assert!(!glob_match("lab.*/reachable_flop@*Q4", "lab.meta/reachable_flop@2026Q3"));
        assert!(glob_match("country.{us,china}/*@*", "country.china/run_flop@2024Q4"));
        assert!(glob_match("**", "anything.at/all@2022Q1"));
    }
}
