//! Sessions in the types of other crates: one feature, one crate, and off by default.

#[cfg(feature = "cookie")]
mod cookie;
#[cfg(feature = "serde")]
mod serde;
#[cfg(feature = "time")]
mod time;
