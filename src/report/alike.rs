//! Paths and actors that are told together, since the same is said of them.

/// The table of a path, and its last part if it is more than a row.
pub(super) fn kind_of(path: &str) -> (Option<&str>, Option<&str>) {
    let parts: Vec<&str> = path.split('.').collect();
    (parts.first().copied(), if parts.len() > 2 { parts.last().copied() } else { None })
}

/// Names as one: `route.{gamma, delta}.detection` where they differ in one part, else a list.
pub(super) fn together(names: &[&str]) -> String {
    let split: Vec<Vec<&str>> = names.iter().map(|n| n.split('.').collect()).collect();
    let [first, others @ ..] = split.as_slice() else { return String::new() };
    let differs = |i: usize| others.iter().any(|o| o.get(i) != first.get(i));
    let apart: Vec<usize> = (0..first.len()).filter(|&i| differs(i)).collect();
    match apart.as_slice() {
        &[place] if others.iter().all(|o| o.len() == first.len()) => {
            let list: Vec<&str> = split.iter().map(|s| s[place]).collect();
            let mut parts: Vec<String> = first.iter().map(|&part| part.to_owned()).collect();
            parts[place] = format!("{{{}}}", list.join(", "));
            parts.join(".")
        }
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_one_part_are_one() {
        assert_eq!(
            together(&["route.gamma.detection", "route.delta.detection"]),
            "route.{gamma, delta}.detection"
        );
        assert_eq!(together(&["world", "country.a"]), "world, country.a");
        assert_eq!(together(&["lab.a"]), "lab.a");
    }
}
