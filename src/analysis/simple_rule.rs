//! The rule of thumb that a model must beat: last year's volume, with what capital spending and performance grew by.

use crate::math::exp;
use crate::model::{Observation, SimpleRule};

/// What a published number is, in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// An amount over a quarter or over months.
    Flow,
    /// A sum up to a quarter's end.
    Sum,
    /// What there is at a time: a fleet, the largest run.
    Level,
}

/// A number that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// End of the time that it is about \[years\].
    pub ends: f64,
    /// How long that time is, of a flow \[years\].
    pub years: f64,
    /// The number.
    pub amount: f64,
}

impl Known {
    /// A published number's middle.
    pub fn new(observation: &Observation) -> Self {
        Self { ends: observation.ends(), years: length(observation), amount: observation.center() }
    }
}

/// Two times are one if they are less than a day apart \[years\].
const DAY: f64 = 0.002;

/// The rule's forecast of an observation, and its standard deviation \[ln\]; none where it has none.
///
/// - A flow: the year's volume up to the last known end, as large a part of it as the time is of a year, grown from the
///   middle of that year to the middle of the time.
/// - A sum: the last known one, and what the last year added, likewise for the time since.
/// - A level: the last known one, grown from then.
///
/// Money and chips grow as spending does, compute as spending times performance a dollar. Numbers without a unit have no
/// rule. The error grows with the years ahead; of a sum it is that of what is added.
pub fn simple_rule(
    rule: &SimpleRule,
    measure: Measure,
    unit: &str,
    known: &[Known],
    of: &Observation,
) -> Option<(f64, f64)> {
    let performance = match unit {
        "USD" | "chips" => false,
        "H100e" | "H100e-8bit" | "FLOP" | "TPP" => true,
        _ => return None,
    };
    let last = known.iter().copied().max_by(|a, b| a.ends.total_cmp(&b.ends))?;
    let growth = |from: f64, to: f64| rule.growth(from, to, performance);
    let (ends, middle_of_year) = (of.ends(), last.ends - 0.5);
    match measure {
        Measure::Level => {
            Some((last.amount * exp(growth(last.ends, ends)?), rule.error * (ends - last.ends)))
        }
        Measure::Flow => {
            let year = known.iter().filter(|k| k.ends - k.years > last.ends - 1.0 - DAY);
            let (covered, volume) = year.fold((0.0, 0.0), |(c, v), k| (c + k.years, v + k.amount));
            let middle = ends - 0.5 * length(of);
            let forecast = volume * length(of) * exp(growth(middle_of_year, middle)?);
            ((covered - 1.0).abs() < DAY).then_some((forecast, rule.error * (middle - middle_of_year)))
        }
        Measure::Sum => {
            let start = of.since.map(|q| f64::from(q.0) / 4.0);
            let before = last.ends - 1.0;
            let then = known.iter().find(|k| (k.ends - before).abs() < DAY).map(|k| k.amount);
            let then = then.or(start.filter(|s| (s - before).abs() < DAY).map(|_| 0.0))?;
            let middle = 0.5 * (last.ends + ends);
            let added = (last.amount - then) * (ends - last.ends) * exp(growth(middle_of_year, middle)?);
            let forecast = last.amount + added;
            Some((forecast, rule.error * (middle - middle_of_year) * added / forecast))
        }
    }
}

/// How long the time is that a flow is about \[years\].
fn length(o: &Observation) -> f64 {
    f64::from(o.months.map_or(3, crate::model::time::Months::len)) / 12.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{ln, pow};
    use crate::model::ObservationPlaces;
    use crate::model::time::{Month, Months, Quarter};

    /// Spending doubles from 2024 to 2025, performance a dollar grows by half.
    fn rule() -> SimpleRule {
        let spending = vec![(2023.5, ln(50.0)), (2024.5, ln(100.0)), (2025.5, ln(200.0))];
        SimpleRule { spending, performance: ln(1.5), error: 0.2 }
    }

    fn known(list: &[Observation]) -> Vec<Known> {
        list.iter().map(Known::new).collect()
    }

    fn of(quarter: &str, x: f64) -> Observation {
        Observation {
            metric: "shipped_chips".to_owned(),
            actor: "chip.a".to_owned(),
            quarter: Quarter::parse(quarter).unwrap(),
            months: None,
            low: None,
            central: Some(x),
            high: None,
            interval: 0.9,
            at_least: false,
            since: None,
            unit: None,
            group: None,
            source: String::new(),
            places: ObservationPlaces::default(),
        }
    }

    fn near(a: f64, b: f64) {
        assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
    }

    #[test]
    fn a_flow_by_hand() {
        let year = ["2024Q1", "2024Q2", "2024Q3", "2024Q4"].map(|q| of(q, 10.0));
        let flow = |unit, to: &Observation| simple_rule(&rule(), Measure::Flow, unit, &known(&year), to);
        // 40 a year, a quarter of it, grown over 1 year from the middle of 2024 to that of 2025Q2 and Q3's border.
        let (x, sd) = flow("chips", &of("2025Q2", 0.0)).unwrap();
        near(x, 10.0 * pow(2.0, 0.875));
        near(sd, 0.2 * 0.875);
        near(flow("H100e", &of("2025Q2", 0.0)).unwrap().0, 10.0 * pow(3.0, 0.875));
        // November to January is a quarter of a year too, whose middle is in the middle of December.
        let months = Months { first: Month(24_298), last: Month(24_300) };
        let fiscal = Observation { months: Some(months), ..of("2025Q1", 0.0) };
        assert_eq!(months.first.to_string(), "2024-11");
        near(flow("chips", &fiscal).unwrap().0, 10.0 * pow(2.0, 11.5 / 12.0 - 0.5));
        // Not a whole year: no volume of a year. Without a unit: no rule. Beyond what spending is given for: none.
        assert_eq!(
            simple_rule(&rule(), Measure::Flow, "chips", &known(&year[1..]), &of("2025Q2", 0.0)),
            None
        );
        assert_eq!(flow("1", &of("2025Q2", 0.0)), None);
        assert_eq!(flow("chips", &of("2026Q4", 0.0)), None);
    }

    #[test]
    fn a_sum_and_a_level_by_hand() {
        let since = Some(Quarter::new(2023, 1));
        let sum = |q: &str, x: f64| Observation { since, ..of(q, x) };
        let all = known(&[sum("2023Q4", 100.0), sum("2024Q2", 180.0), sum("2024Q4", 300.0)]);
        // 200 were added in 2024; half a year on, 100 grown from mid-2024 over 0.75 years.
        let (x, sd) = simple_rule(&rule(), Measure::Sum, "chips", &all, &sum("2025Q2", 0.0)).unwrap();
        let added = 100.0 * pow(2.0, 0.75);
        near(x, 300.0 + added);
        near(sd, 0.2 * 0.75 * added / (300.0 + added));
        // A sum that began a year ago started from nothing; one that began later has no year.
        let young = |q: i32| Observation { since: Some(Quarter::new(2024, q)), ..of("2025Q2", 0.0) };
        let (x, _) = simple_rule(&rule(), Measure::Sum, "chips", &all[2..], &young(1)).unwrap();
        near(x, 300.0 + 150.0 * pow(2.0, 0.75));
        assert_eq!(simple_rule(&rule(), Measure::Sum, "chips", &all[2..], &young(2)), None);
        let level = known(&[of("2024Q2", 7.0), of("2024Q4", 8.0)]);
        let (x, sd) = simple_rule(&rule(), Measure::Level, "FLOP", &level, &of("2025Q2", 0.0)).unwrap();
        near(x, 8.0 * 3_f64.sqrt());
        near(sd, 0.1);
    }
}
