//! The C ABI. Each function checks its pointers, turns them into slices, calls one safe function of
//! the crate and turns the result into what C sees. It knows nothing of cryptography or cookies.
//!
//! But for `random::fork`, this is the only module with unsafe code. `include/h3s.h` is generated
//! from it by cbindgen, so the comments here are the C programmer's manual: its sections come in
//! the order of these modules.

#![allow(non_camel_case_types, unsafe_code)]

mod error;
mod guard;
mod input;
mod owners;
mod replica;
mod session;
mod sized;
mod types;

mod config;

mod opening;

mod reading;

mod iter;

mod writing;

mod sealing;

mod revoking;

mod revocations;

mod revocation_file;

mod cache;

mod version;

pub use cache::*;
pub use config::*;
pub use error::*;
pub use iter::*;
pub use opening::*;
pub use reading::*;
pub use replica::*;
pub use revocation_file::*;
pub use revocations::*;
pub use revoking::*;
pub use sealing::*;
pub use session::*;
pub use types::*;
pub use version::*;
pub use writing::*;
