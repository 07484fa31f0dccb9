/* The verbs, the reasons for a refusal, cookies and chunks, and how long strings last. */
#include "jar.h"

#include <stdio.h>
#include <stdlib.h>

#define OLD "\"old\":\"an old password of at least 32 characters\""
#define NEW "\"new\":\"a new password of at least 32 characters\""

static struct jar *jar;

static int empty_jar(void **state)
{
    (void)state;
    jar = calloc(1, sizeof *jar);
    return jar == NULL;
}

static int free_jar(void **state)
{
    (void)state;
    free(jar);
    return 0;
}

static void use_sets_a_cookie_at_once_and_get_does_not(void **state)
{
    h3s_session *session = used(config, NULL, NULL, NOW);
    (void)state;
    assert_int_equal(h3s_session_is_new(session), 1);
    assert_int_equal(h3s_session_is_dirty(session), 1);
    assert_int_equal(h3s_session_created_at(session), NOW);
    assert_int_equal(jar_take(jar, session), 1);
    assert_int_equal(h3s_session_is_dirty(session), 0);
    h3s_session_free(session);
    session = got(config, NULL, NULL, NOW);
    assert_int_equal(h3s_session_is_new(session), 1);
    assert_int_equal(jar_take(jar, session), 0);
    h3s_session_free(session);
}

static void a_counter_counts_across_requests(void **state)
{
    (void)state;
    for (long visit = 1; visit <= 3; visit++) {
        h3s_session *session = used(config, jar_header(jar), NULL, NOW + visit);
        h3s_str count = h3s_session_find(session, S("/count"));
        char next[32];
        assert_int_equal(count.ptr ? strtol(count.ptr, NULL, 10) : 0, visit - 1);
        assert_int_equal(h3s_session_source(session), visit == 1 ? H3S_SOURCE_NONE : H3S_SOURCE_COOKIE);
        sprintf(next, "%ld", visit);
        assert_ok(h3s_set_json(session, S("count"), S(next), NULL));
        assert_int_equal(jar_take(jar, session), 1);
        h3s_session_free(session);
    }
}

static void writes_do_what_they_say(void **state)
{
    h3s_session *session = used(config, NULL, NULL, NOW);
    (void)state;
    assert_ok(h3s_replace(session, S(" {\"a\": 1, \"b\": [1, 2]} "), NULL));
    assert_str(h3s_session_data(session), "{\"a\":1,\"b\":[1,2]}");
    assert_ok(h3s_update(session, S("{\"c\":3,\"a\":{\"x\":1.0}}"), NULL));
    assert_str(h3s_session_data(session), "{\"a\":{\"x\":1.0},\"b\":[1,2],\"c\":3}");
    assert_ok(h3s_set_text(session, S("t"), "q\"\0\n", 4, NULL));
    assert_ok(h3s_remove(session, S("b"), NULL));
    assert_ok(h3s_remove(session, S("none"), NULL));
    assert_str(h3s_session_data(session), "{\"a\":{\"x\":1.0},\"c\":3,\"t\":\"q\\\"\\u0000\\n\"}");
    assert_int_equal(h3s_session_text(session, S("/t")).len, 4);
    assert_memory_equal(h3s_session_text(session, S("/t")).ptr, "q\"\0\n", 4);
    h3s_session_free(session);
}

static void bad_data_leaves_the_session_as_it_was(void **state)
{
    static const char *const texts[] = {"", "[]", "{", "{\"a\":1,\"a\":2}", "{\"a\":\"\xFF\"}", "{} x", "{\"a\":01}"};
    h3s_session *session = used(config, NULL, NULL, NOW);
    h3s_error err;
    (void)state;
    assert_ok(h3s_set_json(session, S("keep"), S("1"), NULL));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(h3s_update(session, S(texts[i]), &err), H3S_ERR_DATA);
        assert_in_range(err.offset, 0, strlen(texts[i]));
        assert_int_equal(h3s_replace(session, S(texts[i]), NULL), H3S_ERR_DATA);
    }
    assert_int_equal(h3s_set_json(session, S("\xFF"), S("1"), NULL), H3S_ERR_DATA);
    assert_int_equal(h3s_set_text(session, S("a"), S("b\xFF"), &err), H3S_ERR_DATA);
    assert_int_equal(err.offset, 1);
    assert_int_equal(h3s_remove(session, S("\xFF"), NULL), H3S_ERR_DATA);
    assert_int_equal(h3s_session_set_id(session, S("\xFF"), NULL), H3S_ERR_DATA);
    assert_str(h3s_session_data(session), "{\"keep\":1}");
    h3s_session_free(session);
}

static void rotate_gives_a_new_id_and_the_same_data(void **state)
{
    h3s_session *session = used(config, NULL, NULL, NOW);
    char id[64];
    (void)state;
    assert_ok(h3s_set_json(session, S("a"), S("1"), NULL));
    jar_take(jar, session);
    strcpy(id, h3s_session_id(session).ptr);
    h3s_session_free(session);
    session = used(config, jar_header(jar), NULL, NOW + SECOND);
    assert_str(h3s_session_id(session), id);
    assert_ok(h3s_rotate(session, NULL));
    assert_string_not_equal(h3s_session_id(session).ptr, id);
    assert_str(h3s_session_data(session), "{\"a\":1}");
    assert_int_equal(h3s_session_created_at(session), NOW + SECOND);
    h3s_session_free(session);
}

static void a_cleared_session_never_comes_back(void **state)
{
    h3s_session *session = used(config, NULL, NULL, NOW);
    h3s_view view = {.size = sizeof view};
    h3s_str token;
    (void)state;
    assert_ok(h3s_set_json(session, S("secret"), S("1"), NULL));
    jar_take(jar, session);
    assert_ok(h3s_clear(session, NULL));
    assert_ok(h3s_session_view(session, &view));
    assert_int_equal(view.flags, H3S_VIEW_DIRTY | H3S_VIEW_CLEARED);
    assert_str(view.id, "");
    assert_str(view.data, "{}");
    assert_str(h3s_session_log_id(session), NULL);
    assert_int_equal(h3s_remove(session, S("a"), NULL), H3S_ERR_STATE);
    assert_int_equal(h3s_rotate(session, NULL), H3S_ERR_STATE);
    assert_int_equal(h3s_seal(session, &token, NULL), H3S_ERR_STATE);
    assert_str(token, NULL);
    assert_int_equal(h3s_session_set_id(session, S("x"), NULL), H3S_ERR_STATE);
    assert_int_equal(jar_take(jar, session), 1);
    assert_int_equal(jar->count, 0);
    assert_ok(h3s_set_json(session, S("b"), S("2"), NULL));
    assert_str(h3s_session_data(session), "{\"b\":2}");
    assert_int_equal(h3s_session_is_new(session), 1);
    assert_int_equal(jar_take(jar, session), 1);
    assert_int_equal(jar->count, 1);
    h3s_session_free(session);
}

static void an_id_may_be_set_until_the_session_is_sealed(void **state)
{
    h3s_session *session = used(config, NULL, NULL, NOW);
    (void)state;
    assert_int_equal(h3s_session_set_id(session, S("a b"), NULL), H3S_ERR_DATA);
    assert_ok(h3s_session_set_id(session, S("mine"), NULL));
    assert_str(h3s_session_id(session), "mine");
    jar_take(jar, session);
    assert_int_equal(h3s_session_set_id(session, S("other"), NULL), H3S_ERR_STATE);
    assert_ok(h3s_rotate(session, NULL));
    assert_ok(h3s_session_set_id(session, S("other"), NULL));
    h3s_session_free(session);
}

static void the_view_says_what_the_getters_say(void **state)
{
    h3s_config *limited = config_of("{\"password\":\"" PASSWORD "\",\"maxAge\":60,\"idleTimeout\":30}");
    h3s_session *session = used(limited, NULL, NULL, NOW);
    h3s_view view = {.size = sizeof view};
    (void)state;
    jar_take(jar, session);
    h3s_session_free(session);
    session = used(limited, jar_header(jar), NULL, NOW + 20 * SECOND);
    assert_ok(h3s_session_view(session, &view));
    assert_ptr_equal(view.id.ptr, h3s_session_id(session).ptr);
    assert_ptr_equal(view.data.ptr, h3s_session_data(session).ptr);
    assert_int_equal(view.created_at, h3s_session_created_at(session));
    assert_int_equal(view.last_seen_at, NOW);
    assert_int_equal(view.last_seen_at, h3s_session_last_seen_at(session));
    assert_int_equal(view.expires_at, h3s_session_expires_at(session));
    assert_int_equal(view.expires_at, NOW + 50 * SECOND);
    assert_int_equal(view.source, H3S_SOURCE_COOKIE);
    assert_int_equal(view.rejection, h3s_session_rejection(session));
    assert_int_equal(view.flags, H3S_VIEW_DIRTY | H3S_VIEW_SLIDES);
    assert_ok(h3s_set_int(session, S("b"), 1, NULL));
    assert_ok(h3s_session_view(session, &view));
    assert_int_equal(view.flags, H3S_VIEW_DIRTY);
    h3s_session_free(session);
    h3s_config_free(limited);
}

static void every_reason_can_be_asked_for(void **state)
{
    char good[20000], old[20000], long_token[17000];
    h3s_config *strict = config_of("{\"password\":\"" PASSWORD "\",\"maxAge\":60,\"idleTimeout\":30,\"notBefore\":1799999999000}");
    h3s_config *other = config_of("{\"password\":{" OLD "}}");
    h3s_error err;
    (void)state;
    token_of(strict, "{}", NOW, good);
    token_of(other, "{}", NOW, old);
    memset(long_token, 'A', sizeof long_token - 1);
    memcpy(long_token, "h3s1..", 6);
    long_token[sizeof long_token - 1] = '\0';
    char damaged[20000], revoked[20000], live[20000];
    strcpy(damaged, good);
    damaged[40] = damaged[40] == 'A' ? 'B' : 'A';
    token_of(config, "{}", NOW - 2000 * SECOND, revoked);
    token_of(config, "{}", NOW, live);
    const struct { const char *token; int64_t now; int32_t reason; } cases[] = {
        {"nonsense", NOW, H3S_REJECTION_MALFORMED},     {"Fe26.2*x", NOW, H3S_REJECTION_UNSUPPORTED_FORMAT},
        {old, NOW, H3S_REJECTION_UNKNOWN_KEY},          {damaged, NOW, H3S_REJECTION_BAD_SEAL},
        {live, NOW + 61 * SECOND, H3S_REJECTION_EXPIRED}, {good, NOW + 31 * SECOND, H3S_REJECTION_IDLE},
        {revoked, NOW, H3S_REJECTION_REVOKED},          {long_token, NOW, H3S_REJECTION_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        h3s_session *session = NULL;
        assert_int_equal(unseal_token(strict, S(cases[i].token), cases[i].now, &session, &err), H3S_ERR_REJECTED);
        assert_null(session);
        assert_int_equal(err.rejection, cases[i].reason);
        assert_string_equal(err.key, h3s_rejection_str(cases[i].reason));
        session = used(strict, NULL, cases[i].token, cases[i].now);
        assert_int_equal(h3s_session_rejection(session), cases[i].reason);
        assert_int_equal(h3s_session_is_new(session), 1);
        h3s_session_free(session);
    }
    h3s_config_free(other);
    h3s_config_free(strict);
}

static void a_header_wins_and_a_token_opens_bare(void **state)
{
    char token[20000];
    h3s_session *session = NULL;
    (void)state;
    token_of(config, "{\"from\":\"header\"}", NOW, token);
    session = used(config, NULL, NULL, NOW);
    jar_take(jar, session);
    h3s_session_free(session);
    session = used(config, jar_header(jar), token, NOW);
    assert_int_equal(h3s_session_source(session), H3S_SOURCE_HEADER);
    assert_str(h3s_session_text(session, S("/from")), "header");
    h3s_session_free(session);
    assert_ok(unseal_token(config, S(token), NOW, &session, NULL));
    assert_int_equal(h3s_session_source(session), H3S_SOURCE_TOKEN);
    h3s_session_free(session);
}

static void a_large_session_grows_and_shrinks_without_leftovers(void **state)
{
    static const size_t lengths[] = {10, 9000, 4000, 10}, cookies[] = {1, 5, 3, 1};
    static char text[400000];
    h3s_config *many = config_of("{\"password\":\"" PASSWORD "\",\"cookie\":{\"maxChunks\":100}}");
    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < 4; i++) {
        h3s_session *session = used(many, jar_header(jar), NULL, NOW);
        assert_ok(h3s_set_text(session, S("a"), text, lengths[i], NULL));
        jar_take(jar, session);
        h3s_session_free(session);
        assert_int_equal(jar->count, cookies[i]);
        session = used(many, jar_header(jar), NULL, NOW);
        assert_int_equal(h3s_session_text(session, S("/a")).len, lengths[i]);
        assert_int_equal(h3s_set_text(session, S("b"), text, sizeof text, NULL), H3S_ERR_TOO_LARGE);
        assert_str(h3s_session_find(session, S("/b")), NULL);
        assert_int_equal(h3s_session_is_dirty(session), 0);
        h3s_session_free(session);
    }
    h3s_config_free(many);
}

static void an_old_password_is_replaced_on_read(void **state)
{
    h3s_config *old = config_of("{\"password\":{" OLD "}}"), *both = config_of("{\"password\":{" NEW "," OLD "}}");
    h3s_session *session = used(old, NULL, NULL, NOW);
    (void)state;
    jar_take(jar, session);
    h3s_session_free(session);
    session = got(both, jar_header(jar), NULL, NOW);
    assert_int_equal(h3s_session_is_new(session), 0);
    assert_int_equal(h3s_session_is_dirty(session), 1);
    jar_take(jar, session);
    assert_memory_equal(jar_value(jar, "h3"), "h3s1.new.", 9);
    h3s_session_free(session);
    h3s_config_free(both);
    h3s_config_free(old);
}

static void a_moved_clock_ends_a_session(void **state)
{
    h3s_config *idle = config_of("{\"password\":\"" PASSWORD "\",\"idleTimeout\":60}");
    h3s_session *session = used(idle, NULL, NULL, NOW);
    const h3s_str *list = NULL;
    size_t count = 0;
    h3s_error err;
    (void)state;
    jar_take(jar, session);
    assert_ok(h3s_session_set_now(session, NOW + 60 * SECOND, NULL));
    assert_int_equal(h3s_session_set_now(session, NOW + 61 * SECOND, &err), H3S_ERR_REJECTED);
    assert_int_equal(err.rejection, H3S_REJECTION_IDLE);
    assert_int_equal(h3s_set_json(session, S("a"), S("1"), NULL), H3S_ERR_REJECTED);
    assert_int_equal(h3s_set_cookies(session, &list, &count, NULL), H3S_ERR_REJECTED);
    assert_null(list);
    assert_str(h3s_session_data(session), "{}");
    assert_ok(h3s_clear(session, NULL));
    assert_int_equal(jar_take(jar, session), 2);
    h3s_session_free(session);
    h3s_config_free(idle);
}

static void a_session_has_a_lifetime_of_its_own_on_every_server(void **state)
{
    h3s_config *limited = config_of("{\"password\":\"" PASSWORD "\",\"maxAge\":86400}");
    h3s_session *session = used(limited, NULL, NULL, NOW);
    const h3s_str *list;
    size_t count;
    uint32_t flags = 7;
    (void)state;
    assert_int_equal(h3s_session_lifetime(session, &flags), 0);
    assert_int_equal(flags, 0);
    assert_ok(h3s_session_set_lifetime(session, 3600, H3S_LIFETIME_BROWSER, NULL));
    jar_take(jar, session);
    h3s_session_free(session);

    session = used(limited, jar_header(jar), NULL, NOW + 3600 * SECOND);
    assert_int_equal(h3s_session_lifetime(session, &flags), 3600);
    assert_int_equal(flags, H3S_LIFETIME_BROWSER);
    assert_int_equal(h3s_session_lifetime(session, NULL), 3600);
    assert_int_equal(h3s_session_expires_at(session), NOW + 3600 * SECOND);
    assert_ok(h3s_set_int(session, S("a"), 1, NULL));
    assert_ok(h3s_set_cookies(session, &list, &count, NULL));
    assert_null(strstr(list[0].ptr, "Max-Age"));
    assert_null(strstr(list[0].ptr, "Expires"));
    h3s_session_free(session);

    session = used(limited, jar_header(jar), NULL, NOW + 3600 * SECOND + 1);
    assert_int_equal(h3s_session_rejection(session), H3S_REJECTION_EXPIRED);
    assert_ok(h3s_session_set_lifetime(session, 0, 0, NULL));
    assert_ok(h3s_set_cookies(session, &list, &count, NULL));
    assert_non_null(strstr(list[0].ptr, "; Max-Age=86400;"));
    h3s_session_free(session);
    h3s_config_free(limited);
}

static void strings_last_until_the_next_write_whatever_is_read(void **state)
{
    h3s_session *session = used(config, NULL, NULL, NOW);
    (void)state;
    assert_ok(h3s_replace(session, S("{\"a\":\"\\u0041\",\"b\":\"\\u0042\",\"c\":{\"d/e\":[1,\"x\"]}}"), NULL));
    h3s_str id = h3s_session_id(session), data = h3s_session_data(session), log_id = h3s_session_log_id(session);
    h3s_str a = h3s_session_text(session, S("/a")), b = h3s_session_text(session, S("/b"));
    h3s_str x = h3s_session_find(session, S("/c/d~1e/1"));
    const h3s_str *list = NULL, *again = NULL;
    size_t count = 0;
    for (int i = 0; i < 100; i++)
        assert_ptr_equal(h3s_session_text(session, S("/a")).ptr, a.ptr);
    assert_ok(h3s_set_cookies(session, &list, &count, NULL));
    const char *value = list[0].ptr;
    assert_ok(h3s_set_cookies(session, &again, &count, NULL));
    assert_ptr_equal(again[0].ptr, value);
    assert_str(a, "A");
    assert_str(b, "B");
    assert_str(x, "\"x\"");
    assert_int_equal(strlen(id.ptr), 36);
    assert_int_equal(strlen(data.ptr), data.len);
    assert_int_equal(strlen(log_id.ptr), 32);
    assert_str(h3s_session_find(session, S("/c/d~1e/2")), NULL);
    h3s_session_free(session);
}

static void a_session_keeps_its_config_alive(void **state)
{
    h3s_config *own = config_of(OPTIONS);
    h3s_session *session = used(own, NULL, NULL, NOW);
    (void)state;
    h3s_config_free(own);
    assert_ok(h3s_set_json(session, S("a"), S("1"), NULL));
    assert_int_equal(jar_take(jar, session), 1);
    h3s_session_free(session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, empty_jar, free_jar)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(use_sets_a_cookie_at_once_and_get_does_not),
        TEST(a_counter_counts_across_requests),
        TEST(writes_do_what_they_say),
        TEST(bad_data_leaves_the_session_as_it_was),
        TEST(rotate_gives_a_new_id_and_the_same_data),
        TEST(a_cleared_session_never_comes_back),
        TEST(an_id_may_be_set_until_the_session_is_sealed),
        TEST(the_view_says_what_the_getters_say),
        TEST(every_reason_can_be_asked_for),
        TEST(a_header_wins_and_a_token_opens_bare),
        TEST(a_large_session_grows_and_shrinks_without_leftovers),
        TEST(an_old_password_is_replaced_on_read),
        TEST(a_moved_clock_ends_a_session),
        TEST(a_session_has_a_lifetime_of_its_own_on_every_server),
        TEST(strings_last_until_the_next_write_whatever_is_read),
        TEST(a_session_keeps_its_config_alive),
    };
    return cmocka_run_group_tests(tests, make_config, free_config);
}
