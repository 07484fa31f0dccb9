/*
 * H3S_CHILDREN children, forked while other threads are sealing and opening, so that locks are held
 * and random bytes are buffered: none of them waits for ever, and nothing is drawn twice in any of
 * them, in their own children, or in the parent.
 */
#define _GNU_SOURCE
#include "jar.h"

#include "drawn.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, WAVE = 25, FOREIGN = 64, MOST_OF_ONE = 40, OF_THREADS = 200000, CLONES = 50 };
#define DAY (86400 * SECOND)

static h3s_config *native, *fe26;
static char foreign[FOREIGN][480], inherited[480];
static int children = 1000;

/* ---- What a process draws -------------------------------------------------------------------- */

struct draws { uint64_t values[MOST_OF_ONE]; size_t count; };

static void put(struct draws *draws, uint64_t value)
{
    if (draws->count < MOST_OF_ONE)
        draws->values[draws->count++] = value;
}

static int token_is(const h3s_config *config, const char *token, int64_t now, const char *data)
{
    h3s_session *session = NULL;
    int right = unseal_token(config, S(token), now, &session, NULL) == H3S_OK && strcmp(h3s_session_data(session).ptr, data) == 0;
    h3s_session_free(session);
    return right;
}

/* The first half of an h3s1 token's nonce, which tokens of one thread share, but not those of two
 * processes. */
static uint64_t prefix_of(const char *token)
{
    return drawn_of(DRAWN_PREFIX, strrchr(token, '.') + 1, 16);
}

/* A new session of a config at a time, as a token, which has to open again. 0 if all is well.
 * `anew`: it is the first under salts, or a prefix, of its own. */
static int draw(const h3s_config *config, int64_t now, int anew, struct draws *out)
{
    h3s_request request = {.size = sizeof request, .now_ms = now};
    h3s_session *session;
    h3s_str token;
    if (h3s_use(config, &request, &session, NULL) != H3S_OK || h3s_set_json(session, S("a"), S("1"), NULL) != H3S_OK)
        return 1;
    if (h3s_seal(session, &token, NULL) != H3S_OK || !token_is(config, token.ptr, now, "{\"a\":1}"))
        return 2;
    put(out, drawn_of(DRAWN_ID, h3s_session_id(session).ptr, h3s_session_id(session).len));
    put(out, token.ptr[0] == 'h' ? nonce_of(token.ptr) : iv_of(token.ptr));
    if (anew && token.ptr[0] == 'h')
        put(out, prefix_of(token.ptr));
    else if (anew) {
        put(out, part_of(token.ptr, 2, DRAWN_ENCRYPTION_SALT));
        put(out, part_of(token.ptr, 6, DRAWN_INTEGRITY_SALT));
    }
    h3s_session_free(session);
    return 0;
}

/*
 * What a child does: tokens under what it inherited, tokens under salts that it has to draw, and
 * now and then a config of its own.
 */
static int draw_all(int number, struct draws *out)
{
    int failed = 0;
    for (int i = 0; i < 3 && !failed; i++)
        failed = draw(native, NOW, i == 0, out);
    for (int i = 0; i < 2 && !failed; i++)
        failed = draw(fe26, NOW, 0, out);
    for (int i = 1; i < 4 && !failed; i++)
        failed = draw(fe26, NOW + i * 1000 * DAY, 1, out);
    if (!failed && number % 20 == 0) {
        h3s_config *own = NULL;
        failed = h3s_config_new(S(CHEAP_OPTIONS), &own, NULL) != H3S_OK || draw(own, NOW, 1, out);
        h3s_config_free(own);
    }
    if (!failed && !token_is(fe26, inherited, NOW, "{\"kept\":1}"))
        failed = 3;
    if (!failed && !token_is(fe26, foreign[number % FOREIGN], NOW + FOREIGN * DAY, "{}"))
        failed = 4;
    return failed;
}

/* In a child: draws, and hands it to the parent in one piece. */
static int draw_and_tell(int number, int fd)
{
    struct draws draws = {.count = 0};
    int failed;
    alarm(60); /* A child that waits for ever is a failure. */
    failed = draw_all(number, &draws);
    if (write(fd, &draws, sizeof draws) != sizeof draws)
        failed = 5;
    return failed;
}

static int status_of(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

/* ---- The parent ------------------------------------------------------------------------------ */

/* What all have drawn. */
static struct { uint64_t *values; size_t count, room; } all;

static void take(const uint64_t *values, size_t count)
{
    if (all.count + count > all.room) {
        all.room = 2 * (all.room + count);
        all.values = realloc(all.values, all.room * sizeof *values);
        assert_non_null(all.values);
    }
    memcpy(all.values + all.count, values, count * sizeof *values);
    all.count += count;
}

static void take_from(int fd, int count)
{
    struct draws draws;
    for (int i = 0; i < count; i++) {
        assert_int_equal(read(fd, &draws, sizeof draws), sizeof draws);
        assert_true(draws.count >= 22);
        take(draws.values, draws.count);
    }
}

static void assert_nothing_drawn_twice(size_t least)
{
    assert_true(all.count >= least);
    assert_int_equal(drawn_twice(all.values, all.count), 0);
    free(all.values);
    memset(&all, 0, sizeof all);
}

struct thread { pthread_t id; int number, failed; uint64_t *drawn; size_t count; };
static atomic_int stopped;

/* Seals and opens without a pause, and has salts and the cache change. */
static void *keep_busy(void *arg)
{
    struct thread *thread = arg;
    for (int i = 0; !atomic_load(&stopped) && !thread->failed; i++) {
        struct draws draws = {.count = 0};
        thread->failed = draw(native, NOW, 0, &draws) || draw(fe26, NOW + i % 8 / 4 * DAY, 0, &draws)
                         || !token_is(fe26, foreign[(i + thread->number) % FOREIGN], NOW + FOREIGN * DAY, "{}");
        for (size_t j = 0; j < draws.count && thread->count < OF_THREADS; j++)
            thread->drawn[thread->count++] = draws.values[j];
    }
    return NULL;
}

static pid_t fork_child(int number, int fd)
{
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = number % 8 == 0 ? fork() : -1;
        int failed = draw_and_tell(number, fd);
        if (grandchild > 0 && status_of(grandchild) != 0)
            failed = 6;
        _exit(failed);
    }
    return child;
}

static void children_of_a_busy_parent_draw_what_nobody_else_does(void **state)
{
    static struct thread threads[THREADS];
    struct draws own = {.count = 0};
    int ends[2];
    (void)state;

    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < THREADS; i++) {
        threads[i].number = i;
        threads[i].drawn = malloc(OF_THREADS * sizeof(uint64_t));
        assert_non_null(threads[i].drawn);
        assert_int_equal(pthread_create(&threads[i].id, NULL, keep_busy, &threads[i]), 0);
    }
    for (int from = 0; from < children; from += WAVE) {
        pid_t wave[WAVE];
        int count = children - from < WAVE ? children - from : WAVE, told = 0;
        for (int i = 0; i < count; i++) {
            /* So that there is something buffered to inherit, a little more or less each time. */
            assert_int_equal(draw(native, NOW, 0, &own), 0);
            wave[i] = fork_child(from + i, ends[1]);
            assert_true(wave[i] > 0);
            told += (from + i) % 8 == 0 ? 2 : 1;
            /* Of the same buffer as the child. */
            assert_int_equal(draw(native, NOW, 0, &own), 0);
            take(own.values, own.count);
            own.count = 0;
        }
        for (int i = 0; i < count; i++) {
            int status = status_of(wave[i]);
            if (status != 0)
                fail_msg("child %d ended with %#x", from + i, status);
        }
        take_from(ends[0], told);
    }
    atomic_store(&stopped, 1);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i].id, NULL), 0);
        assert_int_equal(threads[i].failed, 0);
        assert_true(threads[i].count > 0);
        take(threads[i].drawn, threads[i].count);
        free(threads[i].drawn);
    }
    close(ends[0]);
    close(ends[1]);
    print_message("%d children, %zu draws\n", children, all.count);
    assert_nothing_drawn_twice((size_t)children * 22);
}

/* ---- Children that fork's handlers know nothing of ------------------------------------------- */

static pid_t bare_clone(void) { return (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L); }

/*
 * In a process with one thread: whoever holds a lock of the C library's own at a bare clone, holds
 * it for ever in the child.
 */
static int clone_and_draw(pid_t (*make_child)(void), int fd)
{
    for (int i = 0; i < CLONES; i++) {
        struct draws draws = {.count = 0};
        int failed = draw(native, NOW, 0, &draws) || draw(fe26, NOW, 0, &draws);
        pid_t child = make_child();
        if (child == 0) {
            /* Some have a child of their own, before they have drawn anything. */
            pid_t grandchild = i % 5 == 0 ? make_child() : -1;
            failed = draw_and_tell(1, fd);
            _exit(grandchild > 0 && status_of(grandchild) != 0 ? 6 : failed);
        }
        for (int j = 0; j < 9; j++)
            failed = failed || draw(native, NOW, 0, &draws);
        if (child < 0 || failed || status_of(child) != 0 || write(fd, &draws, sizeof draws) != sizeof draws)
            return 1;
    }
    return 0;
}

static void draw_across(pid_t (*make_child)(void))
{
    enum { TELLING = CLONES * 2 + CLONES / 5 };
    struct draws draws;
    int ends[2];
    pid_t child;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0)
        _exit(clone_and_draw(make_child, ends[1]));
    close(ends[1]);
    take_from(ends[0], TELLING);
    assert_int_equal(read(ends[0], &draws, sizeof draws), 0);
    close(ends[0]);
    assert_int_equal(status_of(child), 0);
    assert_nothing_drawn_twice(TELLING * 22);
}

static void children_of_a_bare_clone_draw_what_nobody_else_does(void **state)
{
    (void)state;
    draw_across(bare_clone);
}

static void children_of_a_fork_without_handlers_draw_what_nobody_else_does(void **state)
{
    (void)state;
    draw_across(_Fork);
}

static int make(void **state)
{
    const char *set = getenv("H3S_CHILDREN");
    h3s_config *peer = config_of(CHEAP_OPTIONS);
    char token[20000];
    (void)state;
    if (set != NULL)
        children = (int)strtol(set, NULL, 10);
    native = config_of(OPTIONS);
    fe26 = config_of(CHEAP_OPTIONS);
    token_of(fe26, "{\"kept\":1}", NOW, token);
    strcpy(inherited, token);
    for (int i = 0; i < FOREIGN; i++) {
        token_of(peer, "{}", NOW + i * DAY, token);
        assert_true(strlen(token) < sizeof foreign[i]);
        strcpy(foreign[i], token);
    }
    h3s_config_free(peer);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    h3s_config_free(native);
    h3s_config_free(fe26);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_of_a_busy_parent_draw_what_nobody_else_does),
        cmocka_unit_test(children_of_a_bare_clone_draw_what_nobody_else_does),
        cmocka_unit_test(children_of_a_fork_without_handlers_draw_what_nobody_else_does),
    };
    return cmocka_run_group_tests_name("forks", tests, make, unmake);
}
