/* What the test programs share: cmocka, short names for long calls, and a browser's cookie jar. */
#ifndef JAR_H
#define JAR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the four above. */
#include <cmocka.h>
#include <h3s.h>

#define PASSWORD "correct horse battery staple, and more of it"
#define OPTIONS "{\"password\":\"" PASSWORD "\"}"
#define NOW INT64_C(1800000000000)
#define SECOND INT64_C(1000)

/* A string literal or other C string as pointer and length. */
#define S(text) (text), strlen(text)
#define assert_ok(call) assert_int_equal((call), H3S_OK)
#define assert_str(found, expected) assert_str_at((found), (expected), __FILE__, __LINE__)

void assert_str_at(h3s_str found, const char *expected, const char *file, int line);

/* Options of Fe26.2 with keys that cost next to nothing, but are cached as any others. */
#define CHEAP_OPTIONS \
    "{\"password\":\"" PASSWORD "\"," \
    "\"seal\":{\"format\":\"fe26.2\",\"accept\":[\"h3s1\",\"fe26.2\"]," \
    "\"encryption\":{\"algorithm\":\"aes-256-cbc\"," \
    "\"saltBits\":256,\"iterations\":2,\"minPasswordlength\":32}," \
    "\"integrity\":{\"algorithm\":\"sha256\"," \
    "\"saltBits\":512,\"iterations\":2,\"minPasswordlength\":32}}}"

/* A config of options that are right. */
h3s_config *config_of(const char *options);

/* The config that a test program's tests share: for cmocka_run_group_tests. */
extern h3s_config *config;
int make_config(void **state);
int free_config(void **state);

/* A session of a Cookie header, or NULL, and a session header, or NULL. */
h3s_session *used(const h3s_config *with, const char *cookie, const char *header, int64_t now);
h3s_session *got(const h3s_config *with, const char *cookie, const char *header, int64_t now);

/* A bare token's session, as h3s_unseal gives it; and the JSON in one, as h3s_iron_unseal does. */
int32_t unseal_token(const h3s_config *with, const char *token, size_t len, int64_t now,
                     h3s_session **out, h3s_error *err);
int32_t iron_unseal_token(const h3s_config *with, const char *token, size_t len, int64_t now,
                          char *out, size_t room, size_t *out_len, h3s_error *err);

struct jar {
    struct { char name[64], value[4096]; } cookies[120];
    size_t count;
    char header[500000];
};

/* Takes the session's Set-Cookie values; gives how many there were. */
size_t jar_take(struct jar *jar, h3s_session *session);
/* The Cookie header of the next request; lasts until the next call. */
const char *jar_header(struct jar *jar);
const char *jar_value(const struct jar *jar, const char *name);

/* The token of a session with data. `out` has room for 20,000 bytes. */
void token_of(const h3s_config *with, const char *data, int64_t now, char *out);

#endif
