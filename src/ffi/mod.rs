//! The C ABI: a customs house. Each function checks its pointers, turns them into slices, calls one safe
//! function of the crate and maps the result. It knows nothing of cryptography, cookies or sessions.
//!
//! This is the only room with unsafe code. `include/h3s.h` is generated from it by cbindgen, so the comments
//! here are the C programmer's manual.

#![allow(non_camel_case_types, unsafe_code)]

mod config;
mod fork;
mod guard;
mod input;
mod iron;
mod session;
mod types;
mod version;

// The header has them last.
mod cache;

pub use cache::*;
pub use config::*;
pub use iron::*;
pub use session::*;
pub use types::*;
pub use version::*;
