//! The macros that declare a table once and give its struct, its reader and its schema. (contract; reader and schema are being built)

macro_rules! entity {
    ($(#[$m:meta])* $name:ident in $table:literal { $( $(#[$fm:meta])* $f:ident : $t:ty = $spec:expr ),* $(,)? }) => {
        $(#[$m])*
        #[derive(Clone, Debug)]
        pub struct $name {
            /// Its id, unique in the table.
            pub id: String,
            $( $(#[$fm])* pub $f: $t, )*
        }
    };
}
macro_rules! part {
    ($(#[$m:meta])* $name:ident { $( $(#[$fm:meta])* $f:ident : $t:ty = $spec:expr ),* $(,)? }) => {
        $(#[$m])*
        #[derive(Clone, Debug)]
        pub struct $name { $( $(#[$fm])* pub $f: $t, )* }
    };
}
macro_rules! settings {
    ($(#[$m:meta])* $name:ident in $table:literal { $( $(#[$fm:meta])* $f:ident : $t:ty = $spec:expr ),* $(,)? }) => {
        $(#[$m])*
        #[derive(Clone, Debug)]
        pub struct $name { $( $(#[$fm])* pub $f: $t, )* }
    };
}
macro_rules! choice {
    ($(#[$m:meta])* $name:ident { $( $(#[$vm:meta])* $v:ident = $text:literal ),* $(,)? }) => {
        $(#[$m])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$vm])* $v, )* }
        impl $name {
            /// As written in a scenario.
            pub fn as_str(self) -> &'static str { match self { $( Self::$v => $text, )* } }
        }
    };
}
