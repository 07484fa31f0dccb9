//! Objects and arrays, one entry after the other.

use std::ffi::c_char;
use std::ops::Range;

use super::guard::{Str, guard, guard_value};
use super::input::{bytes, reference};
use super::reading::store;
use super::session::{Inside, h3s_session};
use super::types::*;
use crate::data::value;
use crate::json::Container;
use crate::{Error, Session};

/// A walk through an object or array of a session's data, in the caller's memory: nothing to free.
///
/// Its members are the library's; copy it only whole. It holds a pointer to its session, so never
/// use it after that was freed: it would read freed memory. (If a new session has that memory by
/// then, H3S_ERR_STATE says so, as after a write.)
#[repr(C)]
#[derive(Clone, Copy)]
pub struct h3s_iter {
    pub session: *const h3s_session,
    pub generation: u64,
    pub next: usize,
    pub value_start: usize,
    pub value_end: usize,
    pub is_object: u32,
    pub reserved: u32,
}

/// Of an iterator whose session could not be entered: no session has it.
const STALE: u64 = 0;

impl h3s_iter {
    fn new(session: *const h3s_session, generation: u64, container: Option<Container>) -> h3s_iter {
        h3s_iter {
            session,
            generation,
            // Beyond the data, which is the end.
            next: container.map_or(usize::MAX, |container| container.at),
            value_start: usize::MAX,
            value_end: usize::MAX,
            is_object: container
                .is_some_and(|container| container.is_object)
                .into(),
            reserved: 0,
        }
    }

    /// The place of the entry that it stands at.
    fn value(&self) -> Range<usize> {
        self.value_start..self.value_end
    }

    /// Runs `body` inside the session, unless that was written since.
    ///
    /// SAFETY: its session is NULL or live.
    unsafe fn enter<T>(
        &self,
        body: impl FnOnce(&mut Inside) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // SAFETY: as this function's.
        let handle = unsafe { reference(self.session) }.ok_or_else(|| Error::null("session"))?;
        let mut handle = handle.enter()?;
        if !handle.is_generation(self.generation) {
            return Err(Error::state("the session was written since"));
        }
        body(&mut handle)
    }
}

/// @section Walking through objects and arrays
///
/// Begins a walk through the members of an object or the elements of an array.
///
/// ```c
/// h3s_iter item = h3s_session_iter(session, H3S_LIT("/cart/items"));
/// int64_t count = 0, total = 0;
/// while (h3s_iter_next(&item, NULL, NULL) == H3S_OK)
///     if (h3s_iter_int(&item, H3S_LIT("/count"), &count) == H3S_OK)
///         total += count;
/// ```
///
/// The whole walk takes as long as to read the object or array once, where a pointer to each
/// element would begin at the first one every time.
///
/// pointer, len: a JSON Pointer, as in `h3s_session_find`. Of what is neither object nor array,
/// and of what is not there, the walk ends at once.
///
/// The iterator ends with the next successful write to the session. The caller must not use it
/// after freeing the session: see `h3s_iter`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_iter(
    session: *const h3s_session,
    pointer: *const c_char,
    len: usize,
) -> h3s_iter {
    guard_value(h3s_iter::new(session, STALE, None), || {
        // SAFETY: the caller's contract: NULL or live; `pointer` has `len` readable bytes.
        let mut handle = unsafe { reference(session)? }.enter().ok()?;
        // SAFETY: as above.
        let container = unsafe { bytes(pointer, len, "pointer") }
            .ok()
            .and_then(|pointer| handle.session.container(None, pointer));
        Some(h3s_iter::new(session, handle.generation(), container))
    })
}

/// Goes on to the next member or element.
///
/// key: NULL, or receives a member's name, without quotes and escapes, in UTF-8 (an unpaired
/// surrogate comes as U+FFFD); absent for an element.
/// value: NULL, or receives the value as JSON text. The functions below read it by type.
/// Both are NOT NUL-terminated, and borrowed as `h3s_session_data`.
///
/// Returns H3S_OK if there was one; H3S_END after the last; H3S_ERR_STATE if the session was
/// written since `h3s_session_iter`, or while another thread is inside; H3S_ERR_ARGUMENT if `iter`
/// or its session is NULL; H3S_ERR_MEMORY; H3S_ERR_INTERNAL. All but H3S_OK leave `key` and
/// `value` absent.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_iter_next(
    iter: *mut h3s_iter,
    key: *mut h3s_str,
    value: *mut h3s_str,
) -> i32 {
    // SAFETY: the caller's contract: NULL or writable.
    let (iter, key, value) = unsafe { (iter.as_mut(), key.as_mut(), value.as_mut()) };
    let (mut name, mut json) = (h3s_str::ABSENT, h3s_str::ABSENT);
    let mut is_over = false;
    let status = guard(std::ptr::null_mut(), || {
        let iter = iter.ok_or_else(|| Error::null("iter"))?;
        let mut container = Container {
            at: iter.next,
            is_object: iter.is_object != 0,
        };
        // SAFETY: the caller's contract: its session is NULL or live.
        let place = unsafe {
            iter.enter(|handle| {
                let session = &mut handle.session;
                let Some(place) = session.next_in(&mut container) else {
                    return Ok(None);
                };
                if let Some(range) = place.name {
                    name = h3s_str::of(session.unescaped(range)?);
                }
                json = session
                    .json_at(place.value.clone())
                    .map_or(json, h3s_str::of);
                Ok(Some(place.value))
            })?
        };
        is_over = place.is_none();
        let place = place.unwrap_or(usize::MAX..usize::MAX);
        iter.next = container.at;
        (iter.value_start, iter.value_end) = (place.start, place.end);
        Ok(())
    });
    if let Some(key) = key {
        *key = name;
    }
    if let Some(value) = value {
        *value = json;
    }
    if is_over { H3S_END } else { status }
}

/// A value inside the present member or element, as JSON text.
///
/// pointer, len: a JSON Pointer that begins at the present value; the empty one is that itself.
///
/// All else as `h3s_session_find`. Absent also where the iterator is at its end, or its session
/// was written since.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_iter_find(
    iter: *const h3s_iter,
    pointer: *const c_char,
    len: usize,
) -> h3s_str {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        read(iter, pointer, len, h3s_str::ABSENT, |session, place| {
            session.json_at(place).map(h3s_str::of)
        })
    }
}

/// The type of a value inside the present member or element.
///
/// pointer, len: as in `h3s_iter_find`.
///
/// Returns H3S_TYPE_*, as `h3s_session_type`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_iter_type(
    iter: *const h3s_iter,
    pointer: *const c_char,
    len: usize,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        read(iter, pointer, len, H3S_TYPE_ABSENT, |session, place| {
            Some(value::type_of(session.json_at(place)?)? as i32)
        })
    }
}

/// A string inside the present member or element, without quotes and escapes, in UTF-8.
///
/// pointer, len: as in `h3s_iter_find`.
///
/// All else as `h3s_session_text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_iter_text(
    iter: *const h3s_iter,
    pointer: *const c_char,
    len: usize,
) -> h3s_str {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        read(iter, pointer, len, h3s_str::ABSENT, |session, place| {
            session.text_at(place).map(h3s_str::of)
        })
    }
}

/// An integer inside the present member or element.
///
/// pointer, len: as in `h3s_iter_find`.
/// out: receives the integer; is left as it was after an error.
///
/// Returns as `h3s_session_int`; H3S_ERR_STATE if the session was written since.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_iter_int(
    iter: *const h3s_iter,
    pointer: *const c_char,
    len: usize,
    out: *mut i64,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { get(iter, pointer, len, out, value::int) }
}

/// A bool inside the present member or element: 1 for `true`, 0 for `false`.
///
/// pointer, len: as in `h3s_iter_find`.
/// out: receives 1 or 0; is left as it was after an error.
///
/// Returns as `h3s_session_bool`; H3S_ERR_STATE if the session was written since.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_iter_bool(
    iter: *const h3s_iter,
    pointer: *const c_char,
    len: usize,
    out: *mut i32,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        get(iter, pointer, len, out, |json| {
            value::bool(json).map(i32::from)
        })
    }
}

/// The double nearest to a number inside the present member or element.
///
/// pointer, len: as in `h3s_iter_find`.
/// out: receives the number; is left as it was after an error.
///
/// Returns as `h3s_session_double`; H3S_ERR_STATE if the session was written since.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_iter_double(
    iter: *const h3s_iter,
    pointer: *const c_char,
    len: usize,
    out: *mut f64,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { get(iter, pointer, len, out, value::double) }
}

/// Begins a walk through an object or array inside the present member or element.
///
/// pointer, len: as in `h3s_iter_find`.
///
/// All else as `h3s_session_iter`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_iter_iter(
    iter: *const h3s_iter,
    pointer: *const c_char,
    len: usize,
) -> h3s_iter {
    // SAFETY: the caller's contract: NULL or readable.
    let Some(outer) = (unsafe { iter.as_ref() }) else {
        return h3s_iter::new(std::ptr::null(), STALE, None);
    };
    // SAFETY: the caller's contract, passed on.
    let container = unsafe {
        read(iter, pointer, len, None, |session, place| {
            Some(session.container(Some(place), b""))
        })
    };
    h3s_iter::new(outer.session, outer.generation, container)
}

/// Runs a getter of the value that a pointer names inside the present entry.
///
/// SAFETY: `iter` is NULL or readable, its session NULL or live, `pointer` has `len` readable
/// bytes.
unsafe fn read<T: Copy>(
    iter: *const h3s_iter,
    pointer: *const c_char,
    len: usize,
    absent: T,
    of: impl FnOnce(&mut Session, Range<usize>) -> Option<T>,
) -> T {
    guard_value(absent, || {
        // SAFETY: as this function's.
        unsafe {
            let pointer = bytes(pointer, len, "pointer").ok()?;
            let iter = reference(iter)?;
            let found = iter.enter(|handle| {
                let session = &mut handle.session;
                let place = session.place(Some(iter.value()), pointer);
                Ok(place.and_then(|place| of(session, place)))
            });
            found.ok()?
        }
    })
}

/// Runs such a getter with a status. SAFETY: as `read`, and `out` is NULL or writable.
unsafe fn get<T>(
    iter: *const h3s_iter,
    pointer: *const c_char,
    len: usize,
    out: *mut T,
    of: impl FnOnce(&[u8]) -> Option<T>,
) -> i32 {
    // SAFETY: as this function's.
    unsafe {
        store(out, || {
            let iter = reference(iter).ok_or_else(|| Error::null("iter"))?;
            let pointer = bytes(pointer, len, "pointer")?;
            iter.enter(|handle| {
                let session = &handle.session;
                let place = session.place(Some(iter.value()), pointer);
                Ok(place.and_then(|place| session.json_at(place)).and_then(of))
            })
        })
    }
}
