//! The whole numbers that an option takes: one rule for the reader of JSON and for the check.

use std::time::Duration;

use crate::Error;

pub(super) struct Span {
    pub(super) least: i64,
    pub(super) most: i64,
    /// What it counts, e.g. ` of seconds`, and what else an error says.
    pub(super) unit: &'static str,
    pub(super) advice: &'static str,
}

impl Span {
    pub(super) const fn new(least: i64, most: i64) -> Span {
        Span {
            least,
            most,
            unit: "",
            advice: "",
        }
    }

    pub(super) const fn of(self, unit: &'static str) -> Span {
        Span { unit, ..self }
    }

    pub(super) fn check(&self, key: &str, number: impl TryInto<i64>) -> Result<i64, Error> {
        match number.try_into() {
            Ok(number) if (self.least..=self.most).contains(&number) => Ok(number),
            _ => Err(Error::config(key.to_owned(), self.message())),
        }
    }

    pub(super) fn check_seconds(&self, key: &str, time: Duration) -> Result<i64, Error> {
        self.check_units(key, time, 1_000_000_000)
    }

    pub(super) fn check_milliseconds(&self, key: &str, time: Duration) -> Result<i64, Error> {
        self.check_units(key, time, 1_000_000)
    }

    /// A remainder would be lost, so it is refused.
    fn check_units(&self, key: &str, time: Duration, nanoseconds: u128) -> Result<i64, Error> {
        let (units, rest) = (time.as_nanos() / nanoseconds, time.as_nanos() % nanoseconds);
        self.check(key, if rest == 0 { units } else { u128::MAX })
    }

    pub(super) fn message(&self) -> String {
        let Span { least, most, .. } = self;
        format!(
            "a whole number{} from {least} to {most}{}",
            self.unit, self.advice
        )
    }
}
