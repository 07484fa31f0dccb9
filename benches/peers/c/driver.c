/*
 * libh3s through its C ABI, and the limit: bare cryptography without any session. It speaks the
 * protocol of benches/peers/README.md.
 *
 *   h3s        the native format
 *   others     the same with tokens that 64 other configs have sealed by turns, so that no key that
 *              is kept of one serves for the next
 *   unrevoked  the native format, where sessions can be revoked, and none was
 *   revoked    the same, with 65,536 others that were
 *   fe26       Fe26.2 with cached keys
 *   cold       Fe26.2 tokens whose salts the config has not seen
 *   openssl    AES-256-GCM with a ready key and the base64 of OpenSSL's EVP: to open is to decode
 *              and decrypt n bytes, to seal the reverse, a request both; `derive` is the derivation
 *              of a key of Fe26.2
 *
 * It measures the library that it is linked with, or another build of it by LD_PRELOAD: it answers
 * `peers` with the library's path. Built with COUNT it counts allocations, which would slow the
 * other works down a little.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <h3s.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NONCE = 12, TAG = 16, MAX = 1 << 15, COLD = 16, OTHERS = 64, SALT = 64, TRIES = 20, REVOKED = 65536 };

#define OPTIONS \
    "{\"password\":\"correct horse battery staple, and more of it\",\"maxAge\":3600," \
    "\"maxTokenLength\":65536,\"cookie\":{\"maxChunks\":8}"
static const char *const REVOCABLE = OPTIONS ",\"revocation\":{}}";
static const char *const NATIVE = OPTIONS "}", *const FE26 = OPTIONS ",\"seal\":{\"format\":\"fe26.2\"}}";

static void check(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "driver: %s failed\n", what);
        exit(1);
    }
}

static double clock_ns(clockid_t clock)
{
    struct timespec t;
    check(clock_gettime(clock, &t) == 0, "clock_gettime");
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- Allocations, counted in place of the C library's own functions -------------------------- */

#ifdef COUNT
#include <malloc.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

static size_t allocations, live, peak;

static void *took(void *p)
{
    if (p != NULL) {
        allocations++;
        live += malloc_usable_size(p);
        if (live > peak)
            peak = live;
    }
    return p;
}

void *malloc(size_t size)
{
    return took(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
    return took(__libc_calloc(n, size));
}

void *realloc(void *p, size_t size)
{
    live -= p == NULL ? 0 : malloc_usable_size(p);
    return took(__libc_realloc(p, size));
}

void free(void *p)
{
    live -= p == NULL ? 0 : malloc_usable_size(p);
    __libc_free(p);
}
#endif

/* ---- Sessions -------------------------------------------------------------------------------- */

struct peer {
    const char *options;
    struct peer *next;
    h3s_config *config;
    h3s_session *session;
    char data[MAX], cookie[2 * MAX], forged[2 * MAX], token[2 * MAX];
    size_t data_len, cookie_len, token_len;
    /* Who forges, and when: the rate limit lets five more through a second. */
    const char *user;
    int64_t now;
};

static h3s_config *config_of(const char *options)
{
    h3s_config *config = NULL;
    check(h3s_config_new(options, strlen(options), &config, NULL) == H3S_OK, "h3s_config_new");
    return config;
}

/* What is revoked: of the peer that is asked, where sessions can be. */
static const h3s_revocations *known;

static h3s_session *use(const h3s_config *config, const char *cookie, size_t len)
{
    h3s_request request = {.size = sizeof request, .cookie = cookie, .cookie_len = len, .revocations = known};
    h3s_session *session = NULL;
    check(h3s_use(config, &request, &session, NULL) == H3S_OK, "h3s_use");
    return session;
}

static size_t cookies_of(h3s_session *session, const h3s_str **list)
{
    size_t count = 0;
    check(h3s_set_cookies(session, list, &count, NULL) == H3S_OK && count > 0, "h3s_set_cookies");
    return count;
}

/* A Cookie header with the session's cookies among three others; how long the former are. */
static size_t cookie_of(h3s_session *session, char *out)
{
    const h3s_str *list = NULL;
    size_t count = cookies_of(session, &list), len = 0;
    out += sprintf(out, "theme=dark; _ga=GA1.1.1234567890.1700000000");
    for (size_t i = 0; i < count; i++) {
        int pair = (int)strcspn(list[i].ptr, ";");
        out += sprintf(out, "; %.*s", pair, list[i].ptr);
        len += (size_t)pair + (i > 0 ? 2 : 0);
    }
    sprintf(out, "; lang=en");
    return len;
}

static size_t make_cookie(const h3s_config *config, const char *data, size_t data_len, char *out)
{
    h3s_session *session = use(config, NULL, 0);
    check(h3s_replace(session, data, data_len, NULL) == H3S_OK, "h3s_replace");
    size_t len = cookie_of(session, out);
    h3s_session_free(session);
    return len;
}

/*
 * Makes a forgery. In Fe26.2 each has new salts, as an attacker's have: what was refused before is
 * refused again at once.
 */
static void forge(struct peer *peer)
{
    static unsigned number;
    strcpy(peer->forged, peer->cookie);
    if (peer->options == FE26) {
        char *mac = strrchr(peer->forged, '*'), salt[SALT + 1];
        sprintf(salt, "%0*x", SALT, number++);
        memcpy(mac - SALT, salt, SALT);
    } else {
        char *middle = strchr(strstr(peer->forged, "=h3s1."), '.') + 60;
        *middle = *middle == 'A' ? 'B' : 'A';
    }
}

/* The peer with these options and this data; it is made once, which takes a derivation. */
static struct peer *peer_of(const char *options, const char *data, size_t len)
{
    static struct peer *known;
    struct peer *peer = known;
    h3s_str token;
    while (peer != NULL && (peer->options != options || peer->data_len != len || memcmp(peer->data, data, len) != 0))
        peer = peer->next;
    if (peer != NULL)
        return peer;
    peer = calloc(1, sizeof *peer);
    check(peer != NULL, "calloc");
    peer->next = known;
    known = peer;
    peer->options = options;
    memcpy(peer->data, data, len);
    peer->data_len = len;
    peer->config = config_of(options);
    make_cookie(peer->config, data, len, peer->cookie);
    peer->cookie_len = strlen(peer->cookie);
    peer->session = use(peer->config, peer->cookie, peer->cookie_len);
    check(h3s_seal(peer->session, &token, NULL) == H3S_OK, "h3s_seal");
    memcpy(peer->token, token.ptr, token.len);
    peer->token_len = token.len;
    forge(peer);
    return peer;
}

static long count_of(h3s_session *session)
{
    h3s_str count = h3s_session_find(session, "/count", 6);
    check(count.len > 0, "h3s_session_find");
    return strtol(count.ptr, NULL, 10);
}

static h3s_session *incremented(const h3s_config *config, const char *cookie, size_t len)
{
    h3s_session *session = use(config, cookie, len);
    char number[24];
    int digits = snprintf(number, sizeof number, "%ld", count_of(session) + 1);
    check(h3s_set_json(session, "count", 5, number, (size_t)digits, NULL) == H3S_OK, "h3s_set_json");
    return session;
}

static void visit(const h3s_config *config, const char *cookie, size_t len)
{
    h3s_session *session = incremented(config, cookie, len);
    const h3s_str *list = NULL;
    cookies_of(session, &list);
    h3s_session_free(session);
}

/* What the cookie of a request says. */
static long count_after(const h3s_config *config, const char *cookie, size_t len)
{
    static char next[2 * MAX];
    h3s_session *session = incremented(config, cookie, len);
    cookie_of(session, next);
    h3s_session_free(session);
    session = use(config, next, strlen(next));
    long count = count_of(session);
    h3s_session_free(session);
    return count;
}

static void run_request(void *arg)
{
    const struct peer *peer = arg;
    visit(peer->config, peer->cookie, peer->cookie_len);
}

static void read_count(const h3s_config *config, const char *cookie, size_t len)
{
    h3s_session *session = use(config, cookie, len);
    check(count_of(session) == 1, "the count");
    h3s_session_free(session);
}

static void run_read(void *arg)
{
    const struct peer *peer = arg;
    read_count(peer->config, peer->cookie, peer->cookie_len);
}

static void run_seal(void *arg)
{
    const struct peer *peer = arg;
    h3s_str token;
    check(h3s_update(peer->session, "{}", 2, NULL) == H3S_OK, "h3s_update");
    check(h3s_seal(peer->session, &token, NULL) == H3S_OK, "h3s_seal");
}

static void run_open(void *arg)
{
    const struct peer *peer = arg;
    h3s_session *session = NULL;
    h3s_request request = H3S_REQUEST_INIT;
    request.header = peer->token;
    request.header_len = peer->token_len;
    check(h3s_unseal(peer->config, &request, &session, NULL) == H3S_OK, "h3s_unseal");
    check(count_of(session) == 1, "the count");
    h3s_session_free(session);
}

static void run_forged(void *arg)
{
    struct peer *peer = arg;
    h3s_request request = {.size = sizeof request, .cookie = peer->forged, .cookie_len = peer->cookie_len, .revocations = known};
    h3s_session *session = NULL;
    if (peer->options == FE26)
        forge(peer);
    if (peer->user != NULL) {
        request.peer = peer->user;
        request.peer_len = strlen(peer->user);
        request.now_ms = peer->now;
    }
    int32_t status = h3s_get(peer->config, &request, &session, NULL);
    check(status == (peer->user != NULL ? H3S_ERR_BUSY : H3S_OK), "a forged token");
    check(session == NULL || h3s_session_is_new(session), "a forged token is refused");
    h3s_session_free(session);
}

/* The same over the rate limit: this user has forged too many. */
static void use_up_the_limit(struct peer *peer)
{
    peer->now = (int64_t)time(NULL) * 1000;
    for (unsigned i = 0; i < 20; i++) {
        h3s_request request = {.size = sizeof request, .cookie = peer->forged, .cookie_len = peer->cookie_len, .now_ms = peer->now};
        h3s_session *session = NULL;
        request.peer = "mallory";
        request.peer_len = 7;
        forge(peer);
        if (h3s_get(peer->config, &request, &session, NULL) == H3S_OK)
            h3s_session_free(session);
    }
    peer->user = "mallory";
}

static void run_none(void *arg)
{
    static const char others[] = "theme=dark; _ga=GA1.1.1234567890.1700000000; lang=en";
    const struct peer *peer = arg;
    h3s_request request = {.size = sizeof request, .cookie = others, .cookie_len = sizeof others - 1};
    h3s_session *session = NULL;
    check(h3s_get(peer->config, &request, &session, NULL) == H3S_OK, "h3s_get");
    h3s_session_free(session);
}

static void run_start(void *arg)
{
    const char *options = arg;
    h3s_config_free(config_of(options));
}

/* ---- The limit ------------------------------------------------------------------------------- */

struct limit {
    EVP_CIPHER_CTX *seal, *open;
    unsigned char plain[MAX], sealed[MAX], text[2 * MAX];
    int n;
};

static void limit_seal(void *arg)
{
    static const unsigned char nonce[NONCE] = {2};
    struct limit *limit = arg;
    int len = 0, more = 0;
    check(EVP_EncryptInit_ex(limit->seal, NULL, NULL, NULL, nonce), "nonce");
    check(EVP_EncryptUpdate(limit->seal, limit->sealed, &len, limit->plain, limit->n), "encrypt");
    check(EVP_EncryptFinal_ex(limit->seal, limit->sealed + len, &more), "final");
    check(EVP_CIPHER_CTX_ctrl(limit->seal, EVP_CTRL_GCM_GET_TAG, TAG, limit->sealed + limit->n), "tag");
    EVP_EncodeBlock(limit->text, limit->sealed, limit->n);
}

static void limit_open(void *arg)
{
    static const unsigned char nonce[NONCE] = {2};
    struct limit *limit = arg;
    unsigned char sealed[MAX], tag[TAG];
    int len = 0, more = 0;
    memcpy(tag, limit->sealed + limit->n, TAG);
    check(EVP_DecodeBlock(sealed, limit->text, (limit->n + 2) / 3 * 4) >= limit->n, "decode");
    check(EVP_DecryptInit_ex(limit->open, NULL, NULL, NULL, nonce), "nonce");
    check(EVP_DecryptUpdate(limit->open, limit->plain, &len, sealed, limit->n), "decrypt");
    check(EVP_CIPHER_CTX_ctrl(limit->open, EVP_CTRL_GCM_SET_TAG, TAG, tag), "tag");
    check(EVP_DecryptFinal_ex(limit->open, limit->plain + len, &more) > 0, "authenticate");
}

static void limit_request(void *arg)
{
    limit_open(arg);
    limit_seal(arg);
}

/* One of the two keys of Fe26.2, whose salt has 64 characters. */
static void limit_derive(void *arg)
{
    static const char password[] = "correct horse battery staple, and more of it";
    struct limit *limit = arg;
    check(PKCS5_PBKDF2_HMAC(password, sizeof password - 1, limit->text, SALT, 8192, EVP_sha1(), 32, limit->sealed), "derive");
}

static void limit_init(struct limit *limit, const char *data, size_t n)
{
    static const unsigned char key[32] = {1};
    limit->n = (int)n;
    limit->seal = EVP_CIPHER_CTX_new();
    limit->open = EVP_CIPHER_CTX_new();
    check(limit->seal && limit->open, "EVP_CIPHER_CTX_new");
    check(EVP_EncryptInit_ex(limit->seal, EVP_aes_256_gcm(), NULL, key, NULL), "EVP_EncryptInit_ex");
    check(EVP_DecryptInit_ex(limit->open, EVP_aes_256_gcm(), NULL, key, NULL), "EVP_DecryptInit_ex");
    memcpy(limit->plain, data, n);
    limit_seal(limit);
}

static void limit_end(struct limit *limit)
{
    EVP_CIPHER_CTX_free(limit->seal);
    EVP_CIPHER_CTX_free(limit->open);
}

/* ---- Measuring ------------------------------------------------------------------------------- */

typedef void run_fn(void *);

static double cpu_ns(run_fn *run, void *arg, long n)
{
    for (long i = 0; i < n / 10; i++)
        run(arg);
    double start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (long i = 0; i < n; i++)
        run(arg);
    return (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / (double)n;
}

struct work {
    run_fn *run;
    void *arg;
    long n;
    /* How many threads there are, and how often one of them has arrived at a start. */
    unsigned threads, *arrived;
    /* The processor of its own. */
    cpu_set_t cpu;
    double spent[TRIES];
};

static void *thread_main(void *arg)
{
    struct work *work = arg;
    check(sched_setaffinity(0, sizeof work->cpu, &work->cpu) == 0, "sched_setaffinity");
    for (unsigned i = 0; i < TRIES; i++) {
        /* They start together: to sleep and be woken would take longer than the try. */
        __atomic_fetch_add(work->arrived, 1, __ATOMIC_ACQ_REL);
        while (__atomic_load_n(work->arrived, __ATOMIC_ACQUIRE) < work->threads * (i + 1)) {
        }
        double start = clock_ns(CLOCK_MONOTONIC);
        for (long j = 0; j < work->n; j++)
            work->run(work->arg);
        work->spent[i] = clock_ns(CLOCK_MONOTONIC) - start;
    }
    return NULL;
}

/*
 * Wall-clock time of a call when so many threads make n together: the least of some tries, for what
 * else runs on the machine only ever adds. They are short, so that in some of them nothing else
 * runs.
 */
static double threads_ns(run_fn *run, void *const *args, unsigned threads, long n)
{
    pthread_t thread[2];
    struct work work[2];
    unsigned arrived = 0;
    long calls = n / TRIES + 1;
    cpu_set_t all;
    int cpu = -1;
    check(sched_getaffinity(0, sizeof all, &all) == 0 && CPU_COUNT(&all) >= (int)threads, "a processor for each thread");
    for (unsigned i = 0; i < threads; i++) {
        do
            cpu++;
        while (!CPU_ISSET(cpu, &all));
        work[i] = (struct work){.run = run, .arg = args[i], .n = calls, .threads = threads, .arrived = &arrived};
        CPU_SET(cpu, &work[i].cpu);
        check(pthread_create(&thread[i], NULL, thread_main, &work[i]) == 0, "pthread_create");
    }
    for (unsigned i = 0; i < threads; i++)
        check(pthread_join(thread[i], NULL) == 0, "pthread_join");
    double least = -1;
    for (unsigned i = 0; i < TRIES; i++) {
        double last = work[0].spent[i];
        if (threads == 2 && work[1].spent[i] > last)
            last = work[1].spent[i];
        if (least < 0 || last < least)
            least = last;
    }
    return least / ((double)calls * threads);
}

/* Tokens of other configs, each with the keys that it drew for itself. */
struct others {
    const struct peer *peer;
    size_t turn, len[OTHERS];
    char cookie[OTHERS][2 * MAX];
};

static void run_others_request(void *arg)
{
    struct others *others = arg;
    size_t i = others->turn++ % OTHERS;
    visit(others->peer->config, others->cookie[i], others->len[i]);
}

static void run_others_read(void *arg)
{
    struct others *others = arg;
    size_t i = others->turn++ % OTHERS;
    read_count(others->peer->config, others->cookie[i], others->len[i]);
}

static double measure_others(const char *work, const char *data, size_t len, long n)
{
    static struct others others;
    const struct peer *peer = peer_of(NATIVE, data, len);
    if (others.peer != peer) {
        others.peer = peer;
        for (size_t i = 0; i < OTHERS; i++) {
            h3s_config *other = config_of(NATIVE);
            make_cookie(other, data, len, others.cookie[i]);
            others.len[i] = strlen(others.cookie[i]);
            h3s_config_free(other);
        }
    }
    if (strcmp(work, "request") == 0)
        return cpu_ns(run_others_request, &others, n);
    if (strcmp(work, "read") == 0)
        return cpu_ns(run_others_read, &others, n);
    if (strcmp(work, "count") == 0)
        return (double)count_after(peer->config, others.cookie[0], others.len[0]);
    return -1;
}

static double measure_cold(const char *work, const char *data, size_t len, long n)
{
    static char cookies[COLD][2 * MAX];
    int counting = strcmp(work, "count") == 0;
    if (strcmp(work, "request") != 0 && !counting)
        return -1;
    h3s_config *here = config_of(FE26);
    n = n > COLD ? COLD : n;
    for (long i = 0; i < n; i++) {
        h3s_config *other = config_of(FE26);
        make_cookie(other, data, len, cookies[i]);
        h3s_config_free(other);
    }
    double start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (long i = 0; i < n && !counting; i++)
        visit(here, cookies[i], strlen(cookies[i]));
    double spent = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
    double answer = counting ? (double)count_after(here, cookies[0], strlen(cookies[0])) : spent / (double)n;
    h3s_config_free(here);
    return answer;
}

/* The answer to one question, or -1 for what this peer does not do. */
static double measure_peer(const char *work, const char *options, const char *data, size_t len, long n)
{
    static const struct {
        const char *work;
        run_fn *run;
    } WORKS[] = {{"request", run_request}, {"read", run_read}, {"seal", run_seal}, {"open", run_open}, {"forged", run_forged}, {"none", run_none}};
    struct peer *peer = peer_of(options, data, len);

    for (size_t i = 0; i < sizeof WORKS / sizeof *WORKS; i++)
        if (strcmp(work, WORKS[i].work) == 0)
            return cpu_ns(WORKS[i].run, peer, n);
    if (strcmp(work, "limited") == 0 && options == FE26) {
        use_up_the_limit(peer);
        double answer = cpu_ns(run_forged, peer, n);
        peer->user = NULL;
        return answer;
    }
    if (strcmp(work, "start") == 0)
        return cpu_ns(run_start, (void *)options, n);
    if (strcmp(work, "bytes") == 0)
        return (double)make_cookie(peer->config, data, len, peer->cookie);
    if (strcmp(work, "cookies") == 0) {
        const h3s_str *list = NULL;
        h3s_session *session = incremented(peer->config, peer->cookie, peer->cookie_len);
        size_t number = cookies_of(session, &list);
        h3s_session_free(session);
        return (double)number;
    }
    if (strcmp(work, "count") == 0) {
        run_forged(peer);
        return (double)count_after(peer->config, peer->cookie, peer->cookie_len);
    }
    if (strcmp(work, "threads1") == 0 || strcmp(work, "threads2") == 0)
        return threads_ns(run_request, (void *[]){peer, peer}, (unsigned)(work[7] - '0'), n);
#ifdef COUNT
    if (strcmp(work, "allocations") == 0) {
        size_t before = allocations;
        run_request(peer);
        return (double)(allocations - before);
    }
    if (strcmp(work, "heap") == 0) {
        size_t before = live;
        peak = live;
        run_request(peer);
        return (double)(peak - before);
    }
#endif
    return -1;
}

/* Where so many sessions of others were revoked. */
static double measure_revocable(const char *work, int count, const char *data, size_t len, long n)
{
    static h3s_revocations *copies[2];
    h3s_revocations **copy = &copies[count > 0];
    if (strcmp(work, "request") != 0 && strcmp(work, "read") != 0 && strcmp(work, "count") != 0)
        return -1;
    if (*copy == NULL) {
        h3s_config *config = config_of(REVOCABLE);
        check(h3s_revocations_new(REVOKED, copy, NULL) == H3S_OK, "h3s_revocations_new");
        check(h3s_revocations_heard(*copy, 0, NULL) == H3S_OK, "h3s_revocations_heard");
        for (int i = 0; i < count; i++) {
            char id[32], line[256];
            size_t line_len, applied;
            int id_len = snprintf(id, sizeof id, "another-%d", i);
            check(h3s_revoke_session(config, id, (size_t)id_len, 0, line, sizeof line, &line_len, NULL) == H3S_OK, "h3s_revoke_session");
            check(h3s_revocations_apply(*copy, config, line, line_len, 0, &applied, NULL) == H3S_OK && applied == 1, "h3s_revocations_apply");
        }
        h3s_config_free(config);
    }
    known = *copy;
    double answer = measure_peer(work, REVOCABLE, data, len, n);
    known = NULL;
    return answer;
}

static double measure_limit(const char *work, const char *data, size_t len, long n)
{
    static struct limit limit, other;
    double answer = -1;
    limit_init(&limit, data, len);
    limit_init(&other, data, len);
    if (strcmp(work, "request") == 0)
        answer = cpu_ns(limit_request, &limit, n);
    else if (strcmp(work, "open") == 0 || strcmp(work, "read") == 0)
        answer = cpu_ns(limit_open, &limit, n);
    else if (strcmp(work, "seal") == 0)
        answer = cpu_ns(limit_seal, &limit, n);
    else if (strcmp(work, "derive") == 0)
        answer = cpu_ns(limit_derive, &limit, n);
    else if (strcmp(work, "threads1") == 0 || strcmp(work, "threads2") == 0)
        answer = threads_ns(limit_request, (void *[]){&limit, &other}, (unsigned)(work[7] - '0'), n);
    limit_end(&limit);
    limit_end(&other);
    return answer;
}

static size_t read_data(const char *folder, const char *which, char *out)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.json", folder, which);
    FILE *file = fopen(path, "rb");
    check(file != NULL, path);
    size_t len = fread(out, 1, MAX, file);
    fclose(file);
    return len;
}

int main(int argc, char **argv)
{
    static char line[256], data[MAX];
    char work[32], name[32], which[32];
    Dl_info library;
    long n;

    check(argc == 2, "driver FOLDER");
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strcmp(line, "peers\n") == 0) {
            const char *version = h3s_version();
            check(dladdr((const void *)version, &library) != 0, "dladdr");
            printf("runtime=gcc/%d.%d library=%s h3s=%s others=%s unrevoked=%s revoked=%s fe26=%s cold=%s openssl=%s\n", __GNUC__, __GNUC_MINOR__, library.dli_fname, version, version, version, version, version, version, OpenSSL_version(OPENSSL_FULL_VERSION_STRING));
        } else {
            check(sscanf(line, "%31s %31s %31s %ld", work, name, which, &n) == 4 && n > 0, "the question");
            size_t len = read_data(argv[1], which, data);
            double answer;
            if (strcmp(name, "openssl") == 0)
                answer = measure_limit(work, data, len, n);
            else if (strcmp(name, "others") == 0)
                answer = measure_others(work, data, len, n);
            else if (strcmp(name, "cold") == 0)
                answer = measure_cold(work, data, len, n);
            else if (strcmp(name, "unrevoked") == 0)
                answer = measure_revocable(work, 0, data, len, n);
            else if (strcmp(name, "revoked") == 0)
                answer = measure_revocable(work, REVOKED, data, len, n);
            else if (strcmp(name, "fe26") == 0)
                answer = measure_peer(work, FE26, data, len, n);
            else
                answer = measure_peer(work, NATIVE, data, len, n);
            if (answer < 0)
                puts("-");
            else
                printf("%.1f\n", answer);
        }
        fflush(stdout);
    }
    return 0;
}
