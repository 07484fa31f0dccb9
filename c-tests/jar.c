#include "jar.h"

#include <stdio.h>

void assert_str_at(h3s_str found, const char *expected, const char *file, int line)
{
    if (expected == NULL) {
        _assert_true(found.ptr == NULL && found.len == 0, "the string is absent", file, line);
        return;
    }
    _assert_true(found.ptr != NULL, "the string is there", file, line);
    _assert_int_equal(found.len, strlen(expected), file, line);
    _assert_memory_equal(found.ptr, expected, found.len, file, line);
}

h3s_config *config_of(const char *options)
{
    h3s_config *config = NULL;
    h3s_error err;
    if (h3s_config_new(S(options), &config, &err) != H3S_OK)
        fail_msg("%s: %s", err.key, err.message);
    return config;
}

h3s_config *config;

int make_config(void **state)
{
    (void)state;
    config = config_of(OPTIONS);
    return 0;
}

int free_config(void **state)
{
    (void)state;
    h3s_config_free(config);
    return 0;
}

static h3s_request request_of(const char *cookie, const char *header, int64_t now)
{
    h3s_request request = {.size = sizeof request, .now_ms = now};
    request.cookie = cookie;
    request.cookie_len = cookie ? strlen(cookie) : 0;
    request.header = header;
    request.header_len = header ? strlen(header) : 0;
    return request;
}

h3s_session *used(const h3s_config *with, const char *cookie, const char *header, int64_t now)
{
    h3s_request request = request_of(cookie, header, now);
    h3s_session *session = NULL;
    assert_ok(h3s_use(with, &request, &session, NULL));
    return session;
}

h3s_session *got(const h3s_config *with, const char *cookie, const char *header, int64_t now)
{
    h3s_request request = request_of(cookie, header, now);
    h3s_session *session = NULL;
    assert_ok(h3s_get(with, &request, &session, NULL));
    return session;
}

static h3s_request bare_token(const char *token, size_t len, int64_t now)
{
    h3s_request request = H3S_REQUEST_INIT;
    request.header = token;
    request.header_len = len;
    request.now_ms = now;
    return request;
}

int32_t unseal_token(const h3s_config *with, const char *token, size_t len, int64_t now, h3s_session **out, h3s_error *err)
{
    h3s_request request = bare_token(token, len, now);
    return h3s_unseal(with, &request, out, err);
}

int32_t iron_unseal_token(const h3s_config *with, const char *token, size_t len, int64_t now, char *out, size_t room,
                          size_t *out_len, h3s_error *err)
{
    h3s_request request = bare_token(token, len, now);
    return h3s_iron_unseal(with, &request, out, room, out_len, err);
}

static void jar_put(struct jar *jar, const char *text)
{
    size_t name = strcspn(text, "="), end = strcspn(text, ";"), at = 0;
    assert_true(name < end && name < sizeof jar->cookies[0].name && end < 4096);
    while (at < jar->count && (strlen(jar->cookies[at].name) != name || strncmp(jar->cookies[at].name, text, name) != 0))
        at++;
    if (strstr(text, "; Max-Age=0;") != NULL) {
        if (at < jar->count)
            jar->cookies[at] = jar->cookies[--jar->count];
        return;
    }
    if (at == jar->count)
        assert_true(jar->count++ < 120);
    sprintf(jar->cookies[at].name, "%.*s", (int)name, text);
    sprintf(jar->cookies[at].value, "%.*s", (int)(end - name - 1), text + name + 1);
}

size_t jar_take(struct jar *jar, h3s_session *session)
{
    const h3s_str *list = NULL;
    size_t count = 0;
    assert_ok(h3s_set_cookies(session, &list, &count, NULL));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(list[i].ptr[list[i].len], '\0');
        assert_int_equal(strlen(list[i].ptr), list[i].len);
        jar_put(jar, list[i].ptr);
    }
    return count;
}

const char *jar_header(struct jar *jar)
{
    char *out = jar->header;
    *out = '\0';
    for (size_t i = 0; i < jar->count; i++)
        out += sprintf(out, "%s%s=%s", i ? "; " : "", jar->cookies[i].name, jar->cookies[i].value);
    return jar->header;
}

const char *jar_value(const struct jar *jar, const char *name)
{
    for (size_t i = 0; i < jar->count; i++)
        if (strcmp(jar->cookies[i].name, name) == 0)
            return jar->cookies[i].value;
    return NULL;
}

void token_of(const h3s_config *with, const char *data, int64_t now, char *out)
{
    h3s_session *session = used(with, NULL, NULL, now);
    h3s_str token;
    assert_ok(h3s_replace(session, S(data), NULL));
    assert_ok(h3s_seal(session, &token, NULL));
    assert_int_equal(token.ptr[token.len], '\0');
    strcpy(out, token.ptr);
    h3s_session_free(session);
}
