//! AES-256-GCM under one key, by the backend that the library is built with: RustCrypto's
//! `aes-gcm`, or `ring` with the feature of that name. Both give the same bytes.
//!
//! A key is wiped when dropped, and a move leaves a copy of it behind.

#[cfg(feature = "ring")]
mod ring;
#[cfg(any(not(feature = "ring"), test))]
mod rustcrypto;

#[cfg(feature = "ring")]
pub(crate) use self::ring::Gcm;
#[cfg(not(feature = "ring"))]
pub(crate) use self::rustcrypto::Gcm;

const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;

#[cfg(test)]
mod tests;
