//! What can be wrong with a JSON text, in the words of the errors.

use crate::Error;

/// What is wrong, and at which byte.
pub(super) type Checked<T> = Result<T, (Fault, usize)>;

#[derive(Clone, Copy)]
pub(super) enum Fault {
    Value,
    End,
    More,
    Deep,
    CommaOrBrace,
    CommaOrBracket,
    Name,
    Twice,
    Colon,
    Hex,
    Escape,
    Control,
    Digit,
    Memory,
}

impl Fault {
    pub(super) fn at(self, offset: usize) -> Error {
        Error::data(match self {
            Fault::Value => "a JSON value was expected here",
            Fault::End => "the text ends too early",
            Fault::More => "there is more text after the JSON value",
            Fault::Deep => "too many levels of nesting: 128 at most",
            Fault::CommaOrBrace => "a comma or } was expected here",
            Fault::CommaOrBracket => "a comma or ] was expected here",
            Fault::Name => "a name in double quotes was expected here",
            Fault::Twice => "an object has this name twice",
            Fault::Colon => "a colon was expected here",
            Fault::Hex => "\\u takes four hexadecimal digits",
            Fault::Escape => "there is no such escape",
            Fault::Control => "a control character must be escaped",
            Fault::Digit => "a digit was expected here",
            Fault::Memory => return Error::memory(),
        })
        .at(offset)
    }
}
