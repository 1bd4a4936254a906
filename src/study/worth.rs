//! What learning each input before choosing among policies is worth, in the objective's units.

use super::compare::Compare;
use super::drawn::Drawn;
use super::error::Error;
use super::gather::pool;
use super::request::{CompareRequest, WorthRequest};
use super::watch::Watch;
use crate::analysis::Objective;
use crate::analysis::worth::{Choices, Worth, curve, strike};
use crate::math::inverse_normal;
use crate::report::{WorthReport, WorthRow};
use crate::scenario::Glob;
use rayon::prelude::*;

/// Columns that are regressed on together at most: a group's inputs have three each.
const COLUMNS: usize = 90;

/// Simulates the draws under every policy and says what each input is worth.
///
/// # Errors
/// If the request cannot be read, the scenario has errors, no draw counts, or it is stopped.
pub fn worth(request: &WorthRequest, watch: &dyn Watch) -> Result<WorthReport, Error> {
    let objective = Objective::parse(&request.objective)?;
    let compared = CompareRequest {
        scenario: request.scenario.clone(),
        policies: request.policies.clone(),
        objectives: vec![request.objective.clone()],
        simulation: request.simulation.clone(),
        ..CompareRequest::new(request.scenario.scenario.clone())
    };
    let mut simulation = compared.simulation.clone();
    simulation.select = vec![objective.cell.clone()];
    let Compare { mut base, others, .. } = Compare::open(&CompareRequest { simulation, ..compared }, watch)?;
    let drawn = Drawn::simulate(&mut base, &others, ("--objective", &objective.cell), watch)?;
    let Drawn { inputs, columns, values, replicates, .. } = drawn;
    let count = replicates.len();
    let choices = Choices::new(&values, objective.sense.sign(), replicates);
    let pool = pool(request.simulation.threads)?;
    let never = base.plan.quarters as f32;
    let regressors: Vec<Vec<Vec<f64>>> = pool.install(|| {
        let all = columns.par_iter().zip(&inputs);
        all.map(|(column, input)| {
            if input.since.is_some() {
                let share = |x: &f32| (*x < never).then(|| f64::from(x / never));
                strike(column.iter().map(share))
            } else {
                curve(scores(column).into_iter())
            }
        })
        .collect()
    });
    let mut asked: Vec<(String, Vec<usize>)> = Vec::new();
    for pattern in &request.groups {
        let glob = Glob::new(pattern);
        let members: Vec<usize> = (0..inputs.len()).filter(|&i| glob.matches(&inputs[i].path)).collect();
        let most = COLUMNS.min(count / 16);
        match 3 * members.len() {
            0 => {
                let near = crate::scenario::suggest(pattern, inputs.iter().map(|i| i.path.as_str()));
                let near = near.map(str::to_owned);
                return Err(Error::NoInput { pattern: pattern.clone(), near });
            }
            columns if columns > most => {
                return Err(Error::LargeGroup {
                    pattern: pattern.clone(),
                    inputs: members.len(),
                    most: most / 3,
                });
            }
            _ => asked.push((pattern.clone(), members)),
        }
    }
    let questions = inputs.len() + asked.len();
    let (alone, grouped): (Vec<Worth>, Vec<Worth>) = pool.install(|| {
        let alone = regressors.par_iter().map(|columns| choices.worth(columns, questions)).collect();
        let together = |(_, members): &(String, Vec<usize>)| {
            let columns: Vec<Vec<f64>> = members.iter().flat_map(|&i| regressors[i].clone()).collect();
            choices.worth(&columns, questions)
        };
        (alone, asked.par_iter().map(together).collect())
    });
    let mut rows: Vec<WorthRow> = inputs
        .iter()
        .zip(alone)
        .map(|(input, worth)| WorthRow { path: input.path.clone(), grade: input.grade, inputs: 1, worth })
        .collect();
    let groups = asked.into_iter().zip(grouped);
    rows.extend(groups.map(|((path, members), worth)| {
        let one = |i: &usize| inputs[*i].grade;
        // A group has the grade that all of it has.
        let grade = members.first().map_or("", one);
        let grade = if members.iter().all(|i| one(i) == grade) { grade } else { "" };
        WorthRow { path, grade, inputs: members.len(), worth }
    }));
    let names: Vec<String> = std::iter::once(&base).chain(&others).map(super::Simulation::policy).collect();
    Ok(WorthReport::new(
        base.plan.model.title.clone(),
        (
            request.objective.clone(),
            base.recording.names[base.place("--objective", &objective.cell)?].unit.clone(),
        ),
        (names[choices.best()].clone(), names.len()),
        count,
        choices.perfect(),
        rows,
    ))
}

/// Normal scores of values by their ranks; equal ones have the same.
fn scores(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut scores = vec![0.0; values.len()];
    let n = values.len() as f64;
    let mut from = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let middle = (from as f64 + 0.5 * equal.len() as f64) / n;
        for &i in equal {
            scores[i] = inverse_normal(middle);
        }
        from += equal.len();
    }
    scores
}
