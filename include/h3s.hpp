// libh3s for C++17 and later: h3s.h with owners, exceptions and range-for. Header-only.
//
//     const h3s::config config(options);                            // once, at start
//
//     h3s::session session = config.use(h3s::request{cookie});      // for each request
//     session.set("visits", session.get<int>("/visits").value_or(0) + 1);
//     for (const h3s::item& item : session.walk("/cart/items"))
//         total += item.get<int>("/count").value_or(0);
//     for (const std::string_view value : session.set_cookies())
//         add_header("Set-Cookie", value);
//
// Link with libh3s: `c++ -std=c++17 program.cpp $(pkg-config --cflags --libs h3s)`.
//
// Names are those of h3s.h without their prefix, and its comments, which go further than those
// here, hold for both: h3s_session_log_id is session.log_id(). What differs:
//
// - A config and a session free themselves. A config may be copied, which shares it and costs next
//   to nothing; a session can only be moved. What was moved from may be assigned to and destroyed;
//   its getters give nothing, and what can fail throws argument_error.
// - What fails throws. Everything thrown is an h3s::error, but std::bad_alloc where memory is
//   short, as from all else in C++. After an exception a session is as it was.
// - What may be absent is a std::optional.
// - A std::string_view that a config or session gives is borrowed from it. That of a session ends
//   with its next successful write, set_now, clear or destruction; moving the session ends nothing.
//   It may be the input of the next write. So do item, walk and set_cookies end.
// - Any number of threads may use and copy one config, and one thread at a time a session.
//
// It needs exceptions: a program without them includes h3s.h.
//
// Errors:
//   error                   The base of all: what, message, status, key, offset, rejection.
//     argument_error        The call itself is wrong.
//     config_error          The options are wrong.
//     data_error            The JSON, key, pointer or id is wrong.
//     too_large_error       The session would not fit in its cookies or its token.
//     state_error           Not possible in this state, such as a rotate after a clear.
//     rejected_error        The token was refused, or the session has ended since.
//     random_error          The operating system gave no random bytes.
//     cold_error            Under request::warm_only: repeat the call without it, in a thread.
//     busy_error            The peer has had too many slow tokens: answer 429.
//     stale_error           The latest logouts may not be known here: answer 503.
//     full_error            There is no room for all that was revoked.
//     store_error           The file of what is revoked cannot be read or written.
//     internal_error        A fault in the library.
//
// Values:
//   time_point              Milliseconds since 1970.
//   type, source, rejection What a value is, where a session came from, why a token was refused.
//   name                    The name of a rejection, such as "bad_seal".
//
// Options:
//   config                  The options, checked and with their keys derived.
//     check                 Checks options without deriving keys.
//     use, get, unseal      Open a session.
//     iron_seal             Seals any JSON value as a Fe26.2 token.
//     iron_unseal           Opens such a token.
//     cookie_name, header_name, vary
//                           What the session is found by.
//     uses_cookies, is_secure, may_be_cold, has_revocation, revocation_file, revocation_keep
//                           What the options come to.
//     counts                What was opened, made, refused and sealed with it.
//     revoke_session, revoke_subject, revoke_everybody
//                           Entries that revoke sessions, for all servers.
//     read_revocation       What an entry says.
//     header_vary           The Vary header of a response.
//     cookie_strip          A Cookie header without the session's cookies.
//     adopt, handle, release
//                           From and to C; session has them, too.
//   json_quote              A text as a JSON string: a password from the environment, say.
//
// Requests:
//   request                 What a request brought: cookie, header, peer, now, warm_only,
//                           cross_site; and revocations.
//   is_cross_site           Whether another site has led the browser here.
//
// Sessions:
//   session
//     get<T>, json, type, contains
//                           Read a value by its JSON Pointer.
//     walk                  The members of an object or the elements of an array.
//     data, id, log_id, created_at, last_seen_at, expires_at, lifetime, is_new, is_dirty, source,
//     rejection
//                           Read what else there is; view gives most of it at once.
//     set, set_json, update, replace, remove
//                           Write top-level keys.
//     set_at, set_json_at, remove_at
//                           Write anywhere, by JSON Pointer.
//     ensure, rotate, clear, revoke, revoke_everywhere, set_id, set_lifetime, set_now
//                           Change the session as a whole.
//     revocation_entries    What a logout makes known to all servers.
//     set_cookies, seal     What to send.
//     strip                 A Cookie header without other cookies of the session's.
//   lifetime                How long one session lives, whatever maxAge says.
//   item                    A member or element on a walk: key, and get<T>, json, type, contains,
//                           walk inside it.
//
// Revocation:
//   revocations             A process's copy of what is revoked: apply, heard, view; in memory that
//                           processes share: at.
//   revocations_view        How many entries it has, and how complete it is.
//   revocation_file         The file through which the processes of one machine make known what
//                           they revoke: append, poll.
//
// Responses:
//   header_cache_control    The Cache-Control header of a response that sets a session's cookie.
//   header_is_targeted      Whether some shared caches heed a header in place of Cache-Control.
//
// Versions:
//   version, abi_version    Those of the library that is loaded.

#ifndef H3S_HPP
#define H3S_HPP

#if __cplusplus < 201703L
#error "h3s.hpp needs C++17: compile with -std=c++17, or include h3s.h"
#endif
#if !defined(__cpp_exceptions)
#error "h3s.hpp needs exceptions: compile without -fno-exceptions, or include h3s.h"
#endif

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iterator>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <h3s.h>

// Of warnings that a header of its own cannot heed: it has no source file to put the classes'
// tables into, and its structs are as large as they are.
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wweak-vtables"
#pragma clang diagnostic ignored "-Wpadded"
#if __has_warning("-Wunsafe-buffer-usage")
#pragma clang diagnostic ignored "-Wunsafe-buffer-usage"
#endif
#endif

namespace h3s {

// ---- Values -------------------------------------------------------------------------------------

/// A time: milliseconds since 1970.
using time_point = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// What a value of the data is.
enum class type : std::int32_t {
    absent = H3S_TYPE_ABSENT,
    null = H3S_TYPE_NULL,
    boolean = H3S_TYPE_BOOL,
    number = H3S_TYPE_NUMBER,
    string = H3S_TYPE_STRING,
    array = H3S_TYPE_ARRAY,
    object = H3S_TYPE_OBJECT,
};

/// Where a session came from; `none`: the request made it.
enum class source : std::int32_t {
    none = H3S_SOURCE_NONE,
    cookie = H3S_SOURCE_COOKIE,
    header = H3S_SOURCE_HEADER,
    token = H3S_SOURCE_TOKEN,
};

/// What an entry revokes: see H3S_ENTRY_* in h3s.h.
enum class revocation_kind : std::int32_t {
    session = H3S_ENTRY_SESSION,
    subject = H3S_ENTRY_SUBJECT,
    everybody = H3S_ENTRY_EVERYBODY,
};

/// Why a token was refused: see H3S_REJECTION_* in h3s.h. That none was is an empty optional.
enum class rejection : std::int32_t {
    malformed = H3S_REJECTION_MALFORMED,
    unsupported_format = H3S_REJECTION_UNSUPPORTED_FORMAT,
    unknown_key = H3S_REJECTION_UNKNOWN_KEY,
    bad_seal = H3S_REJECTION_BAD_SEAL,
    expired = H3S_REJECTION_EXPIRED,
    idle = H3S_REJECTION_IDLE,
    revoked = H3S_REJECTION_REVOKED,
    too_large = H3S_REJECTION_TOO_LARGE,
};

/// The name of a rejection, such as "bad_seal". Static and NUL-terminated.
[[nodiscard]] inline std::string_view name(rejection why) noexcept
{
    return h3s_rejection_str(static_cast<std::int32_t>(why));
}

// ---- Errors -------------------------------------------------------------------------------------

/// What went wrong. It holds no secret and no session data, so it is fit for logs.
///
/// Neither to make nor to copy one allocates memory.
class error : public std::exception {
public:
    explicit error(const h3s_error& from) noexcept : error_(from)
    {
        if (error_.key[0] != '\0')
            std::snprintf(what_, sizeof what_, "%s: %s", error_.key, error_.message);
        else if (error_.offset >= 0)
            std::snprintf(what_, sizeof what_, "%s (at byte %ld)", error_.message,
                          static_cast<long>(error_.offset));
        else
            std::snprintf(what_, sizeof what_, "%s", error_.message);
    }

    /// For logs: the message, and the key or byte that it is about.
    [[nodiscard]] const char* what() const noexcept override { return what_; }

    /// One sentence that says what is wrong and what would be right. Lasts as long as the error.
    [[nodiscard]] std::string_view message() const noexcept { return error_.message; }

    /// H3S_ERR_*.
    [[nodiscard]] std::int32_t status() const noexcept { return error_.status; }

    /// The option (`cookie.sameSite`) or argument at fault, or the name of the rejection; else
    /// empty. Lasts as long as the error.
    [[nodiscard]] std::string_view key() const noexcept { return error_.key; }

    /// The first byte at fault in the input.
    [[nodiscard]] std::optional<std::size_t> offset() const noexcept
    {
        if (error_.offset < 0)
            return std::nullopt;
        return static_cast<std::size_t>(error_.offset);
    }

    /// Why the token was refused, of a rejected_error.
    [[nodiscard]] std::optional<h3s::rejection> rejection() const noexcept
    {
        if (error_.rejection == H3S_REJECTION_NONE)
            return std::nullopt;
        return static_cast<h3s::rejection>(error_.rejection);
    }

private:
    h3s_error error_;
    char what_[sizeof(h3s_error)] = {};
};

/// The call itself is wrong: a handle was moved from, or a time is out of range.
class argument_error : public error {
    using error::error;
};

/// The options are wrong: key names the option, offset is its byte in the JSON.
class config_error : public error {
    using error::error;
};

/// The JSON, key, pointer or id given is wrong.
class data_error : public error {
    using error::error;
};

/// The session would not fit in its cookies or, sealed, in `maxTokenLength`.
class too_large_error : public error {
    using error::error;
};

/// Not possible in this state, such as a rotate after a clear.
class state_error : public error {
    using error::error;
};

/// The token was refused (unseal), or the session has ended since (set_now): see rejection.
class rejected_error : public error {
    using error::error;
};

/// The operating system gave no random bytes. Nothing was sealed.
class random_error : public error {
    using error::error;
};

/// Under request::warm_only, a Fe26.2 token needs a slow key derivation. No session was made:
/// repeat the call without the flag, in a thread.
class cold_error : public error {
    using error::error;
};

/// The peer has had too many Fe26.2 tokens lately that take a slow key derivation. No session was
/// made: answer 429, with H3S_RETRY_AFTER seconds, and touch no cookie.
class busy_error : public error {
    using error::error;
};

/// The latest logouts may not be known here, and the options say `"stale": "closed"`. No session
/// was made: answer 503, and touch no cookie.
class stale_error : public error {
    using error::error;
};

/// A copy of what is revoked has no room for an entry. All others were applied.
class full_error : public error {
    using error::error;
};

/// The file of what is revoked cannot be read or written, or is none. Nothing was made known.
class store_error : public error {
    using error::error;
};

/// A fault in the library. The session can only be destroyed; please report it.
class internal_error : public error {
    using error::error;
};

/// What the classes below share. Not for programs.
namespace detail {

[[noreturn]] inline void raise(const h3s_error& err)
{
    switch (err.status) {
    case H3S_ERR_ARGUMENT: throw argument_error(err);
    case H3S_ERR_CONFIG: throw config_error(err);
    case H3S_ERR_DATA: throw data_error(err);
    case H3S_ERR_TOO_LARGE: throw too_large_error(err);
    case H3S_ERR_STATE: throw state_error(err);
    case H3S_ERR_REJECTED: throw rejected_error(err);
    case H3S_ERR_RANDOM: throw random_error(err);
    // No class of its own: strings and containers throw it, too, so who minds catches it anyway.
    case H3S_ERR_MEMORY: throw std::bad_alloc();
    case H3S_ERR_COLD: throw cold_error(err);
    case H3S_ERR_BUSY: throw busy_error(err);
    case H3S_ERR_STALE: throw stale_error(err);
    case H3S_ERR_FULL: throw full_error(err);
    case H3S_ERR_STORE: throw store_error(err);
    case H3S_ERR_INTERNAL: throw internal_error(err);
    default: throw error(err);
    }
}

// For what has a status but no h3s_error.
[[noreturn]] inline void raise(std::int32_t status, const char* key, const char* message)
{
    h3s_error err{};
    err.status = status;
    err.offset = -1;
    std::snprintf(err.key, sizeof err.key, "%s", key);
    std::snprintf(err.message, sizeof err.message, "%s", message);
    raise(err);
}

inline void check(std::int32_t status, const h3s_error& err)
{
    if (status != H3S_OK)
        raise(err);
}

// Of a typed getter, to which H3S_ERR_DATA says that there is no such value.
[[nodiscard]] inline bool has_value(std::int32_t status)
{
    if (status != H3S_OK && status != H3S_ERR_DATA)
        raise(status, "", h3s_status_str(status));
    return status == H3S_OK;
}

[[nodiscard]] inline std::string_view text(h3s_str str) noexcept { return {str.ptr, str.len}; }

[[nodiscard]] inline std::optional<std::string_view> if_present(h3s_str str) noexcept
{
    if (str.ptr == nullptr)
        return std::nullopt;
    return text(str);
}

[[nodiscard]] inline std::optional<std::string_view> if_not_empty(h3s_str str) noexcept
{
    if (str.len == 0)
        return std::nullopt;
    return text(str);
}

[[nodiscard]] inline std::optional<time_point> if_not_zero(std::int64_t ms) noexcept
{
    if (ms == 0)
        return std::nullopt;
    return time_point(std::chrono::milliseconds(ms));
}

[[nodiscard]] inline std::optional<rejection> if_rejected(std::int32_t why) noexcept
{
    if (why == H3S_REJECTION_NONE)
        return std::nullopt;
    return static_cast<rejection>(why);
}

template <class Duration>
[[nodiscard]] std::int64_t
milliseconds(std::chrono::time_point<std::chrono::system_clock, Duration> time) noexcept
{
    return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

// What a function writes that takes `out`, `room`, `&len` and an error. `enough` is at least 1.
template <class Write> [[nodiscard]] std::string written(std::size_t enough, Write write)
{
    std::string out(enough, '\0');
    std::size_t len = 0;
    h3s_error err{};
    check(write(out.data(), out.size(), &len, &err), err);
    out.resize(len);
    return out;
}

// A session and an item are read alike.
[[nodiscard]] inline h3s_str find(const h3s_session* from, const char* ptr, std::size_t len)
{
    return h3s_session_find(from, ptr, len);
}
[[nodiscard]] inline h3s_str find(const h3s_iter* from, const char* ptr, std::size_t len)
{
    return h3s_iter_find(from, ptr, len);
}
[[nodiscard]] inline std::int32_t type_of(const h3s_session* from, const char* ptr, std::size_t len)
{
    return h3s_session_type(from, ptr, len);
}
[[nodiscard]] inline std::int32_t type_of(const h3s_iter* from, const char* ptr, std::size_t len)
{
    return h3s_iter_type(from, ptr, len);
}
[[nodiscard]] inline h3s_str text_at(const h3s_session* from, const char* ptr, std::size_t len)
{
    return h3s_session_text(from, ptr, len);
}
[[nodiscard]] inline h3s_str text_at(const h3s_iter* from, const char* ptr, std::size_t len)
{
    return h3s_iter_text(from, ptr, len);
}
[[nodiscard]] inline std::int32_t
read(const h3s_session* from, const char* ptr, std::size_t len, std::int64_t* out)
{
    return h3s_session_int(from, ptr, len, out);
}
[[nodiscard]] inline std::int32_t
read(const h3s_iter* from, const char* ptr, std::size_t len, std::int64_t* out)
{
    return h3s_iter_int(from, ptr, len, out);
}
[[nodiscard]] inline std::int32_t
read(const h3s_session* from, const char* ptr, std::size_t len, std::int32_t* out)
{
    return h3s_session_bool(from, ptr, len, out);
}
[[nodiscard]] inline std::int32_t
read(const h3s_iter* from, const char* ptr, std::size_t len, std::int32_t* out)
{
    return h3s_iter_bool(from, ptr, len, out);
}
[[nodiscard]] inline std::int32_t
read(const h3s_session* from, const char* ptr, std::size_t len, double* out)
{
    return h3s_session_double(from, ptr, len, out);
}
[[nodiscard]] inline std::int32_t
read(const h3s_iter* from, const char* ptr, std::size_t len, double* out)
{
    return h3s_iter_double(from, ptr, len, out);
}

template <class T> inline constexpr bool is_character = std::is_same_v<T, char>
    || std::is_same_v<T, wchar_t> || std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>
#if defined(__cpp_char8_t)
    || std::is_same_v<T, char8_t>
#endif
    ;
template <class T> inline constexpr bool is_integer
    = std::is_integral_v<T> && sizeof(T) <= 8 && !std::is_same_v<T, bool> && !is_character<T>;
template <class T> inline constexpr bool is_number
    = std::is_same_v<T, double> || std::is_same_v<T, float>;
template <class> inline constexpr bool is_nothing = false;

// JavaScript and C have no unsigned 64 bits.
template <class T> [[nodiscard]] std::int64_t integer(T value)
{
    if constexpr (std::is_unsigned_v<T> && sizeof(T) == 8) {
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            raise(H3S_ERR_DATA, "", "the integer is beyond 64 bits with a sign: write it as text");
    }
    return static_cast<std::int64_t>(value);
}

template <class T> [[nodiscard]] std::string digits(T value)
{
    char out[32];
    const auto [end, fault] = std::to_chars(out, out + sizeof out, value);
    if (fault != std::errc())
        raise(H3S_ERR_INTERNAL, "", "a number is longer than its room");
    return {out, end};
}

} // namespace detail

// ---- Options ------------------------------------------------------------------------------------

/// A text as a JSON string with its quotes: a password from the environment, say, for the options.
///
/// It may be a secret: wipe it if you can. Throws data_error if the text is not UTF-8.
[[nodiscard]] inline std::string json_quote(std::string_view text)
{
    const std::size_t len = h3s_json_quote(text.data(), text.size(), nullptr, 0);
    if (len == 0)
        detail::raise(H3S_ERR_DATA, "text", "the text is not UTF-8");
    std::string out(len + 1, '\0');
    if (h3s_json_quote(text.data(), text.size(), out.data(), out.size()) != len)
        detail::raise(H3S_ERR_INTERNAL, "text", h3s_status_str(H3S_ERR_INTERNAL));
    out.resize(len);
    return out;
}

// ---- What is revoked ----------------------------------------------------------------------------

class config;

/// How many entries a copy of what is revoked has, and how complete it is.
struct revocations_view {
    /// How many there are that have not ended.
    std::size_t entries;
    /// How many there may be at least.
    std::size_t room;
    /// How many have found no room, so that what they revoke is not refused here.
    std::size_t missed;
    /// When it was last complete.
    std::optional<time_point> heard_at;
};

/// What an entry says.
struct revocation_entry {
    revocation_kind kind;
    /// Of a session its log_id, of a subject itself, of everybody nothing.
    std::string whose;
    /// Sessions are refused that were made before; nothing of a session, which is in any case.
    std::optional<time_point> before;
    /// The entry matters until then.
    time_point until;
};

/// A process's copy of what is revoked: make one at start, and give it with each request. Any
/// number of threads and configs may share it, and a copy of this object is the same copy; all its
/// functions are const for that reason, and take no lock. It is freed once neither an owner nor a
/// session has it any more.
class revocations {
public:
    /// A copy without entries, with room for so many at least: 1 to 67,108,864, of 48 to 96 bytes
    /// each. Throws argument_error, random_error or std::bad_alloc.
    explicit revocations(std::size_t room)
    {
        h3s_error err{};
        detail::check(h3s_revocations_new(room, &revocations_, &err), err);
    }

    revocations(const revocations& from) noexcept
        : revocations_(h3s_revocations_ref(from.revocations_))
    {
    }
    revocations(revocations&& from) noexcept : revocations_(from.release()) {}
    revocations& operator=(const revocations& from) noexcept
    {
        revocations copy(from);
        copy.swap(*this);
        return *this;
    }
    revocations& operator=(revocations&& from) noexcept
    {
        revocations moved(std::move(from));
        moved.swap(*this);
        return *this;
    }
    ~revocations() { h3s_revocations_free(revocations_); }

    void swap(revocations& other) noexcept { std::swap(revocations_, other.revocations_); }
    friend void swap(revocations& a, revocations& b) noexcept { a.swap(b); }

    /// Whether both are one copy, and not whether they have the same entries.
    [[nodiscard]] friend bool operator==(const revocations& a, const revocations& b) noexcept
    {
        return a.revocations_ == b.revocations_;
    }
    [[nodiscard]] friend bool operator!=(const revocations& a, const revocations& b) noexcept
    {
        return !(a == b);
    }

    /// A copy in memory that several processes share: zeroed, or what this function has made of it
    /// before, which is taken over. Aligned to 8 bytes, 512 bytes at least; it has to outlive all
    /// owners and sessions. Throws as the constructor.
    [[nodiscard]] static revocations at(void* memory, std::size_t size)
    {
        h3s_revocations* made = nullptr;
        h3s_error err{};
        detail::check(h3s_revocations_at(memory, size, &made, &err), err);
        return adopt(made);
    }

    /// A copy that C has made, of which one owner is this from now on.
    [[nodiscard]] static revocations adopt(h3s_revocations* owned) noexcept
    {
        revocations adopted;
        adopted.revocations_ = owned;
        return adopted;
    }

    /// The handle for C. It stays this object's.
    [[nodiscard]] const h3s_revocations* handle() const noexcept { return revocations_; }

    /// The handle for C, whose owner is the caller from now on: h3s_revocations_free. This is then
    /// as if moved from.
    [[nodiscard]] h3s_revocations* release() noexcept
    {
        return std::exchange(revocations_, nullptr);
    }

    /// Applies entries, one a line: those that the config's passwords open, that are of its
    /// cookie's name, and that have not ended. How often, and in which order, makes no difference.
    /// Gives how many were applied.
    ///
    /// now: the time; 1970 itself: the system clock.
    ///
    /// Throws full_error where some had no room, all others being applied; config_error,
    /// argument_error or std::bad_alloc.
    std::size_t apply(const config& with, std::string_view lines, time_point now = {}) const;

    /// Says that all entries were applied that anybody had made known by a time: by the system
    /// clock, without one. Throws argument_error.
    void heard(time_point now = {}) const
    {
        h3s_error err{};
        detail::check(h3s_revocations_heard(revocations_, detail::milliseconds(now), &err), err);
    }

    /// How many entries there are at a time, and how complete they are. It looks at all of its
    /// memory: for a page of figures, not for each request. Throws argument_error.
    [[nodiscard]] revocations_view view(time_point now = {}) const
    {
        h3s_revocations_info got{};
        got.size = sizeof got;
        h3s_error err{};
        detail::check(
            h3s_revocations_view(revocations_, detail::milliseconds(now), &got, &err), err);
        return {got.entries, got.room, got.missed, detail::if_not_zero(got.heard_at)};
    }

private:
    // Not one of the handle: revocations(0) could be that one, too.
    revocations() noexcept = default;

    h3s_revocations* revocations_ = nullptr;
};

// ---- Requests -----------------------------------------------------------------------------------

/// What a request brought:
///
///     config.use(h3s::request{cookie}.header(token).peer(address))
///
/// It borrows its strings: they must last until the session is opened. What is empty is not there.
class request {
public:
    /// The value of the Cookie header. Several Cookie lines: joined with "; ".
    explicit request(std::string_view cookie = {}) noexcept
    {
        request_.size = sizeof request_;
        request_.cookie = cookie.data();
        request_.cookie_len = cookie.size();
    }

    /// The value of the session header. For unseal and iron_unseal: the bare token.
    request& header(std::string_view value) noexcept
    {
        request_.header = value.data();
        request_.header_len = value.size();
        return *this;
    }

    /// Who asks, such as the client's address: limits the slow key derivations of its tokens.
    request& peer(std::string_view address) noexcept
    {
        request_.peer = address.data();
        request_.peer_len = address.size();
        return *this;
    }

    /// The time; without it, or for 1970 itself, the system clock.
    template <class Duration>
    request& now(std::chrono::time_point<std::chrono::system_clock, Duration> time) noexcept
    {
        request_.now_ms = detail::milliseconds(time);
        return *this;
    }

    /// Throw cold_error instead of making a slow key derivation.
    request& warm_only(bool on = true) noexcept { return set_flag(H3S_WARM_ONLY, on); }

    /// Another site has sent the browser here: see is_cross_site.
    request& cross_site(bool on = true) noexcept { return set_flag(H3S_CROSS_SITE, on); }

    /// What is revoked, as this process knows it: needed where the options have `revocation`. It is
    /// borrowed as the strings are.
    request& revocations(const h3s::revocations& known) noexcept
    {
        request_.revocations = known.handle();
        return *this;
    }

    /// The struct of C. Lasts as long as the request.
    [[nodiscard]] const h3s_request& handle() const noexcept { return request_; }

private:
    request& set_flag(std::uint32_t flag, bool on) noexcept
    {
        request_.flags = on ? request_.flags | flag : request_.flags & ~flag;
        return *this;
    }

    h3s_request request_{};
};

/// Headers of a request that say who has led the browser here; empty where there is none. Several
/// lines of one header: joined with ", ".
struct site_headers {
    std::string_view sec_fetch_site{};
    std::string_view origin{};
    std::string_view referer{};
    /// Behind a proxy, what the browser asked for.
    std::string_view host{};
};

/// Whether another site has led the browser here: then set request::cross_site.
[[nodiscard]] inline bool is_cross_site(const site_headers& headers) noexcept
{
    return h3s_is_cross_site(headers.sec_fetch_site.data(), headers.sec_fetch_site.size(),
                             headers.origin.data(), headers.origin.size(),
                             headers.referer.data(), headers.referer.size(),
                             headers.host.data(), headers.host.size())
        != 0;
}

// ---- Reading ------------------------------------------------------------------------------------

class walk_range;

/// How a session, and an item on a walk through one, are read. `pointer` is an RFC 6901 JSON
/// Pointer, such as "/cart/items/0"; the empty one is the whole data, or the item itself.
template <class Self> class reader {
public:
    /// A value of the data as a T: bool; any integer type; double; std::string_view, which is
    /// borrowed, or std::string. A string comes without quotes and escapes, in UTF-8.
    ///
    /// Nothing where there is no such value, or one of another type: a fraction or what does not
    /// fit into T is no integer. Throws state_error while another thread is inside, and from an
    /// item whose session was written since; std::bad_alloc.
    template <class T> [[nodiscard]] std::optional<T> get(std::string_view pointer = {}) const
    {
        if constexpr (std::is_same_v<T, bool>) {
            const auto value = read<std::int32_t>(pointer);
            return value ? std::optional<bool>(*value != 0) : std::nullopt;
        } else if constexpr (detail::is_integer<T>) {
            const auto value = read<std::int64_t>(pointer);
            return value ? narrowed<T>(*value) : std::nullopt;
        } else if constexpr (std::is_same_v<T, double>) {
            return read<double>(pointer);
        } else if constexpr (std::is_same_v<T, std::string_view>) {
            const h3s_str found = detail::text_at(handle(), pointer.data(), pointer.size());
            if (found.ptr == nullptr && type(pointer) == h3s::type::string)
                throw std::bad_alloc();
            return detail::if_present(found);
        } else if constexpr (std::is_same_v<T, std::string>) {
            const auto found = get<std::string_view>(pointer);
            return found ? std::optional<std::string>(*found) : std::nullopt;
        } else {
            static_assert(detail::is_nothing<T>,
                          "get reads bool, integers, double, std::string_view and std::string");
        }
    }

    /// A value as JSON text, borrowed. NOT NUL-terminated. Nothing where there is none.
    [[nodiscard]] std::optional<std::string_view> json(std::string_view pointer = {}) const noexcept
    {
        return detail::if_present(detail::find(handle(), pointer.data(), pointer.size()));
    }

    /// What a value is; type::absent where there is none.
    [[nodiscard]] h3s::type type(std::string_view pointer = {}) const noexcept
    {
        return static_cast<h3s::type>(detail::type_of(handle(), pointer.data(), pointer.size()));
    }

    /// Whether there is such a value, even null.
    [[nodiscard]] bool contains(std::string_view pointer) const noexcept
    {
        return type(pointer) != h3s::type::absent;
    }

private:
    [[nodiscard]] auto handle() const noexcept { return static_cast<const Self*>(this)->handle(); }

    template <class T> [[nodiscard]] std::optional<T> read(std::string_view pointer) const
    {
        T value{};
        if (!detail::has_value(detail::read(handle(), pointer.data(), pointer.size(), &value)))
            return std::nullopt;
        return value;
    }

    template <class T> [[nodiscard]] static std::optional<T> narrowed(std::int64_t value) noexcept
    {
        const T narrow = static_cast<T>(value);
        if (static_cast<std::int64_t>(narrow) != value)
            return std::nullopt;
        if constexpr (std::is_unsigned_v<T>) {
            if (value < 0)
                return std::nullopt;
        }
        return narrow;
    }
};

/// A member of an object or an element of an array, on a walk: read it as a session. It ends as
/// what is borrowed from the session does, and a loop gives each in the place of the one before.
class item : public reader<item> {
public:
    item() noexcept = default;

    /// A member's name, without quotes and escapes, in UTF-8; nothing of an element. Borrowed, and
    /// NOT NUL-terminated.
    [[nodiscard]] std::optional<std::string_view> key() const noexcept
    {
        return detail::if_present(key_);
    }

    /// A walk through an object or array inside it. It does not need the item any more.
    [[nodiscard]] walk_range walk(std::string_view pointer = {}) const noexcept;

    /// The struct of C. Lasts as long as the item.
    [[nodiscard]] const h3s_iter* handle() const noexcept { return &iter_; }

private:
    friend class walk_range;

    explicit item(const h3s_iter& iter) noexcept : iter_(iter) {}

    [[nodiscard]] bool next()
    {
        const std::int32_t status = h3s_iter_next(&iter_, &key_, nullptr);
        if (status != H3S_OK && status != H3S_END)
            detail::raise(status, "", h3s_status_str(status));
        return status == H3S_OK;
    }

    h3s_iter iter_{};
    h3s_str key_{};
};

/// A walk through the members of an object or the elements of an array, for range-for:
///
///     for (const h3s::item& item : session.walk("/cart/items"))
///
/// It takes as long as to read the object or array once. Of what is neither, and of what is not
/// there, it is empty. It ends as what is borrowed from the session does: to go on after a write is
/// state_error, and after the session's end undefined.
class walk_range {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = item;
        using difference_type = std::ptrdiff_t;
        using pointer = const item*;
        using reference = const item&;

        iterator() noexcept = default;

        [[nodiscard]] reference operator*() const noexcept { return item_; }
        [[nodiscard]] pointer operator->() const noexcept { return &item_; }

        /// Throws state_error if the session was written since; std::bad_alloc.
        iterator& operator++()
        {
            there_ = item_.next();
            return *this;
        }
        iterator operator++(int)
        {
            const iterator before = *this;
            ++*this;
            return before;
        }

        /// Whether both are at the end: all that an input iterator can say.
        [[nodiscard]] friend bool operator==(const iterator& a, const iterator& b) noexcept
        {
            return a.there_ == b.there_;
        }
        [[nodiscard]] friend bool operator!=(const iterator& a, const iterator& b) noexcept
        {
            return !(a == b);
        }

    private:
        friend class walk_range;

        explicit iterator(const item& first) : item_(first) { ++*this; }

        item item_{};
        bool there_ = false;
    };

    /// At the first one. Throws as iterator's operator++.
    [[nodiscard]] iterator begin() const { return iterator(before_); }
    [[nodiscard]] iterator end() const noexcept { return {}; }

private:
    friend class item;
    friend class session;

    explicit walk_range(const h3s_iter& iter) noexcept : before_(iter) {}

    item before_;
};

inline walk_range item::walk(std::string_view pointer) const noexcept
{
    return walk_range(h3s_iter_iter(&iter_, pointer.data(), pointer.size()));
}

/// Set-Cookie values, each NUL-terminated. They are borrowed from their session.
class cookie_list {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
#if defined(__cpp_lib_concepts)
        using iterator_concept = std::forward_iterator_tag;
#endif
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = std::string_view;

        iterator() noexcept = default;

        [[nodiscard]] reference operator*() const noexcept { return detail::text(*at_); }

        iterator& operator++() noexcept
        {
            ++at_;
            return *this;
        }
        iterator operator++(int) noexcept
        {
            const iterator before = *this;
            ++at_;
            return before;
        }

        [[nodiscard]] friend bool operator==(const iterator& a, const iterator& b) noexcept
        {
            return a.at_ == b.at_;
        }
        [[nodiscard]] friend bool operator!=(const iterator& a, const iterator& b) noexcept
        {
            return !(a == b);
        }

    private:
        friend class cookie_list;

        explicit iterator(const h3s_str* at) noexcept : at_(at) {}

        const h3s_str* at_ = nullptr;
    };

    [[nodiscard]] iterator begin() const noexcept { return iterator(list_); }
    [[nodiscard]] iterator end() const noexcept { return iterator(list_ + count_); }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

    /// One of them; `i` is less than size().
    [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept
    {
        return detail::text(list_[i]);
    }

private:
    friend class session;

    cookie_list(const h3s_str* list, std::size_t count) noexcept : list_(list), count_(count) {}

    const h3s_str* list_;
    std::size_t count_;
};

/// Entries of what is revoked, each NUL-terminated. They are borrowed from their session.
using entry_list = cookie_list;

/// How long one session lives, such as a login without "remember me".
struct lifetime {
    /// From created_at, in place of maxAge, where that is not shorter; 0: as maxAge says.
    std::chrono::seconds max_age{0};
    /// Its cookie has no end of its own, so that the browser forgets it when it is closed.
    bool ends_with_browser = false;
};

/// A session at one glance: what its getters of these names give.
struct view {
    std::optional<std::string_view> id;
    std::string_view data;
    std::optional<time_point> created_at;
    std::optional<time_point> last_seen_at;
    std::optional<time_point> expires_at;
    h3s::source source;
    std::optional<h3s::rejection> rejection;
    bool is_new;
    bool is_dirty;
    /// The session was cleared, and not written since.
    bool is_cleared;
    /// What was revoked might not have been known when it was opened.
    bool is_stale;
    /// To seal it now may take a slow key derivation, of some milliseconds.
    bool is_cold;
};

// ---- Sessions -----------------------------------------------------------------------------------

/// One request's session. It belongs to one thread at a time, keeps its config alive, and wipes its
/// data at its end. Config's use, get and unseal open one.
///
/// Writes return the session, so that they can be chained. Each throws data_error (with the offset
/// of the byte at fault), too_large_error, rejected_error (the session has ended since: see
/// set_now), state_error (another thread is inside) or std::bad_alloc, and then has changed
/// nothing.
class session : public reader<session> {
public:
    session(session&& from) noexcept : session_(from.release()) {}
    session& operator=(session&& from) noexcept
    {
        session moved(std::move(from));
        moved.swap(*this);
        return *this;
    }
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    ~session() { h3s_session_free(session_); }

    void swap(session& other) noexcept { std::swap(session_, other.session_); }
    friend void swap(session& a, session& b) noexcept { a.swap(b); }

    /// A session that C has made, whose owner this is from now on.
    [[nodiscard]] static session adopt(h3s_session* owned) noexcept { return session(owned); }

    /// The handle for C. It stays this object's.
    [[nodiscard]] const h3s_session* handle() const noexcept { return session_; }
    [[nodiscard]] h3s_session* handle() noexcept { return session_; }

    /// The handle for C, whose owner is the caller from now on: h3s_session_free. This is then as
    /// if moved from.
    [[nodiscard]] h3s_session* release() noexcept { return std::exchange(session_, nullptr); }

    // -- Reading; get, json, type and contains are reader's --

    /// A walk through the members of an object or the elements of an array of the data. Not of a
    /// temporary session, which would end before the loop begins.
    [[nodiscard]] walk_range walk(std::string_view pointer = {}) const& noexcept
    {
        return walk_range(h3s_session_iter(session_, pointer.data(), pointer.size()));
    }
    walk_range walk(std::string_view pointer = {}) const&& = delete;

    /// The data: a JSON object without insignificant white space. NUL-terminated.
    [[nodiscard]] std::string_view data() const noexcept
    {
        return detail::text(h3s_session_data(session_));
    }

    /// The id. NUL-terminated. Nothing after clear.
    [[nodiscard]] std::optional<std::string_view> id() const noexcept
    {
        return detail::if_not_empty(h3s_session_id(session_));
    }

    /// A name for the session in logs: write this there, never the id. NUL-terminated. Nothing
    /// after clear.
    [[nodiscard]] std::optional<std::string_view> log_id() const noexcept
    {
        return detail::if_present(h3s_session_log_id(session_));
    }

    /// When it was made or last rotated. Nothing after clear.
    [[nodiscard]] std::optional<time_point> created_at() const noexcept
    {
        return detail::if_not_zero(h3s_session_created_at(session_));
    }

    /// When it was last seen under `idleTimeout`. Nothing if never.
    [[nodiscard]] std::optional<time_point> last_seen_at() const noexcept
    {
        return detail::if_not_zero(h3s_session_last_seen_at(session_));
    }

    /// What set_lifetime has set for this session alone.
    [[nodiscard]] h3s::lifetime lifetime() const noexcept
    {
        std::uint32_t flags = 0;
        const std::int64_t seconds = h3s_session_lifetime(session_, &flags);
        return {std::chrono::seconds(seconds), (flags & H3S_LIFETIME_BROWSER) != 0};
    }

    /// When it ends if nothing more comes. Nothing if never.
    [[nodiscard]] std::optional<time_point> expires_at() const noexcept
    {
        return detail::if_not_zero(h3s_session_expires_at(session_));
    }

    /// Whether this request made it.
    [[nodiscard]] bool is_new() const noexcept { return h3s_session_is_new(session_) != 0; }

    /// Whether there is something to send that was not yet taken.
    [[nodiscard]] bool is_dirty() const noexcept { return h3s_session_is_dirty(session_) != 0; }

    /// Where it came from.
    [[nodiscard]] h3s::source source() const noexcept
    {
        return static_cast<h3s::source>(h3s_session_source(session_));
    }

    /// Why the request's first token was refused. Nothing if it opened, or there was none.
    [[nodiscard]] std::optional<h3s::rejection> rejection() const noexcept
    {
        return detail::if_rejected(h3s_session_rejection(session_));
    }

    /// Most of the above in one call. Its strings are borrowed. Throws state_error while another
    /// thread is inside.
    [[nodiscard]] h3s::view view() const
    {
        h3s_view got{};
        got.size = sizeof got;
        const std::int32_t status = h3s_session_view(session_, &got);
        if (status != H3S_OK)
            detail::raise(status, "", h3s_status_str(status));
        return {detail::if_not_empty(got.id), detail::text(got.data),
                detail::if_not_zero(got.created_at), detail::if_not_zero(got.last_seen_at),
                detail::if_not_zero(got.expires_at), static_cast<h3s::source>(got.source),
                detail::if_rejected(got.rejection), (got.flags & H3S_VIEW_NEW) != 0,
                (got.flags & H3S_VIEW_DIRTY) != 0, (got.flags & H3S_VIEW_CLEARED) != 0,
                (got.flags & H3S_VIEW_STALE) != 0, (got.flags & H3S_VIEW_COLD) != 0};
    }

    // -- Writing --

    /// Sets one top-level key to a bool, an integer, a double, a text or nullptr (`null`). A text
    /// is UTF-8, and is quoted and escaped here: set_json takes JSON.
    ///
    /// key: the name itself, neither quoted nor escaped.
    ///
    /// JavaScript rounds integers beyond 2^53: write larger ids as text. Throws data_error for an
    /// unsigned one beyond 2^63 - 1, and for a double that is infinite or not a number.
    template <class T> session& set(std::string_view key, const T& value)
    {
        h3s_error err{};
        if constexpr (std::is_same_v<T, bool>) {
            return done(h3s_set_bool(session_, key.data(), key.size(), value ? 1 : 0, &err), err);
        } else if constexpr (detail::is_integer<T>) {
            const std::int64_t number = detail::integer(value);
            return done(h3s_set_int(session_, key.data(), key.size(), number, &err), err);
        } else if constexpr (detail::is_number<T>) {
            const double number = static_cast<double>(value);
            return done(h3s_set_double(session_, key.data(), key.size(), number, &err), err);
        } else if constexpr (std::is_same_v<T, std::nullptr_t>) {
            return set_json(key, "null");
        } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
            const std::string_view text = value;
            return done(h3s_set_text(session_, key.data(), key.size(), text.data(), text.size(),
                                     &err),
                        err);
        } else {
            static_assert(
                detail::is_nothing<T>,
                "set takes bool, integers, double, text and nullptr; set_json takes JSON");
        }
    }

    /// Sets one top-level key to any JSON value.
    ///
    /// key: as in set. json: the value's JSON text, such as `42`, `"text"` with its quotes, `[1]`.
    session& set_json(std::string_view key, std::string_view json)
    {
        h3s_error err{};
        return done(h3s_set_json(session_, key.data(), key.size(), json.data(), json.size(), &err),
                    err);
    }

    /// Sets a value anywhere in the data, as set does a key: "/cart/items/-" appends to that array.
    ///
    /// What is missing on the way is made. Throws data_error with the key `pointer` for one that is
    /// malformed or leads through what is neither object nor array.
    template <class T> session& set_at(std::string_view pointer, const T& value)
    {
        if constexpr (std::is_same_v<T, bool>) {
            return set_json_at(pointer, value ? "true" : "false");
        } else if constexpr (detail::is_integer<T>) {
            return set_json_at(pointer, detail::digits(detail::integer(value)));
        } else if constexpr (detail::is_number<T>) {
            const double number = static_cast<double>(value);
            if (!std::isfinite(number))
                detail::raise(H3S_ERR_DATA, "", "JSON has no number that is infinite or none");
            return set_json_at(pointer, detail::digits(number));
        } else if constexpr (std::is_same_v<T, std::nullptr_t>) {
            return set_json_at(pointer, "null");
        } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
            return set_json_at(pointer, json_quote(value));
        } else {
            static_assert(
                detail::is_nothing<T>,
                "set_at takes bool, integers, double, text and nullptr; set_json_at takes JSON");
        }
    }

    /// Sets a value anywhere in the data, as set_at, to any JSON value. With the empty pointer, as
    /// replace.
    session& set_json_at(std::string_view pointer, std::string_view json)
    {
        h3s_error err{};
        return done(h3s_set_at(session_, pointer.data(), pointer.size(), json.data(), json.size(),
                               &err),
                    err);
    }

    /// Merges a JSON object into the data, as JavaScript's Object.assign does.
    session& update(std::string_view json)
    {
        h3s_error err{};
        return done(h3s_update(session_, json.data(), json.size(), &err), err);
    }

    /// Sets the data to a JSON object, whatever it was.
    session& replace(std::string_view json)
    {
        h3s_error err{};
        return done(h3s_replace(session_, json.data(), json.size(), &err), err);
    }

    /// Deletes one top-level key. That there is none is no error, and counts as a write. Throws
    /// state_error after clear.
    session& remove(std::string_view key)
    {
        h3s_error err{};
        return done(h3s_remove(session_, key.data(), key.size(), &err), err);
    }

    /// Deletes a member or element anywhere in the data. Elements after it move up. Throws as
    /// remove and set_at.
    session& remove_at(std::string_view pointer)
    {
        h3s_error err{};
        return done(h3s_remove_at(session_, pointer.data(), pointer.size(), &err), err);
    }

    /// Makes a session from config::get one from config::use.
    session& ensure()
    {
        h3s_error err{};
        return done(h3s_ensure(session_, &err), err);
    }

    /// Gives the session a new id and created_at = now, with the same data: call it at every login.
    /// Throws state_error after clear, and stale_error where a logout may not have been heard of.
    session& rotate()
    {
        h3s_error err{};
        return done(h3s_rotate(session_, &err), err);
    }

    /// Ends the session: no id, data `{}`, and Set-Cookie values that delete its cookies. Call it
    /// at logout. A later write starts a fresh session.
    session& clear()
    {
        h3s_error err{};
        return done(h3s_clear(session_, &err), err);
    }

    /// Ends the session as clear does, and revokes it, whoever has a copy of its cookie or token:
    /// what every logout calls where the options have `revocation`. Make revocation_entries known
    /// to all servers before the response goes. Throws busy_error or rejected_error where the
    /// request may have brought a session that did not open here, config_error, random_error or
    /// std::bad_alloc.
    session& revoke()
    {
        h3s_error err{};
        return done(h3s_revoke(session_, &err), err);
    }

    /// As revoke, for all sessions of its subject that were made before now: "log me out
    /// everywhere". Throws state_error after clear, and where its data has no subject.
    session& revoke_everywhere()
    {
        h3s_error err{};
        return done(h3s_revoke_everywhere(session_, &err), err);
    }

    /// Gives a new or just rotated session an id of your own: 1 to 255 bytes of 0x21 to 0x7E.
    /// Throws state_error if it is neither, or was sealed since.
    session& set_id(std::string_view id)
    {
        h3s_error err{};
        return done(h3s_session_set_id(session_, id.data(), id.size(), &err), err);
    }

    /// Gives this session a lifetime of its own, which is sealed in its token and stays. Throws
    /// state_error where sessions are sealed in Fe26.2, which has no place for it, and
    /// rejected_error if the session would have ended already.
    session& set_lifetime(h3s::lifetime lifetime)
    {
        h3s_error err{};
        const std::uint32_t flags = lifetime.ends_with_browser ? H3S_LIFETIME_BROWSER : 0;
        return done(h3s_session_set_lifetime(session_, lifetime.max_age.count(), flags, &err), err);
    }

    /// Moves the session's clock, which otherwise stands at the time it was opened: for connections
    /// that outlive a request. Throws rejected_error if the session has ended by then; it can still
    /// be read and cleared.
    template <class Duration>
    session& set_now(std::chrono::time_point<std::chrono::system_clock, Duration> time)
    {
        h3s_error err{};
        return done(h3s_session_set_now(session_, detail::milliseconds(time), &err), err);
    }

    /// Moves it to the system clock's time.
    session& set_now() { return set_now(time_point()); }

    // -- Sending --

    /// The Set-Cookie values that the response needs, each a header line of its own; most often
    /// none or one. What was written is sealed here. Not of a temporary session, which would end
    /// before the loop begins.
    ///
    /// Throws random_error, rejected_error, state_error or std::bad_alloc; then nothing was sealed.
    [[nodiscard]] cookie_list set_cookies() &
    {
        const h3s_str* list = nullptr;
        std::size_t count = 0;
        h3s_error err{};
        detail::check(h3s_set_cookies(session_, &list, &count, &err), err);
        return {list, count};
    }
    cookie_list set_cookies() && = delete;

    /// What is to be made known to all servers before the response goes, by revoke,
    /// revoke_everywhere, and rotate for the former id: a line each, without its end. Borrowed
    /// until the session is revoked or rotated again, or ends; not of a temporary session.
    ///
    /// Throws rejected_error where a logout of the former id was heard of since: answer without the
    /// session's cookies. Else state_error or std::bad_alloc.
    [[nodiscard]] entry_list revocation_entries() &
    {
        const h3s_str* list = nullptr;
        std::size_t count = 0;
        h3s_error err{};
        detail::check(h3s_revocation_entries(session_, &list, &count, &err), err);
        return {list, count};
    }
    entry_list revocation_entries() && = delete;

    /// The session as a bare token, for a client that sends it back in the session header.
    /// NUL-terminated.
    ///
    /// Throws as set_cookies; too_large_error if it is longer than `maxTokenLength`; state_error
    /// after clear.
    [[nodiscard]] std::string_view seal()
    {
        h3s_str token{};
        h3s_error err{};
        detail::check(h3s_seal(session_, &token, &err), err);
        return detail::text(token);
    }

    /// The request's Cookie header without the session's cookies, but for those that this one was
    /// opened from: what may go upstream. Of another header none of them is kept.
    [[nodiscard]] std::string strip(std::string_view cookie) const
    {
        std::string out(cookie.size(), '\0');
        out.resize(h3s_session_strip(session_, cookie.data(), cookie.size(), out.data()));
        return out;
    }

private:
    explicit session(h3s_session* owned) noexcept : session_(owned) {}

    session& done(std::int32_t status, const h3s_error& err)
    {
        detail::check(status, err);
        return *this;
    }

    h3s_session* session_;
};

// ---- Configs ------------------------------------------------------------------------------------

/// The options, checked and with their keys derived. Immutable: make one at start, and share it
/// with any number of threads; a copy shares it, too. The keys are wiped once neither a copy nor a
/// session has it any more.
class config {
public:
    /// Checks the options and derives the keys, some 10 ms a password.
    ///
    /// json: a JSON object; only "password" is required. It is not kept: wipe it if you can.
    ///
    /// Throws config_error or std::bad_alloc.
    explicit config(std::string_view json)
    {
        h3s_error err{};
        detail::check(h3s_config_new(json.data(), json.size(), &config_, &err), err);
    }

    config(const config& from) noexcept : config_(h3s_config_ref(from.config_)) {}
    config(config&& from) noexcept : config_(from.release()) {}
    config& operator=(const config& from) noexcept
    {
        config copy(from);
        copy.swap(*this);
        return *this;
    }
    config& operator=(config&& from) noexcept
    {
        config moved(std::move(from));
        moved.swap(*this);
        return *this;
    }
    ~config() { h3s_config_free(config_); }

    void swap(config& other) noexcept { std::swap(config_, other.config_); }
    friend void swap(config& a, config& b) noexcept { a.swap(b); }

    /// Whether both are one config, and not whether their options are alike.
    [[nodiscard]] friend bool operator==(const config& a, const config& b) noexcept
    {
        return a.config_ == b.config_;
    }
    [[nodiscard]] friend bool operator!=(const config& a, const config& b) noexcept
    {
        return !(a == b);
    }

    /// Checks options as the constructor does, but derives no keys, and needs no password. Throws
    /// config_error or std::bad_alloc.
    static void check(std::string_view json)
    {
        h3s_error err{};
        detail::check(h3s_config_check(json.data(), json.size(), &err), err);
    }

    /// A config that C has made, of which one owner is this from now on.
    [[nodiscard]] static config adopt(h3s_config* owned) noexcept { return config(owned); }

    /// The handle for C. It stays this object's.
    [[nodiscard]] const h3s_config* handle() const noexcept { return config_; }

    /// The handle for C, whose owner is the caller from now on: h3s_config_free. This is then as if
    /// moved from.
    [[nodiscard]] h3s_config* release() noexcept { return std::exchange(config_, nullptr); }

    // -- Opening --

    /// Finds the request's session, else makes one that is set at once. That a token is refused is
    /// no error: session::rejection says why.
    ///
    /// Throws argument_error, random_error or std::bad_alloc; cold_error under request::warm_only,
    /// and busy_error: in these two cases no cookie may be touched.
    [[nodiscard]] session use(const request& from) const { return open(h3s_use, from); }

    /// Finds the request's session, else makes one that costs no cookie until it is written. Throws
    /// as use.
    [[nodiscard]] session get(const request& from) const { return open(h3s_get, from); }

    /// Opens a bare token: the request's header, without white space or `Bearer`. Set the peer
    /// where strangers send it.
    ///
    /// Throws as use, and rejected_error, which says why.
    [[nodiscard]] session unseal(const request& from) const { return open(h3s_unseal, from); }
    [[nodiscard]] session unseal(std::string_view token) const
    {
        return unseal(request{}.header(token));
    }

    // -- Fe26.2 tokens without a session --

    /// Seals any JSON value, as hapi's iron, iron-webcrypto and iron-session's sealData do.
    ///
    /// flags: 0, or H3S_IRON_SESSION, without which an object with a member `id` or `data` is
    /// refused: it would open as that session.
    /// now: the time; 1970 itself: the system clock.
    ///
    /// Throws data_error, too_large_error, config_error (`seal.accept` has neither "h3-1" nor
    /// "h3-2"), random_error or std::bad_alloc.
    [[nodiscard]] std::string
    iron_seal(std::string_view json, std::uint32_t flags = 0, time_point now = {}) const
    {
        return detail::written(
            json.size() / 3 * 4 + 512,
            [&](char* out, std::size_t room, std::size_t* len, h3s_error* err) {
                return h3s_iron_seal(config_, json.data(), json.size(), detail::milliseconds(now),
                                     flags, out, room, len, err);
            });
    }

    /// Opens a bare Fe26.2 token of any JSON value: the request's header. Gives the JSON text: wipe
    /// it if it is secret.
    ///
    /// Throws as unseal, and config_error as iron_seal.
    [[nodiscard]] std::string iron_unseal(const request& from) const
    {
        return detail::written(
            from.handle().header_len + 1,
            [&](char* out, std::size_t room, std::size_t* len, h3s_error* err) {
                return h3s_iron_unseal(config_, &from.handle(), out, room, len, err);
            });
    }
    [[nodiscard]] std::string iron_unseal(std::string_view token) const
    {
        return iron_unseal(request{}.header(token));
    }

    // -- What the options say --

    /// The name of the session cookie. NUL-terminated; lasts as long as the config or a copy.
    [[nodiscard]] std::string_view cookie_name() const noexcept
    {
        return detail::text(h3s_config_cookie_name(config_));
    }

    /// The name of the session header, in lower case. As cookie_name. Nothing if `sessionHeader` is
    /// false.
    [[nodiscard]] std::optional<std::string_view> header_name() const noexcept
    {
        return detail::if_not_empty(h3s_config_header_name(config_));
    }

    /// What a cache must vary on wherever a session was touched, such as "Cookie, x-h3-session".
    /// May be empty. As cookie_name.
    [[nodiscard]] std::string_view vary() const noexcept
    {
        return detail::text(h3s_config_vary(config_));
    }

    /// Whether cookies are read and set: `cookie` is not false.
    [[nodiscard]] bool uses_cookies() const noexcept { return has_flag(H3S_CONFIG_COOKIES); }

    /// Whether browsers send the session's cookie over HTTPS alone.
    [[nodiscard]] bool is_secure() const noexcept { return has_flag(H3S_CONFIG_SECURE); }

    /// Whether opening a session may take a slow key derivation: without it, nothing throws
    /// cold_error or busy_error.
    [[nodiscard]] bool may_be_cold() const noexcept { return has_flag(H3S_CONFIG_MAY_BE_COLD); }

    /// Whether sessions can be revoked, so that each request needs request::revocations.
    [[nodiscard]] bool has_revocation() const noexcept { return has_flag(H3S_CONFIG_REVOCATION); }

    /// The path of the file through which the processes of one machine make known what they revoke;
    /// nothing without one. As cookie_name.
    [[nodiscard]] std::optional<std::string_view> revocation_file() const noexcept
    {
        return detail::if_not_empty(h3s_config_revocation_file(config_));
    }

    /// For how long an entry matters at most: what is older may be trimmed from a store. 0 without
    /// revocation.
    [[nodiscard]] std::chrono::milliseconds revocation_keep() const noexcept
    {
        return std::chrono::milliseconds(h3s_config_revocation_keep(config_));
    }

    /// What was opened, made, refused and sealed with this config, by all threads: for a page of
    /// figures. h3s.h says what each member counts; refused is by the number of a rejection.
    /// Throws argument_error for what was moved from.
    [[nodiscard]] h3s_counts counts() const
    {
        h3s_counts got{};
        got.size = sizeof got;
        h3s_error err{};
        detail::check(h3s_config_counts(config_, &got, &err), err);
        return got;
    }

    // -- Revoking without a session --

    /// An entry that revokes the session of an id, to be made known to all servers and applied
    /// here: a line without its end.
    ///
    /// now: the time; 1970 itself: the system clock.
    ///
    /// Throws data_error for what is no id, config_error without `revocation`, argument_error,
    /// random_error or std::bad_alloc.
    [[nodiscard]] std::string revoke_session(std::string_view id, time_point now = {}) const
    {
        return detail::written(
            entry_room, [&](char* out, std::size_t room, std::size_t* len, h3s_error* err) {
                return h3s_revoke_session(config_, id.data(), id.size(), detail::milliseconds(now),
                                          out, room, len, err);
            });
    }

    /// An entry that revokes all sessions of a subject that were made before a moment.
    ///
    /// subject: a string's text, or a number as it is written.
    /// before: not in the future; 1970 itself: now.
    ///
    /// Throws as revoke_session; config_error also where the options do not say what the subject
    /// is, and data_error for one that is empty or longer than 1,024 bytes.
    [[nodiscard]] std::string
    revoke_subject(std::string_view subject, time_point before = {}, time_point now = {}) const
    {
        // To C, NULL without a length means everybody.
        const char* const text = subject.data() == nullptr ? "" : subject.data();
        return revoked_before(text, subject.size(), before, now);
    }

    /// An entry that revokes all sessions of this cookie's name that were made before a moment.
    /// Throws as revoke_session.
    [[nodiscard]] std::string revoke_everybody(time_point before = {}, time_point now = {}) const
    {
        return revoked_before(nullptr, 0, before, now);
    }

    /// What an entry says: for a list of what is revoked.
    ///
    /// Throws rejected_error for what is no entry, or is one of another password or cookie;
    /// config_error without `revocation`, argument_error or std::bad_alloc.
    [[nodiscard]] revocation_entry read_revocation(std::string_view line) const
    {
        h3s_entry_info got{};
        got.size = sizeof got;
        std::string whose = detail::written(
            entry_room, [&](char* out, std::size_t room, std::size_t* len, h3s_error* err) {
                return h3s_revocation_read(config_, line.data(), line.size(), &got, out, room, len,
                                           err);
            });
        return {static_cast<revocation_kind>(got.kind), std::move(whose),
                detail::if_not_zero(got.before), time_point(std::chrono::milliseconds(got.until))};
    }

    // -- Headers --

    /// The value of the Vary header for a response to a request whose session was looked at. Empty:
    /// it needs none.
    ///
    /// present: the header's value so far, several lines joined with ", ".
    [[nodiscard]] std::string header_vary(std::string_view present = {}) const
    {
        return detail::written(
            present.size() + vary().size() + 3,
            [&](char* out, std::size_t room, std::size_t* len, h3s_error* err) {
                return h3s_header_vary(config_, present.data(), present.size(), out, room, len,
                                       err);
            });
    }

    /// A Cookie header without the session's cookies: what may go upstream.
    [[nodiscard]] std::string cookie_strip(std::string_view cookie) const
    {
        std::string out(cookie.size(), '\0');
        out.resize(h3s_cookie_strip(config_, cookie.data(), cookie.size(), out.data()));
        return out;
    }

private:
    explicit config(h3s_config* owned) noexcept : config_(owned) {}

    [[nodiscard]] bool has_flag(std::uint32_t flag) const noexcept
    {
        return (h3s_config_flags(config_) & flag) != 0;
    }

    // What h3s.h says is always enough.
    static constexpr std::size_t entry_room = 2048;

    [[nodiscard]] std::string revoked_before(const char* subject, std::size_t size,
                                             time_point before, time_point now) const
    {
        return detail::written(
            entry_room, [&](char* out, std::size_t room, std::size_t* len, h3s_error* err) {
                return h3s_revoke_subject(config_, subject, size, detail::milliseconds(before),
                                          detail::milliseconds(now), out, room, len, err);
            });
    }

    template <class Open> [[nodiscard]] session open(Open function, const request& from) const
    {
        h3s_session* opened = nullptr;
        h3s_error err{};
        detail::check(function(config_, &from.handle(), &opened, &err), err);
        return session::adopt(opened);
    }

    h3s_config* config_ = nullptr;
};

inline std::size_t
revocations::apply(const config& with, std::string_view lines, time_point now) const
{
    std::size_t applied = 0;
    h3s_error err{};
    detail::check(h3s_revocations_apply(revocations_, with.handle(), lines.data(), lines.size(),
                                        detail::milliseconds(now), &applied, &err),
                  err);
    return applied;
}

/// The file through which the processes of one machine, of whatever language, make known what they
/// revoke. Any number of threads may use one. It can be moved, and then only destroyed or assigned
/// to.
class revocation_file {
public:
    /// The file at an absolute path, such as config::revocation_file gives. It need not be there:
    /// the first entry makes it.
    ///
    /// wait: for how long at most each call waits for another process that has the file locked, an
    /// hour at most.
    ///
    /// Throws store_error, argument_error or std::bad_alloc.
    explicit revocation_file(std::string_view path,
                             std::chrono::milliseconds wait = std::chrono::seconds(1))
    {
        constexpr std::chrono::milliseconds least(1), most(3'600'000);
        const auto bounded = static_cast<std::uint32_t>(std::clamp(wait, least, most).count());
        h3s_error err{};
        detail::check(h3s_revocation_file_open(path.data(), path.size(), bounded, &file_, &err),
                      err);
    }

    revocation_file(revocation_file&& from) noexcept : file_(from.release()) {}
    revocation_file& operator=(revocation_file&& from) noexcept
    {
        revocation_file moved(std::move(from));
        moved.swap(*this);
        return *this;
    }
    revocation_file(const revocation_file&) = delete;
    revocation_file& operator=(const revocation_file&) = delete;
    ~revocation_file() { h3s_revocation_file_close(file_); }

    void swap(revocation_file& other) noexcept { std::swap(file_, other.file_); }
    friend void swap(revocation_file& a, revocation_file& b) noexcept { a.swap(b); }

    /// Appends entries, one a line. They are on the disk when it returns; they are not applied
    /// here. It waits for the disk, and for others that have the file locked.
    ///
    /// now: the time; 1970 itself: the system clock.
    ///
    /// Throws store_error, where somebody keeps the file locked, or the disk is full, say: then the
    /// logout has not happened; argument_error or std::bad_alloc.
    void append(std::string_view lines, time_point now = {}) const
    {
        h3s_error err{};
        detail::check(h3s_revocation_file_append(file_, lines.data(), lines.size(),
                                                 detail::milliseconds(now), &err),
                      err);
    }

    /// Applies what is new to a copy of what is revoked, and marks that as heard: for a timer, once
    /// a second. Each config and each copy wants a file of its own. Gives how many were applied; 0
    /// also where another thread polls at that moment.
    ///
    /// Throws store_error, and is to be called again; full_error where some had no room, all others
    /// being applied; config_error, argument_error or std::bad_alloc.
    std::size_t poll(const revocations& known, const config& with, time_point now = {}) const
    {
        std::size_t applied = 0;
        h3s_error err{};
        detail::check(h3s_revocation_file_poll(file_, known.handle(), with.handle(),
                                               detail::milliseconds(now), &applied, &err),
                      err);
        return applied;
    }

    /// A file that C has opened, whose owner is this from now on.
    [[nodiscard]] static revocation_file adopt(h3s_revocation_file* owned) noexcept
    {
        revocation_file adopted;
        adopted.file_ = owned;
        return adopted;
    }

    /// The handle for C. It stays this object's.
    [[nodiscard]] h3s_revocation_file* handle() const noexcept { return file_; }

    /// The handle for C, whose owner is the caller from now on: h3s_revocation_file_close. This is
    /// then as if moved from.
    [[nodiscard]] h3s_revocation_file* release() noexcept { return std::exchange(file_, nullptr); }

private:
    // Not one of the handle, as with a copy of what is revoked.
    revocation_file() noexcept = default;

    h3s_revocation_file* file_ = nullptr;
};

// ---- Responses ----------------------------------------------------------------------------------

/// The value of the Cache-Control header for a response that sets a session's cookie. The headers
/// of which header_is_targeted is true must not stand beside it.
///
/// present: the header's value so far, several lines joined with ", ".
[[nodiscard]] inline std::string header_cache_control(std::string_view present = {})
{
    return detail::written(
        2 * present.size() + 16,
        [&](char* out, std::size_t room, std::size_t* len, h3s_error* err) {
            return h3s_header_cache_control(present.data(), present.size(), out, room, len, err);
        });
}

/// Whether a header is one that some shared caches heed in place of Cache-Control: take it out of a
/// response that sets a session's cookie.
[[nodiscard]] inline bool header_is_targeted(std::string_view name) noexcept
{
    return h3s_header_is_targeted(name.data(), name.size()) != 0;
}

// ---- Versions -----------------------------------------------------------------------------------

/// The version of the library that is loaded; H3S_VERSION is that of h3s.h. Static, NUL-terminated.
[[nodiscard]] inline std::string_view version() noexcept { return h3s_version(); }

/// What it does AES-256-GCM with: "rustcrypto" or "ring". Static, NUL-terminated.
[[nodiscard]] inline std::string_view backend() noexcept { return h3s_backend(); }

/// Its ABI version; H3S_ABI_VERSION is that of h3s.h.
[[nodiscard]] inline std::uint32_t abi_version() noexcept { return h3s_abi_version(); }

} // namespace h3s

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#endif // H3S_HPP
