/*
 * How far a whole request through the C ABI is from bare cryptography, in one run.
 *
 *   L(n)  OpenSSL's EVP AES-256-GCM decryption plus encryption with a ready key, and its EVP_DecodeBlock and
 *         EVP_EncodeBlock, of n bytes: no session at all.
 *   R(n)  parse a Cookie header with three other cookies, open, set `count` to count + 1, take the Set-Cookie value.
 *   O(n)  the same header, opened and read only.
 *
 * n is the length of the JSON data. Rounds of all three alternate, so that a noisy neighbour hits all alike; each figure is
 * the median of its rounds, in nanoseconds of CPU time.
 */
#define _POSIX_C_SOURCE 200809L

#include <h3s.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 41, NONCE = 12, TAG = 16, MAX = 8192 };

static const char OPTIONS[] = "{\"password\":\"a benchmark's password, of no use to anybody else\"}";

static void check(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "limit: %s failed\n", what);
        exit(1);
    }
}

static double now_ns(clockid_t clock)
{
    struct timespec t;
    check(clock_gettime(clock, &t) == 0, "clock_gettime");
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A session's data of about n bytes: a count, a user, and a list of strings. */
static size_t make_data(char *out, size_t n)
{
    size_t len = (size_t)sprintf(out, "{\"count\":1,\"user\":{\"id\":4211,\"name\":\"Ada Lovelace\"},\"roles\":[\"reader\"");
    while (len + 24 < n)
        len += (size_t)sprintf(out + len, ",\"item-%04zu-abcdef\"", len);
    return len + (size_t)sprintf(out + len, "]}");
}

struct limit {
    EVP_CIPHER_CTX *seal, *open;
    unsigned char plain[MAX], sealed[MAX], text[2 * MAX];
    int n;
};

static void limit_init(struct limit *limit, size_t n)
{
    static const unsigned char key[32] = {1};
    limit->n = (int)n;
    limit->seal = EVP_CIPHER_CTX_new();
    limit->open = EVP_CIPHER_CTX_new();
    check(limit->seal && limit->open, "EVP_CIPHER_CTX_new");
    check(EVP_EncryptInit_ex(limit->seal, EVP_aes_256_gcm(), NULL, key, NULL), "EVP_EncryptInit_ex");
    check(EVP_DecryptInit_ex(limit->open, EVP_aes_256_gcm(), NULL, key, NULL), "EVP_DecryptInit_ex");
    memset(limit->plain, 'x', n);
}

static void limit_seal(struct limit *limit)
{
    static const unsigned char nonce[NONCE] = {2};
    int len = 0, more = 0;
    check(EVP_EncryptInit_ex(limit->seal, NULL, NULL, NULL, nonce), "nonce");
    check(EVP_EncryptUpdate(limit->seal, limit->sealed, &len, limit->plain, limit->n), "encrypt");
    check(EVP_EncryptFinal_ex(limit->seal, limit->sealed + len, &more), "final");
    check(EVP_CIPHER_CTX_ctrl(limit->seal, EVP_CTRL_GCM_GET_TAG, TAG, limit->sealed + limit->n), "tag");
    EVP_EncodeBlock(limit->text, limit->sealed, limit->n);
}

static void limit_open(struct limit *limit)
{
    static const unsigned char nonce[NONCE] = {2};
    unsigned char sealed[MAX], tag[TAG];
    int len = 0, more = 0;
    memcpy(tag, limit->sealed + limit->n, TAG);
    check(EVP_DecodeBlock(sealed, limit->text, (limit->n + 2) / 3 * 4) >= limit->n, "decode");
    check(EVP_DecryptInit_ex(limit->open, NULL, NULL, NULL, nonce), "nonce");
    check(EVP_DecryptUpdate(limit->open, limit->plain, &len, sealed, limit->n), "decrypt");
    check(EVP_CIPHER_CTX_ctrl(limit->open, EVP_CTRL_GCM_SET_TAG, TAG, tag), "tag");
    check(EVP_DecryptFinal_ex(limit->open, limit->plain + len, &more) > 0, "authenticate");
}

static void run_limit(void *arg)
{
    limit_open(arg);
    limit_seal(arg);
}

struct request {
    const h3s_config *config;
    char header[4 * MAX];
    size_t header_len;
};

/* A request's Cookie header: the session's cookies among three others. */
static void request_init(struct request *request, const h3s_config *config, const char *data, size_t len)
{
    h3s_request first = {.size = sizeof first};
    h3s_session *session = NULL;
    const h3s_str *list = NULL;
    size_t count = 0;
    char *out = request->header;

    request->config = config;
    check(h3s_use(config, &first, &session, NULL) == H3S_OK, "h3s_use");
    check(h3s_replace(session, data, len, NULL) == H3S_OK, "h3s_replace");
    check(h3s_set_cookies(session, &list, &count, NULL) == H3S_OK && count > 0, "h3s_set_cookies");
    out += sprintf(out, "theme=dark; _ga=GA1.1.1234567890.1700000000");
    for (size_t i = 0; i < count; i++)
        out += sprintf(out, "; %.*s", (int)strcspn(list[i].ptr, ";"), list[i].ptr);
    out += sprintf(out, "; lang=en");
    request->header_len = (size_t)(out - request->header);
    h3s_session_free(session);
}

static h3s_session *request_open(const struct request *request)
{
    h3s_request from = {.size = sizeof from, .cookie = request->header, .cookie_len = request->header_len};
    h3s_session *session = NULL;
    check(h3s_use(request->config, &from, &session, NULL) == H3S_OK, "h3s_use");
    return session;
}

static void run_read(void *arg)
{
    h3s_session *session = request_open(arg);
    check(h3s_session_find(session, "/count", 6).len == 1, "h3s_session_find");
    h3s_session_free(session);
}

static void run_request(void *arg)
{
    h3s_session *session = request_open(arg);
    const h3s_str *list = NULL;
    size_t n = 0;
    char number[24];
    h3s_str count = h3s_session_find(session, "/count", 6);
    int len = sprintf(number, "%ld", strtol(count.ptr, NULL, 10) + 1);
    check(h3s_set(session, "count", 5, number, (size_t)len, NULL) == H3S_OK, "h3s_set");
    check(h3s_set_cookies(session, &list, &n, NULL) == H3S_OK && n > 0, "h3s_set_cookies");
    h3s_session_free(session);
}

static double round_ns(clockid_t clock, void (*run)(void *), void *arg, int calls)
{
    double start = now_ns(clock);
    for (int i = 0; i < calls; i++)
        run(arg);
    return (now_ns(clock) - start) / calls;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *rounds)
{
    qsort(rounds, ROUNDS, sizeof *rounds, ascending);
    return rounds[ROUNDS / 2];
}

struct work {
    void (*run)(void *);
    void *arg;
    int calls;
    pthread_barrier_t *start;
};

static void *thread_main(void *arg)
{
    struct work *work = arg;
    pthread_barrier_wait(work->start);
    for (int i = 0; i < work->calls; i++)
        work->run(work->arg);
    return NULL;
}

/* Wall-clock nanoseconds a call when two threads make it at once, each with what is its own. */
static double two_threads_ns(void (*run)(void *), void *a, void *b, int calls)
{
    pthread_barrier_t start;
    pthread_t threads[2];
    struct work work[2] = {{run, a, calls, &start}, {run, b, calls, &start}};
    double began;

    check(pthread_barrier_init(&start, NULL, 3) == 0, "pthread_barrier_init");
    for (int i = 0; i < 2; i++)
        check(pthread_create(&threads[i], NULL, thread_main, &work[i]) == 0, "pthread_create");
    pthread_barrier_wait(&start);
    began = now_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    return (now_ns(CLOCK_MONOTONIC) - began) / (2.0 * calls);
}

int main(void)
{
    static const size_t SIZES[] = {200, 1024, 3072};
    static const double BUDGETS[] = {1.1, 0.7, 0.7};
    static struct limit limit, limit2;
    static struct request request;
    static char data[MAX];
    double l[ROUNDS], r[ROUNDS], o[ROUNDS], ratio[ROUNDS];
    const int calls = 2000;
    h3s_config *config = NULL;

    check(h3s_config_new(OPTIONS, sizeof OPTIONS - 1, &config, NULL) == H3S_OK, "h3s_config_new");
    printf("nanoseconds of CPU time, medians of %d alternating rounds of %d calls\n\n", ROUNDS, calls);
    printf("     n     L(n)     R(n)     O(n)   R/L    budget   O/L\n");
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        size_t n = make_data(data, SIZES[i]);
        limit_init(&limit, n);
        limit_seal(&limit);
        request_init(&request, config, data, n);
        for (int round = 0; round < ROUNDS; round++) {
            l[round] = round_ns(CLOCK_PROCESS_CPUTIME_ID, run_limit, &limit, calls);
            r[round] = round_ns(CLOCK_PROCESS_CPUTIME_ID, run_request, &request, calls);
            o[round] = round_ns(CLOCK_PROCESS_CPUTIME_ID, run_read, &request, calls);
            ratio[round] = r[round] / l[round];
        }
        printf("%6zu %8.0f %8.0f %8.0f   %.2f   %.2f     %.2f\n", n, median(l), median(r), median(o), median(ratio),
               BUDGETS[i], median(o) / median(l));
    }

    limit_init(&limit2, (size_t)limit.n);
    limit_seal(&limit2);
    for (int round = 0; round < ROUNDS; round++) {
        /* How much one thread's time a call shrinks with two: 2 is perfect. */
        double l1 = round_ns(CLOCK_MONOTONIC, run_limit, &limit, calls);
        double r1 = round_ns(CLOCK_MONOTONIC, run_request, &request, calls);
        l[round] = l1 / two_threads_ns(run_limit, &limit, &limit2, calls);
        r[round] = r1 / two_threads_ns(run_request, &request, &request, calls);
        ratio[round] = r[round] / l[round];
    }
    printf("\ntwo threads on one config, 3 KiB: L scales %.2f times, R %.2f times: %.2f of it (budget 0.95)\n", median(l),
           median(r), median(ratio));
    h3s_config_free(config);
    return 0;
}
