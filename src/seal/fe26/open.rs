//! Opening: what is refused without a key derivation, which keys are tried, and what a derivation
//! is charged to.

use std::ops::Range;
use std::sync::atomic::Ordering;

use super::Fe26;
use super::keys::{self, DerivedKey, KeyName, Purpose};
use super::token::Parts;
use crate::buffer::Buffer;
use crate::keyring::{Key, Keyring};
use crate::seal::{Caller, Fate, Iterations, Refusal, base64url};
use crate::{Error, Rejection};

/// The numbers of iterations that h3 uses: in 1.x (as iron-session and @hapi/iron do), which is no
/// slow step at all, and in 2.x.
const USUAL_ITERATIONS: [u32; 2] = [1, 8192];

impl Fe26 {
    /// Opens a token of any text.
    pub(super) fn open_text(
        &self,
        keyring: &Keyring,
        token: &[u8],
        now: i64,
        caller: Caller<'_>,
    ) -> Result<OpenedText, Refusal> {
        let parts = Parts::of(token).ok_or(Rejection::Malformed)?;
        // It is the decoder that knows base64's alphabet, and does so faster than a second look
        // would.
        let ciphertext = base64url::decode(parts.ciphertext)?.ok_or(Rejection::Malformed)?;
        let local_now = now + self.options.offset_ms;
        if parts
            .expiration
            .is_some_and(|end| end <= local_now - self.options.skew_ms)
        {
            return Err(Rejection::Expired.into());
        }
        let mut authentic = self.authenticate(keyring, &parts, now, caller);
        if caller.tries_all {
            // What has failed is not tried again: it is another password's turn.
            for _ in self.places(keyring, parts.key_id) {
                if matches!(authentic, Err(Refusal::Token(_, Fate::Untried))) {
                    authentic = self.authenticate(keyring, &parts, now, caller);
                }
            }
        }
        let authentic = authentic?;
        let key = self.encryption_key(&authentic, &parts, now, caller)?;
        // Its other key may have another number of iterations, or its cipher be another one.
        let (text, len) = self
            .options
            .cipher
            .decrypt(&key, &parts.iv, ciphertext)
            .ok_or_else(|| Rejection::BadSeal.of_foreign())?;
        Ok(OpenedText {
            text,
            len,
            expiration: parts.expiration,
            position: authentic.position,
            iterations: authentic.iterations,
        })
    }

    /// Under what the token is authentic, if it is. What can be found out without a slow derivation
    /// is; and at most one is made, though several passwords may still be possible then.
    fn authenticate<'k>(
        &self,
        keyring: &'k Keyring,
        parts: &Parts<'_>,
        now: i64,
        caller: Caller<'_>,
    ) -> Result<Authentic<'k>, Refusal> {
        let salt = parts.integrity_salt;
        let derive = |password, number| keys::derive(password, salt, number, 32);
        let warm = |position, password, iterations| Authentic {
            position,
            password,
            iterations,
            was_cold: false,
        };
        let mut cold: Option<Cold<'_>> = None;
        let mut several_cold = false;
        let hint = self.hint.load(Ordering::Relaxed);
        let places = self.places(keyring, parts.key_id);
        for (position, key) in keyring.within(places.clone()) {
            let password = password(key)?;
            for iterations in [Iterations::Own, Iterations::Other] {
                let Some(number) = self.integrity_iterations(iterations) else {
                    continue;
                };
                if number == 1 {
                    if parts.is_authentic(&derive(password, number)) {
                        return Ok(warm(position, password, iterations));
                    }
                    continue;
                }
                // Whoever sealed here and forges elsewhere gains nothing: a key says only that its
                // salt was once authentic.
                let name = KeyName::new(position, Purpose::Integrity, number, salt);
                if let Some(key) = self.known(&name, iterations) {
                    if parts.is_authentic(&key) {
                        return Ok(warm(position, password, iterations));
                    }
                    continue;
                }
                if self
                    .refused
                    .contains(self.refused.place(&name, parts.token))
                {
                    continue;
                }
                several_cold |= cold.is_some();
                // The one that was right for the last token without an id; else the last, which is
                // the oldest and so had none.
                if cold.as_ref().is_none_or(|cold| cold.position + 1 != hint) {
                    cold = Some(Cold {
                        position,
                        password,
                        iterations,
                        number,
                        name,
                    });
                }
            }
        }
        let reason = match self.options.is_iron_session {
            true if places.is_empty() => Rejection::UnknownKey,
            true => Rejection::BadSeal,
            false => keyring.refusal(parts.key_id),
        };
        let forged = match (several_cold, reason) {
            (true, reason) => Refusal::Token(reason, Fate::Untried),
            (_, Rejection::BadSeal) if !self.opens_usual() => Rejection::BadSeal.of_foreign(),
            (_, reason) => reason.into(),
        };
        let Some(cold) = cold else {
            return Err(forged);
        };
        self.check_may_derive(caller, now)?;
        let key = derive(cold.password, cold.number);
        if !parts.is_authentic(&key) {
            self.forgeries.charge(caller.peer, now);
            self.refused
                .insert(self.refused.place(&cold.name, parts.token));
            return Err(forged);
        }
        self.cold.charge(caller.peer, now);
        self.keys.insert(cold.name, key);
        if parts.key_id.is_empty() {
            self.hint.store(cold.position + 1, Ordering::Relaxed);
        }
        Ok(Authentic {
            was_cold: true,
            ..warm(cold.position, cold.password, cold.iterations)
        })
    }

    /// The positions of the passwords that a token of this key id may be under.
    fn places(&self, keyring: &Keyring, key_id: &[u8]) -> Range<usize> {
        match self.options.is_iron_session {
            true => keyring.place_of_number(key_id),
            false => keyring.places(key_id),
        }
    }

    /// From here on it is slow.
    fn check_may_derive(&self, caller: Caller<'_>, now: i64) -> Result<(), Error> {
        if self.forgeries.is_exceeded(caller.peer, now) || self.cold.is_exceeded(caller.peer, now) {
            Err(Error::busy())
        } else if caller.warm_only {
            Err(Error::cold())
        } else {
            Ok(())
        }
    }

    /// The key of an authentic token's ciphertext.
    fn encryption_key(
        &self,
        authentic: &Authentic<'_>,
        parts: &Parts<'_>,
        now: i64,
        caller: Caller<'_>,
    ) -> Result<DerivedKey, Error> {
        let Authentic {
            position,
            password,
            iterations,
            was_cold,
        } = *authentic;
        let number = match (iterations, self.options.other) {
            (Iterations::Other, Some(other)) => other,
            _ => self.options.encryption.iterations,
        };
        let salt = parts.encryption_salt;
        let derive = || keys::derive(password, salt, number, self.options.cipher.key_len());
        if number == 1 {
            return Ok(derive());
        }
        let name = KeyName::new(position, Purpose::Encryption, number, salt);
        if let Some(key) = self.known(&name, iterations) {
            return Ok(key);
        }
        if !was_cold {
            self.check_may_derive(caller, now)?;
            self.cold.charge(caller.peer, now);
        }
        let key = derive();
        self.keys.insert(name, DerivedKey::clone(&key));
        Ok(key)
    }

    /// A key that need not be derived: it sealed here, or opened a token before.
    fn known(&self, name: &KeyName, iterations: Iterations) -> Option<DerivedKey> {
        let salts = self.sealing(iterations).present();
        let own = salts.and_then(|salts| salts.key_of(name));
        own.or_else(|| self.keys.get(name))
    }

    fn integrity_iterations(&self, iterations: Iterations) -> Option<u32> {
        match iterations {
            Iterations::Own => Some(self.options.integrity.iterations),
            Iterations::Other => self.options.other,
        }
    }

    /// Whether it opens tokens of both of h3's numbers of iterations, so that one which does not
    /// open is not just another server's.
    fn opens_usual(&self) -> bool {
        if self.options.is_iron_session {
            return true;
        }
        let opened = [Some(self.options.integrity.iterations), self.options.other];
        USUAL_ITERATIONS
            .iter()
            .all(|usual| opened.contains(&Some(*usual)))
    }
}

pub(super) struct OpenedText {
    pub(super) text: Buffer,
    pub(super) len: usize,
    pub(super) expiration: Option<i64>,
    /// The password's place in the keyring.
    pub(super) position: usize,
    pub(super) iterations: Iterations,
}

/// Under what a token is authentic.
struct Authentic<'k> {
    position: usize,
    password: &'k [u8],
    iterations: Iterations,
    /// It took a slow derivation to find that out.
    was_cold: bool,
}

/// What is still to be tried, by a slow derivation.
struct Cold<'k> {
    position: usize,
    password: &'k [u8],
    iterations: Iterations,
    number: u32,
    name: KeyName,
}

fn password(key: &Key) -> Result<&[u8], Error> {
    key.password().ok_or_else(Error::internal)
}
