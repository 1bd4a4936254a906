//! The macros that declare a table once and give its struct, its reader, its schema and its comparison.

/// Reads a field by its type.
macro_rules! read_field {
    ($reader:expr, $table:expr, $path:expr; $f:ident : $t:ty = $spec:expr) => {
        $crate::model::read::Field::read(
            $reader,
            $table,
            stringify!($f),
            $path,
            &($spec).of_type(stringify!($t)),
        )
    };
}
/// Schemas of fields in order.
macro_rules! field_schemas {
    ($( $(#[doc = $doc:literal])* $f:ident : $t:ty = $spec:expr ),*) => {
        vec![$( $crate::model::read::FieldSchema::of::<$t>(
            stringify!($f), &[$($doc),*], &($spec).of_type(stringify!($t)),
        ) ),*]
    };
}
/// Compares two of a struct field by field.
macro_rules! same {
    ($name:ident { $($f:ident),* }) => {
        impl $crate::model::Same for $name {
            fn same(&self, other: &Self, models: (&$crate::model::Model, &$crate::model::Model)) -> bool {
                $( $crate::model::Same::same(&self.$f, &other.$f, models) )&&*
            }
        }
    };
}
macro_rules! entity {
    ($(#[doc = $about:literal])* $name:ident in $table:literal {
        $( $(#[doc = $doc:literal])* $f:ident : $t:ty = $spec:expr ),* $(,)?
    }) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug)]
        pub struct $name {
            /// Its id, unique in the table.
            pub id: String,
            $( $(#[doc = $doc])* pub $f: $t, )*
        }
        same! { $name { id, $($f),* } }
        impl $crate::model::Named for $name {
            fn name(&self) -> &str { &self.id }
        }
        impl $crate::model::read::Row for $name {
            const TABLE: &'static str = $table;
            fn read(reader: &mut $crate::model::read::Reader<'_>, table: &$crate::scenario::Table, path: &str) -> Self {
                reader.known_keys(table, &["id", $(stringify!($f)),*], path);
                Self {
                    id: $crate::model::read::Reader::id_of(table),
                    $( $f: read_field!(reader, table, path; $f: $t = $spec), )*
                }
            }
            fn about() -> String { concat!($($about),*).trim().to_owned() }
            fn fields() -> Vec<$crate::model::read::FieldSchema> {
                field_schemas!($( $(#[doc = $doc])* $f: $t = $spec ),*)
            }
        }
    };
}
macro_rules! part {
    ($(#[doc = $about:literal])* $name:ident {
        $( $(#[doc = $doc:literal])* $f:ident : $t:ty = $spec:expr ),* $(,)?
    }) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug)]
        pub struct $name { $( $(#[doc = $doc])* pub $f: $t, )* }
        same! { $name { $($f),* } }
        impl $crate::model::read::Item for $name {
            fn read_node(
                reader: &mut $crate::model::read::Reader<'_>,
                node: &$crate::scenario::Node,
                path: &str,
                _: &$crate::model::Spec,
            ) -> Self {
                let empty = $crate::scenario::Table::default();
                let table = reader.table(node, path).unwrap_or(&empty);
                reader.known_keys(table, &[$(stringify!($f)),*], path);
                Self { $( $f: read_field!(reader, table, path; $f: $t = $spec), )* }
            }
            fn schema(_: &$crate::model::Spec) -> serde_json::Value {
                let fields = field_schemas!($( $(#[doc = $doc])* $f: $t = $spec ),*);
                $crate::model::read::object_schema(concat!($($about),*).trim(), &[], fields)
            }
        }
    };
}
macro_rules! settings {
    ($(#[doc = $about:literal])* $name:ident in $table:literal {
        $( $(#[doc = $doc:literal])* $f:ident : $t:ty = $spec:expr ),* $(,)?
    }) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug)]
        pub struct $name { $( $(#[doc = $doc])* pub $f: $t, )* }
        same! { $name { $($f),* } }
        impl $crate::model::read::Row for $name {
            const TABLE: &'static str = $table;
            fn read(reader: &mut $crate::model::read::Reader<'_>, table: &$crate::scenario::Table, path: &str) -> Self {
                reader.known_keys(table, &[$(stringify!($f)),*], path);
                Self { $( $f: read_field!(reader, table, path; $f: $t = $spec), )* }
            }
            fn about() -> String { concat!($($about),*).trim().to_owned() }
            fn fields() -> Vec<$crate::model::read::FieldSchema> {
                field_schemas!($( $(#[doc = $doc])* $f: $t = $spec ),*)
            }
        }
    };
}
macro_rules! choice {
    ($(#[doc = $about:literal])* $name:ident { $( $(#[doc = $doc:literal])* $v:ident = $text:literal ),* $(,)? }) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[doc = $doc])* $v, )* }
        impl $name {
            /// As written in a scenario.
            pub fn as_str(self) -> &'static str { match self { $( Self::$v => $text, )* } }
            /// All that can be written.
            pub const ALL: [Self; [$(Self::$v),*].len()] = [$(Self::$v),*];
        }
        impl $crate::model::Same for $name {
            fn same(&self, other: &Self, _: (&$crate::model::Model, &$crate::model::Model)) -> bool {
                self == other
            }
        }
        impl $crate::model::read::Item for $name {
            fn read_node(
                reader: &mut $crate::model::read::Reader<'_>,
                node: &$crate::scenario::Node,
                path: &str,
                _: &$crate::model::Spec,
            ) -> Self {
                Self::ALL[reader.choice(node, path, &Self::ALL.map(Self::as_str))]
            }
            fn schema(_: &$crate::model::Spec) -> serde_json::Value {
                serde_json::json!({ "enum": Self::ALL.map(Self::as_str) })
            }
        }
    };
}
