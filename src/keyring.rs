//! The passwords by id: which one seals, which one opens a token, and the keys derived from them.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::KeyInit;
use zeroize::Zeroizing;

use crate::Error;

const PBKDF2_SALT: &[u8] = b"h3s1 password";
const PBKDF2_ITERATIONS: u32 = 65_536;
const SEAL_SALT: &[u8] = b"h3s1 session seal";
const LOG_SALT: &[u8] = b"h3s log id";

/// A password, wiped when dropped.
pub(crate) type Password = Zeroizing<String>;

/// The keys of one config. The first seals, all open.
pub(crate) struct Keyring {
    keys: Vec<Key>,
    /// In a place of its own, which it never leaves.
    log_key: Box<Zeroizing<[u8; 32]>>,
}

/// What is kept of one password.
pub(crate) struct Key {
    /// What a token calls it: up to 32 of `[A-Za-z0-9_]`, nothing for the password that is a plain string.
    pub(crate) id: String,
    /// What seals and opens its h3s1 tokens. The cookie's name went into the key, so that the token of one session
    /// cannot be replayed as another's.
    pub(crate) seal: Xaes256Gcm,
    /// Kept only for Fe26.2, each of whose tokens has salts of its own.
    password: Option<Password>,
}

impl Key {
    /// What keys of Fe26.2 are derived from; None where that format is off.
    pub(crate) fn password(&self) -> Option<&[u8]> {
        self.password.as_ref().map(|password| password.as_bytes())
    }
}

impl Keyring {
    /// Derives the keys for a cookie's name, and keeps the passwords, of which there is at least one, only if it has to.
    pub(crate) fn new(
        passwords: Vec<(String, Password)>,
        name: &str,
        keep_passwords: bool,
    ) -> Result<Keyring, Error> {
        let mut log_key = Box::new(Zeroizing::new([0; 32]));
        let mut keys = Vec::new();
        keys.try_reserve_exact(passwords.len())
            .map_err(|_| Error::memory())?;
        for (id, password) in passwords {
            let master = master(&password);
            if keys.is_empty() {
                *log_key = expand(&master, LOG_SALT, name);
            }
            let key = expand(&master, SEAL_SALT, name);
            keys.push(Key {
                id,
                seal: Xaes256Gcm::new(&(*key).into()),
                password: keep_passwords.then_some(password),
            });
        }
        if keys.is_empty() {
            return Err(Error::internal());
        }
        Ok(Keyring { keys, log_key })
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
        let position = self.position(id)?;
        Some((self.keys.get(position)?, position == 0))
    }

    /// As [`Keyring::by_id`] for Fe26.2, with the key's position: a password that is a plain string opens tokens of any id, as in h3.
    pub(crate) fn by_fe26_id(&self, id: &[u8]) -> Option<(usize, &Key)> {
        let position = match self.keys.as_slice() {
            [only] if only.id.is_empty() => 0,
            _ => self.position(id)?,
        };
        Some((position, self.keys.get(position)?))
    }

    fn position(&self, id: &[u8]) -> Option<usize> {
        let named = |id: &[u8]| self.keys.iter().position(|key| key.id.as_bytes() == id);
        named(id).or_else(|| {
            if id.is_empty() {
                named(b"default")
            } else {
                None
            }
        })
    }

    /// A keyed hash of a session's id: 32 hexadecimal digits.
    pub(crate) fn log_id(&self, id: &[u8]) -> String {
        // HKDF's first step is HMAC-SHA256 with the salt as its key.
        let (hash, _) = Hkdf::<Sha256>::extract(Some(&**self.log_key), id);
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
