/*
 * counter: a small web server with sessions, on libh3s and libmicrohttpd.
 *
 *     cc -std=c99 -pthread -o counter counter.c $(pkg-config --cflags --libs h3s libmicrohttpd)
 *     ./counter [--address IP] [--port N] [--options FILE]
 *
 * All that a server does with libh3s is in three places: configure() makes the one h3s_config of
 * the process; serve() opens an h3s_session for a request, has it written, and takes its Set-Cookie
 * values; the functions in the table ROUTES read and write it.
 *
 * The options are a file of JSON. To change the password, put a new one before the old one in it,
 * and send SIGHUP: the server reads the file again, fails no request, and logs nobody out.
 * Without a file the password is the environment variable SESSION_PASSWORD, of at least 32
 * characters, and SESSION_FORMAT the format. Any other server that has the same password and
 * options, in whatever language, shares the sessions; with h3-1 one of h3 1, Nuxt or Nitro 2
 * does, too, and with h3-2 one of h3 2.
 */
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include <h3s.h>
#include <microhttpd.h>

enum { BODY_MAX = 4096 };

struct request {
    h3s_config *config;                 /* the options in force when it began; shared */
    struct MHD_Connection *connection;
    bool cross_site;                    /* another site has sent the browser here */
    const char *method;
    struct MHD_PostProcessor *form;
    size_t received;                    /* bytes of the body so far */
    char name[BODY_MAX];                /* the form's field, decoded */
    size_t name_len;

    /* Freed when the answer is out: all below is borrowed from it. */
    h3s_session *session;
    h3s_str token;
    const h3s_str *set_cookies;
    size_t set_cookie_count;

    unsigned status;                    /* of the answer */
    const char *type, *allow;
    FILE *out;                          /* writes the answer's body */
    char *body;
    size_t body_len;
};

/* ---- Options that can be replaced ------------------------------------------------------------ */

/*
 * Other options may come into force while a request is in flight, so each request shares those that
 * it began with, and who frees them last wipes their keys. (A session would keep its config alive
 * by itself, but it must not be freed just before the session is opened.)
 */
static h3s_config *in_force;
static pthread_mutex_t options_lock = PTHREAD_MUTEX_INITIALIZER;

static h3s_config *share_config(void)
{
    pthread_mutex_lock(&options_lock);
    h3s_config *config = h3s_config_ref(in_force);
    pthread_mutex_unlock(&options_lock);
    return config;
}

static bool put_in_force(h3s_config *config)
{
    if (config == NULL)
        return false;
    pthread_mutex_lock(&options_lock);
    h3s_config *old = in_force;
    in_force = config;
    pthread_mutex_unlock(&options_lock);
    h3s_config_free(old);
    return true;
}

/* A small program may end when memory does. */
static FILE *text_open(char **text, size_t *len)
{
    FILE *out = open_memstream(text, len);
    if (out == NULL)
        abort();
    return out;
}

static void text_close(FILE *out)
{
    if (fclose(out) != 0)
        abort();
}

static void put_json(FILE *out, h3s_str text)
{
    size_t room = 6 * text.len + 3;
    char *json = malloc(room);
    if (json == NULL)
        abort();
    h3s_json_quote(text.ptr, text.len, json, room);
    fputs(json, out);
    explicit_bzero(json, room);                                      /* it may be the password */
    free(json);
}

static void put_html(FILE *out, h3s_str text)
{
    for (size_t i = 0; i < text.len; i++)
        fprintf(out, strchr("&<>\"'", text.ptr[i]) ? "&#%d;" : "%c", text.ptr[i]);
}

/* ---- Writing the session --------------------------------------------------------------------- */

/* 0 also where another server that shares the session has put something that is no such number. */
static int64_t visits(const h3s_session *session)
{
    int64_t count = 0;
    return h3s_session_int(session, H3S_LIT("/count"), &count) == H3S_OK && count > 0
           && count < INT64_C(1) << 53 ? count : 0;
}

/*
 * A write sets a cookie. Where another site's link leads here, the browser may have one that it
 * keeps back (SameSite=Strict): such a visit does not count, so that none is replaced.
 */
static int32_t visit(struct request *r, h3s_error *err)
{
    if (r->cross_site && h3s_session_is_new(r->session))
        return H3S_OK;
    return h3s_set_int(r->session, H3S_LIT("count"), visits(r->session) + 1, err);
}

static int32_t rotate(struct request *r, h3s_error *err) { return h3s_rotate(r->session, err); }

static int32_t clear(struct request *r, h3s_error *err) { return h3s_clear(r->session, err); }

static int32_t seal(struct request *r, h3s_error *err) { return h3s_seal(r->session, &r->token, err); }

/*
 * A real login would ask for a password. Whoever comes in gets a new session id: the one before may
 * have been planted by somebody else, who would now be logged in as well.
 */
static int32_t login(struct request *r, h3s_error *err)
{
    if (r->name_len == 0) {
        *err = (h3s_error){ .status = H3S_ERR_DATA, .message = "the form has no name" };
        return err->status;
    }
    int32_t status = h3s_rotate(r->session, err);
    if (status == H3S_OK)
        status = h3s_set_text(r->session, H3S_LIT("user"), r->name, r->name_len, err);
    if (status == H3S_OK)
        status = h3s_set_int(r->session, H3S_LIT("since"), time(NULL), err);
    return status;
}

/* ---- Showing it ------------------------------------------------------------------------------ */

static const char STYLE[] =
    ":root{color-scheme:light dark;--ink:#1c2430;--dim:#66707f;--page:#eef0f4;--card:#fff;--line:#dfe3ea;--go:#0a7d4b}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--dim:#97a1b0;--page:#12151b;--card:#1b2029;--line:#303845;"
    "--go:#35c58a}}*{box-sizing:border-box}body{margin:0;padding:6vh 1rem;background:var(--page);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif}main{max-width:40rem;margin:auto;padding:2rem;background:var(--card);"
    "border:1px solid var(--line);border-radius:14px}h1{margin:0;font-size:1.1rem;font-weight:600}"
    ".count{display:flex;align-items:baseline;gap:.8rem;margin:1rem 0}.count b{font-size:4.5rem;line-height:1;"
    "color:var(--go)}dl{display:grid;grid-template-columns:max-content 1fr;gap:.45rem 1.4rem;margin:1.6rem 0;"
    "padding:1.3rem 0;border:solid var(--line);border-width:1px 0}dt,p{color:var(--dim)}dd{margin:0;min-width:0;"
    "overflow-wrap:anywhere}code{font:.9em ui-monospace,monospace}.note{padding:.6rem .9rem;color:inherit;"
    "border-left:4px solid #d97706;background:#d9770622}.row,form{display:flex;flex-wrap:wrap;gap:.6rem}"
    ".row+p{margin-bottom:0;font-size:.9rem}input,button,a{padding:.5rem .9rem;font:inherit;color:inherit;"
    "text-decoration:none;background:none;border:1px solid var(--line);border-radius:8px}button,a{cursor:pointer}"
    "input{width:11rem}button:hover,a:hover{border-color:var(--go)}";

static const char *const SOURCES[] = { "none", "cookie", "header", "token" };

static void put_time(FILE *out, const char *label, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    char text[64] = "never";
    if (ms != 0 && gmtime_r(&seconds, &utc) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc);
    fprintf(out, "<dt>%s<dd>%s", label, text);
}

static void show_page(struct request *r, const h3s_view *view)
{
    int64_t count = visits(r->session);
    const char *unit = count == 1 ? "visit" : "visits";
    h3s_str user = h3s_session_text(r->session, H3S_LIT("/user"));

    fprintf(r->out, "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            "<title>%" PRId64 " %s</title><style>%s</style><main><h1>libh3s counter", count, unit, STYLE);
    if (user.len > 0)
        fputs(" · ", r->out);
    put_html(r->out, user);
    fprintf(r->out, "</h1><div class=count><b>%" PRId64 "</b> %s</div>", count, unit);
    if (view->rejection != H3S_REJECTION_NONE)
        fprintf(r->out, "<p class=note>A token that came with this request was refused: <code>%s</code>.",
                h3s_rejection_str(view->rejection));
    fputs("<dl><dt>Id<dd><code>", r->out);
    /* The visitor's own; a log gets the other one. */
    put_html(r->out, view->id);
    fprintf(r->out, "</code><dt>In logs<dd><code>%s</code>", h3s_session_log_id(r->session).ptr);
    put_time(r->out, "Created", view->created_at);
    put_time(r->out, "Expires", view->expires_at);
    fprintf(r->out, "<dt>Came from<dd>%s<dt>Data<dd><code>",
            view->flags & H3S_VIEW_NEW ? "nowhere: it is new" : SOURCES[view->source]);
    put_html(r->out, view->data);
    fputs("</code></dl><div class=row><a href='/'>Visit again</a>"
          "<form method=post action=/rotate><button>Rotate</button></form><form method=post action=/clear>", r->out);
    fputs(user.len > 0 ? "<button>Log out</button></form>"
          : "<button>Clear</button></form><form method=post action=/login><input name=name required maxlength=80 "
            "placeholder='Your name' aria-label='Your name'><button>Log in</button></form>", r->out);
    fputs("</div><p>Rotating gives the session a new id and another week; clearing, or logging out, ends it.</main>\n",
          r->out);
}

/*
 * For a browser the page, or after a POST the way to it, so that a reload does not
 * post again. For others JSON.
 */
static void show_session(struct request *r)
{
    h3s_view view = H3S_VIEW_INIT;
    if (h3s_session_view(r->session, &view) != H3S_OK)
        abort();
    const char *accept = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Accept");
    if (accept != NULL && strstr(accept, "text/html") != NULL) {
        r->type = "text/html; charset=utf-8";
        if (strcmp(r->method, "POST") == 0)
            r->status = MHD_HTTP_SEE_OTHER;
        else
            show_page(r, &view);
        return;
    }
    fprintf(r->out, "{\"count\":%" PRId64 ",\"id\":", visits(r->session));
    put_json(r->out, view.id);
    fprintf(r->out, ",\"isNew\":%s,\"source\":\"%s\",\"rejection\":\"%s\",\"data\":%s}\n",
            view.flags & H3S_VIEW_NEW ? "true" : "false", SOURCES[view.source], h3s_rejection_str(view.rejection),
            view.data.ptr);
}

/*
 * For clients that keep no cookies. In a real server a page's scripts must not come here:
 * HttpOnly would not help.
 */
static void show_token(struct request *r)
{
    r->type = "text/plain";
    fprintf(r->out, "%s\n", r->token.ptr);
}

static void show_user(struct request *r)
{
    /* A string's: null is nobody. */
    h3s_str name = h3s_session_text(r->session, H3S_LIT("/user"));
    h3s_str user = h3s_session_find(r->session, H3S_LIT("/user"));
    h3s_str since = h3s_session_find(r->session, H3S_LIT("/since"));
    if (name.len == 0 || since.ptr == NULL) {
        r->status = MHD_HTTP_UNAUTHORIZED;
        fputs("{\"error\":\"nobody is logged in\"}\n", r->out);
    } else
        fprintf(r->out, "{\"user\":%.*s,\"since\":%.*s}\n", (int)user.len, user.ptr, (int)since.len, since.ptr);
}

static void show_error(struct request *r, unsigned status, const char *message)
{
    r->status = status;
    r->type = "text/plain; charset=utf-8";
    fprintf(r->out, "%s\n", message);
}

/* ---- A request ------------------------------------------------------------------------------- */

/* What changes anything is a POST: a mere link on another page must not log anybody in or out. */
static const struct route {
    const char *method, *path;
    int32_t (*open)(const h3s_config *config, const h3s_request *request, h3s_session **out, h3s_error *err);
    int32_t (*write)(struct request *r, h3s_error *err);
    void (*show)(struct request *r);
} ROUTES[] = {
    { "GET", "/", h3s_use, visit, show_session },
    /* Who only asks gets no session for it. */
    { "GET", "/me", h3s_get, NULL, show_user },
    { "GET", "/token", h3s_get, seal, show_token },
    { "POST", "/rotate", h3s_get, rotate, show_session },
    { "POST", "/clear", h3s_get, clear, show_session },
    { "POST", "/login", h3s_get, login, show_session },
};

/* HTTP/2 and proxies may split the Cookie header into several. */
static enum MHD_Result join_cookies(void *out, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    if (strcasecmp(name, "Cookie") == 0 && value != NULL)
        fprintf(out, "%s%s", ftell(out) > 0 ? "; " : "", value);
    return MHD_YES;
}

/*
 * For H3S_CROSS_SITE: another site has sent the browser here. Behind a proxy, let it pass on these
 * headers and the client's Host.
 */
static bool is_cross_site(struct MHD_Connection *connection)
{
    static const char *const names[] = { "Sec-Fetch-Site", "Origin", "Referer", "Host" };
    const char *said[4];
    size_t len[4];
    for (int i = 0; i < 4; i++) {
        said[i] = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, names[i]);
        len[i] = said[i] != NULL ? strlen(said[i]) : 0;
    }
    return h3s_is_cross_site(said[0], len[0], said[1], len[1], said[2], len[2], said[3], len[3]);
}

static void serve(struct request *r, const struct route *route)
{
    char *cookie = NULL;
    size_t cookie_len = 0;
    FILE *out = text_open(&cookie, &cookie_len);
    MHD_get_connection_values(r->connection, MHD_HEADER_KIND, join_cookies, out);
    text_close(out);
    const char *header_name = h3s_config_header_name(r->config).ptr;
    const char *header = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, header_name);
    h3s_request request = {
        .size = sizeof request,
        .flags = r->cross_site ? H3S_CROSS_SITE : 0,
        .cookie = cookie,
        .cookie_len = cookie_len,
        .header = header,
        .header_len = header != NULL ? strlen(header) : 0,
    };

    /*
     * All that may fail comes before the answer. Where it does, no cookie is set: the
     * session stays as it was.
     */
    h3s_error err;
    int32_t status = route->open(r->config, &request, &r->session, &err);
    free(cookie);
    if (status == H3S_OK && route->write != NULL)
        status = route->write(r, &err);
    if (status == H3S_OK)
        status = h3s_set_cookies(r->session, &r->set_cookies, &r->set_cookie_count, &err);

    /* The messages hold neither secrets nor session data. */
    switch (status) {
    case H3S_OK: route->show(r); break;
    case H3S_ERR_DATA: show_error(r, MHD_HTTP_BAD_REQUEST, err.message); break;
    case H3S_ERR_TOO_LARGE: show_error(r, MHD_HTTP_CONTENT_TOO_LARGE, err.message); break;
    default: show_error(r, MHD_HTTP_INTERNAL_SERVER_ERROR, err.message);
    }
}

static void dispatch(struct request *r, const char *path)
{
    const char *method = strcmp(r->method, "HEAD") == 0 ? "GET" : r->method;
    const struct route *route = ROUTES, *end = ROUTES + sizeof ROUTES / sizeof *ROUTES;
    while (route < end && strcmp(path, route->path) != 0)
        route++;

    /*
     * SameSite=Lax keeps other sites' forms out of the visitor's session, but
     * a login needs no session.
     */
    const char *site = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Sec-Fetch-Site");
    bool foreign = r->cross_site || (site != NULL && strcmp(site, "same-origin") != 0);

    if (route == end)
        show_error(r, MHD_HTTP_NOT_FOUND, "there is no such page");
    else if (strcmp(method, route->method) != 0) {
        r->allow = strcmp(route->method, "GET") == 0 ? "GET, HEAD" : "POST";
        show_error(r, MHD_HTTP_METHOD_NOT_ALLOWED, "this page has another method");
    } else if (r->received > BODY_MAX)
        show_error(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large");
    else if (strcmp(method, "POST") == 0 && foreign)
        show_error(r, MHD_HTTP_FORBIDDEN, "a form of another site");
    else
        serve(r, route);
}

static enum MHD_Result answer(struct request *r, const char *path)
{
    r->status = MHD_HTTP_OK;
    r->type = "application/json";
    r->out = text_open(&r->body, &r->body_len);
    dispatch(r, path);
    text_close(r->out);

    struct MHD_Response *response = MHD_create_response_from_buffer(r->body_len, r->body, MHD_RESPMEM_MUST_FREE);
    for (size_t i = 0; i < r->set_cookie_count; i++)
        MHD_add_response_header(response, "Set-Cookie", r->set_cookies[i].ptr);
    /* Made from a session, so for nobody else. */
    if (r->session != NULL) {
        MHD_add_response_header(response, "Cache-Control", "private, no-store");
        MHD_add_response_header(response, "Vary", h3s_config_vary(r->config).ptr);
        MHD_add_response_header(response, "Vary", "Accept");
    }
    MHD_add_response_header(response, "Content-Type", r->type);
    MHD_add_response_header(response, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; "
                                                                 "form-action 'self'; frame-ancestors 'none'");
    if (r->status == MHD_HTTP_SEE_OTHER)
        MHD_add_response_header(response, "Location", "/");
    if (r->allow != NULL)
        MHD_add_response_header(response, "Allow", r->allow);
    enum MHD_Result result = MHD_queue_response(r->connection, r->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_field(void *request, enum MHD_ValueKind kind, const char *key, const char *file,
                                const char *type, const char *encoding, const char *data, uint64_t offset, size_t len)
{
    (void)kind, (void)file, (void)type, (void)encoding;
    struct request *r = request;
    if (key != NULL && strcmp(key, "name") == 0 && len <= sizeof r->name && offset <= sizeof r->name - len) {
        memcpy(r->name + offset, data, len);
        r->name_len = (size_t)offset + len;
    }
    return MHD_YES;
}

/* libmicrohttpd calls it when the headers are there, for each piece of the body, and at its end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *piece, size_t *len, void **state)
{
    (void)cls, (void)version;
    struct request *r = *state;
    if (r == NULL) {
        *state = r = calloc(1, sizeof *r);
        if (r == NULL)
            return MHD_NO;
        r->config = share_config();
        r->connection = connection;
        r->cross_site = is_cross_site(connection);
        r->method = method;
        if (strcmp(method, "POST") == 0)
            r->form = MHD_create_post_processor(connection, 1024, on_field, r);
        return MHD_YES;
    }
    if (*len > 0) {
        r->received += *len;
        if (r->form != NULL && r->received <= BODY_MAX)
            MHD_post_process(r->form, piece, *len);
        *len = 0;
        return MHD_YES;
    }
    if (r->form != NULL)
        MHD_destroy_post_processor(r->form);                         /* hands over the last field */
    r->form = NULL;
    return answer(r, path);
}

static void on_end(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
    (void)cls, (void)connection, (void)why;
    struct request *r = *state;
    if (r == NULL)
        return;
    if (r->form != NULL)
        MHD_destroy_post_processor(r->form);
    h3s_session_free(r->session);
    h3s_config_free(r->config);
    free(r);
}

/* ---- Start and end --------------------------------------------------------------------------- */

/* The text is wiped, for it holds the password. */
static h3s_config *parse(char *options, size_t len)
{
    h3s_config *config = NULL;
    h3s_error err;
    if (h3s_config_new(options, len, &config, &err) != H3S_OK)
        fprintf(stderr, "counter: %s: %s\n", err.key, err.message);
    explicit_bzero(options, len);
    return config;
}

static h3s_config *configure_by_file(const char *name)
{
    char options[16384];
    FILE *in = fopen(name, "r");
    if (in != NULL)
        /* No second copy of the password. */
        setvbuf(in, NULL, _IONBF, 0);
    size_t len = in != NULL ? fread(options, 1, sizeof options, in) : 0;
    bool whole = in != NULL && !ferror(in) && len < sizeof options;
    if (!whole)
        fprintf(stderr, "counter: %s: %s\n", name, in == NULL || ferror(in) ? strerror(errno) : "it is too long");
    if (in != NULL)
        fclose(in);
    h3s_config *config = whole ? parse(options, len) : NULL;
    explicit_bzero(options, sizeof options);
    return config;
}

static h3s_config *configure_by_environment(void)
{
    char random[65] = "";
    const char *password = getenv("SESSION_PASSWORD");
    if (password == NULL) {
        unsigned char bytes[32];
        if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
            return NULL;
        for (size_t i = 0; i < sizeof bytes; i++)
            snprintf(random + 2 * i, 3, "%02x", bytes[i]);
        password = random;
        fputs("counter: no SESSION_PASSWORD, so a random one: sessions will not survive a restart\n", stderr);
    }

    /*
     * `secure` is false because the demo speaks plain HTTP, on loopback. In production leave
     * it out: it is true then.
     */
    char *options = NULL;
    size_t len = 0;
    FILE *out = text_open(&options, &len);
    fprintf(out, "{\"name\":\"h3\",\"maxAge\":%d,\"cookie\":{\"secure\":false},\"password\":", 7 * 24 * 60 * 60);
    put_json(out, (h3s_str){ password, strlen(password) });
    const char *format = getenv("SESSION_FORMAT");
    if (format != NULL) {
        fputs(",\"seal\":{\"format\":", out);
        put_json(out, (h3s_str){ format, strlen(format) });
        putc('}', out);
    }
    putc('}', out);
    text_close(out);

    h3s_config *config = parse(options, len);
    explicit_bzero(random, sizeof random);
    free(options);
    return config;
}

static h3s_config *configure(const char *file)
{
    return file != NULL ? configure_by_file(file) : configure_by_environment();
}

/* Until the server is to end. A file that is wrong leaves the options as they are. */
static void wait_for_the_end(const sigset_t *signals, const char *file)
{
    int caught;
    while (sigwait(signals, &caught) == 0 && caught == SIGHUP) {
        if (put_in_force(configure(file)))
            printf("%s is in force\n", file);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    const char *file = NULL;
    long port = 0;
    struct in_addr ip = { .s_addr = htonl(INADDR_LOOPBACK) };
    bool understood = argc % 2 == 1;
    for (int i = 1; i + 1 < argc && understood; i += 2) {
        char *end;
        if (strcmp(argv[i], "--options") == 0)
            file = argv[i + 1];
        else if (strcmp(argv[i], "--address") == 0)
            understood = inet_pton(AF_INET, argv[i + 1], &ip) == 1;
        else if (strcmp(argv[i], "--port") == 0) {
            port = strtol(argv[i + 1], &end, 10);
            understood = end != argv[i + 1] && *end == '\0' && port >= 0 && port <= 65535;
        } else
            understood = false;
    }
    if (!understood) {
        fputs("usage: counter [--address IP] [--port N] [--options FILE]\n", stderr);
        return 2;
    }
    if (!put_in_force(configure(file)))
        return 1;

    /* Blocked in all threads; this one waits. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (file != NULL)
        sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = ip };
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, NULL,
        MHD_OPTION_SOCK_ADDR, &address,
        /* One config serves them all. */
        MHD_OPTION_THREAD_POOL_SIZE, 4u,
        MHD_OPTION_CONNECTION_TIMEOUT, 30u,
        MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
        MHD_OPTION_END);
    if (daemon != NULL) {
        char text[INET_ADDRSTRLEN] = "";
        inet_ntop(AF_INET, &ip, text, sizeof text);
        printf("http://%s:%u/\n", text, (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
        fflush(stdout);
        wait_for_the_end(&signals, file);
        MHD_stop_daemon(daemon);
    } else
        fprintf(stderr, "counter: cannot listen on port %ld\n", port);
    h3s_config_free(in_force);
    return daemon != NULL ? 0 : 1;
}
