/*
 * A first program against an installed libh3s: two requests, of which the second
 * carries the first one's cookie.
 */
#include <h3s.h>
#include <stdio.h>
#include <string.h>

static const char OPTIONS[] = "{\"password\": \"a password of at least 32 characters\"}";

static int fail(const char *what, const h3s_error *err) {
    fprintf(stderr, "%s: %s\n", what, err->message);
    return 1;
}

/*
 * One request: sets `n`, and leaves in `cookie`, of `size` bytes, what a browser would send back.
 */
static int visit(const h3s_config *config, char *cookie, size_t size, const char *update, const char *expected) {
    h3s_request request;
    h3s_session *session = NULL;
    const h3s_str *list = NULL;
    size_t count = 0, len;
    h3s_str data;
    h3s_error err;

    memset(&request, 0, sizeof request);
    request.size = sizeof request;
    request.cookie = cookie;
    request.cookie_len = strlen(cookie);
    if (h3s_use(config, &request, &session, &err) != H3S_OK) return fail("h3s_use", &err);
    if (h3s_update(session, update, strlen(update), &err) != H3S_OK) return fail("h3s_update", &err);
    data = h3s_session_data(session);
    if (strcmp(data.ptr, expected) != 0) {
        fprintf(stderr, "the data is %s, not %s\n", data.ptr, expected);
        return 1;
    }
    if (h3s_set_cookies(session, &list, &count, &err) != H3S_OK) return fail("h3s_set_cookies", &err);
    if (count != 1) {
        fprintf(stderr, "%u cookies, not 1\n", (unsigned)count);
        return 1;
    }
    len = strcspn(list[0].ptr, ";");
    if (len >= size) return 1;
    memcpy(cookie, list[0].ptr, len);
    cookie[len] = '\0';
    h3s_session_free(session);
    return 0;
}

int main(void) {
    h3s_config *config = NULL;
    h3s_error err;
    char cookie[4096] = "";

    if (h3s_config_new(OPTIONS, strlen(OPTIONS), &config, &err) != H3S_OK) return fail("h3s_config_new", &err);
    if (visit(config, cookie, sizeof cookie, "{\"a\":1}", "{\"a\":1}")) return 1;
    if (visit(config, cookie, sizeof cookie, "{\"b\":[2]}", "{\"a\":1,\"b\":[2]}")) return 1;
    h3s_config_free(config);
    printf("libh3s %s\n", h3s_version());
    return 0;
}
