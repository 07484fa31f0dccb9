/*
 * login: a login and a logout, on libh3s and libmicrohttpd.
 *
 *     cc -std=c99 -o login login.c $(pkg-config --cflags --libs h3s libmicrohttpd)
 *     SESSION_PASSWORD=$(openssl rand -base64 32) ./login 3000
 *
 * GET / greets and counts visits; POST /login?name=ada logs in; POST /logout logs out. The same
 * program in Python, Go and Node is in the folders beside this one: with the same password they
 * share the sessions. counter.c is a larger one, with forms, a page, and a password that can
 * change.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <h3s.h>
#include <microhttpd.h>

static const char *header(struct MHD_Connection *c, const char *name)
{
    const char *value = MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
    return value != NULL ? value : "";
}

/* Another site may lead a browser here, but log nobody in or out. */
static int is_cross_site(struct MHD_Connection *c)
{
    const char *site = header(c, "Sec-Fetch-Site"), *origin = header(c, "Origin");
    const char *referer = header(c, "Referer"), *host = header(c, "Host");
    return h3s_is_cross_site(site, strlen(site), origin, strlen(origin), referer, strlen(referer),
                             host, strlen(host));
}

/* Does what the path asks for and writes the answer's text; gives the answer's HTTP status. */
static unsigned act(struct MHD_Connection *c, h3s_session *session, const char *method,
                    const char *path, char *text, size_t room)
{
    h3s_error err = { 0 };
    int is_page = strcmp(path, "/") == 0;
    if (!is_page && strcmp(path, "/login") != 0 && strcmp(path, "/logout") != 0)
        return MHD_HTTP_NOT_FOUND;
    /* A mere link changes nothing, and another site's form does not lead to the page. */
    if (is_page ? strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 : strcmp(method, "POST") != 0)
        return MHD_HTTP_METHOD_NOT_ALLOWED;
    if (is_page) {
        int64_t visits = 0;
        if (h3s_session_int(session, H3S_LIT("/visits"), &visits) != H3S_OK)
            visits = 0;
        if (h3s_set_int(session, H3S_LIT("visits"), visits + 1, &err) == H3S_OK) {
            h3s_str user = h3s_session_text(session, H3S_LIT("/user"));
            if (user.len == 0)
                user = (h3s_str){ "stranger", 8 };
            snprintf(text, room, "Hello, %.*s. Visit %" PRId64 ".\n", (int)user.len, user.ptr, visits + 1);
        }
    } else if (is_cross_site(c)) {
        return MHD_HTTP_FORBIDDEN;
    } else if (strcmp(path, "/login") == 0) {
        /* A real one asks for more than a name. A new id: whoever knew the old one has nothing. */
        const char *name = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "name");
        if (name == NULL || *name == '\0' || strlen(name) > 80)
            return MHD_HTTP_BAD_REQUEST;
        if (h3s_rotate(session, &err) == H3S_OK
            && h3s_set_text(session, H3S_LIT("user"), name, strlen(name), &err) == H3S_OK)
            snprintf(text, room, "Welcome, %s.\n", name);
    } else if (h3s_clear(session, &err) == H3S_OK) {
        snprintf(text, room, "Goodbye.\n");
    }
    switch (err.status) {
    case H3S_OK: return MHD_HTTP_OK;
    case H3S_ERR_DATA: return MHD_HTTP_BAD_REQUEST;
    case H3S_ERR_TOO_LARGE: return MHD_HTTP_CONTENT_TOO_LARGE;
    default: return MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
}

static enum MHD_Result answer(struct MHD_Connection *c, const h3s_config *config, const char *method,
                              const char *path)
{
    char text[256] = "";
    unsigned status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    const h3s_str *cookies = NULL;
    size_t count = 0;
    h3s_session *session = NULL;
    h3s_error err;
    h3s_request request = H3S_REQUEST_INIT;
    request.cookie = header(c, "Cookie");
    request.cookie_len = strlen(request.cookie);
    request.flags = is_cross_site(c) ? H3S_CROSS_SITE : 0;

    if (h3s_get(config, &request, &session, &err) == H3S_OK)
        status = act(c, session, method, path, text, sizeof text);
    /* Where something failed, no cookie is set: the session stays as it was. */
    if (status == MHD_HTTP_OK && h3s_set_cookies(session, &cookies, &count, &err) != H3S_OK)
        status = MHD_HTTP_INTERNAL_SERVER_ERROR;

    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY);
    for (size_t i = 0; i < count; i++)
        MHD_add_response_header(response, "Set-Cookie", cookies[i].ptr);
    MHD_add_response_header(response, "Cache-Control", "private, no-store");
    MHD_add_response_header(response, "Vary", h3s_config_vary(config).ptr);
    MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
    enum MHD_Result result = MHD_queue_response(c, status, response);
    MHD_destroy_response(response);
    h3s_session_free(session);
    return result;
}

/* libmicrohttpd calls it when the headers are there, for each piece of the body, and at its end. */
static enum MHD_Result on_request(void *config, struct MHD_Connection *c, const char *path,
                                  const char *method, const char *version, const char *piece,
                                  size_t *len, void **state)
{
    static char begun;
    (void)version, (void)piece;
    if (*state == NULL || *len > 0) {
        *state = &begun;
        *len = 0;
        return MHD_YES;
    }
    return answer(c, config, method, path);
}

/* The options name the password, and what is wrong with them is said at the start. */
static h3s_config *configured(void)
{
    const char *password = getenv("SESSION_PASSWORD");
    char quoted[1024] = "\"\"", options[1100];
    h3s_config *config = NULL;
    h3s_error err;
    if (password != NULL)
        h3s_json_quote(password, strlen(password), quoted, sizeof quoted);
    snprintf(options, sizeof options, "{\"maxAge\": 604800, \"password\": %s}", quoted);
    if (h3s_config_new(options, strlen(options), &config, &err) != H3S_OK)
        fprintf(stderr, "login: %s: %s\n", err.key, err.message);
    return config;
}

int main(int argc, char **argv)
{
    h3s_config *config = configured();
    if (config == NULL)
        return 1;

    struct sockaddr_in at = { 0 };
    at.sin_family = AF_INET;
    at.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 3000));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL); /* before there are threads, which then block them, too */
    struct MHD_Daemon *server =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request,
                         config, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_END);
    if (server == NULL) {
        fprintf(stderr, "login: the port cannot be listened at\n");
        h3s_config_free(config);
        return 1;
    }
    printf("http://127.0.0.1:%d/\n", MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    int signal = 0;
    sigwait(&ends, &signal);
    MHD_stop_daemon(server);
    h3s_config_free(config);
    return 0;
}
