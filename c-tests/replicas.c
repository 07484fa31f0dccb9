/*
 * Threads, for H3S_SECONDS, that log sessions out and look others up in two copies of what is
 * revoked, one of which is in memory that children share: what was logged out never opens again,
 * what was not always opens, nobody waits, and the places of what has ended are given away.
 */
#define _GNU_SOURCE
#include "jar.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Of 72 steps of 10 seconds each entry lives. */
enum { THREADS = 6, BATCH = 8, RECENT = 64, ROOM = THREADS * BATCH * 100, STEP = 10, TOKEN = 300 };
enum { SIZE = 128 + 24 * 2 * 8192 };
#define LIMITED "{\"password\":\"" PASSWORD "\",\"maxAge\":60,\"revocation\":{\"subject\":\"/user\"}}"

static h3s_config *limited;
/* A private one, and two handles of one that is shared. */
static h3s_revocations *copies[3];
static void *memory;

/* The time of all threads, which moves once each of them has done a round at it: so that their
 * clocks differ by less than those of servers may. */
static atomic_llong clock_ms = NOW;
static atomic_int stop;

/* What others may look up: tokens of sessions that are logged out in all copies. */
static struct { pthread_mutex_t lock; char tokens[RECENT][TOKEN]; size_t count; } ended = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct thread {
    pthread_t id;
    int number, failed_at;
    size_t logouts, looks;
    atomic_size_t rounds;
};

/* cmocka's assertions are for the main thread. */
#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            thread->failed_at = __LINE__; \
            return; \
        } \
    } while (0)

static int32_t open_at(const h3s_revocations *known, const char *token, int64_t now, h3s_session **out, h3s_error *err)
{
    h3s_request request = H3S_REQUEST_INIT;
    request.revocations = known;
    request.now_ms = now;
    request.header = token;
    request.header_len = strlen(token);
    return *token != '\0' ? h3s_unseal(limited, &request, out, err) : h3s_get(limited, &request, out, err);
}

static int is_refused(const h3s_revocations *known, const char *token, int64_t now)
{
    h3s_session *session = NULL;
    h3s_error err;
    int32_t status = open_at(known, token, now, &session, &err);
    h3s_session_free(session);
    return status == H3S_ERR_REJECTED && (err.rejection == H3S_REJECTION_REVOKED || err.rejection == H3S_REJECTION_EXPIRED);
}

static int opens(const h3s_revocations *known, const char *token, int64_t now)
{
    h3s_session *session = NULL;
    int32_t status = open_at(known, token, now, &session, NULL);
    h3s_session_free(session);
    return status == H3S_OK;
}

/* A login and its logout, which all copies hear of by one of their handles. */
static void log_out(struct thread *thread, int64_t now, char token[TOKEN])
{
    h3s_session *session = NULL;
    const h3s_str *list = NULL;
    size_t count = 0, applied;
    h3s_str sealed;
    char user[64];
    CHECK(open_at(copies[0], "", now, &session, NULL) == H3S_OK);
    sprintf(user, "%d-%zu", thread->number, thread->logouts);
    CHECK(h3s_set_text(session, S("user"), S(user), NULL) == H3S_OK);
    CHECK(h3s_seal(session, &sealed, NULL) == H3S_OK && sealed.len < TOKEN);
    strcpy(token, sealed.ptr);
    for (int i = 0; i < 3; i++)
        CHECK(opens(copies[i], token, now));
    /* Every eighth of a whole user, who logs in again at the next moment. */
    int all = thread->logouts % 8 == 0;
    CHECK((all ? h3s_revoke_everywhere(session, NULL) : h3s_revoke(session, NULL)) == H3S_OK);
    CHECK(h3s_revocation_entries(session, &list, &count, NULL) == H3S_OK && count == (size_t)(1 + all));
    for (size_t i = 0; i < count; i++) {
        CHECK(h3s_revocations_apply(copies[0], limited, S(list[i].ptr), now, &applied, NULL) == H3S_OK && applied == 1);
        const h3s_revocations *shared = copies[1 + (thread->logouts + i) % 2];
        CHECK(h3s_revocations_apply(shared, limited, S(list[i].ptr), now, &applied, NULL) == H3S_OK && applied == 1);
    }
    for (int i = 0; i < 3; i++)
        CHECK(is_refused(copies[i], token, now));
    h3s_session_free(session);
    thread->logouts++;
}

static void publish(const char token[TOKEN])
{
    pthread_mutex_lock(&ended.lock);
    strcpy(ended.tokens[ended.count++ % RECENT], token);
    pthread_mutex_unlock(&ended.lock);
}

static int pick(size_t which, char out[TOKEN])
{
    pthread_mutex_lock(&ended.lock);
    size_t there = ended.count < RECENT ? ended.count : RECENT;
    if (there > 0)
        strcpy(out, ended.tokens[which % there]);
    pthread_mutex_unlock(&ended.lock);
    return there > 0;
}

static void take_a_round(struct thread *thread)
{
    int64_t now = atomic_load(&clock_ms);
    char token[TOKEN];
    for (int i = 0; i < BATCH && thread->failed_at == 0; i++) {
        log_out(thread, now, token);
        if (thread->failed_at == 0)
            publish(token);
        /* Of others, and of any age: what has expired meanwhile is refused for that. */
        for (size_t look = 0; look < 4 && pick(thread->looks * 7 + look, token); look++)
            CHECK(is_refused(copies[look % 3], token, atomic_load(&clock_ms)));
        thread->looks += 4;
    }
    h3s_revocations_info info = H3S_REVOCATIONS_INFO_INIT;
    h3s_revocations *shared = h3s_revocations_ref(copies[thread->looks % 3]);
    CHECK(h3s_revocations_heard(shared, now, NULL) == H3S_OK);
    if (thread->number == 0) {
        CHECK(h3s_revocations_view(shared, now, &info, NULL) == H3S_OK);
        CHECK(info.entries > 0 && info.missed == 0 && info.heard_at >= now);
    }
    h3s_revocations_free(shared);
}

static void *run(void *arg)
{
    struct thread *thread = arg;
    while (thread->failed_at == 0 && !atomic_load(&stop)) {
        size_t rounds = atomic_fetch_add(&thread->rounds, 1);
        take_a_round(thread);
        while (thread->failed_at == 0 && !atomic_load(&stop) && atomic_load(&thread->rounds) == rounds + 1)
            sched_yield();
    }
    /* The clock waits for nobody who has gone. */
    atomic_store(&thread->rounds, SIZE_MAX);
    return NULL;
}

/* While the others write: a process of its own with a handle of its own. */
static void look_from_a_child(void)
{
#ifndef __SANITIZE_THREAD__
    char token[TOKEN];
    int status = -1, there = pick(0, token);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct thread own = {.number = 99, .logouts = 1};
        char mine[TOKEN];
        h3s_revocations *known = NULL;
        alarm(60); /* A child that waits for ever is a failure. */
        if (h3s_revocations_at(memory, SIZE, &known, NULL) != H3S_OK)
            _exit(1);
        if (there && !is_refused(known, token, atomic_load(&clock_ms)))
            _exit(2);
        log_out(&own, atomic_load(&clock_ms), mine);
        _exit(own.failed_at != 0 || !is_refused(known, mine, atomic_load(&clock_ms)) ? 3 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
#endif
}

static double elapsed(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void what_was_logged_out_opens_nowhere_while_all_write_and_look(void **state)
{
    static struct thread threads[THREADS];
    const char *set = getenv("H3S_SECONDS");
    double until = elapsed() + (set != NULL ? strtod(set, NULL) : 3);
    size_t logouts = 0, steps = 0;
    h3s_revocations_info info = H3S_REVOCATIONS_INFO_INIT;
    (void)state;
    for (int i = 0; i < THREADS; i++) {
        threads[i].number = i;
        assert_int_equal(pthread_create(&threads[i].id, NULL, run, &threads[i]), 0);
    }
    /* Long enough that places are given away, on a slow machine as well. */
    for (int failed = 0; !failed && (elapsed() < until || steps < 250); steps++) {
        for (int i = 0; i < THREADS; i++)
            while (atomic_load(&threads[i].rounds) <= 2 * steps)
                sched_yield();
        if (steps % 8 == 0)
            look_from_a_child();
        atomic_fetch_add(&clock_ms, STEP * SECOND);
        for (int i = 0; i < THREADS; i++) {
            failed |= atomic_load(&threads[i].rounds) == SIZE_MAX;
            if (!failed)
                atomic_fetch_add(&threads[i].rounds, 1);
        }
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i].id, NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        if (threads[i].failed_at)
            fail_msg("thread %d, logout %zu: line %d", i, threads[i].logouts, threads[i].failed_at);
        logouts += threads[i].logouts;
    }
    assert_ok(h3s_revocations_view(copies[0], atomic_load(&clock_ms), &info, NULL));
    print_message("%zu logouts in %zu steps, %zu entries live\n", logouts, steps, info.entries);
    assert_true(info.missed == 0 && info.entries < info.room && logouts > info.room);
    assert_ok(h3s_revocations_view(copies[1], atomic_load(&clock_ms), &info, NULL));
    assert_true(info.missed == 0 && info.entries < info.room);
}

static int make(void **state)
{
    (void)state;
    limited = config_of(LIMITED);
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    assert_ok(h3s_revocations_new(ROOM, &copies[0], NULL));
    assert_ok(h3s_revocations_at(memory, SIZE, &copies[1], NULL));
    assert_ok(h3s_revocations_at(memory, SIZE, &copies[2], NULL));
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        h3s_revocations_free(copies[i]);
    h3s_config_free(limited);
    munmap(memory, SIZE);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_logged_out_opens_nowhere_while_all_write_and_look),
    };
    return cmocka_run_group_tests_name("replicas", tests, make, unmake);
}
