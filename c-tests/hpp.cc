// h3s.hpp: what a C++ program sees of the library. In the words of cmocka, which run.sh counts; not
// by it, since its assertions jump over destructors.
#include <h3s.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <unistd.h>

#if defined(__cpp_lib_ranges)
#include <ranges>
#endif

using std::literals::string_literals::operator""s;
using std::literals::string_view_literals::operator""sv;

namespace {

constexpr std::string_view options = R"({"password":"correct horse battery staple, and more of it"})";
constexpr h3s::time_point now{std::chrono::milliseconds(1800000000000)};

// ---- A runner -----------------------------------------------------------------------------------

struct failure {
    int line;
    const char* what;
};

#define CHECK(condition) \
    do { \
        if (!(condition)) \
            throw failure{__LINE__, #condition}; \
    } while (false)

// The error that an expression throws, of just that class.
#define THROWN(type, expression) \
    thrown<type>(__LINE__, #expression, [&] { static_cast<void>(expression); })

template <class Error, class Function> Error thrown(int line, const char* what, Function function)
{
    try {
        function();
    } catch (const Error& error) {
        if (typeid(error) == typeid(Error))
            return error;
        throw failure{line, what};
    }
    throw failure{line, what};
}

struct test {
    const char* name;
    void (*run)();
};

bool passes(const test& one)
{
    try {
        one.run();
        return true;
    } catch (const failure& at) {
        std::printf("line %d: %s\n", at.line, at.what);
    } catch (const std::exception& error) {
        std::printf("thrown: %s\n", error.what());
    }
    return false;
}

// ---- What the tests share -----------------------------------------------------------------------

std::string with(std::string_view more)
{
    return std::string(options.substr(0, options.size() - 1)) + ',' + std::string(more) + '}';
}

const h3s::config& config()
{
    static const h3s::config shared(options);
    return shared;
}

h3s::session fresh() { return config().get(h3s::request{}.now(now)); }

h3s::session session_of(std::string_view data)
{
    h3s::session session = fresh();
    session.replace(data);
    return session;
}

// The Cookie header of the next request.
std::string cookie_of(h3s::session& session)
{
    std::string header;
    for (const std::string_view value : session.set_cookies())
        header += (header.empty() ? "" : "; ") + std::string(value.substr(0, value.find(';')));
    return header;
}

h3s::time_point after(int seconds) { return now + std::chrono::seconds(seconds); }

// h3's format of many iterations, but for fewer under valgrind, where a derivation takes a second.
h3s::config cold_config()
{
    const std::string iterations = std::getenv("H3S_ROUNDS") != nullptr ? "50" : "8192";
    const std::string derivation
        = R"("saltBits":256,"minPasswordlength":32,"iterations":)" + iterations;
    return h3s::config(with(R"("seal":{"format":"fe26.2","encryption":{"algorithm":"aes-256-cbc",)"
                            + derivation + R"(},"integrity":{"algorithm":"sha256",)" + derivation
                            + "}}"));
}

// ---- Ownership ----------------------------------------------------------------------------------

static_assert(std::is_nothrow_move_constructible_v<h3s::session>);
static_assert(std::is_nothrow_move_assignable_v<h3s::session>);
static_assert(std::is_nothrow_swappable_v<h3s::session>);
static_assert(!std::is_copy_constructible_v<h3s::session>);
static_assert(!std::is_copy_assignable_v<h3s::session>);
static_assert(!std::is_default_constructible_v<h3s::session>);
static_assert(!std::is_constructible_v<h3s::session, h3s_session*>);
static_assert(std::is_nothrow_copy_constructible_v<h3s::config>);
static_assert(std::is_nothrow_copy_assignable_v<h3s::config>);
static_assert(std::is_nothrow_move_constructible_v<h3s::config>);
static_assert(std::is_nothrow_move_assignable_v<h3s::config>);
static_assert(std::is_nothrow_swappable_v<h3s::config>);
static_assert(!std::is_convertible_v<std::string_view, h3s::config>);
static_assert(!std::is_convertible_v<std::string_view, h3s::request>);
static_assert(std::is_nothrow_copy_constructible_v<h3s::config_error>);
static_assert(std::is_nothrow_copy_assignable_v<h3s::config_error>);
static_assert(std::is_base_of_v<std::exception, h3s::error>);
static_assert(std::is_trivially_copyable_v<h3s::request>);
static_assert(std::is_nothrow_copy_constructible_v<h3s::revocations>);
static_assert(std::is_nothrow_copy_assignable_v<h3s::revocations>);
static_assert(std::is_nothrow_move_constructible_v<h3s::revocations>);
static_assert(std::is_nothrow_move_assignable_v<h3s::revocations>);
static_assert(std::is_nothrow_swappable_v<h3s::revocations>);
static_assert(!std::is_convertible_v<std::size_t, h3s::revocations>);
static_assert(!std::is_default_constructible_v<h3s::revocations>);
static_assert(!std::is_copy_constructible_v<h3s::revocation_file>);
static_assert(!std::is_copy_assignable_v<h3s::revocation_file>);
static_assert(std::is_nothrow_move_constructible_v<h3s::revocation_file>);
static_assert(std::is_nothrow_move_assignable_v<h3s::revocation_file>);
static_assert(std::is_nothrow_swappable_v<h3s::revocation_file>);
static_assert(!std::is_convertible_v<std::string_view, h3s::revocation_file>);
static_assert(!std::is_default_constructible_v<h3s::revocation_file>);

// What would be borrowed from a session that ends before the loop begins does not compile.
template <class Session, class = void> constexpr bool can_walk = false;
template <class Session>
constexpr bool can_walk<Session, std::void_t<decltype(std::declval<Session>().walk("/a"))>> = true;
template <class Session, class = void> constexpr bool can_set_cookies = false;
template <class Session>
constexpr bool
    can_set_cookies<Session, std::void_t<decltype(std::declval<Session>().set_cookies())>> = true;
static_assert(can_walk<h3s::session&> && can_walk<const h3s::session&>);
static_assert(!can_walk<h3s::session> && !can_walk<const h3s::session>);
static_assert(can_set_cookies<h3s::session&> && !can_set_cookies<h3s::session>);
template <class Session, class = void> constexpr bool can_list_entries = false;
template <class Session>
constexpr bool can_list_entries<Session,
                                std::void_t<decltype(std::declval<Session>().revocation_entries())>>
    = true;
static_assert(can_list_entries<h3s::session&> && !can_list_entries<h3s::session>);

#if defined(__cpp_lib_ranges)
static_assert(std::ranges::input_range<h3s::walk_range>);
static_assert(std::ranges::forward_range<h3s::cookie_list>);
#endif

void a_copied_config_is_the_same_one_and_outlives_the_first()
{
    auto first = std::make_unique<h3s::config>(options);
    h3s::config copy(*first);
    CHECK(copy == *first);
    CHECK(!(copy != *first));
    CHECK(copy != config());
    first.reset();
    CHECK(copy.cookie_name() == "h3");
    h3s::config other(with(R"("name":"other")"));
    swap(copy, other);
    CHECK(other.cookie_name() == "h3");
    other = copy;
    CHECK(other == copy);
    const h3s::config& itself = other;
    other = itself;
    CHECK(other.cookie_name() == "other");
}

void a_config_that_was_moved_from_can_be_assigned_to_and_refuses_all_else()
{
    h3s::config first(options);
    h3s::config second(std::move(first));
    CHECK(second.cookie_name() == "h3");
    CHECK(first.cookie_name().empty()); // NOLINT: that is what is tested
    CHECK(!first.header_name());
    CHECK(!first.uses_cookies());
    CHECK(THROWN(h3s::argument_error, first.use(h3s::request{})).key() == "config");
    THROWN(h3s::argument_error, first.iron_seal("1"));
    THROWN(h3s::argument_error, first.header_vary());
    THROWN(h3s::argument_error, first.counts());
    const h3s::config third(first);
    CHECK(third == first);
    first = std::move(second);
    CHECK(first.cookie_name() == "h3");
}

void a_session_that_was_moved_from_can_be_assigned_to_and_refuses_all_else()
{
    h3s::session first = session_of(R"({"a":1})");
    const std::string_view data = first.data();
    h3s::session second(std::move(first));
    CHECK(second.data().data() == data.data());
    CHECK(first.data().empty()); // NOLINT: that is what is tested
    CHECK(!first.id() && !first.log_id() && !first.created_at() && !first.rejection());
    CHECK(!first.json("/a") && !first.contains("/a"));
    THROWN(h3s::argument_error, first.get<int>("/a"));
    THROWN(h3s::argument_error, first.set("a", 2));
    THROWN(h3s::argument_error, first.set_cookies());
    THROWN(h3s::argument_error, first.walk().begin());
    THROWN(h3s::argument_error, first.view());
    first = session_of(R"({"b":2})");
    swap(first, second);
    CHECK(first.data() == R"({"a":1})" && second.data() == R"({"b":2})");
    first = std::move(second);
    CHECK(first.data() == R"({"b":2})");
}

void a_session_keeps_its_config_alive()
{
    h3s::session session = h3s::config(options).use(h3s::request{}.now(now));
    session.set("a", 1);
    CHECK(cookie_of(session).substr(0, 3) == "h3=");
}

void handles_go_from_and_to_c()
{
    h3s::config made(options);
    CHECK(h3s_config_flags(made.handle()) == (H3S_CONFIG_COOKIES | H3S_CONFIG_SECURE));
    h3s_config* const raw = made.release();
    CHECK(made.handle() == nullptr);
    const h3s::config again = h3s::config::adopt(raw);
    CHECK(again.handle() == raw);
    h3s::session session = again.get(h3s::request{});
    h3s_session* const opened = session.release();
    CHECK(session.handle() == nullptr);
    CHECK(h3s::session::adopt(opened).handle() == opened);
}

// ---- Errors -------------------------------------------------------------------------------------

void options_that_are_wrong_are_a_config_error_with_key_and_offset()
{
    const auto error = THROWN(h3s::config_error, h3s::config(with(R"("maxage":1)")));
    CHECK(error.status() == H3S_ERR_CONFIG);
    CHECK(error.key() == "maxage");
    CHECK(error.offset() == options.size());
    CHECK(!error.rejection());
    CHECK(!error.message().empty());
    CHECK(error.what() == "maxage: " + std::string(error.message()));
    CHECK(std::strstr(error.what(), "battery") == nullptr);
}

void check_needs_no_password_and_throws_as_the_constructor()
{
    h3s::config::check(R"({"maxAge":60})");
    CHECK(THROWN(h3s::config_error, h3s::config::check(R"({"maxAge":0})")).key() == "maxAge");
    CHECK(THROWN(h3s::config_error, h3s::config::check("{")).offset() == std::size_t{1});
}

void what_an_error_says_of_a_byte_is_in_its_what()
{
    h3s::session session = fresh();
    const auto error = THROWN(h3s::data_error, session.update(R"({"a":})"));
    CHECK(error.offset() == std::size_t{5});
    CHECK(error.key().empty());
    CHECK(error.what() == std::string(error.message()) + " (at byte 5)");
}

void every_status_has_its_exception()
{
    const auto raised = [](std::int32_t status) {
        h3s_error err{};
        err.status = status;
        err.offset = -1;
        h3s::detail::raise(err);
    };
    CHECK(THROWN(h3s::argument_error, raised(H3S_ERR_ARGUMENT)).status() == H3S_ERR_ARGUMENT);
    CHECK(THROWN(h3s::config_error, raised(H3S_ERR_CONFIG)).status() == H3S_ERR_CONFIG);
    CHECK(THROWN(h3s::data_error, raised(H3S_ERR_DATA)).status() == H3S_ERR_DATA);
    CHECK(THROWN(h3s::too_large_error, raised(H3S_ERR_TOO_LARGE)).status() == H3S_ERR_TOO_LARGE);
    CHECK(THROWN(h3s::state_error, raised(H3S_ERR_STATE)).status() == H3S_ERR_STATE);
    CHECK(THROWN(h3s::rejected_error, raised(H3S_ERR_REJECTED)).status() == H3S_ERR_REJECTED);
    CHECK(THROWN(h3s::random_error, raised(H3S_ERR_RANDOM)).status() == H3S_ERR_RANDOM);
    CHECK(THROWN(h3s::cold_error, raised(H3S_ERR_COLD)).status() == H3S_ERR_COLD);
    CHECK(THROWN(h3s::busy_error, raised(H3S_ERR_BUSY)).status() == H3S_ERR_BUSY);
    CHECK(THROWN(h3s::stale_error, raised(H3S_ERR_STALE)).status() == H3S_ERR_STALE);
    CHECK(THROWN(h3s::full_error, raised(H3S_ERR_FULL)).status() == H3S_ERR_FULL);
    CHECK(THROWN(h3s::store_error, raised(H3S_ERR_STORE)).status() == H3S_ERR_STORE);
    CHECK(THROWN(h3s::internal_error, raised(H3S_ERR_INTERNAL)).status() == H3S_ERR_INTERNAL);
    CHECK(THROWN(h3s::error, raised(99)).status() == 99);
    THROWN(std::bad_alloc, raised(H3S_ERR_MEMORY));
}

void all_errors_of_the_library_are_one_tree()
{
    bool caught = false;
    try {
        const h3s::config wrong("{}");
    } catch (const h3s::error& error) {
        caught = error.key() == "password";
    }
    CHECK(caught);
}

void after_an_exception_the_session_is_as_it_was()
{
    h3s::session session = session_of(R"({"a":1})");
    THROWN(h3s::data_error, session.set_json("b", "{"));
    THROWN(h3s::too_large_error, session.set("b", std::string(20000, 'x')));
    CHECK(session.data() == R"({"a":1})");
    session.clear();
    THROWN(h3s::state_error, session.rotate());
    THROWN(h3s::state_error, session.remove("a"));
    THROWN(h3s::state_error, session.seal());
    CHECK(session.data() == "{}");
}

void a_forged_token_is_a_rejected_error_that_says_why()
{
    h3s::session session = session_of(R"({"a":1})");
    std::string token(session.seal());
    token[token.size() - 20] = token[token.size() - 20] == 'A' ? 'B' : 'A';
    const auto error
        = THROWN(h3s::rejected_error, config().unseal(h3s::request{}.header(token).now(now)));
    CHECK(error.rejection() == h3s::rejection::bad_seal);
    CHECK(error.key() == "bad_seal");
    CHECK(h3s::name(*error.rejection()) == "bad_seal");
    // In a cookie it is no error.
    const h3s::session made = config().use(h3s::request{"h3=" + token}.now(now));
    CHECK(made.is_new());
    CHECK(made.rejection() == h3s::rejection::bad_seal);
    CHECK(made.source() == h3s::source::none);
}

void cold_and_busy_throw_and_make_no_session()
{
    const h3s::config there = cold_config(), here = cold_config();
    h3s::session session = there.get(h3s::request{}.now(now));
    const std::string token(session.set("a", 1).seal());
    const h3s::request mallory = h3s::request{}.header(token).peer("mallory").now(now);
    THROWN(h3s::cold_error, here.use(h3s::request(mallory).warm_only()));
    THROWN(h3s::cold_error, here.iron_unseal(h3s::request(mallory).warm_only()));
    CHECK(here.use(h3s::request(mallory).warm_only().warm_only(false)).get<int>("/a") == 1);
    const std::size_t end = token.rfind('*');
    for (int i = 0; i <= 20; i++) {
        char salt[65];
        std::snprintf(salt, sizeof salt, "%064d", i);
        const std::string forged = token.substr(0, end - 64) + salt + token.substr(end);
        const auto request = [&](std::string_view peer) {
            return h3s::request{}.header(forged).peer(peer).now(now);
        };
        if (i < 20) {
            CHECK(here.use(request("mallory")).is_new());
        } else {
            THROWN(h3s::busy_error, here.use(request("mallory")));
            CHECK(here.use(request("alice")).is_new());
        }
    }
    CHECK(!here.use(h3s::request(mallory).warm_only()).is_new());
}

// ---- Opening and sending ------------------------------------------------------------------------

void a_session_comes_back_in_its_cookie()
{
    h3s::session first = config().use(h3s::request{}.now(now));
    CHECK(first.is_new() && first.is_dirty());
    first.set("name", "Zoë");
    const std::string cookie = cookie_of(first);
    CHECK(!first.is_dirty());
    h3s::session second = config().use(h3s::request{cookie}.now(after(1)));
    CHECK(!second.is_new());
    CHECK(second.id() == first.id());
    CHECK(second.source() == h3s::source::cookie);
    CHECK(second.get<std::string>("/name") == "Zoë");
    CHECK(second.set_cookies().empty());
}

void a_session_comes_back_in_its_header()
{
    h3s::session first = session_of(R"({"a":1})");
    const std::string token(first.seal());
    const h3s::session second
        = config().use(h3s::request{}.header("Bearer " + token).now(now));
    CHECK(second.source() == h3s::source::header);
    CHECK(second.data() == first.data());
    const h3s::session third = config().unseal(h3s::request{}.header(token).now(now));
    CHECK(third.source() == h3s::source::token);
    CHECK(third.id() == first.id());
    // Without a time, of what was sealed by the system's clock.
    h3s::session today = config().get(h3s::request{});
    CHECK(config().unseal(today.seal()).id() == today.id());
}

void get_sets_no_cookie_before_a_write_or_ensure()
{
    h3s::session session = fresh();
    CHECK(session.set_cookies().empty());
    session.ensure();
    CHECK(session.set_cookies().size() == 1);
}

void across_sites_use_sets_no_cookie()
{
    h3s::session session = config().use(h3s::request{}.now(now).cross_site());
    CHECK(session.set_cookies().empty());
}

void set_cookies_are_a_list_of_strings_with_a_nul()
{
    h3s::session session = session_of("{}");
    session.set("long", std::string(6000, 'x'));
    const h3s::cookie_list list = session.set_cookies();
    CHECK(list.size() >= 2 && !list.empty());
    std::size_t count = 0;
    for (const std::string_view value : list) {
        CHECK(std::strlen(value.data()) == value.size());
        CHECK(value == list[count++]);
    }
    CHECK(count == list.size());
    const std::vector<std::string> copies(list.begin(), list.end());
    CHECK(copies.size() == count);
    auto at = list.begin();
    CHECK(at++ == list.begin());
    CHECK(*at == copies[1]);
}

void clear_ends_the_session_and_a_write_begins_another()
{
    h3s::session first = session_of(R"({"a":1})");
    h3s::session second = config().use(h3s::request{cookie_of(first)}.now(now));
    second.clear();
    CHECK(second.view().is_cleared);
    CHECK(!second.id() && !second.log_id() && !second.created_at());
    const h3s::cookie_list deleting = second.set_cookies();
    CHECK(deleting.size() == 1);
    CHECK(deleting[0].find("Max-Age=0") != std::string_view::npos);
    second.set("b", 2);
    CHECK(second.data() == R"({"b":2})");
    CHECK(second.id() && second.id() != first.id());
}

void rotate_changes_the_id_and_set_id_sets_it()
{
    h3s::session session = session_of(R"({"a":1})");
    const std::string before(*session.id());
    session.rotate();
    CHECK(*session.id() != before);
    CHECK(session.data() == R"({"a":1})");
    session.set_id("my-own");
    CHECK(session.id() == "my-own");
    THROWN(h3s::data_error, session.set_id("a b"));
    CHECK(session.log_id() && session.log_id()->size() == 32);
}

void times_are_points_of_the_system_clock()
{
    const h3s::config limited(with(R"("maxAge":60,"idleTimeout":30)"));
    h3s::session first = limited.use(h3s::request{}.now(now));
    CHECK(first.created_at() == now);
    const h3s::session second = limited.use(h3s::request{cookie_of(first)}.now(after(10)));
    CHECK(second.created_at() == now);
    CHECK(second.last_seen_at() == now);
    CHECK(second.expires_at() == after(30));
    CHECK(!fresh().expires_at() && !fresh().last_seen_at());
    // A finer clock, and a coarser one.
    const auto finer = std::chrono::time_point_cast<std::chrono::microseconds>(now)
        + std::chrono::microseconds(999);
    CHECK(limited.use(h3s::request{}.now(finer)).created_at() == now);
    const auto coarser = std::chrono::time_point_cast<std::chrono::seconds>(now);
    CHECK(limited.use(h3s::request{}.now(coarser)).created_at() == now);
    const auto began = std::chrono::system_clock::now();
    const h3s::session today = limited.use(h3s::request{});
    CHECK(*today.created_at() >= std::chrono::floor<std::chrono::milliseconds>(began));
    CHECK(*today.created_at() <= std::chrono::system_clock::now());
}

void a_session_whose_clock_moves_past_its_end_can_only_be_read()
{
    const h3s::config limited(with(R"("maxAge":60)"));
    h3s::session session = limited.use(h3s::request{}.now(now));
    session.set("a", 1).set_now(after(60)).set("a", 2);
    const auto error = THROWN(h3s::rejected_error, session.set_now(after(61)));
    CHECK(error.rejection() == h3s::rejection::expired);
    THROWN(h3s::rejected_error, session.set("a", 3));
    CHECK(session.get<int>("/a") == 2);
    h3s::session today = limited.use(h3s::request{});
    today.set_now();
}

void a_session_has_a_lifetime_of_its_own()
{
    using std::chrono::hours;
    const h3s::config limited(with(R"("maxAge":86400)"));
    h3s::session session = limited.use(h3s::request{}.now(now));
    CHECK(session.lifetime().max_age.count() == 0 && !session.lifetime().ends_with_browser);
    session.set_lifetime({hours(1), true});
    CHECK(session.lifetime().max_age == hours(1) && session.lifetime().ends_with_browser);
    CHECK(session.expires_at() == now + hours(1));
    CHECK(session.set_cookies()[0].find("Max-Age") == std::string_view::npos);
    session.set_lifetime({});
    CHECK(session.expires_at() == now + hours(24));
    const h3s::config old(with(R"("seal":"h3-1")"));
    THROWN(h3s::state_error, old.use(h3s::request{}).set_lifetime({hours(1)}));
}

void a_time_out_of_range_is_an_argument_error()
{
    const h3s::time_point never(std::chrono::milliseconds(-1));
    CHECK(THROWN(h3s::argument_error, config().use(h3s::request{}.now(never))).status()
          == H3S_ERR_ARGUMENT);
}

void a_view_has_what_the_getters_give()
{
    const h3s::config limited(with(R"("maxAge":60)"));
    h3s::session session = limited.use(h3s::request{"h3=Fe26.2*x"}.now(now));
    session.set("a", 1);
    const h3s::view view = session.view();
    CHECK(view.id == session.id());
    CHECK(view.data == R"({"a":1})");
    CHECK(view.created_at == now && view.expires_at == after(60) && !view.last_seen_at);
    CHECK(view.is_new && view.is_dirty && !view.is_cleared);
    CHECK(view.source == h3s::source::none);
    CHECK(view.rejection && view.rejection == session.rejection());
}

// ---- Values -------------------------------------------------------------------------------------

void what_is_set_is_got_by_its_type()
{
    h3s::session session = fresh();
    const char* const pointer = "pointer";
    session.set("literal", "text").set("pointer", pointer).set("string", "string"s);
    session.set("view", "view"sv).set("nul", "a\0b"sv);
    session.set("int", -7).set("long", std::numeric_limits<std::int64_t>::min());
    session.set("size", std::size_t{7}).set("byte", std::uint8_t{255});
    session.set("double", 0.1).set("float", 0.5f);
    session.set("yes", true).set("no", false).set("null", nullptr);
    session.set_json("json", R"({"a":[1,2]})");
    CHECK(session.json("/literal") == R"("text")");
    CHECK(session.get<std::string_view>("/literal") == "text");
    CHECK(session.get<std::string>("/pointer") == "pointer");
    CHECK(session.get<std::string>("/string") == "string");
    CHECK(session.get<std::string>("/view") == "view");
    CHECK(session.get<std::string_view>("/nul") == "a\0b"sv);
    CHECK(session.get<int>("/int") == -7);
    CHECK(session.get<std::int64_t>("/long") == std::numeric_limits<std::int64_t>::min());
    CHECK(session.get<std::size_t>("/size") == std::size_t{7});
    CHECK(session.get<std::uint8_t>("/byte") == std::uint8_t{255});
    CHECK(session.json("/double") == "0.1");
    CHECK(session.get<double>("/int") == -7.0);
    CHECK(session.json("/float") == "0.5");
    CHECK(session.get<bool>("/yes") == true);
    CHECK(session.get<bool>("/no") == false);
    CHECK(session.json("/null") == "null");
    CHECK(session.get<int>("/json/a/1") == 2);
    CHECK(session.json("/json") == R"({"a":[1,2]})");
    CHECK(session.json() == session.data());
}

void get_gives_nothing_for_another_type_or_what_does_not_fit()
{
    const h3s::session session
        = session_of(R"({"half":0.5,"large":256,"minus":-1,"text":"1","no":false,"null":null})");
    CHECK(!session.get<int>("/half"));
    CHECK(!session.get<std::uint8_t>("/large"));
    CHECK(!session.get<std::int8_t>("/large"));
    CHECK(session.get<std::int16_t>("/large") == std::int16_t{256});
    CHECK(!session.get<unsigned>("/minus"));
    CHECK(!session.get<std::uint64_t>("/minus"));
    CHECK(session.get<std::int8_t>("/minus") == std::int8_t{-1});
    CHECK(!session.get<int>("/text"));
    CHECK(!session.get<double>("/text"));
    CHECK(!session.get<int>("/no"));
    CHECK(!session.get<bool>("/null"));
    CHECK(!session.get<bool>("/large"));
    CHECK(!session.get<std::string_view>("/null"));
    CHECK(!session.get<std::string>("/half"));
    CHECK(!session.get<int>("/absent"));
    CHECK(!session.json("/absent"));
}

void a_type_is_told_and_null_is_contained()
{
    const h3s::session session = session_of(R"({"a":[null,true,1,"",[],{}]})");
    CHECK(session.type() == h3s::type::object);
    CHECK(session.type("/a") == h3s::type::array);
    CHECK(session.type("/a/0") == h3s::type::null && session.contains("/a/0"));
    CHECK(session.type("/a/1") == h3s::type::boolean);
    CHECK(session.type("/a/2") == h3s::type::number);
    CHECK(session.type("/a/3") == h3s::type::string);
    CHECK(session.type("/a/6") == h3s::type::absent && !session.contains("/a/6"));
}

void numbers_that_json_cannot_hold_are_a_data_error()
{
    h3s::session session = session_of("{}");
    constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
    THROWN(h3s::data_error, session.set("a", largest));
    THROWN(h3s::data_error, session.set_at("/a", largest));
    THROWN(h3s::data_error, session.set("a", std::numeric_limits<double>::infinity()));
    // Of the number, and not of a byte of the JSON that it would have become.
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    CHECK(!THROWN(h3s::data_error, session.set_at("/a", none)).offset());
    CHECK(session.data() == "{}");
    session.set("a", largest / 2);
    CHECK(session.get<std::uint64_t>("/a") == largest / 2);
}

void set_at_writes_anywhere_and_makes_what_is_missing()
{
    h3s::session session = fresh();
    session.set_json_at("/cart/items/-", R"({"sku":"a"})").set_at("/cart/items/0/count", 2);
    session.set_at("/cart/items/-", "text with \"quotes\"").set_at("/cart/paid", false);
    session.set_at("/cart/total", 12.5).set_at("/cart/note", nullptr).set_at("/cart/who", "Zoë"s);
    CHECK(session.data()
          == R"({"cart":{"items":[{"sku":"a","count":2},"text with \"quotes\""],)"
             R"("paid":false,"total":12.5,"note":null,"who":"Zoë"}})");
    session.remove_at("/cart/items/0").remove_at("/cart/none").remove("nothing");
    CHECK(session.get<std::string_view>("/cart/items/0") == "text with \"quotes\"");
    const auto error = THROWN(h3s::data_error, session.set_at("/cart/paid/x", 1));
    CHECK(error.key() == "pointer" && error.offset());
    session.set_json_at("", R"({"b":1})");
    CHECK(session.data() == R"({"b":1})");
}

void doubles_come_back_the_same_from_set_at()
{
    h3s::session session = fresh();
    for (const double value : {0.1, -0.0, 1e300, 5e-324, 1.0 / 3, 123456789.0, 1e21}) {
        session.set_at("/a/b", value);
        const auto got = session.get<double>("/a/b");
        CHECK(got && std::memcmp(&*got, &value, sizeof value) == 0);
    }
}

void what_is_borrowed_may_be_written()
{
    h3s::session session = session_of(R"({"a":"some text"})");
    session.set("b", *session.get<std::string_view>("/a"));
    session.set_json("c", session.data());
    session.set_at("/d/-", *session.get<std::string_view>("/a"));
    session.update(*session.json("/c"));
    CHECK(session.get<std::string_view>("/c/b") == "some text");
    CHECK(session.get<std::string_view>("/d/0") == "some text");
}

void update_merges_and_replace_replaces()
{
    h3s::session session = session_of(R"({"a":1,"b":2})");
    session.update(R"({"b":3,"c":4})");
    CHECK(session.data() == R"({"a":1,"b":3,"c":4})");
    session.replace(R"({"d":5})").remove("d");
    CHECK(session.data() == "{}");
    CHECK(THROWN(h3s::data_error, session.update("[]")).status() == H3S_ERR_DATA);
}

// ---- Walking ------------------------------------------------------------------------------------

void a_walk_goes_through_elements_and_what_is_in_them()
{
    const h3s::session session = session_of(
        R"({"items":[{"sku":"a","count":2,"tags":["x","y"]},{"sku":"b","count":3,"tags":[]}]})");
    std::string skus, tags;
    int total = 0;
    for (const h3s::item& item : session.walk("/items")) {
        CHECK(!item.key());
        CHECK(item.type() == h3s::type::object && item.contains("/sku"));
        skus += *item.get<std::string_view>("/sku");
        total += item.get<int>("/count").value_or(0);
        for (const h3s::item& tag : item.walk("/tags"))
            tags += *tag.get<std::string>();
    }
    CHECK(skus == "ab" && total == 5 && tags == "xy");
}

void a_walk_goes_through_members_and_their_names()
{
    const h3s::session session = session_of(R"({"a\n":1,"b":true,"c":0.5})");
    std::string seen;
    for (const h3s::item& member : session.walk()) {
        seen += *member.key();
        seen += '=';
        seen += *member.json();
        seen += ';';
    }
    CHECK(seen == "a\n=1;b=true;c=0.5;");
    const h3s::walk_range walk = session.walk();
    CHECK(std::next(walk.begin())->get<bool>() == true);
    CHECK(std::next(walk.begin(), 2)->get<double>() == 0.5);
}

void a_walk_through_nothing_is_empty()
{
    const h3s::session session = session_of(R"({"a":[],"b":1})");
    for (const std::string_view pointer : {"/a", "/b", "/c"}) {
        const h3s::walk_range walk = session.walk(pointer);
        CHECK(walk.begin() == walk.end());
    }
}

void a_walk_serves_the_algorithms_of_the_standard_library()
{
    const h3s::session session = session_of(R"({"n":[1,2,3,4]})");
    const h3s::walk_range walk = session.walk("/n");
    const auto number = [](const h3s::item& item) { return *item.get<int>(); };
    CHECK(std::accumulate(walk.begin(), walk.end(), 0,
                          [&](int sum, const h3s::item& item) { return sum + number(item); })
          == 10);
    const auto found = std::find_if(walk.begin(), walk.end(),
                                    [&](const h3s::item& item) { return number(item) > 2; });
    CHECK(found != walk.end() && number(*found) == 3);
    auto next = walk.begin();
    CHECK(number(*next++) == 1 && number(*next) == 2);
    CHECK(std::distance(walk.begin(), walk.end()) == 4);
}

void a_walk_ends_with_a_write_and_says_so()
{
    h3s::session session = session_of(R"({"n":[1,2,3]})");
    const h3s::walk_range walk = session.walk("/n");
    auto at = walk.begin();
    session.set("a", 1);
    THROWN(h3s::state_error, ++at);
    THROWN(h3s::state_error, walk.begin());
    int seen = 0;
    for (const h3s::item& item : session.walk("/n"))
        seen += *item.get<int>();
    CHECK(seen == 6);
}

void an_item_of_a_session_that_was_written_is_read_no_more()
{
    h3s::session session = session_of(R"({"n":[1,"text"]})");
    const h3s::item item = *session.walk("/n").begin();
    CHECK(item.get<int>() == 1);
    session.set("a", 1);
    THROWN(h3s::state_error, item.get<int>());
    CHECK(!item.json() && item.type() == h3s::type::absent);
}

// ---- Tokens without a session, options, headers -------------------------------------------------

void iron_seals_and_opens_any_json()
{
    const h3s::config iron(with(R"("seal":"h3-1")"));
    const std::string token = iron.iron_seal("[1, 2]");
    CHECK(token.substr(0, 7) == "Fe26.2*");
    CHECK(iron.iron_unseal(token) == "[1,2]");
    CHECK(iron.iron_unseal(h3s::request{}.header(token + "~2").peer("me")) == "[1,2]");
    THROWN(h3s::data_error, iron.iron_seal(R"({"id":"x"})"));
    THROWN(h3s::data_error, iron.iron_seal(""));
    const std::string session
        = iron.iron_seal(R"({"id":"x","createdAt":1800000000000,"data":{"a":1}})", H3S_IRON_SESSION, now);
    CHECK(iron.unseal(h3s::request{}.header(session).now(now)).get<int>("/a") == 1);
    CHECK(THROWN(h3s::rejected_error, iron.iron_unseal("nonsense")).rejection()
          == h3s::rejection::malformed);
    THROWN(h3s::rejected_error, iron.iron_unseal(""));
    CHECK(THROWN(h3s::config_error, config().iron_seal("1")).key() == "seal.accept");
}

void a_password_from_elsewhere_is_quoted_into_the_options()
{
    const std::string password = "a \"password\" of at least\n32 characters\\";
    const h3s::config made(R"({"password":)" + h3s::json_quote(password) + "}");
    h3s::session session = made.get(h3s::request{});
    CHECK(made.unseal(session.seal()).id() == session.id());
    CHECK(h3s::json_quote("") == R"("")");
    CHECK(h3s::json_quote("a\0\"b"sv) == R"("a\u0000\"b")");
    THROWN(h3s::data_error, h3s::json_quote("\xff"));
}

void a_config_says_what_its_options_come_to()
{
    CHECK(config().cookie_name() == "h3");
    CHECK(config().header_name() == "x-h3-session");
    CHECK(config().vary() == "Cookie, x-h3-session");
    CHECK(config().uses_cookies() && config().is_secure() && !config().may_be_cold());
    const h3s::config plain(with(R"("cookie":{"secure":false},"sessionHeader":false,"seal":"h3-2")"));
    CHECK(plain.uses_cookies() && !plain.is_secure() && plain.may_be_cold());
    CHECK(!plain.header_name());
    const h3s::config bare(with(R"("cookie":false)"));
    CHECK(!bare.uses_cookies());
}

void a_config_counts_what_was_done_with_it()
{
    const h3s::config own(options);
    CHECK(!own.use(h3s::request{}).seal().empty());
    own.get(h3s::request{"h3=h3s1..AAAA"}).clear();
    const h3s_counts counts = h3s::config(own).counts();
    CHECK(counts.made == 2 && counts.sealed == 1 && counts.cleared == 1);
    CHECK(counts.refused[static_cast<std::size_t>(h3s::rejection::malformed)] == 1);
}

void headers_of_responses_are_merged()
{
    CHECK(config().header_vary() == "Cookie, x-h3-session");
    CHECK(config().header_vary("Accept, cookie") == "Accept, cookie, x-h3-session");
    CHECK(config().header_vary("*") == "*");
    CHECK(h3s::header_cache_control() == "private");
    CHECK(h3s::header_cache_control("public, no-cache") == "private, no-cache");
    CHECK(h3s::header_is_targeted("CDN-Cache-Control") && !h3s::header_is_targeted("Cache-Control"));
}

void a_cookie_header_goes_upstream_without_the_session()
{
    CHECK(config().cookie_strip("a=1; h3=x; b=2; h3.1=y") == "a=1; b=2");
    CHECK(config().cookie_strip("").empty());
}

void of_several_cookies_the_one_that_was_opened_goes_upstream()
{
    h3s::session first = session_of(R"({"a":1})");
    const std::string own = cookie_of(first);
    const std::string header = "a=1; h3=x; " + own + "; b=2; h3.1=y";
    const h3s::session session = config().use(h3s::request(header).now(now));
    CHECK(session.strip(header) == "a=1; " + own + "; b=2");
    CHECK(session.strip("a=1; h3=x") == "a=1");
    CHECK(session.strip("").empty());
}

void another_site_is_told_from_the_own_one()
{
    h3s::site_headers headers;
    CHECK(!h3s::is_cross_site(headers));
    headers.sec_fetch_site = "cross-site";
    CHECK(h3s::is_cross_site(headers));
    CHECK(h3s::is_cross_site({"", "https://evil.test", "", "good.test"}));
    CHECK(!h3s::is_cross_site({"", "", "https://good.test/page", "good.test"}));
}

// ---- Revocation ---------------------------------------------------------------------------------

h3s::config revocable(std::string_view more = "")
{
    return h3s::config(
        with(R"("maxAge":3600,"revocation":{"subject":"/user")" + std::string(more) + "}"));
}

std::string lines_of(h3s::session& session)
{
    std::string lines;
    for (const std::string_view entry : session.revocation_entries()) {
        CHECK(std::strlen(entry.data()) == entry.size());
        lines.append(entry).append("\n");
    }
    return lines;
}

void a_revoked_session_is_refused_where_its_entries_were_applied()
{
    const h3s::config shared = revocable();
    const h3s::revocations known(100);
    const auto request
        = [&](std::string_view cookie) { return h3s::request{cookie}.now(now).revocations(known); };
    h3s::session first = shared.use(request(""));
    CHECK(first.revocation_entries().empty());
    const std::string cookie = cookie_of(first.set("user", "ada"));
    h3s::session second = shared.use(request(cookie));
    CHECK(second.view().is_stale && !second.view().is_cold);
    CHECK(second.revoke().view().is_cleared);
    CHECK(second.revocation_entries().size() == 1);
    CHECK(known.apply(shared, lines_of(second) + "h3r1.unknown", now) == 1);
    known.heard(now);
    h3s::session third = shared.use(request(cookie));
    CHECK(third.rejection() == h3s::rejection::revoked && !third.view().is_stale);
    CHECK(third.clear().revoke().revocation_entries().empty());
    THROWN(h3s::state_error, third.revoke_everywhere());
    THROWN(h3s::config_error, fresh().revoke());
}

void all_sessions_of_a_user_are_revoked_at_once()
{
    const h3s::config shared = revocable();
    const h3s::revocations known(100);
    const auto at
        = [&](int second) { return h3s::request{}.now(after(second)).revocations(known); };
    h3s::session first = shared.use(at(0));
    h3s::session second = shared.use(at(1));
    const std::string token(first.set("user", 42).seal());
    THROWN(h3s::state_error, second.revoke_everywhere());
    second.set("user", "42").revoke_everywhere();
    known.apply(shared, lines_of(second), after(1));
    const auto error = THROWN(h3s::rejected_error, shared.unseal(at(1).header(token)));
    CHECK(error.rejection() == h3s::rejection::revoked);
}

void what_is_revoked_without_a_session_is_an_entry_of_the_config()
{
    const h3s::config shared = revocable(R"(,"file":"/run/revoked")");
    const h3s::revocations known(100);
    CHECK(shared.has_revocation() && shared.revocation_file() == "/run/revoked");
    CHECK(shared.revocation_keep() == std::chrono::minutes(60 + 11));
    CHECK(!config().has_revocation() && !config().revocation_file());
    CHECK(config().revocation_keep().count() == 0 && !revocable().revocation_file());
    std::string lines = shared.revoke_session("an-id", now) + "\n";
    lines += shared.revoke_subject("ada", now, now) + "\n" + shared.revoke_everybody(now, now);
    CHECK(known.apply(shared, lines, now) == 3);
    // By the system's clock, and up to now.
    CHECK(known.apply(shared, shared.revoke_subject("ada") + "\n" + shared.revoke_everybody()) == 2);
    THROWN(h3s::data_error, shared.revoke_session("an id", now));
    // Nobody's, and not everybody's.
    THROWN(h3s::data_error, shared.revoke_subject({}, now, now));
    THROWN(h3s::argument_error, shared.revoke_everybody(after(3600), now));
    THROWN(h3s::config_error, config().revoke_everybody(now, now));

    h3s::revocation_entry read = shared.read_revocation(shared.revoke_subject("ada", now, now));
    CHECK(read.kind == h3s::revocation_kind::subject && read.whose == "ada" && read.before == now);
    CHECK(read.until > now + std::chrono::minutes(60));
    read = shared.read_revocation(shared.revoke_session("an-id", now));
    CHECK(read.kind == h3s::revocation_kind::session && read.whose.size() == 32 && !read.before);
    read = shared.read_revocation(shared.revoke_everybody(now, now));
    CHECK(read.kind == h3s::revocation_kind::everybody && read.whose.empty());
    CHECK(THROWN(h3s::rejected_error, shared.read_revocation("h3r1.x")).rejection() == h3s::rejection::malformed);
}

void a_copy_of_what_is_revoked_says_how_complete_it_is()
{
    const h3s::config shared = revocable(R"(,"stale":"closed")");
    h3s::revocations known(1);
    CHECK(known.view(now).room >= 1 && known.view(now).entries == 0 && known.view(now).missed == 0);
    CHECK(!known.view(now).heard_at);
    known.heard(now);
    CHECK(known.view(now).heard_at == now);
    const auto request = [&] { return h3s::request{}.now(now).revocations(known); };
    h3s::session session = shared.use(request());
    const std::string token(session.seal());
    CHECK(!shared.unseal(request().header(token)).is_new());
    std::string lines;
    for (int i = 0; i < 40; i++)
        lines += shared.revoke_session("id-" + std::to_string(i), now) + "\n";
    CHECK(THROWN(h3s::full_error, known.apply(shared, lines, now)).status() == H3S_ERR_FULL);
    CHECK(known.view(now).entries + known.view(now).missed == 40);
    THROWN(h3s::stale_error, shared.unseal(request().header(token)));
    THROWN(h3s::argument_error, h3s::revocations(0));
    CHECK(THROWN(h3s::argument_error, shared.use(h3s::request{}.now(now))).key()
          == "request.revocations");
}

void owners_of_a_copy_of_what_is_revoked_share_it()
{
    const h3s::config shared = revocable();
    h3s::revocations first(10);
    h3s::revocations second(first);
    CHECK(first == second && !(first != second));
    second.heard(now);
    CHECK(first.view(now).heard_at == now);
    h3s::revocations third(std::move(first));
    CHECK(third == second && first.handle() == nullptr); // NOLINT: that is what is tested
    CHECK(THROWN(h3s::argument_error, first.heard(now)).key() == "revocations");
    THROWN(h3s::argument_error, first.apply(shared, "", now));
    THROWN(h3s::argument_error, first.view(now));
    first = third;
    swap(first, second);
    CHECK(first == second);
    third = h3s::revocations(10);
    CHECK(third != first && !third.view(now).heard_at);
    const h3s::revocations again = h3s::revocations::adopt(first.release());
    CHECK(again == second);
    alignas(8) static unsigned char memory[512];
    const h3s::revocations placed = h3s::revocations::at(memory, sizeof memory);
    placed.apply(shared, shared.revoke_session("an-id", now), now);
    CHECK(h3s::revocations::at(memory, sizeof memory).view(now).entries == 1);
    THROWN(h3s::argument_error, h3s::revocations::at(memory, sizeof memory - 8));
}

void what_is_appended_to_a_file_is_applied_where_it_is_polled()
{
    const h3s::config shared = revocable();
    const h3s::revocations known(100);
    const std::string path = "/tmp/h3s-hpp-" + std::to_string(getpid());
    h3s::revocation_file first(path);
    CHECK(first.poll(known, shared, now) == 0 && known.view(now).heard_at == now);
    first.append(shared.revoke_session("one", now), now);
    h3s::revocation_file second(std::move(first));
    CHECK(first.handle() == nullptr); // NOLINT: that is what is tested
    CHECK(THROWN(h3s::argument_error, first.append("", now)).key() == "file");
    THROWN(h3s::argument_error, first.poll(known, shared, now));
    CHECK(second.poll(known, shared, now) == 1 && second.poll(known, shared, now) == 0);
    CHECK(THROWN(h3s::argument_error, second.append("no entry", now)).key() == "lines");
    THROWN(h3s::config_error, second.poll(known, config(), now));
    first = h3s::revocation_file::adopt(second.release());
    swap(first, second);
    second.append(shared.revoke_session("two", now), now);
    CHECK(h3s::revocation_file(path).poll(known, shared, now) == 2);
    CHECK(unlink(path.c_str()) == 0);
    THROWN(h3s::argument_error, h3s::revocation_file("revocations"));
    const h3s::store_error error = THROWN(h3s::store_error, h3s::revocation_file("/dev/null/a"));
    CHECK(error.status() == H3S_ERR_STORE && error.key() == "revocation.file");
}

void versions_are_those_of_the_library()
{
    CHECK(h3s::version() == H3S_VERSION);
    CHECK(h3s::backend() == h3s_backend());
    CHECK(h3s::abi_version() == H3S_ABI_VERSION);
}

const test tests[] = {
#define TEST(name) {#name, name}
    TEST(a_copied_config_is_the_same_one_and_outlives_the_first),
    TEST(a_config_that_was_moved_from_can_be_assigned_to_and_refuses_all_else),
    TEST(a_session_that_was_moved_from_can_be_assigned_to_and_refuses_all_else),
    TEST(a_session_keeps_its_config_alive),
    TEST(handles_go_from_and_to_c),
    TEST(options_that_are_wrong_are_a_config_error_with_key_and_offset),
    TEST(check_needs_no_password_and_throws_as_the_constructor),
    TEST(what_an_error_says_of_a_byte_is_in_its_what),
    TEST(every_status_has_its_exception),
    TEST(all_errors_of_the_library_are_one_tree),
    TEST(after_an_exception_the_session_is_as_it_was),
    TEST(a_forged_token_is_a_rejected_error_that_says_why),
    TEST(cold_and_busy_throw_and_make_no_session),
    TEST(a_session_comes_back_in_its_cookie),
    TEST(a_session_comes_back_in_its_header),
    TEST(get_sets_no_cookie_before_a_write_or_ensure),
    TEST(across_sites_use_sets_no_cookie),
    TEST(set_cookies_are_a_list_of_strings_with_a_nul),
    TEST(clear_ends_the_session_and_a_write_begins_another),
    TEST(rotate_changes_the_id_and_set_id_sets_it),
    TEST(times_are_points_of_the_system_clock),
    TEST(a_session_whose_clock_moves_past_its_end_can_only_be_read),
    TEST(a_session_has_a_lifetime_of_its_own),
    TEST(a_time_out_of_range_is_an_argument_error),
    TEST(a_view_has_what_the_getters_give),
    TEST(what_is_set_is_got_by_its_type),
    TEST(get_gives_nothing_for_another_type_or_what_does_not_fit),
    TEST(a_type_is_told_and_null_is_contained),
    TEST(numbers_that_json_cannot_hold_are_a_data_error),
    TEST(set_at_writes_anywhere_and_makes_what_is_missing),
    TEST(doubles_come_back_the_same_from_set_at),
    TEST(what_is_borrowed_may_be_written),
    TEST(update_merges_and_replace_replaces),
    TEST(a_walk_goes_through_elements_and_what_is_in_them),
    TEST(a_walk_goes_through_members_and_their_names),
    TEST(a_walk_through_nothing_is_empty),
    TEST(a_walk_serves_the_algorithms_of_the_standard_library),
    TEST(a_walk_ends_with_a_write_and_says_so),
    TEST(an_item_of_a_session_that_was_written_is_read_no_more),
    TEST(iron_seals_and_opens_any_json),
    TEST(a_password_from_elsewhere_is_quoted_into_the_options),
    TEST(a_config_says_what_its_options_come_to),
    TEST(a_config_counts_what_was_done_with_it),
    TEST(headers_of_responses_are_merged),
    TEST(a_cookie_header_goes_upstream_without_the_session),
    TEST(of_several_cookies_the_one_that_was_opened_goes_upstream),
    TEST(another_site_is_told_from_the_own_one),
    TEST(a_revoked_session_is_refused_where_its_entries_were_applied),
    TEST(all_sessions_of_a_user_are_revoked_at_once),
    TEST(what_is_revoked_without_a_session_is_an_entry_of_the_config),
    TEST(a_copy_of_what_is_revoked_says_how_complete_it_is),
    TEST(owners_of_a_copy_of_what_is_revoked_share_it),
    TEST(what_is_appended_to_a_file_is_applied_where_it_is_polled),
    TEST(versions_are_those_of_the_library),
};

} // namespace

int main()
{
    std::vector<const char*> failed;
    for (const test& one : tests) {
        std::printf("[ RUN      ] %s\n", one.name);
        if (passes(one)) {
            std::printf("[       OK ] %s\n", one.name);
        } else {
            std::printf("[  FAILED  ] %s\n", one.name);
            failed.push_back(one.name);
        }
    }
    return failed.empty() ? 0 : 1;
}
