//! What people call actors, where a scenario says it; their ids are for what is typed.

use super::Model;
use super::ids::Named;

impl Model {
    /// What people call an actor: of `lab.meta` it is Meta; an actor without a title keeps its name.
    pub fn title_of(&self, actor: &str) -> String {
        fn titled<T: Named>(all: &[T], id: &str, title: fn(&T) -> &String) -> Option<String> {
            all.iter().find(|row| row.name() == id).map(|row| title(row).clone())
        }
        let found = actor.split_once('.').and_then(|(kind, id)| match kind {
            "country" => titled(&self.countries, id, |x| &x.title),
            "group" => titled(&self.groups, id, |x| &x.title),
            "facility" => titled(&self.facilities, id, |x| &x.title),
            "designer" => titled(&self.designers, id, |x| &x.title),
            "chip" => titled(&self.chips, id, |x| &x.title),
            "buyer" => titled(&self.buyers, id, |x| &x.title),
            "lab" => titled(&self.labs, id, |x| &x.title),
            "rule" => titled(&self.rules, id, |x| &x.title),
            "shock" => titled(&self.shocks, id, |x| &x.title),
            _ => None,
        });
        found.filter(|title| !title.is_empty()).unwrap_or_else(|| actor.to_owned())
    }
}
