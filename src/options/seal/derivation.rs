//! How Fe26.2's keys are derived: read from JSON, and checked.

use super::KeyDerivation;
use crate::Error;
use crate::options::json::{Reader, Value};
use crate::options::span::Span;
use crate::seal::fe26;

pub(super) const ITERATIONS: Span = Span::new(1, 10_000_000);
/// Salts are hexadecimal, and have at most 128 digits.
const SALT_BITS: Span = Span::new(1, 512);
const MIN_PASSWORD_LEN: Span = Span::new(1, 1024);

/// A derivation as it is given, or h3's with another number of iterations.
pub(super) fn checked(
    key: &str,
    given: Option<&KeyDerivation>,
    iterations: u32,
) -> Result<fe26::Derivation, Error> {
    let default = KeyDerivation::new().iterations(iterations);
    let given = given.unwrap_or(&default);
    let key = |name| format!("{key}.{name}");
    SALT_BITS.check(&key("saltBits"), given.salt_bits)?;
    ITERATIONS.check(&key("iterations"), given.iterations)?;
    MIN_PASSWORD_LEN.check(&key("minPasswordlength"), given.min_password_len)?;
    Ok(fe26::Derivation {
        salt_len: given.salt_bits.div_ceil(8) * 2,
        iterations: given.iterations,
    })
}

/// `encryption` with its algorithm, or `integrity`, whose algorithm can only be `sha256`.
pub(super) fn derivation<A: Copy>(
    value: &Value<'_>,
    algorithms: &[(&'static str, A)],
) -> Result<(A, KeyDerivation), Error> {
    struct Read<'a, A> {
        algorithms: &'a [(&'static str, A)],
        algorithm: Option<A>,
        derivation: KeyDerivation,
    }
    let readers: [Reader<Read<'_, A>>; 4] = [
        ("algorithm", |read, value| {
            read.algorithm = Some(value.one_of(read.algorithms)?);
            Ok(())
        }),
        ("saltBits", |read, value| {
            value
                .integer(&SALT_BITS)
                .map(|bits| read.derivation.salt_bits = bits)
        }),
        ("iterations", |read, value| {
            value
                .integer(&ITERATIONS)
                .map(|iterations| read.derivation.iterations = iterations)
        }),
        ("minPasswordlength", |read, value| {
            value
                .integer(&MIN_PASSWORD_LEN)
                .map(|len| read.derivation.min_password_len = len)
        }),
    ];
    let mut read = Read {
        algorithms,
        algorithm: None,
        derivation: KeyDerivation::new(),
    };
    value.read_into(&mut read, &readers, "an object")?;
    // h3 takes the object as it is and fills nothing in.
    let missing = readers.iter().find(|(name, _)| !value.has(name));
    match (missing, read.algorithm) {
        (None, Some(algorithm)) => Ok((algorithm, read.derivation)),
        (missing, _) => Err(value.missing(
            missing.map_or("algorithm", |(name, _)| name),
            "missing: h3 needs algorithm, saltBits, iterations and minPasswordlength, all four",
        )),
    }
}
