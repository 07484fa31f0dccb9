//! Dates as JavaScript writes them into JSON: `2027-01-15T08:00:00.000Z`.

/// In milliseconds since 1970; None for what is no such date.
pub(super) fn parse(text: &[u8]) -> Option<i64> {
    const FORM: &[u8; 24] = b"0000-00-00T00:00:00.000Z";
    let has_form = text.len() == FORM.len()
        && text.iter().zip(FORM).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == form,
        });
    if !has_form {
        return None;
    }
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to).unwrap_or_default();
        let pushed = |number: i64, digit: &u8| number * 10 + i64::from(digit & 15);
        digits.iter().fold(0, pushed)
    };
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin with March have their leap day at their end.
    let (year, month) = match month {
        ..=2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = 365 * year + leap_days + (153 * month + 2) / 5 + day - 719_469;
    let minutes = (days * 24 + number(11, 13)) * 60 + number(14, 16);
    Some((minutes * 60 + number(17, 19)) * 1000 + number(20, 23))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn dates_are_those_of_javascript() {
        for (text, time) in [
            ("1970-01-01T00:00:00.000Z", Some(0)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("2000-02-29T12:00:00.001Z", Some(951_825_600_001)),
            ("2000-03-01T00:00:00.000Z", Some(951_868_800_000)),
            ("2027-01-15T08:00:00.000Z", Some(1_800_000_000_000)),
            ("2100-03-01T00:00:00.000Z", Some(4_107_542_400_000)),
            ("2027-13-15T08:00:00.000Z", None),
            ("2027-01-15T08:00:00Z", None),
            ("2027-01-15 08:00:00.000Z", None),
            ("", None),
        ] {
            assert_eq!(parse(text.as_bytes()), time, "{text}");
        }
    }
}
