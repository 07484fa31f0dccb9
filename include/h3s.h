/*
 * libh3s: the sessions of h3 (Nuxt, Nitro) for every program that can call C.
 *
 * Generated from src/ffi by `make header`; do not edit.
 *
 * A session is a small JSON object that travels in an encrypted cookie, so no server keeps anything, and any number of
 * machines share it with nothing but a password. At start, make an h3s_config of the options. For each request, open an
 * h3s_session from its Cookie header, read and write it, send what h3s_set_cookies gives as Set-Cookie headers, and free it:
 *
 *     h3s_request request = { .size = sizeof request, .cookie = cookie, .cookie_len = strlen(cookie) };
 *     h3s_session *session = NULL;
 *     const h3s_str *list = NULL;
 *     size_t count = 0;
 *     if (h3s_use(config, &request, &session, &err) == H3S_OK
 *         && h3s_set(session, "visits", 6, "1", 1, &err) == H3S_OK
 *         && h3s_set_cookies(session, &list, &count, &err) == H3S_OK)
 *         for (size_t i = 0; i < count; i++) add_header("Set-Cookie", list[i].ptr);
 *     h3s_session_free(session);
 *
 * Rules that hold everywhere:
 *
 * - Strings come in as a pointer and a length in bytes; nothing need be NUL-terminated, and a pointer is ignored when its
 *   length is 0. They are only read during the call.
 * - Strings go out as h3s_str, borrowed from their handle.
 * - What can fail returns a status: H3S_OK is 0, the others are H3S_ERR_*. Its last argument, h3s_error, may be NULL.
 * - NULL where something is required is H3S_ERR_ARGUMENT, never a crash; a getter gives 0 or the absent string.
 * - An h3s_config may be used by any number of threads at once, an h3s_session by one at a time. All is safe across fork:
 *   parent and child never draw the same id or nonce.
 * - There are no callbacks, no logging and no global settings.
 */

#ifndef H3S_H
#define H3S_H

#include <stddef.h>
#include <stdint.h>

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

/** Success. */
#define H3S_OK 0

/** The call itself is wrong: a required pointer is NULL, a `size` or flag is unknown, a time is out of range. */
#define H3S_ERR_ARGUMENT 1

/** The options are wrong. `key` names the option, `offset` is its byte in the JSON. */
#define H3S_ERR_CONFIG 2

/** The JSON, key or id given is wrong. `offset` is the first byte at fault. The session is as it was. */
#define H3S_ERR_DATA 3

/** The session would not fit in its cookies (or, sealed, in `maxTokenLength`). The session is as it was. */
#define H3S_ERR_TOO_LARGE 4

/** Not possible in this state, e.g. `h3s_rotate` after `h3s_clear`. The session is as it was. */
#define H3S_ERR_STATE 5

/**
 * The token was refused (h3s_unseal), or the session has ended since (after `h3s_session_set_now`).
 * `offset` is the H3S_REJECTION_* value and `key` its name.
 */
#define H3S_ERR_REJECTED 6

/** The operating system gave no random bytes. Nothing was sealed. */
#define H3S_ERR_RANDOM 7

/** Out of memory. The session is as it was. (Where not even 512 bytes can be had, or in h3s_config_new 64 KiB, the process ends.) */
#define H3S_ERR_MEMORY 8

/** Under H3S_WARM_ONLY: a Fe26.2 token needs a slow key derivation. No session was made; repeat the call without the flag, in a thread. */
#define H3S_ERR_COLD 9

/**
 * This peer has had too many Fe26.2 tokens lately that take a slow key derivation, forged ones
 * above all, and no other token of the request opened. No session was made: answer 429 and touch
 * no cookie.
 */
#define H3S_ERR_BUSY 10

/** A fault in the library. The handle can only be freed; please report it. */
#define H3S_ERR_INTERNAL 11

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

/** Created before `notBefore`. Name: `revoked`. */
#define H3S_REJECTION_REVOKED 7

/** Longer than `maxTokenLength`, or in longer cookies than a browser would send. Name: `too_large`. */
#define H3S_REJECTION_TOO_LARGE 8

/** The session was made by this request; no token opened. */
#define H3S_SOURCE_NONE 0

/** The session came in a cookie. */
#define H3S_SOURCE_COOKIE 1

/** The session came in the session header. */
#define H3S_SOURCE_HEADER 2

/** The session came from h3s_unseal. */
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
 * delete it. So where the request carried no cookie of the session, `h3s_use` is then `h3s_get`,
 * and `h3s_clear` deletes nothing.
 */
#define H3S_CROSS_SITE 2

/**
 * Flag of h3s_iron_seal: seal an object with a member `id` or `data` all the same. What comes out
 * opens as a session.
 */
#define H3S_IRON_SESSION 1

/** View flag: this request made the session. */
#define H3S_VIEW_NEW 1

/** View flag: `h3s_set_cookies` (or, with `"cookie": false`, `h3s_seal`) has something to give that was not yet taken. */
#define H3S_VIEW_DIRTY 2

/** View flag: the session was cleared. */
#define H3S_VIEW_CLEARED 4

/**
 * How many seconds a client is told to wait, in the Retry-After header of the 429 that answers
 * H3S_ERR_BUSY.
 */
#define H3S_RETRY_AFTER 1

/** The options, checked and with their keys derived. Immutable: any number of threads may share one. */
typedef struct h3s_config h3s_config;

/**
 * One request's session. It belongs to one thread at a time, and keeps its config alive.
 *
 * A call that finds another thread inside the same session does nothing: it is H3S_ERR_STATE, or
 * the value that NULL gives. (What was borrowed from a session ends with the other thread's write
 * all the same.)
 */
typedef struct h3s_session h3s_session;

/**
 * What went wrong: 256 bytes that the caller owns. Nothing to free; safe to copy, keep and share.
 *
 * Every function that takes one accepts NULL. After a success, `status` is H3S_OK and the rest is empty.
 * No field ever holds a secret, nor any part of session data.
 */
typedef struct h3s_error {
    /** The status that the function returned, one of H3S_ERR_*. */
    int32_t status;
    /** The first byte at fault in the input, or -1. For H3S_ERR_REJECTED the H3S_REJECTION_* value. */
    int32_t offset;
    /** The option (`"cookie.sameSite"`) or argument at fault, or the name of the rejection; else empty. NUL-terminated. */
    char key[56];
    /** One sentence in English that says what is wrong and what would be right. NUL-terminated UTF-8. */
    char message[192];
} h3s_error;

/**
 * A string that the library owns: `len` bytes at `ptr`.
 *
 * Absent is `{NULL, 0}`; empty has a pointer. It is borrowed from its handle: see each function for how long.
 */
typedef struct h3s_str {
    const char *ptr;
    size_t len;
} h3s_str;

/**
 * What a request brought. Zero it, then set `size` and what you have, e.g.
 * `h3s_request request = {.size = sizeof request, .cookie = c, .cookie_len = strlen(c)};`
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
     * The value of the session header (`h3s_config_header_name`), or none. An empty one counts as none,
     * and a leading `Bearer ` is passed over.
     */
    const char *header;
    size_t header_len;
    /**
     * Who asks: the client's address, as text (`192.0.2.1`, `2001:db8::1`, `[2001:db8::1]:443`) or
     * as its 4 or 16 bytes; or any other bytes that tell clients apart; may be empty. Of an IPv6
     * address the first 64 bits count.
     *
     * Limits the slow key derivations that Fe26.2 tokens cost: for forged ones a burst of 20, then
     * 5 a second; for authentic ones that were not seen lately ten times that. Beyond it comes
     * H3S_ERR_BUSY. What is known already, and other peers, notice nothing. Without a peer there
     * is no limit.
     */
    const char *peer;
    size_t peer_len;
    /** The time, in milliseconds since 1970; 0: the system clock. */
    int64_t now_ms;
} h3s_request;

/** A session at one glance. Set `size` before the call; the strings last as those of `h3s_session_data`. */
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

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/* ---- Options ------------------------------------------------------------------------------------------------------ */

/**
 * Reads the options, checks them, and derives the keys (some 10 ms a password): call it once, at start.
 *
 * json, json_len: a JSON object in UTF-8, as README.md describes it; only `"password"` is required.
 * out: receives the config, to be freed with `h3s_config_free`; NULL after an error.
 * err: may be NULL.
 *
 * Returns H3S_OK, H3S_ERR_CONFIG (`err->key` names the option), H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
 * The input is not kept: it holds passwords, so wipe it if you can.
 */
int32_t h3s_config_new(const char *json, size_t json_len, struct h3s_config **out, struct h3s_error *err);

/**
 * Checks options as `h3s_config_new` does, but derives no keys: for a tool that looks over a file.
 *
 * json, json_len: as there, but it may be without a password, as where that comes from the
 * environment. One that is there is checked.
 * err: may be NULL.
 *
 * Returns H3S_OK, H3S_ERR_CONFIG (`err->key` names the option, `err->offset` is the byte at fault),
 * H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
 */
int32_t h3s_config_check(const char *json, size_t json_len, struct h3s_error *err);

/**
 * Shares a config: returns its argument, which then has one more owner, each of whom frees it
 * once. Any thread may call it. NULL: returns NULL.
 */
struct h3s_config *h3s_config_ref(const struct h3s_config *config);

/**
 * Gives up a config. With the last of its owners, and the last session that was made with it, its
 * keys are wiped. NULL: does nothing.
 */
void h3s_config_free(struct h3s_config *config);

/**
 * Writes a text as a JSON string, quotes included, and a NUL after it: to put a password that comes
 * from the environment, say, into options.
 *
 * text, len: UTF-8. NULL with a length of 0 is the empty text, `""`.
 * out, room: where it goes, and how many bytes there are. `6 * len + 3` are always enough. Where
 * there are too few, `out` is the empty string (of 0 bytes, nothing is written).
 *
 * Returns how long the JSON is without the NUL: it was written if that is less than `room`. Returns
 * 0 if text is NULL, or not UTF-8: no password is changed in silence. What is written may be a
 * secret: wipe it if you can.
 */
size_t h3s_json_quote(const char *text, size_t len, char *out, size_t room);

/** The name of the session cookie, NUL-terminated; lasts as long as the config. NULL config: absent. */
struct h3s_str h3s_config_cookie_name(const struct h3s_config *config);

/**
 * The name of the session header, in lower case, NUL-terminated; empty when `"sessionHeader"` is false.
 * Lasts as long as the config. NULL config: absent.
 */
struct h3s_str h3s_config_header_name(const struct h3s_config *config);

/**
 * What a cache must vary on wherever a session was touched, e.g. `"Cookie, x-h3-session"`: the value of a
 * Vary header, NUL-terminated; empty when neither cookie nor header is on. Lasts as long as the config.
 */
struct h3s_str h3s_config_vary(const struct h3s_config *config);

/** What the options come to: H3S_CONFIG_* or-ed together. NULL config: 0. */
uint32_t h3s_config_flags(const struct h3s_config *config);

/**
 * Copies a Cookie header without the session's cookies (the cookie and its chunks): what may go upstream.
 *
 * cookie, len: the value of the Cookie header.
 * out: room for `len` bytes, which must not overlap `cookie`.
 *
 * Returns how many bytes were written, 0 to `len`; there is no NUL after them. A NULL argument gives 0.
 */
size_t h3s_cookie_strip(const struct h3s_config *config, const char *cookie, size_t len, char *out);

/* ---- Raw seals ---------------------------------------------------------------------------------------------------- */

/**
 * Seals any JSON value as a bare Fe26.2 token, as hapi's iron, iron-webcrypto and iron-session's
 * sealData do. It lives for `seal.ttl`, else `maxAge`, else `idleTimeout`.
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
 * out_len: receives the token's length without the NUL; where `room` is too small, the length that it would have had; else 0.
 *
 * Returns H3S_OK, H3S_ERR_DATA, H3S_ERR_TOO_LARGE (longer than `maxTokenLength`), H3S_ERR_CONFIG
 * (`seal.accept` has neither `"h3-1"` nor `"h3-2"`), H3S_ERR_ARGUMENT (also where `room` is too
 * small), H3S_ERR_RANDOM or H3S_ERR_MEMORY.
 */
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
 * Opens a bare Fe26.2 token of any JSON value. A `~2` after it, as iron-session writes it, is passed over.
 *
 * token, len: the token.
 * now_ms: milliseconds since 1970; 0: the system clock.
 * out, room: where the JSON text goes, with a NUL. `len` bytes are always enough. It is the caller's: wipe it if it is secret.
 * out_len: receives its length without the NUL; where `room` is too small, the length that it would have had; else 0.
 *
 * Returns H3S_OK, H3S_ERR_REJECTED (`err->offset` and `err->key` say why), H3S_ERR_CONFIG
 * (`seal.accept` has neither `"h3-1"` nor `"h3-2"`), H3S_ERR_ARGUMENT (also where `room` is too
 * small) or H3S_ERR_MEMORY.
 */
int32_t h3s_iron_unseal(const struct h3s_config *config,
                        const char *token,
                        size_t len,
                        int64_t now_ms,
                        char *out,
                        size_t room,
                        size_t *out_len,
                        struct h3s_error *err);

/* ---- Opening ------------------------------------------------------------------------------------------------------ */

/**
 * Finds the session in the header, else in the cookie; makes one where there is none or none valid.
 *
 * A session that it makes has a Set-Cookie at once. (Not if each of the request's tokens may well
 * be valid elsewhere, or if the header's session had ended: then only once something is written.
 * Valid elsewhere may be what is of an unsupported format, under an unknown key, from the future,
 * longer or in other chunks than can be read here, or, in Fe26.2, under a number of iterations
 * that the options do not open.)
 *
 * Of several cookies of the name, at most four are tried, and the newest of those that open is the
 * session. At most one slow key derivation is made to find it; what would have taken another one
 * was not looked at, and is not replaced. The next request gets on to it, since keys, and what was
 * refused, are remembered.
 *
 * A token that is refused is no error: see `h3s_session_rejection`.
 *
 * request: see h3s_request.
 * out: receives the session, to be freed with `h3s_session_free`; NULL after an error.
 * err: may be NULL.
 *
 * Returns H3S_OK, H3S_ERR_ARGUMENT, H3S_ERR_RANDOM or H3S_ERR_MEMORY; H3S_ERR_COLD under H3S_WARM_ONLY and H3S_ERR_BUSY for a peer that
 * forges, in both of which no session is made and no cookie is touched.
 */
int32_t h3s_use(const struct h3s_config *config,
                const struct h3s_request *request,
                struct h3s_session **out,
                struct h3s_error *err);

/** As `h3s_use`, but a session that it had to make costs no Set-Cookie until something is written. */
int32_t h3s_get(const struct h3s_config *config,
                const struct h3s_request *request,
                struct h3s_session **out,
                struct h3s_error *err);

/**
 * Opens a bare token, as a header client, a WebSocket or another service would send it.
 *
 * Unlike above, a token that is refused is an error, and no session is made. A cold Fe26.2 token
 * is derived for, and one without a key id with each password that it may belong to: bound the
 * rate of what strangers send, or have it sent in the session header.
 *
 * now_ms: milliseconds since 1970; 0: the system clock.
 * out: receives the session, to be freed with `h3s_session_free`; NULL after an error.
 *
 * Returns H3S_OK, H3S_ERR_REJECTED (`err->offset` and `err->key` say why), H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
 */
int32_t h3s_unseal(const struct h3s_config *config,
                   const char *token,
                   size_t len,
                   int64_t now_ms,
                   struct h3s_session **out,
                   struct h3s_error *err);

/**
 * Frees a session and wipes its data. NULL, and a session that another thread is inside: does
 * nothing.
 */
void h3s_session_free(struct h3s_session *session);

/* ---- Writing ------------------------------------------------------------------------------------------------------ */

/**
 * Merges a JSON object into the data, as JavaScript's `Object.assign`: an existing key keeps its place and gets the
 * new value, a new one goes last. What it does not name stays as it was, byte for byte.
 *
 * It never moves `created_at`, so it never extends `maxAge`. `{}` counts as a write. After `h3s_clear` it starts a fresh session.
 *
 * Returns H3S_OK, H3S_ERR_DATA (not a JSON object in UTF-8, a name twice in one object, more than 128 levels),
 * H3S_ERR_TOO_LARGE, H3S_ERR_REJECTED (it ended since, see `h3s_session_set_now`), H3S_ERR_ARGUMENT, H3S_ERR_MEMORY or H3S_ERR_RANDOM.
 * After any error the session is as it was.
 */
int32_t h3s_update(struct h3s_session *session,
                   const char *json,
                   size_t json_len,
                   struct h3s_error *err);

/** Sets the data to a JSON object, whatever it was. Errors and the rest as `h3s_update`. */
int32_t h3s_replace(struct h3s_session *session, const char *json, size_t json_len, struct h3s_error *err);

/**
 * Sets one top-level key to any JSON value.
 *
 * key: the name itself in UTF-8, neither quoted nor escaped; may be empty.
 * json: the value's JSON text, e.g. `42`, `"text"` with its quotes, `[1,2]`.
 *
 * Errors and the rest as `h3s_update`.
 */
int32_t h3s_set(struct h3s_session *session,
                const char *key,
                size_t key_len,
                const char *json,
                size_t json_len,
                struct h3s_error *err);

/**
 * Sets one top-level key to a string: `text` is the string itself in UTF-8 and is quoted and escaped here.
 * Errors and the rest as `h3s_update`.
 */
int32_t h3s_set_text(struct h3s_session *session,
                     const char *key,
                     size_t key_len,
                     const char *text,
                     size_t text_len,
                     struct h3s_error *err);

/**
 * Deletes one top-level key; that there is none is no error, and counts as a write all the same.
 *
 * Returns as `h3s_update`, and H3S_ERR_STATE after `h3s_clear`.
 */
int32_t h3s_remove(struct h3s_session *session, const char *key, size_t key_len, struct h3s_error *err);

/**
 * Gives the session a new id and `created_at` = now, with the same data. Call it at every login: a session id
 * that an attacker has planted or seen is then worth nothing. It is also what extends a session under `maxAge`.
 *
 * Returns as `h3s_update`, and H3S_ERR_STATE after `h3s_clear`.
 */
int32_t h3s_rotate(struct h3s_session *session, struct h3s_error *err);

/**
 * Ends the session: no id, data `{}`, and deleting Set-Cookie values for its cookie and each chunk the request carried.
 *
 * Where the request carried several cookies of the name that may be sessions, as after a change of
 * `cookie.domain` or `cookie.path`, only one of them can be deleted: then the cookie of a new,
 * empty session takes its place, which is newer than the others, so that none of those comes back.
 * Under H3S_CROSS_SITE nothing is deleted that did not come.
 *
 * Call it at logout. A later `h3s_update`, `h3s_replace` or `h3s_set` starts a fresh session, without the old data;
 * `h3s_remove`, `h3s_rotate`, `h3s_seal` and `h3s_session_set_id` are then H3S_ERR_STATE.
 *
 * Returns H3S_OK or H3S_ERR_ARGUMENT.
 */
int32_t h3s_clear(struct h3s_session *session, struct h3s_error *err);

/**
 * Gives a new or just rotated session an id of your own, in place of the random UUID.
 *
 * id: 1 to 255 bytes of 0x21 to 0x7E. It must be unguessable if anything is looked up by it.
 *
 * Returns H3S_OK, H3S_ERR_DATA, H3S_ERR_STATE (the session is neither new nor just rotated, or was sealed since),
 * H3S_ERR_TOO_LARGE or H3S_ERR_ARGUMENT.
 */
int32_t h3s_session_set_id(struct h3s_session *session, const char *id, size_t len, struct h3s_error *err);

/**
 * Moves the session's clock, which otherwise stands still at the time it was opened: for connections that outlive
 * a request, such as a WebSocket.
 *
 * now_ms: milliseconds since 1970; 0: the system clock.
 *
 * Returns H3S_OK; H3S_ERR_REJECTED when the session has ended by then (it can still be read and cleared, but no longer
 * be written or sealed); H3S_ERR_ARGUMENT. The clock has moved in the first two cases.
 */
int32_t h3s_session_set_now(struct h3s_session *session, int64_t now_ms, struct h3s_error *err);

/* ---- Reading ------------------------------------------------------------------------------------------------------ */

/**
 * The usual getters in one call.
 *
 * out: its `size` must be set. The strings in it last as those of `h3s_session_data`.
 *
 * Returns H3S_OK; H3S_ERR_ARGUMENT for a NULL or a wrong size; H3S_ERR_STATE while another thread
 * is inside; H3S_ERR_INTERNAL for a broken handle.
 */
int32_t h3s_session_view(const struct h3s_session *session, struct h3s_view *out);

/**
 * The session's id, NUL-terminated; empty after `h3s_clear`. NULL session: absent.
 *
 * Borrowed until the next write, `h3s_session_set_now`, `h3s_clear` or free; other getters do not end it.
 */
struct h3s_str h3s_session_id(const struct h3s_session *session);

/**
 * The data as the text of a JSON object, without insignificant white space, NUL-terminated. NULL session: absent.
 *
 * Borrowed until the next write, `h3s_session_set_now`, `h3s_clear` or free; other getters do not end it.
 */
struct h3s_str h3s_session_data(const struct h3s_session *session);

/**
 * One value in the data, as JSON text; NOT NUL-terminated. Absent where there is none.
 *
 * pointer, len: an RFC 6901 JSON Pointer, e.g. `/user/name`, `/cart/0`; empty: the whole data.
 *
 * Borrowed as `h3s_session_data`.
 */
struct h3s_str h3s_session_find(struct h3s_session *session, const char *pointer, size_t len);

/**
 * The string that a JSON Pointer leads to, without its quotes and with its escapes resolved, in
 * UTF-8. Absent where there is none, and for what is no string: `null`, `false`, `42` and objects
 * are absent, and the text "null" is not (`h3s_session_find` has the JSON of all).
 *
 * It may hold NUL bytes: mind `len`. An unpaired surrogate comes as U+FFFD. Also absent when memory is short.
 *
 * Borrowed as `h3s_session_data`.
 */
struct h3s_str h3s_session_text(struct h3s_session *session, const char *pointer, size_t len);

/** When the session was made or last rotated, in milliseconds since 1970; 0 after `h3s_clear` or for NULL. */
int64_t h3s_session_created_at(const struct h3s_session *session);

/**
 * When it was last sealed under `idleTimeout`, in milliseconds since 1970; 0 if never, or for NULL.
 *
 * A write seals, and a read only once more than half of `idleTimeout` is used. So a session may
 * end half of it after its last read.
 */
int64_t h3s_session_last_seen_at(const struct h3s_session *session);

/**
 * When it ends if nothing more comes, by the earliest of its limits, in milliseconds since 1970;
 * 0: never, or NULL. Under `idleTimeout` a read moves it only once more than half of that is used.
 */
int64_t h3s_session_expires_at(const struct h3s_session *session);

/** 1 if this request made the session, else 0. */
int32_t h3s_session_is_new(const struct h3s_session *session);

/** 1 if `h3s_set_cookies` (or, with `"cookie": false`, `h3s_seal`) has something to give that was not yet taken, else 0. */
int32_t h3s_session_is_dirty(const struct h3s_session *session);

/** Where the session came from: H3S_SOURCE_*. */
int32_t h3s_session_source(const struct h3s_session *session);

/**
 * Why the request's first candidate was refused: H3S_REJECTION_*; none if it opened. It may stand
 * beside a session that another candidate opened. (Where none opened and the first was not looked
 * at: the first of those that were refused.)
 *
 * Candidates are the header's token, unless it is empty, and after it the first four cookies of
 * the session's name that begin like a
 * token: with `h3s` and a number, `Fe26.` and a number, or `__chunked__`, or with a percent sign
 * among the first eleven bytes. The same cookie twice counts once (but for `__chunked__`). Where none of the cookies does,
 * and one is not empty, they are one candidate together: malformed.
 */
int32_t h3s_session_rejection(const struct h3s_session *session);

/**
 * A keyed hash of the id, 32 hexadecimal digits, NUL-terminated: write this to logs, never the id. The same on every
 * machine with the same first password and cookie name. Absent after `h3s_clear` or for NULL.
 *
 * Borrowed as `h3s_session_data`.
 */
struct h3s_str h3s_session_log_id(struct h3s_session *session);

/* ---- Cookies and tokens ------------------------------------------------------------------------------------------- */

/**
 * The Set-Cookie values that the response owes; most often none or one. Send each as a header line of its own.
 *
 * What was written is sealed here, once. (In Fe26.2 with more than one iteration a process's first
 * seal, and then one a day, derives two keys, which takes some milliseconds.) Until the next write
 * the same values come again; after it the whole new list takes the place of the former one.
 *
 * list: receives an array of `count` strings, each NUL-terminated, borrowed as `h3s_session_data`.
 * count: receives how many there are.
 *
 * Returns H3S_OK, H3S_ERR_RANDOM, H3S_ERR_MEMORY, H3S_ERR_REJECTED (it ended since, see `h3s_session_set_now`) or H3S_ERR_ARGUMENT.
 * After an error nothing was sealed, `*list` is NULL and `*count` 0.
 */
int32_t h3s_set_cookies(struct h3s_session *session,
                        const struct h3s_str **list,
                        size_t *count,
                        struct h3s_error *err);

/**
 * The session as a bare token, for a client that keeps it itself and sends it back in the session header.
 *
 * token: receives the token, NUL-terminated, borrowed as `h3s_session_data`.
 *
 * Returns H3S_OK; H3S_ERR_TOO_LARGE when it is longer than `maxTokenLength`; H3S_ERR_STATE after `h3s_clear`;
 * H3S_ERR_RANDOM, H3S_ERR_MEMORY, H3S_ERR_REJECTED (it ended since) or H3S_ERR_ARGUMENT. After an error `*token` is absent.
 */
int32_t h3s_seal(struct h3s_session *session,
                 struct h3s_str *token,
                 struct h3s_error *err);

/* ---- Versions and names ------------------------------------------------------------------------------------------- */

/**
 * The version of this ABI. It changes only with the soname; check it where the library is loaded at run time.
 */
uint32_t h3s_abi_version(void);

/** The version of the library, e.g. `"0.1.0"`. Static. */
const char *h3s_version(void);

/** A status in words, e.g. `"the options are wrong"`. Static; never NULL, for any number. */
const char *h3s_status_str(int32_t status);

/** The name of a rejection, e.g. `"bad_seal"`, or `"none"`. Static; never NULL, for any number. */
const char *h3s_rejection_str(int32_t rejection);

/* ---- Responses and requests --------------------------------------------------------------------------------------- */

/**
 * The value of the Vary header for a response to a request whose session was looked at: what the
 * response says so far, and the names of `h3s_config_vary` that it lacks. Else a cache may give one
 * visitor's page to another.
 *
 * present, len: the header's value so far, several lines joined by `", "`; empty where there is
 *     none.
 * out, room: where the value goes, with a NUL; it must not overlap `present`. `len` bytes, the
 *     length of `h3s_config_vary` and 3 more are always enough.
 * out_len: receives the value's length without the NUL; where `room` is too small, the length that
 *     it would have had; else 0.
 *
 * Where nothing has to change, the value is `present`. Where it is empty, the response needs no
 * Vary.
 *
 * Returns H3S_OK or H3S_ERR_ARGUMENT (also where `room` is too small).
 */
int32_t h3s_header_vary(const struct h3s_config *config,
                        const char *present,
                        size_t len,
                        char *out,
                        size_t room,
                        size_t *out_len,
                        struct h3s_error *err);

/**
 * The value of the Cache-Control header for a response that sets a session's cookie: `private`,
 * and what the response says so far but `public`, `s-maxage` and a `private` for some headers only.
 * Else a shared cache may give one visitor's session to another.
 *
 * The headers of which `h3s_header_is_targeted` is true must not stand beside it.
 *
 * present, len, out, room, out_len: as for `h3s_header_vary`. `2 * len + 16` bytes are always
 *     enough.
 *
 * Returns H3S_OK or H3S_ERR_ARGUMENT (also where `room` is too small).
 */
int32_t h3s_header_cache_control(const char *present,
                                 size_t len,
                                 char *out,
                                 size_t room,
                                 size_t *out_len,
                                 struct h3s_error *err);

/**
 * Whether a header speaks to a certain kind of shared cache, which heeds it in place of
 * Cache-Control. Take such headers out of a response that sets a session's cookie.
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
 * Whether another site has led the browser here: then set H3S_CROSS_SITE in `h3s_request.flags`.
 *
 * Browsers say so in Sec-Fetch-Site, over HTTPS and to localhost. Where it is missing, the host in
 * Origin, else in Referer, is compared with Host, without regard to ports. What is not understood
 * is another site: a false alarm costs little, since the flag only matters to requests without the
 * session's cookie. (A link over plain HTTP that sends no Referer cannot be told from one of the
 * own site.)
 *
 * sec_fetch_site, origin, referer, host: the values of these request headers, each with its length;
 *     several lines joined by `", "`; NULL or empty where there is none. Behind a proxy, host is
 *     what the browser asked for.
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

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* H3S_H */
