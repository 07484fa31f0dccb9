//! Single values: of what type one is, and what a number says.

use std::io::Write;

/// The type of a JSON value. The discriminants are those of the C ABI and are pinned. There will be
/// no others: JSON has these.
///
/// ```
/// # use h3s::{Config, Options, Request};
/// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
/// use h3s::ValueType;
///
/// let mut session = config.use_session(&Request::new(""))?;
/// session.replace(r#"{"user": null, "roles": []}"#)?;
/// assert_eq!(session.value_type("/user"), Some(ValueType::Null));
/// assert_eq!(session.value_type("/roles"), Some(ValueType::Array));
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum ValueType {
    /// `null`
    Null = 1,
    /// `true` or `false`
    Bool = 2,
    /// A number, of any size and precision.
    Number = 3,
    /// A string.
    String = 4,
    /// An array.
    Array = 5,
    /// An object.
    Object = 6,
}

/// The type of a value.
pub(crate) fn type_of(json: &[u8]) -> Option<ValueType> {
    Some(match json.first()? {
        b'n' => ValueType::Null,
        b't' | b'f' => ValueType::Bool,
        b'"' => ValueType::String,
        b'[' => ValueType::Array,
        b'{' => ValueType::Object,
        _ => ValueType::Number,
    })
}

pub(crate) fn bool(json: &[u8]) -> Option<bool> {
    match json {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// The integer that a number is, however it is written: `100`, `1e2` and `100.0` are one number.
/// None for what has a fraction or does not fit.
pub(crate) fn int(json: &[u8]) -> Option<i64> {
    let number = number(json)?;
    let (is_negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        // With one beyond 64 bits a number is a fraction or does not fit, whatever its sign.
        Some((mantissa, exponent)) => (mantissa, exponent.parse().unwrap_or(i64::MAX)),
        None => (number, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if !digits().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let mut counting = (0..).zip(digits()).filter(|(_, digit)| *digit != b'0');
    let Some((first, _)) = counting.next() else {
        return Some(0);
    };
    let last = counting.last().map_or(first, |(last, _)| last);
    // The digits that count are followed by this many zeros, or are after the point.
    let after = i64::try_from(whole.len()).ok()? - i64::try_from(last + 1).ok()?;
    let zeros = u32::try_from(exponent.checked_add(after)?).ok()?;
    let most = i64::MAX.ilog10() as usize;
    if last - first + zeros as usize > most {
        return None;
    }
    let value = digits()
        .take(last + 1)
        .skip(first)
        .fold(0_i128, |value, digit| value * 10 + i128::from(digit - b'0'));
    let value = value * 10_i128.pow(zeros);
    i64::try_from(if is_negative { -value } else { value }).ok()
}

/// The nearest double to a number; None where that is infinite.
pub(crate) fn double(json: &[u8]) -> Option<f64> {
    let value: f64 = number(json)?.parse().ok()?;
    value.is_finite().then_some(value)
}

/// A finite number as JSON.stringify writes it: the fewest digits that give the same double again.
pub(crate) struct Number {
    bytes: [u8; 32],
    len: usize,
}

impl Number {
    pub(crate) fn from_int(value: i64) -> Option<Number> {
        Number::of(format_args!("{value}"))
    }

    /// None for what JSON cannot say.
    pub(crate) fn from_double(value: f64) -> Option<Number> {
        let size = value.abs();
        if !value.is_finite() {
            None
        } else if size == 0.0 {
            Number::of(format_args!("0"))
        } else if size >= 1e21 {
            // It would begin with the digits, `e`, and no sign.
            let mut written = Number::of(format_args!("{value:e}"))?;
            let at = written.as_bytes().iter().position(|byte| *byte == b'e')? + 1;
            let end = written.len + 1;
            written.bytes.get_mut(at..end)?.rotate_right(1);
            *written.bytes.get_mut(at)? = b'+';
            written.len = end;
            Some(written)
        } else if size < 1e-6 {
            Number::of(format_args!("{value:e}"))
        } else {
            Number::of(format_args!("{value}"))
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn of(text: std::fmt::Arguments<'_>) -> Option<Number> {
        let mut bytes = [0; 32];
        let mut rest = bytes.as_mut_slice();
        rest.write_fmt(text).ok()?;
        let len = 32 - rest.len();
        Some(Number { bytes, len })
    }
}

fn number(json: &[u8]) -> Option<&str> {
    (type_of(json)? == ValueType::Number)
        .then(|| std::str::from_utf8(json).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_read_however_it_is_written() {
        for (text, value) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("-0.0e9", Some(0)),
            ("0e99999999999999999999", Some(0)),
            ("7", Some(7)),
            ("-7", Some(-7)),
            ("1.0", Some(1)),
            ("1e3", Some(1000)),
            ("1E+3", Some(1000)),
            ("1.25e2", Some(125)),
            ("1.25e1", None),
            ("1200e-2", Some(12)),
            ("1200e-3", None),
            ("0.5", None),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775807.000", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
            ("1e18", Some(1_000_000_000_000_000_000)),
            ("1e19", None),
            ("1e40", None),
            ("10e40", None),
            ("0.0000000000000000000000001e25", Some(1)),
            ("1e99999999999999999999", None),
            ("1e-99999999999999999999", None),
            ("1e9223372036854775807", None),
            ("10.5e9223372036854775807", None),
            ("0.01e-9223372036854775808", None),
            ("\"7\"", None),
            ("null", None),
            ("true", None),
            ("[7]", None),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(int(text.as_bytes()), value, "{text}");
        }
        let long = format!("1{}e-3000", "0".repeat(3000));
        assert_eq!(int(long.as_bytes()), Some(1));
    }

    #[test]
    fn a_double_is_the_nearest_and_never_infinite() {
        for (text, value) in [
            ("0.1", Some(0.1)),
            ("-1e308", Some(-1e308)),
            ("1e309", None),
            ("-1e999999999999", None),
            ("1e-999999999999", Some(0.0)),
            ("9007199254740993", Some(9_007_199_254_740_992.0)),
            ("\"1\"", None),
            ("null", None),
        ] {
            assert_eq!(double(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn a_double_is_written_as_json_stringify_does() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-1.5e300, "-1.5e+300"),
            (f64::MAX, "1.7976931348623157e+308"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (-1.25e-9, "-1.25e-9"),
            (-f64::MIN_POSITIVE, "-2.2250738585072014e-308"),
            (f64::from_bits(1), "5e-324"),
            (-123_456_789_012_345_680_000.0, "-123456789012345680000"),
            (
                -0.000_001_234_567_890_123_456_7,
                "-0.0000012345678901234567",
            ),
        ] {
            let written = Number::from_double(value).unwrap();
            assert_eq!(str::from_utf8(written.as_bytes()), Ok(text));
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Number::from_double(value).is_none());
        }
        let least = Number::from_int(i64::MIN).unwrap();
        assert_eq!(least.as_bytes(), b"-9223372036854775808");
    }

    #[test]
    fn bools_are_bools_alone() {
        assert_eq!(bool(b"true"), Some(true));
        assert_eq!(bool(b"false"), Some(false));
        for other in ["1", "0", "null", "\"true\"", "[]", ""] {
            assert_eq!(bool(other.as_bytes()), None);
        }
    }
}
