/*
 * The system's random bytes fail at every moment of a session's life: a status, the session as it
 * was, and once they are back all goes on. getrandom is this program's own, which the library finds
 * in place of the C library's.
 */
#define _GNU_SOURCE
#include "jar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* ---- A system that fails --------------------------------------------------------------------- */

static enum { WELL, FAILS, HALTS, INTERRUPTED } mode;
static unsigned calls, failures;

ssize_t getrandom(void *out, size_t len, unsigned flags);

ssize_t getrandom(void *out, size_t len, unsigned flags)
{
    calls++;
    if (mode == INTERRUPTED && calls % 4 != 0) {
        errno = EINTR;
        return -1;
    }
    /* A part of it, that is known, and then no more. */
    if (mode == HALTS && calls % 2 != 0) {
        memset(out, 0xAA, len / 2);
        return (ssize_t)(len / 2);
    }
    if (mode == FAILS || mode == HALTS) {
        failures++;
        errno = EIO;
        return -1;
    }
    if (mode == INTERRUPTED && len > 100) /* and then a part */
        len = 100;
    return syscall(SYS_getrandom, out, len, flags);
}

/* ---- A session's life ------------------------------------------------------------------------ */

enum { BUFFER = 4096, DRAW = 16, DAY = 86400, MOST_OF_A_LIFE = 1024 };

static h3s_config *configs[2]; /* h3s1, and Fe26.2 with keys that cost little */
static const char *cheap;

struct life {
    const h3s_config *config;
    h3s_session *session;
};

static void uses(struct life *life, int32_t *status)
{
    h3s_request request = {.size = sizeof request, .now_ms = NOW};
    *status = h3s_use(life->config, &request, &life->session, NULL);
    assert_true((life->session != NULL) == (*status == H3S_OK));
}

static void takes_cookies(struct life *life, int32_t *status)
{
    static const h3s_str none;
    const h3s_str *list = &none;
    size_t count = 7;
    *status = h3s_set_cookies(life->session, &list, &count, NULL);
    assert_int_equal(count, *status == H3S_OK);
    assert_true((list != NULL) == (*status == H3S_OK));
}

static void takes_a_token(struct life *life, int32_t *status)
{
    h3s_str token = {"", 0};
    *status = h3s_seal(life->session, &token, NULL);
    assert_true((token.ptr != NULL) == (*status == H3S_OK));
}

static void rotates(struct life *life, int32_t *status) { *status = h3s_rotate(life->session, NULL); }

/* After h3s_clear this needs a new id. */
static void updates(struct life *life, int32_t *status) { *status = h3s_update(life->session, S("{\"b\":2}"), NULL); }

static void seals_raw(struct life *life, int32_t *status)
{
    char out[600];
    size_t len = 7;
    (void)life;
    *status = h3s_iron_seal(configs[1], S("[1]"), NOW, 0, out, sizeof out, &len, NULL);
    assert_true((len > 0) == (*status == H3S_OK));
}

/*
 * Tries to; where it fails, nothing has changed, and it goes well once
 * there are random bytes again.
 */
static void step(struct life *life, void (*call)(struct life *, int32_t *), unsigned *failed)
{
    char id[64], data[64];
    int32_t status = -1, dirty = h3s_session_is_dirty(life->session);
    int64_t created = h3s_session_created_at(life->session), seen = h3s_session_last_seen_at(life->session);
    unsigned bad = mode;

    /* Absent before the session is there. */
    sprintf(id, "%.63s", life->session ? h3s_session_id(life->session).ptr : "");
    sprintf(data, "%.63s", life->session ? h3s_session_data(life->session).ptr : "");
    call(life, &status);
    if (status == H3S_OK)
        return;
    assert_int_equal(status, H3S_ERR_RANDOM);
    ++*failed;
    if (life->session != NULL) {
        assert_str(h3s_session_id(life->session), id);
        assert_str(h3s_session_data(life->session), data);
        assert_int_equal(h3s_session_is_dirty(life->session), dirty);
        assert_int_equal(h3s_session_created_at(life->session), created);
        assert_int_equal(h3s_session_last_seen_at(life->session), seen);
    }
    call(life, &status);
    assert_int_equal(status, H3S_ERR_RANDOM);
    mode = WELL;
    call(life, &status);
    assert_ok(status);
    mode = bad;
}

enum { STEPS = 10 };

static void live(int format, unsigned failed[STEPS])
{
    struct life life = {.config = configs[format]};
    h3s_str token;
    unsigned *at = failed;

    step(&life, uses, at++);
    assert_ok(h3s_set_json(life.session, S("a"), S("1"), NULL));
    step(&life, takes_cookies, at++);
    step(&life, rotates, at++);
    step(&life, takes_a_token, at++);
    assert_ok(h3s_clear(life.session, NULL));
    step(&life, updates, at++);
    step(&life, takes_cookies, at++);
    /* Under Fe26.2 the salts are drawn anew. */
    for (int day = 1; day < 4; day++) {
        assert_ok(h3s_session_set_now(life.session, NOW + day * DAY * SECOND, NULL));
        step(&life, takes_a_token, at++);
    }
    step(&life, seals_raw, at++);
    assert_int_equal(at - failed, STEPS);

    mode = WELL;
    assert_ok(h3s_seal(life.session, &token, NULL));
    assert_null(strstr(token.ptr, "qqqqqqqqqq")); /* 0xAA, which neither holds by chance */
    assert_null(strstr(h3s_session_id(life.session).ptr, "aaaa-4aaa-"));
    h3s_session *again = used(life.config, NULL, token.ptr, NOW + 3 * DAY * SECOND);
    assert_str(h3s_session_id(again), h3s_session_id(life.session).ptr);
    assert_str(h3s_session_data(again), "{\"b\":2}");
    h3s_session_free(again);
    h3s_session_free(life.session);
}

/* Leaves so many bytes in the library's buffer. */
static void fill_to(unsigned rest)
{
    struct life life = {.config = configs[0]};
    int32_t status = H3S_OK;
    mode = FAILS;
    for (unsigned drawn = 0; status == H3S_OK && drawn <= BUFFER / DRAW; drawn++) {
        uses(&life, &status);
        h3s_session_free(life.session);
    }
    assert_int_equal(status, H3S_ERR_RANDOM);
    mode = WELL;
    for (unsigned left = BUFFER; left > rest; left -= DRAW)
        h3s_session_free(used(configs[0], NULL, NULL, NOW));
}

/* A session with its cookie draws 12 bytes that are no id. */
static void seal_one(void)
{
    h3s_session *session = used(configs[0], NULL, NULL, NOW);
    const h3s_str *list;
    size_t count;
    assert_ok(h3s_set_cookies(session, &list, &count, NULL));
    h3s_session_free(session);
}

/* With each rest of the buffer that a life may run out of, which is a multiple of 4. */
static void live_with_each_rest(unsigned bad)
{
    for (int format = 0; format < 2; format++) {
        unsigned failed[STEPS] = {0};
        for (unsigned i = 0; i < MOST_OF_A_LIFE / DRAW * 4; i++) {
            mode = WELL;
            fill_to(DRAW * (i / 4));
            for (unsigned seals = i % 4; seals > 0; seals--)
                seal_one();
            mode = bad;
            calls = 0;
            live(format, failed);
        }
        /* Each has failed that was tried. */
        for (int i = 0; i < STEPS; i++)
            if (failed[i] == 0)
                fail_msg("format %d, step %d failed %u times", format, i, failed[i]);
    }
}

static void no_random_bytes_at_any_moment(void **state)
{
    (void)state;
    live_with_each_rest(FAILS);
    assert_true(failures > 0);
}

static void too_few_random_bytes_at_any_moment(void **state)
{
    (void)state;
    live_with_each_rest(HALTS);
    assert_true(failures > 0);
}

static void an_interrupted_call_is_made_again(void **state)
{
    unsigned failed[STEPS] = {0};
    (void)state;
    mode = INTERRUPTED;
    calls = 0;
    for (int i = 0; i < 50; i++) {
        mode = INTERRUPTED;
        live(i % 2, failed);
    }
    assert_true(calls > 8);
    for (int i = 0; i < STEPS; i++)
        assert_int_equal(failed[i], 0);
}

static int make(void **state)
{
    (void)state;
    cheap = "{\"password\":\"" PASSWORD "\",\"idleTimeout\":1000000,\"seal\":{\"format\":\"fe26.2\","
            "\"encryption\":{\"algorithm\":\"aes-256-cbc\",\"saltBits\":256,\"iterations\":2,\"minPasswordlength\":32},"
            "\"integrity\":{\"algorithm\":\"sha256\",\"saltBits\":256,\"iterations\":2,\"minPasswordlength\":32}}}";
    configs[0] = config_of("{\"password\":\"" PASSWORD "\",\"idleTimeout\":1000000}");
    configs[1] = config_of(cheap);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    h3s_config_free(configs[0]);
    h3s_config_free(configs[1]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_random_bytes_at_any_moment),
        cmocka_unit_test(too_few_random_bytes_at_any_moment),
        cmocka_unit_test(an_interrupted_call_is_made_again),
    };
    return cmocka_run_group_tests_name("randomness", tests, make, unmake);
}
