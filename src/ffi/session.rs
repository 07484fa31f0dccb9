//! The handle of a session: one thread at a time, and not after a panic.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tinyvec::TinyVec;

use super::error::h3s_error;
use super::guard::{guard, guard_value, place};
use super::input::reference;
use super::types::h3s_str;
use crate::{Error, Session};

/// One request's session. It belongs to one thread at a time, and keeps its config alive.
///
/// A call that finds another thread inside the same session does nothing: it returns
/// H3S_ERR_STATE, or what it returns for NULL. (The other thread's write still ends what was
/// borrowed.)
pub struct h3s_session {
    /// Some thread is inside.
    entered: AtomicBool,
    inside: UnsafeCell<Inside>,
}

pub(super) struct Inside {
    pub(super) session: Session,
    /// The Set-Cookie values as C sees them; they point into `session`.
    pub(super) list: TinyVec<[h3s_str; 2]>,
    /// The entries of what was revoked, as C sees them; they point into `session`.
    pub(super) entries: Vec<h3s_str>,
    /// What the iterators are numbered by that were made since the last write; 0 if none was.
    generation: u64,
    /// A panic left it in an unknown state: it can only be freed.
    broken: bool,
}

/// The next number for a session's iterators. No number is given twice: the places that an iterator
/// holds are valid in one session until its next write, and must be refused by every other, which
/// may have been given the memory of the freed one that the iterator points to.
static NEXT_GENERATION: AtomicU64 = AtomicU64::new(1);

/// Where one thread is inside a session, and no other.
pub(super) struct Entered<'a>(&'a h3s_session);

impl h3s_session {
    /// A handle of the session that `open` gives, which is moved once, to where it stays.
    pub(super) fn new(
        open: impl FnOnce() -> Result<Session, Error>,
    ) -> Result<*mut h3s_session, Error> {
        let place = place::<h3s_session>()?;
        let session = open()?;
        let handle: *mut h3s_session = Box::into_raw(place).cast();
        // SAFETY: memory for one of these, in which each field is written once.
        unsafe {
            let inside = UnsafeCell::raw_get(&raw const (*handle).inside);
            (&raw mut (*handle).entered).write(AtomicBool::new(false));
            (&raw mut (*inside).session).write(session);
            (&raw mut (*inside).list).write(TinyVec::new());
            (&raw mut (*inside).entries).write(Vec::new());
            (&raw mut (*inside).generation).write(0);
            (&raw mut (*inside).broken).write(false);
            // All of them: what comes to the struct later is missed here by the compiler.
            let Inside {
                session: _,
                list: _,
                entries: _,
                generation: _,
                broken: _,
            } = &*inside;
        }
        Ok(handle)
    }

    pub(super) fn enter(&self) -> Result<Entered<'_>, Error> {
        if !self.enter_for_ever() {
            return Err(Error::state(
                "another thread is inside this session: a session belongs to one thread at a time",
            ));
        }
        let entered = Entered(self);
        if entered.broken {
            return Err(Error::internal());
        }
        Ok(entered)
    }

    /// Whether no other thread is inside. None will be from now on.
    pub(super) fn enter_for_ever(&self) -> bool {
        !self.entered.swap(true, Ordering::Acquire)
    }
}

impl Inside {
    /// For a new iterator. Drawn when it is first asked for, so that requests without iterators do
    /// not share a counter between threads.
    pub(super) fn generation(&mut self) -> u64 {
        if self.generation == 0 {
            self.generation = NEXT_GENERATION.fetch_add(1, Ordering::Relaxed);
        }
        self.generation
    }

    /// Whether an iterator of that generation was made of this session since its last write.
    pub(super) fn is_generation(&self, generation: u64) -> bool {
        generation != 0 && self.generation == generation
    }
}

impl Deref for Entered<'_> {
    type Target = Inside;

    fn deref(&self) -> &Inside {
        // SAFETY: there is only one Entered of a session at a time.
        unsafe { &*self.0.inside.get() }
    }
}

impl DerefMut for Entered<'_> {
    fn deref_mut(&mut self) -> &mut Inside {
        // SAFETY: as above.
        unsafe { &mut *self.0.inside.get() }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.entered.store(false, Ordering::Release);
    }
}

/// Runs a write with its input; what was borrowed ends if it succeeds. SAFETY: as `with`.
pub(super) unsafe fn write<I>(
    session: *mut h3s_session,
    err: *mut h3s_error,
    input: impl FnOnce() -> Result<I, Error>,
    write: impl FnOnce(&mut Session, I) -> Result<(), Error>,
) -> i32 {
    // SAFETY: as this function's.
    unsafe {
        with(session, err, input, |handle, input| {
            write(&mut handle.session, input)?;
            handle.generation = 0;
            Ok(())
        })
    }
}

/// Runs something that changes a session; a panic breaks the handle.
///
/// SAFETY: `session` is NULL or live, and `err` NULL or writable.
pub(super) unsafe fn with<I>(
    session: *mut h3s_session,
    err: *mut h3s_error,
    input: impl FnOnce() -> Result<I, Error>,
    body: impl FnOnce(&mut Inside, I) -> Result<(), Error>,
) -> i32 {
    guard(err, || {
        let input = input()?;
        // SAFETY: as this function's.
        let handle = unsafe { reference(session) }.ok_or_else(|| Error::null("session"))?;
        let mut handle = handle.enter()?;
        handle.broken = true;
        let result = body(&mut handle, input);
        handle.broken = false;
        result
    })
}

/// Runs a getter that has no status. SAFETY: `session` is NULL or live.
pub(super) unsafe fn read<T>(
    session: *const h3s_session,
    absent: T,
    get: impl FnOnce(&mut Session) -> Option<T>,
) -> T
where
    T: Copy,
{
    guard_value(absent, || {
        // SAFETY: as this function's.
        let mut handle = unsafe { reference(session)? }.enter().ok()?;
        get(&mut handle.session)
    })
}
