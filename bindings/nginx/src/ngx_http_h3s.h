/*
 * The sessions of h3 in nginx. What the module's files share:
 *
 *     ngx_http_h3s_module.c     the module: its directives, and what nginx calls of it
 *     ngx_http_h3s_conf.c       what the directives of a block say, and how blocks merge
 *     ngx_http_h3s_request.c    the phases: who may pass, and what goes upstream
 *     ngx_http_h3s_response.c   the header filter: what is written, and Set-Cookie
 *     ngx_http_h3s_answer.c     X-Session-*: what an upstream answers
 *     ngx_http_h3s_upstream.c   the headers that an upstream is sent
 *     ngx_http_h3s_writes.c     h3s_set, h3s_rotate and the like, once a request has succeeded
 *     ngx_http_h3s_revoke.c     h3s_revoke: a logout that all servers hear of
 *     ngx_http_h3s_visit.c      the way of a request through locations, and what each still writes
 *     ngx_http_h3s_figures.c    $h3s_stale and $h3s_revocations_*
 *     ngx_http_h3s_variables.c  $h3s_* of the session
 *     ngx_http_h3s_narrow.c     opens what may go upstream, so that nothing else does
 *     ngx_http_h3s_open.c       opens a session: once, in a thread where it takes long
 *     ngx_http_h3s_lifetime.c   h3s_lifetime: how long sessions live that a location writes
 *     ngx_http_h3s_publish.c    makes known to all servers what was revoked here
 *     ngx_http_h3s_poll.c       takes in what others have revoked
 *     ngx_http_h3s_zone.c       h3s_revocations: the zone of what is revoked, and its file
 *     ngx_http_h3s_counts.c     h3s_counts: a page of what was opened, made, refused and sealed
 *     ngx_http_h3s_settle.c     of several sessions, which alone goes upstream
 *     ngx_http_h3s_cookies.c    what of a request is the session's
 *     ngx_http_h3s_session.c    a request's session, kept with the main request
 *     ngx_http_h3s_data.c       what pointers and names lead to in a session's data
 *     ngx_http_h3s_options.c    h3s_config: the options file
 *     ngx_http_h3s_site.c       whether another site has sent the browser here
 *     ngx_http_h3s_headers.c    headers: walking over them, comparing names, Vary and Cache-Control
 *     ngx_http_h3s_log.c        lines in the error log, so many a second
 *
 * A file calls only files that stand below it in this list.
 */

#ifndef NGX_HTTP_H3S_H
#define NGX_HTTP_H3S_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <h3s.h>


#define NGX_HTTP_H3S_OFF  0
#define NGX_HTTP_H3S_GET  1
#define NGX_HTTP_H3S_USE  2

/* What h3s_revoke and X-Session-Revoke end for good. */
#define NGX_HTTP_H3S_NOTHING  0
#define NGX_HTTP_H3S_SESSION  1
#define NGX_HTTP_H3S_SUBJECT  2

/* What the cookie that says when a session was last seen has after the name of the session's. */
#define NGX_HTTP_H3S_SEEN      ".seen"
#define NGX_HTTP_H3S_SEEN_LEN  (sizeof(NGX_HTTP_H3S_SEEN) - 1)


#define NGX_HTTP_H3S_NO_POINTER                                                             \
    " is no JSON Pointer: it begins with \"/\", and \"~\" is written \"~0\" "               \
    "and \"/\" in a name \"~1\""


typedef struct ngx_http_h3s_revocations_s  ngx_http_h3s_revocations_t;


/* How many figures the library counts. */
#define NGX_HTTP_H3S_COUNTS                                                                 \
    ((sizeof(h3s_counts) - offsetof(h3s_counts, opened_cookie)) / sizeof(uint64_t))

/* What all workers have counted with an options file of this name, in a zone. */
typedef struct ngx_http_h3s_counts_s  ngx_http_h3s_counts_t;

struct ngx_http_h3s_counts_s {
    ngx_atomic_t              sums[NGX_HTTP_H3S_COUNTS];
    ngx_http_h3s_counts_t    *next;
    size_t                    len;
    u_char                    name[1];
};


/* An options file, read once in a cycle however many blocks name it. */
typedef struct {
    ngx_str_t             name;
    h3s_config           *config;
    ngx_str_t             cookie;       /* the names of cookie and header */
    ngx_str_t             header;       /* empty: none */
    ngx_str_t             h3_header;    /* h3's own, where that is another; empty: it is not */
    ngx_str_t             vary;         /* empty: neither is read */
#if (NGX_THREADS)
    ngx_thread_pool_t    *threads;      /* for cold derivations; NULL: there are none */
#endif
    ngx_http_h3s_revocations_t *revocations; /* NULL: nothing can be revoked */
    ngx_http_h3s_counts_t *counts;      /* NULL: there is no h3s_counts */
    uint64_t              counted[NGX_HTTP_H3S_COUNTS]; /* what of them this process has added */
    unsigned              sets:1;       /* cookies are on */
    unsigned              revokes:1;    /* they have "revocation" */
    unsigned              cold:1;       /* a token may need a slow derivation */
    unsigned              warned:1;     /* of a header that nginx drops */
} ngx_http_h3s_options_t;


/* Of a zone what all workers share; the table stands after it. */
typedef struct {
    ngx_atomic_t          generation;   /* the latest cycle: workers of former ones do not poll */
    ngx_atomic_t          poller;       /* the process whose turn it is */
    ngx_atomic_t          polled_at;    /* when it has polled last, in ngx_current_msec */
    size_t                size;         /* of the table */
} ngx_http_h3s_shared_t;


/* What is revoked: a zone with a table, and the file that the table follows. */
struct ngx_http_h3s_revocations_s {
    /* As in ngx_connection_t, which debug logs take it for. */
    void                      *unused[3];
    ngx_int_t                  ident;

    ngx_str_t                  path;    /* with a NUL after it */
    ngx_str_t                  written; /* as the directive has it; empty: in the options */
    ngx_shm_zone_t            *zone;
    ngx_pool_t                *pool;
    ngx_http_h3s_options_t    *options; /* NULL: no block uses it */
    ngx_http_h3s_shared_t     *shared;
    h3s_revocations           *table;

    /* The process's own. */
    h3s_revocation_file       *file;
    ngx_event_t                event;
    ngx_atomic_uint_t          generation;
    time_t                     failed_at; /* 0: the last poll has gone well */
#if (NGX_THREADS)
    ngx_thread_pool_t         *threads;
    ngx_thread_task_t         *task;
    ngx_msec_t                 posted_at; /* when the thread has begun */
#endif
    int32_t                    status;    /* of a poll, and what has gone wrong */
    h3s_error                  err;
    unsigned                   polls:1;   /* it has, or had, the turn */
#if (NGX_THREADS)
    unsigned                   busy:1;    /* a thread is at it */
#endif
};


typedef struct {
    ngx_array_t           options;      /* ngx_http_h3s_options_t * */
    ngx_array_t           revocations;  /* ngx_http_h3s_revocations_t * */
    ngx_shm_zone_t       *counts;       /* NULL: there is no h3s_counts */
    ngx_uint_t            variables;    /* whether the configuration names any of ours */
    ngx_uint_t            pointers;     /* whether it has any h3s_variable */
} ngx_http_h3s_main_conf_t;


typedef struct {
    ngx_uint_t            upstream;     /* some location has h3s_upstream: no client may forge it */
} ngx_http_h3s_srv_conf_t;


typedef struct {
    ngx_str_t                  key;
    ngx_http_complex_value_t   value;
} ngx_http_h3s_set_t;


/* How long a session lives, in place of what the options say. */
typedef struct {
    int64_t               max_age;      /* seconds; 0: as the options have it */
    uint32_t              flags;        /* H3S_LIFETIME_* */
} ngx_http_h3s_lifetime_t;


/* Where a directive stands, for what is found out when blocks merge. */
typedef struct {
    void                 *block;        /* its configuration; NULL: it stands nowhere */
    u_char               *file;
    ngx_uint_t            line;
} ngx_http_h3s_place_t;


enum {
    NGX_HTTP_H3S_MODE = 0,
    NGX_HTTP_H3S_REQUIRE,
    NGX_HTTP_H3S_SET,
    NGX_HTTP_H3S_ROTATE,
    NGX_HTTP_H3S_CLEAR,
    NGX_HTTP_H3S_HIDE_COOKIE,
    NGX_HTTP_H3S_UPSTREAM,
    NGX_HTTP_H3S_LIFETIME,
    NGX_HTTP_H3S_REVOKE,
    NGX_HTTP_H3S_REVOCATIONS,
    NGX_HTTP_H3S_PLACES
};


typedef struct {
    ngx_http_h3s_options_t    *options;
    ngx_uint_t                 mode;
    ngx_array_t               *require; /* ngx_str_t, JSON Pointers; NULL: none */
    ngx_array_t               *set;     /* ngx_http_h3s_set_t; NULL: none */
    ngx_http_h3s_lifetime_t   *lifetime; /* NULL: sessions keep theirs */
    ngx_http_h3s_revocations_t *revocations; /* NULL: none */
    ngx_flag_t                 rotate;
    ngx_flag_t                 clear;
    ngx_uint_t                 revoke;
    ngx_flag_t                 hide_cookie;
    ngx_flag_t                 upstream;
    ngx_flag_t                 cache_headers;

    ngx_uint_t                 eager;   /* every request wants its session */

    ngx_http_h3s_place_t       places[NGX_HTTP_H3S_PLACES];
} ngx_http_h3s_loc_conf_t;


/* A main request's session under one options file. Subrequests and internal redirects share it. */
typedef struct ngx_http_h3s_session_s  ngx_http_h3s_session_t;

struct ngx_http_h3s_session_s {
    ngx_http_h3s_options_t    *options;
    h3s_session               *session; /* NULL: not opened, or it could not be: see status */
    int32_t                    status;

    ngx_array_t               *headers; /* ngx_table_elt_t, taken out of the request's list */
    ngx_str_t                  line;    /* what of the cookies goes upstream, where narrow */

    unsigned                   varies:1;  /* somebody asked, so the response may depend on it */
    unsigned                   wanted:1;  /* somebody looked at it, so that a read may slide it */
    unsigned                   settled:1; /* line and narrow are decided */
    unsigned                   narrow:1;  /* other sessions came beside the one that was opened */
    unsigned                   from_header:1; /* which came in the header */
    unsigned                   used:1;    /* opened by h3s_use */
    unsigned                   fresh:1;   /* just now: its location may limit it */
    unsigned                   written:1; /* by a directive, or by what the upstream has answered */
    unsigned                   sent:1;    /* the response carries its cookies */

    size_t                     published; /* so many of its entries were made known */

    ngx_http_h3s_session_t    *next;
};


/* What a location that the request has left, by an internal redirect, still has to write. */
typedef struct {
    ngx_http_h3s_loc_conf_t   *conf;
    ngx_array_t               *set;     /* ngx_keyval_t; NULL: none */
    unsigned                   rotate:1;
    unsigned                   clear:1;
    unsigned                   revoke:2;
} ngx_http_h3s_write_t;


/* The way of a request, or subrequest, through locations, from the first on that writes. */
typedef struct ngx_http_h3s_visit_s  ngx_http_h3s_visit_t;

struct ngx_http_h3s_visit_s {
    ngx_http_request_t        *request;
    ngx_http_h3s_loc_conf_t   *conf;    /* the location that it is in; NULL: it writes nothing */
    ngx_http_upstream_t       *upstream;
    ngx_str_t                  uri;     /* this, and what follows, as it was there */
    ngx_str_t                  args;
    ngx_uint_t                 err_status;
    unsigned                   error_page:1;
    unsigned                   blind:1;   /* an error page may lead away and leave no trace */
    unsigned                   checked:1; /* the location's access checks let it pass */
    unsigned                   tracked:1; /* it matters how the request leaves the location */

    ngx_array_t                writes;  /* ngx_http_h3s_write_t */
    ngx_http_h3s_visit_t      *next;
};


/*
 * What a main request keeps. It outlives internal redirects, which clear the contexts of modules.
 */
typedef struct {
    ngx_http_h3s_session_t    *sessions;
    ngx_http_h3s_visit_t      *visits;
    ngx_http_h3s_loc_conf_t   *asked;   /* has handed the session upstream; an answer is due */
    unsigned                   edited:1;  /* the headers are not as they came */
} ngx_http_h3s_ctx_t;


/*
 * How often a line that anybody can cause is in the error log; static, and so a worker's own. Each
 * kind has one of its own.
 */
typedef struct {
    time_t                     second;
    ngx_uint_t                 lines;
    ngx_uint_t                 left_out;
} ngx_http_h3s_rate_t;


/*
 * A walk over the headers of a list, or, by ngx_http_h3s_next_cookie, over the Cookie lines as the
 * client sent them.
 */
typedef struct {
    ngx_list_part_t           *part;
    ngx_table_elt_t           *cookie;
    ngx_uint_t                 i;
} ngx_http_h3s_walk_t;


/* All files are one shared object, which exports nothing of this. */
#pragma GCC visibility push(hidden)

extern ngx_module_t  ngx_http_h3s_module;

void *ngx_http_h3s_create_main_conf(ngx_conf_t *cf);
void *ngx_http_h3s_create_srv_conf(ngx_conf_t *cf);
void *ngx_http_h3s_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_h3s_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);
char *ngx_http_h3s_placed(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

ngx_int_t ngx_http_h3s_server_rewrite_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_h3s_rewrite_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_h3s_preaccess_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_h3s_access_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_h3s_precontent_handler(ngx_http_request_t *r);

void ngx_http_h3s_response_init(void);

ngx_uint_t ngx_http_h3s_is_answer(ngx_table_elt_t *h);
ngx_int_t ngx_http_h3s_apply_answer(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf,
    ngx_list_t *headers);

ngx_int_t ngx_http_h3s_edit_headers(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf);

ngx_int_t ngx_http_h3s_apply_writes(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf);
ngx_int_t ngx_http_h3s_writable(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf,
    ngx_http_h3s_session_t **out);

ngx_int_t ngx_http_h3s_revoke(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf,
    ngx_uint_t what);

ngx_uint_t ngx_http_h3s_writes(ngx_http_h3s_loc_conf_t *conf);
ngx_int_t ngx_http_h3s_enter(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf,
    ngx_uint_t checked);
ngx_int_t ngx_http_h3s_arrive(ngx_http_request_t *r);
ngx_uint_t ngx_http_h3s_logs_in(ngx_http_h3s_visit_t *visit);
void ngx_http_h3s_forget_logins(ngx_http_h3s_visit_t *visit);
ngx_int_t ngx_http_h3s_keep_revocation(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf,
    ngx_uint_t what);
ngx_int_t ngx_http_h3s_evaluate(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf,
    ngx_http_h3s_write_t *write);
ngx_http_h3s_visit_t *ngx_http_h3s_find_visit(ngx_http_request_t *r);

ngx_int_t ngx_http_h3s_add_figures(ngx_conf_t *cf);

ngx_int_t ngx_http_h3s_add_variables(ngx_conf_t *cf);
ngx_int_t ngx_http_h3s_add_all(ngx_conf_t *cf, ngx_http_variable_t *list);
char *ngx_http_h3s_add_pointer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_uint_t ngx_http_h3s_uses_variables(ngx_conf_t *cf);
void ngx_http_h3s_forget_variables(ngx_http_request_t *r);
ngx_http_h3s_session_t *ngx_http_h3s_session_of(ngx_http_request_t *r);
ngx_int_t ngx_http_h3s_copy(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    const char *text, size_t len);
const char *ngx_http_h3s_status(ngx_http_request_t *r, ngx_http_h3s_session_t *s);

ngx_int_t ngx_http_h3s_narrow(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf);

ngx_int_t ngx_http_h3s_open(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf,
    ngx_uint_t may_wait, ngx_http_h3s_session_t **out);
ngx_int_t ngx_http_h3s_open_entry(ngx_http_request_t *r, ngx_http_h3s_session_t *s,
    ngx_uint_t use, ngx_uint_t may_wait);
ngx_int_t ngx_http_h3s_warm(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf);

char *ngx_http_h3s_read_lifetime(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_h3s_check_lifetime(ngx_conf_t *cf, ngx_http_h3s_loc_conf_t *conf);
int32_t ngx_http_h3s_limit(ngx_http_h3s_loc_conf_t *conf, h3s_session *session, h3s_error *err);
void ngx_http_h3s_limit_made(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf,
    ngx_http_h3s_session_t *s);

ngx_int_t ngx_http_h3s_publish(ngx_http_request_t *r, ngx_http_h3s_session_t *s);
ngx_uint_t ngx_http_h3s_is_revoked(ngx_http_request_t *r, ngx_http_h3s_session_t *s);

ngx_int_t ngx_http_h3s_init_module(ngx_cycle_t *cycle);
ngx_int_t ngx_http_h3s_init_process(ngx_cycle_t *cycle);
void ngx_http_h3s_exit_process(ngx_cycle_t *cycle);

char *ngx_http_h3s_read_revocations(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_h3s_check_revocations(ngx_conf_t *cf, ngx_http_h3s_loc_conf_t *conf);
int32_t ngx_http_h3s_open_file(ngx_http_h3s_revocations_t *revocations, h3s_error *err);
void ngx_http_h3s_close_file(ngx_http_h3s_revocations_t *revocations);
int64_t ngx_http_h3s_now(void);

char *ngx_http_h3s_read_counts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_http_h3s_log_handler(ngx_http_request_t *r);
void ngx_http_h3s_add_up_all(ngx_http_h3s_main_conf_t *hmcf);

ngx_int_t ngx_http_h3s_settle(ngx_http_request_t *r, ngx_http_h3s_session_t *s,
    ngx_str_t *cookies);

ngx_int_t ngx_http_h3s_cookies(ngx_http_request_t *r, ngx_str_t *value);
ngx_uint_t ngx_http_h3s_is_cookie_name(u_char *name, u_char *equals,
    ngx_http_h3s_options_t *options);
ngx_uint_t ngx_http_h3s_is_header(ngx_table_elt_t *h, ngx_http_h3s_options_t *options);
ngx_table_elt_t *ngx_http_h3s_find_header(ngx_http_request_t *r, ngx_http_h3s_options_t *options,
    ngx_uint_t read);
ngx_str_t ngx_http_h3s_header(ngx_http_request_t *r, ngx_http_h3s_options_t *options);
ngx_uint_t ngx_http_h3s_carries(ngx_http_request_t *r, ngx_http_h3s_options_t *options);
ngx_uint_t ngx_http_h3s_carries_several(ngx_http_request_t *r, ngx_http_h3s_options_t *options);
ngx_uint_t ngx_http_h3s_count_headers(ngx_http_request_t *r, ngx_http_h3s_options_t *options);

ngx_http_h3s_ctx_t *ngx_http_h3s_get_ctx(ngx_http_request_t *r);
ngx_http_h3s_ctx_t *ngx_http_h3s_make_ctx(ngx_http_request_t *r);
ngx_http_h3s_session_t *ngx_http_h3s_find_entry(ngx_http_request_t *r,
    ngx_http_h3s_options_t *options);
ngx_http_h3s_session_t *ngx_http_h3s_entry(ngx_http_request_t *r, ngx_http_h3s_options_t *options);
void ngx_http_h3s_undo(ngx_http_h3s_session_t *s);
ngx_uint_t ngx_http_h3s_comes_back(ngx_http_request_t *r, ngx_http_h3s_session_t *s);
ngx_int_t ngx_http_h3s_refuse(ngx_http_request_t *r, ngx_http_h3s_session_t *s);

ngx_uint_t ngx_http_h3s_is_pointer(ngx_str_t *pointer);
h3s_str ngx_http_h3s_member(ngx_http_request_t *r, h3s_session *session, ngx_str_t *name);
ngx_uint_t ngx_http_h3s_holds(h3s_session *session, ngx_str_t *pointer);
ngx_int_t ngx_http_h3s_ascii(ngx_http_request_t *r, h3s_str json, ngx_str_t *ascii);

char *ngx_http_h3s_read_options(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
void ngx_http_h3s_warn_of_header(ngx_conf_t *cf, ngx_http_h3s_options_t *options);
ngx_str_t ngx_http_h3s_str(h3s_str s);

ngx_uint_t ngx_http_h3s_is_cross_site(ngx_http_request_t *r);

ngx_http_h3s_walk_t ngx_http_h3s_walk(ngx_list_t *list);
ngx_table_elt_t *ngx_http_h3s_next(ngx_http_h3s_walk_t *walk);
ngx_table_elt_t *ngx_http_h3s_next_cookie(ngx_http_request_t *r, ngx_http_h3s_walk_t *walk);
ngx_uint_t ngx_http_h3s_name_is(ngx_table_elt_t *h, ngx_str_t *name);
ngx_int_t ngx_http_h3s_lines(ngx_http_request_t *r, ngx_list_t *list, ngx_str_t *name,
    ngx_str_t *value);
ngx_int_t ngx_http_h3s_vary(ngx_http_request_t *r, ngx_http_h3s_options_t *options);
ngx_int_t ngx_http_h3s_keep_private(ngx_http_request_t *r);
ngx_table_elt_t *ngx_http_h3s_add_header(ngx_http_request_t *r, ngx_str_t *key);

void ngx_http_h3s_log(ngx_http_request_t *r, ngx_http_h3s_rate_t *rate, ngx_uint_t level,
    const char *what, const char *detail);
void ngx_http_h3s_log_error(ngx_http_request_t *r, ngx_http_h3s_rate_t *rate, const char *what,
    const h3s_error *err);

#pragma GCC visibility pop

#endif /* NGX_HTTP_H3S_H */
