//! Malformed input against everything that reads: what is given to each target may be refused, but nothing may panic, and what
//! is accepted must run.

pub mod mutate;
pub mod targets;
