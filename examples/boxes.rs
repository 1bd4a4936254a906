//! The boxes that peeling and pasting make of a table, for whoever holds them against another program.
//!
//! `cargo run --release --example boxes TABLE.csv [LEAST]`: the last column says with 1 or 0 whether a row is a case; a box keeps at
//! least that share of rows. Printed are steps as CSV, and the limits of the last one.

use chokepoint::internals::analysis::prim::Cases;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("name a table")?;
    let least: f64 = arguments.next().map_or(Ok(0.05), |text| text.parse())?;
    let mut reader = csv::Reader::from_path(path)?;
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let mut columns: Vec<Vec<f32>> = vec![Vec::new(); names.len()];
    for row in reader.records() {
        for (column, cell) in columns.iter_mut().zip(&row?) {
            column.push(cell.parse()?);
        }
    }
    let cases: Vec<bool> = columns.pop().ok_or("no columns")?.iter().map(|x| *x > 0.5).collect();
    let everything: Vec<u32> = (0..cases.len() as u32).collect();
    let least = (least * cases.len() as f64).ceil() as usize;
    let cases = Cases::new(&columns, cases);
    let steps = cases.search(&everything, least);
    println!("step,restricted,draws,cases");
    for (i, step) in steps.iter().enumerate() {
        println!("{i},{},{},{}", step.score.restricted, step.score.draws, step.score.cases);
    }
    println!("\npath,low,high");
    let shown = |limit: Option<f64>| limit.map_or_else(String::new, |x| x.to_string());
    for range in steps.last().map_or_else(Vec::new, |step| cases.ranges(&step.limits)) {
        println!("{},{},{}", names[range.input], shown(range.low), shown(range.high));
    }
    Ok(())
}
