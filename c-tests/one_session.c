/* One session in two threads, which is wrong: the second is told so, and no memory is harmed. */
#define _POSIX_C_SOURCE 200809L /* barriers */
#include "jar.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 2 };

struct shared {
    h3s_session *session;
    pthread_barrier_t start;
};

struct side {
    struct shared *shared;
    pthread_t thread;
    char key[2];
    long done, refused;
    int32_t other;                      /* a status that is neither, or 0 */
};

static long rounds(void)
{
    const char *set = getenv("H3S_ROUNDS");
    return set ? strtol(set, NULL, 10) * 10 : 20000;
}

static void note(struct side *side, int32_t status)
{
    if (status == H3S_OK)
        side->done++;
    else if (status == H3S_ERR_STATE)
        side->refused++;
    else
        side->other = status;
}

/* Texts of various lengths, so that what holds the data grows and moves. */
static void *write_much(void *arg)
{
    struct side *side = arg;
    h3s_session *session = side->shared->session;
    char text[512];
    memset(text, 'x', sizeof text);
    pthread_barrier_wait(&side->shared->start);
    for (long i = 0; i < rounds(); i++)
        note(side, h3s_set_text(session, side->key, 1, text, (size_t)(i % 8 * 64), NULL));
    return NULL;
}

/* What it finds is not looked at: another thread's write may have ended it, or ended the walk. */
static void walk(h3s_session *session)
{
    h3s_iter iter = h3s_session_iter(session, S("")), inner;
    int64_t whole;
    int32_t truth, status;
    double number;
    h3s_str key, value;
    while ((status = h3s_iter_next(&iter, &key, &value)) == H3S_OK) {
        inner = h3s_iter_iter(&iter, S(""));
        while ((status = h3s_iter_next(&inner, NULL, NULL)) == H3S_OK)
            ;
        assert_true(status == H3S_END || status == H3S_ERR_STATE);
        status = h3s_iter_int(&iter, S("/0"), &whole);
        assert_true(status == H3S_OK || status == H3S_ERR_DATA || status == H3S_ERR_STATE);
        status = h3s_iter_bool(&iter, S(""), &truth);
        assert_true(status == H3S_OK || status == H3S_ERR_DATA || status == H3S_ERR_STATE);
        h3s_iter_find(&iter, S("/0"));
        h3s_iter_text(&iter, S(""));
        h3s_iter_type(&iter, S(""));
    }
    assert_true(status == H3S_END || status == H3S_ERR_STATE);
    status = h3s_session_int(session, S("/b/0"), &whole);
    assert_true(status == H3S_OK || status == H3S_ERR_DATA || status == H3S_ERR_STATE);
    status = h3s_session_double(session, S("/n"), &number);
    assert_true(status == H3S_OK || status == H3S_ERR_DATA || status == H3S_ERR_STATE);
}

/* Every verb. What is borrowed is not looked at: another thread's write may have ended it. */
static void *do_all(void *arg)
{
    struct side *side = arg;
    h3s_session *session = side->shared->session;
    pthread_barrier_wait(&side->shared->start);
    for (long i = 0; i < rounds() / 10; i++) {
        const h3s_str *list = NULL;
        h3s_view view = {.size = sizeof view};
        h3s_str token;
        size_t count = 0;
        h3s_error err;
        note(side, h3s_set_text(session, side->key, 1, S("some text"), NULL));
        note(side, h3s_update(session, S("{\"b\":[1,2,3],\"c\":\"\\u0041\"}"), &err));
        assert_true(err.status == H3S_OK || strlen(err.message) > 0);
        note(side, h3s_set_json(session, S("d"), S("{\"e\":1}"), NULL));
        note(side, h3s_remove(session, S("d"), NULL));
        note(side, h3s_set_int(session, S("n"), i, NULL));
        note(side, h3s_set_bool(session, S("n"), i % 2 == 0, NULL));
        note(side, h3s_set_double(session, S("n"), (double)i / 2, NULL));
        note(side, h3s_set_at(session, S("/list/-"), S("[1]"), NULL));
        if (i % 8 == 0)
            note(side, h3s_remove_at(session, S("/list"), NULL));
        note(side, h3s_ensure(session, NULL));
        walk(session);
        note(side, h3s_rotate(session, NULL));
        note(side, h3s_set_cookies(session, &list, &count, NULL));
        assert_true((list == NULL) == (count == 0));
        note(side, h3s_seal(session, &token, NULL));
        note(side, h3s_session_set_lifetime(session, 3600 + i, 0, NULL));
        h3s_session_lifetime(session, NULL);
        note(side, h3s_session_set_now(session, NOW + i, NULL));
        note(side, h3s_session_view(session, &view));
        /* Of these, an absent string or 0 is the answer. */
        h3s_session_find(session, S("/b/1"));
        h3s_session_text(session, S("/c"));
        h3s_session_type(session, S("/c"));
        h3s_session_log_id(session);
        h3s_session_id(session);
        h3s_session_data(session);
        h3s_session_created_at(session);
        h3s_session_last_seen_at(session);
        h3s_session_expires_at(session);
        h3s_session_is_new(session);
        h3s_session_is_dirty(session);
        h3s_session_source(session);
        h3s_session_rejection(session);
    }
    return NULL;
}

static void meet(void *(*work)(void *))
{
    struct shared shared = {.session = used(config, NULL, NULL, NOW)};
    struct side sides[THREADS];
    assert_int_equal(pthread_barrier_init(&shared.start, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        sides[i] = (struct side){.shared = &shared, .key = {(char)('p' + i), '\0'}};
        assert_int_equal(pthread_create(&sides[i].thread, NULL, work, &sides[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(sides[i].thread, NULL), 0);
    pthread_barrier_destroy(&shared.start);
    long done = 0;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(sides[i].other, 0);
        done += sides[i].done;
    }
    assert_true(done > 0);
    /* Whole, and for one thread as good as ever. */
    assert_ok(h3s_set_text(shared.session, S("p"), S("last"), NULL));
    assert_str(h3s_session_text(shared.session, S("/p")), "last");
    h3s_str data = h3s_session_data(shared.session);
    h3s_session *again = used(config, NULL, NULL, NOW);
    assert_ok(h3s_replace(again, data.ptr, data.len, NULL));
    assert_str(h3s_session_data(again), data.ptr);
    h3s_session_free(again);
    h3s_session_free(shared.session);
}

static void two_threads_that_write_one_session_harm_nothing(void **state)
{
    (void)state;
    meet(write_much);
}

static void two_threads_that_call_all_there_is_on_one_session_harm_nothing(void **state)
{
    (void)state;
    meet(do_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_threads_that_write_one_session_harm_nothing),
        cmocka_unit_test(two_threads_that_call_all_there_is_on_one_session_harm_nothing),
    };
    return cmocka_run_group_tests(tests, make_config, free_config);
}
