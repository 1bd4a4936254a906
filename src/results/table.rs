//! A table: columns with name, kind, unit, meaning and how they are got from a row. From it come the file's text, JSON, the
//! table on a screen, the types of Parquet, the data package's description and what the page holds.

use super::csv::{float, quoted};
use rayon::prelude::*;
use serde_json::{Map, Value as Json};
use std::borrow::{Borrow, Cow};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text; empty where there is none.
    Text,
    /// A whole number, or nothing.
    Integer,
    /// A number, or nothing.
    Number,
    /// True, false or nothing.
    Boolean,
}

impl Kind {
    /// Whether it is a number of any sort.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Number)
    }
}

/// What is known of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Cow<'static, str>,
    /// What it holds.
    pub kind: Kind,
    /// Unit of its numbers, where all rows have the same and its meaning does not say it.
    pub unit: Option<Cow<'static, str>>,
    /// What it means.
    pub meaning: &'static str,
    /// Whether the page of a run holds it.
    pub on_page: bool,
    /// Whether it says which group a row belongs to: JSON nests rows under their group and leaves it out.
    pub groups: bool,
}

impl Field {
    /// A column that is neither on the page nor names a group.
    pub fn new(name: impl Into<Cow<'static, str>>, kind: Kind, meaning: &'static str) -> Self {
        Self { name: name.into(), kind, unit: None, meaning, on_page: false, groups: false }
    }

    /// The same with a unit of its numbers.
    pub fn with_unit(mut self, unit: impl Into<Cow<'static, str>>) -> Self {
        self.unit = Some(unit.into());
        self
    }
}

/// What a table is, apart from its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Its file, or what it is called where it is only printed.
    pub name: &'static str,
    /// What its rows are.
    pub about: &'static str,
    /// Its columns, in order.
    pub fields: Vec<Field>,
}

impl Schema {
    /// The column of a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The first line of the table as CSV.
    pub fn header(&self) -> String {
        let mut text = String::new();
        for (i, field) in self.fields.iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            quoted(&mut text, &field.name);
        }
        text.push('\n');
        text
    }
}

/// What a row has in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'r> {
    /// Text.
    Text(Cow<'r, str>),
    /// A whole number.
    Integer(u64),
    /// A number; one that is not finite is written as nothing.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// Nothing.
    Missing,
}

impl Value<'_> {
    fn csv(&self, out: &mut String) {
        match self {
            Self::Text(text) => quoted(out, text),
            Self::Integer(n) => out.push_str(&n.to_string()),
            Self::Number(x) => float(out, *x),
            Self::Boolean(x) => out.push_str(if *x { "true" } else { "false" }),
            Self::Missing => {}
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Text(text) => Json::from(text.as_ref()),
            Self::Integer(n) => Json::from(*n),
            Self::Number(x) => Json::from(*x),
            Self::Boolean(x) => Json::from(*x),
            Self::Missing => Json::Null,
        }
    }
}

/// How a column is got from a row.
type Get<R> = Box<dyn for<'r> Fn(&'r R) -> Value<'r> + Send + Sync>;

/// A column of rows of type `R`.
struct Column<R> {
    field: Field,
    get: Get<R>,
}

/// A table of rows of type `R`, made column by column, in their order.
pub struct Table<R> {
    name: &'static str,
    about: &'static str,
    columns: Vec<Column<R>>,
}

impl<R> Table<R> {
    /// A table without columns: its file, or what it is called where it is only printed, and what its rows are.
    pub fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about, columns: Vec::new() }
    }

    fn column(
        mut self,
        name: impl Into<Cow<'static, str>>,
        kind: Kind,
        meaning: &'static str,
        get: impl for<'r> Fn(&'r R) -> Value<'r> + Send + Sync + 'static,
    ) -> Self {
        self.columns.push(Column { field: Field::new(name, kind, meaning), get: Box::new(get) });
        self
    }

    /// Adds a column of texts: its name, what it means, and how it is got from a row.
    pub fn text(
        self,
        name: impl Into<Cow<'static, str>>,
        meaning: &'static str,
        get: impl for<'r> Fn(&'r R) -> Cow<'r, str> + Send + Sync + 'static,
    ) -> Self {
        self.column(name, Kind::Text, meaning, move |row| Value::Text(get(row)))
    }

    /// Adds a column of texts, or of nothing in some rows: where an empty text would mean something.
    pub fn optional_text(
        self,
        name: impl Into<Cow<'static, str>>,
        meaning: &'static str,
        get: impl for<'r> Fn(&'r R) -> Option<Cow<'r, str>> + Send + Sync + 'static,
    ) -> Self {
        self.column(name, Kind::Text, meaning, move |row| get(row).map_or(Value::Missing, Value::Text))
    }

    /// Adds a column of whole numbers, or of nothing in some rows.
    pub fn integer<V: Into<Option<u64>>>(
        self,
        name: impl Into<Cow<'static, str>>,
        meaning: &'static str,
        get: impl Fn(&R) -> V + Send + Sync + 'static,
    ) -> Self {
        self.column(name, Kind::Integer, meaning, move |row| {
            get(row).into().map_or(Value::Missing, Value::Integer)
        })
    }

    /// Adds a column of numbers, or of nothing in some rows.
    pub fn number<V: Into<Option<f64>>>(
        self,
        name: impl Into<Cow<'static, str>>,
        meaning: &'static str,
        get: impl Fn(&R) -> V + Send + Sync + 'static,
    ) -> Self {
        self.column(name, Kind::Number, meaning, move |row| {
            get(row).into().map_or(Value::Missing, Value::Number)
        })
    }

    /// Adds a column of answers, or of nothing in some rows.
    pub fn boolean<V: Into<Option<bool>>>(
        self,
        name: impl Into<Cow<'static, str>>,
        meaning: &'static str,
        get: impl Fn(&R) -> V + Send + Sync + 'static,
    ) -> Self {
        self.column(name, Kind::Boolean, meaning, move |row| {
            get(row).into().map_or(Value::Missing, Value::Boolean)
        })
    }

    /// Adds the column of policies that most tables have; the page of a run holds it.
    pub fn policy(self, get: impl for<'r> Fn(&'r R) -> Cow<'r, str> + Send + Sync + 'static) -> Self {
        self.text("policy", "Stem of the policy; base: the scenario as it stands; another scenario's name, alone or before its policy", get).on_page()
    }

    /// The column `scenario`.
    pub fn scenario(self, get: impl for<'r> Fn(&'r R) -> Cow<'r, str> + Send + Sync + 'static) -> Self {
        self.text("scenario", "Name of the scenario's folder", get)
    }

    fn last(&mut self) -> &mut Field {
        &mut self.columns.last_mut().expect("a column comes before what is said of it").field
    }

    /// Gives the numbers of the last column a unit.
    pub fn in_unit(mut self, unit: impl Into<Cow<'static, str>>) -> Self {
        self.last().unit = Some(unit.into());
        self
    }

    /// Has the page of a run hold the last column.
    pub fn on_page(mut self) -> Self {
        self.last().on_page = true;
        self
    }

    /// Has the last column say which group a row belongs to.
    pub fn of_group(mut self) -> Self {
        self.last().groups = true;
        self
    }

    /// Has the page of a run hold all columns so far.
    pub fn whole_on_page(mut self) -> Self {
        self.columns.iter_mut().for_each(|c| c.field.on_page = true);
        self
    }

    /// What it is, apart from its rows.
    pub fn schema(&self) -> Schema {
        Schema { name: self.name, about: self.about, fields: self.fields().cloned().collect() }
    }

    /// What is known of its columns, in order.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.columns.iter().map(|c| &c.field)
    }

    /// What a row has in each column.
    pub fn values<'r>(&'r self, row: &'r R) -> impl Iterator<Item = Value<'r>> {
        self.columns.iter().map(move |c| (c.get)(row))
    }

    /// Adds a row as a line of CSV.
    fn add(&self, out: &mut String, row: &R) {
        for (i, value) in self.values(row).enumerate() {
            if i > 0 {
                out.push(',');
            }
            value.csv(out);
        }
        out.push('\n');
    }

    /// Header and rows as CSV.
    pub fn csv<I: IntoIterator<Item: Borrow<R>>>(&self, rows: I) -> String {
        let mut text = self.schema().header();
        rows.into_iter().for_each(|row| self.add(&mut text, row.borrow()));
        text
    }

    /// A row as a JSON object, without the columns that say which group it belongs to; a number that is not finite is null.
    pub fn json(&self, row: &R) -> Json {
        let own = self.fields().zip(self.values(row)).filter(|(field, _)| !field.groups);
        Json::Object(own.map(|(field, value)| (field.name.to_string(), value.json())).collect::<Map<_, _>>())
    }
}

/// Rows whose text one thread makes at a time, and such pieces that are made before they are joined.
const ROWS: usize = 512;
const PIECES: usize = 64;

/// A table as CSV, with what it is: rows are added, of one plan after the other.
#[derive(Clone, Debug)]
pub struct TableText {
    /// What the table is.
    pub schema: Schema,
    /// Header and rows.
    pub text: String,
}

impl TableText {
    /// A table without rows.
    pub fn new<R>(table: &Table<R>) -> Self {
        let schema = table.schema();
        Self { text: schema.header(), schema }
    }

    /// A table with rows.
    pub fn of<R, I: IntoIterator<Item: Borrow<R> + Send + Sync>>(table: &Table<R>, rows: I) -> Self {
        let mut text = Self::new(table);
        text.extend(table, rows);
        text
    }

    /// Adds rows of the same table.
    pub fn extend<R, I: IntoIterator<Item: Borrow<R> + Send + Sync>>(&mut self, table: &Table<R>, rows: I) {
        debug_assert_eq!(self.schema.name, table.name, "rows of another table");
        let rows: Vec<I::Item> = rows.into_iter().collect();
        let lines = |rows: &[I::Item]| {
            let mut text = String::new();
            for row in rows {
                table.add(&mut text, row.borrow());
            }
            text
        };
        // A few pieces at a time: their texts take no more room than that.
        for rows in rows.chunks(ROWS * PIECES) {
            let pieces: Vec<String> = rows.par_chunks(ROWS).map(lines).collect();
            self.text.extend(pieces);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Lot<'a> {
        name: &'a str,
        count: usize,
        share: Option<f64>,
        sure: bool,
    }

    fn table<'a>() -> Table<Lot<'a>> {
        Table::<Lot<'a>>::new("lots.csv", "Lots")
            .text("group", "Of what", |_| "all".into())
            .of_group()
            .text("name", "What it is called", |r| r.name.into())
            .on_page()
            .integer("count", "How many", |r| r.count as u64)
            .number("share", "Of all", |r| r.share)
            .in_unit("1")
            .boolean("sure", "Whether it is known", |r| r.sure)
    }

    #[test]
    fn header_rows_and_objects_have_the_same_columns() {
        let name = "a, \"b\"".to_owned();
        let lot = Lot { name: &name, count: 3, share: Some(0.25), sure: true };
        let none = Lot { name: "", count: 0, share: None, sure: false };
        let text = table().csv([&lot, &none]);
        assert_eq!(text, "group,name,count,share,sure\nall,\"a, \"\"b\"\"\",3,0.25,true\nall,,0,,false\n");
        let mut gathered = TableText::of(&table(), [&lot]);
        gathered.extend(&table(), [none]);
        assert_eq!(gathered.text, text);
        assert_eq!(
            table().json(&lot).to_string(),
            r#"{"name":"a, \"b\"","count":3,"share":0.25,"sure":true}"#
        );
        let nan = Lot { share: Some(f64::NAN), ..lot };
        assert!(table().json(&nan)["share"].is_null());
    }

    #[test]
    fn a_schema_says_what_each_column_is() {
        let schema = table().schema();
        let share = schema.field("share").unwrap();
        assert_eq!((share.kind, share.unit.as_deref(), share.on_page), (Kind::Number, Some("1"), false));
        assert!(schema.field("name").is_some_and(|f| f.on_page) && schema.field("nothing").is_none());
    }
}
