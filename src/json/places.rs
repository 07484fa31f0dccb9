//! Where certain bytes stand, of 64 at a time.

pub(super) const BLOCK: usize = u64::BITS as usize;

/// Which of the bytes from a place on are such, the first in the lowest bit. None at the end.
///
/// No byte is copied: what is copied to the stack would be left there, and it may be secret.
#[inline(always)]
pub(super) fn places(text: &[u8], from: usize, is: impl Fn(u8) -> bool) -> Option<u64> {
    let rest = text.get(from..).filter(|rest| !rest.is_empty())?;
    if let Some(block) = rest.first_chunk() {
        return Some(places_in(block, is));
    }
    // The last block of the text, without what stands before the place.
    if let Some(block) = text.last_chunk() {
        return Some(places_in(block, is) >> (BLOCK - rest.len()));
    }
    let bit = |(i, byte): (usize, &u8)| u64::from(is(*byte)) << i;
    Some(
        rest.iter()
            .enumerate()
            .map(bit)
            .fold(0, |bits, bit| bits | bit),
    )
}

#[inline(never)]
fn places_in(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u64 {
    // The places of a word's bytes in the eight bits that it comes to.
    const PLACES: [u8; BLOCK] = {
        let mut places = [0; BLOCK];
        let mut i = 0;
        while i < BLOCK {
            places[i] = 1 << (i % 8);
            i += 1;
        }
        places
    };
    // Written so that the compiler makes a few vector instructions of it.
    let mut found = [0; BLOCK];
    for ((found, byte), place) in found.iter_mut().zip(block).zip(PLACES) {
        *found = u8::from(is(*byte)).wrapping_neg() & place;
    }
    // The product's highest byte is the sum of the word's, in which no bit occurs twice.
    let sum = |word: &[u8; 8]| u64::from_le_bytes(*word).wrapping_mul(u64::MAX / 0xFF) >> 56;
    let (words, _) = found.as_chunks();
    let words = (0..).zip(words);
    words.fold(0, |bits, (i, word)| bits | sum(word) << (8 * i))
}
