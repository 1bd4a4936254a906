//! Data sets of supply chains, turned into tool classes with their suppliers and what depends on them.
//!
//! The layout is that of the Emerging Technology Observatory's Advanced Semiconductor Supply Chain Dataset: `inputs.csv`,
//! `providers.csv`, `provision.csv`, `sequence.csv`. Nothing of the data is kept here: it has a licence of its own.

use super::files::read_plain;
use super::limits::ROWS;
use super::printable::one_line;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What was read: tool classes and what had to be left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SupplyChain {
    /// Tool classes, in order of the data.
    pub classes: Vec<ToolClass>,
    /// Names of countries by id.
    pub countries: BTreeMap<String, String>,
    /// What was left out or read with care, in words.
    pub notes: Vec<String>,
}

/// An input of manufacturing: who supplies it and which stage needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolClass {
    /// Its id in a scenario.
    pub id: String,
    /// Its name in the data.
    pub name: String,
    /// Stages of manufacturing that need it, with the process on the way there.
    pub stages: BTreeSet<Stage>,
    /// Suppliers' countries with their shares.
    pub shares: Vec<Share>,
    /// What a reader should know of the shares.
    pub note: String,
}

/// A country's share of a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Country's id.
    pub country: String,
    /// Share as written \[%\].
    pub percent: f64,
    /// Year and source of the number.
    pub source: String,
}

/// A stage of manufacturing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Wafers and memory.
    Fabrication,
    /// Packaging and test.
    Packaging,
}

/// Why a data set cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file that is not there or is no CSV.
    #[error("{file}: {problem}")]
    File {
        /// The file's name.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A cell that makes no sense.
    #[error("{file}:{line}: {problem}")]
    Cell {
        /// The file's name.
        file: String,
        /// Line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
}

/// Names of providers that are no country, in lower case.
const NO_COUNTRY: [&str; 6] =
    ["various countries", "various", "other", "others", "rest of world", "other countries"];
/// Countries whose id is not their name.
const SHORT: [(&str, &str); 3] = [("united-states", "us"), ("usa", "us"), ("united-arab-emirates", "uae")];
/// Sums further from 100% than this are told \[%\].
const ROUNDING: f64 = 0.5;

/// Reads the ETO's tables in a folder.
///
/// # Errors
/// If a file or column is missing, or a share is no number from 0 to 100.
pub fn read_eto(folder: &Path) -> Result<SupplyChain, ImportError> {
    let inputs = Sheet::read(folder, "inputs.csv", &["input_id", "input_name", "type", "stage_name"])?;
    let provider_columns = ["provider_name", "alias", "provider_id", "provider_type", "country"];
    let providers = Sheet::read(folder, "providers.csv", &provider_columns)?;
    let flow_columns =
        ["provider_name", "provider_id", "provided_id", "provided_name", "share_provided", "year", "source"];
    let flows = Sheet::read(folder, "provision.csv", &flow_columns)?;
    let sequence = Sheet::read(folder, "sequence.csv", &["input_id", "goes_into_id", "is_type_of_id"])?;
    let mut chain = SupplyChain::default();
    let places = Places::read(&providers, &mut chain);
    let supplied = supplied(&inputs, &flows, &places, &mut chain)?;
    let taxonomy = Taxonomy::read(&inputs, &sequence);
    let mut taken = BTreeMap::new();
    for row in &inputs.rows {
        let (id, name, kind) = (row.get("input_id"), row.get("input_name"), row.get("type"));
        let Some(shares) = supplied.get(id) else { continue };
        if kind != "tool_resource" && kind != "material_resource" {
            chain
                .notes
                .push(format!("{name}: left out, a {} and no tool or material", kind.replace('_', " ")));
            continue;
        }
        if taxonomy.parts_of(id).iter().any(|part| supplied.contains_key(part)) {
            chain.notes.push(format!("{name}: left out, its kinds are listed themselves"));
            continue;
        }
        let note = balance(shares);
        // A name without a letter or a digit of an id makes none.
        let plain = Some(slug(name)).filter(|id| !id.is_empty()).unwrap_or_else(|| "class".to_owned());
        let count: &mut usize = taken.entry(plain.clone()).or_default();
        *count += 1;
        let slug = if *count == 1 { plain } else { format!("{plain}-{count}") };
        let stages = taxonomy.stages_of(id);
        chain.classes.push(ToolClass {
            id: slug,
            name: name.to_owned(),
            stages,
            shares: shares.clone(),
            note,
        });
    }
    Ok(chain)
}

/// What a sum of shares says.
fn balance(shares: &[Share]) -> String {
    let sum: f64 = shares.iter().map(|s| s.percent).sum();
    if (sum - 100.0).abs() <= ROUNDING {
        String::new()
    } else if sum > 100.0 {
        format!("the shares sum to {sum:.1}%: they are divided by their sum")
    } else {
        format!("the shares sum to {sum:.1}%: nobody withholds the rest")
    }
}

/// Countries and firms among providers.
struct Places<'a> {
    /// Country's id by provider; none for what is neither.
    of: BTreeMap<&'a str, Option<String>>,
    countries: BTreeSet<&'a str>,
}

impl<'a> Places<'a> {
    fn read(providers: &'a Sheet, chain: &mut SupplyChain) -> Self {
        let mut ids: BTreeMap<&str, String> = BTreeMap::new();
        let mut places = Self { of: BTreeMap::new(), countries: BTreeSet::new() };
        let is_country = |row: &&Row| row.get("provider_type") == "country";
        for row in providers.rows.iter().filter(is_country) {
            let (code, alias) = (row.get("provider_name"), row.get("alias"));
            let name = if alias.is_empty() { code } else { alias };
            let known = !NO_COUNTRY.contains(&name.to_lowercase().as_str());
            // A name without a letter or a digit of an id is no country's.
            let id = known.then(|| country_id(name)).filter(|id| !id.is_empty());
            if let Some(id) = &id {
                chain.countries.insert(id.clone(), name.to_owned());
                ids.insert(code, id.clone());
            }
            places.of.insert(row.get("provider_id"), id);
            places.countries.insert(row.get("provider_id"));
        }
        for row in providers.rows.iter().filter(|r| !is_country(r)) {
            places.of.insert(row.get("provider_id"), ids.get(row.get("country")).cloned());
        }
        places
    }
}

/// Suppliers' countries of every input that has some with shares.
fn supplied(
    inputs: &Sheet,
    flows: &Sheet,
    places: &Places<'_>,
    chain: &mut SupplyChain,
) -> Result<BTreeMap<String, Vec<Share>>, ImportError> {
    let mut rows_of: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &flows.rows {
        rows_of.entry(row.get("provided_id")).or_default().push(row);
    }
    let known: BTreeSet<&str> = inputs.rows.iter().map(|r| r.get("input_id")).collect();
    let mut all = BTreeMap::new();
    for (id, rows) in rows_of {
        let name = rows[0].get("provided_name");
        if !known.contains(id) {
            chain.notes.push(format!("{name}: left out, a whole stage and no input"));
            continue;
        }
        let of_countries = |r: &&&Row| places.countries.contains(r.get("provider_id"));
        let mut shares = shares_of(flows, name, rows.iter().filter(of_countries), places, chain)?;
        if shares.is_empty() {
            shares = shares_of(flows, name, rows.iter().filter(|r| !of_countries(r)), places, chain)?;
            if !shares.is_empty() {
                chain.notes.push(format!("{name}: no country has a share; firms' shares stand for theirs"));
            }
        }
        if shares.is_empty() {
            chain.notes.push(format!("{name}: left out, its suppliers are named without shares"));
        } else {
            all.insert(id.to_owned(), shares);
        }
    }
    Ok(all)
}

/// Shares by country: the latest year of each provider, summed over providers of a country.
fn shares_of<'a>(
    flows: &Sheet,
    name: &str,
    rows: impl Iterator<Item = &'a &'a Row>,
    places: &Places<'_>,
    chain: &mut SupplyChain,
) -> Result<Vec<Share>, ImportError> {
    let mut latest: BTreeMap<&str, (&Row, f64)> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    for row in rows {
        let Some(percent) = percent(flows, row)? else { continue };
        let provider = row.get("provider_id");
        match latest.get(provider) {
            None => order.push(provider),
            Some((other, _)) if other.get("year") < row.get("year") => {}
            Some(_) => {
                chain.notes.push(format!("{name}: line {} repeats a supplier and is passed over", row.line));
                continue;
            }
        }
        latest.insert(provider, (row, percent));
    }
    let mut shares: Vec<Share> = Vec::new();
    for provider in order {
        let (row, percent) = latest[provider];
        let Some(country) = places.of.get(provider).cloned().flatten() else {
            if percent > 0.0 {
                let who = row.get("provider_name");
                chain.notes.push(format!("{name}: {percent}% of {who} belong to no country of the data"));
            }
            continue;
        };
        let year = row.get("year");
        let source = match row.get("source") {
            "" => format!("ETO, {year}, no source given"),
            text => format!("ETO, {year}: {text}"),
        };
        match shares.iter_mut().find(|s| s.country == country) {
            Some(share) => share.percent += percent,
            None if percent > 0.0 => shares.push(Share { country, percent, source }),
            None => {}
        }
    }
    Ok(shares)
}

fn percent(flows: &Sheet, row: &Row) -> Result<Option<f64>, ImportError> {
    let text = row.get("share_provided").trim_end_matches('%').trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(x) if (0.0..=100.0).contains(&x) => Ok(Some(x)),
        _ => Err(ImportError::Cell {
            file: flows.file.clone(),
            line: row.line,
            problem: format!("`{text}` is no share in percent, from 0 to 100"),
        }),
    }
}

/// Kinds and uses of inputs.
struct Taxonomy<'a> {
    /// Kinds of an input.
    kinds: BTreeMap<&'a str, Vec<&'a str>>,
    /// What an input is a kind of, and what it goes into.
    uses: BTreeMap<&'a str, Vec<&'a str>>,
    stage: BTreeMap<&'a str, Option<Stage>>,
}

impl<'a> Taxonomy<'a> {
    fn read(inputs: &'a Sheet, sequence: &'a Sheet) -> Self {
        let (mut kinds, mut uses) = (BTreeMap::new(), BTreeMap::new());
        for row in &sequence.rows {
            let (id, whole, into) = (row.get("input_id"), row.get("is_type_of_id"), row.get("goes_into_id"));
            if !whole.is_empty() {
                kinds.entry(whole).or_insert_with(Vec::new).push(id);
                uses.entry(id).or_insert_with(Vec::new).push(whole);
            }
            if !into.is_empty() {
                uses.entry(id).or_insert_with(Vec::new).push(into);
            }
        }
        let stage = |name: &str| {
            let name = name.to_lowercase();
            if name.contains("fabrication") {
                Some(Stage::Fabrication)
            } else {
                (name.contains("packaging") || name.contains("assembly")).then_some(Stage::Packaging)
            }
        };
        let stages = inputs.rows.iter().map(|r| (r.get("input_id"), stage(r.get("stage_name")))).collect();
        Self { kinds, uses, stage: stages }
    }

    /// Everything that is a kind of an input, at any depth.
    fn parts_of(&self, id: &str) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            for &part in self.kinds.get(next).into_iter().flatten() {
                if all.insert(part.to_owned()) {
                    open.push(part);
                }
            }
        }
        all
    }

    /// Stages that an input, or what it is a kind of, goes into.
    fn stages_of(&self, id: &str) -> BTreeSet<Stage> {
        let (mut seen, mut open, mut stages) = (BTreeSet::new(), vec![id], BTreeSet::new());
        while let Some(next) = open.pop() {
            if !seen.insert(next) {
                continue;
            }
            stages.extend(self.stage.get(next).copied().flatten());
            open.extend(self.uses.get(next).into_iter().flatten());
        }
        // What goes into fabrication goes into everything after it; the first stage is where it is needed.
        stages.first().copied().into_iter().collect()
    }
}

fn country_id(name: &str) -> String {
    let id = slug(name);
    SHORT.iter().find(|(long, _)| *long == id).map_or(id, |(_, short)| (*short).to_owned())
}

/// A name as an id: lower case, words joined by hyphens.
fn slug(name: &str) -> String {
    let plain: String =
        name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let id = plain.split_whitespace().collect::<Vec<_>>().join("-");
    if id.starts_with(|c: char| c.is_ascii_digit()) { format!("n-{id}") } else { id }
}

/// A CSV file by rows and named columns.
struct Sheet {
    file: String,
    rows: Vec<Row>,
}

struct Row {
    line: u64,
    cells: BTreeMap<&'static str, String>,
}

impl Row {
    fn get(&self, column: &'static str) -> &str {
        &self.cells[column]
    }
}

impl Sheet {
    fn read(folder: &Path, name: &str, columns: &[&'static str]) -> Result<Self, ImportError> {
        let path = folder.join(name);
        let file = path.display().to_string();
        let failed = |problem: String| ImportError::File { file: file.clone(), problem };
        let text = read_plain(&path).map_err(|e| failed(e.to_string()))?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(|e| failed(e.to_string()))?.clone();
        let place = |column: &&'static str| {
            let found = header.iter().position(|h| h.trim_start_matches('\u{feff}').trim() == *column);
            found.map(|i| (*column, i)).ok_or_else(|| failed(format!("there is no column `{column}`")))
        };
        let places: Vec<(&'static str, usize)> = columns.iter().map(place).collect::<Result<_, _>>()?;
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| failed(e.to_string()))?;
            let line = record.position().expect("a record that was read has a place").line();
            // The reader refuses a row of another length than the header.
            let cells = places.iter().map(|&(c, i)| (c, one_line(record[i].trim())));
            if rows.len() == ROWS {
                return Err(failed(format!("a table has {ROWS} rows at most")));
            }
            rows.push(Row { line, cells: cells.collect() });
        }
        Ok(Self { file, rows })
    }
}

impl SupplyChain {
    /// Countries that supply something, by id, with their names.
    fn suppliers(&self) -> impl Iterator<Item = (&String, &String)> {
        let named = |id: &&String| self.classes.iter().any(|c| c.shares.iter().any(|s| s.country == **id));
        self.countries.iter().filter(move |(id, _)| named(id))
    }

    /// A part that a scenario includes: countries and tool classes, with what facilities depend on as comments to copy.
    pub fn to_part(&self) -> String {
        let mut text =
            "# Tool classes and their suppliers' countries, from a supply-chain data set.\n".to_owned();
        for (id, name) in self.suppliers() {
            text.push_str(&format!("\n[[country]]                       # {name}\nid = \"{id}\"\n"));
        }
        for class in &self.classes {
            text.push_str(&format!(
                "\n[[tool]]                          # {}\nid = \"{}\"\n",
                class.name, class.id
            ));
            if !class.note.is_empty() {
                text.push_str(&format!("# {}\n", class.note));
            }
            for share in &class.shares {
                text.push_str(&format!("suppliers.{} = {}\n", share.country, quantity(share)));
            }
            for stage in &class.stages {
                text.push_str(&format!(
                    "# in a facility of {}: dependence.{} = 1\n",
                    stage.words(),
                    class.id
                ));
            }
        }
        text
    }

    /// A policy for a scenario that is there: what it lacks is added, and its facilities come to depend on the classes.
    ///
    /// `countries` and `tools` are the ids that the scenario has, `facilities` its facilities with the stage of each.
    pub fn to_policy(
        &self,
        countries: &BTreeSet<String>,
        tools: &BTreeSet<String>,
        facilities: &[(String, Stage)],
    ) -> String {
        let mut text = "title = \"Tool classes of a supply-chain data set\"\n".to_owned();
        for (id, name) in self.suppliers().filter(|(id, _)| !countries.contains(*id)) {
            text.push_str(&format!("\n[[add]]                           # {name}\ntable = \"country\"\nrow = {{ id = \"{id}\" }}\n"));
        }
        for class in &self.classes {
            let id = if tools.contains(&class.id) { format!("{}-eto", class.id) } else { class.id.clone() };
            let shares: Vec<String> =
                class.shares.iter().map(|s| format!("{} = {}", s.country, quantity(s))).collect();
            let note = if class.note.is_empty() { String::new() } else { format!("; {}", class.note) };
            text.push_str(&format!(
                "\n[[add]]                           # {}{note}\ntable = \"tool\"\nrow = {{ id = \"{id}\", suppliers = {{ {} }} }}\n",
                class.name,
                shares.join(", ")
            ));
            for (facility, _) in facilities.iter().filter(|(_, stage)| class.stages.contains(stage)) {
                text.push_str(&format!(
                    "\n[[set]]\npath = \"facility.{facility}.dependence.{id}\"\nvalue = {{ value = 1, grade = \"judgement\", source = \"no line grows without it\" }}\n"
                ));
            }
        }
        text
    }
}

impl Stage {
    fn words(self) -> &'static str {
        match self {
            Self::Fabrication => "fabrication",
            Self::Packaging => "packaging",
        }
    }
}

/// A share as a quantity with its source.
fn quantity(share: &Share) -> String {
    let source = toml::Value::String(share.source.clone());
    // Shares of firms are sums, whose last digits are noise.
    let percent = (share.percent * 1e6).round() / 1e6;
    format!("{{ value = \"{percent}%\", grade = \"published\", source = {source} }}")
}
