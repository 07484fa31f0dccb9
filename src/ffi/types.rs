//! The structs and constants that cross the C ABI. Their values and layouts are pinned.

use std::ffi::c_char;

use super::replica::h3s_revocations;

/// Success.
pub const H3S_OK: i32 = 0;
/// The call itself is wrong: a required pointer is NULL, a `size` or flag is unknown, or a time is
/// out of range. `key` names the argument.
pub const H3S_ERR_ARGUMENT: i32 = 1;
/// The options are wrong. `key` names the option, `offset` is its byte in the JSON.
pub const H3S_ERR_CONFIG: i32 = 2;
/// The JSON, key, pointer or id given is wrong. `offset` is the first byte at fault. The session
/// is as it was. From a typed getter: there is no such value of that type.
pub const H3S_ERR_DATA: i32 = 3;
/// The session would not fit in its cookies (or, sealed, in `maxTokenLength`). The session is as
/// it was.
pub const H3S_ERR_TOO_LARGE: i32 = 4;
/// Not possible in this state, e.g. `h3s_rotate` after `h3s_clear`. The session is as it was.
pub const H3S_ERR_STATE: i32 = 5;
/// The token was refused (`h3s_unseal`), or the session has ended since (`h3s_session_set_now`).
/// `rejection` is the H3S_REJECTION_* value and `key` its name.
pub const H3S_ERR_REJECTED: i32 = 6;
/// The operating system gave no random bytes. Nothing was sealed.
pub const H3S_ERR_RANDOM: i32 = 7;
/// Out of memory. The session is as it was. (Without 512 bytes, or in `h3s_config_new` 64 KiB, the
/// process ends.)
pub const H3S_ERR_MEMORY: i32 = 8;
/// Under H3S_WARM_ONLY: a Fe26.2 token needs a slow key derivation. No session was made; repeat
/// the call without the flag, in a thread.
pub const H3S_ERR_COLD: i32 = 9;
/// This peer has had too many Fe26.2 tokens lately that take a slow key derivation, forged ones
/// above all, and no other token of the request opened. No session was made: answer 429 and touch
/// no cookie.
pub const H3S_ERR_BUSY: i32 = 10;
/// A fault in the library. The handle can only be freed; please report it.
pub const H3S_ERR_INTERNAL: i32 = 11;
/// The latest logouts may not be known here, and the options say `"stale": "closed"`. No session
/// was made: answer 503 and touch no cookie.
pub const H3S_ERR_STALE: i32 = 12;
/// A copy of what is revoked has no room for an entry. All others were applied.
pub const H3S_ERR_FULL: i32 = 13;
/// The file of what is revoked cannot be read or written, or is none. Nothing was made known.
pub const H3S_ERR_STORE: i32 = 14;
/// From `h3s_iter_next`: there are no more. No error.
pub const H3S_END: i32 = -1;

/// No token was refused.
pub const H3S_REJECTION_NONE: i32 = 0;
/// Not a well-formed token, or one from the future. Name: `malformed`.
pub const H3S_REJECTION_MALFORMED: i32 = 1;
/// A token of a format that `seal.accept` does not list. Name: `unsupported_format`.
pub const H3S_REJECTION_UNSUPPORTED_FORMAT: i32 = 2;
/// Its key id is none of the passwords'. Name: `unknown_key`.
pub const H3S_REJECTION_UNKNOWN_KEY: i32 = 3;
/// Forged, damaged, or sealed with another password or cookie name. Name: `bad_seal`.
pub const H3S_REJECTION_BAD_SEAL: i32 = 4;
/// Older than `maxAge`, or past the end written into the token. In Fe26.2 that end stands outside
/// the encryption and is looked at first, so that this is no proof that the token was authentic.
/// Name: `expired`.
pub const H3S_REJECTION_EXPIRED: i32 = 5;
/// Not seen for longer than `idleTimeout`. Name: `idle`.
pub const H3S_REJECTION_IDLE: i32 = 6;
/// Created before `notBefore`, or revoked since. Name: `revoked`.
pub const H3S_REJECTION_REVOKED: i32 = 7;
/// Longer than `maxTokenLength`, or in longer cookies than a browser would send. Name:
/// `too_large`.
pub const H3S_REJECTION_TOO_LARGE: i32 = 8;

/// The session was made by this request; no token opened.
pub const H3S_SOURCE_NONE: i32 = 0;
/// The session came in a cookie.
pub const H3S_SOURCE_COOKIE: i32 = 1;
/// The session came in the session header.
pub const H3S_SOURCE_HEADER: i32 = 2;
/// The session came from `h3s_unseal`.
pub const H3S_SOURCE_TOKEN: i32 = 3;

/// Request flag: return H3S_ERR_COLD instead of making a slow key derivation (some milliseconds),
/// so that an event loop can repeat the call in a thread. Only a Fe26.2 token that this config has
/// not seen lately needs one, and only with more than one iteration (`"h3-2"`); a token of the
/// native format never does. It is also H3S_ERR_COLD where another cookie opens without: which is
/// the newer one shows only then. (What was refused once needs none again, so that no stale cookie
/// makes each request cold.)
pub const H3S_WARM_ONLY: u32 = 1;

/// Request flag: another site has sent the browser here. Set it where `h3s_is_cross_site` says so.
///
/// Such a request comes without a SameSite cookie that the browser has, and must not replace or
/// delete it. So where the request brought no cookie of the session, `h3s_use` is then `h3s_get`,
/// and `h3s_clear` deletes nothing.
pub const H3S_CROSS_SITE: u32 = 2;

/// There is no such value.
pub const H3S_TYPE_ABSENT: i32 = 0;
/// `null`.
pub const H3S_TYPE_NULL: i32 = 1;
/// `true` or `false`.
pub const H3S_TYPE_BOOL: i32 = 2;
/// A number.
pub const H3S_TYPE_NUMBER: i32 = 3;
/// A string.
pub const H3S_TYPE_STRING: i32 = 4;
/// An array.
pub const H3S_TYPE_ARRAY: i32 = 5;
/// An object.
pub const H3S_TYPE_OBJECT: i32 = 6;

/// Flag of `h3s_iron_seal`: seal an object with a member `id` or `data` all the same. What comes
/// out opens as a session.
pub const H3S_IRON_SESSION: u32 = 1;

/// Flag of `h3s_session_set_lifetime`: the session's cookie has no end of its own, so that the
/// browser forgets it when it is closed.
pub const H3S_LIFETIME_BROWSER: u32 = 1;

/// View flag: this request made the session.
pub const H3S_VIEW_NEW: u32 = 1;
/// View flag: `h3s_set_cookies` (or, with `"cookie": false`, `h3s_seal`) has something to give
/// that was not yet taken.
pub const H3S_VIEW_DIRTY: u32 = 2;
/// View flag: the session was cleared.
pub const H3S_VIEW_CLEARED: u32 = 4;

/// View flag: what is due says only when the session was seen, under `idleTimeout`. It is no write,
/// and holds no data.
pub const H3S_VIEW_SLIDES: u32 = 8;

/// View flag: what was revoked might not have been known when the session was opened: nothing was
/// heard of it for longer than `revocation.maxStale`, or some of it has found no room.
pub const H3S_VIEW_STALE: u32 = 16;

/// View flag: to seal it now, by `h3s_set_cookies` or `h3s_seal`, may take a slow key derivation:
/// some milliseconds, of Fe26.2 as h3 2 seals it, once a day for each config. An event loop had
/// better leave that to a thread. Never where H3S_CONFIG_MAY_BE_COLD is not set.
pub const H3S_VIEW_COLD: u32 = 32;

/// A string that the library owns: `len` bytes at `ptr`.
///
/// Absent is `{NULL, 0}`; empty has a pointer. It is borrowed from its handle: each function says
/// for how long.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct h3s_str {
    pub ptr: *const c_char,
    pub len: usize,
}

/// What a request brought. Begin with H3S_REQUEST_INIT, then set what you have:
///
/// ```c
/// h3s_request request = H3S_REQUEST_INIT;
/// request.cookie = cookie;
/// request.cookie_len = strlen(cookie);
/// ```
///
/// The strings are only read during the call. A pointer is ignored when its length is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct h3s_request {
    /// `sizeof(h3s_request)`.
    pub size: u32,
    /// H3S_WARM_ONLY and H3S_CROSS_SITE, or-ed together.
    pub flags: u32,
    /// The value of the Cookie header. Several Cookie lines: joined with `"; "`.
    pub cookie: *const c_char,
    pub cookie_len: usize,
    /// The value of the session header (`h3s_config_header_name`); an empty one counts as none. For
    /// `h3s_unseal` and `h3s_iron_unseal`: the token. A leading `Bearer ` is passed over.
    pub header: *const c_char,
    pub header_len: usize,
    /// Who asks: the client's address, as text (`192.0.2.1`, `2001:db8::1`, `[2001:db8::1]:443`)
    /// or as its 4 or 16 bytes; or any other bytes that tell clients apart; may be empty. Of an
    /// IPv6 address the first 64 bits count.
    ///
    /// Limits the slow key derivations that Fe26.2 tokens cost: for forged ones a burst of 20,
    /// then 5 a second; for authentic ones that were not seen lately ten times that. Beyond it
    /// comes H3S_ERR_BUSY. What is known already, and other peers, notice nothing. Without a peer
    /// there is no limit.
    pub peer: *const c_char,
    pub peer_len: usize,
    /// The time, in milliseconds since 1970; 0: the system clock.
    pub now_ms: i64,
    /// What is revoked, as this process knows it: needed where the options have `revocation`, and
    /// NULL where they do not. Not read by the functions of raw seals.
    pub revocations: *const h3s_revocations,
}

/// What a copy of all that is revoked is like. Begin with H3S_REVOCATIONS_INFO_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct h3s_revocations_info {
    /// `sizeof(h3s_revocations_info)`.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// How many entries there are that have not ended.
    pub entries: usize,
    /// How many there may be at least.
    pub room: usize,
    /// How many have found no room, so that what they revoke is not refused here.
    pub missed: usize,
    /// When it was last complete, in milliseconds since 1970; 0: never.
    pub heard_at: i64,
}

/// Of an entry: it revokes the session of an id.
pub const H3S_ENTRY_SESSION: i32 = 0;
/// All sessions of a subject that were made before a moment.
pub const H3S_ENTRY_SUBJECT: i32 = 1;
/// All sessions of the cookie's name that were made before a moment.
pub const H3S_ENTRY_EVERYBODY: i32 = 2;

/// What an entry says. Begin with H3S_ENTRY_INFO_INIT. Times are in milliseconds since 1970.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct h3s_entry_info {
    /// `sizeof(h3s_entry_info)`.
    pub size: u32,
    /// H3S_ENTRY_*.
    pub kind: i32,
    /// Sessions are refused that were made before; 0 of a session, which is refused in any case.
    pub before: i64,
    /// The entry matters until then.
    pub until: i64,
}

/// A session at one glance. Begin with H3S_VIEW_INIT. The strings are borrowed as
/// `h3s_session_data`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct h3s_view {
    /// `sizeof(h3s_view)`.
    pub size: u32,
    /// H3S_VIEW_* or-ed together.
    pub flags: u32,
    /// As `h3s_session_id`.
    pub id: h3s_str,
    /// As `h3s_session_data`.
    pub data: h3s_str,
    /// As `h3s_session_created_at`, in milliseconds since 1970.
    pub created_at: i64,
    /// As `h3s_session_last_seen_at`; 0: none.
    pub last_seen_at: i64,
    /// As `h3s_session_expires_at`; 0: never.
    pub expires_at: i64,
    /// H3S_SOURCE_*.
    pub source: i32,
    /// H3S_REJECTION_*.
    pub rejection: i32,
}

/// What was done with a config since it was made. Begin with H3S_COUNTS_INIT.
///
/// Each figure only grows, until the config is freed. It holds for all threads of this process; a
/// forked child goes on from what its parent had counted.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct h3s_counts {
    /// `sizeof(h3s_counts)`.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// Calls of `h3s_use` and `h3s_get` whose session a cookie brought.
    pub opened_cookie: u64,
    /// Those whose session the session header brought.
    pub opened_header: u64,
    /// Calls of `h3s_unseal` that gave a session.
    pub opened_token: u64,
    /// Calls of `h3s_use` and `h3s_get` that had to make a session: none of the request's tokens
    /// opened, or it had none.
    pub made: u64,
    /// Of those that were brought: sealed with another password than the first. Once this stands
    /// still, the others can be dropped.
    pub opened_old_password: u64,
    /// Of those that were brought: in another format than the one that seals.
    pub opened_other_format: u64,
    /// Calls of these three that were H3S_ERR_COLD. Whoever asks again without H3S_WARM_ONLY is
    /// counted again.
    pub cold: u64,
    /// Those that were H3S_ERR_BUSY.
    pub busy: u64,
    /// Those that were H3S_ERR_STALE.
    pub stale: u64,
    /// Tokens that were sealed by `h3s_set_cookies` or `h3s_seal`, be it after a write, for a
    /// session just made, or on a read. (Not the empty session that takes the place of one that
    /// was cleared, where a request brought several.)
    pub sealed: u64,
    /// Of a session that was only read: Set-Cookie values made that let it live on under
    /// `idleTimeout`, and do no more.
    pub slid: u64,
    /// Of a session that was only read: Set-Cookie values made that move it to the first password.
    pub moved_password: u64,
    /// Of a session that was only read: Set-Cookie values made that move it to the format that
    /// seals, whatever password it was under (`seal.migrate`).
    pub moved_format: u64,
    /// Sessions that got a new id by `h3s_rotate`.
    pub rotated: u64,
    /// Sessions that `h3s_clear` ended, also such as the request had to make. One that was cleared
    /// already is not counted again.
    pub cleared: u64,
    /// Sessions that `h3s_revoke` or `h3s_revoke_everywhere` ended, counted as `cleared`, and not
    /// there as well.
    pub revoked: u64,
    /// By H3S_REJECTION_*: calls of `h3s_use` and `h3s_get` for whose session
    /// `h3s_session_rejection` says so, be it that another token opened; and calls of `h3s_unseal`
    /// that were H3S_ERR_REJECTED for it. Nothing is counted at 0, and beyond the last reason.
    pub refused: [u64; 16],
}
