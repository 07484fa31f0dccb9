/* Which of a request's tokens are tried, which is the session, and what is said of the others. */
#include "jar.h"

#include <stdio.h>
#include <stdlib.h>

enum { GOOD, FORGED = 4, ROOM = 60000 };

/* "h3=" and a token each: GOOD opens, those from FORGED on do not, and none is like another. */
static char cookies[FORGED + 5][400];
static char line[ROOM];

static int make_cookies(void **state)
{
    static const char *const data[FORGED] = {"{\"n\":0}", "{\"n\":1}", "{\"n\":2}", "{\"n\":3}"};
    char token[20000];
    if (make_config(state) != 0)
        return 1;
    for (int i = 0; i < FORGED + 5; i++) {
        /* Of the good ones, the later is the newer. */
        int good = i < FORGED ? i : 0;
        token_of(config, data[good], NOW + good * SECOND, token);
        assert_true(strlen(token) < sizeof cookies[i] - strlen("h3="));
        strcpy(cookies[i], "h3=");
        strcat(cookies[i], token);
        if (i >= FORGED)
            cookies[i][60] = cookies[i][60] == 'A' ? 'B' : 'A';
    }
    return 0;
}

/* A Cookie header of what is listed, up to NULL. */
static const char *list(const char *first, ...)
{
    char *out = line;
    va_list more;
    va_start(more, first);
    for (const char *next = first; next != NULL; next = va_arg(more, const char *)) {
        assert_true((size_t)(out - line) + strlen(next) + 3 < sizeof line);
        out += sprintf(out, "%s%s", out > line ? "; " : "", next);
    }
    va_end(more);
    return line;
}

/* Which session the request has, by its n (-1: a new one), and why its first token was refused. */
static void assert_found(const char *cookie, const char *header, int n, int32_t rejection)
{
    h3s_session *session = used(config, cookie, header, NOW + 10 * SECOND);
    h3s_str found = h3s_session_find(session, S("/n"));
    assert_int_equal(found.ptr ? found.ptr[0] - '0' : -1, n);
    assert_int_equal(h3s_session_rejection(session), rejection);
    h3s_session_free(session);
}

static const char *token_in(int cookie) { return cookies[cookie] + 3; }

static void who_brings_no_token_is_refused_none(void **state)
{
    (void)state;
    assert_found(NULL, NULL, -1, H3S_REJECTION_NONE);
    assert_found("theme=dark; h3x=1", NULL, -1, H3S_REJECTION_NONE);
    assert_found("h3=", "", -1, H3S_REJECTION_NONE);
    assert_found(list("h3=", cookies[GOOD], NULL), NULL, 0, H3S_REJECTION_NONE);
}

static void a_token_that_opens_leaves_no_reason_whatever_follows_it(void **state)
{
    (void)state;
    assert_found(cookies[GOOD], NULL, 0, H3S_REJECTION_NONE);
    assert_found(list(cookies[GOOD], cookies[FORGED], NULL), NULL, 0, H3S_REJECTION_NONE);
    assert_found(cookies[FORGED], token_in(GOOD), 0, H3S_REJECTION_NONE);
}

static void the_reason_is_that_of_the_first_token_also_where_another_opens(void **state)
{
    (void)state;
    assert_found(cookies[FORGED], NULL, -1, H3S_REJECTION_BAD_SEAL);
    assert_found(list(cookies[FORGED], cookies[GOOD], NULL), NULL, 0, H3S_REJECTION_BAD_SEAL);
    assert_found(list("h3=h3s1.A", cookies[FORGED], NULL), NULL, -1, H3S_REJECTION_MALFORMED);
    assert_found(list(cookies[FORGED], "h3=h3s1.A", NULL), NULL, -1, H3S_REJECTION_BAD_SEAL);
}

static void a_header_comes_before_the_cookies(void **state)
{
    (void)state;
    assert_found(cookies[GOOD], "h3s1..AAAA", 0, H3S_REJECTION_MALFORMED);
    assert_found(cookies[GOOD], "nonsense", 0, H3S_REJECTION_MALFORMED);
    assert_found(cookies[GOOD], token_in(FORGED), 0, H3S_REJECTION_BAD_SEAL);
    assert_found(cookies[GOOD], token_in(GOOD + 1), 1, H3S_REJECTION_NONE);
    assert_found(cookies[GOOD], "", 0, H3S_REJECTION_NONE);
}

static void a_session_of_the_header_that_has_ended_is_not_sought_in_the_cookie(void **state)
{
    h3s_config *limited = config_of("{\"password\":\"" PASSWORD "\",\"maxAge\":60}");
    char ended[20000], alive[20000];
    (void)state;
    token_of(limited, "{\"n\":1}", NOW, ended);
    token_of(limited, "{\"n\":2}", NOW + 90 * SECOND, alive);
    sprintf(line, "h3=%s", alive);
    h3s_session *session = used(limited, line, ended, NOW + 100 * SECOND);
    assert_str(h3s_session_data(session), "{}");
    assert_int_equal(h3s_session_rejection(session), H3S_REJECTION_EXPIRED);
    h3s_session_free(session);
    h3s_config_free(limited);
}

static void what_does_not_begin_like_a_token_counts_only_where_nothing_does(void **state)
{
    (void)state;
    assert_found("h3=x", NULL, -1, H3S_REJECTION_MALFORMED);
    assert_found("h3=; h3=x", NULL, -1, H3S_REJECTION_MALFORMED);
    assert_found(list("h3=x", cookies[GOOD], NULL), NULL, 0, H3S_REJECTION_NONE);
    assert_found(list(cookies[GOOD], "h3=x", NULL), NULL, 0, H3S_REJECTION_NONE);
    assert_found(list("h3=x", cookies[FORGED], NULL), NULL, -1, H3S_REJECTION_BAD_SEAL);
    assert_found(list("h3=1", "h3=2", "h3=3", "h3=4", "h3=5", cookies[GOOD], NULL), NULL, 0, H3S_REJECTION_NONE);
}

static void four_tokens_are_tried_and_the_same_value_counts_once(void **state)
{
    const char *const *f = (const char *const[]){cookies[4], cookies[5], cookies[6], cookies[7], cookies[8]};
    (void)state;
    assert_found(list(f[0], f[1], f[2], cookies[GOOD], NULL), NULL, 0, H3S_REJECTION_BAD_SEAL);
    assert_found(list(f[0], f[1], f[2], f[3], cookies[GOOD], NULL), NULL, -1, H3S_REJECTION_BAD_SEAL);
    assert_found(list(f[0], f[0], f[0], f[0], f[0], cookies[GOOD], NULL), NULL, 0, H3S_REJECTION_BAD_SEAL);
    assert_found(list(f[0], f[1], f[0], f[2], f[1], cookies[GOOD], NULL), NULL, 0, H3S_REJECTION_BAD_SEAL);
    /* A header is none of the four. */
    assert_found(list(f[0], f[1], f[2], cookies[GOOD], NULL), token_in(8), 0, H3S_REJECTION_BAD_SEAL);
}

/* Whether four of these, which are none, keep the good one behind them from being looked at. */
static int counts(const char *begin)
{
    char bad[4][64];
    for (int i = 0; i < 4; i++)
        sprintf(bad[i], "h3=%s%d", begin, i);
    h3s_session *session = used(config, list(bad[0], bad[1], bad[2], bad[3], cookies[GOOD], NULL), NULL, NOW);
    int found = h3s_session_find(session, S("/n")).ptr != NULL;
    assert_int_equal(found, h3s_session_rejection(session) == H3S_REJECTION_NONE);
    h3s_session_free(session);
    return !found;
}

static void a_token_is_told_by_how_it_begins(void **state)
{
    static const char *const like[] = {
        "h3s1.", "h3s1..A", "h3s2.", "h3s9.x", "Fe26.2*", "Fe26.1**", "Fe26.9*x", "__chunked__", "__chunked__x",
        "%", "%68", "h3s%31.", "abcdefghij%", /* the eleventh byte */
    };
    static const char *const unlike[] = {
        "x", "h3s", "h3s1", "h3s.", "h3sx.", "H3S1.", "Fe26.2", "Fe26.*", "fe26.2*", "Fe25.2*", "_chunked__", "__chunked_",
        "abcdefghijk%", /* the twelfth */
    };
    (void)state;
    for (size_t i = 0; i < sizeof like / sizeof *like; i++)
        if (!counts(like[i]))
            fail_msg("%s does not count", like[i]);
    for (size_t i = 0; i < sizeof unlike / sizeof *unlike; i++)
        if (counts(unlike[i]))
            fail_msg("%s counts", unlike[i]);
}

static void of_tokens_that_open_the_newest_is_the_session(void **state)
{
    (void)state;
    assert_found(list(cookies[0], cookies[1], cookies[2], cookies[3], NULL), NULL, 3, H3S_REJECTION_NONE);
    assert_found(list(cookies[3], cookies[2], cookies[1], cookies[0], NULL), NULL, 3, H3S_REJECTION_NONE);
    assert_found(list(cookies[1], cookies[FORGED], cookies[2], cookies[0], NULL), NULL, 2, H3S_REJECTION_NONE);
    assert_found(list(cookies[FORGED], cookies[1], cookies[2], cookies[0], NULL), NULL, 2, H3S_REJECTION_BAD_SEAL);
    /* But for the header's, which may be older. */
    assert_found(list(cookies[3], cookies[2], NULL), token_in(0), 0, H3S_REJECTION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_brings_no_token_is_refused_none),
        cmocka_unit_test(a_token_that_opens_leaves_no_reason_whatever_follows_it),
        cmocka_unit_test(the_reason_is_that_of_the_first_token_also_where_another_opens),
        cmocka_unit_test(a_header_comes_before_the_cookies),
        cmocka_unit_test(a_session_of_the_header_that_has_ended_is_not_sought_in_the_cookie),
        cmocka_unit_test(what_does_not_begin_like_a_token_counts_only_where_nothing_does),
        cmocka_unit_test(four_tokens_are_tried_and_the_same_value_counts_once),
        cmocka_unit_test(a_token_is_told_by_how_it_begins),
        cmocka_unit_test(of_tokens_that_open_the_newest_is_the_session),
    };
    return cmocka_run_group_tests(tests, make_cookies, free_config);
}
