/*
 * libh3s: the sessions of h3 (Nuxt, Nitro) for every program that can call C.
 *
 * Generated from src/ffi by `make header`; do not edit.
 *
 * A session is a small JSON object that travels in an encrypted cookie. No server keeps anything,
 * and any number of machines share it with nothing but a password. At start, make an h3s_config of
 * the options. For each request, open an h3s_session from its Cookie header, read and write it,
 * send what h3s_set_cookies gives as Set-Cookie headers, and free it:
 *
 *     h3s_request request = H3S_REQUEST_INIT;
 *     h3s_session *session = NULL;
 *     const h3s_str *list = NULL;
 *     size_t count = 0;
 *     int64_t visits = 0;
 *     h3s_error err;
 *     request.cookie = cookie;
 *     request.cookie_len = strlen(cookie);
 *     if (h3s_use(config, &request, &session, &err) != H3S_OK)
 *         return fail(err.message);
 *     if (h3s_session_int(session, H3S_LIT("/visits"), &visits) != H3S_OK)
 *         visits = 0;
 *     if (h3s_set_int(session, H3S_LIT("visits"), visits + 1, &err) == H3S_OK
 *         && h3s_set_cookies(session, &list, &count, &err) == H3S_OK)
 *         for (size_t i = 0; i < count; i++)
 *             add_header("Set-Cookie", list[i].ptr);
 *     h3s_session_free(session);
 *
 * Rules that hold everywhere:
 *
 * - Strings come in as a pointer and a length in bytes. They need no NUL, the pointer is ignored
 *   when the length is 0, and they are only read during the call. What was borrowed from a session
 *   may be the input of its next write.
 * - Strings go out as h3s_str, borrowed from their handle.
 * - What can fail returns a status: H3S_OK is 0, the others are H3S_ERR_*. Its last argument `err`
 *   may be NULL. After an error the session is as it was.
 * - NULL where something is required is H3S_ERR_ARGUMENT, never a crash. A getter without a status
 *   gives 0 or the absent string.
 * - What may grow in a later version is a struct that begins with its own size, at its end. A
 *   program that was built with a shorter one goes on working: what it lacks counts as zeros, and
 *   is not written. A longer one than the library knows must be zero beyond that.
 * - Any number of threads may use one h3s_config at once, and one thread at a time an h3s_session.
 *   All is safe across fork: parent and child never draw the same id or nonce.
 * - There are no callbacks, no logging and no global settings.
 *
 * The options are one JSON object, of which only the password is required. What has a dot in its
 * name here stands in an object of its own:
 *
 *     {"password": "...", "maxAge": 604800, "cookie": {"sameSite": "strict"}}
 *
 * The session:
 *   password                  string, or object of strings; at least 32 UTF-16 code units, as h3
 *                             counts (1 where only formats are accepted whose framework demands no
 *                             more: see seal.format); default: none; it is required
 *   name                      string; a cookie name that does not end in .1 to .100 or .seen, as a
 *                             session's other cookies do; where a format of another framework is
 *                             accepted, nor in .0; with auth0, nor in __0 to __26; default: "h3"
 *   maxAge                    whole number of seconds; 1 to 3153600000; default: no limit
 *   idleTimeout               whole number of seconds; 1 to 3153600000; default: no limit
 *   notBefore                 whole number of milliseconds since 1970; 0 to 281474976710656;
 *                             default: none
 *   refresh                   bool; default: true
 *   sessionHeader             string, or false; a header name, but not cookie; default:
 *                             "x-{name}-session", in lower case
 *   revocation                object or false; default: false
 *   revocation.subject        string; a JSON Pointer that is not empty; default: none: sessions can
 *                             be revoked one by one, or all at once
 *   revocation.maxStale       whole number of seconds; 1 to 86400; default: 60
 *   revocation.stale          string; "open", "closed"; default: "open"
 *   revocation.file           string; an absolute path of at most 1024 bytes; default: none
 *   maxTokenLength            whole number of bytes; 128 to 16777216; default: 16384
 *   development               bool; default: false
 *
 * The cookie:
 *   cookie                    object, or false; default: {}
 *   cookie.path               string; starts with /; at most 1024 ASCII characters, no ; and no
 *                             control characters; default: "/"
 *   cookie.domain             string; a domain name; default: none
 *   cookie.secure             bool; default: true
 *   cookie.httpOnly           bool; default: true
 *   cookie.sameSite           "lax", "strict", "none" or a bool; default: "lax"
 *   cookie.partitioned        bool; default: false
 *   cookie.priority           "low", "medium" or "high"; default: none
 *   cookie.maxAge             whole number of seconds; 1 to 34560000; default: the rest of the
 *                             session's lifetime
 *   cookie.chunkMaxLength     whole number of bytes; 1 to 4090; default: 4000
 *   cookie.maxChunks          whole number; 1 to 100; default: by the format
 *
 * The seal:
 *   seal                      string, or object; default: "h3s1"
 *   seal.format               "h3s1", "h3-1", "h3-2", "fe26.2", "iron-session", "authjs",
 *                             "next-auth", "auth0" or "better-auth"; default: "h3s1"
 *   seal.accept               array of formats, each once; default: format alone
 *   seal.migrate              bool; default: false
 *
 * Fe26.2:
 *   legacySealFallback        bool; default: true
 *   seal.iterations           whole number; 1 to 10000000; default: 8192
 *   seal.ttl                  whole number of milliseconds; 0 to 3153600000000; default: maxAge,
 *                             else idleTimeout, else for ever; 14 days in iron-session
 *   seal.timestampSkewSec     whole number of seconds; 0 to 31536000; default: 60
 *   seal.localtimeOffsetMsec  whole number of milliseconds; -315360000000 to 315360000000; default:
 *                             0
 *   seal.encryption           object of the four that follow; default: as "h3-1" or "h3-2" has it
 *   seal.integrity            object of the four that follow; default: as "h3-1" or "h3-2" has it
 *   seal.encryption.algorithm "aes-256-cbc" or "aes-128-ctr"; of integrity: "sha256"; default:
 *                             "aes-256-cbc"
 *   seal.encryption.saltBits  whole number; 1 to 512; default: 256
 *   seal.encryption.iterations whole number; 1 to 10000000; default: 1 in h3-1, 8192 in h3-2
 *   seal.encryption.minPasswordlength whole number; 1 to 1024; default: 32
 *
 * What each of them does is in the manual, h3s(3). The functions:
 *
 * Configs:
 *   h3s_config_new            Makes a config: checks the options and derives the keys.
 *   h3s_config_check          Checks options as `h3s_config_new` does, but derives no keys.
 *   h3s_config_ref            Shares a config: it has one more owner, each of whom frees it once.
 *   h3s_config_free           Gives up a config, and wipes its keys once nobody has it any more.
 *   h3s_json_quote            Writes a text as a JSON string: a password from the environment, say,
 *                             for the options.
 *   h3s_config_cookie_name    The name of the session cookie.
 *   h3s_config_header_name    The name of the session header, in lower case.
 *   h3s_config_vary           What a cache must vary on wherever a session was touched: the value
 *                             of a Vary header.
 *   h3s_config_flags          What the options come to: H3S_CONFIG_* or-ed together.
 *   h3s_config_counts         What was opened, made, refused and sealed with a config: for a page
 *                             of figures.
 *   h3s_cookie_strip          Copies a Cookie header without the session's cookies: what may go
 *                             upstream.
 *
 * Opening:
 *   h3s_use                   Finds the request's session, else makes one that is set at once.
 *   h3s_get                   Finds the request's session, else makes one that costs no cookie
 *                             until it is written.
 *   h3s_ensure                Makes a session from `h3s_get` one from `h3s_use`.
 *   h3s_unseal                Opens a bare token, as a header client, a WebSocket or another
 *                             service sends it.
 *   h3s_session_strip         Copies the request's Cookie header without the session's cookies, but
 *                             for those that this one was opened from: what may go upstream.
 *   h3s_session_free          Frees a session and wipes its data.
 *
 * Reading:
 *   h3s_session_view          Gives the usual getters' values in one call.
 *   h3s_session_id            The session's id.
 *   h3s_session_data          The data: a JSON object without insignificant white space.
 *   h3s_session_find          One value of the data, as JSON text.
 *   h3s_session_type          The type of one value of the data.
 *   h3s_session_text          A string of the data, without quotes and escapes, in UTF-8.
 *   h3s_session_int           An integer of the data.
 *   h3s_session_bool          A bool of the data: 1 for `true`, 0 for `false`.
 *   h3s_session_double        The double nearest to a number of the data.
 *   h3s_session_created_at    When the session was made or last rotated.
 *   h3s_session_last_seen_at  When it was last seen under `idleTimeout`.
 *   h3s_session_expires_at    When it ends if nothing more comes, by the earliest of its limits.
 *   h3s_session_lifetime      How long it lives by its own lifetime, in seconds from when it was
 *                             made or last rotated.
 *   h3s_session_is_new        1 if this request made the session, else 0.
 *   h3s_session_is_dirty      1 if there is something to send that was not yet taken, else 0.
 *   h3s_session_source        Where the session came from: H3S_SOURCE_*.
 *   h3s_session_rejection     Why the request's first candidate was refused: H3S_REJECTION_*.
 *   h3s_session_log_id        A name for the session in logs: a keyed hash of its id.
 *
 * Walking through objects and arrays:
 *   h3s_session_iter          Begins a walk through the members of an object or the elements of an
 *                             array.
 *   h3s_iter_next             Goes on to the next member or element.
 *   h3s_iter_find             A value inside the present member or element, as JSON text.
 *   h3s_iter_type             The type of a value inside the present member or element.
 *   h3s_iter_text             A string inside the present member or element, without quotes and
 *                             escapes, in UTF-8.
 *   h3s_iter_int              An integer inside the present member or element.
 *   h3s_iter_bool             A bool inside the present member or element: 1 for `true`, 0 for
 *                             `false`.
 *   h3s_iter_double           The double nearest to a number inside the present member or element.
 *   h3s_iter_iter             Begins a walk through an object or array inside the present member or
 *                             element.
 *
 * Writing:
 *   h3s_update                Merges a JSON object into the data, as JavaScript's Object.assign
 *                             does.
 *   h3s_replace               Sets the data to a JSON object, whatever it was.
 *   h3s_set_json              Sets one top-level key to any JSON value.
 *   h3s_set_text              Sets one top-level key to a string, which is quoted and escaped here.
 *   h3s_set_int               Sets one top-level key to an integer.
 *   h3s_set_bool              Sets one top-level key to `false`, if `value` is 0, else to `true`.
 *   h3s_set_double            Sets one top-level key to a number, written as JavaScript's
 *                             JSON.stringify would.
 *   h3s_set_at                Sets a value anywhere in the data, by JSON Pointer: `/cart/items/-`
 *                             appends to that array.
 *   h3s_remove                Deletes one top-level key.
 *   h3s_remove_at             Deletes a member or element anywhere in the data, by JSON Pointer.
 *   h3s_rotate                Gives the session a new id and `created_at` = now, with the same
 *                             data.
 *   h3s_clear                 Ends the session: no id, data `{}`, and Set-Cookie values that delete
 *                             its cookies.
 *   h3s_session_set_id        Gives a new or just rotated session an id of your own, in place of
 *                             the random UUID.
 *   h3s_session_set_lifetime  Gives this session a lifetime of its own, such as a login without
 *                             "remember me" has.
 *   h3s_session_set_now       Moves the session's clock, which otherwise stands at the time it was
 *                             opened.
 *
 * Cookies and tokens:
 *   h3s_set_cookies           The Set-Cookie values that the response needs; most often none or
 *                             one.
 *   h3s_seal                  The session as a bare token, for a client that sends it back in the
 *                             session header.
 *
 * Fe26.2 tokens without a session:
 *   h3s_iron_seal             Seals any JSON value, as hapi's iron, iron-webcrypto and
 *                             iron-session's sealData do.
 *   h3s_iron_unseal           Opens a bare Fe26.2 token of any JSON value.
 *
 * Revocation:
 *   h3s_revoke                Ends a session as `h3s_clear` does, and revokes it, whoever has a
 *                             copy of its cookie or token.
 *   h3s_revoke_everywhere     As `h3s_revoke`, for all sessions of its subject that were made
 *                             before now.
 *   h3s_revocation_entries    What is to be made known to all servers before the response goes.
 *   h3s_revoke_session        Makes an entry that revokes the session of an id.
 *   h3s_revoke_subject        Makes an entry that revokes all sessions of a subject, or all there
 *                             are, that were made before a moment.
 *   h3s_revocation_read       Reads an entry: for a list of what is revoked.
 *   h3s_config_revocation_file The path of the file through which the processes of one machine make
 *                             known what they revoke.
 *   h3s_config_revocation_keep For how long an entry matters at most, in milliseconds: what is
 *                             older may be trimmed from a store.
 *   h3s_revocations_new       Makes a copy of what is revoked, without entries as yet.
 *   h3s_revocations_at        Makes a copy of what is revoked in memory that several processes
 *                             share.
 *   h3s_revocations_ref       Shares a copy of what is revoked: it has one more owner, each of whom
 *                             frees it once.
 *   h3s_revocations_free      Gives up a copy of what is revoked.
 *   h3s_revocations_apply     Applies entries: what `h3s_revocation_entries` gave, here or
 *                             elsewhere.
 *   h3s_revocations_heard     Says that all entries were applied that anybody had made known by a
 *                             time.
 *   h3s_revocations_view      How many entries a copy has, and how complete it is.
 *   h3s_revocation_file_open  Opens the file through which the processes of one machine make known
 *                             what they revoke.
 *   h3s_revocation_file_append Appends entries: what `h3s_revocation_entries` gave, or what came
 *                             from elsewhere.
 *   h3s_revocation_file_poll  Applies what is new in the file, and marks the copy of what is
 *                             revoked as heard.
 *   h3s_revocation_file_close Closes the file. Does nothing to NULL.
 *
 * Responses and requests:
 *   h3s_header_vary           The value of the Vary header for a response to a request whose
 *                             session was looked at.
 *   h3s_header_cache_control  The value of the Cache-Control header for a response that sets a
 *                             session's cookie.
 *   h3s_header_is_targeted    Whether a header is one that some shared caches heed in place of
 *                             Cache-Control.
 *   h3s_is_cross_site         Whether another site has led the browser here: then set
 *                             H3S_CROSS_SITE.
 *
 * Versions and names:
 *   h3s_abi_version           The ABI version of the library that is loaded.
 *   h3s_version               The version of the library that is loaded, e.g. `"0.2.0"`. Static.
 *   h3s_backend               What the loaded library does AES-256-GCM with: `"rustcrypto"`, or
 *                             `"ring"`. Static.
 *   h3s_status_str            A status in words, e.g. `"the options are wrong"`.
 *   h3s_rejection_str         The name of a rejection, e.g. `"bad_seal"`, or `"none"`.
 */

#ifndef H3S_H
#define H3S_H

#include <stddef.h>
#include <stdint.h>

/** The version of this header. That of the library is `h3s_version`. */
#define H3S_VERSION "0.2.0"
#define H3S_VERSION_MAJOR 0
#define H3S_VERSION_MINOR 2
#define H3S_VERSION_PATCH 0

/* Warns where a status is not looked at. */
#if defined(__cplusplus) && __cplusplus >= 201703L
#define H3S_NODISCARD [[nodiscard]]
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L
#define H3S_NODISCARD [[nodiscard]]
#elif defined(__GNUC__)
#define H3S_NODISCARD __attribute__((warn_unused_result))
#else
#define H3S_NODISCARD
#endif

/** A string literal as pointer and length: two arguments. */
#define H3S_LIT(text) ("" text ""), (sizeof("" text "") - 1)

/** An h3s_request of no headers, now: `h3s_request request = H3S_REQUEST_INIT;`. */
#define H3S_REQUEST_INIT { sizeof(h3s_request), 0, NULL, 0, NULL, 0, NULL, 0, 0, NULL }

/** An h3s_view that `h3s_session_view` fills: `h3s_view view = H3S_VIEW_INIT;`. */
#define H3S_VIEW_INIT { sizeof(h3s_view), 0, { NULL, 0 }, { NULL, 0 }, 0, 0, 0, 0, 0 }

/** What `h3s_revocations_view` fills. */
#define H3S_REVOCATIONS_INFO_INIT { sizeof(h3s_revocations_info), 0, 0, 0, 0, 0 }

/** What `h3s_revocation_read` fills. */
#define H3S_ENTRY_INFO_INIT { sizeof(h3s_entry_info), 0, 0, 0 }

/** What `h3s_config_counts` fills. */
#define H3S_COUNTS_INIT \
    { sizeof(h3s_counts), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0 } }

/** Success. */
#define H3S_OK 0

/**
 * The call itself is wrong: a required pointer is NULL, a `size` or flag is unknown, or a time is
 * out of range. `key` names the argument.
 */
#define H3S_ERR_ARGUMENT 1

/** The options are wrong. `key` names the option, `offset` is its byte in the JSON. */
#define H3S_ERR_CONFIG 2

/**
 * The JSON, key, pointer or id given is wrong. `offset` is the first byte at fault. The session
 * is as it was. From a typed getter: there is no such value of that type.
 */
#define H3S_ERR_DATA 3

/**
 * The session would not fit in its cookies (or, sealed, in `maxTokenLength`). The session is as
 * it was.
 */
#define H3S_ERR_TOO_LARGE 4

/** Not possible in this state, e.g. `h3s_rotate` after `h3s_clear`. The session is as it was. */
#define H3S_ERR_STATE 5

/**
 * The token was refused (`h3s_unseal`), or the session has ended since (`h3s_session_set_now`).
 * `rejection` is the H3S_REJECTION_* value and `key` its name.
 */
#define H3S_ERR_REJECTED 6

/** The operating system gave no random bytes. Nothing was sealed. */
#define H3S_ERR_RANDOM 7

/**
 * Out of memory. The session is as it was. (Without 512 bytes, or in `h3s_config_new` 64 KiB, the
 * process ends.)
 */
#define H3S_ERR_MEMORY 8

/**
 * Under H3S_WARM_ONLY: a Fe26.2 token needs a slow key derivation. No session was made; repeat
 * the call without the flag, in a thread.
 */
#define H3S_ERR_COLD 9

/**
 * This peer has had too many Fe26.2 tokens lately that take a slow key derivation, forged ones
 * above all, and no other token of the request opened. No session was made: answer 429 and touch
 * no cookie.
 */
#define H3S_ERR_BUSY 10

/** A fault in the library. The handle can only be freed; please report it. */
#define H3S_ERR_INTERNAL 11

/**
 * The latest logouts may not be known here, and the options say `"stale": "closed"`. No session
 * was made: answer 503 and touch no cookie.
 */
#define H3S_ERR_STALE 12

/** A copy of what is revoked has no room for an entry. All others were applied. */
#define H3S_ERR_FULL 13

/** The file of what is revoked cannot be read or written, or is none. Nothing was made known. */
#define H3S_ERR_STORE 14

/** From `h3s_iter_next`: there are no more. No error. */
#define H3S_END -1

/** No token was refused. */
#define H3S_REJECTION_NONE 0

/** Not a well-formed token, or one from the future. Name: `malformed`. */
#define H3S_REJECTION_MALFORMED 1

/** A token of a format that `seal.accept` does not list. Name: `unsupported_format`. */
#define H3S_REJECTION_UNSUPPORTED_FORMAT 2

/** Its key id is none of the passwords'. Name: `unknown_key`. */
#define H3S_REJECTION_UNKNOWN_KEY 3

/** Forged, damaged, or sealed with another password or cookie name. Name: `bad_seal`. */
#define H3S_REJECTION_BAD_SEAL 4

/**
 * Older than `maxAge`, or past the end written into the token. In Fe26.2 that end stands outside
 * the encryption and is looked at first, so that this is no proof that the token was authentic.
 * Name: `expired`.
 */
#define H3S_REJECTION_EXPIRED 5

/** Not seen for longer than `idleTimeout`. Name: `idle`. */
#define H3S_REJECTION_IDLE 6

/** Created before `notBefore`, or revoked since. Name: `revoked`. */
#define H3S_REJECTION_REVOKED 7

/**
 * Longer than `maxTokenLength`, or in longer cookies than a browser would send. Name:
 * `too_large`.
 */
#define H3S_REJECTION_TOO_LARGE 8

/** The session was made by this request; no token opened. */
#define H3S_SOURCE_NONE 0

/** The session came in a cookie. */
#define H3S_SOURCE_COOKIE 1

/** The session came in the session header. */
#define H3S_SOURCE_HEADER 2

/** The session came from `h3s_unseal`. */
#define H3S_SOURCE_TOKEN 3

/**
 * Request flag: return H3S_ERR_COLD instead of making a slow key derivation (some milliseconds),
 * so that an event loop can repeat the call in a thread. Only a Fe26.2 token that this config has
 * not seen lately needs one, and only with more than one iteration (`"h3-2"`); a token of the
 * native format never does. It is also H3S_ERR_COLD where another cookie opens without: which is
 * the newer one shows only then. (What was refused once needs none again, so that no stale cookie
 * makes each request cold.)
 */
#define H3S_WARM_ONLY 1

/**
 * Request flag: another site has sent the browser here. Set it where `h3s_is_cross_site` says so.
 *
 * Such a request comes without a SameSite cookie that the browser has, and must not replace or
 * delete it. So where the request brought no cookie of the session, `h3s_use` is then `h3s_get`,
 * and `h3s_clear` deletes nothing.
 */
#define H3S_CROSS_SITE 2

/** There is no such value. */
#define H3S_TYPE_ABSENT 0

/** `null`. */
#define H3S_TYPE_NULL 1

/** `true` or `false`. */
#define H3S_TYPE_BOOL 2

/** A number. */
#define H3S_TYPE_NUMBER 3

/** A string. */
#define H3S_TYPE_STRING 4

/** An array. */
#define H3S_TYPE_ARRAY 5

/** An object. */
#define H3S_TYPE_OBJECT 6

/**
 * Flag of `h3s_iron_seal`: seal an object with a member `id` or `data` all the same. What comes
 * out opens as a session.
 */
#define H3S_IRON_SESSION 1

/**
 * Flag of `h3s_session_set_lifetime`: the session's cookie has no end of its own, so that the
 * browser forgets it when it is closed.
 */
#define H3S_LIFETIME_BROWSER 1

/** View flag: this request made the session. */
#define H3S_VIEW_NEW 1

/**
 * View flag: `h3s_set_cookies` (or, with `"cookie": false`, `h3s_seal`) has something to give
 * that was not yet taken.
 */
#define H3S_VIEW_DIRTY 2

/** View flag: the session was cleared. */
#define H3S_VIEW_CLEARED 4

/**
 * View flag: what is due says only when the session was seen, under `idleTimeout`. It is no write,
 * and holds no data.
 */
#define H3S_VIEW_SLIDES 8

/**
 * View flag: what was revoked might not have been known when the session was opened: nothing was
 * heard of it for longer than `revocation.maxStale`, or some of it has found no room.
 */
#define H3S_VIEW_STALE 16

/**
 * View flag: to seal it now, by `h3s_set_cookies` or `h3s_seal`, may take a slow key derivation:
 * some milliseconds, of Fe26.2 as h3 2 seals it, once a day for each config. An event loop had
 * better leave that to a thread. Never where H3S_CONFIG_MAY_BE_COLD is not set.
 */
#define H3S_VIEW_COLD 32

/** Of an entry: it revokes the session of an id. */
#define H3S_ENTRY_SESSION 0

/** All sessions of a subject that were made before a moment. */
#define H3S_ENTRY_SUBJECT 1

/** All sessions of the cookie's name that were made before a moment. */
#define H3S_ENTRY_EVERYBODY 2

/** Config flag: cookies are read and set; `"cookie"` is not false. */
#define H3S_CONFIG_COOKIES 1

/** Config flag: browsers send the session's cookie over HTTPS alone. */
#define H3S_CONFIG_SECURE 2

/**
 * Config flag: opening a session may take a slow key derivation (some milliseconds), so that an
 * event loop had better use H3S_WARM_ONLY and threads. Without it nothing is ever H3S_ERR_COLD or
 * H3S_ERR_BUSY.
 */
#define H3S_CONFIG_MAY_BE_COLD 4

/**
 * Config flag: sessions can be revoked, so that each request needs `h3s_request.revocations`; the
 * options have `"revocation"`.
 */
#define H3S_CONFIG_REVOCATION 8

/**
 * How many seconds a client is told to wait, in the Retry-After header of the 429 that answers
 * H3S_ERR_BUSY.
 */
#define H3S_RETRY_AFTER 1

/** The version of the ABI that this header describes: see `h3s_abi_version`. */
#define H3S_ABI_VERSION 0

/**
 * The options, checked and with their keys derived. Immutable: any number of threads may share
 * one.
 */
typedef struct h3s_config h3s_config;

/**
 * A file through which the processes of one machine, of whatever language, make known what they
 * revoke. Any number of threads may use one.
 */
typedef struct h3s_revocation_file h3s_revocation_file;

/** A process's copy of what is revoked. Any number of threads and configs may share one. */
typedef struct h3s_revocations h3s_revocations;

/**
 * One request's session. It belongs to one thread at a time, and keeps its config alive.
 *
 * A call that finds another thread inside the same session does nothing: it returns
 * H3S_ERR_STATE, or what it returns for NULL. (The other thread's write still ends what was
 * borrowed.)
 */
typedef struct h3s_session h3s_session;

/**
 * What went wrong: 256 bytes that the caller owns. Nothing to free; safe to copy, keep and share.
 *
 * Every function that takes one accepts NULL. After a success, `status` is H3S_OK and the rest is
 * empty. No member ever holds a secret or any part of session data.
 */
typedef struct h3s_error {
    /** What the function returned, H3S_OK or H3S_ERR_*. */
    int32_t status;
    /** The first byte at fault in the input, or -1. */
    int32_t offset;
    /** With H3S_ERR_REJECTED why, H3S_REJECTION_*; else H3S_REJECTION_NONE. */
    int32_t rejection;
    /** 0. */
    int32_t reserved;
    /**
     * The option (`"cookie.sameSite"`) or argument at fault, or the rejection's name; else empty.
     * NUL-terminated.
     */
    char key[48];
    /**
     * One sentence in English that says what is wrong and what would be right. NUL-terminated
     * UTF-8.
     */
    char message[192];
} h3s_error;

/**
 * A string that the library owns: `len` bytes at `ptr`.
 *
 * Absent is `{NULL, 0}`; empty has a pointer. It is borrowed from its handle: each function says
 * for how long.
 */
typedef struct h3s_str {
    const char *ptr;
    size_t len;
} h3s_str;

/**
 * What was done with a config since it was made. Begin with H3S_COUNTS_INIT.
 *
 * Each figure only grows, until the config is freed. It holds for all threads of this process; a
 * forked child goes on from what its parent had counted.
 */
typedef struct h3s_counts {
    /** `sizeof(h3s_counts)`. */
    uint32_t size;
    /** 0. */
    uint32_t reserved;
    /** Calls of `h3s_use` and `h3s_get` whose session a cookie brought. */
    uint64_t opened_cookie;
    /** Those whose session the session header brought. */
    uint64_t opened_header;
    /** Calls of `h3s_unseal` that gave a session. */
    uint64_t opened_token;
    /**
     * Calls of `h3s_use` and `h3s_get` that had to make a session: none of the request's tokens
     * opened, or it had none.
     */
    uint64_t made;
    /**
     * Of those that were brought: sealed with another password than the first. Once this stands
     * still, the others can be dropped.
     */
    uint64_t opened_old_password;
    /** Of those that were brought: in another format than the one that seals. */
    uint64_t opened_other_format;
    /**
     * Calls of these three that were H3S_ERR_COLD. Whoever asks again without H3S_WARM_ONLY is
     * counted again.
     */
    uint64_t cold;
    /** Those that were H3S_ERR_BUSY. */
    uint64_t busy;
    /** Those that were H3S_ERR_STALE. */
    uint64_t stale;
    /**
     * Tokens that were sealed by `h3s_set_cookies` or `h3s_seal`, be it after a write, for a
     * session just made, or on a read. (Not the empty session that takes the place of one that
     * was cleared, where a request brought several.)
     */
    uint64_t sealed;
    /**
     * Of a session that was only read: Set-Cookie values made that let it live on under
     * `idleTimeout`, and do no more.
     */
    uint64_t slid;
    /**
     * Of a session that was only read: Set-Cookie values made that move it to the first password.
     */
    uint64_t moved_password;
    /**
     * Of a session that was only read: Set-Cookie values made that move it to the format that
     * seals, whatever password it was under (`seal.migrate`).
     */
    uint64_t moved_format;
    /** Sessions that got a new id by `h3s_rotate`. */
    uint64_t rotated;
    /**
     * Sessions that `h3s_clear` ended, also such as the request had to make. One that was cleared
     * already is not counted again.
     */
    uint64_t cleared;
    /**
     * Sessions that `h3s_revoke` or `h3s_revoke_everywhere` ended, counted as `cleared`, and not
     * there as well.
     */
    uint64_t revoked;
    /**
     * By H3S_REJECTION_*: calls of `h3s_use` and `h3s_get` for whose session
     * `h3s_session_rejection` says so, be it that another token opened; and calls of `h3s_unseal`
     * that were H3S_ERR_REJECTED for it. Nothing is counted at 0, and beyond the last reason.
     */
    uint64_t refused[16];
} h3s_counts;

/**
 * What a request brought. Begin with H3S_REQUEST_INIT, then set what you have:
 *
 *     h3s_request request = H3S_REQUEST_INIT;
 *     request.cookie = cookie;
 *     request.cookie_len = strlen(cookie);
 *
 * The strings are only read during the call. A pointer is ignored when its length is 0.
 */
typedef struct h3s_request {
    /** `sizeof(h3s_request)`. */
    uint32_t size;
    /** H3S_WARM_ONLY and H3S_CROSS_SITE, or-ed together. */
    uint32_t flags;
    /** The value of the Cookie header. Several Cookie lines: joined with `"; "`. */
    const char *cookie;
    size_t cookie_len;
    /**
     * The value of the session header (`h3s_config_header_name`); an empty one counts as none. For
     * `h3s_unseal` and `h3s_iron_unseal`: the token. A leading `Bearer ` is passed over.
     */
    const char *header;
    size_t header_len;
    /**
     * Who asks: the client's address, as text (`192.0.2.1`, `2001:db8::1`, `[2001:db8::1]:443`)
     * or as its 4 or 16 bytes; or any other bytes that tell clients apart; may be empty. Of an
     * IPv6 address the first 64 bits count.
     *
     * Limits the slow key derivations that Fe26.2 tokens cost: for forged ones a burst of 20,
     * then 5 a second; for authentic ones that were not seen lately ten times that. Beyond it
     * comes H3S_ERR_BUSY. What is known already, and other peers, notice nothing. Without a peer
     * there is no limit.
     */
    const char *peer;
    size_t peer_len;
    /** The time, in milliseconds since 1970; 0: the system clock. */
    int64_t now_ms;
    /**
     * What is revoked, as this process knows it: needed where the options have `revocation`, and
     * NULL where they do not. Not read by the functions of raw seals.
     */
    const struct h3s_revocations *revocations;
} h3s_request;

/**
 * A session at one glance. Begin with H3S_VIEW_INIT. The strings are borrowed as
 * `h3s_session_data`.
 */
typedef struct h3s_view {
    /** `sizeof(h3s_view)`. */
    uint32_t size;
    /** H3S_VIEW_* or-ed together. */
    uint32_t flags;
    /** As `h3s_session_id`. */
    struct h3s_str id;
    /** As `h3s_session_data`. */
    struct h3s_str data;
    /** As `h3s_session_created_at`, in milliseconds since 1970. */
    int64_t created_at;
    /** As `h3s_session_last_seen_at`; 0: none. */
    int64_t last_seen_at;
    /** As `h3s_session_expires_at`; 0: never. */
    int64_t expires_at;
    /** H3S_SOURCE_*. */
    int32_t source;
    /** H3S_REJECTION_*. */
    int32_t rejection;
} h3s_view;

/**
 * A walk through an object or array of a session's data, in the caller's memory: nothing to free.
 *
 * Its members are the library's; copy it only whole. It holds a pointer to its session, so never
 * use it after that was freed: it would read freed memory. (If a new session has that memory by
 * then, H3S_ERR_STATE says so, as after a write.)
 */
typedef struct h3s_iter {
    const struct h3s_session *session;
    uint64_t generation;
    size_t next;
    size_t value_start;
    size_t value_end;
    uint32_t is_object;
    uint32_t reserved;
} h3s_iter;

/** What an entry says. Begin with H3S_ENTRY_INFO_INIT. Times are in milliseconds since 1970. */
typedef struct h3s_entry_info {
    /** `sizeof(h3s_entry_info)`. */
    uint32_t size;
    /** H3S_ENTRY_*. */
    int32_t kind;
    /** Sessions are refused that were made before; 0 of a session, which is refused in any case. */
    int64_t before;
    /** The entry matters until then. */
    int64_t until;
} h3s_entry_info;

/** What a copy of all that is revoked is like. Begin with H3S_REVOCATIONS_INFO_INIT. */
typedef struct h3s_revocations_info {
    /** `sizeof(h3s_revocations_info)`. */
    uint32_t size;
    /** 0. */
    uint32_t reserved;
    /** How many entries there are that have not ended. */
    size_t entries;
    /** How many there may be at least. */
    size_t room;
    /** How many have found no room, so that what they revoke is not refused here. */
    size_t missed;
    /** When it was last complete, in milliseconds since 1970; 0: never. */
    int64_t heard_at;
} h3s_revocations_info;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/* ---- Configs --------------------------------------------------------------------------------- */

/**
 * Makes a config: checks the options and derives the keys.
 *
 * That takes some 10 ms a password: call it once, at start.
 *
 * json, json_len: a JSON object in UTF-8; only `"password"` is required.
 * out: receives the config, to be freed with `h3s_config_free`; NULL after an error.
 *
 * Returns H3S_OK, H3S_ERR_CONFIG (`err->key` names the option), H3S_ERR_ARGUMENT or
 * H3S_ERR_MEMORY. The input is not kept: it holds passwords, so wipe it if you can.
 */
H3S_NODISCARD
int32_t h3s_config_new(const char *json,
                       size_t json_len,
                       struct h3s_config **out,
                       struct h3s_error *err);

/**
 * Checks options as `h3s_config_new` does, but derives no keys.
 *
 * For a tool that checks a file of options.
 *
 * json, json_len: as there, but it may be without a password, as where that comes from the
 * environment. One that is there is checked.
 *
 * Returns H3S_OK, H3S_ERR_CONFIG (`err->key` names the option, `err->offset` is the byte at
 * fault), H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
 */
H3S_NODISCARD int32_t h3s_config_check(const char *json, size_t json_len, struct h3s_error *err);

/**
 * Shares a config: it has one more owner, each of whom frees it once.
 *
 * Any number of threads may call it.
 *
 * Returns its argument, also if that is NULL.
 */
struct h3s_config *h3s_config_ref(const struct h3s_config *config);

/**
 * Gives up a config, and wipes its keys once nobody has it any more.
 *
 * That is when its last owner has freed it, and the last session that was made with it is freed.
 * Does nothing to NULL.
 */
void h3s_config_free(struct h3s_config *config);

/**
 * Writes a text as a JSON string: a password from the environment, say, for the options.
 *
 * text, len: UTF-8. NULL with a length of 0 is the empty text, `""`.
 * out, room: where the JSON goes, with its quotes and a NUL, and how many bytes there are; it may
 * be where `text` is. `6 * len + 3` are always enough. Where there are too few, `out` is the empty
 * string (of 0 bytes, nothing is written).
 *
 * Returns how long the JSON is without the NUL: it was written if that is less than `room`.
 * Returns 0 if `text` is NULL or not UTF-8: no password is changed in silence. What is written
 * may be a secret: wipe it if you can.
 */
size_t h3s_json_quote(const char *text, size_t len, char *out, size_t room);

/**
 * The name of the session cookie.
 *
 * NUL-terminated; borrowed from the config. Absent for NULL.
 */
struct h3s_str h3s_config_cookie_name(const struct h3s_config *config);

/**
 * The name of the session header, in lower case.
 *
 * NUL-terminated; borrowed from the config. Empty if `"sessionHeader"` is false. Absent for NULL.
 */
struct h3s_str h3s_config_header_name(const struct h3s_config *config);

/**
 * What a cache must vary on wherever a session was touched: the value of a Vary header.
 *
 * E.g. `"Cookie, x-h3-session"`; empty if neither cookie nor header is on. NUL-terminated;
 * borrowed from the config. Absent for NULL.
 */
struct h3s_str h3s_config_vary(const struct h3s_config *config);

/**
 * What the options come to: H3S_CONFIG_* or-ed together.
 *
 * 0 for NULL.
 */
uint32_t h3s_config_flags(const struct h3s_config *config);

/**
 * What was opened, made, refused and sealed with a config: for a page of figures.
 *
 * "Why is everybody logged out?" is answered by `refused`: many of H3S_REJECTION_UNKNOWN_KEY or
 * H3S_REJECTION_BAD_SEAL, say, after a roll-out with another password.
 *
 * Counting takes no lock, and threads do not wait for each other. Any number of threads may ask
 * at any time; what others count meanwhile may be in or not.
 *
 * out: begin with H3S_COUNTS_INIT.
 *
 * Returns H3S_OK or H3S_ERR_ARGUMENT.
 */
H3S_NODISCARD
int32_t h3s_config_counts(const struct h3s_config *config,
                          struct h3s_counts *out,
                          struct h3s_error *err);

/**
 * Copies a Cookie header without the session's cookies: what may go upstream.
 *
 * Left out are the cookie of the session's name and its chunks.
 *
 * cookie, len: the value of the Cookie header.
 * out: room for `len` bytes, which must not overlap `cookie`.
 *
 * Returns how many bytes were written, 0 to `len`; there is no NUL after them. 0 if an argument
 * is NULL.
 */
size_t h3s_cookie_strip(const struct h3s_config *config, const char *cookie, size_t len, char *out);

/* ---- Opening --------------------------------------------------------------------------------- */

/**
 * Finds the request's session, else makes one that is set at once.
 *
 * The session is looked for in the header, then in the cookie. A token that is refused is no
 * error: `h3s_session_rejection` says why it was.
 *
 * A session that was made has a Set-Cookie at once. It has none before something is written if
 * each of the request's tokens may be valid elsewhere, or if the header's session had ended.
 * Valid elsewhere may be what is of an unsupported format, under an unknown key, from the future,
 * longer or in other chunks than can be read here, or, in Fe26.2, under a number of iterations
 * that the options do not open.
 *
 * Of several cookies of the name, at most four are tried, and the newest of those that open is
 * the session. At most one slow key derivation is made to find it; a cookie that would have taken
 * another one is not replaced, and the next request gets on to it.
 *
 * config: the options.
 * request: what the request brought.
 * out: receives the session, to be freed with `h3s_session_free`; NULL after an error.
 *
 * Returns H3S_OK, H3S_ERR_ARGUMENT, H3S_ERR_RANDOM or H3S_ERR_MEMORY; H3S_ERR_COLD under
 * H3S_WARM_ONLY, and H3S_ERR_BUSY for a peer with too many slow derivations: in these two cases
 * no session is made, and no cookie may be touched.
 */
H3S_NODISCARD
int32_t h3s_use(const struct h3s_config *config,
                const struct h3s_request *request,
                struct h3s_session **out,
                struct h3s_error *err);

/**
 * Finds the request's session, else makes one that costs no cookie until it is written.
 *
 * All else as `h3s_use`.
 */
H3S_NODISCARD
int32_t h3s_get(const struct h3s_config *config,
                const struct h3s_request *request,
                struct h3s_session **out,
                struct h3s_error *err);

/**
 * Makes a session from `h3s_get` one from `h3s_use`.
 *
 * If the request had none, there is now a Set-Cookie for it, unless what the request brought may
 * be valid elsewhere. Nothing changes in any other session. What was borrowed ends, as by a write.
 *
 * Returns H3S_OK, H3S_ERR_REJECTED (it has ended since, see `h3s_session_set_now`), H3S_ERR_STATE
 * or H3S_ERR_ARGUMENT.
 */
H3S_NODISCARD int32_t h3s_ensure(struct h3s_session *session, struct h3s_error *err);

/**
 * Opens a bare token, as a header client, a WebSocket or another service sends it.
 *
 * A token that is refused is an error here, and no session is made. A cold Fe26.2 token is
 * derived for, and one without a key id with each password that it may belong to: set
 * `request.peer` where strangers send them, which limits that.
 *
 * config: the options.
 * request: `header` is the token, with no white space around it; a leading `Bearer ` is passed
 * over. `cookie` is not read.
 * out: receives the session, to be freed with `h3s_session_free`; NULL after an error.
 *
 * Returns H3S_OK; H3S_ERR_REJECTED (`err->rejection` and `err->key` say why); H3S_ERR_COLD under
 * H3S_WARM_ONLY; H3S_ERR_BUSY for a peer with too many slow derivations; H3S_ERR_ARGUMENT,
 * H3S_ERR_RANDOM or H3S_ERR_MEMORY.
 */
H3S_NODISCARD
int32_t h3s_unseal(const struct h3s_config *config,
                   const struct h3s_request *request,
                   struct h3s_session **out,
                   struct h3s_error *err);

/**
 * Copies the request's Cookie header without the session's cookies, but for those that this one
 * was opened from: what may go upstream.
 *
 * Where a request brings several cookies of the session's name, or chunks of several tokens, a
 * server behind this one may take another than was opened here. Of a session that came in no
 * cookie, this is as `h3s_cookie_strip`.
 *
 * cookie, len: the value of the Cookie header that the session was opened from. Of another one,
 * none of the session's cookies is kept.
 * out: room for `len` bytes, which must not overlap `cookie`.
 *
 * Returns as `h3s_cookie_strip`; also 0 while another thread is inside.
 */
size_t h3s_session_strip(const struct h3s_session *session,
                         const char *cookie,
                         size_t len,
                         char *out);

/**
 * Frees a session and wipes its data.
 *
 * Does nothing to NULL, and to a session that another thread is inside. What was borrowed from
 * the session ends.
 */
void h3s_session_free(struct h3s_session *session);

/* ---- Reading --------------------------------------------------------------------------------- */

/**
 * Gives the usual getters' values in one call.
 *
 * out: set its `size`, as H3S_VIEW_INIT does. The strings are borrowed as `h3s_session_data`.
 *
 * Returns H3S_OK; H3S_ERR_ARGUMENT for a NULL or a wrong size; H3S_ERR_STATE while another thread
 * is inside; H3S_ERR_INTERNAL for a broken handle.
 */
H3S_NODISCARD int32_t h3s_session_view(const struct h3s_session *session, struct h3s_view *out);

/**
 * The session's id.
 *
 * NUL-terminated, and borrowed as `h3s_session_data`. Empty after `h3s_clear`; absent for NULL.
 */
struct h3s_str h3s_session_id(const struct h3s_session *session);

/**
 * The data: a JSON object without insignificant white space.
 *
 * NUL-terminated, and borrowed until the next successful write, `h3s_session_set_now`,
 * `h3s_clear` or free. Other getters do not end it. Absent for NULL.
 */
struct h3s_str h3s_session_data(const struct h3s_session *session);

/**
 * One value of the data, as JSON text.
 *
 * pointer, len: an RFC 6901 JSON Pointer, e.g. `/user/name` or `/cart/items/0`. In a name, `~` is
 * written `~0` and `/` is written `~1`. The empty pointer is the whole data.
 *
 * NOT NUL-terminated. Borrowed as `h3s_session_data`. Absent where there is no such value.
 */
struct h3s_str h3s_session_find(const struct h3s_session *session, const char *pointer, size_t len);

/**
 * The type of one value of the data.
 *
 * pointer, len: a JSON Pointer, as in `h3s_session_find`.
 *
 * Returns H3S_TYPE_*; H3S_TYPE_ABSENT where there is no such value, and for NULL.
 */
int32_t h3s_session_type(const struct h3s_session *session, const char *pointer, size_t len);

/**
 * A string of the data, without quotes and escapes, in UTF-8.
 *
 * pointer, len: a JSON Pointer, as in `h3s_session_find`.
 *
 * NOT NUL-terminated, and may hold NUL bytes: mind `len`. An unpaired surrogate comes as U+FFFD.
 * Borrowed as `h3s_session_data`.
 *
 * Absent where there is no such value, for what is no string (`null`, `false`, `42`), and where
 * memory is short.
 */
struct h3s_str h3s_session_text(const struct h3s_session *session, const char *pointer, size_t len);

/**
 * An integer of the data.
 *
 * However it is written: `100`, `1e2` and `100.0` are one number, as in JavaScript.
 *
 * pointer, len: a JSON Pointer, as in `h3s_session_find`.
 * out: receives the integer; is left as it was after an error.
 *
 * Returns H3S_OK; H3S_ERR_DATA where there is no such value, for one of another type, a fraction,
 * or a number beyond 64 bits; H3S_ERR_ARGUMENT, H3S_ERR_STATE or H3S_ERR_INTERNAL.
 */
H3S_NODISCARD
int32_t h3s_session_int(const struct h3s_session *session,
                        const char *pointer,
                        size_t len,
                        int64_t *out);

/**
 * A bool of the data: 1 for `true`, 0 for `false`.
 *
 * pointer, len: a JSON Pointer, as in `h3s_session_find`.
 * out: receives 1 or 0; is left as it was after an error.
 *
 * Returns H3S_OK; H3S_ERR_DATA where there is no such value or one of another type;
 * H3S_ERR_ARGUMENT, H3S_ERR_STATE or H3S_ERR_INTERNAL.
 */
H3S_NODISCARD
int32_t h3s_session_bool(const struct h3s_session *session,
                         const char *pointer,
                         size_t len,
                         int32_t *out);

/**
 * The double nearest to a number of the data.
 *
 * pointer, len: a JSON Pointer, as in `h3s_session_find`.
 * out: receives the number; is left as it was after an error.
 *
 * Returns H3S_OK; H3S_ERR_DATA where there is no such value, for one of another type, or a number
 * so large that it would be infinite; H3S_ERR_ARGUMENT, H3S_ERR_STATE or H3S_ERR_INTERNAL.
 */
H3S_NODISCARD
int32_t h3s_session_double(const struct h3s_session *session,
                           const char *pointer,
                           size_t len,
                           double *out);

/**
 * When the session was made or last rotated.
 *
 * In milliseconds since 1970. 0 after `h3s_clear`, and for NULL.
 */
int64_t h3s_session_created_at(const struct h3s_session *session);

/**
 * When it was last seen under `idleTimeout`.
 *
 * In milliseconds since 1970; 0 if never, and for NULL. A write counts, and a read only once more
 * than half of `idleTimeout` is used. So a session may end half of it after its last read.
 */
int64_t h3s_session_last_seen_at(const struct h3s_session *session);

/**
 * When it ends if nothing more comes, by the earliest of its limits.
 *
 * In milliseconds since 1970; 0 for never, and for NULL. Under `idleTimeout` a read moves it only
 * once more than half of that is used.
 */
int64_t h3s_session_expires_at(const struct h3s_session *session);

/**
 * How long it lives by its own lifetime, in seconds from when it was made or last rotated.
 *
 * 0 where none was set (`h3s_session_set_lifetime`), and for NULL.
 *
 * flags: NULL, or receives 0 or H3S_LIFETIME_BROWSER.
 */
int64_t h3s_session_lifetime(const struct h3s_session *session, uint32_t *flags);

/** 1 if this request made the session, else 0. */
int32_t h3s_session_is_new(const struct h3s_session *session);

/**
 * 1 if there is something to send that was not yet taken, else 0.
 *
 * To be taken by `h3s_set_cookies`, or, with `"cookie": false`, by `h3s_seal`.
 */
int32_t h3s_session_is_dirty(const struct h3s_session *session);

/** Where the session came from: H3S_SOURCE_*. */
int32_t h3s_session_source(const struct h3s_session *session);

/**
 * Why the request's first candidate was refused: H3S_REJECTION_*.
 *
 * H3S_REJECTION_NONE if it opened. A reason may stand beside a session that another candidate
 * opened. Where none opened and the first was not looked at, it is the reason of the first of
 * those that were refused.
 *
 * Candidates are the header's token, unless it is empty, and after it the first four cookies of
 * the session's name that begin like a token: with `h3s` and a number, `Fe26.` and a number,
 * `eyJ`, or `__chunked__`, or with a percent sign among the first eleven bytes. The same cookie
 * twice counts once (but for `__chunked__`). Where no cookie begins like that, and one is not
 * empty, they are one candidate together: malformed.
 */
int32_t h3s_session_rejection(const struct h3s_session *session);

/**
 * A name for the session in logs: a keyed hash of its id.
 *
 * 32 hexadecimal digits, NUL-terminated, and borrowed as `h3s_session_data`. Write this to logs,
 * never the id. The same on every machine with the same first password and cookie name. Absent
 * after `h3s_clear`, and for NULL.
 */
struct h3s_str h3s_session_log_id(const struct h3s_session *session);

/* ---- Walking through objects and arrays ------------------------------------------------------ */

/**
 * Begins a walk through the members of an object or the elements of an array.
 *
 *     h3s_iter item = h3s_session_iter(session, H3S_LIT("/cart/items"));
 *     int64_t count = 0, total = 0;
 *     while (h3s_iter_next(&item, NULL, NULL) == H3S_OK)
 *         if (h3s_iter_int(&item, H3S_LIT("/count"), &count) == H3S_OK)
 *             total += count;
 *
 * The whole walk takes as long as to read the object or array once, where a pointer to each
 * element would begin at the first one every time.
 *
 * pointer, len: a JSON Pointer, as in `h3s_session_find`. Of what is neither object nor array,
 * and of what is not there, the walk ends at once.
 *
 * The iterator ends with the next successful write to the session. The caller must not use it
 * after freeing the session: see `h3s_iter`.
 */
struct h3s_iter h3s_session_iter(const struct h3s_session *session,
                                 const char *pointer,
                                 size_t len);

/**
 * Goes on to the next member or element.
 *
 * key: NULL, or receives a member's name, without quotes and escapes, in UTF-8 (an unpaired
 * surrogate comes as U+FFFD); absent for an element.
 * value: NULL, or receives the value as JSON text. The functions below read it by type.
 * Both are NOT NUL-terminated, and borrowed as `h3s_session_data`.
 *
 * Returns H3S_OK if there was one; H3S_END after the last; H3S_ERR_STATE if the session was
 * written since `h3s_session_iter`, or while another thread is inside; H3S_ERR_ARGUMENT if `iter`
 * or its session is NULL; H3S_ERR_MEMORY; H3S_ERR_INTERNAL. All but H3S_OK leave `key` and
 * `value` absent.
 */
H3S_NODISCARD
int32_t h3s_iter_next(struct h3s_iter *iter,
                      struct h3s_str *key,
                      struct h3s_str *value);

/**
 * A value inside the present member or element, as JSON text.
 *
 * pointer, len: a JSON Pointer that begins at the present value; the empty one is that itself.
 *
 * All else as `h3s_session_find`. Absent also where the iterator is at its end, or its session
 * was written since.
 */
struct h3s_str h3s_iter_find(const struct h3s_iter *iter, const char *pointer, size_t len);

/**
 * The type of a value inside the present member or element.
 *
 * pointer, len: as in `h3s_iter_find`.
 *
 * Returns H3S_TYPE_*, as `h3s_session_type`.
 */
int32_t h3s_iter_type(const struct h3s_iter *iter, const char *pointer, size_t len);

/**
 * A string inside the present member or element, without quotes and escapes, in UTF-8.
 *
 * pointer, len: as in `h3s_iter_find`.
 *
 * All else as `h3s_session_text`.
 */
struct h3s_str h3s_iter_text(const struct h3s_iter *iter, const char *pointer, size_t len);

/**
 * An integer inside the present member or element.
 *
 * pointer, len: as in `h3s_iter_find`.
 * out: receives the integer; is left as it was after an error.
 *
 * Returns as `h3s_session_int`; H3S_ERR_STATE if the session was written since.
 */
H3S_NODISCARD
int32_t h3s_iter_int(const struct h3s_iter *iter,
                     const char *pointer,
                     size_t len,
                     int64_t *out);

/**
 * A bool inside the present member or element: 1 for `true`, 0 for `false`.
 *
 * pointer, len: as in `h3s_iter_find`.
 * out: receives 1 or 0; is left as it was after an error.
 *
 * Returns as `h3s_session_bool`; H3S_ERR_STATE if the session was written since.
 */
H3S_NODISCARD
int32_t h3s_iter_bool(const struct h3s_iter *iter,
                      const char *pointer,
                      size_t len,
                      int32_t *out);

/**
 * The double nearest to a number inside the present member or element.
 *
 * pointer, len: as in `h3s_iter_find`.
 * out: receives the number; is left as it was after an error.
 *
 * Returns as `h3s_session_double`; H3S_ERR_STATE if the session was written since.
 */
H3S_NODISCARD
int32_t h3s_iter_double(const struct h3s_iter *iter,
                        const char *pointer,
                        size_t len,
                        double *out);

/**
 * Begins a walk through an object or array inside the present member or element.
 *
 * pointer, len: as in `h3s_iter_find`.
 *
 * All else as `h3s_session_iter`.
 */
struct h3s_iter h3s_iter_iter(const struct h3s_iter *iter, const char *pointer, size_t len);

/* ---- Writing --------------------------------------------------------------------------------- */

/**
 * Merges a JSON object into the data, as JavaScript's Object.assign does.
 *
 * An existing key keeps its place and gets the new value, a new one goes last. What `json` does
 * not name stays as it was, byte for byte. `created_at` does not move, so `maxAge` is not
 * extended. `{}` counts as a write. After `h3s_clear` it starts a fresh session. So for all
 * writes.
 *
 * json, json_len: a JSON object in UTF-8.
 *
 * Returns H3S_OK; H3S_ERR_DATA (no JSON object in UTF-8, a name twice in one object, or more than
 * 128 levels; `err->offset` is the byte); H3S_ERR_TOO_LARGE; H3S_ERR_REJECTED (it has ended
 * since, see `h3s_session_set_now`); H3S_ERR_STATE (another thread is inside, or it has a lifetime
 * of its own and would be sealed in Fe26.2); H3S_ERR_ARGUMENT, H3S_ERR_MEMORY or H3S_ERR_RANDOM.
 * After any error the session is as it was.
 */
H3S_NODISCARD
int32_t h3s_update(struct h3s_session *session,
                   const char *json,
                   size_t json_len,
                   struct h3s_error *err);

/**
 * Sets the data to a JSON object, whatever it was.
 *
 * json, json_len: a JSON object in UTF-8.
 *
 * Returns as `h3s_update`.
 */
H3S_NODISCARD
int32_t h3s_replace(struct h3s_session *session,
                    const char *json,
                    size_t json_len,
                    struct h3s_error *err);

/**
 * Sets one top-level key to any JSON value.
 *
 * key, key_len: the name itself in UTF-8, neither quoted nor escaped; may be empty.
 * json, json_len: the value's JSON text, e.g. `42`, `"text"` with its quotes, `[1,2]`.
 *
 * Returns as `h3s_update`.
 */
H3S_NODISCARD
int32_t h3s_set_json(struct h3s_session *session,
                     const char *key,
                     size_t key_len,
                     const char *json,
                     size_t json_len,
                     struct h3s_error *err);

/**
 * Sets one top-level key to a string, which is quoted and escaped here.
 *
 * key, key_len: as in `h3s_set_json`.
 * text, text_len: the string itself in UTF-8.
 *
 * Returns as `h3s_update`.
 */
H3S_NODISCARD
int32_t h3s_set_text(struct h3s_session *session,
                     const char *key,
                     size_t key_len,
                     const char *text,
                     size_t text_len,
                     struct h3s_error *err);

/**
 * Sets one top-level key to an integer.
 *
 * JavaScript rounds what is beyond 2^53: write larger ids as text.
 *
 * key, key_len: as in `h3s_set_json`.
 *
 * Returns as `h3s_update`.
 */
H3S_NODISCARD
int32_t h3s_set_int(struct h3s_session *session,
                    const char *key,
                    size_t key_len,
                    int64_t value,
                    struct h3s_error *err);

/**
 * Sets one top-level key to `false`, if `value` is 0, else to `true`.
 *
 * key, key_len: as in `h3s_set_json`.
 *
 * Returns as `h3s_update`.
 */
H3S_NODISCARD
int32_t h3s_set_bool(struct h3s_session *session,
                     const char *key,
                     size_t key_len,
                     int32_t value,
                     struct h3s_error *err);

/**
 * Sets one top-level key to a number, written as JavaScript's JSON.stringify would.
 *
 * key, key_len: as in `h3s_set_json`.
 * value: H3S_ERR_DATA if it is infinite or not a number, which JSON cannot say.
 *
 * Returns as `h3s_update`.
 */
H3S_NODISCARD
int32_t h3s_set_double(struct h3s_session *session,
                       const char *key,
                       size_t key_len,
                       double value,
                       struct h3s_error *err);

/**
 * Sets a value anywhere in the data, by JSON Pointer: `/cart/items/-` appends to that array.
 *
 * - An existing member or element is replaced. All else stays as it was, byte for byte.
 * - In an array, `-`, or the index that equals its length, appends.
 * - What is missing on the way is made: an array where the next token is `-`, else an object. So
 *   `/cart/items/-` works on `{}`, too.
 *
 * pointer, len: an RFC 6901 JSON Pointer, as in `h3s_session_find`; empty: as `h3s_replace`.
 * json, json_len: the value's JSON text.
 *
 * Returns as `h3s_update`. H3S_ERR_DATA with `err->key` `pointer`, and the byte of the pointer in
 * `err->offset`, for a malformed pointer, one through a string, number, bool or null, an index
 * beyond the array's end, or more than 128 levels.
 */
H3S_NODISCARD
int32_t h3s_set_at(struct h3s_session *session,
                   const char *pointer,
                   size_t len,
                   const char *json,
                   size_t json_len,
                   struct h3s_error *err);

/**
 * Deletes one top-level key.
 *
 * That there is none is no error, and counts as a write all the same.
 *
 * key, key_len: as in `h3s_set_json`.
 *
 * Returns as `h3s_update`, and H3S_ERR_STATE after `h3s_clear`.
 */
H3S_NODISCARD
int32_t h3s_remove(struct h3s_session *session,
                   const char *key,
                   size_t key_len,
                   struct h3s_error *err);

/**
 * Deletes a member or element anywhere in the data, by JSON Pointer.
 *
 * Elements after it move up. That there is none is no error, and counts as a write all the same.
 *
 * pointer, len: a JSON Pointer, as in `h3s_session_find`. The whole data cannot be removed.
 *
 * Returns as `h3s_set_at`, and H3S_ERR_STATE after `h3s_clear`.
 */
H3S_NODISCARD
int32_t h3s_remove_at(struct h3s_session *session,
                      const char *pointer,
                      size_t len,
                      struct h3s_error *err);

/**
 * Gives the session a new id and `created_at` = now, with the same data.
 *
 * Call it at every login: an id that an attacker has planted or seen is then worth nothing. It is
 * also what extends a session under `maxAge`.
 *
 * Returns as `h3s_update`, H3S_ERR_STATE after `h3s_clear`, H3S_ERR_REJECTED also if it was
 * revoked since it was opened, and H3S_ERR_STALE where it may have been, and nothing was heard.
 */
H3S_NODISCARD int32_t h3s_rotate(struct h3s_session *session, struct h3s_error *err);

/**
 * Ends the session: no id, data `{}`, and Set-Cookie values that delete its cookies.
 *
 * Call it at logout. The cookie is deleted, and each chunk that the request brought. Where the
 * request brought several cookies of the name that may be sessions, as after a change of
 * `cookie.domain` or `cookie.path`, only one of them can be deleted: then the cookie of a new,
 * empty session takes its place, which is newer than the others, so that none of those comes
 * back. Under H3S_CROSS_SITE nothing is deleted that did not come.
 *
 * A later write starts a fresh session without the old data; `h3s_remove`, `h3s_remove_at`,
 * `h3s_rotate`, `h3s_seal` and `h3s_session_set_id` are then H3S_ERR_STATE.
 *
 * Returns H3S_OK, H3S_ERR_STATE (another thread is inside) or H3S_ERR_ARGUMENT.
 */
H3S_NODISCARD int32_t h3s_clear(struct h3s_session *session, struct h3s_error *err);

/**
 * Gives a new or just rotated session an id of your own, in place of the random UUID.
 *
 * id, len: 1 to 255 bytes of 0x21 to 0x7E. It must be unguessable if anything is found by it.
 *
 * Returns H3S_OK; H3S_ERR_DATA; H3S_ERR_STATE (the session is neither new nor just rotated, or
 * was sealed since); H3S_ERR_TOO_LARGE or H3S_ERR_ARGUMENT.
 */
H3S_NODISCARD
int32_t h3s_session_set_id(struct h3s_session *session,
                           const char *id,
                           size_t len,
                           struct h3s_error *err);

/**
 * Gives this session a lifetime of its own, such as a login without "remember me" has.
 *
 * It is sealed in the token, so that every server keeps to it, and stays when the session is
 * written to, rotated, seen again or sealed with another password. `h3s_clear` ends it with all
 * else.
 *
 * max_age_sec: how long it lives from `h3s_session_created_at`, in seconds up to 4294967295, in
 * place of `maxAge`, where that is not shorter; 0: as `maxAge` says.
 * flags: 0, or H3S_LIFETIME_BROWSER.
 *
 * Returns as `h3s_update`; H3S_ERR_REJECTED also if it would have ended already; H3S_ERR_STATE
 * also where sessions are sealed in Fe26.2, which has no place for it, and after `h3s_clear`.
 */
H3S_NODISCARD
int32_t h3s_session_set_lifetime(struct h3s_session *session,
                                 int64_t max_age_sec,
                                 uint32_t flags,
                                 struct h3s_error *err);

/**
 * Moves the session's clock, which otherwise stands at the time it was opened.
 *
 * For connections that outlive a request, such as a WebSocket.
 *
 * now_ms: milliseconds since 1970; 0: the system clock.
 *
 * Returns H3S_OK; H3S_ERR_REJECTED if the session has ended by then (it can still be read and
 * cleared, but no longer be written or sealed); H3S_ERR_STATE or H3S_ERR_ARGUMENT. The clock has
 * moved in the first two cases.
 */
H3S_NODISCARD
int32_t h3s_session_set_now(struct h3s_session *session,
                            int64_t now_ms,
                            struct h3s_error *err);

/* ---- Cookies and tokens ---------------------------------------------------------------------- */

/**
 * The Set-Cookie values that the response needs; most often none or one.
 *
 * Send each as a header line of its own. What was written is sealed here, once. (In Fe26.2 with
 * more than one iteration a process's first seal, and then one a day, derives two keys, which
 * takes some milliseconds.) Until the next write the same values come again; after it the whole
 * new list takes the place of the former one.
 *
 * list: receives an array of `count` strings, each NUL-terminated, borrowed as
 * `h3s_session_data`.
 * count: receives how many there are.
 *
 * Returns H3S_OK; H3S_ERR_RANDOM; H3S_ERR_MEMORY; H3S_ERR_REJECTED (it has ended since, see
 * `h3s_session_set_now`); H3S_ERR_STATE or H3S_ERR_ARGUMENT. After an error nothing was sealed,
 * `*list` is NULL and `*count` 0.
 */
H3S_NODISCARD
int32_t h3s_set_cookies(struct h3s_session *session,
                        const struct h3s_str **list,
                        size_t *count,
                        struct h3s_error *err);

/**
 * The session as a bare token, for a client that sends it back in the session header.
 *
 * token: receives the token, NUL-terminated, borrowed as `h3s_session_data`.
 *
 * Returns H3S_OK; H3S_ERR_TOO_LARGE if it is longer than `maxTokenLength`; H3S_ERR_STATE after
 * `h3s_clear`, or while another thread is inside; H3S_ERR_RANDOM; H3S_ERR_MEMORY;
 * H3S_ERR_REJECTED (it has ended since) or H3S_ERR_ARGUMENT. After an error `*token` is absent.
 */
H3S_NODISCARD
int32_t h3s_seal(struct h3s_session *session,
                 struct h3s_str *token,
                 struct h3s_error *err);

/* ---- Fe26.2 tokens without a session --------------------------------------------------------- */

/**
 * Seals any JSON value, as hapi's iron, iron-webcrypto and iron-session's sealData do.
 *
 * The token lives for `seal.ttl`, else `maxAge`, else `idleTimeout`.
 *
 * By their defaults, all three open tokens of one PBKDF2 iteration alone: give the config
 * `"seal": "h3-1"`. iron-session also wants the number of its password in the token, `"password":
 * {"1": "…"}`, and `~2` after it: append that.
 *
 * An object with a member `id` or `data` is refused unless H3S_IRON_SESSION is set. Sealed, it
 * would open as that session of the same config: whoever chooses what a program seals (a form's
 * state, a link's target) would choose a session. (Any other object would open as a new session
 * without data.)
 *
 * json, json_len: one JSON value in UTF-8.
 * now_ms: milliseconds since 1970; 0: the system clock.
 * flags: 0, or H3S_IRON_SESSION.
 * out, room: where the token goes, with a NUL. json_len / 3 * 4 + 512 bytes are always enough.
 * out_len: receives the token's length without the NUL, also where `out` is NULL or `room` too
 * small for it; 0 after every other error.
 *
 * Returns H3S_OK; H3S_ERR_DATA; H3S_ERR_TOO_LARGE (longer than `maxTokenLength`); H3S_ERR_CONFIG
 * (`seal.accept` has neither `"h3-1"` nor `"h3-2"`); H3S_ERR_ARGUMENT (also where `room` is too
 * small); H3S_ERR_RANDOM or H3S_ERR_MEMORY.
 */
H3S_NODISCARD
int32_t h3s_iron_seal(const struct h3s_config *config,
                      const char *json,
                      size_t json_len,
                      int64_t now_ms,
                      uint32_t flags,
                      char *out,
                      size_t room,
                      size_t *out_len,
                      struct h3s_error *err);

/**
 * Opens a bare Fe26.2 token of any JSON value.
 *
 * A `~2` after it, as iron-session writes it, is passed over.
 *
 * request: `header`, `peer` and H3S_WARM_ONLY are as in `h3s_unseal`.
 * out, room: where the JSON text goes, with a NUL. `request.header_len` bytes are always enough.
 * It is the caller's: wipe it if it is secret.
 * out_len: receives its length without the NUL, also where `out` is NULL or `room` too small for
 * it; 0 after every other error.
 *
 * Returns as `h3s_unseal`; H3S_ERR_CONFIG if `seal.accept` has neither `"h3-1"` nor `"h3-2"`;
 * H3S_ERR_ARGUMENT also where `room` is too small.
 */
H3S_NODISCARD
int32_t h3s_iron_unseal(const struct h3s_config *config,
                        const struct h3s_request *request,
                        char *out,
                        size_t room,
                        size_t *out_len,
                        struct h3s_error *err);

/* ---- Revocation ------------------------------------------------------------------------------ */

/**
 * Ends a session as `h3s_clear` does, and revokes it, whoever has a copy of its cookie or token.
 *
 * What every logout must call. Make what `h3s_revocation_entries` gives known to all servers
 * before the response goes. Again, it does nothing. After `h3s_clear` it revokes what that has
 * ended.
 *
 * Where the request may have brought a session that did not open here, which would live on, it is
 * an error: H3S_ERR_BUSY if it was not tried, so that the next request may find it, and
 * H3S_ERR_REJECTED with the rejection if it may be valid elsewhere, as under an unknown key.
 *
 * Returns H3S_OK; these two; H3S_ERR_STATE while another thread is inside; H3S_ERR_CONFIG where
 * the options have no `revocation`; H3S_ERR_RANDOM, H3S_ERR_MEMORY or H3S_ERR_ARGUMENT. After an
 * error the session is as it was.
 */
H3S_NODISCARD int32_t h3s_revoke(struct h3s_session *session, struct h3s_error *err);

/**
 * As `h3s_revoke`, for all sessions of its subject that were made before now.
 *
 * "Log me out everywhere." What the subject of a session is, `revocation.subject` says. To leave
 * only this one: `h3s_rotate`, and then `h3s_revoke_subject` before its `h3s_session_created_at`.
 *
 * Returns as `h3s_revoke`; H3S_ERR_STATE also after `h3s_clear`, and where its data has no
 * subject, and H3S_ERR_CONFIG where the options do not say what that is.
 */
H3S_NODISCARD int32_t h3s_revoke_everywhere(struct h3s_session *session, struct h3s_error *err);

/**
 * What is to be made known to all servers before the response goes.
 *
 * By `h3s_revoke`, `h3s_revoke_everywhere`, and `h3s_rotate` for the former id. Append it to the
 * file of all processes (`h3s_revocation_file_append`), or to a store of yours, and apply it here
 * (`h3s_revocations_apply`). If that fails, answer with an error: the logout has not happened.
 *
 * list: receives an array of `count` entries, each NUL-terminated and without an end of line,
 * borrowed until the session is revoked or rotated again, or freed.
 * count: receives how many there are; most often none.
 *
 * Returns H3S_OK; H3S_ERR_REJECTED after `h3s_rotate`, where a logout of the former id was heard
 * of since: answer without the session's cookies. (Only when they are asked for first, since they
 * are to be applied here, too.) H3S_ERR_STATE, H3S_ERR_MEMORY or H3S_ERR_ARGUMENT. After an error
 * `*list` is NULL and `*count` 0.
 */
H3S_NODISCARD
int32_t h3s_revocation_entries(struct h3s_session *session,
                               const struct h3s_str **list,
                               size_t *count,
                               struct h3s_error *err);

/**
 * Makes an entry that revokes the session of an id.
 *
 * For who has an id and no session: an administrator, or a table of sessions.
 *
 * id, len: the id.
 * now_ms: milliseconds since 1970; 0: the system clock.
 * out, room: where the entry goes, with a NUL and without an end of line. 2,048 bytes are always
 * enough. As the entries of `h3s_revocation_entries`, it is to be made known and applied.
 * out_len: receives its length without the NUL, also where `out` is NULL or `room` too small for
 * it; 0 after every other error.
 *
 * Returns H3S_OK; H3S_ERR_DATA for what is no id; H3S_ERR_CONFIG where the options have no
 * `revocation`; H3S_ERR_ARGUMENT (also where `room` is too small); H3S_ERR_RANDOM or
 * H3S_ERR_MEMORY.
 */
H3S_NODISCARD
int32_t h3s_revoke_session(const struct h3s_config *config,
                           const char *id,
                           size_t len,
                           int64_t now_ms,
                           char *out,
                           size_t room,
                           size_t *out_len,
                           struct h3s_error *err);

/**
 * Makes an entry that revokes all sessions of a subject, or all there are, that were made before a
 * moment.
 *
 * subject, len: as `revocation.subject` finds it in the sessions' data: a string's text, or a
 * number as it is written. NULL: all sessions of this cookie's name.
 * before_ms: milliseconds since 1970, not in the future; 0: now. Who logs in later is let in.
 * now_ms, out, room, out_len: as `h3s_revoke_session`.
 *
 * Returns as `h3s_revoke_session`; H3S_ERR_CONFIG also where the options do not say what the
 * subject is.
 */
H3S_NODISCARD
int32_t h3s_revoke_subject(const struct h3s_config *config,
                           const char *subject,
                           size_t len,
                           int64_t before_ms,
                           int64_t now_ms,
                           char *out,
                           size_t room,
                           size_t *out_len,
                           struct h3s_error *err);

/**
 * Reads an entry: for a list of what is revoked.
 *
 * line, len: one entry, without an end of line.
 * entry: begin with H3S_ENTRY_INFO_INIT.
 * out, room: where it goes whose it is, with a NUL: of a session what `h3s_session_log_id` gives,
 * since an id is not for logs; of a subject itself, as UTF-8 that may have any characters; of
 * everybody nothing. 1,025 bytes are always enough.
 * out_len: receives its length without the NUL, as of `h3s_revoke_session`; NULL: it is not asked
 * for.
 *
 * Returns H3S_OK; H3S_ERR_REJECTED for what is no entry, or is one of another password or cookie;
 * H3S_ERR_CONFIG where the options have no `revocation`; H3S_ERR_ARGUMENT (also where `room` is
 * too small, and all else was read) or H3S_ERR_MEMORY.
 */
H3S_NODISCARD
int32_t h3s_revocation_read(const struct h3s_config *config,
                            const char *line,
                            size_t len,
                            struct h3s_entry_info *entry,
                            char *out,
                            size_t room,
                            size_t *out_len,
                            struct h3s_error *err);

/**
 * The path of the file through which the processes of one machine make known what they revoke.
 *
 * `revocation.file` of the options. Where they have none, its `len` is 0, and its pointer is not
 * NULL. NUL-terminated; borrowed from the config. Absent for NULL.
 */
struct h3s_str h3s_config_revocation_file(const struct h3s_config *config);

/**
 * For how long an entry matters at most, in milliseconds: what is older may be trimmed from a
 * store.
 *
 * 0 for NULL, and where the options have no `revocation`.
 */
int64_t h3s_config_revocation_keep(const struct h3s_config *config);

/**
 * Makes a copy of what is revoked, without entries as yet.
 *
 * One a process, at start. It is asked at each request (`h3s_request.revocations`) instead of a
 * database; what other servers have revoked comes in by `h3s_revocation_file_poll`, or by
 * `h3s_revocations_apply` from whatever store you have. Reading and writing it takes no lock.
 *
 * room: how many entries there may be at least, 1 to 67,108,864: as many as sessions are revoked
 * within the time that they live. Each takes 48 to 96 bytes of memory.
 * out: receives the copy, to be freed with `h3s_revocations_free`; NULL after an error.
 *
 * Returns H3S_OK, H3S_ERR_ARGUMENT, H3S_ERR_RANDOM or H3S_ERR_MEMORY.
 */
H3S_NODISCARD
int32_t h3s_revocations_new(size_t room,
                            struct h3s_revocations **out,
                            struct h3s_error *err);

/**
 * Makes a copy of what is revoked in memory that several processes share.
 *
 * All of them read it, and any of them may write. Its size decides how many entries there may be:
 * half the largest power of two of slots of 24 bytes that fit.
 *
 * memory, size: zeroed, or what this function of the same version made of it before, which is
 * taken over with its entries; several processes may do so at once. Aligned to 8 bytes, better to
 * 64; 512 bytes at least. It has to outlive the handle and each session that was opened with it,
 * and is not freed with them.
 * out: as `h3s_revocations_new`.
 *
 * Returns as `h3s_revocations_new`.
 */
H3S_NODISCARD
int32_t h3s_revocations_at(void *memory,
                           size_t size,
                           struct h3s_revocations **out,
                           struct h3s_error *err);

/**
 * Shares a copy of what is revoked: it has one more owner, each of whom frees it once.
 *
 * Any number of threads may call it.
 *
 * Returns its argument, also if that is NULL.
 */
struct h3s_revocations *h3s_revocations_ref(const struct h3s_revocations *revocations);

/**
 * Gives up a copy of what is revoked.
 *
 * It is freed once its last owner has freed it, and the last session that was opened with it is
 * freed. Does nothing to NULL.
 */
void h3s_revocations_free(struct h3s_revocations *revocations);

/**
 * Applies entries: what `h3s_revocation_entries` gave, here or elsewhere.
 *
 * Those count that the config's passwords open, that are of its cookie's name, and that have not
 * ended. Others are passed over. How often, and in which order, makes no difference.
 *
 * lines, len: entries, one a line; the last needs no end of line.
 * now_ms: milliseconds since 1970; 0: the system clock.
 * applied: receives how many were applied, also after H3S_ERR_FULL; may be NULL.
 *
 * Returns H3S_OK; H3S_ERR_FULL where some had no room (all others were applied); H3S_ERR_CONFIG
 * where the options have no `revocation`; H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
 */
H3S_NODISCARD
int32_t h3s_revocations_apply(const struct h3s_revocations *revocations,
                              const struct h3s_config *config,
                              const char *lines,
                              size_t len,
                              int64_t now_ms,
                              size_t *applied,
                              struct h3s_error *err);

/**
 * Says that all entries were applied that anybody had made known by a time.
 *
 * Whoever follows a store says so each time that it has read it to its end, also where there was
 * nothing new. After `revocation.maxStale` seconds without it the copy is stale.
 *
 * now_ms: milliseconds since 1970; 0: the system clock.
 *
 * Returns H3S_OK or H3S_ERR_ARGUMENT.
 */
H3S_NODISCARD
int32_t h3s_revocations_heard(const struct h3s_revocations *revocations,
                              int64_t now_ms,
                              struct h3s_error *err);

/**
 * How many entries a copy has, and how complete it is.
 *
 * It looks at all of its memory: for a page of figures, not for each request.
 *
 * now_ms: milliseconds since 1970; 0: the system clock.
 * out: begin with H3S_REVOCATIONS_INFO_INIT.
 *
 * Returns H3S_OK or H3S_ERR_ARGUMENT.
 */
H3S_NODISCARD
int32_t h3s_revocations_view(const struct h3s_revocations *revocations,
                             int64_t now_ms,
                             struct h3s_revocations_info *out,
                             struct h3s_error *err);

/**
 * Opens the file through which the processes of one machine make known what they revoke.
 *
 * It need not be there: the first entry makes it. Processes of several users share it through a
 * group that may write to its folder, best one with mode 2770: a new file in it can be read and
 * written by that group, whatever the umask. (Elsewhere the umask decides. Where a process may not
 * make files in the folder, it does not shorten the file.) Its first line says what it is; another
 * file is never written to. It belongs on a disk of this machine, not on the network.
 *
 * path, len: its absolute path, as `h3s_config_revocation_file` gives it.
 * wait_ms: for how many milliseconds at most each call waits for another process that has the file
 * locked; 0: 1,000; 3,600,000 at most. Who writes has it locked for some microseconds, but anybody
 * who can open it can keep it locked: a thread that serves everybody waits 100, say. After a wait
 * in vain the calls that follow try just once, for ten times as long.
 * out: receives the file, to be closed with `h3s_revocation_file_close`; NULL after an error.
 *
 * Returns H3S_OK; H3S_ERR_STORE: its folder is missing, it cannot be read, or it is another file;
 * H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
 */
H3S_NODISCARD
int32_t h3s_revocation_file_open(const char *path,
                                 size_t len,
                                 uint32_t wait_ms,
                                 struct h3s_revocation_file **out,
                                 struct h3s_error *err);

/**
 * Appends entries: what `h3s_revocation_entries` gave, or what came from elsewhere.
 *
 * When it returns, they are on the disk, and each process that polls will apply them. They are
 * not applied here: do so by `h3s_revocations_apply`. An entry twice does no harm.
 *
 * It waits for the disk, and for other processes that have the file locked, as long as
 * `h3s_revocation_file_open` was told to.
 *
 * lines, len: entries, one a line; the last needs no end of line.
 * now_ms: milliseconds since 1970; 0: the system clock. What has ended by then is not written.
 *
 * Returns H3S_OK; H3S_ERR_STORE where somebody keeps the file locked, or the disk is full, say,
 * and some of the lines may have been written: answer with an error (503), or try again;
 * H3S_ERR_ARGUMENT (also where a line is no entry, and nothing was written) or H3S_ERR_MEMORY.
 */
H3S_NODISCARD
int32_t h3s_revocation_file_append(struct h3s_revocation_file *file,
                                   const char *lines,
                                   size_t len,
                                   int64_t now_ms,
                                   struct h3s_error *err);

/**
 * Applies what is new in the file, and marks the copy of what is revoked as heard.
 *
 * For a timer: once a second, in each process. Where nothing is new, it costs a few microseconds.
 * After a fork, the child begins at the file's start.
 *
 * Should somebody delete the file, or put another in its place, then what was in it is put into
 * the one that is there, or into a new one. So nothing is lost while any process has it open.
 * Where the file has grown to twice its length, a poll replaces it by one without what has ended,
 * for a million entries in some seconds, and goes on to apply what is new. In these two cases
 * alone it takes longer, and waits for the disk and the lock.
 *
 * Where a file stands beside it of the same name, `.heard.` and the cookie's name, the copy has
 * heard at the time that that was modified, and not now: whoever feeds the file from other
 * machines writes it.
 *
 * file: one for each config and each copy of what is revoked, since it knows how far it has read.
 * now_ms: milliseconds since 1970; 0: the system clock.
 * applied: receives how many entries were applied; may be NULL. 0 also where another thread polls
 * at that moment.
 *
 * Returns H3S_OK; H3S_ERR_STORE: the file cannot be read, or what was in a deleted one cannot be
 * written; the copy grows stale, and the next call tries again; H3S_ERR_FULL where some entries
 * had no room (all others were applied); H3S_ERR_CONFIG where the options have no `revocation`;
 * H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
 */
H3S_NODISCARD
int32_t h3s_revocation_file_poll(struct h3s_revocation_file *file,
                                 const struct h3s_revocations *revocations,
                                 const struct h3s_config *config,
                                 int64_t now_ms,
                                 size_t *applied,
                                 struct h3s_error *err);

/** Closes the file. Does nothing to NULL. */
void h3s_revocation_file_close(struct h3s_revocation_file *file);

/* ---- Responses and requests ------------------------------------------------------------------ */

/**
 * The value of the Vary header for a response to a request whose session was looked at.
 *
 * That is what the response says so far, and the names of `h3s_config_vary` that it lacks. Else
 * a cache may give one visitor's page to another.
 *
 * present, len: the header's value so far, several lines joined by `", "`; empty where there is
 * none.
 * out, room: where the value goes, with a NUL; it must not overlap `present`. `len` bytes, the
 * length of `h3s_config_vary` and 3 more are always enough.
 * out_len: receives the value's length without the NUL, also where `out` is NULL or `room` too
 * small for it; 0 after every other error.
 *
 * Where nothing has to change, the value is `present`. Where it is empty, the response needs no
 * Vary.
 *
 * Returns H3S_OK or H3S_ERR_ARGUMENT (also where `room` is too small).
 */
H3S_NODISCARD
int32_t h3s_header_vary(const struct h3s_config *config,
                        const char *present,
                        size_t len,
                        char *out,
                        size_t room,
                        size_t *out_len,
                        struct h3s_error *err);

/**
 * The value of the Cache-Control header for a response that sets a session's cookie.
 *
 * That is `private`, and what the response says so far but `public`, `s-maxage` and a `private`
 * for some headers only. Else a shared cache may give one visitor's session to another.
 *
 * The headers of which `h3s_header_is_targeted` is true must not stand beside it.
 *
 * present, len, out, room, out_len: as for `h3s_header_vary`. `2 * len + 16` bytes are always
 * enough.
 *
 * Returns H3S_OK or H3S_ERR_ARGUMENT (also where `room` is too small).
 */
H3S_NODISCARD
int32_t h3s_header_cache_control(const char *present,
                                 size_t len,
                                 char *out,
                                 size_t room,
                                 size_t *out_len,
                                 struct h3s_error *err);

/**
 * Whether a header is one that some shared caches heed in place of Cache-Control.
 *
 * Take such headers out of a response that sets a session's cookie.
 *
 * These are all whose names end in `-Cache-Control` (RFC 9213), as `CDN-Cache-Control` does, and
 * `Surrogate-Control`, `Edge-Control` and `X-Accel-Expires`.
 *
 * name, len: the header's name, in upper or lower case.
 *
 * Returns 1 or 0. NULL: 0.
 */
int32_t h3s_header_is_targeted(const char *name, size_t len);

/**
 * Whether another site has led the browser here: then set H3S_CROSS_SITE.
 *
 * Browsers say so in Sec-Fetch-Site, over HTTPS and to localhost. Where it is missing, the host
 * in Origin, else in Referer, is compared with Host, without regard to ports. What is not
 * understood is another site: a false alarm costs little, since the flag only matters to requests
 * without the session's cookie. (A link over plain HTTP that sends no Referer cannot be told from
 * one of the own site.)
 *
 * sec_fetch_site, origin, referer, host: the values of these request headers, each with its
 * length; several lines joined by `", "`; NULL or empty where there is none. Behind a proxy,
 * host is what the browser asked for.
 *
 * Returns 1 or 0.
 */
int32_t h3s_is_cross_site(const char *sec_fetch_site,
                          size_t sec_fetch_site_len,
                          const char *origin,
                          size_t origin_len,
                          const char *referer,
                          size_t referer_len,
                          const char *host,
                          size_t host_len);

/* ---- Versions and names ---------------------------------------------------------------------- */

/**
 * The ABI version of the library that is loaded.
 *
 * Programs that load it by `dlopen` compare it with H3S_ABI_VERSION. It changes only with the
 * soname.
 */
uint32_t h3s_abi_version(void);

/**
 * The version of the library that is loaded, e.g. `"0.2.0"`. Static.
 *
 * H3S_VERSION is that of this header.
 */
const char *h3s_version(void);

/**
 * What the loaded library does AES-256-GCM with: `"rustcrypto"`, or `"ring"`. Static.
 *
 * The second is what `make backend=ring` builds. Both open the tokens of both.
 */
const char *h3s_backend(void);

/**
 * A status in words, e.g. `"the options are wrong"`.
 *
 * Static; never NULL, for any number.
 */
const char *h3s_status_str(int32_t status);

/**
 * The name of a rejection, e.g. `"bad_seal"`, or `"none"`.
 *
 * Static; never NULL, for any number.
 */
const char *h3s_rejection_str(int32_t rejection);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* H3S_H */
