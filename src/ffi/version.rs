//! Versions, and the numbers of this ABI in words.

use std::ffi::c_char;

use crate::error::{ErrorKind, Rejection};

/// @section Versions and names
///
/// The version of this ABI. It changes only with the soname; check it where the library is loaded at run time.
#[unsafe(no_mangle)]
pub extern "C" fn h3s_abi_version() -> u32 {
    0
}

/// The version of the library, e.g. `"0.1.0"`. Static.
#[unsafe(no_mangle)]
pub extern "C" fn h3s_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// A status in words, e.g. `"the options are wrong"`. Static; never NULL, for any number.
#[unsafe(no_mangle)]
pub extern "C" fn h3s_status_str(status: i32) -> *const c_char {
    ErrorKind::description_of(status).as_ptr().cast()
}

/// The name of a rejection, e.g. `"bad_seal"`, or `"none"`. Static; never NULL, for any number.
#[unsafe(no_mangle)]
pub extern "C" fn h3s_rejection_str(rejection: i32) -> *const c_char {
    Rejection::name_of(rejection).as_ptr().cast()
}
