/*
 * serve: a page on which to see what a session is, and what becomes of it.
 *
 *     cc -std=c99 -pthread -o serve serve.c $(pkg-config --cflags --libs h3s libmicrohttpd)
 *     ./serve [PORT]
 *
 * It shows the visitor's session with its times and its cookie; tries what a forged, an old or
 * another server's cookie does; and rotates, clears and revokes. examples/counter.c is how a
 * server of yours would look like.
 *
 * Each start has a password of its own. What is revoked is known to this process alone.
 */
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <inttypes.h>
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

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* The one that serves, and one of a server with another password. */
static h3s_config *config, *stranger;
static h3s_revocations *revoked;

struct request {
    struct MHD_Connection *connection;
    const char *method;
    const char *cookie;                 /* the session's token, as it came; NULL: none did */
    h3s_session *session;
    const h3s_str *set_cookies;
    size_t set_cookie_count;
    char *copy;                         /* a Set-Cookie: what a thief would have kept; or NULL */

    unsigned status;
    const char *location;               /* where a POST leads; NULL: nowhere */
    bool is_page;
    FILE *out;
    char *body;
    size_t body_len;
};

/* ---- Text ------------------------------------------------------------------------------------ */

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

static void put_html(FILE *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        fprintf(out, strchr("&<>\"'", text[i]) ? "&#%d;" : "%c", text[i]);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* "in 7 days", "12 seconds ago". */
static void put_span(FILE *out, int64_t ms)
{
    static const struct { int64_t ms; const char *name; } UNITS[] = {
        { DAY_MS, "day" }, { DAY_MS / 24, "hour" }, { 60000, "minute" }, { 1000, "second" },
    };
    int64_t span = ms < 0 ? -ms : ms;
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        /* Of what ends, the last hour of a day counts as one. */
        int64_t count = ms < 0 ? span / UNITS[i].ms : (span + UNITS[i].ms / 24) / UNITS[i].ms;
        if (count > 0) {
            fprintf(out, ms < 0 ? "%" PRId64 " %s%s ago" : "in %" PRId64 " %s%s", count, UNITS[i].name,
                    count == 1 ? "" : "s");
            return;
        }
    }
    fputs("just now", out);
}

static void put_time(FILE *out, const char *label, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    char text[32] = "never";
    fprintf(out, "<dt>%s<dd>", label);
    if (ms != 0 && gmtime_r(&seconds, &utc) != NULL) {
        put_span(out, ms - now_ms());
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc);
        fprintf(out, " <small>%s</small>", text);
    } else
        fputs(text, out);
}

/* ---- What a cookie is worth ------------------------------------------------------------------ */

/* One of the ways to bring a token that is not quite right. */
struct experiment {
    const char *name, *title, *what;
    int64_t later_ms;
    bool changes, cuts, is_elsewhere;
};

static const struct experiment EXPERIMENTS[] = {
    { "changed", "a character changes", "One character of your cookie was changed, the one in red. The seal covers each bit.",
      0, true, false, false },
    { "cut", "its end is cut off", "The last 20 characters of your cookie are missing.", 0, false, true, false },
    { "later", "it comes in 8 days", "This is your cookie as it is, in 8 days: <code>maxAge</code> is a week.",
      8 * DAY_MS, false, false, false },
    { "stranger", "another server gets it", "This is your cookie at a server that has another password.",
      0, false, false, true },
};
enum { EXPERIMENT_COUNT = sizeof EXPERIMENTS / sizeof *EXPERIMENTS };

/* Opens a token, and says what came of it. */
static bool opens(const h3s_config *with, const char *token, size_t len, int64_t later_ms, FILE *out)
{
    h3s_request request = H3S_REQUEST_INIT;
    h3s_session *session = NULL;
    h3s_error err;
    request.header = token;
    request.header_len = len;
    request.now_ms = now_ms() + later_ms;
    request.revocations = revoked;
    int32_t status = h3s_unseal(with, &request, &session, &err);
    h3s_session_free(session);
    if (status == H3S_OK)
        fputs("<strong class=yes>It opens.</strong>", out);
    else if (status == H3S_ERR_REJECTED)
        /* The messages hold no secrets. */
        fprintf(out, "<strong class=no>Refused: <code>%s</code></strong>: %s.", h3s_rejection_str(err.rejection), err.message);
    else
        fprintf(out, "<strong class=no>%s</strong>", err.message);
    return status == H3S_OK;
}

static void show_experiment(FILE *out, const struct experiment *one, const char *token)
{
    size_t len = strlen(token), at = len * 2 / 3;
    char *brought = strdup(token);
    if (brought == NULL)
        abort();
    if (one->cuts && len > 20)
        len -= 20;
    if (one->changes)
        brought[at] = brought[at] == 'A' ? 'B' : 'A';
    fprintf(out, "<div class=result id=result><p>%s<p class=token>", one->what);
    put_html(out, brought, one->changes ? at : len);
    if (one->changes) {
        fprintf(out, "<mark>%c</mark>", brought[at]);
        put_html(out, brought + at + 1, len - at - 1);
    }
    fputs("<p>", out);
    opens(one->is_elsewhere ? stranger : config, brought, len, one->later_ms, out);
    fputs(" Your own session is as it was.</div>", out);
    free(brought);
}

/* ---- The page -------------------------------------------------------------------------------- */

static const char STYLE[] =
    ":root{color-scheme:light dark;--ink:#1c2430;--dim:#5c6675;--page:#eef0f4;--card:#fff;--line:#dfe3ea;--go:#0a7d4b;"
    "--no:#b42318}@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--dim:#9aa4b3;--page:#12151b;--card:#1b2029;"
    "--line:#303845;--go:#35c58a;--no:#ff8a7a}}*{box-sizing:border-box}body{margin:0;padding:5vh 1rem;"
    "background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}main{max-width:46rem;margin:auto;"
    "display:grid;gap:1rem}section{min-width:0;padding:1.4rem 1.6rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:14px}header{padding:0 .2rem}h1{margin:0;font-size:1.5rem}h2{margin:0 0 .8rem;font-size:1.05rem}.dim+h2{margin-top:1.5rem}"
    "p{margin:.5rem 0}header p,dt,small,.dim{color:var(--dim)}dl{display:grid;grid-template-columns:max-content 1fr;"
    "gap:.35rem 1.4rem;margin:0}dd{margin:0;min-width:0;overflow-wrap:anywhere}small{white-space:nowrap}"
    "code,.token{font:.88em/1.5 ui-monospace,monospace}.token{word-break:break-all;padding:.7rem .9rem;"
    "background:var(--page);border-radius:8px}.token b{color:var(--go)}mark{padding:0 .15em;border-radius:3px;"
    "background:var(--no);color:var(--card)}.note{margin:0;padding:.8rem 1rem;border-left:4px solid var(--go);"
    "background:var(--card);border-radius:8px}.note.bad{border-color:var(--no)}.yes{color:var(--go)}.no{color:var(--no)}"
    "nav,.row{display:flex;flex-wrap:wrap;gap:.6rem}.result{margin-top:1rem;padding-top:.6rem;border-top:1px solid "
    "var(--line)}.act{display:grid;grid-template-columns:7.5rem 1fr;gap:.3rem 1rem;align-items:center;margin:.6rem 0}"
    ".act p{margin:0}.again{margin:1.2rem 0 0}"
    "button,a{display:inline-block;padding:.45rem .9rem;font:inherit;color:inherit;text-align:center;"
    "text-decoration:none;background:none;border:1px solid var(--line);border-radius:8px;cursor:pointer}"
    ".act button{width:100%}button:hover,a:hover,a[aria-current]{border-color:var(--go)}"
    ":focus-visible{outline:2px solid var(--go);outline-offset:2px}@media(max-width:34rem){section{padding:1.1rem}"
    ".act{grid-template-columns:1fr}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}small{display:block}}";

static const struct { const char *name, *text; } DONE[] = {
    { "rotate", "Rotated: a new id and a new week for the same data. A login does this." },
    { "clear", "Cleared: the browser has no session any more, and this is a new one." },
    { "revoke", "Revoked: that session opens nowhere, and this is a new one." },
};

static const char *query(const struct request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* The token as it is now: that of the new cookie, if there is one. (A real page never shows it.) */
static char *token_of(const struct request *r)
{
    const char *token = r->cookie;
    size_t len = token != NULL ? strlen(token) : 0;
    if (r->set_cookie_count > 0) {
        token = r->set_cookies[0].ptr + strcspn(r->set_cookies[0].ptr, "=") + 1;
        len = strcspn(token, ";");
    }
    char *copy = strndup(token != NULL ? token : "", len);
    if (copy == NULL)
        abort();
    return copy;
}

static void show_notes(const struct request *r, const h3s_view *view)
{
    const char *done = query(r, "done");
    for (size_t i = 0; done != NULL && i < sizeof DONE / sizeof *DONE; i++)
        if (strcmp(done, DONE[i].name) == 0)
            fprintf(r->out, "<p class=note role=status>%s", DONE[i].text);
    if (view->rejection != H3S_REJECTION_NONE)
        fprintf(r->out, "<p class='note bad' role=status>The cookie that came with this request was refused: "
                "<code>%s</code>. So this is a new session.", h3s_rejection_str(view->rejection));
}

static void show_session(const struct request *r, const h3s_view *view)
{
    FILE *out = r->out;
    fputs("<section><h2>Your session</h2><dl><dt>Data<dd><code id=data>", out);
    put_html(out, view->data.ptr, view->data.len);
    fputs("</code><dt>Id<dd><code id=id>", out);
    put_html(out, view->id.ptr, view->id.len);
    fprintf(out, "</code><dt>In logs<dd><code>%s</code>", h3s_session_log_id(r->session).ptr);
    put_time(out, "Made", view->created_at);
    put_time(out, "Ends", view->expires_at);
    fprintf(out, "<dt>Came from<dd>%s</dl>", view->flags & H3S_VIEW_NEW ? "nowhere: it is new" : "your cookie");
    fputs("<p class=again><a href='/'>Visit again</a></section>", out);
}

static void show_cookie(const struct request *r, const char *token)
{
    size_t head = strcspn(token, ".") + 1, id = head + strcspn(token + (head < strlen(token) ? head : 0), ".") + 1;
    if (id > strlen(token))
        head = id = 0;
    fputs("<section><h2>Your cookie</h2>", r->out);
    if (*token == '\0') {
        fputs("<p class=dim>None yet: another site has led you here, and your browser may keep one back.</section>", r->out);
        return;
    }
    fputs("<p class=token id=token><b>", r->out);
    put_html(r->out, token, id);
    fputs("</b>", r->out);
    put_html(r->out, token + id, strlen(token + id));
    fprintf(r->out, "<p class=dim>%zu bytes: the format, the name of the password, and the sealed session. All of it is in "
            "your browser, and the server keeps nothing of it.<h2>What if …</h2><nav>", strlen(token));
    const char *tried = query(r, "try");
    const struct experiment *chosen = NULL;
    for (int i = 0; i < EXPERIMENT_COUNT; i++) {
        bool is_this = tried != NULL && strcmp(tried, EXPERIMENTS[i].name) == 0;
        chosen = is_this ? &EXPERIMENTS[i] : chosen;
        fprintf(r->out, "<a href='/?try=%s#result'%s>%s</a>", EXPERIMENTS[i].name, is_this ? " aria-current=true" : "",
                EXPERIMENTS[i].title);
    }
    fputs("</nav>", r->out);
    if (chosen != NULL)
        show_experiment(r->out, chosen, token);
    fputs("</section>", r->out);
}

static void show_ends(const struct request *r)
{
    static const struct { const char *path, *title, *what; } ACTS[] = {
        { "rotate", "Rotate", "A new id and a new week, the same data." },
        { "clear", "Clear", "Deletes the cookie in this browser. Who has a copy goes on." },
        { "revoke", "Revoke", "Ends the session for good: its copies open nowhere." },
    };
    fputs("<section><h2>Go on, or end it</h2>", r->out);
    for (size_t i = 0; i < sizeof ACTS / sizeof *ACTS; i++)
        fprintf(r->out, "<form class=act method=post action=/%s><button>%s</button><p>%s</form>", ACTS[i].path, ACTS[i].title,
                ACTS[i].what);
    const char *copy = MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, "copy");
    if (copy != NULL && *copy != '\0') {
        fputs("<div class=result id=copy><p>Suppose that a thief had copied your former cookie, before you ended that session:<p>",
              r->out);
        if (opens(config, copy, strlen(copy), 0, r->out))
            fputs(" Nothing tells the copy from the cookie: only the browser was told to forget it.", r->out);
        fputs("</div>", r->out);
    }
    fputs("</section>", r->out);
}

/* ---- A request ------------------------------------------------------------------------------- */

static int32_t page(struct request *r, h3s_error *err)
{
    int64_t visits = 0;
    if (h3s_session_int(r->session, H3S_LIT("/visits"), &visits) != H3S_OK || visits < 0)
        visits = 0;
    /* Who tries or reads what was done does not visit anew. */
    if (query(r, "try") == NULL && query(r, "done") == NULL) {
        int32_t status = h3s_set_int(r->session, H3S_LIT("visits"), visits + 1, err);
        if (status != H3S_OK)
            return status;
    }
    return H3S_OK;
}

/*
 * What a thief would keep: the browser does so here, for ten minutes. Only what may be a token,
 * since in quotes a cookie may have a semicolon, behind which attributes stand.
 */
static void keep_copy(struct request *r)
{
    static const char TOKEN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = 0;
    if (r->cookie == NULL || r->cookie[strspn(r->cookie, TOKEN)] != '\0')
        return;
    FILE *out = text_open(&r->copy, &len);
    fprintf(out, "copy=%s; Path=/; Max-Age=600; HttpOnly; SameSite=Strict", r->cookie);
    text_close(out);
}

static int32_t rotate(struct request *r, h3s_error *err) { return h3s_rotate(r->session, err); }

static int32_t clear(struct request *r, h3s_error *err)
{
    keep_copy(r);
    return h3s_clear(r->session, err);
}

/*
 * Before the answer goes, what it revokes is known to all servers: here there is no other. (Of
 * several, each would hear of it by h3s_revocation_file_append, or by a store.)
 */
static int32_t log_out(struct request *r, h3s_error *err)
{
    const h3s_str *entries = NULL;
    size_t count = 0;
    keep_copy(r);
    int32_t status = h3s_revoke(r->session, err);
    if (status == H3S_OK)
        status = h3s_revocation_entries(r->session, &entries, &count, err);
    for (size_t i = 0; status == H3S_OK && i < count; i++)
        status = h3s_revocations_apply(revoked, config, entries[i].ptr, entries[i].len, 0, NULL, err);
    return status;
}

/* What changes anything is a POST: a mere link on another page must not log anybody out. */
static const struct route {
    const char *method, *path;
    int32_t (*act)(struct request *r, h3s_error *err);
    const char *location;
} ROUTES[] = {
    { "GET", "/", page, NULL },
    { "POST", "/rotate", rotate, "/?done=rotate" },
    { "POST", "/clear", clear, "/?done=clear" },
    { "POST", "/revoke", log_out, "/?done=revoke" },
};

static const char *header_of(const struct request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

static bool is_cross_site(const struct request *r)
{
    static const char *const names[] = { "Sec-Fetch-Site", "Origin", "Referer", "Host" };
    const char *said[4];
    size_t len[4];
    for (int i = 0; i < 4; i++) {
        said[i] = header_of(r, names[i]);
        len[i] = said[i] != NULL ? strlen(said[i]) : 0;
    }
    return h3s_is_cross_site(said[0], len[0], said[1], len[1], said[2], len[2], said[3], len[3]);
}

static void show_error(struct request *r, unsigned status, const char *message)
{
    r->status = status;
    fprintf(r->out, "%s\n", message);
}

static void serve(struct request *r, const struct route *route, bool foreign)
{
    const char *cookie = header_of(r, "Cookie");
    h3s_error err;
    h3s_request request = H3S_REQUEST_INIT;
    request.flags = foreign ? H3S_CROSS_SITE : 0;
    request.cookie = cookie;
    request.cookie_len = cookie != NULL ? strlen(cookie) : 0;
    request.revocations = revoked;
    /* Nobody else revokes, so this process always knows it all. */
    int32_t status = h3s_revocations_heard(revoked, 0, &err);
    if (status == H3S_OK)
        status = h3s_use(config, &request, &r->session, &err);
    if (status == H3S_OK)
        status = route->act(r, &err);
    if (status == H3S_OK)
        status = h3s_set_cookies(r->session, &r->set_cookies, &r->set_cookie_count, &err);
    if (status != H3S_OK) {
        r->set_cookie_count = 0;
        show_error(r, MHD_HTTP_INTERNAL_SERVER_ERROR, err.message);
        return;
    }
    if (route->location != NULL) {
        /* So that a reload does not post again. */
        r->status = MHD_HTTP_SEE_OTHER;
        r->location = route->location;
        return;
    }
    h3s_view view = H3S_VIEW_INIT;
    if (h3s_session_view(r->session, &view) != H3S_OK)
        abort();
    char *token = token_of(r);
    r->is_page = true;
    fprintf(r->out, "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            "<title>A session of libh3s</title><link rel=icon href='data:,'><style>%s</style><main><header>"
            "<h1>A session of libh3s</h1><p>An encrypted cookie, and nothing on the server.</header>", STYLE);
    show_notes(r, &view);
    show_session(r, &view);
    show_cookie(r, token);
    show_ends(r);
    fputs("</main>\n", r->out);
    free(token);
}

static void dispatch(struct request *r, const char *path)
{
    const char *method = strcmp(r->method, "HEAD") == 0 ? "GET" : r->method;
    const char *site = header_of(r, "Sec-Fetch-Site");
    const struct route *route = ROUTES, *end = ROUTES + sizeof ROUTES / sizeof *ROUTES;
    bool foreign = is_cross_site(r);
    while (route < end && strcmp(path, route->path) != 0)
        route++;
    if (route == end)
        show_error(r, MHD_HTTP_NOT_FOUND, "there is no such page");
    else if (strcmp(method, route->method) != 0)
        show_error(r, MHD_HTTP_METHOD_NOT_ALLOWED, "this page has another method");
    else if (strcmp(method, "POST") == 0 && (foreign || (site != NULL && strcmp(site, "same-origin") != 0)))
        show_error(r, MHD_HTTP_FORBIDDEN, "a form of another site");
    else
        serve(r, route, foreign);
}

static enum MHD_Result answer(struct request *r, const char *path)
{
    r->status = MHD_HTTP_OK;
    r->cookie = MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, h3s_config_cookie_name(config).ptr);
    r->out = text_open(&r->body, &r->body_len);
    dispatch(r, path);
    text_close(r->out);

    struct MHD_Response *response = MHD_create_response_from_buffer(r->body_len, r->body, MHD_RESPMEM_MUST_FREE);
    for (size_t i = 0; i < r->set_cookie_count; i++)
        MHD_add_response_header(response, "Set-Cookie", r->set_cookies[i].ptr);
    if (r->copy != NULL && r->set_cookie_count > 0)
        MHD_add_response_header(response, "Set-Cookie", r->copy);
    MHD_add_response_header(response, "Cache-Control", "private, no-store");
    MHD_add_response_header(response, "Vary", h3s_config_vary(config).ptr);
    MHD_add_response_header(response, "Content-Type", r->is_page ? "text/html; charset=utf-8" : "text/plain; charset=utf-8");
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
                            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
    MHD_add_response_header(response, "Referrer-Policy", "same-origin");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (r->location != NULL)
        MHD_add_response_header(response, "Location", r->location);
    enum MHD_Result result = MHD_queue_response(r->connection, r->status, response);
    MHD_destroy_response(response);
    return result;
}

/* libmicrohttpd calls it when the headers are there, for each piece of the body, and at its end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *piece, size_t *len, void **state)
{
    (void)cls, (void)version, (void)piece;
    struct request *r = *state;
    if (r == NULL) {
        *state = r = calloc(1, sizeof *r);
        if (r == NULL)
            return MHD_NO;
        r->connection = connection;
        r->method = method;
        return MHD_YES;
    }
    if (*len > 0) {
        /* No form here has a field. */
        *len = 0;
        return MHD_YES;
    }
    return answer(r, path);
}

static void on_end(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
    (void)cls, (void)connection, (void)why;
    struct request *r = *state;
    if (r == NULL)
        return;
    h3s_session_free(r->session);
    free(r->copy);
    free(r);
}

/* ---- Start and end --------------------------------------------------------------------------- */

/* With a password of this start alone. NULL if that fails, and it says why. */
static h3s_config *configure(const char *id)
{
    unsigned char bytes[32];
    char password[65], options[256];
    h3s_config *made = NULL;
    h3s_error err;
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        fputs("serve: no random bytes\n", stderr);
        return NULL;
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(password + 2 * i, 3, "%02x", bytes[i]);
    /*
     * `secure` is false because the demo speaks plain HTTP, on loopback. In production leave
     * it out: it is true then.
     */
    int len = snprintf(options, sizeof options, "{\"password\":{\"%s\":\"%s\"},\"maxAge\":%d,\"cookie\":{\"secure\":false},"
                       "\"revocation\":{}}", id, password, 7 * 24 * 60 * 60);
    if (h3s_config_new(options, (size_t)len, &made, &err) != H3S_OK)
        fprintf(stderr, "serve: %s: %s\n", err.key, err.message);
    explicit_bzero(bytes, sizeof bytes);
    explicit_bzero(password, sizeof password);
    explicit_bzero(options, sizeof options);
    return made;
}

static bool start(void)
{
    h3s_error err;
    config = configure("k1");
    stranger = configure("other");
    if (config == NULL || stranger == NULL)
        return false;
    if (h3s_revocations_new(10000, &revoked, &err) != H3S_OK) {
        fprintf(stderr, "serve: %s\n", err.message);
        return false;
    }
    return true;
}

static int run(uint16_t port)
{
    /* Blocked in all threads; this one waits. */
    sigset_t signals;
    int caught;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, NULL,
        MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
        MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "serve: cannot listen on port %u\n", (unsigned)port);
        return 1;
    }
    printf("http://127.0.0.1:%u/\n", (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    sigwait(&signals, &caught);
    MHD_stop_daemon(daemon);
    return 0;
}

int main(int argc, char **argv)
{
    char *end = "";
    long port = argc > 1 ? strtol(argv[1], &end, 10) : 0;
    if (argc > 2 || *end != '\0' || port < 0 || port > 65535) {
        fputs("usage: serve [PORT]\n", stderr);
        return 2;
    }
    int status = start() ? run((uint16_t)port) : 1;
    h3s_revocations_free(revoked);
    h3s_config_free(stranger);
    h3s_config_free(config);
    return status;
}
