//! Tables in Parquet hold the same numbers and the same gaps as those in CSV, whatever rows a table has.

use chokepoint::internals::math::{Lanes, Mask, WIDTH};
use chokepoint::internals::model::time::Quarter;
use chokepoint::internals::results::{Cell, DrawsTable, ExportFormat, Folder, InputsTable, Opened, Wanted};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use parquet::record::Field;
use std::fs::{self, File};
use std::path::Path;

fn folder(path: &Path) -> Folder {
    let wanted = Wanted { identity: "tables", part: None, force: true, resume: false, audit: false };
    match Folder::open(path, &wanted).unwrap() {
        Opened::Ready(folder, _) => folder,
        Opened::Complete => panic!("complete"),
    }
}

/// Rows as text, a gap being empty.
fn rows_of_parquet(path: &Path) -> Vec<Vec<String>> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let text = |field: &Field| match field {
        Field::Null => String::new(),
        Field::Double(x) => x.to_string(),
        Field::Long(n) => n.to_string(),
        Field::Str(text) => text.clone(),
        other => panic!("{other}"),
    };
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| row.unwrap().get_column_iter().map(|(_, field)| text(field)).collect()).collect()
}

/// Rows as text, numbers written alike.
fn rows_of_csv(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    let shown = |part: &str| part.parse::<f64>().map_or_else(|_| part.to_owned(), |x| x.to_string());
    text.lines().skip(1).map(|line| line.split(',').map(shown).collect()).collect()
}

/// Least, greatest and number of gaps, as the footer has them by row group, against the rows.
fn check_footer(path: &Path, rows: &[Vec<String>]) {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let mut before = 0;
    for group in reader.metadata().row_groups() {
        let here = &rows[before..before + group.num_rows() as usize];
        before += here.len();
        for (i, column) in group.columns().iter().enumerate() {
            let found = here.iter().map(|row| &row[i]);
            match column.statistics().unwrap() {
                Statistics::Double(told) => {
                    let numbers: Vec<f64> = found.clone().filter_map(|x| x.parse().ok()).collect();
                    assert_eq!(told.null_count_opt(), Some((here.len() - numbers.len()) as u64));
                    let least = numbers.iter().copied().reduce(f64::min);
                    let most = numbers.iter().copied().reduce(f64::max);
                    assert_eq!((told.min_opt().copied(), told.max_opt().copied()), (least, most));
                }
                Statistics::Int64(told) => {
                    let numbers: Vec<i64> = found.map(|x| x.parse().unwrap()).collect();
                    assert_eq!(
                        (told.min_opt(), told.max_opt()),
                        (numbers.iter().min(), numbers.iter().max())
                    );
                }
                Statistics::ByteArray(told) => {
                    let ends = [told.min_opt(), told.max_opt()].map(|t| t.unwrap().as_utf8().unwrap());
                    assert_eq!(ends, [found.clone().min().unwrap(), found.clone().max().unwrap()]);
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(before, rows.len());
}

/// Values of a batch's cells: of all sizes and signs, with zeros, and with gaps where `gaps` says.
fn batch(cells: usize, seed: u64, gaps: bool) -> Vec<Lanes> {
    let value = |c: usize, lane: usize| {
        let bits = (seed * 64 + (c * WIDTH + lane) as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        match bits >> 61 {
            0 => 0.0,
            1 => (bits % 1000) as f64,
            2 if gaps => [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][(bits % 3) as usize],
            _ => {
                (bits % 1_000_003) as f64
                    * 10_f64.powi((bits >> 32) as i32 % 40 - 20)
                    * if bits & 8 == 0 { 1.0 } else { -1.0 }
            }
        }
    };
    (0..cells).map(|c| Lanes::from_fn(|lane| value(c, lane))).collect()
}

/// Cells of actors that have some of the metrics in some of the quarters.
fn cells(actors: usize, quarters: usize) -> Vec<Cell> {
    let one = |actor: usize, quarter: usize, metric: usize| Cell {
        actor: format!("lab.a{actor}"),
        metric: format!("metric{metric}"),
        unit: "FLOP".to_owned(),
        quarter: Quarter::new(2022 + (quarter / 4) as i32, (quarter % 4 + 1) as i32),
    };
    let mut cells = Vec::new();
    for metric in 0..7 {
        for actor in 0..actors {
            for quarter in
                (0..quarters).filter(|q| !(q * (metric + 1) + actor).is_multiple_of(3) || metric == 0)
            {
                cells.push(one(actor, quarter, metric));
            }
        }
    }
    cells
}

#[test]
fn tables_of_draws_are_the_same_in_both_formats() {
    let root = tempfile::tempdir().unwrap();
    for (actors, quarters, gaps) in [(1, 1, false), (3, 5, true), (40, 60, false), (90, 60, true)] {
        let cells = cells(actors, quarters);
        let mut rounds: Vec<Vec<Vec<Lanes>>> = Vec::new();
        for (round, batches) in [8, 3, 1].into_iter().enumerate() {
            rounds.push((0..batches).map(|b| batch(cells.len(), (round * 10 + b) as u64, gaps)).collect());
        }
        let path = root.path().join(format!("{actors}-{quarters}"));
        let mut open = folder(&path);
        for format in [ExportFormat::Csv, ExportFormat::Parquet] {
            let name = format!("draws.{}", format.extension());
            let all: Vec<usize> = (0..cells.len()).collect();
            let mut table = DrawsTable::new(format, open.create(&name).unwrap(), &cells, &all).unwrap();
            for (policy, first) in [("base", 0), ("other \"one\"", 100)] {
                for (round, batches) in rounds.iter().enumerate() {
                    // Some draws do not count; in one round none does.
                    let counts = |b: usize, lane: usize| !(lane + b).is_multiple_of(3) && round != 1;
                    let mask = |b| {
                        Mask::from(std::array::from_fn(|lane| if counts(b, lane) { u64::MAX } else { 0 }))
                    };
                    let masks: Vec<Mask> = (0..batches.len()).map(mask).collect();
                    table.write(policy, first + 10 * round as u64, batches, &masks).unwrap();
                }
            }
            open.finish(table.finish().unwrap()).unwrap();
        }
        open.publish().unwrap();
        let rows = rows_of_parquet(&path.join("draws.parquet"));
        let quoted = |mut row: Vec<String>| {
            row[2] = row[2].replace("\"other \"\"one\"\"\"", "other \"one\"");
            row
        };
        let text: Vec<_> = rows_of_csv(&path.join("draws.csv")).into_iter().map(quoted).collect();
        assert!(rows.len() > 20 && rows == text, "{actors} actors, {quarters} quarters");
        check_footer(&path.join("draws.parquet"), &rows);
    }
}

#[test]
fn tables_of_inputs_are_the_same_in_both_formats() {
    let root = tempfile::tempdir().unwrap();
    let paths: Vec<String> = (0..23).map(|i| format!("path{i}")).collect();
    let mut open = folder(root.path());
    for format in [ExportFormat::Csv, ExportFormat::Parquet] {
        let name = format!("inputs.{}", format.extension());
        let quantities = paths.iter().map(|p| (p.clone(), "1".to_owned()));
        let mut table = InputsTable::new(format, open.create(&name).unwrap(), quantities).unwrap();
        for round in 0..30 {
            let batches: Vec<_> = (0..40).map(|b| batch(paths.len(), round * 40 + b, round == 2)).collect();
            table.write(round * 40, &batches, &[Mask::splat(true); 40]).unwrap();
        }
        open.finish(table.finish().unwrap()).unwrap();
    }
    open.publish().unwrap();
    let rows = rows_of_parquet(&root.path().join("inputs.parquet"));
    assert_eq!(rows.len(), 30 * 40 * WIDTH);
    assert_eq!(rows, rows_of_csv(&root.path().join("inputs.csv")));
    check_footer(&root.path().join("inputs.parquet"), &rows);
    // A row group has many rounds, so that the footer of a long run stays small.
    let reader = SerializedFileReader::new(File::open(root.path().join("inputs.parquet")).unwrap()).unwrap();
    assert_eq!(reader.metadata().row_groups().len(), 2);
}
