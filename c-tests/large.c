/* How large a session may grow: as large as servers take in one line, unless more is asked for. */
#include "jar.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* What nginx, gunicorn and others take in one line by default. */
enum { LINE = 8190, SOME = 250000, MOST = 400000 };

static char text[MOST];

static int make_text(void **state)
{
    memset(text, 'x', sizeof text);
    return make_config(state);
}

static struct jar *new_jar(void)
{
    struct jar *jar = calloc(1, sizeof *jar);
    assert_non_null(jar);
    return jar;
}

/* The most that one member may hold, which 0 bytes always can. */
static size_t most(h3s_session *session)
{
    size_t good = 0, bad = 20000;
    while (bad - good > 1) {
        size_t len = good + (bad - good) / 2;
        int32_t status = h3s_set_text(session, S("big"), text, len, NULL);
        assert_true(status == H3S_OK || status == H3S_ERR_TOO_LARGE);
        if (status == H3S_OK)
            good = len;
        else
            bad = len;
    }
    assert_ok(h3s_set_text(session, S("big"), text, good, NULL));
    return good;
}

static void by_default_no_session_outgrows_a_line_of_8_KiB(void **state)
{
    static const char *const options[] = {
        OPTIONS,
        "{\"password\":\"" PASSWORD "\",\"maxAge\":60,\"idleTimeout\":60}",
        "{\"password\":{\"no_longer_id_than_32_characters_\":\"" PASSWORD "\"},\"name\":\"__Host-a-name-of-a-session\"}",
        "{\"password\":\"" PASSWORD "\",\"seal\":\"h3-1\"}",
    };
    /* The second slides, in a cookie of its own. */
    static const size_t cookies[] = {4, 5, 4, 1};
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        h3s_config *own = config_of(options[i]);
        struct jar *jar = new_jar();
        h3s_session *session = used(own, NULL, NULL, NOW);
        size_t len = most(session);
        /* One more is refused, and changes nothing. */
        assert_int_equal(h3s_set_text(session, S("big"), text, len + 1, NULL), H3S_ERR_TOO_LARGE);
        assert_int_equal(h3s_set_json(session, S("a"), S("1"), NULL), H3S_ERR_TOO_LARGE);
        assert_int_equal(h3s_session_text(session, S("/big")).len, len);
        assert_str(h3s_session_find(session, S("/a")), NULL);
        jar_take(jar, session);
        h3s_session_free(session);
        session = got(own, jar_header(jar), NULL, NOW + 40 * SECOND);
        jar_take(jar, session);
        h3s_session_free(session);

        assert_int_equal(jar->count, cookies[i]);
        size_t line = strlen("Cookie: ") + strlen(jar_header(jar)) + strlen("\r\n");
        assert_in_range(line, cookies[i] == 1 ? 3900 : LINE - 2, LINE);
        session = used(own, jar_header(jar), NULL, NOW);
        assert_int_equal(h3s_session_rejection(session), H3S_REJECTION_NONE);
        assert_int_equal(h3s_session_text(session, S("/big")).len, len);
        h3s_session_free(session);
        free(jar);
        h3s_config_free(own);
    }
}

static void larger_sessions_are_for_those_who_ask_and_for_h3_2(void **state)
{
    static const char *const options[] = {
        "{\"password\":\"" PASSWORD "\",\"cookie\":{\"maxChunks\":100}}",
        "{\"password\":\"" PASSWORD "\",\"seal\":\"h3-2\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        h3s_config *own = config_of(options[i]);
        struct jar *jar = new_jar();
        h3s_session *session = used(own, NULL, NULL, NOW);
        assert_ok(h3s_set_text(session, S("big"), text, SOME, NULL));
        assert_int_equal(h3s_set_text(session, S("big"), text, MOST, NULL), H3S_ERR_TOO_LARGE);
        jar_take(jar, session);
        h3s_session_free(session);
        assert_in_range(jar->count, 80, 101);
        free(jar);
        h3s_config_free(own);
    }
}

static void a_session_that_others_let_grow_is_read_and_shrinks_without_leftovers(void **state)
{
    h3s_config *theirs = config_of("{\"password\":\"" PASSWORD "\",\"cookie\":{\"maxChunks\":100}}");
    struct jar *jar = new_jar();
    h3s_session *session = used(theirs, NULL, NULL, NOW);
    (void)state;
    assert_ok(h3s_set_text(session, S("big"), text, SOME, NULL));
    assert_ok(h3s_set_text(session, S("user"), S("Zoe"), NULL));
    jar_take(jar, session);
    h3s_session_free(session);

    session = used(config, jar_header(jar), NULL, NOW);
    assert_int_equal(h3s_session_rejection(session), H3S_REJECTION_NONE);
    assert_str(h3s_session_text(session, S("/user")), "Zoe");
    assert_int_equal(jar_take(jar, session), 0);
    /* It can be changed within as many cookies, and not grow into more. */
    assert_int_equal(h3s_set_text(session, S("more"), text, LINE, NULL), H3S_ERR_TOO_LARGE);
    assert_ok(h3s_set_text(session, S("user"), S("Zoé"), NULL));
    assert_ok(h3s_set_text(session, S("user"), S("Zoe"), NULL));
    assert_ok(h3s_remove(session, S("big"), NULL));
    assert_str(h3s_session_data(session), "{\"user\":\"Zoe\"}");
    jar_take(jar, session);
    assert_int_equal(jar->count, 1);
    h3s_session_free(session);
    free(jar);
    h3s_config_free(theirs);
}

/* Neither a slide nor a new password is a write: a session that grows no larger is not lost. */
static void a_session_that_others_let_grow_is_kept_alive_by_reads(void **state)
{
    static const char *const formats[] = {"h3s1", "h3-1"};
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char options[3][300];
        sprintf(options[0], "{\"password\":{\"old\":\"" PASSWORD "\"},\"idleTimeout\":60,\"seal\":\"%s\","
                            "\"cookie\":{\"maxChunks\":100}}", formats[i]);
        sprintf(options[1], "{\"password\":{\"old\":\"" PASSWORD "\"},\"idleTimeout\":60,\"seal\":\"%s\","
                            "\"cookie\":{\"maxChunks\":2}}", formats[i]);
        sprintf(options[2], "{\"password\":{\"new\":\"" PASSWORD ", anew\",\"old\":\"" PASSWORD "\"},\"idleTimeout\":60,"
                            "\"seal\":\"%s\",\"cookie\":{\"maxChunks\":2}}", formats[i]);
        h3s_config *theirs = config_of(options[0]), *slides = config_of(options[1]), *moves = config_of(options[2]);
        struct jar *jar = new_jar();
        h3s_session *session = used(theirs, NULL, NULL, NOW);
        assert_ok(h3s_set_text(session, S("big"), text, 20000, NULL));
        jar_take(jar, session);
        h3s_session_free(session);
        for (int64_t second = 40; second <= 160; second += 40) {
            session = got(second < 160 ? slides : moves, jar_header(jar), NULL, NOW + second * SECOND);
            assert_int_equal(h3s_session_text(session, S("/big")).len, 20000);
            /* A slide of h3s1 takes one cookie, beside those of the session. */
            if (i == 0 && second < 160)
                assert_int_equal(jar_take(jar, session), 1);
            else
                assert_true(jar_take(jar, session) > 3);
            h3s_session_free(session);
        }
        free(jar);
        h3s_config_free(theirs);
        h3s_config_free(slides);
        h3s_config_free(moves);
    }
}

static void a_write_beyond_all_bounds_is_refused_before_it_is_made(void **state)
{
    enum { HUGE = 10 << 20 };
    struct rusage before, after;
    h3s_session *session = used(config, NULL, NULL, NOW);
    char *huge = malloc(HUGE);
    (void)state;
    assert_non_null(huge);
    /* Of each byte, an escape makes six. */
    memset(huge, 1, HUGE);
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    assert_int_equal(h3s_set_text(session, S("big"), huge, HUGE, NULL), H3S_ERR_TOO_LARGE);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 2 * HUGE / 1024);
    assert_str(h3s_session_data(session), "{}");
    free(huge);
    h3s_session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_default_no_session_outgrows_a_line_of_8_KiB),
        cmocka_unit_test(larger_sessions_are_for_those_who_ask_and_for_h3_2),
        cmocka_unit_test(a_session_that_others_let_grow_is_read_and_shrinks_without_leftovers),
        cmocka_unit_test(a_session_that_others_let_grow_is_kept_alive_by_reads),
        cmocka_unit_test(a_write_beyond_all_bounds_is_refused_before_it_is_made),
    };
    return cmocka_run_group_tests(tests, make_text, free_config);
}
