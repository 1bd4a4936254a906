//! What a field asks of its value: unit, domain, default. (contract; the reader is being built)

/// What a field asks of its value.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code)]
pub struct Spec;

#[allow(missing_docs, clippy::missing_docs_in_private_items, clippy::return_self_not_must_use)]
impl Spec {
    pub const fn none() -> Self {
        Self
    }
    pub const fn required() -> Self {
        Self
    }
    pub const fn unit(_: &'static str) -> Self {
        Self
    }
    pub const fn share() -> Self {
        Self
    }
    pub const fn growth() -> Self {
        Self
    }
    pub const fn rate_of_good() -> Self {
        Self
    }
    pub const fn unit_of_good() -> Self {
        Self
    }
    pub const fn effects(_: &'static [&'static str], _to: bool) -> Self {
        Self
    }
    pub const fn at_least(self, _: f64) -> Self {
        self
    }
    pub const fn between(self, _: f64, _: f64) -> Self {
        self
    }
    pub const fn positive(self) -> Self {
        self
    }
    pub const fn or(self, _: &'static str) -> Self {
        self
    }
}
