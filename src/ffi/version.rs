//! Versions, and the numbers of this ABI in words.

use std::ffi::c_char;

use crate::error::{ErrorKind, Rejection};

/// The version of the ABI that this header describes: see `h3s_abi_version`.
pub const H3S_ABI_VERSION: u32 = 0;

/// @section Versions and names
///
/// The ABI version of the library that is loaded.
///
/// Programs that load it by `dlopen` compare it with H3S_ABI_VERSION. It changes only with the
/// soname.
#[unsafe(no_mangle)]
pub extern "C" fn h3s_abi_version() -> u32 {
    H3S_ABI_VERSION
}

/// The version of the library that is loaded, e.g. `"0.2.0"`. Static.
///
/// H3S_VERSION is that of this header.
#[unsafe(no_mangle)]
pub extern "C" fn h3s_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// What the loaded library does AES-256-GCM with: `"rustcrypto"`, or `"ring"`. Static.
///
/// The second is what `make backend=ring` builds. Both open the tokens of both.
#[unsafe(no_mangle)]
pub extern "C" fn h3s_backend() -> *const c_char {
    let name = if cfg!(feature = "ring") {
        c"ring"
    } else {
        c"rustcrypto"
    };
    name.as_ptr()
}

/// A status in words, e.g. `"the options are wrong"`.
///
/// Static; never NULL, for any number.
#[unsafe(no_mangle)]
pub extern "C" fn h3s_status_str(status: i32) -> *const c_char {
    ErrorKind::description_of(status).as_ptr().cast()
}

/// The name of a rejection, e.g. `"bad_seal"`, or `"none"`.
///
/// Static; never NULL, for any number.
#[unsafe(no_mangle)]
pub extern "C" fn h3s_rejection_str(rejection: i32) -> *const c_char {
    Rejection::name_of(rejection).as_ptr().cast()
}
