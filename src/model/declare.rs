//! The macros that declare a table once and give its struct, its reader and its schema.

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
        impl $crate::model::Same for $name {
            fn same(&self, other: &Self, models: (&$crate::model::Model, &$crate::model::Model)) -> bool {
                self.id == other.id$( && $crate::model::Same::same(&self.$f, &other.$f, models) )*
            }
        }
        impl $crate::model::Named for $name {
            fn name(&self) -> &str { &self.id }
        }
        impl $crate::model::read::Row for $name {
            const TABLE: &'static str = $table;
            fn read(reader: &mut $crate::model::read::Reader<'_>, table: &$crate::scenario::Table, path: &str) -> Self {
                reader.known_keys(table, &["id", $(stringify!($f)),*], path);
                Self {
                    id: reader.id_of(table),
                    $( $f: $crate::model::read::Field::read(
                        reader, table, stringify!($f), path, &($spec).of_type(stringify!($t)),
                    ), )*
                }
            }
            fn about() -> String { concat!($($about),*).trim().to_owned() }
            fn fields() -> Vec<$crate::model::read::FieldSchema> {
                vec![$( $crate::model::read::FieldSchema::of::<$t>(
                    stringify!($f), &[$($doc),*], &($spec).of_type(stringify!($t)),
                ) ),*]
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
        impl $crate::model::Same for $name {
            fn same(&self, other: &Self, models: (&$crate::model::Model, &$crate::model::Model)) -> bool {
                true$( && $crate::model::Same::same(&self.$f, &other.$f, models) )*
            }
        }
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
                Self { $( $f: $crate::model::read::Field::read(
                    reader, table, stringify!($f), path, &($spec).of_type(stringify!($t)),
                ), )* }
            }
            fn schema(_: &$crate::model::Spec) -> serde_json::Value {
                $crate::model::read::object_schema(concat!($($about),*).trim(), &[], vec![$(
                    $crate::model::read::FieldSchema::of::<$t>(
                        stringify!($f), &[$($doc),*], &($spec).of_type(stringify!($t)),
                    )
                ),*])
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
        impl $crate::model::Same for $name {
            fn same(&self, other: &Self, models: (&$crate::model::Model, &$crate::model::Model)) -> bool {
                true$( && $crate::model::Same::same(&self.$f, &other.$f, models) )*
            }
        }
        impl $crate::model::read::Row for $name {
            const TABLE: &'static str = $table;
            fn read(reader: &mut $crate::model::read::Reader<'_>, table: &$crate::scenario::Table, path: &str) -> Self {
                reader.known_keys(table, &[$(stringify!($f)),*], path);
                Self { $( $f: $crate::model::read::Field::read(
                    reader, table, stringify!($f), path, &($spec).of_type(stringify!($t)),
                ), )* }
            }
            fn about() -> String { concat!($($about),*).trim().to_owned() }
            fn fields() -> Vec<$crate::model::read::FieldSchema> {
                vec![$( $crate::model::read::FieldSchema::of::<$t>(
                    stringify!($f), &[$($doc),*], &($spec).of_type(stringify!($t)),
                ) ),*]
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
            pub const ALL: &'static [Self] = &[$(Self::$v),*];
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
                let words: Vec<&str> = Self::ALL.iter().map(|v| v.as_str()).collect();
                Self::ALL[reader.choice(node, path, &words)]
            }
            fn schema(_: &$crate::model::Spec) -> serde_json::Value {
                let words: Vec<&str> = Self::ALL.iter().map(|v| v.as_str()).collect();
                serde_json::json!({ "enum": words })
            }
        }
    };
}
