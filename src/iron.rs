//! Fe26.2 tokens of any JSON value, without a session around it, as @hapi/iron, iron-webcrypto and iron-session make them.

use zeroize::Zeroizing;

use crate::config::Config;
use crate::seal::fe26::{Caller, Fe26};
use crate::seal::{Format, Looks, looks};
use crate::{Error, Rejection, clock, json};

/// Raw seals.
impl Config {
    /// Seals a JSON value as a Fe26.2 token. It lives for `seal.ttl`, else `maxAge`, else `idleTimeout`.
    ///
    /// iron-session wants `~2` after the token: append it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for what is no JSON, [`TooLarge`](crate::ErrorKind::TooLarge) for a token longer than `maxTokenLength`,
    /// [`Config`](crate::ErrorKind::Config) if `seal.accept` has no `"fe26.2"`, [`Random`](crate::ErrorKind::Random), [`Memory`](crate::ErrorKind::Memory).
    pub fn iron_seal(&self, json: impl AsRef<[u8]>, now_ms: i64) -> Result<String, Error> {
        let (json, now) = (json.as_ref(), clock::check(now_ms)?);
        let fe26 = self.fe26()?;
        json::check(json, json::MAX_DEPTH)?;
        let json = json::compact(json)?;
        let inner = self.inner();
        let mut token = fe26.seal_raw(&inner.keyring, &json, &inner.limits, now)?;
        token.pop(); // The NUL, which a session's token needs.
        inner.check_token_len(token.len())?;
        String::from_utf8(token).map_err(|_| Error::internal())
    }

    /// Opens a Fe26.2 token, and gives the JSON value in it without insignificant white space; it is wiped when dropped. A `~2` after
    /// the token, as iron-session puts it, is passed over.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) with [`Error::rejection`], [`Config`](crate::ErrorKind::Config) if `seal.accept` has no `"fe26.2"`,
    /// [`Memory`](crate::ErrorKind::Memory).
    pub fn iron_unseal(
        &self,
        token: impl AsRef<[u8]>,
        now_ms: i64,
    ) -> Result<Zeroizing<String>, Error> {
        let (token, now) = (token.as_ref(), clock::check(now_ms)?);
        let fe26 = self.fe26()?;
        if token.len() > self.inner().max_token_len {
            return Err(Rejection::TooLarge.into());
        }
        match looks(token) {
            Looks::Like(Format::Fe26) => {}
            Looks::Like(_) | Looks::Foreign => return Err(Rejection::UnsupportedFormat.into()),
            Looks::Unlike => return Err(Rejection::Malformed.into()),
        }
        let json = fe26.open_raw(&self.inner().keyring, token, now, Caller::default())??;
        let text = std::str::from_utf8(&json).map_err(|_| Error::internal())?;
        let mut out = Zeroizing::new(String::new());
        out.try_reserve_exact(text.len())
            .map_err(|_| Error::memory())?;
        out.push_str(text);
        Ok(out)
    }

    fn fe26(&self) -> Result<&Fe26, Error> {
        self.inner().fe26.as_ref().ok_or_else(|| {
            Error::config(
                "seal.accept",
                "raw seals are Fe26.2 tokens: list \"fe26.2\" in seal.accept",
            )
        })
    }
}
