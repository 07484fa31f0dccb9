//! The passwords by id: which one seals, which one opens a token, and the keys derived from them.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::seal::h3s1;

/// A password, wiped when dropped.
pub(crate) type Password = Zeroizing<String>;

/// The keys of one config. The first seals, all open.
pub(crate) struct Keyring {
    keys: Vec<Key>,
    log_key: Zeroizing<[u8; 32]>,
}

/// What is kept of one password.
pub(crate) struct Key {
    /// What a token calls it: up to 32 of `[A-Za-z0-9_]`, nothing for the password that is a plain string.
    pub(crate) id: String,
    pub(crate) h3s1: h3s1::Cipher,
}

impl Keyring {
    /// Derives the keys for a cookie's name. None without a password.
    pub(crate) fn new(passwords: &[(String, Password)], name: &str) -> Option<Keyring> {
        let mut log_key = Zeroizing::new([0; 32]);
        let mut keys = Vec::new();
        for (id, password) in passwords {
            let master = h3s1::master(password);
            if keys.is_empty() {
                expand(&master, b"h3s log id", name, &mut log_key);
            }
            keys.push(Key {
                id: id.clone(),
                h3s1: h3s1::Cipher::new(&master, name),
            });
        }
        (!keys.is_empty()).then_some(Keyring { keys, log_key })
    }

    /// The key that seals.
    pub(crate) fn first(&self) -> &Key {
        let [first, ..] = self.keys.as_slice() else {
            unreachable!("a keyring is never empty")
        };
        first
    }

    /// The key that a token's key id names, and whether it is the one that seals. A token without an id belongs to the password that is a
    /// plain string, else to the one called `default`.
    pub(crate) fn by_id(&self, id: &[u8]) -> Option<(&Key, bool)> {
        let named = |id: &[u8]| self.keys.iter().position(|key| key.id.as_bytes() == id);
        let position = named(id).or_else(|| {
            if id.is_empty() {
                named(b"default")
            } else {
                None
            }
        })?;
        Some((self.keys.get(position)?, position == 0))
    }

    /// A keyed hash of a session's id: 32 hexadecimal digits.
    pub(crate) fn log_id(&self, id: &[u8]) -> String {
        // HKDF's first step is HMAC-SHA256 with the salt as its key.
        let (hash, _) = Hkdf::<Sha256>::extract(Some(&*self.log_key), id);
        hash.iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").finish_non_exhaustive()
    }
}

/// HKDF-SHA256 with `salt` over a master key, for one purpose and one cookie name.
pub(crate) fn expand(master: &[u8; 32], salt: &[u8], name: &str, out: &mut [u8; 32]) {
    let hkdf = Hkdf::<Sha256>::new(Some(salt), master);
    hkdf.expand(name.as_bytes(), out)
        .expect("32 bytes are within HKDF's limit");
}
