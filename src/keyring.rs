//! The passwords by id: which one seals, which one opens a token, and the keys derived from them.

use std::fmt;
use std::ops::Range;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::buffer::leaving_no_trace;
use crate::xaes::Xaes;
use crate::{Error, Rejection};

const PBKDF2_SALT: &[u8] = b"libh3s h3s1 password";
const PBKDF2_ITERATIONS: u32 = 65_536;
const SEAL_SALT: &[u8] = b"h3s1 session seal";
const SEEN_SALT: &[u8] = b"h3s1 seen";
const REVOCATION_SALT: &[u8] = b"h3s revocation";
const TOKEN_ID_SALT: &[u8] = b"h3s token id";
const LOG_SALT: &[u8] = b"h3s log id";
const HASH_SALT: &[u8] = b"h3s table hash";

/// A password, wiped when dropped.
pub(crate) type Password = Zeroizing<String>;

/// The keys of one config. The first seals, all open.
pub(crate) struct Keyring {
    keys: Vec<Key>,
    /// In a place of its own, which it never leaves.
    log_key: Box<Zeroizing<[u8; 32]>>,
    /// As the other. No secret hangs on it but who shares a place with whom in tables of peers and
    /// tokens.
    hash_key: Box<Zeroizing<[u8; 32]>>,
}

/// What is kept of one password.
pub(crate) struct Key {
    /// What a token calls it: up to 32 of `[A-Za-z0-9_]`, nothing for the password that is a plain
    /// string.
    pub(crate) id: String,
    /// What seals and opens its h3s1 tokens. The cookie's name went into the key, so that the token
    /// of one session cannot be replayed as another's.
    pub(crate) seal: Xaes,
    /// What authenticates when its h3s1 sessions were last seen. In a place that it never leaves.
    pub(crate) seen: Box<Zeroizing<[u8; 32]>>,
    /// What gives an id to sessions whose tokens have none. In a place that it never leaves.
    pub(crate) token_id: Box<Zeroizing<[u8; 32]>>,
    /// What seals and opens entries of what is revoked among the sessions of the cookie's name;
    /// only where the options have `revocation`.
    pub(crate) revocation: Option<Xaes>,
    /// Kept only for Fe26.2, each of whose tokens has salts of its own.
    password: Option<Password>,
}

/// What is kept of the passwords beside the keys of h3s1.
#[derive(Clone, Copy, Default)]
pub(crate) struct Needs {
    /// The passwords themselves, for Fe26.2.
    pub(crate) passwords: bool,
    /// The keys of what is revoked.
    pub(crate) revocation: bool,
}

impl Key {
    /// What keys of Fe26.2 are derived from; None where that format is off.
    pub(crate) fn password(&self) -> Option<&[u8]> {
        self.password.as_ref().map(|password| password.as_bytes())
    }
}

impl Keyring {
    /// Derives the keys for a cookie's name from the passwords, of which there is at least one:
    /// those that are needed.
    pub(crate) fn new(
        passwords: Vec<(String, Password)>,
        name: &str,
        needs: Needs,
    ) -> Result<Keyring, Error> {
        let mut log_key = Box::new(Zeroizing::new([0; 32]));
        let mut hash_key = Box::new(Zeroizing::new([0; 32]));
        let mut keys = Vec::new();
        keys.try_reserve_exact(passwords.len())
            .map_err(|_| Error::memory())?;
        for (id, password) in passwords {
            let master = master(&password);
            if keys.is_empty() {
                *log_key = expand(&master, LOG_SALT, name);
                *hash_key = expand(&master, HASH_SALT, name);
            }
            let key = expand(&master, SEAL_SALT, name);
            let mut seen = Box::new(Zeroizing::new([0; 32]));
            *seen = expand(&master, SEEN_SALT, name);
            let mut token_id = Box::new(Zeroizing::new([0; 32]));
            *token_id = expand(&master, TOKEN_ID_SALT, name);
            keys.push(Key {
                id,
                seal: Xaes::new(&key),
                seen,
                token_id,
                revocation: needs
                    .revocation
                    .then(|| Xaes::new(&expand(&master, REVOCATION_SALT, name))),
                password: needs.passwords.then_some(password),
            });
        }
        if keys.is_empty() {
            return Err(Error::internal());
        }
        Ok(Keyring {
            keys,
            log_key,
            hash_key,
        })
    }

    /// A keyring of these ids, the first of which seals, that opens and seals nothing: for what
    /// depends on lengths alone.
    pub(crate) fn without_keys(ids: Vec<String>) -> Result<Keyring, Error> {
        let keys = ids.into_iter().map(|id| Key {
            id,
            seal: Xaes::new(&[0; 32]),
            seen: Box::default(),
            token_id: Box::default(),
            revocation: None,
            password: None,
        });
        let keyring = Keyring {
            keys: keys.collect(),
            log_key: Box::default(),
            hash_key: Box::default(),
        };
        match keyring.keys.is_empty() {
            true => Err(Error::internal()),
            false => Ok(keyring),
        }
    }

    /// The key that seals.
    pub(crate) fn first(&self) -> &Key {
        let [first, ..] = self.keys.as_slice() else {
            unreachable!("a keyring is never empty")
        };
        first
    }

    /// The key at a position.
    pub(crate) fn at(&self, position: usize) -> Option<&Key> {
        self.keys.get(position)
    }

    /// The keys that a token's key id may mean, each with its position, of which 0 seals. A token
    /// without an id belongs to the password that is a plain string, else to the one called
    /// `default`; where there is neither, it may belong to any, as after the change from a plain
    /// string to ids. And so that servers may change one after another, a plain string opens tokens
    /// of any id (in Fe26.2 as in h3).
    pub(crate) fn by_id(&self, id: &[u8]) -> impl Iterator<Item = (usize, &Key)> {
        self.within(self.places(id))
    }

    /// The positions of [`Keyring::by_id`].
    pub(crate) fn places(&self, id: &[u8]) -> Range<usize> {
        match self.position(id) {
            Some(position) => position..position + 1,
            None if id.is_empty() || self.is_plain() => 0..self.keys.len(),
            None => 0..0,
        }
    }

    /// The position of the key of an id as iron-session has it: the password that is a plain string
    /// is called `1`, and what has no id belongs to none.
    pub(crate) fn place_of_number(&self, id: &[u8]) -> Range<usize> {
        let position = match self.is_plain() {
            true => (id == b"1").then_some(0),
            false => self.position(id).filter(|_| !id.is_empty()),
        };
        position.map_or(0..0, |position| position..position + 1)
    }

    /// All keys, each with its position.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, &Key)> {
        self.keys.iter().enumerate()
    }

    /// The keys at these positions, each with its own.
    pub(crate) fn within(&self, range: Range<usize>) -> impl Iterator<Item = (usize, &Key)> {
        range.filter_map(|position| Some((position, self.keys.get(position)?)))
    }

    /// Why a token is refused that no key opens which its id may mean: for its seal where it means
    /// one, and else because the key it was sealed with is none of these.
    pub(crate) fn refusal(&self, id: &[u8]) -> Rejection {
        match self.position(id) {
            Some(_) => Rejection::BadSeal,
            None => Rejection::UnknownKey,
        }
    }

    /// Whether there is one password, without an id.
    fn is_plain(&self) -> bool {
        matches!(self.keys.as_slice(), [only] if only.id.is_empty())
    }

    #[inline]
    fn position(&self, id: &[u8]) -> Option<usize> {
        let named = |id: &[u8]| self.keys.iter().position(|key| key.id.as_bytes() == id);
        match id {
            // (Comparing two texts that are empty takes some processors longer than all the rest.)
            b"" => {
                let nameless = self.keys.iter().position(|key| key.id.is_empty());
                nameless.or_else(|| named(b"default"))
            }
            id => named(id),
        }
    }

    /// For keyed hashes that choose places in tables.
    pub(crate) fn hash_key(&self) -> &[u8; 32] {
        &self.hash_key
    }

    /// A keyed hash of a session's id: 32 hexadecimal digits.
    pub(crate) fn log_id(&self, id: &[u8]) -> String {
        keyed_hash(&self.log_key, id)
            .iter()
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
#[inline(never)]
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
#[inline(never)]
fn expand(master: &[u8; 32], salt: &[u8], name: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    derive(master, salt, name.as_bytes(), &mut *key);
    key
}

/// HKDF-SHA256. A key is short of its limit.
#[inline(never)]
pub(crate) fn derive(secret: &[u8], salt: &[u8], info: &[u8], key: &mut [u8]) {
    let hkdf = Hkdf::<Sha256>::new(Some(salt), secret);
    hkdf.expand(info, key)
        .expect("a key is within HKDF's limit");
}

/// HMAC-SHA256.
#[inline(never)]
pub(crate) fn keyed_hash(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    // It is HKDF's first step, with the salt as its key.
    let (hash, _) = leaving_no_trace(|| Hkdf::<Sha256>::extract(Some(key), text));
    hash.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_tables_hang_on_the_password_and_the_name() {
        let keys = [("one", "h3"), ("other", "h3"), ("one", "other")].map(|(password, name)| {
            let password = Password::new(password.repeat(32));
            let keyring =
                Keyring::new(vec![(String::new(), password)], name, Needs::default()).unwrap();
            *keyring.hash_key()
        });
        assert!(keys[0] != keys[1] && keys[0] != keys[2]);
    }
}
