//! JSON texts as serde_json sees them: what the library's own scanner is held against.

use std::fmt;

use serde_json::de::Deserializer;
use serde_json::value::RawValue;

/// The members of an object in their order, names unescaped and values as they are written; None if
/// it is no object, or has a name that no Rust string can hold.
pub fn members(text: &str) -> Option<Vec<(String, String)>> {
    struct Members;

    impl<'de> serde::de::Visitor<'de> for Members {
        type Value = Vec<(String, String)>;

        fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
            to.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                members.push((name, value.get().to_owned()));
            }
            Ok(members)
        }
    }

    let mut from = Deserializer::from_str(text);
    let members = serde::Deserializer::deserialize_map(&mut from, Members).ok()?;
    from.end().ok()?;
    Some(members)
}

/// The text without insignificant white space.
pub fn compact(text: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |c: &char| {
        let kept = in_string || !matches!(c, ' ' | '\t' | '\n' | '\r');
        match c {
            _ if escaped => escaped = false,
            '"' => in_string = !in_string,
            '\\' if in_string => escaped = true,
            _ => {}
        }
        kept
    };
    text.chars().filter(keep).collect()
}

/// How deep brackets nest.
pub fn depth(text: &str) -> usize {
    let (mut in_string, mut escaped, mut depth, mut deepest) = (false, false, 0_usize, 0);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '"' => in_string = !in_string,
            '\\' if in_string => escaped = true,
            '{' | '[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            '}' | ']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Whether some object in the text has a name twice, or a name that no Rust string can hold.
pub fn has_odd_names(text: &str) -> bool {
    match text.trim_start().as_bytes().first() {
        Some(b'{') => match members(text) {
            None => true,
            Some(members) => {
                let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
                names.sort();
                names.windows(2).any(|pair| pair[0] == pair[1])
                    || members.iter().any(|(_, value)| has_odd_names(value))
            }
        },
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(text)
            .is_ok_and(|values| values.iter().any(|value| has_odd_names(value.get()))),
        _ => false,
    }
}
