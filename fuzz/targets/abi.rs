//! The C ABI under any sequence of calls, as a C program could make them within the header's
//! contract. AddressSanitizer watches the memory; this watches that strings last as long as the
//! header says, that outputs are whole, and that an error changes nothing.
#![no_main]

use std::ffi::{CStr, c_char};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::LazyLock;
use std::sync::atomic::AtomicU64;

use arbitrary::Arbitrary;
use h3s::ffi::*;
use h3s_fuzz::{IRON, NOW, options};
use libfuzzer_sys::fuzz_target;

const SLOTS: usize = 4;

#[derive(Arbitrary, Debug)]
enum Step {
    Open {
        verb: bool,
        config: u8,
        slot: u8,
        cookie: Text,
        header: Text,
        peer: Text,
        flags: u8,
        size: Size,
        now: Now,
        copy: u8,
    },
    Unseal {
        config: u8,
        slot: u8,
        token: Text,
        peer: Text,
        flags: u8,
        now: Now,
        copy: u8,
    },
    Ensure {
        slot: u8,
    },
    Free {
        slot: u8,
    },
    Update {
        slot: u8,
        json: Text,
    },
    Replace {
        slot: u8,
        json: Text,
    },
    Set {
        slot: u8,
        key: Text,
        json: Text,
    },
    SetText {
        slot: u8,
        key: Text,
        text: Text,
    },
    SetNumber {
        slot: u8,
        key: Text,
        number: Number,
    },
    SetAt {
        slot: u8,
        pointer: Text,
        json: Text,
    },
    Remove {
        slot: u8,
        key: Text,
    },
    RemoveAt {
        slot: u8,
        pointer: Text,
    },
    Rotate {
        slot: u8,
    },
    Clear {
        slot: u8,
    },
    SetId {
        slot: u8,
        id: Text,
    },
    SetLifetime {
        slot: u8,
        max_age: i64,
        flags: u8,
    },
    SetNow {
        slot: u8,
        now: Now,
    },
    SetCookies {
        slot: u8,
        without: u8,
    },
    Seal {
        slot: u8,
        without: bool,
    },
    View {
        slot: u8,
        size: Size,
    },
    Find {
        slot: u8,
        pointer: Text,
    },
    Text {
        slot: u8,
        pointer: Text,
    },
    Values {
        slot: u8,
        pointer: Text,
        without: bool,
    },
    Iter {
        slot: u8,
        pointer: Text,
    },
    /// The next entry of the iterator that was made last, whatever was written since.
    Next {
        without: u8,
        pointer: Text,
    },
    /// Into what the entry holds.
    Enter {
        pointer: Text,
    },
    LogId {
        slot: u8,
    },
    Getters {
        slot: u8,
    },
    Config {
        config: u8,
    },
    Strip {
        config: u8,
        cookie: Text,
    },
    Vary {
        config: u8,
        present: Text,
        room: u16,
    },
    CacheControl {
        present: Text,
        room: u16,
    },
    Site {
        headers: [Text; 4],
    },
    IronSeal {
        config: u8,
        json: Text,
        now: Now,
        room: u16,
        flags: u8,
    },
    IronUnseal {
        config: u8,
        token: Text,
        now: Now,
        room: u16,
    },
    /// A config of this sequence's own; it may be freed while its sessions live on.
    NewConfig {
        options: Text,
    },
    FreeConfig,
    Names {
        status: i32,
    },
    Revoke {
        slot: u8,
        everywhere: bool,
    },
    Entries {
        slot: u8,
        without: u8,
    },
    RevokeSession {
        config: u8,
        id: Text,
        now: Now,
        room: u16,
    },
    RevokeSubject {
        config: u8,
        subject: Text,
        before: Now,
        now: Now,
        room: u16,
    },
    Apply {
        config: u8,
        copy: u8,
        lines: Text,
        now: Now,
        without: bool,
    },
    Heard {
        copy: u8,
        now: Now,
    },
    ViewCopy {
        copy: u8,
        now: Now,
        size: Size,
    },
    /// Another copy of what is revoked, of so much room.
    NewCopy {
        room: u8,
    },
    /// One in memory that was used for others before, so far into it, and of so many bytes.
    PlaceCopy {
        offset: u8,
        size: u16,
        null: bool,
    },
    OpenFile {
        path: u8,
    },
    AppendFile {
        lines: Text,
        now: Now,
    },
    PollFile {
        config: u8,
        copy: u8,
        now: Now,
        without: bool,
    },
    CloseFile,
}

#[derive(Arbitrary, Debug)]
enum Number {
    Int(i64),
    Bool(i32),
    Double(f64),
}

#[derive(Arbitrary, Debug)]
enum Text {
    Bytes(Vec<u8>),
    /// One of `WORDS`, or a Fe26.2 token of another server, or one that is like it but forged.
    Word(u8),
    /// A token of this data under the right key, whether or not it is JSON.
    Sealed(Vec<u8>),
    /// A length, but no pointer.
    Null(u8),
    /// The token that was sealed last.
    Token,
    /// The Cookie header of the Set-Cookie values that were given last.
    Cookies,
    /// Either with a byte changed.
    Changed(bool, u16, u8),
    Repeated(u8, u16),
    /// The entries of what was revoked last, all or the last of them, with a byte changed.
    Entries(bool, u16, u8),
}

const WORDS: [&str; 16] = [
    "",
    "a",
    "b",
    "/a",
    "/b/0",
    "1",
    "\"\\u00e9\"",
    "{\"a\":1}",
    "{\"b\":[1,{\"a\":\"\\n\"}]}",
    "[]",
    "null",
    "h3=x",
    "user~1",
    "{\"a\":1,\"a\":2}",
    "h3=h3s1..AAAA; h3=b",
    "Fe26.2*1*2*3*4*5*6*7",
];

static FOREIGN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let payload = br#"{"id":"f","createdAt":1800000000000,"data":{"a":1}}"#;
    h3s_fuzz::seal::iron(payload, 2)
});
/// With another MAC, which is 43 bytes long.
static FORGED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut token = FOREIGN.clone();
    let mac = token.len() - 43;
    token[mac] = if token[mac] == b'A' { b'B' } else { b'A' };
    token
});

/// A struct's `size`: the right one, one that is too small, or a larger struct with or
/// without zeros at its end.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Size {
    Right,
    Small(u8),
    Larger { by: u8, last: u8 },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Now {
    Usual,
    After(u32),
    Any(i64),
}

impl Now {
    fn ms(self) -> i64 {
        match self {
            Now::Usual => NOW,
            Now::After(ms) => NOW + i64::from(ms),
            Now::Any(ms) => ms,
        }
    }
}

struct Shared(Vec<*mut h3s_config>);
// SAFETY: a config may be used by any number of threads.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

static CONFIGS: LazyLock<Shared> = LazyLock::new(|| {
    let configs = [
        r#""maxAge":3600,"idleTimeout":600"#,
        r#""cookie":{"chunkMaxLength":100,"maxChunks":6},"maxTokenLength":2000"#,
        r#""cookie":false"#,
        IRON,
        r#""maxAge":3600,"revocation":{"subject":"/a"}"#,
        r#""idleTimeout":600,"revocation":{"stale":"closed","file":"/run/revoked"}"#,
    ];
    Shared(
        configs
            .iter()
            .map(|more| new_config(options(more).as_bytes()).expect("right"))
            .collect(),
    )
});

fn new_config(options: &[u8]) -> Option<*mut h3s_config> {
    let mut config = ptr::dangling_mut();
    let mut err = unset();
    // SAFETY: all pointers are valid for the call.
    let status = unsafe {
        h3s_config_new(
            options.as_ptr().cast(),
            options.len(),
            &mut config,
            &mut err,
        )
    };
    check_error(status, &err);
    assert_eq!(status == H3S_OK, !config.is_null());
    let mut checked = unset();
    // SAFETY: as above.
    let is_right =
        unsafe { h3s_config_check(options.as_ptr().cast(), options.len(), &mut checked) };
    assert_eq!(is_right, status);
    check_error(is_right, &checked);
    assert_eq!(
        (checked.offset, checked.key, checked.message),
        (err.offset, err.key, err.message)
    );
    (status == H3S_OK).then_some(config)
}

/// An argument as C gives it: a buffer of just its size, so that reading past it is seen.
struct Argument {
    bytes: Box<[u8]>,
    null: Option<usize>,
}

impl Argument {
    fn ptr(&self) -> *const c_char {
        match self.null {
            Some(_) => ptr::null(),
            None if self.bytes.is_empty() => ptr::dangling(),
            None => self.bytes.as_ptr().cast(),
        }
    }

    fn len(&self) -> usize {
        self.null.unwrap_or(self.bytes.len())
    }

    fn is_null(&self) -> bool {
        self.len() > 0 && self.null.is_some()
    }
}

/// A borrowed string and what stood in it.
struct Borrowed {
    slot: usize,
    text: h3s_str,
    copy: Vec<u8>,
}

#[derive(Default)]
struct World {
    sessions: [Option<*mut h3s_session>; SLOTS],
    own: Option<*mut h3s_config>,
    made: usize,
    borrowed: Vec<Borrowed>,
    /// Of a session that lives, and how often that was written.
    iter: Option<(u8, h3s_iter, u64)>,
    writes: [u64; SLOTS],
    token: Vec<u8>,
    cookies: Vec<u8>,
    /// Lines, each with its end.
    entries: Vec<u8>,
    /// What is revoked: a copy that was made, and one that was placed in `memory`.
    copies: [Option<*mut h3s_revocations>; 2],
    memory: Memory,
    file: Option<*mut h3s_revocation_file>,
    appended: usize,
}

/// In a folder of this process, in memory where there is such a place: an append waits for the
/// disk.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let folder = match memory.is_dir() {
        true => memory.to_owned(),
        false => std::env::temp_dir(),
    };
    let folder = folder.join(format!("h3s-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder.join("revocations")
});

/// Atomic, since it is shared with what the library holds for longer than a borrow. It is freed
/// with the world, after all that uses it.
struct Memory(Box<[AtomicU64]>);

const MEMORY_LEN: usize = 256;

impl Default for Memory {
    fn default() -> Memory {
        Memory((0..MEMORY_LEN).map(|_| AtomicU64::new(0)).collect())
    }
}

fuzz_target!(|steps: Vec<Step>| {
    let mut world = World::default();
    for step in steps.iter().take(200) {
        world.take(step);
        world.check_borrowed();
    }
    // Configs and copies first: their sessions keep what they need.
    world.free_config();
    (0..2).for_each(|which| world.free_copy(which));
    world.close_file();
    world.check_borrowed();
    (0..SLOTS).for_each(|slot| world.free(slot));
});

impl World {
    fn config(&self, which: u8) -> *const h3s_config {
        match usize::from(which) % 8 {
            6 => self.own.unwrap_or(ptr::null_mut()),
            7 => ptr::null(),
            which => CONFIGS.0[which],
        }
    }

    fn copy(&self, which: u8) -> *const h3s_revocations {
        let copy = self.copies.get(usize::from(which) % 3).copied().flatten();
        copy.unwrap_or(ptr::null_mut())
    }

    /// As a rule, one where the config needs one, and none where it does not.
    fn copy_for(&mut self, config: u8, which: u8) -> *const h3s_revocations {
        if which >= 64 {
            return self.copy(which);
        }
        if self.copies == [None; 2] {
            self.new_copy(which);
        }
        // SAFETY: the config is NULL or live.
        let flags = unsafe { h3s_config_flags(self.config(config)) };
        let copy = self.copies[0].or(self.copies[1]);
        let copy = copy.filter(|_| flags & H3S_CONFIG_REVOCATION != 0);
        copy.unwrap_or(ptr::null_mut())
    }

    fn session(&self, slot: u8) -> *mut h3s_session {
        self.sessions[usize::from(slot) % SLOTS].unwrap_or(ptr::null_mut())
    }

    fn argument(&self, text: &Text) -> Argument {
        let bytes = match text {
            Text::Bytes(bytes) => bytes.clone(),
            Text::Word(which) => {
                let which = usize::from(*which) % (WORDS.len() + 2);
                match WORDS.get(which) {
                    Some(word) => (*word).into(),
                    None if which == WORDS.len() => FOREIGN.clone(),
                    None => FORGED.clone(),
                }
            }
            Text::Sealed(data) => h3s_fuzz::seal::h3s1_of(data).into_bytes(),
            Text::Null(len) => {
                return Argument {
                    bytes: Box::default(),
                    null: Some(usize::from(*len)),
                };
            }
            Text::Token => self.token.clone(),
            Text::Cookies => self.cookies.clone(),
            Text::Changed(token, at, by) => {
                let mut bytes = if *token {
                    self.token.clone()
                } else {
                    self.cookies.clone()
                };
                let len = bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(usize::from(*at) % len) {
                    *byte ^= by;
                }
                bytes
            }
            Text::Repeated(byte, len) => vec![*byte; usize::from(*len) % 20_000],
            Text::Entries(all, at, by) => {
                let mut lines = self.entries.split_inclusive(|byte| *byte == b'\n');
                let mut bytes = match all {
                    true => self.entries.clone(),
                    false => lines.next_back().unwrap_or_default().to_vec(),
                };
                let len = bytes.len().max(1);
                // Half of them as they are.
                if let Some(byte) = bytes.get_mut(usize::from(*at) % len)
                    && by % 2 == 1
                {
                    *byte ^= by;
                }
                bytes
            }
        };
        Argument {
            bytes: bytes.into(),
            null: None,
        }
    }

    fn take(&mut self, step: &Step) {
        let mut err = unset();
        // SAFETY, here and below: handles are NULL or live, and buffers as long as is said.
        unsafe {
            match step {
                Step::Open {
                    verb,
                    config,
                    slot,
                    cookie,
                    header,
                    peer,
                    flags,
                    size,
                    now,
                    copy,
                } => {
                    let slot = usize::from(*slot) % SLOTS;
                    let copy = self.copy_for(*config, *copy);
                    let (cookie, header, peer) = (
                        self.argument(cookie),
                        self.argument(header),
                        self.argument(peer),
                    );
                    let request = h3s_request {
                        size: 0,
                        flags: (*flags).into(),
                        cookie: cookie.ptr(),
                        cookie_len: cookie.len(),
                        header: header.ptr(),
                        header_len: header.len(),
                        peer: peer.ptr(),
                        peer_len: peer.len(),
                        now_ms: now.ms(),
                        revocations: copy,
                    };
                    let (mut request, size_is_good) = sized(request, *size);
                    let call = if *verb { h3s_use } else { h3s_get };
                    let mut session = ptr::dangling_mut();
                    let status = call(
                        self.config(*config),
                        request.as_mut_ptr().cast(),
                        &mut session,
                        &mut err,
                    );
                    self.opened(slot, session, status, &err);
                    if status == H3S_OK {
                        let (least, most) = (
                            stripped(&cookie, h3s_cookie_strip, self.config(*config)),
                            stripped(&cookie, h3s_session_strip, session.cast_const()),
                        );
                        assert!(least <= most, "not even what is not the session's");
                        let flags_of_config = h3s_config_flags(self.config(*config));
                        let is_on = flags_of_config & H3S_CONFIG_REVOCATION != 0;
                        assert_eq!(is_on, !copy.is_null());
                        assert!(
                            size_is_good
                                && *flags < 4
                                && !(cookie.is_null() || header.is_null() || peer.is_null())
                        );
                    } else {
                        // A header's text alone never makes an error.
                        let any = [H3S_ERR_ARGUMENT, H3S_ERR_COLD, H3S_ERR_BUSY, H3S_ERR_STALE];
                        assert!(any.contains(&status));
                    }
                }
                Step::Unseal {
                    config,
                    slot,
                    token,
                    peer,
                    flags,
                    now,
                    copy,
                } => {
                    let (token, peer) = (self.argument(token), self.argument(peer));
                    let request = h3s_request {
                        revocations: self.copy_for(*config, *copy),
                        ..bare_token(&token, &peer, *flags, now)
                    };
                    let mut session = ptr::dangling_mut();
                    let status = h3s_unseal(self.config(*config), &request, &mut session, &mut err);
                    self.opened(usize::from(*slot) % SLOTS, session, status, &err);
                    assert!(
                        [
                            H3S_OK,
                            H3S_ERR_ARGUMENT,
                            H3S_ERR_REJECTED,
                            H3S_ERR_COLD,
                            H3S_ERR_BUSY,
                            H3S_ERR_STALE,
                        ]
                        .contains(&status)
                    );
                    assert!(status != H3S_ERR_COLD || u32::from(*flags) & H3S_WARM_ONLY != 0);
                }
                Step::Ensure { slot } => self.write(*slot, |session, err| h3s_ensure(session, err)),
                Step::Free { slot } => self.free(usize::from(*slot) % SLOTS),
                Step::Update { slot, json } => {
                    let json = self.argument(json);
                    self.write(*slot, |session, err| {
                        h3s_update(session, json.ptr(), json.len(), err)
                    });
                }
                Step::Replace { slot, json } => {
                    let json = self.argument(json);
                    self.write(*slot, |session, err| {
                        h3s_replace(session, json.ptr(), json.len(), err)
                    });
                }
                Step::Set { slot, key, json } => {
                    let (key, json) = (self.argument(key), self.argument(json));
                    self.write(*slot, |session, err| {
                        h3s_set_json(session, key.ptr(), key.len(), json.ptr(), json.len(), err)
                    });
                }
                Step::SetText { slot, key, text } => {
                    let (key, text) = (self.argument(key), self.argument(text));
                    check_quote(&text);
                    self.write(*slot, |session, err| {
                        h3s_set_text(session, key.ptr(), key.len(), text.ptr(), text.len(), err)
                    });
                }
                Step::SetNumber { slot, key, number } => {
                    let key = self.argument(key);
                    self.write(*slot, |session, err| match *number {
                        Number::Int(value) => {
                            h3s_set_int(session, key.ptr(), key.len(), value, err)
                        }
                        Number::Bool(value) => {
                            h3s_set_bool(session, key.ptr(), key.len(), value, err)
                        }
                        Number::Double(value) => {
                            h3s_set_double(session, key.ptr(), key.len(), value, err)
                        }
                    });
                }
                Step::SetAt {
                    slot,
                    pointer,
                    json,
                } => {
                    let (at, json) = (self.argument(pointer), self.argument(json));
                    self.write(*slot, |session, err| {
                        h3s_set_at(session, at.ptr(), at.len(), json.ptr(), json.len(), err)
                    });
                }
                Step::RemoveAt { slot, pointer } => {
                    let at = self.argument(pointer);
                    self.write(*slot, |session, err| {
                        h3s_remove_at(session, at.ptr(), at.len(), err)
                    });
                }
                Step::Remove { slot, key } => {
                    let key = self.argument(key);
                    self.write(*slot, |session, err| {
                        h3s_remove(session, key.ptr(), key.len(), err)
                    });
                }
                Step::Rotate { slot } => self.write(*slot, |session, err| h3s_rotate(session, err)),
                Step::Clear { slot } => self.write(*slot, |session, err| h3s_clear(session, err)),
                Step::SetId { slot, id } => {
                    let id = self.argument(id);
                    self.write(*slot, |session, err| {
                        h3s_session_set_id(session, id.ptr(), id.len(), err)
                    });
                }
                Step::SetLifetime {
                    slot,
                    max_age,
                    flags,
                } => {
                    // As a rule, one that may be set.
                    let max_age = if flags & 8 == 0 {
                        max_age & 0xFFFF_FFFF
                    } else {
                        *max_age
                    };
                    let flags = u32::from(flags & 3);
                    let before = snapshot(self.session(*slot));
                    let status = self.call(*slot, |session, err| {
                        h3s_session_set_lifetime(session, max_age, flags, err)
                    });
                    self.check_unchanged(*slot, status, &before);
                    let mut found = 4;
                    let seconds = h3s_session_lifetime(self.session(*slot), &mut found);
                    if status == H3S_OK {
                        assert_eq!((seconds, found), (max_age, flags));
                    }
                    assert!(found <= 1 && (0..=0xFFFF_FFFF).contains(&seconds));
                }
                Step::SetNow { slot, now } => {
                    let before = snapshot(self.session(*slot));
                    let status = self.call(*slot, |session, err| {
                        h3s_session_set_now(session, now.ms(), err)
                    });
                    // Where the session has ended by then, the clock has moved all the same.
                    if status != H3S_ERR_REJECTED {
                        self.check_unchanged(*slot, status, &before);
                    }
                }
                Step::SetCookies { slot, without } => self.set_cookies(*slot, *without),
                Step::Seal { slot, without } => {
                    let mut token = h3s_str {
                        ptr: ptr::dangling(),
                        len: 7,
                    };
                    let out = if *without {
                        ptr::null_mut()
                    } else {
                        &mut token
                    };
                    let before = snapshot(self.session(*slot));
                    let status = h3s_seal(self.session(*slot), out, &mut err);
                    check_error(status, &err);
                    self.check_unchanged(*slot, status, &before);
                    if status == H3S_OK {
                        self.token = self.keep_z(*slot, token);
                        assert!(!self.token.is_empty());
                    } else {
                        assert!(
                            *without
                                || (token.ptr.is_null() && token.len == 0)
                                || self.session(*slot).is_null()
                        );
                    }
                }
                Step::View { slot, size } => self.view(*slot, *size),
                Step::Find { slot, pointer } => {
                    let pointer = self.argument(pointer);
                    let found = h3s_session_find(self.session(*slot), pointer.ptr(), pointer.len());
                    self.keep(*slot, found);
                }
                Step::Text { slot, pointer } => {
                    let pointer = self.argument(pointer);
                    let found = h3s_session_text(self.session(*slot), pointer.ptr(), pointer.len());
                    self.keep(*slot, found);
                }
                Step::Values {
                    slot,
                    pointer,
                    without,
                } => self.values(*slot, pointer, *without),
                Step::Iter { slot, pointer } => {
                    let pointer = self.argument(pointer);
                    let session = self.session(*slot);
                    let iter = h3s_session_iter(session, pointer.ptr(), pointer.len());
                    let index = usize::from(*slot) % SLOTS;
                    self.iter = Some((*slot, iter, self.writes[index]));
                }
                Step::Next { without, pointer } => self.next(*without, pointer),
                Step::Enter { pointer } => {
                    let pointer = self.argument(pointer);
                    if let Some((_, iter, _)) = &mut self.iter {
                        *iter = h3s_iter_iter(iter, pointer.ptr(), pointer.len());
                    } else {
                        let none = h3s_iter_iter(ptr::null(), pointer.ptr(), pointer.len());
                        assert!(none.session.is_null());
                    }
                }
                Step::LogId { slot } => {
                    let id = h3s_session_log_id(self.session(*slot));
                    if !id.ptr.is_null() {
                        assert_eq!(self.keep_z(*slot, id).len(), 32);
                    }
                }
                Step::Getters { slot } => self.getters(*slot),
                Step::Config { config } => {
                    let config = self.config(*config);
                    assert!(ptr::eq(h3s_config_ref(config), config));
                    h3s_config_free(config.cast_mut());
                    assert!(h3s_config_flags(config) < 16);
                    let is_on = h3s_config_flags(config) & H3S_CONFIG_REVOCATION != 0;
                    assert_eq!(h3s_config_revocation_keep(config) > 0, is_on);
                    read_counts(config);
                    for text in [
                        h3s_config_revocation_file(config),
                        h3s_config_cookie_name(config),
                        h3s_config_header_name(config),
                        h3s_config_vary(config),
                    ] {
                        assert_eq!(text.ptr.is_null(), config.is_null());
                        if !text.ptr.is_null() {
                            assert_eq!(text.len, CStr::from_ptr(text.ptr).count_bytes());
                        }
                    }
                }
                Step::Strip { config, cookie } => {
                    let cookie = self.argument(cookie);
                    stripped(&cookie, h3s_cookie_strip, self.config(*config));
                    let session = self.session(*config).cast_const();
                    stripped(&cookie, h3s_session_strip, session);
                }
                Step::Vary {
                    config,
                    present,
                    room,
                } => {
                    let (config, present) = (self.config(*config), self.argument(present));
                    let call = |out, room, len, err| {
                        h3s_header_vary(config, present.ptr(), present.len(), out, room, len, err)
                    };
                    if let Some(value) = converted(call, *room) {
                        let names = h3s_config_vary(config).len;
                        assert!(value.len() < present.len() + names + 3);
                    }
                }
                Step::CacheControl { present, room } => {
                    let present = self.argument(present);
                    h3s_header_is_targeted(present.ptr(), present.len());
                    let call = |out, room, len, err| {
                        h3s_header_cache_control(present.ptr(), present.len(), out, room, len, err)
                    };
                    if let Some(value) = converted(call, *room) {
                        assert!(value.len() < present.len() * 2 + 16);
                        let lower = value.to_ascii_lowercase();
                        assert!(lower.windows(7).any(|part| part == b"private"));
                    }
                }
                Step::Site { headers } => {
                    let [site, origin, referer, host] =
                        headers.each_ref().map(|text| self.argument(text));
                    let is_cross_site = h3s_is_cross_site(
                        site.ptr(),
                        site.len(),
                        origin.ptr(),
                        origin.len(),
                        referer.ptr(),
                        referer.len(),
                        host.ptr(),
                        host.len(),
                    );
                    assert!(matches!(is_cross_site, 0 | 1));
                }
                Step::IronSeal {
                    config,
                    json,
                    now,
                    room,
                    flags,
                } => {
                    let json = self.argument(json);
                    // Now and then one that there is none of.
                    let flags = u32::from(*flags) % 4;
                    let call = |out, room, len, err| {
                        h3s_iron_seal(
                            self.config(*config),
                            json.ptr(),
                            json.len(),
                            now.ms(),
                            flags,
                            out,
                            room,
                            len,
                            err,
                        )
                    };
                    if let Some(token) = converted(call, *room) {
                        assert!(token.len() < json.len() / 3 * 4 + 512);
                        assert!(flags <= H3S_IRON_SESSION);
                        let members = std::str::from_utf8(&json.bytes).ok();
                        let members = members.and_then(h3s_fuzz::json::members);
                        let is_session = members
                            .into_iter()
                            .flatten()
                            .any(|(name, _)| ["id", "data"].contains(&&*name));
                        assert!(flags == H3S_IRON_SESSION || !is_session);
                        self.token = token;
                    }
                }
                Step::IronUnseal {
                    config,
                    token,
                    now,
                    room,
                } => {
                    let token = self.argument(token);
                    let nobody = self.argument(&Text::Bytes(Vec::new()));
                    let request = bare_token(&token, &nobody, 0, now);
                    let call = |out, room, len, err| {
                        h3s_iron_unseal(self.config(*config), &request, out, room, len, err)
                    };
                    if let Some(json) = converted(call, *room) {
                        assert!(json.len() < token.len());
                    }
                }
                Step::NewConfig { options } => {
                    // Deriving keys takes milliseconds.
                    if self.made == 0 {
                        self.made += 1;
                        let argument = self.argument(options);
                        let with_password =
                            h3s_fuzz::options(&String::from_utf8_lossy(&argument.bytes));
                        self.free_config();
                        self.own = new_config(with_password.as_bytes())
                            .or_else(|| new_config(h3s_fuzz::options("").as_bytes()));
                    }
                }
                Step::FreeConfig => self.free_config(),
                Step::Names { status } => {
                    assert!(!CStr::from_ptr(h3s_status_str(*status)).is_empty());
                    assert!(!CStr::from_ptr(h3s_rejection_str(*status)).is_empty());
                    assert!(!CStr::from_ptr(h3s_version()).is_empty());
                    assert!(!CStr::from_ptr(h3s_backend()).is_empty());
                    assert_eq!(h3s_abi_version(), H3S_ABI_VERSION);
                }
                Step::Revoke { slot, everywhere } => {
                    let revoke = match everywhere {
                        true => h3s_revoke_everywhere,
                        false => h3s_revoke,
                    };
                    self.write(*slot, |session, err| revoke(session, err));
                }
                Step::Entries { slot, without } => self.entries(*slot, *without),
                Step::RevokeSession {
                    config,
                    id,
                    now,
                    room,
                } => {
                    let (config, id) = (self.config(*config), self.argument(id));
                    let (id, len, now) = (id.ptr(), id.len(), now.ms());
                    let call = |out, room, written, err| {
                        h3s_revoke_session(config, id, len, now, out, room, written, err)
                    };
                    self.made_entry(converted(call, *room));
                }
                Step::RevokeSubject {
                    config,
                    subject,
                    before,
                    now,
                    room,
                } => {
                    let (config, subject) = (self.config(*config), self.argument(subject));
                    let (text, len) = (subject.ptr(), subject.len());
                    let (before, now) = (before.ms(), now.ms());
                    let call = |out, room, written, err| {
                        h3s_revoke_subject(config, text, len, before, now, out, room, written, err)
                    };
                    self.made_entry(converted(call, *room));
                }
                Step::Apply {
                    config,
                    copy,
                    lines,
                    now,
                    without,
                } => self.apply(*config, *copy, lines, *now, *without),
                Step::Heard { copy, now } => {
                    let status = h3s_revocations_heard(self.copy(*copy), now.ms(), &mut err);
                    check_error(status, &err);
                    assert!([H3S_OK, H3S_ERR_ARGUMENT].contains(&status));
                }
                Step::ViewCopy { copy, now, size } => self.view_copy(*copy, *now, *size),
                Step::NewCopy { room } => self.new_copy(*room),
                Step::PlaceCopy { offset, size, null } => self.place_copy(*offset, *size, *null),
                Step::OpenFile { path } => self.open_file(*path),
                Step::AppendFile { lines, now } => {
                    let lines = self.argument(lines);
                    let file = self.file.unwrap_or(ptr::null_mut());
                    self.appended += 1;
                    if self.appended <= 8 {
                        let status = h3s_revocation_file_append(
                            file,
                            lines.ptr(),
                            lines.len(),
                            now.ms(),
                            &mut err,
                        );
                        check_error(status, &err);
                        assert!([H3S_OK, H3S_ERR_ARGUMENT].contains(&status));
                        assert!(status != H3S_OK || !(file.is_null() || lines.is_null()));
                    }
                }
                Step::PollFile {
                    config,
                    copy,
                    now,
                    without,
                } => {
                    let mut applied = 77;
                    let out = match without {
                        true => ptr::null_mut(),
                        false => &raw mut applied,
                    };
                    let file = self.file.unwrap_or(ptr::null_mut());
                    let (copy, config) = (self.copy(*copy), self.config(*config));
                    let status =
                        h3s_revocation_file_poll(file, copy, config, now.ms(), out, &mut err);
                    check_error(status, &err);
                    let any = [H3S_OK, H3S_ERR_ARGUMENT, H3S_ERR_CONFIG, H3S_ERR_FULL];
                    assert!(any.contains(&status));
                    assert!(status != H3S_OK || !file.is_null());
                    assert!(*without || applied != 77);
                }
                Step::CloseFile => self.close_file(),
            }
        }
    }

    fn new_copy(&mut self, room: u8) {
        let (mut copy, mut err) = (ptr::dangling_mut(), unset());
        // SAFETY: all pointers are valid for the call.
        let status = unsafe { h3s_revocations_new(room.into(), &mut copy, &mut err) };
        check_error(status, &err);
        assert_eq!(status == H3S_OK, room > 0);
        self.placed(0, copy, status);
    }

    fn place_copy(&mut self, offset: u8, size: u16, null: bool) {
        let (mut copy, mut err) = (ptr::dangling_mut(), unset());
        let offset = usize::from(offset % 64);
        let size = usize::from(size) % (8 * MEMORY_LEN - offset);
        let memory = self.memory.0.as_ptr().wrapping_byte_add(offset);
        let memory = if null { ptr::null() } else { memory };
        // SAFETY: so many bytes are there, and for as long as anything that uses them.
        let status =
            unsafe { h3s_revocations_at(memory.cast_mut().cast(), size, &mut copy, &mut err) };
        check_error(status, &err);
        assert!(status == H3S_ERR_ARGUMENT || (status == H3S_OK && size >= 512 && !null));
        assert_eq!(status == H3S_OK, !copy.is_null());
        self.placed(1, copy, status);
    }

    fn placed(&mut self, which: usize, copy: *mut h3s_revocations, status: i32) {
        if status == H3S_OK {
            self.free_copy(which);
            self.copies[which] = Some(copy);
        }
    }

    fn free_copy(&mut self, which: usize) {
        let copy = self.copies[which].take().unwrap_or(ptr::null_mut());
        // SAFETY: NULL or live, and freed once by each owner.
        unsafe {
            assert!(ptr::eq(h3s_revocations_ref(copy), copy));
            h3s_revocations_free(copy);
            h3s_revocations_free(copy);
        }
    }

    /// By its path, or by one that is none.
    fn open_file(&mut self, which: u8) {
        let path = FILE.to_str().expect("it is text");
        let text = match which % 8 {
            1 => "",
            2 => "revocations",
            3 => "/no/such/folder/revocations",
            4 => "/dev",
            5 => "/re\0vocations",
            _ => path,
        };
        let argument = self.argument(&match which % 8 {
            6 => Text::Null(which / 8),
            _ => Text::Bytes(text.into()),
        });
        let (mut file, mut err) = (ptr::dangling_mut(), unset());
        // SAFETY: all pointers are valid for the call, or NULL.
        let status = unsafe {
            h3s_revocation_file_open(
                argument.ptr(),
                argument.len(),
                which.into(),
                &mut file,
                &mut err,
            )
        };
        check_error(status, &err);
        assert_eq!(status == H3S_OK, !file.is_null());
        assert_eq!(status == H3S_OK, which.is_multiple_of(8) || which % 8 == 7);
        if status == H3S_OK {
            self.close_handle();
            self.file = Some(file);
        }
    }

    fn close_handle(&mut self) {
        // SAFETY: live, and used by nobody else; or NULL.
        unsafe { h3s_revocation_file_close(self.file.take().unwrap_or(ptr::null_mut())) };
    }

    /// Nothing of it is there for the next sequence.
    fn close_file(&mut self) {
        if self.file.is_some() {
            self.close_handle();
            let _ = std::fs::remove_file(&*FILE);
        }
    }

    fn made_entry(&mut self, line: Option<Vec<u8>>) {
        let Some(line) = line else { return };
        assert!(line.starts_with(b"h3r1.") && line.len() < 2048 && !line.contains(&b'\n'));
        // Enough of them to fill a copy.
        if self.entries.len() > 20_000 {
            self.entries.clear();
        }
        self.entries.extend([line.as_slice(), b"\n"].concat());
    }

    fn entries(&mut self, slot: u8, without: u8) {
        let (mut list, mut count, mut err) = (ptr::dangling(), 7, unset());
        let list_out = if without % 4 == 1 {
            ptr::null_mut()
        } else {
            &raw mut list
        };
        let count_out = if without % 4 == 2 {
            ptr::null_mut()
        } else {
            &raw mut count
        };
        let session = self.session(slot);
        let before = snapshot(session);
        // SAFETY: the handle is NULL or live, the outputs NULL or writable.
        let status = unsafe { h3s_revocation_entries(session, list_out, count_out, &mut err) };
        check_error(status, &err);
        assert_eq!(snapshot(session), before);
        if status != H3S_OK {
            assert_eq!(status, H3S_ERR_ARGUMENT);
            assert!(list_out.is_null() || list.is_null());
            assert!(count_out.is_null() || count == 0);
            return;
        }
        for i in 0..count {
            // SAFETY: the library says so.
            let entry = unsafe { *list.add(i) };
            let line = self.keep_z(slot, entry);
            self.made_entry(Some(line));
        }
    }

    fn apply(&mut self, config: u8, copy: u8, lines: &Text, now: Now, without: bool) {
        let lines = self.argument(lines);
        let (mut applied, mut err) = (77, unset());
        let out = if without {
            ptr::null_mut()
        } else {
            &raw mut applied
        };
        let (config, copy) = (self.config(config), self.copy(copy));
        // SAFETY: the handles are NULL or live, the lines as long as they say.
        let status = unsafe {
            h3s_revocations_apply(
                copy,
                config,
                lines.ptr(),
                lines.len(),
                now.ms(),
                out,
                &mut err,
            )
        };
        check_error(status, &err);
        // SAFETY: NULL or live.
        let is_on = unsafe { h3s_config_flags(config) } & H3S_CONFIG_REVOCATION != 0;
        let most = lines.bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
        match status {
            H3S_OK => assert!(is_on && !copy.is_null() && !lines.is_null()),
            H3S_ERR_FULL => assert!(is_on && !copy.is_null()),
            H3S_ERR_CONFIG => assert!(!is_on),
            _ => assert_eq!(status, H3S_ERR_ARGUMENT),
        }
        for line in lines.bytes.split(|byte| *byte == b'\n').take(3) {
            read_entry(config, line, is_on);
        }
        let has_applied = matches!(status, H3S_OK | H3S_ERR_FULL);
        assert!(without || applied <= if has_applied { most } else { 0 });
    }

    fn view_copy(&mut self, copy: u8, now: Now, size: Size) {
        let empty = h3s_revocations_info {
            size: 0,
            reserved: 0,
            entries: 77,
            room: 77,
            missed: 77,
            heard_at: -77,
        };
        let (mut info, size_is_good) = sized(empty, size);
        let (copy, mut err) = (self.copy(copy), unset());
        // SAFETY: the handle is NULL or live, and the struct as large as it says.
        let status =
            unsafe { h3s_revocations_view(copy, now.ms(), info.as_mut_ptr().cast(), &mut err) };
        check_error(status, &err);
        assert!(status == H3S_ERR_ARGUMENT || (size_is_good && !copy.is_null()));
        // SAFETY: it is there; it need not be aligned in its buffer.
        let info: h3s_revocations_info = unsafe {
            info.as_ptr()
                .cast::<h3s_revocations_info>()
                .read_unaligned()
        };
        match status {
            H3S_OK => assert!(info.entries <= 2 * info.room && info.heard_at >= 0),
            _ => assert_eq!((info.entries, info.heard_at), (77, -77)),
        }
    }

    fn opened(&mut self, slot: usize, session: *mut h3s_session, status: i32, err: &h3s_error) {
        check_error(status, err);
        assert_eq!(
            status == H3S_OK,
            !session.is_null(),
            "no session after an error"
        );
        if status == H3S_OK {
            self.free(slot);
            self.sessions[slot] = Some(session);
        }
    }

    /// What the typed getters say of one value.
    fn values(&mut self, slot: u8, pointer: &Text, without: bool) {
        let at = self.argument(pointer);
        let session = self.session(slot);
        let (mut int, mut bool, mut double) = (77, 77, 77.0);
        // SAFETY: the handle is NULL or live, the outputs NULL or writable.
        unsafe {
            let found = h3s_session_find(session, at.ptr(), at.len());
            let value_type = h3s_session_type(session, at.ptr(), at.len());
            let int_out = if without { ptr::null_mut() } else { &mut int };
            let is_int = h3s_session_int(session, at.ptr(), at.len(), int_out);
            let is_bool = h3s_session_bool(session, at.ptr(), at.len(), &mut bool);
            let is_double = h3s_session_double(session, at.ptr(), at.len(), &mut double);
            let json = self.keep(slot, found);
            assert_eq!(value_type == H3S_TYPE_ABSENT, found.ptr.is_null());
            if session.is_null() || at.is_null() || without {
                assert_eq!(is_int, H3S_ERR_ARGUMENT);
            } else {
                assert_eq!(is_bool == H3S_OK, value_type == H3S_TYPE_BOOL);
                assert!(is_int != H3S_OK || is_double == H3S_OK);
                assert!(is_double != H3S_OK || value_type == H3S_TYPE_NUMBER);
                let text = std::str::from_utf8(&json).expect("UTF-8");
                assert!(is_double != H3S_OK || text.parse() == Ok(double));
                let plain = text.parse::<i64>();
                assert!(plain.is_err() || (is_int == H3S_OK && plain == Ok(int)));
            }
            assert!(is_int == H3S_OK || int == 77);
            assert!(is_bool == H3S_OK || bool == 77);
            assert!(is_double == H3S_OK || double == 77.0);
        }
    }

    fn next(&mut self, without: u8, pointer: &Text) {
        let at = self.argument(pointer);
        let Some((slot, mut iter, writes)) = self.iter else {
            // SAFETY: no iterator is an argument error.
            let status =
                unsafe { h3s_iter_next(ptr::null_mut(), ptr::null_mut(), ptr::null_mut()) };
            assert_eq!(status, H3S_ERR_ARGUMENT);
            return;
        };
        let is_stale = self.writes[usize::from(slot) % SLOTS] != writes;
        let dangling = h3s_str {
            ptr: ptr::dangling(),
            len: 7,
        };
        let (mut key, mut value) = (dangling, dangling);
        let key_out = if without & 1 == 0 {
            &raw mut key
        } else {
            ptr::null_mut()
        };
        let value_out = if without & 2 == 0 {
            &raw mut value
        } else {
            ptr::null_mut()
        };
        let (mut int, mut bool, mut double) = (0, 0, 0.0);
        // SAFETY: its session lives, or is NULL.
        unsafe {
            let status = h3s_iter_next(&mut iter, key_out, value_out);
            if iter.session.is_null() {
                assert_eq!(status, H3S_ERR_ARGUMENT);
            } else if is_stale {
                assert_eq!(status, H3S_ERR_STATE);
                assert!(h3s_iter_find(&iter, at.ptr(), at.len()).ptr.is_null());
            } else {
                assert!(status == H3S_OK || status == H3S_END);
            }
            if status == H3S_OK {
                if !key_out.is_null() {
                    let key = self.keep(slot, key);
                    assert!(std::str::from_utf8(&key).is_ok());
                }
                let whole = h3s_iter_find(&iter, ptr::null(), 0);
                if !value_out.is_null() {
                    assert_eq!((whole.ptr, whole.len), (value.ptr, value.len));
                }
                assert!(!self.keep(slot, whole).is_empty());
            } else {
                assert!(key_out.is_null() || key.ptr.is_null());
                assert!(value_out.is_null() || value.ptr.is_null());
            }
            let inner = h3s_iter_find(&iter, at.ptr(), at.len());
            let text = h3s_iter_text(&iter, at.ptr(), at.len());
            let value_type = h3s_iter_type(&iter, at.ptr(), at.len());
            self.keep(slot, inner);
            self.keep(slot, text);
            assert_eq!(value_type == H3S_TYPE_ABSENT, inner.ptr.is_null());
            assert_eq!(value_type == H3S_TYPE_STRING, !text.ptr.is_null());
            let is_int = h3s_iter_int(&iter, at.ptr(), at.len(), &mut int);
            let is_bool = h3s_iter_bool(&iter, at.ptr(), at.len(), &mut bool);
            let is_double = h3s_iter_double(&iter, at.ptr(), at.len(), &mut double);
            assert!(is_int != H3S_OK || value_type == H3S_TYPE_NUMBER);
            assert_eq!(is_bool == H3S_OK, value_type == H3S_TYPE_BOOL);
            assert!(is_double != H3S_OK || value_type == H3S_TYPE_NUMBER);
        }
        self.iter = Some((slot, iter, writes));
    }

    fn free(&mut self, slot: usize) {
        self.iter = self
            .iter
            .filter(|(of, ..)| usize::from(*of) % SLOTS != slot);
        self.borrowed.retain(|borrowed| borrowed.slot != slot);
        // SAFETY: live, and nothing points to it any more; or NULL.
        unsafe { h3s_session_free(self.sessions[slot].take().unwrap_or(ptr::null_mut())) };
    }

    fn free_config(&mut self) {
        // SAFETY: as above.
        unsafe { h3s_config_free(self.own.take().unwrap_or(ptr::null_mut())) };
    }

    /// A write, which changes nothing if it fails.
    fn write(&mut self, slot: u8, write: impl FnOnce(*mut h3s_session, *mut h3s_error) -> i32) {
        let before = snapshot(self.session(slot));
        let status = self.call(slot, write);
        self.check_unchanged(slot, status, &before);
    }

    /// A call which ends what was borrowed.
    fn call(
        &mut self,
        slot: u8,
        call: impl FnOnce(*mut h3s_session, *mut h3s_error) -> i32,
    ) -> i32 {
        let session = self.session(slot);
        let mut err = unset();
        let index = usize::from(slot) % SLOTS;
        self.borrowed.retain(|borrowed| borrowed.slot != index);
        let status = call(session, &mut err);
        if status == H3S_OK {
            self.writes[index] += 1;
        }
        check_error(status, &err);
        assert!(!(status == H3S_OK && session.is_null()));
        assert!(status != H3S_ERR_INTERNAL && status != H3S_ERR_MEMORY && status != H3S_ERR_RANDOM);
        status
    }

    fn check_unchanged(&self, slot: u8, status: i32, before: &Snapshot) {
        if status != H3S_OK {
            assert_eq!(
                snapshot(self.session(slot)),
                *before,
                "an error leaves the session as it was"
            );
        }
    }

    fn set_cookies(&mut self, slot: u8, without: u8) {
        let (mut list, mut count) = (ptr::dangling(), 7);
        let mut err = unset();
        let list_out = if without & 3 == 1 {
            ptr::null_mut()
        } else {
            &raw mut list
        };
        let count_out = if without & 3 == 2 {
            ptr::null_mut()
        } else {
            &raw mut count
        };
        let session = self.session(slot);
        let before = snapshot(session);
        // SAFETY: the handle is NULL or live, the outputs NULL or writable.
        let status = unsafe { h3s_set_cookies(session, list_out, count_out, &mut err) };
        check_error(status, &err);
        self.check_unchanged(slot, status, &before);
        if status != H3S_OK {
            assert!(list_out.is_null() || list.is_null());
            assert!(count_out.is_null() || count == 0);
            return;
        }
        // SAFETY: the library says so.
        let values: Vec<h3s_str> = (0..count).map(|i| unsafe { *list.add(i) }).collect();
        let values: Vec<Vec<u8>> = values
            .into_iter()
            .map(|value| self.keep_z(slot, value))
            .collect();
        let values = values
            .iter()
            .map(|value| std::str::from_utf8(value).expect("ASCII"));
        let cookies = h3s_fuzz::cookie_header(values);
        if !cookies.is_empty() {
            self.cookies = cookies.into();
        }
    }

    fn view(&mut self, slot: u8, size: Size) {
        let empty = h3s_view {
            size: 0,
            flags: 0,
            id: h3s_str::default(),
            data: h3s_str::default(),
            created_at: 0,
            last_seen_at: 0,
            expires_at: 0,
            source: 0,
            rejection: 0,
        };
        let (mut view, size_is_good) = sized(empty, size);
        let session = self.session(slot);
        // SAFETY: the handle is NULL or live, and the view as large as it says.
        let status = unsafe { h3s_session_view(session, view.as_mut_ptr().cast()) };
        assert_eq!(status == H3S_OK, size_is_good && !session.is_null());
        if status == H3S_OK {
            // SAFETY: it was filled; it need not be aligned in its buffer.
            let view: h3s_view = unsafe { view.as_ptr().cast::<h3s_view>().read_unaligned() };
            // SAFETY: the handle is live.
            unsafe {
                assert_eq!(view.created_at, h3s_session_created_at(session));
                assert_eq!(view.last_seen_at, h3s_session_last_seen_at(session));
                assert_eq!(view.expires_at, h3s_session_expires_at(session));
                assert_eq!(
                    (view.source, view.rejection),
                    (h3s_session_source(session), h3s_session_rejection(session))
                );
                assert_eq!(
                    view.flags & H3S_VIEW_NEW != 0,
                    h3s_session_is_new(session) == 1
                );
                assert_eq!(
                    view.flags & H3S_VIEW_DIRTY != 0,
                    h3s_session_is_dirty(session) == 1
                );
            }
            self.keep_z(slot, view.id);
            self.keep_z(slot, view.data);
        }
    }

    fn getters(&mut self, slot: u8) {
        let session = self.session(slot);
        // SAFETY: NULL or live.
        let (id, data) = unsafe { (h3s_session_id(session), h3s_session_data(session)) };
        assert_eq!(id.ptr.is_null(), session.is_null());
        if !session.is_null() {
            self.keep_z(slot, id);
            let data = self.keep_z(slot, data);
            h3s_fuzz::check_trusted_data(std::str::from_utf8(&data).expect("UTF-8"));
        }
    }

    /// Keeps a borrowed string, to see that it lasts.
    fn keep(&mut self, slot: u8, text: h3s_str) -> Vec<u8> {
        if text.ptr.is_null() {
            assert_eq!(text.len, 0);
            return Vec::new();
        }
        // SAFETY: the library says that so many bytes are there.
        let copy = unsafe { std::slice::from_raw_parts(text.ptr.cast::<u8>(), text.len) }.to_vec();
        let slot = usize::from(slot) % SLOTS;
        self.borrowed.push(Borrowed {
            slot,
            text,
            copy: copy.clone(),
        });
        copy
    }

    /// Keeps one that has to end in a NUL, and to have a pointer.
    fn keep_z(&mut self, slot: u8, text: h3s_str) -> Vec<u8> {
        assert!(!text.ptr.is_null());
        // SAFETY: the library says that a NUL follows.
        assert_eq!(unsafe { *text.ptr.add(text.len) }, 0);
        self.keep(slot, text)
    }

    fn check_borrowed(&self) {
        for Borrowed { text, copy, .. } in &self.borrowed {
            // SAFETY: nothing has ended it, by the header; if that is wrong,
            // AddressSanitizer says so.
            let now = unsafe { std::slice::from_raw_parts(text.ptr.cast::<u8>(), text.len) };
            assert_eq!(now, copy, "a borrowed string changed");
        }
    }
}

fn bare_token(token: &Argument, peer: &Argument, flags: u8, now: &Now) -> h3s_request {
    h3s_request {
        size: size_of::<h3s_request>() as u32,
        flags: u32::from(flags) % 4,
        cookie: ptr::null(),
        cookie_len: 0,
        header: token.ptr(),
        header_len: token.len(),
        peer: peer.ptr(),
        peer_len: peer.len(),
        now_ms: now.ms(),
        revocations: ptr::null(),
    }
}

fn unset() -> h3s_error {
    h3s_error {
        status: -77,
        offset: -77,
        rejection: -77,
        reserved: -77,
        key: [b'?' as c_char; 48],
        message: [b'?' as c_char; 192],
    }
}

/// An error is whole: what was returned, and two strings of printable UTF-8 that end.
fn check_error(status: i32, err: &h3s_error) {
    assert_eq!(err.status, status);
    assert_ne!(status, H3S_ERR_INTERNAL, "a panic");
    let text = |chars: &[c_char]| {
        let bytes: Vec<u8> = chars
            .iter()
            .map(|c| *c as u8)
            .take_while(|c| *c != 0)
            .collect();
        assert!(bytes.len() < chars.len(), "no NUL");
        String::from_utf8(bytes).expect("UTF-8")
    };
    let (key, message) = (text(&err.key), text(&err.message));
    assert!(key.chars().chain(message.chars()).all(|c| !c.is_control()));
    assert_eq!(message.is_empty(), status == H3S_OK);
    assert!(status != H3S_OK || (key.is_empty() && err.offset == -1));
    assert_eq!(status == H3S_ERR_REJECTED, err.rejection > 0);
    assert!(status != H3S_ERR_REJECTED || err.offset == -1);
    assert_eq!(err.reserved, 0);
}

/// What must be the same after an error.
#[derive(Debug, PartialEq)]
struct Snapshot {
    id: Vec<u8>,
    data: Vec<u8>,
    times: [i64; 3],
    is_new: i32,
    is_dirty: i32,
    source: i32,
}

fn snapshot(session: *mut h3s_session) -> Snapshot {
    let copy = |text: h3s_str| match text.ptr.is_null() {
        true => Vec::new(),
        // SAFETY: as long as it says.
        false => unsafe { std::slice::from_raw_parts(text.ptr.cast::<u8>(), text.len) }.to_vec(),
    };
    // SAFETY: NULL or live.
    unsafe {
        Snapshot {
            id: copy(h3s_session_id(session)),
            data: copy(h3s_session_data(session)),
            times: [
                h3s_session_created_at(session),
                h3s_session_last_seen_at(session),
                h3s_session_expires_at(session),
            ],
            is_new: h3s_session_is_new(session),
            is_dirty: h3s_session_is_dirty(session),
            source: h3s_session_source(session),
        }
    }
}

/// A struct in a buffer of the size that it claims, and whether the library has to take it.
fn sized<T>(value: T, size: Size) -> (Vec<u64>, bool) {
    let right = size_of::<T>();
    let claimed = match size {
        Size::Right => right,
        Size::Small(by) => right.saturating_sub(usize::from(by) + 1),
        Size::Larger { by, .. } => right + 8 * (usize::from(by) + 1),
    };
    let mut buffer = vec![0_u64; claimed.max(right).div_ceil(8)];
    let bytes = buffer.as_mut_ptr().cast::<u8>();
    // SAFETY: the buffer is large enough and aligned for any of the ABI's structs, which start with
    // their size.
    unsafe {
        bytes.cast::<T>().write(value);
        bytes.cast::<u32>().write(claimed as u32);
    }
    match size {
        Size::Larger { last, .. } => {
            *buffer.last_mut().expect("it is not empty") = u64::from(last);
            (buffer, last == 0 && claimed <= 1024)
        }
        _ => (buffer, claimed == right),
    }
}

/// How much of a Cookie header goes upstream: it is written into a buffer of the header's size.
unsafe fn stripped<T>(
    cookie: &Argument,
    strip: unsafe extern "C" fn(*const T, *const c_char, usize, *mut c_char) -> usize,
    by: *const T,
) -> usize {
    let mut out = vec![0_u8; cookie.bytes.len()];
    // SAFETY: the caller's, that `by` is NULL or live. Of a missing header nothing is written.
    let len = unsafe { strip(by, cookie.ptr(), cookie.len(), out.as_mut_ptr().cast()) };
    assert!(len <= out.len());
    assert!(len == 0 || !by.is_null());
    len
}

/// A text as JSON is that text again, in the room that the header asks for.
fn check_quote(text: &Argument) {
    let room = 6 * text.len() + 3;
    let mut out = vec![b'?'; room];
    // SAFETY: the buffers are as long as is said.
    let len = unsafe { h3s_json_quote(text.ptr(), text.len(), out.as_mut_ptr().cast(), room) };
    let expected = std::str::from_utf8(&text.bytes)
        .ok()
        .filter(|_| !text.is_null());
    assert!(len < room && out[len] == 0);
    assert_eq!(
        serde_json::from_slice::<String>(&out[..len])
            .ok()
            .as_deref(),
        expected
    );
}

/// A text that the library writes into the caller's buffer.
fn converted(
    call: impl FnOnce(*mut c_char, usize, *mut usize, *mut h3s_error) -> i32,
    room: u16,
) -> Option<Vec<u8>> {
    let room = usize::from(room);
    let mut out = vec![b'?'; room];
    let (mut len, mut err) = (7, unset());
    let status = call(out.as_mut_ptr().cast(), room, &mut len, &mut err);
    check_error(status, &err);
    if status == H3S_OK {
        assert!(len < room && out[len] == 0);
        out.truncate(len);
        return Some(out);
    }
    assert!(len == 0 || (status == H3S_ERR_ARGUMENT && len >= room));
    assert!(out.iter().all(|byte| *byte == b'?'), "half a text");
    None
}

/// A config has counted a seal for each session that a read has moved to another token.
fn read_counts(config: *const h3s_config) {
    // SAFETY: a struct of numbers.
    let mut counts: h3s_counts = unsafe { std::mem::zeroed() };
    counts.size = u32::try_from(size_of::<h3s_counts>()).expect("it is small");
    let mut err = unset();
    // SAFETY: the handle is NULL or live, and the struct as large as it says.
    let status = unsafe { h3s_config_counts(config, &mut counts, &mut err) };
    check_error(status, &err);
    assert_eq!(status == H3S_OK, !config.is_null());
    assert!(counts.moved_password + counts.moved_format <= counts.sealed);
    let brought = counts.opened_cookie + counts.opened_header + counts.opened_token;
    assert!(counts.opened_old_password <= brought && counts.opened_other_format <= brought);
    assert_eq!(
        (counts.refused[0], counts.refused[9..].iter().sum()),
        (0, 0)
    );
}

/// Whose it is takes as much room as the library says.
fn read_entry(config: *const h3s_config, line: &[u8], is_on: bool) {
    let mut entry = h3s_entry_info {
        size: u32::try_from(size_of::<h3s_entry_info>()).expect("it is small"),
        kind: 77,
        before: -77,
        until: -77,
    };
    let (mut out, mut err) = ([0x55; 1025], unset());
    let (mut len, mut again) = (77, 77);
    let (text, line_len) = (line.as_ptr().cast(), line.len());
    // SAFETY: the handle is NULL or live, all else valid for the call.
    let status = unsafe {
        h3s_revocation_read(
            config,
            text,
            line_len,
            &mut entry,
            out.as_mut_ptr(),
            out.len(),
            &mut len,
            &mut err,
        )
    };
    check_error(status, &err);
    if status != H3S_OK {
        assert!([H3S_ERR_ARGUMENT, H3S_ERR_CONFIG, H3S_ERR_REJECTED].contains(&status));
        assert!(
            (entry.kind, entry.until, len) == (77, -77, 0) && (is_on || status != H3S_ERR_REJECTED)
        );
        return;
    }
    assert!(is_on && (0..=2).contains(&entry.kind) && entry.before >= 0 && entry.until > 0);
    assert!(len <= 1024 && out[len] == 0 && (len == 0) == (entry.kind == H3S_ENTRY_EVERYBODY));
    let mut asked = |room, len: *mut usize| {
        let out = ptr::null_mut();
        // SAFETY: as above.
        unsafe { h3s_revocation_read(config, text, line_len, &mut entry, out, room, len, &mut err) }
    };
    assert_eq!(asked(0, ptr::null_mut()), H3S_OK);
    assert_eq!(asked(len, &raw mut again), H3S_ERR_ARGUMENT);
    assert_eq!(again, len);
}
