/*
 * Sixteen threads seal and open on two configs for H3S_SECONDS: every token holds what it should,
 * nothing is drawn twice, memory is steady.
 */
#define _GNU_SOURCE
#include "jar.h"

#include "drawn.h"

#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 16, FOREIGN = 6000, RECORDS = 4 << 20, SLACK = 4 << 20 };
#define DAY (86400 * SECOND)

static h3s_config *native, *fe26;
/*
 * Tokens of another server, each under salts of its own: with two keys each,
 * more than the cache holds.
 */
static char (*foreign)[480];
static double seconds = 3, began, ends;

struct thread {
    pthread_t id;
    int number, failed_at;
    unsigned seed;
    uint64_t *drawn, sealed;
    size_t count, rounds, busy;
    char cookie[1000], iron[1000];
};

/* cmocka's assertions are for the main thread. */
#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            thread->failed_at = __LINE__; \
            return; \
        } \
    } while (0)

static double elapsed(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9 - began;
}

static void record(struct thread *thread, uint64_t value)
{
    if (thread->count < RECORDS)
        thread->drawn[thread->count++] = value;
}

static int32_t open_with(const h3s_config *config, const char *cookie, const char *header, const char *peer, int64_t now, h3s_session **out)
{
    h3s_request request = {.size = sizeof request, .now_ms = now};
    request.cookie = cookie;
    request.cookie_len = strlen(cookie);
    request.header = header;
    request.header_len = strlen(header);
    request.peer = peer;
    request.peer_len = strlen(peer);
    return h3s_use(config, &request, out, NULL);
}

/* A request: the cookie from the one before, which counts the rounds, and the next cookie. */
static void count_up(struct thread *thread, const h3s_config *config, char cookie[1000], int64_t now)
{
    char data[64], next[64];
    h3s_session *session;
    const h3s_str *list;
    size_t count;

    CHECK(open_with(config, cookie, "", "", now, &session) == H3S_OK);
    CHECK(h3s_session_is_new(session) == (*cookie == '\0'));
    sprintf(data, "{\"thread\":%d,\"round\":%zu}", thread->number, thread->rounds);
    if (*cookie == '\0')
        record(thread, drawn_of(DRAWN_ID, h3s_session_id(session).ptr, h3s_session_id(session).len));
    else
        CHECK(strcmp(h3s_session_data(session).ptr, data) == 0);
    sprintf(next, "{\"thread\":%d,\"round\":%zu}", thread->number, thread->rounds + 1);
    CHECK(h3s_update(session, S(next), NULL) == H3S_OK);
    CHECK(h3s_set_cookies(session, &list, &count, NULL) == H3S_OK && count == 1);
    snprintf(cookie, 1000, "%.*s", (int)strcspn(list->ptr, ";"), list->ptr);
    record(thread, config == native ? nonce_of(cookie) : iv_of(cookie));
    h3s_session_free(session);
}

/* Another server's token, most often one whose keys are not, or no longer, in the cache. Of some it
 * is known who sends them, and that those are too many. */
static void open_foreign(struct thread *thread)
{
    int which = rand_r(&thread->seed) % FOREIGN;
    const char *peer = rand_r(&thread->seed) % 8 == 0 ? "a whole office" : "";
    char data[64];
    h3s_session *session;
    int32_t status = open_with(fe26, "", foreign[which], peer, NOW + FOREIGN * DAY, &session);
    thread->busy += status == H3S_ERR_BUSY;
    if (status == H3S_ERR_BUSY && *peer != '\0')
        return;
    CHECK(status == H3S_OK);
    sprintf(data, "{\"n\":%d}", which);
    CHECK(h3s_session_is_new(session) == 0 && strcmp(h3s_session_data(session).ptr, data) == 0);
    h3s_session_free(session);
}

/*
 * A forged token, alone and beside a good one. Half of them were refused before, most likely; and
 * each of many peers sends some.
 */
static void open_forged(struct thread *thread, int64_t now)
{
    int which = rand_r(&thread->seed) % (rand_r(&thread->seed) % 2 ? FOREIGN : 64);
    char forged[480], cookies[1500], peer[32];
    h3s_session *session;
    int32_t status;
    strcpy(forged, foreign[which]);
    /* Still of base64url's alphabet, or it is refused as malformed. */
    forged[strlen(forged) - 10] ^= 1;
    sprintf(peer, "mallory %d", rand_r(&thread->seed) % 100);

    /* Where both take a derivation, the last gets it. */
    sprintf(cookies, "h3=%s; %s", forged, thread->iron);
    status = open_with(fe26, cookies, "", peer, now, &session);
    thread->busy += status == H3S_ERR_BUSY;
    CHECK(status == H3S_OK ? !h3s_session_is_new(session) : status == H3S_ERR_BUSY);
    h3s_session_free(session);

    status = open_with(fe26, "", forged, peer, NOW + (FOREIGN + 1) * DAY, &session);
    thread->busy += status == H3S_ERR_BUSY;
    CHECK(status == H3S_OK || (status == H3S_ERR_BUSY && session == NULL));
    if (status == H3S_OK) {
        CHECK(h3s_session_is_new(session) && h3s_session_rejection(session) != H3S_REJECTION_NONE);
        record(thread, drawn_of(DRAWN_ID, h3s_session_id(session).ptr, h3s_session_id(session).len));
    }
    h3s_session_free(session);
}

/* While the others count; what was read before never goes back. */
static void read_counts(struct thread *thread)
{
    h3s_counts counts = H3S_COUNTS_INIT;
    if (h3s_config_counts(native, &counts, NULL) != H3S_OK || counts.sealed < thread->sealed)
        thread->failed_at = __LINE__;
    thread->sealed = counts.sealed;
}

static void *run(void *arg)
{
    struct thread *thread = arg;
    double now;
    while (thread->failed_at == 0 && (now = elapsed()) < ends) {
        /* Ten days a second, so that salts are drawn anew again and again. */
        int64_t time = NOW + (int64_t)(now * 10) * DAY;
        count_up(thread, native, thread->cookie, time);
        if (thread->failed_at == 0)
            count_up(thread, fe26, thread->iron, time);
        if (thread->failed_at == 0)
            read_counts(thread);
        thread->rounds++;
        if (thread->failed_at == 0)
            open_foreign(thread);
        if (thread->failed_at == 0 && thread->rounds % 4 == 0)
            open_forged(thread, time);
    }
    return NULL;
}

/* What the process has in memory, without what its threads have recorded. */
static long resident(const struct thread *threads)
{
    long size, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &size, &pages), 2);
    fclose(file);
    pages *= sysconf(_SC_PAGESIZE);
    for (int i = 0; i < THREADS; i++)
        pages -= (long)(threads[i].count * sizeof *threads[i].drawn);
    return pages;
}

/* All threads go on with their work until then. */
static void run_all(struct thread *threads, double until)
{
    ends = until;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i].id, NULL, run, &threads[i]), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i].id, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        if (threads[i].failed_at)
            fail_msg("thread %d, round %zu: line %d", i, threads[i].rounds, threads[i].failed_at);
}

static void sixteen_threads_seal_and_open_on_two_configs(void **state)
{
    static struct thread threads[THREADS];
    size_t all = 0, at = 0, rounds = 0, busy = 0;
    long early, late;
    uint64_t *drawn;
    (void)state;

    began = 0;
    began = elapsed();
    for (int i = 0; i < THREADS; i++) {
        threads[i].number = i;
        threads[i].seed = (unsigned)i;
        /* Of which the system gives no page before it is written to. */
        threads[i].drawn = mmap(NULL, RECORDS * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        assert_ptr_not_equal(threads[i].drawn, MAP_FAILED);
    }
    run_all(threads, seconds / 3);
    early = resident(threads);
    run_all(threads, seconds);
    late = resident(threads);
    for (int i = 0; i < THREADS; i++) {
        assert_true(threads[i].rounds > 1);
        assert_true(threads[i].count < RECORDS);
        all += threads[i].count;
        rounds += threads[i].rounds;
        busy += threads[i].busy;
    }
    drawn = malloc(all * sizeof *drawn);
    assert_non_null(drawn);
    for (int i = 0; i < THREADS; at += threads[i++].count)
        memcpy(drawn + at, threads[i].drawn, threads[i].count * sizeof *drawn);
    print_message("%zu rounds, %zu draws, %zu over a limit, memory %+ld KiB\n", rounds, all, busy,
                  (late - early) / 1024);
    assert_int_equal(drawn_twice(drawn, all), 0);
/* Under it, memory grows: it keeps several bytes of its own for each that the program touches. */
#ifndef __SANITIZE_THREAD__
    assert_true(late - early < SLACK);
#endif
    free(drawn);
    for (int i = 0; i < THREADS; i++)
        munmap(threads[i].drawn, RECORDS * sizeof(uint64_t));
}

static int make(void **state)
{
    const char *set = getenv("H3S_SECONDS");
    h3s_config *peer = config_of(CHEAP_OPTIONS);
    (void)state;
    if (set != NULL)
        seconds = strtod(set, NULL);
    native = config_of(OPTIONS);
    fe26 = config_of(CHEAP_OPTIONS);
    foreign = malloc(FOREIGN * sizeof *foreign);
    assert_non_null(foreign);
    for (int i = 0; i < FOREIGN; i++) {
        char data[64], token[20000];
        sprintf(data, "{\"n\":%d}", i);
        token_of(peer, data, NOW + i * DAY, token);
        assert_true(strlen(token) < sizeof *foreign);
        strcpy(foreign[i], token);
    }
    h3s_config_free(peer);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    free(foreign);
    h3s_config_free(native);
    h3s_config_free(fe26);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixteen_threads_seal_and_open_on_two_configs),
    };
    return cmocka_run_group_tests_name("crowd", tests, make, unmake);
}
