//! Keys of an earlier edition of the model, and what took their place.

/// What took the place of the key that a path, or a pattern of paths, names, if it is one of an earlier edition.
pub fn replaced(path: &str) -> Option<&'static str> {
    let mut parts = path.split('.');
    let (table, key) = (parts.next(), parts.nth(1));
    let power = table == Some("country") && key == Some("power");
    power.then_some(
        "`halls`, `grid` and `on_site` took its place: what is built, connected and generated there",
    )
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn keys_of_the_first_edition_name_what_took_their_place() {
        for path in ["country.us.power", "country.{us,china}.power", "country.*.power.2024Q4"] {
            assert!(replaced(path).is_some_and(|help| help.contains("`grid`")), "{path}");
        }
        assert_eq!(replaced("country.us.grid"), None);
        assert_eq!(replaced("shock.blackout.power"), None);
    }
}
