/*
 * What Fe26.2 costs through the C ABI, in nanoseconds of CPU time: one `name value` a line, for benches/fe26.mjs, which sets h3 beside it.
 *
 *   request    a Cookie header of 1 KiB of data, opened, `count` set, the Set-Cookie value taken, with keys remembered
 *   native     the same in h3s1
 *   cold       the same for a token whose salts the config has not seen
 *   forged     a token of wrong mac under salts not seen: one derivation in vain
 *   refused    the same over the lid
 *   expired    a forged token that says of itself that it has expired
 */
#define _POSIX_C_SOURCE 200809L

#include <h3s.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOKENS = 8, ROUNDS = 21, WARM = 2000, MAX = 8192 };

#define PASSWORD "correct horse battery staple, and more of it"
static const char NATIVE[] = "{\"password\":\"" PASSWORD "\",\"maxAge\":3600}";
static const char FE26[] = "{\"password\":\"" PASSWORD "\",\"maxAge\":3600,\"seal\":{\"format\":\"fe26.2\"}}";
static const int64_t NOW = INT64_C(1800000000000);

static void check(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "fe26: %s failed\n", what);
        exit(1);
    }
}

static double cpu_ns(void)
{
    struct timespec t;
    check(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0, "clock_gettime");
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static h3s_config *config_of(const char *options)
{
    h3s_config *config = NULL;
    check(h3s_config_new(options, strlen(options), &config, NULL) == H3S_OK, "h3s_config_new");
    return config;
}

/* Opens, writes and takes the cookie. */
static int32_t visit(const h3s_config *config, const char *cookie, const char *peer)
{
    h3s_request request = {.size = sizeof request, .now_ms = NOW};
    h3s_session *session = NULL;
    const h3s_str *list = NULL;
    size_t count = 0;
    request.cookie = cookie;
    request.cookie_len = strlen(cookie);
    request.peer = peer;
    request.peer_len = strlen(peer);
    int32_t status = h3s_use(config, &request, &session, NULL);
    if (status != H3S_OK)
        return status;
    check(h3s_set(session, "count", 5, "2", 1, NULL) == H3S_OK, "h3s_set");
    check(h3s_set_cookies(session, &list, &count, NULL) == H3S_OK && count == 1, "h3s_set_cookies");
    h3s_session_free(session);
    return H3S_OK;
}

static void make_cookie(const h3s_config *config, char *cookie)
{
    h3s_request request = {.size = sizeof request, .now_ms = NOW};
    h3s_session *session = NULL;
    char text[1100];
    memset(text, 'x', sizeof text);
    check(h3s_use(config, &request, &session, NULL) == H3S_OK, "h3s_use");
    check(h3s_set_text(session, "text", 4, text, 1000, NULL) == H3S_OK, "h3s_set_text");
    const h3s_str *list = NULL;
    size_t count = 0;
    check(h3s_set_cookies(session, &list, &count, NULL) == H3S_OK && count == 1, "h3s_set_cookies");
    snprintf(cookie, MAX, "theme=dark; %.*s; lang=en", (int)strcspn(list[0].ptr, ";"), list[0].ptr);
    h3s_session_free(session);
}

static int ascending(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, ascending);
    return values[n / 2];
}

static double warm(const h3s_config *config, const char *cookie)
{
    double times[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        double start = cpu_ns();
        for (int n = 0; n < WARM; n++)
            check(visit(config, cookie, "") == H3S_OK, "a warm visit");
        times[i] = (cpu_ns() - start) / WARM;
    }
    return median(times, ROUNDS);
}

/* The cookie with another integrity salt and, if it is wanted, an expiration long past. */
static void forge(const char *cookie, unsigned number, int expired, char *out)
{
    const char *mac = strrchr(cookie, '*'), *expiration = mac - 64 - 1 - 13;
    sprintf(out, "%.*s%.13s*%064x%s", (int)(expiration - cookie), cookie, expired ? "1000000000000" : expiration, number, mac);
}

static double forged(const h3s_config *config, const char *cookie, const char *peer, int expired, int32_t expected, int rounds)
{
    char text[MAX];
    double start = cpu_ns();
    for (int i = 0; i < rounds; i++) {
        forge(cookie, (unsigned)i, expired, text);
        check(visit(config, text, peer) == expected, "a forged visit");
    }
    return (cpu_ns() - start) / rounds;
}

int main(void)
{
    static char cookie[MAX], native[MAX], cold[TOKENS][MAX];
    h3s_config *fe26 = config_of(FE26), *h3s1 = config_of(NATIVE);
    double times[TOKENS];
    make_cookie(fe26, cookie);
    make_cookie(h3s1, native);
    printf("native %.0f\n", warm(h3s1, native));
    printf("request %.0f\n", warm(fe26, cookie));
    for (int i = 0; i < TOKENS; i++) {
        h3s_config *other = config_of(FE26);
        make_cookie(other, cold[i]);
        h3s_config_free(other);
        double start = cpu_ns();
        check(visit(fe26, cold[i], "") == H3S_OK, "a cold visit");
        times[i] = cpu_ns() - start;
    }
    printf("cold %.0f\n", median(times, TOKENS));
    printf("forged %.0f\n", forged(fe26, cookie, "", 0, H3S_OK, 40));
    forged(fe26, cookie, "mallory", 0, H3S_OK, 20);
    printf("refused %.0f\n", forged(fe26, cookie, "mallory", 0, H3S_ERR_BUSY, 1000));
    printf("expired %.0f\n", forged(fe26, cookie, "", 1, H3S_OK, 1000));
    h3s_config_free(fe26);
    h3s_config_free(h3s1);
    return 0;
}
