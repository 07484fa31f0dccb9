//! The passwords by id: which one seals, which one opens a token, and the keys derived from them.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::KeyInit;
use zeroize::Zeroizing;

const PBKDF2_SALT: &[u8] = b"h3s1 password";
const PBKDF2_ITERATIONS: u32 = 65_536;
const SEAL_SALT: &[u8] = b"h3s1 session seal";
const LOG_SALT: &[u8] = b"h3s log id";

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
    /// What seals and opens its h3s1 tokens. The cookie's name went into the key, so that the token of one session
    /// cannot be replayed as another's.
    pub(crate) seal: Xaes256Gcm,
}

impl Keyring {
    /// Derives the keys for a cookie's name. None without a password.
    pub(crate) fn new(passwords: &[(String, Password)], name: &str) -> Option<Keyring> {
        let mut log_key = Zeroizing::new([0; 32]);
        let mut keys = Vec::new();
        for (id, password) in passwords {
            let master = master(password);
            if keys.is_empty() {
                log_key = expand(&master, LOG_SALT, name);
            }
            let key = expand(&master, SEAL_SALT, name);
            keys.push(Key {
                id: id.clone(),
                seal: Xaes256Gcm::new(&(*key).into()),
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

/// The slow step: what makes a captured token dear to attack. Once per password and config.
pub(crate) fn master(password: &str) -> Zeroizing<[u8; 32]> {
    let mut master = Zeroizing::new([0; 32]);
    pbkdf2::pbkdf2_hmac::<Sha256>(
        password.as_bytes(),
        PBKDF2_SALT,
        PBKDF2_ITERATIONS,
        &mut *master,
    );
    master
}

/// HKDF-SHA256 with `salt` over a master key, for one purpose and one cookie name.
fn expand(master: &[u8; 32], salt: &[u8], name: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let hkdf = Hkdf::<Sha256>::new(Some(salt), master);
    hkdf.expand(name.as_bytes(), &mut *key)
        .expect("32 bytes are within HKDF's limit");
    key
}
