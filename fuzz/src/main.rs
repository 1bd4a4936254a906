//! The targets on a stable compiler: `chokepoint-fuzz TARGET [--seconds S] [--runs N] [--seed X] [--corpus DIR]`. Inputs that panic
//! or take longer than five seconds are kept in `artifacts`, and end the program with exit code 1.

use chokepoint_fuzz::mutate::{Chance, mutated};
use chokepoint_fuzz::targets::ALL;
use cpu_time::ThreadTime;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The longest that an input may take of the processor, in a build with checks of overflow.
const SLOW: Duration = Duration::from_secs(5);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let named = |name: &str| words.iter().position(|w| w == name).and_then(|i| words.get(i + 1));
    let number = |name: &str, or: u64| named(name).map_or(or, |w| w.parse().expect("a number"));
    let name = words.first().map_or("", String::as_str);
    let Some((_, target)) = ALL.iter().find(|(n, _)| *n == name) else {
        eprintln!("targets: {}", ALL.map(|(n, _)| n).join(", "));
        std::process::exit(2);
    };
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = named("--corpus").map_or_else(|| here.join("corpus").join(name), PathBuf::from);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).expect("a corpus").flatten().map(|e| e.path()).collect();
    files.sort();
    let corpus: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(f).expect("a file")).collect();
    assert!(!corpus.is_empty(), "{} is empty", folder.display());
    let (seconds, runs) = (number("--seconds", 20), number("--runs", u64::MAX));
    let mut chance = Chance::new(number("--seed", 1));
    let start = Instant::now();
    let (mut done, mut bad) = (0_u64, 0_u64);
    let mut slowest = Duration::ZERO;
    std::panic::set_hook(Box::new(|_| {}));
    let mut seeds = corpus.iter();
    while done < runs && start.elapsed() < Duration::from_secs(seconds) {
        // The corpus as it stands comes first.
        let input = seeds.next().cloned().unwrap_or_else(|| mutated(&corpus, &mut chance, 20_000));
        let began = ThreadTime::now();
        let outcome = std::panic::catch_unwind(|| target(&input));
        let took = began.elapsed();
        slowest = slowest.max(took);
        done += 1;
        if outcome.is_err() || took > SLOW {
            bad += 1;
            let what = match &outcome {
                Err(panic) => panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
                    .unwrap_or_default(),
                Ok(()) => format!("took {took:?}"),
            };
            let artifacts = here.join("artifacts").join(name);
            std::fs::create_dir_all(&artifacts).expect("a folder");
            let file = artifacts.join(format!("{bad:04}"));
            std::fs::write(&file, &input).expect("a file");
            println!("{}: {}", file.display(), what.lines().take(12).collect::<Vec<_>>().join("\n  "));
            if bad >= number("--stop", 20) {
                break;
            }
        }
    }
    println!("{name}: {done} inputs in {:.0} s, slowest {slowest:?}, {bad} bad", start.elapsed().as_secs_f64());
    std::process::exit(i32::from(bad > 0));
}
