//! What is done once in a process, and waited for by nobody. Whoever waits for something that
//! another thread has begun waits for ever in a child that was forked meanwhile; so whoever comes
//! second does without.

use std::sync::atomic::{AtomicBool, Ordering};

/// Tells the first who asks from all others.
pub(crate) struct First(AtomicBool);

impl First {
    pub(crate) const fn new() -> First {
        First(AtomicBool::new(true))
    }

    pub(crate) fn is_this(&self) -> bool {
        // Most often it is over, which a load finds out at less cost.
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::First;

    #[test]
    fn only_one_of_those_who_ask_is_the_first() {
        let first = First::new();
        assert!(first.is_this());
        assert!(!first.is_this() && !first.is_this());
    }
}
