//! The parts of a token, and the two ways in which they are encrypted and authenticated.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;

use super::header::Enc;
use super::keys::Key;
use crate::buffer::{Buffer, leaving_no_trace};
use crate::seal::base64url;
use crate::seal::fe26::Cipher;
use crate::xaes::Gcm;
use crate::{Error, random};

/// The room that padding may take.
pub(super) const BLOCK_LEN: usize = 16;
const CBC_IV_LEN: usize = 16;
const CBC_TAG_LEN: usize = 32;
const GCM_NONCE_LEN: usize = 12;
const GCM_TAG_LEN: usize = 16;

/// The parts of a compact token whose key is used directly, so that it has none of its own.
pub(super) struct Parts<'a> {
    pub(super) header: &'a [u8],
    iv: &'a [u8],
    ciphertext: &'a [u8],
    tag: &'a [u8],
}

/// The same, decoded, each of the length that its cipher wants.
pub(super) struct Sealed<'a> {
    /// What is authenticated beside the ciphertext.
    aad: &'a [u8],
    iv: Buffer,
    ciphertext: Buffer,
    tag: Buffer,
}

impl<'a> Parts<'a> {
    pub(super) fn of(token: &'a [u8]) -> Option<Parts<'a>> {
        let mut parts = token.splitn(6, |byte| *byte == b'.');
        let mut next = || parts.next();
        let (header, key) = (next()?, next()?);
        let (iv, ciphertext, tag) = (next()?, next()?, next()?);
        let is_whole = key.is_empty() && next().is_none();
        is_whole.then_some(Parts {
            header,
            iv,
            ciphertext,
            tag,
        })
    }

    /// None for what is not strictly base64url, or of another length.
    pub(super) fn decode(&self, enc: Enc) -> Result<Option<Sealed<'a>>, Error> {
        let (iv_len, tag_len) = match enc {
            Enc::CbcHmac => (CBC_IV_LEN, CBC_TAG_LEN),
            Enc::Gcm => (GCM_NONCE_LEN, GCM_TAG_LEN),
        };
        let decoded = (
            base64url::decode(self.iv)?,
            base64url::decode(self.ciphertext)?,
            base64url::decode(self.tag)?,
        );
        let (Some(iv), Some(ciphertext), Some(tag)) = decoded else {
            return Ok(None);
        };
        let is_of_blocks = enc == Enc::Gcm || ciphertext.len().is_multiple_of(BLOCK_LEN);
        let fits =
            iv.len() == iv_len && tag.len() == tag_len && is_of_blocks && !ciphertext.is_empty();
        Ok(fits.then_some(Sealed {
            aad: self.header,
            iv,
            ciphertext,
            tag,
        }))
    }
}

impl Sealed<'_> {
    /// The plaintext, if it is authentic under a key of the same cipher.
    pub(super) fn decrypt(&self, key: &Key) -> Result<Option<Buffer>, Error> {
        let mut text = Buffer::with_room(self.ciphertext.len())?;
        text.extend_from_slice(&self.ciphertext);
        Ok(match key.enc {
            Enc::CbcHmac => self.decrypt_cbc(key, text),
            Enc::Gcm => self.decrypt_gcm(key, text),
        })
    }

    fn decrypt_cbc(&self, key: &Key, text: Buffer) -> Option<Buffer> {
        let (mac_key, cipher_key) = halves(key)?;
        let (iv, tag) = (self.iv.first_chunk()?, self.tag.as_slice());
        let is_authentic = leaving_no_trace(|| {
            let mac = mac_of(mac_key, self.aad, iv, &text)?;
            mac.verify_truncated_left(tag).ok()
        });
        is_authentic?;
        let (mut text, len) = Cipher::Aes256Cbc.decrypt(cipher_key, iv, text)?;
        text.truncate(len);
        Some(text)
    }

    fn decrypt_gcm(&self, key: &Key, mut text: Buffer) -> Option<Buffer> {
        let key = key.bytes.first_chunk()?;
        let (nonce, tag) = (self.iv.first_chunk()?, self.tag.first_chunk()?);
        let aad = self.aad;
        let opens = leaving_no_trace(|| Gcm::new(key).decrypt(nonce, aad, &mut text, tag));
        opens.then_some(text)
    }
}

/// Writes the token of a plaintext, which is in a buffer with room for a block of padding, to the
/// end of a text, which has the room for it.
pub(super) fn encrypt(key: &Key, mut text: Buffer, out: &mut Vec<u8>) -> Result<(), Error> {
    let (mac_key, cipher_key) = halves(key).ok_or_else(Error::internal)?;
    let iv: [u8; CBC_IV_LEN] = random::array()?;
    Cipher::Aes256Cbc.encrypt(cipher_key, &iv, &mut text)?;
    let aad = key.header.as_bytes();
    let mac = leaving_no_trace(|| Some(mac_of(mac_key, aad, &iv, &text)?.finalize().into_bytes()));
    let mac = mac.ok_or_else(Error::internal)?;
    let tag = mac.get(..CBC_TAG_LEN).ok_or_else(Error::internal)?;
    out.extend_from_slice(aad);
    out.push(b'.');
    for part in [&iv, text.as_slice(), tag] {
        out.push(b'.');
        let start = out.len();
        out.resize(start + base64url::encoded_len(part.len()), 0);
        base64url::encode(part, out.get_mut(start..).unwrap_or_default())?;
    }
    Ok(())
}

/// How long [`encrypt`] makes the token of a plaintext so long.
pub(super) fn token_len(key: &Key, text_len: usize) -> usize {
    let sealed_len = (text_len / BLOCK_LEN + 1) * BLOCK_LEN;
    let lens = [CBC_IV_LEN, sealed_len, CBC_TAG_LEN];
    let parts = lens.iter().map(|len| 1 + base64url::encoded_len(*len));
    key.header.len() + 1 + parts.sum::<usize>()
}

/// The keys of the mac and of the cipher.
fn halves(key: &Key) -> Option<(&[u8; 32], &[u8; 32])> {
    Some((key.bytes.first_chunk()?, key.bytes.last_chunk()?))
}

/// HMAC-SHA512 of all of it, and of how many bits the first of it has.
fn mac_of(key: &[u8; 32], aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Option<Hmac<Sha512>> {
    let bits = (aad.len() as u64 * 8).to_be_bytes();
    let mac = Hmac::<Sha512>::new_from_slice(key).ok()?;
    let parts = [aad, iv, ciphertext, &bits];
    Some(parts.iter().fold(mac, |mac, part| mac.chain_update(part)))
}
