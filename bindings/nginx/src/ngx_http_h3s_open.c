/*
 * Opens a request's session when it is first wanted: once, and in a thread where it takes long.
 */

#include "ngx_http_h3s.h"


#if (NGX_THREADS)

#define NGX_HTTP_H3S_TIMEOUT  60000

/* A cold token on its way through a thread. The thread touches nothing else. */
typedef struct {
    ngx_http_request_t        *r;
    ngx_http_h3s_session_t    *entry;
    h3s_request                request;
    unsigned                   use:1;

    h3s_session               *session;
    int32_t                    status;
} ngx_http_h3s_task_t;

static ngx_int_t ngx_http_h3s_post(ngx_http_request_t *r, ngx_http_h3s_session_t *s, h3s_request *request,
    ngx_uint_t use);
static void ngx_http_h3s_thread(void *data, ngx_log_t *log);
static void ngx_http_h3s_thread_done(ngx_event_t *ev);

#endif

static void ngx_http_h3s_log_busy(ngx_http_request_t *r);
static void ngx_http_h3s_peer(ngx_http_request_t *r, h3s_request *request);


/*
 * The main request's session, as a location wants it.
 *
 * NGX_OK: *out is set; its session is NULL if it could not be opened, and its status says why.
 * NGX_AGAIN: it takes a thread, which runs the request's phases again; only where may_wait.
 * NGX_DECLINED: there is no session here. NGX_ERROR: no memory.
 */
ngx_int_t
ngx_http_h3s_open(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_uint_t may_wait,
    ngx_http_h3s_session_t **out)
{
    ngx_int_t                rc;
    ngx_http_h3s_session_t  *s;

    /*
     * A request whose header could not be read to its end may well have a session: leave it alone.
     */
    if (conf->mode == NGX_HTTP_H3S_OFF || r->main->http_state < NGX_HTTP_PROCESS_REQUEST_STATE) {
        return NGX_DECLINED;
    }

    s = ngx_http_h3s_entry(r, conf->options);
    if (s == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_h3s_open_entry(r, s, conf->mode == NGX_HTTP_H3S_USE, may_wait);

    if (rc == NGX_OK) {
        ngx_http_h3s_limit_made(r, conf, s);
        s->varies = 1;
        s->wanted = 1;
        *out = s;
    }

    return rc;
}


/*
 * Opens a session that may take long before anybody asks for it, since variables cannot wait. Only
 * where the configuration has variables of ours, and the request brings anything of a session's,
 * whatever its text is: a token may be escaped, or cut into chunks anywhere.
 */
ngx_int_t
ngx_http_h3s_warm(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf)
{
    ngx_http_h3s_session_t    *s;
    ngx_http_h3s_main_conf_t  *hmcf;

    hmcf = ngx_http_get_module_main_conf(r, ngx_http_h3s_module);

    if (conf->mode == NGX_HTTP_H3S_OFF || !conf->options->cold || !hmcf->variables
        || r->main->http_state < NGX_HTTP_PROCESS_REQUEST_STATE || !ngx_http_h3s_carries(r, conf->options))
    {
        return NGX_OK;
    }

    s = ngx_http_h3s_entry(r, conf->options);
    if (s == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_h3s_open_entry(r, s, 0, 1);
}


/* As ngx_http_h3s_open, for whoever does not need the session himself. */
ngx_int_t
ngx_http_h3s_open_entry(ngx_http_request_t *r, ngx_http_h3s_session_t *s, ngx_uint_t use, ngx_uint_t may_wait)
{
    ngx_str_t     cookies, header;
    h3s_error     err;
    h3s_request   request;

    static ngx_http_h3s_rate_t  rate;

#if (NGX_THREADS)
    /* Its own thread is not done, whatever a subrequest beside it has opened meanwhile. */
    if (may_wait && r->aio) {
        return NGX_AGAIN;
    }
#endif

    if (s->session) {
        if (!use || s->used || !h3s_session_is_new(s->session) || h3s_session_is_dirty(s->session)
            || h3s_session_source(s->session) != H3S_SOURCE_NONE)
        {
            return NGX_OK;
        }

        /* Made to be read, for a visitor who has none; here every visitor gets one. */
        h3s_session_free(s->session);
        s->session = NULL;

    } else if (s->status == H3S_ERR_BUSY || s->status == H3S_ERR_COLD || s->status == H3S_ERR_STALE) {
        return NGX_OK;
    }

#if (NGX_THREADS)
    if (r->aio) {
        return NGX_AGAIN;
    }
#endif

    if (ngx_http_h3s_cookies(r, &cookies) != NGX_OK) {
        return NGX_ERROR;
    }

    header = ngx_http_h3s_header(r, s->options);

    ngx_memzero(&request, sizeof(h3s_request));
    request.size = sizeof(h3s_request);
    /* That matters to cookies to be set, of which there are none once the header is sent. */
    request.flags = !r->main->header_sent && ngx_http_h3s_is_cross_site(r->main) ? H3S_CROSS_SITE : 0;
#if (NGX_THREADS)
    /* Where nothing can wait, the worker does: a session that is there must not pass for none. */
    request.flags |= s->options->threads && may_wait ? H3S_WARM_ONLY : 0;
#endif
    request.cookie = (char *) cookies.data;
    request.cookie_len = cookies.len;
    request.header = (char *) header.data;
    request.header_len = header.len;
    ngx_http_h3s_peer(r, &request);

    request.now_ms = ngx_http_h3s_now();
    request.revocations = s->options->revocations ? s->options->revocations->table : NULL;

    s->status = (use ? h3s_use : h3s_get)(s->options->config, &request, &s->session, &err);
    s->used = use;
    s->fresh = use;

#if (NGX_THREADS)
    if (s->status == H3S_ERR_COLD) {
        s->status = H3S_OK;
        request.flags &= ~H3S_WARM_ONLY;
        return ngx_http_h3s_post(r, s, &request, use);
    }
#else
    (void) may_wait;
#endif

    if (s->status == H3S_ERR_BUSY) {
        ngx_http_h3s_log_busy(r);

    } else if (s->status != H3S_OK) {
        ngx_http_h3s_log_error(r, &rate, "no session could be opened", &err);
    }

    /*
     * Once the header is sent it is the access log, most often, that asks, after which nothing goes
     * upstream. For what does, see ngx_http_h3s_narrow.
     */
    return r->main->header_sent ? NGX_OK : ngx_http_h3s_settle(r, s, &cookies);
}


static void
ngx_http_h3s_log_busy(ngx_http_request_t *r)
{
    static ngx_http_h3s_rate_t  rate;

    ngx_http_h3s_log(r, &rate, NGX_LOG_ERR, "this client has sent too many tokens that take long to open", NULL);
}


#if (NGX_THREADS)

static ngx_int_t
ngx_http_h3s_post(ngx_http_request_t *r, ngx_http_h3s_session_t *s, h3s_request *request, ngx_uint_t use)
{
    ngx_thread_task_t    *task;
    ngx_http_h3s_task_t  *t;

    static ngx_http_h3s_rate_t  rate;

    task = ngx_thread_task_alloc(r->pool, sizeof(ngx_http_h3s_task_t));
    if (task == NULL) {
        return NGX_ERROR;
    }

    t = task->ctx;
    t->r = r;
    t->entry = s;
    t->request = *request;
    t->use = use;

    task->handler = ngx_http_h3s_thread;
    task->event.data = t;
    task->event.handler = ngx_http_h3s_thread_done;
    task->event.log = r->connection->log;

    if (ngx_thread_task_post(s->options->threads, task) != NGX_OK) {
        s->status = H3S_ERR_COLD;
        ngx_http_h3s_log(r, &rate, NGX_LOG_ERR, "no session could be opened: the queue of thread pool \"default\" is full",
                         NULL);
        return NGX_OK;
    }

    /* A worker that is to exit waits for timers alone. */
    ngx_add_timer(&task->event, NGX_HTTP_H3S_TIMEOUT);

    /*
     * A client that goes away does not take the request along: its memory stays until the thread is
     * done.
     */
    r->main->blocked++;
    r->aio = 1;

    return NGX_AGAIN;
}


static void
ngx_http_h3s_thread(void *data, ngx_log_t *log)
{
    ngx_http_h3s_task_t  *t = data;

    (void) log;

    t->status = (t->use ? h3s_use : h3s_get)(t->entry->options->config, &t->request, &t->session, NULL);
}


static void
ngx_http_h3s_thread_done(ngx_event_t *ev)
{
    ngx_str_t                cookies;
    ngx_uint_t               over;
    ngx_connection_t        *c;
    ngx_http_request_t      *r;
    ngx_http_h3s_task_t     *t;
    ngx_http_h3s_session_t  *s;

    static ngx_http_h3s_rate_t  rates[2];

    t = ev->data;
    s = t->entry;
    r = t->r;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (ev->timedout) {
        ngx_http_h3s_log(r, &rates[1], NGX_LOG_ALERT, "a key derivation takes more than a minute", NULL);
        ev->timedout = 0;
        return;
    }

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    r->main->blocked--;
    r->aio = 0;

    if (s->session == NULL) {
        s->session = t->session;
        s->status = t->status;
        s->used = t->use;
        s->fresh = t->use;

        if (s->status == H3S_ERR_BUSY) {
            ngx_http_h3s_log_busy(r);

        } else if (s->status != H3S_OK) {
            ngx_http_h3s_log(r, &rates[0], NGX_LOG_ERR, "no session could be opened", h3s_status_str(s->status));
        }

        cookies.data = (u_char *) t->request.cookie;
        cookies.len = t->request.cookie_len;

        if (ngx_http_h3s_settle(r, s, &cookies) != NGX_OK) {
            /* Without memory for that, there is no session. */
            h3s_session_free(s->session);
            s->session = NULL;
            s->status = H3S_ERR_MEMORY;
        }

    } else {
        /* A subrequest was faster. */
        h3s_session_free(t->session);
    }

    over = r->done;
#if (nginx_version >= 1025004)
    over |= r->main->terminated;
#endif

    if (over) {
        c->write->handler(c->write);
        return;
    }

    r->write_event_handler(r);
    ngx_http_run_posted_requests(c);
}

#endif


/* Who is charged for forged tokens: the client's address, as bytes. Behind a proxy: see realip. */
static void
ngx_http_h3s_peer(ngx_http_request_t *r, h3s_request *request)
{
    struct sockaddr  *sockaddr = r->connection->sockaddr;

    if (sockaddr->sa_family == AF_INET) {
        request->peer = (char *) &((struct sockaddr_in *) sockaddr)->sin_addr;
        request->peer_len = sizeof(struct in_addr);
    }

#if (NGX_HAVE_INET6)

    if (sockaddr->sa_family == AF_INET6) {
        request->peer = (char *) &((struct sockaddr_in6 *) sockaddr)->sin6_addr;
        request->peer_len = sizeof(struct in6_addr);
    }

#endif
}
