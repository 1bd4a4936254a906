//! The response table of the baseline: levers a fifth up and down, what that does to the headline's outcomes, as Markdown.
//!
//! `cargo run --release --example response [SCENARIO] [DRAWS]`

use chokepoint::study::{Error, PolicySource, Sampling, ScenarioRequest, Simulation, SimulationRequest};

/// A lever: its name, the paths that it multiplies, and those that it divides.
type Lever = (&'static str, &'static [&'static str], &'static [&'static str]);

const LEVERS: [Lever; 24] = [
    ("CoWoS capacity", &["facility.{tsmc,ase}-cowos.capacity"], &[]),
    ("HBM capacity, outside China", &["facility.{skhynix,samsung,micron}-hbm.capacity"], &[]),
    ("HBM of China's makers", &["facility.{cxmt-hbm,china-hbm-others}.capacity"], &[]),
    ("China's packaging", &["facility.{china-packaging,hchiplet}.capacity"], &[]),
    ("N5/N4 capacity", &["facility.{tsmc-n5,tsmc-arizona}.capacity"], &[]),
    ("N3 and N2 capacity", &["facility.{tsmc-n3,tsmc-arizona-n3,tsmc-n2}.capacity"], &[]),
    ("Wafers that phones and PCs want (inverse)", &[], &["facility.{tsmc-*,smic-n2}.others"]),
    ("SMIC capacity", &["facility.smic-{n2,n3}.capacity"], &[]),
    ("SMIC yield (defects, inverse)", &[], &["facility.smic-{n2,n3}.defect_density"]),
    ("SMIC's independence of EUV (inverse)", &[], &["facility.smic-n3.dependence.euv"]),
    ("Capacity's answer to scarcity", &["facility.*.answer"], &[]),
    (
        "American budgets",
        &["buyer.{microsoft,meta,amazon,google,oracle,coreweave,xai,tesla,other-us}.budget"],
        &[],
    ),
    (
        "Chinese budgets",
        &["buyer.{alibaba,tencent,bytedance,baidu,china-telecom,high-flyer,huawei-cloud,china-other}.budget"],
        &[],
    ),
    ("Money's answer to access", &["trade.access_elasticity"], &[]),
    ("Commitments", &["commitment.*.units"], &[]),
    ("American halls", &["country.us.halls"], &[]),
    ("American grid and own power", &["country.us.{grid,on_site}"], &[]),
    ("Chinese halls", &["country.china.halls"], &[]),
    ("Detection", &["route.*.detection"], &[]),
    ("Route capacity and ceiling, chips", &["route.*.{capacity,ceiling}"], &[]),
    ("Route capacity, money", &["route.*.capacity_usd"], &[]),
    ("Racks that can be smuggled", &["diversion.carries.rack"], &[]),
    ("Renting by Chinese labs", &["lab.{alibaba,bytedance,tencent,moonshot,zhipu}.rent_budget"], &[]),
    ("Lag to operation", &["fleet.lag"], &[]),
];

/// An outcome: its name, the cell, and the cell that is taken off.
const OUTCOMES: [(&str, &str, Option<&str>); 10] = [
    (
        "NVIDIA ships, 2024",
        "designer.nvidia/shipped_h100e_8bit_cum@2024Q4",
        Some("designer.nvidia/shipped_h100e_8bit_cum@2023Q4"),
    ),
    (
        "China imports, 2024",
        "country.china/imported_h100e_cum@2024Q4",
        Some("country.china/imported_h100e_cum@2023Q4"),
    ),
    (
        "smuggled, 2024",
        "country.china/smuggled_h100e_cum@2024Q4",
        Some("country.china/smuggled_h100e_cum@2023Q4"),
    ),
    ("US chips, 2026", "country.us/fleet_h100e@2026Q4", None),
    ("US chips, 2028", "country.us/fleet_h100e@2028Q4", None),
    (
        "Ascend ships, 2028",
        "designer.huawei/shipped_h100e_cum@2028Q4",
        Some("designer.huawei/shipped_h100e_cum@2027Q4"),
    ),
    ("US could train, 2026", "country.us/reachable_flop@2026Q4", None),
    ("US, 2028", "country.us/reachable_flop@2028Q4", None),
    ("China could train, 2026", "country.china/reachable_flop@2026Q4", None),
    ("China, 2028", "country.china/reachable_flop@2028Q4", None),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let scenario = arguments.next().unwrap_or_else(|| "scenarios/baseline".to_owned());
    let draws: u64 = arguments.next().map_or(Ok(2048), |t| t.parse())?;
    let base = medians(&scenario, "", draws)?;
    let heads: Vec<&str> = OUTCOMES.iter().map(|o| o.0).collect();
    println!("| lever ±20% | {} |\n| --- |{}", heads.join(" | "), " ---: |".repeat(heads.len()));
    for (name, times, over) in LEVERS {
        let changed = |factor: f64| {
            let edit = |path: &&str, x: f64| {
                format!("\n[[set]]\npath = \"{}\"\ntimes = {x}\n", path.replace('"', ""))
            };
            let edits =
                times.iter().map(|p| edit(p, factor)).chain(over.iter().map(|p| edit(p, 1.0 / factor)));
            medians(&scenario, &edits.collect::<String>(), draws)
        };
        let (up, down) = (changed(1.2)?, changed(0.8)?);
        let cells: Vec<String> = (0..base.len())
            .map(|i| {
                let percent = |x: f64| match (100.0 * (x / base[i] - 1.0)).round() {
                    0.0 => "0".to_owned(),
                    change => format!("{change:+}"),
                };
                format!("{} / {}", percent(up[i]), percent(down[i]))
            })
            .collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
    Ok(())
}

/// Medians of the outcomes under edits, on the same draws for every lever.
fn medians(scenario: &str, edits: &str, draws: u64) -> Result<Vec<f64>, Error> {
    let lever = PolicySource::text("lever.toml", format!("title = \"a lever\"\n{edits}"));
    let cells = OUTCOMES.iter().flat_map(|o| [Some(o.1), o.2]).flatten();
    let request = SimulationRequest {
        sampling: Sampling { draws, ..Sampling::default() },
        select: cells.map(str::to_owned).collect(),
        ..SimulationRequest::default()
    };
    let simulation = Simulation::open(&ScenarioRequest::new(scenario).under(lever), &request, &())?;
    let values = simulation.values(&())?;
    let of = |cell: &str| values.of(cell).expect("every outcome is selected");
    let median = |&(_, cell, less): &(&str, &str, Option<&str>)| {
        let mut all = of(cell).to_vec();
        if let Some(less) = less {
            all.iter_mut().zip(of(less)).for_each(|(x, before)| *x -= before);
        }
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    Ok(OUTCOMES.iter().map(median).collect())
}
