/*
 * Each allocation that is refused, in its turn: a status, and the session as it was. The largest
 * session that cookies hold is opened, changed and sealed, and of the allocations that a call
 * makes, the first is refused, then the second, and so on.
 */
#define _GNU_SOURCE
#include "jar.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Smaller allocations, which no call makes larger or more of for a larger input, end the process
 * where there is no memory, as in any Rust program. H3S_LEAST=1 shows the first of them.
 */
enum { LEAST = 128, DATA = 297000, MOST = 1000 };

/* ---- An allocator that refuses --------------------------------------------------------------- */

static size_t least = LEAST;
static long until_refusal; /* 0: refuses nothing */

static int refused(size_t size)
{
    if (until_refusal == 0 || size < least || --until_refusal > 0)
        return 0;
    errno = ENOMEM;
    return 1;
}

/*
 * The next one in the order of the loader: the C library's, or the one of a tool
 * that the test runs under.
 */
#define NEXT(function) \
    do \
        if (next == NULL) \
            *(void **)&next = dlsym(RTLD_NEXT, function); \
    while (0)

void *malloc(size_t size)
{
    static void *(*next)(size_t);
    NEXT("malloc");
    return refused(size) ? NULL : next(size);
}

void *calloc(size_t count, size_t size)
{
    static void *(*next)(size_t, size_t);
    NEXT("calloc");
    return refused(count * size) ? NULL : next(count, size);
}

void *realloc(void *old, size_t size)
{
    static void *(*next)(void *, size_t);
    NEXT("realloc");
    return refused(size) ? NULL : next(old, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    static int (*next)(void **, size_t, size_t);
    NEXT("posix_memalign");
    return refused(size) ? ENOMEM : next(out, alignment, size);
}

/* Whether something was refused since `refuse`; refuses nothing from now on. */
static int relent(void)
{
    int was_refused = until_refusal == 0;
    until_refusal = 0;
    return was_refused;
}

/* ---- What is called -------------------------------------------------------------------------- */

static h3s_config *configs[2];
/*
 * What each format's largest session is in a Cookie header, what it holds, and a token
 * that fits into a header.
 */
static struct jar *jars[2];
static char *data, *patch, *members, *tokens[2];

#define OPTION "\"password\":\"" PASSWORD "\",\"maxTokenLength\":1000000,\"idleTimeout\":100,\"cookie\":{\"maxChunks\":100}"

struct scene {
    int format; /* of `configs` and `jars` */
    h3s_session *session;
    char *out;
    int32_t status;
};

static h3s_request request_of(const struct scene *scene)
{
    h3s_request request = {.size = sizeof request, .now_ms = NOW};
    request.cookie = jars[scene->format]->header;
    request.cookie_len = strlen(request.cookie);
    return request;
}

static void opens(struct scene *scene)
{
    h3s_request request = request_of(scene);
    h3s_session *session = NULL;
    scene->status = h3s_use(configs[scene->format], &request, &session, NULL);
    assert_true((session != NULL) == (scene->status == H3S_OK));
    if (session != NULL) {
        assert_str(h3s_session_data(session), data);
        assert_int_equal(h3s_session_is_new(session), 0);
    }
    h3s_session_free(session);
}

static void unseals(struct scene *scene)
{
    h3s_session *session = NULL;
    scene->status = unseal_token(configs[scene->format], S(tokens[scene->format]), NOW, &session, NULL);
    assert_true((session != NULL) == (scene->status == H3S_OK));
    h3s_session_free(session);
}

static void updates(struct scene *scene) { scene->status = h3s_update(scene->session, S(patch), NULL); }
static void updates_much(struct scene *scene) { scene->status = h3s_update(scene->session, S(members), NULL); }
static void replaces(struct scene *scene) { scene->status = h3s_replace(scene->session, S(patch), NULL); }
static void sets(struct scene *scene) { scene->status = h3s_set_json(scene->session, S("new"), S("[ 1 , 2 ]"), NULL); }
static void sets_in_place(struct scene *scene) { scene->status = h3s_set_json(scene->session, S("count"), S("2"), NULL); }
static void sets_text(struct scene *scene) { scene->status = h3s_set_text(scene->session, S("text"), S("\"\n"), NULL); }
static void sets_at(struct scene *scene) { scene->status = h3s_set_at(scene->session, S("/cart/items/-"), S("[ 1 , 2 ]"), NULL); }
static void sets_at_a_long_name(struct scene *scene)
{
    char pointer[1000], *end = pointer + sprintf(pointer, "/members/~1%0*d/\"", 400, 0);
    scene->status = h3s_set_at(scene->session, pointer, (size_t)(end - pointer), S("1"), NULL);
}
static void sets_at_in_place(struct scene *scene) { scene->status = h3s_set_at(scene->session, S("/count"), S("2"), NULL); }
static void sets_at_the_root(struct scene *scene) { scene->status = h3s_set_at(scene->session, S(""), S(patch), NULL); }
static void removes_at(struct scene *scene) { scene->status = h3s_remove_at(scene->session, S("/members/m3"), NULL); }
static void sets_int(struct scene *scene) { scene->status = h3s_set_int(scene->session, S("int"), INT64_MIN, NULL); }
static void sets_bool(struct scene *scene) { scene->status = h3s_set_bool(scene->session, S("bool"), 1, NULL); }
static void sets_double(struct scene *scene) { scene->status = h3s_set_double(scene->session, S("double"), 1e300, NULL); }
static void ensures(struct scene *scene) { scene->status = h3s_ensure(scene->session, NULL); }
static void removes(struct scene *scene) { scene->status = h3s_remove(scene->session, S("count"), NULL); }
static void rotates(struct scene *scene) { scene->status = h3s_rotate(scene->session, NULL); }

static void takes_cookies(struct scene *scene)
{
    const h3s_str *list = (const h3s_str *)scene;
    size_t count = 7;
    scene->status = h3s_set_cookies(scene->session, &list, &count, NULL);
    /* The whole list or none of it. */
    assert_int_equal(count, scene->status == H3S_OK ? 101 : 0);
    assert_true((list != NULL) == (scene->status == H3S_OK));
}

/* Of a session that has no token yet. */
static void takes_first_cookies(struct scene *scene) { takes_cookies(scene); }

static void takes_a_token(struct scene *scene)
{
    h3s_str token = {"", 0};
    scene->status = h3s_seal(scene->session, &token, NULL);
    assert_true((token.ptr != NULL) == (scene->status == H3S_OK));
}

static void deletes_cookies(struct scene *scene)
{
    const h3s_str *list = (const h3s_str *)scene;
    size_t count = 7;
    assert_ok(h3s_clear(scene->session, NULL));
    scene->status = h3s_set_cookies(scene->session, &list, &count, NULL);
    /* In h3s1 with the cookie that slides. */
    assert_int_equal(count, scene->status == H3S_OK ? 101 + (scene->format == 0) : 0);
}

static void finds_text(struct scene *scene)
{
    h3s_str text = h3s_session_text(scene->session, S("/escaped"));
    scene->status = text.ptr != NULL ? H3S_OK : H3S_ERR_MEMORY;
}

/*
 * Names and values of which some have to be unescaped; inside an element that
 * is the present one, too.
 */
static void walks(struct scene *scene)
{
    h3s_str key, value, text;
    h3s_iter outer = h3s_session_iter(scene->session, S("")), inner;
    size_t names = 0;
    int32_t end;
    while ((scene->status = h3s_iter_next(&outer, &key, &value)) == H3S_OK) {
        text = h3s_iter_text(&outer, S(""));
        if (h3s_iter_type(&outer, S("")) == H3S_TYPE_STRING && text.ptr == NULL) {
            scene->status = H3S_ERR_MEMORY;
            return;
        }
        inner = h3s_iter_iter(&outer, S(""));
        while ((end = h3s_iter_next(&inner, &key, &value)) == H3S_OK)
            names += key.len > 500;
        if (end != H3S_END) {
            scene->status = end;
            break;
        }
    }
    assert_true(key.ptr == NULL && value.ptr == NULL);
    if (scene->status == H3S_END) {
        assert_int_equal(names, 1);
        scene->status = H3S_OK;
    }
}

/* One that was not written for want of memory is asked for again. */
static void quotes(struct scene *scene)
{
    size_t len = h3s_json_quote(S(tokens[0]), scene->out, 2 * DATA);
    scene->status = len > 0 ? H3S_OK : H3S_ERR_MEMORY;
    assert_int_equal(strlen(scene->out), len);
}

/* These allocate nothing, and a config's owner more takes no memory. */
static void writes_headers(struct scene *scene)
{
    size_t len = 7;
    h3s_config_free(h3s_config_ref(configs[scene->format]));
    assert_ok(h3s_header_vary(configs[scene->format], S(tokens[0]), scene->out, 2 * DATA, &len, NULL));
    assert_true(len > strlen(tokens[0]));
    scene->status = h3s_header_cache_control(S(tokens[0]), scene->out, 2 * DATA, &len, NULL);
    assert_int_equal(h3s_header_is_targeted(S("CDN-Cache-Control")), 1);
}

static void seals_raw(struct scene *scene)
{
    size_t len = 7;
    scene->status = h3s_iron_seal(configs[1], S(patch), NOW, 0, scene->out, 2 * DATA, &len, NULL);
    assert_true((len > 0) == (scene->status == H3S_OK));
}

static void unseals_raw(struct scene *scene)
{
    size_t len = 7;
    scene->status = iron_unseal_token(configs[1], S(tokens[1]), NOW, scene->out, 2 * DATA, &len, NULL);
    assert_true((len > 0) == (scene->status == H3S_OK));
}

/* ---- The rounds ------------------------------------------------------------------------------ */

static int reads_only(void (*call)(struct scene *))
{
    return call == opens || call == unseals || call == finds_text || call == walks || call == quotes || call == writes_headers
        || call == seals_raw || call == unseals_raw;
}

static void prepare(struct scene *scene, void (*call)(struct scene *))
{
    h3s_request request = request_of(scene);
    request.now_ms += SECOND;
    if (call == takes_first_cookies || call == ensures)
        request.cookie_len = 0;
    assert_ok(h3s_get(configs[scene->format], &request, &scene->session, NULL));
    if (call == takes_first_cookies)
        assert_ok(h3s_replace(scene->session, S(data), NULL));
    if (call == takes_cookies)
        assert_ok(h3s_set_json(scene->session, S("count"), S("7"), NULL));
}

/* The session can be written, sealed and opened as if nothing had been. */
static void assert_usable(struct scene *scene)
{
    struct jar *jar = calloc(1, sizeof *jar);
    assert_non_null(jar);
    assert_ok(h3s_set_json(scene->session, S("after"), S("true"), NULL));
    assert_true(jar_take(jar, scene->session) >= 1);
    h3s_session *again = used(configs[scene->format], jar_header(jar), NULL, NOW);
    assert_str(h3s_session_data(again), h3s_session_data(scene->session).ptr);
    assert_str(h3s_session_id(again), h3s_session_id(scene->session).ptr);
    h3s_session_free(again);
    free(jar);
}

/* Refuses each allocation of a call in turn. Gives how many there were. */
static long each_refused(int format, void (*call)(struct scene *))
{
    long nth;
    for (nth = 1; nth < MOST; nth++) {
        struct scene scene = {.format = format, .out = malloc(2 * DATA)};
        assert_non_null(scene.out);
        prepare(&scene, call);
        char *id = strdup(h3s_session_id(scene.session).ptr), *before = strdup(h3s_session_data(scene.session).ptr);
        int dirty = h3s_session_is_dirty(scene.session), was_refused;
        int64_t seen = h3s_session_last_seen_at(scene.session);

        until_refusal = nth;
        call(&scene);
        was_refused = relent();

        if (scene.status == H3S_ERR_MEMORY && call == deletes_cookies) {
            assert_true(was_refused);
            call(&scene);
        } else if (scene.status == H3S_ERR_MEMORY) {
            assert_true(was_refused);
            assert_str(h3s_session_id(scene.session), id);
            assert_str(h3s_session_data(scene.session), before);
            assert_int_equal(h3s_session_is_dirty(scene.session), dirty);
            assert_int_equal(h3s_session_last_seen_at(scene.session), seen);
            if (call == takes_first_cookies && nth % 2 == 0) /* nothing was sealed */
                assert_ok(h3s_session_set_id(scene.session, S("id"), NULL));
            if (nth % 2) /* the same call, or another one */
                call(&scene);
        } else {
            assert_ok(scene.status);
        }
        if (nth % 2 || !was_refused)
            assert_ok(scene.status);
        if (reads_only(call))
            assert_str(h3s_session_data(scene.session), before);
        assert_usable(&scene);
        h3s_session_free(scene.session);
        free(scene.out);
        free(before);
        free(id);
        if (!was_refused)
            break;
    }
    assert_true(nth < MOST);
    return nth - 1;
}

static void each_refused_in_both_formats(void (*call)(struct scene *), long expected)
{
    for (int format = 0; format < 2; format++) {
        long count = each_refused(format, call);
        /* Else the test had proved nothing. */
        if (count < expected)
            fail_msg("format %d: only %ld allocations were refused", format, count);
    }
}

static void a_session_of_100_chunks_is_opened_once_there_is_memory(void **state)
{
    (void)state;
    each_refused_in_both_formats(opens, 4);
    each_refused_in_both_formats(unseals, 1);
}

static void a_session_of_100_chunks_is_written_once_there_is_memory(void **state)
{
    (void)state;
    each_refused_in_both_formats(updates, 2);
    each_refused_in_both_formats(replaces, 2);
    each_refused_in_both_formats(sets, 1);
    each_refused_in_both_formats(sets_in_place, 0);
    each_refused_in_both_formats(sets_text, 1);
    each_refused_in_both_formats(removes, 1);
    each_refused_in_both_formats(rotates, 0);
    each_refused_in_both_formats(updates_much, 4);
    each_refused_in_both_formats(sets_at, 1);
    each_refused_in_both_formats(sets_at_a_long_name, 2);
    each_refused_in_both_formats(sets_at_in_place, 0);
    each_refused_in_both_formats(sets_at_the_root, 2);
    each_refused_in_both_formats(removes_at, 0);
    each_refused_in_both_formats(sets_int, 1);
    each_refused_in_both_formats(sets_bool, 1);
    each_refused_in_both_formats(sets_double, 1);
    each_refused_in_both_formats(ensures, 0);
}

static void a_session_of_100_chunks_is_sealed_once_there_is_memory(void **state)
{
    (void)state;
    each_refused_in_both_formats(takes_cookies, 4);
    each_refused_in_both_formats(takes_first_cookies, 4);
    each_refused_in_both_formats(takes_a_token, 1);
}

static void cookies_of_100_chunks_are_deleted_once_there_is_memory(void **state)
{
    (void)state;
    each_refused_in_both_formats(deletes_cookies, 2);
}

static void a_text_is_absent_until_there_is_room_for_it(void **state)
{
    (void)state;
    each_refused_in_both_formats(finds_text, 1);
}

static void a_walk_ends_early_until_there_is_room_for_its_names(void **state)
{
    (void)state;
    each_refused_in_both_formats(walks, 2);
}

static void a_text_is_quoted_once_there_is_memory(void **state)
{
    (void)state;
    each_refused_in_both_formats(quotes, 1);
}

static void headers_are_written_without_an_allocation(void **state)
{
    (void)state;
    for (int format = 0; format < 2; format++)
        assert_int_equal(each_refused(format, writes_headers), 0);
}

static void a_raw_token_is_sealed_and_opened_once_there_is_memory(void **state)
{
    (void)state;
    each_refused_in_both_formats(seals_raw, 3);
    each_refused_in_both_formats(unseals_raw, 2);
}

static void keys_of_other_servers_tokens_are_cached_without_an_allocation(void **state)
{
    enum { SALTS = 11000, DAY = 86400 };
    h3s_config *peer = config_of(CHEAP_OPTIONS), *own = config_of(CHEAP_OPTIONS);
    (void)state;
    for (int i = 0; i < SALTS; i++) {
        char token[600];
        h3s_session *session;
        token_of(peer, "{}", NOW + i * DAY * SECOND, token); /* no day's salts are another's */
        least = 1024; /* what the token itself takes */
        until_refusal = 1;
        session = used(own, NULL, token, NOW + i * DAY * SECOND);
        assert_int_equal(h3s_session_is_new(session), 0);
        h3s_session_free(session);
        assert_int_equal(relent(), 0);
    }
    least = LEAST;
    h3s_config_free(peer);
    h3s_config_free(own);
}

/* ---- What is revoked ------------------------------------------------------------------------- */

struct revoking {
    h3s_config *config;
    h3s_revocations *known;
    h3s_session *session;
    char token[4096], subject[1000], lines[8192], out[2048];
};

static size_t entries_of(const struct revoking *at)
{
    const h3s_str *list = NULL;
    size_t count = 7;
    assert_ok(h3s_revocation_entries(at->session, &list, &count, NULL));
    return count;
}

static int32_t makes_a_copy(struct revoking *at)
{
    h3s_revocations *made = at->known;
    int32_t status = h3s_revocations_new(1000, &made, NULL);
    assert_true((made != NULL) == (status == H3S_OK));
    h3s_revocations_free(made);
    return status;
}

static int32_t checks(struct revoking *at)
{
    h3s_request request = {.size = sizeof request, .now_ms = NOW, .revocations = at->known};
    h3s_session *session = at->session;
    request.header = at->token;
    request.header_len = strlen(at->token);
    int32_t status = h3s_use(at->config, &request, &session, NULL);
    assert_true((session != NULL) == (status == H3S_OK));
    h3s_session_free(session);
    return status;
}

static int32_t rotates_it(struct revoking *at) { return h3s_rotate(at->session, NULL); }
static int32_t revokes(struct revoking *at) { return h3s_revoke(at->session, NULL); }
static int32_t revokes_everywhere(struct revoking *at) { return h3s_revoke_everywhere(at->session, NULL); }

static int32_t lists(struct revoking *at)
{
    const h3s_str *list = (const h3s_str *)at;
    size_t count = 7;
    int32_t status = h3s_revocation_entries(at->session, &list, &count, NULL);
    assert_true((list != NULL) == (status == H3S_OK) && (count > 0) == (status == H3S_OK));
    return status;
}

/* So many that their list takes more than the least. */
static int32_t lists_many(struct revoking *at) { return lists(at); }

static int32_t makes_an_entry(struct revoking *at)
{
    size_t len = 7;
    int32_t status = h3s_revoke_session(at->config, at->subject, 255, NOW, at->out, sizeof at->out, &len, NULL);
    assert_true((len > 0) == (status == H3S_OK));
    return status;
}

static int32_t makes_one_of_a_subject(struct revoking *at)
{
    size_t len = 7;
    int32_t status = h3s_revoke_subject(at->config, S(at->subject), 0, NOW, at->out, sizeof at->out, &len, NULL);
    assert_true((len > 0) == (status == H3S_OK));
    return status;
}

static int32_t applies(struct revoking *at)
{
    size_t applied = 7;
    int32_t status = h3s_revocations_apply(at->known, at->config, S(at->lines), NOW, &applied, NULL);
    assert_int_equal(applied, status == H3S_OK ? 3 : 0);
    return status;
}

/* Refuses each allocation in turn; gives how many there were. */
static long each_refused_of(struct revoking *at, int32_t (*call)(struct revoking *))
{
    long nth;
    int was_refused = 1;
    for (nth = 1; was_refused && nth < MOST; nth++) {
        h3s_request request = {.size = sizeof request, .now_ms = NOW, .revocations = at->known};
        request.header = at->token;
        request.header_len = strlen(at->token);
        assert_ok(h3s_get(at->config, &request, &at->session, NULL));
        assert_int_equal(h3s_session_is_new(at->session), 0);
        for (int i = 0; i < (call == lists ? 1 : call == lists_many ? 20 : 0); i++) {
            h3s_str token;
            assert_ok(h3s_rotate(at->session, NULL));
            assert_ok(h3s_seal(at->session, &token, NULL));
        }
        char *id = strdup(h3s_session_id(at->session).ptr);
        size_t entries = call == lists || call == lists_many ? 0 : entries_of(at);

        until_refusal = nth;
        int32_t status = call(at);
        was_refused = relent();
        if (status == H3S_ERR_MEMORY) {
            assert_true(was_refused);
            assert_str(h3s_session_id(at->session), id);
            assert_str(h3s_session_text(at->session, S("/user")), at->subject);
            assert_true(entries == 0 || entries_of(at) == entries);
            status = call(at);
        }
        assert_ok(status);
        assert_true(call != revokes || entries_of(at) == 1);
        assert_true(call != revokes_everywhere || entries_of(at) == 2);
        h3s_session_free(at->session);
        free(id);
    }
    assert_true(nth < MOST);
    return nth - 2;
}

static void what_is_revoked_is_made_known_once_there_is_memory(void **state)
{
    static struct revoking at;
    static const struct { int32_t (*call)(struct revoking *); long expected; } calls[] = {
        {makes_a_copy, 1}, {rotates_it, 1}, {revokes, 1}, {revokes_everywhere, 3}, {lists, 0}, {lists_many, 1},
        {makes_an_entry, 3}, {makes_one_of_a_subject, 2}, {checks, 2}, {applies, 3},
    };
    (void)state;
    at.config = config_of("{" OPTION ",\"revocation\":{\"subject\":\"/user\"}}");
    assert_ok(h3s_revocations_new(1000, &at.known, NULL));
    assert_ok(h3s_revocations_heard(at.known, NOW, NULL));
    memset(at.subject, 'x', sizeof at.subject - 1);
    h3s_request request = {.size = sizeof request, .now_ms = NOW, .revocations = at.known};
    h3s_str token;
    assert_ok(h3s_get(at.config, &request, &at.session, NULL));
    assert_ok(h3s_set_text(at.session, S("user"), S(at.subject), NULL));
    assert_ok(h3s_seal(at.session, &token, NULL));
    strcpy(at.token, token.ptr);
    h3s_session_free(at.session);
    for (int i = 0; i < 3; i++) {
        /* Of other sessions. */
        size_t len;
        char *end = at.lines + strlen(at.lines);
        if (i == 1)
            assert_ok(h3s_revoke_subject(at.config, at.subject, 500, 0, NOW, end, 2048, &len, NULL));
        else
            assert_ok(h3s_revoke_session(at.config, at.subject, 100 + (size_t)i, NOW, end, 2048, &len, NULL));
        strcat(at.lines, "\n");
    }
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        long count = each_refused_of(&at, calls[i].call);
        if (count < calls[i].expected)
            fail_msg("call %zu: only %ld allocations were refused", i, count);
    }
    h3s_revocations_free(at.known);
    h3s_config_free(at.config);
}

/* What it was is forgotten then; but never that there was something. */
static void what_was_cleared_without_memory_is_no_silent_logout(void **state)
{
    h3s_config *revocable = config_of("{" OPTION ",\"revocation\":{}}");
    h3s_revocations *known = NULL;
    char id[200];
    long nth;
    int was_refused = 1;
    (void)state;
    memset(id, 'x', sizeof id);
    assert_ok(h3s_revocations_new(1000, &known, NULL));
    for (nth = 1; was_refused && nth < MOST; nth++) {
        h3s_request request = {.size = sizeof request, .now_ms = NOW, .revocations = known};
        h3s_session *session = NULL;
        const h3s_str *list = NULL;
        size_t count = 7;
        h3s_str token;
        assert_ok(h3s_get(revocable, &request, &session, NULL));
        assert_ok(h3s_session_set_id(session, id, sizeof id, NULL));
        assert_ok(h3s_seal(session, &token, NULL));
        until_refusal = nth;
        assert_ok(h3s_clear(session, NULL));
        was_refused = relent();
        assert_int_equal(h3s_revoke(session, NULL), was_refused ? H3S_ERR_MEMORY : H3S_OK);
        assert_ok(h3s_revocation_entries(session, &list, &count, NULL));
        assert_int_equal(count, was_refused ? 0 : 1);
        h3s_session_free(session);
    }
    assert_true(nth > 3 && nth < MOST);
    h3s_revocations_free(known);
    h3s_config_free(revocable);
}

/*
 * Options that say something at great length, or that something is wrong with: what is said of them
 * is that, or that there is no memory.
 */
static void options_however_long_are_read_once_there_is_memory(void **state)
{
    static const char *const around[][2] = {
        {"{\"password\":\"", "\"}"},
        {"{\"password\":\"" PASSWORD "\",\"name\":\"", "\"}"},
        {"{\"password\":\"" PASSWORD "\",\"sessionHeader\":\"", "\"}"},
        {"{\"password\":\"" PASSWORD "\",\"cookie\":{\"path\":\"/", "\"}}"},
        {"{\"password\":\"" PASSWORD "\",\"cookie\":{\"domain\":\"", "\"}}"},
        {"{\"password\":\"" PASSWORD "\",\"cookie\":{\"sameSite\":\"", "\"}}"},
        {"{\"password\":\"" PASSWORD "\",\"seal\":{\"accept\":[\"h3s1\"", "]}}"},
        {"{\"password\":\"" PASSWORD "\",\"", "\":1}"},
        {"{\"password\":{\"a\":\"" PASSWORD "\",\"", "\":1}}"},
        {"{\"password\":\"" PASSWORD "\",\"cookie\":{\"path\":\"/\"", "}}"},
    };
    enum { KINDS = sizeof around / sizeof *around, LONG = 1 << 20, UNITS = 5 };
    static const char *const units[UNITS] = {"x", "\\u0061", ",\"h3s1\"", "\\n", ",\"%d\":1"};
    char *text = malloc(LONG + 200);
    long refusals[KINDS * UNITS] = {0}, all = 0;
    (void)state;
    assert_non_null(text);
    least = LONG / 16; /* as the header says of h3s_config_new */
    for (int kind = 0; kind < KINDS * UNITS; kind++) {
        const char *const *ends = around[kind / UNITS], *unit = units[kind % UNITS];
        char *end = text + sprintf(text, "%s", ends[0]);
        int was_refused = 1;
        for (int i = 0; end - text < LONG; i++)
            end += sprintf(end, unit, i);
        strcpy(end, ends[1]);

        h3s_error expected, err;
        h3s_config *made = NULL;
        (void)!h3s_config_new(S(text), &made, &expected);
        h3s_config_free(made);
        for (long nth = 1; was_refused && nth < MOST; nth++) {
            until_refusal = nth;
            int32_t status = h3s_config_new(S(text), &made, &err);
            was_refused = relent();
            refusals[kind] += was_refused;
            assert_true((made != NULL) == (status == H3S_OK));
            h3s_config_free(made);
            if (was_refused && status == H3S_ERR_MEMORY) continue;
            assert_int_equal(status, expected.status);
            assert_string_equal(err.key, expected.key);
            assert_string_equal(err.message, expected.message);
        }
        all += refusals[kind];
    }
    assert_true(all > KINDS);
    /* A password of any length, and members of any number, whose names are compared. */
    assert_true(refusals[0] > 0 && refusals[KINDS * UNITS - 1] > 0);
    least = LEAST;
    free(text);
}

/* A text of JSON with so many bytes, whose names and values have escapes. */
static char *text_of(size_t len, const char *more)
{
    char *text = malloc(len + 1), *end = text;
    assert_non_null(text);
    end += sprintf(end, "{\"count\":1,\"\\u0061\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8%s,\"escaped\":\"", more);
    while ((size_t)(end - text) + 4 < len)
        end += sprintf(end, "\\t");
    strcpy(end, "\"}");
    return text;
}

/* A small object of many members whose names are longer than they look. */
static char *members_of(int count)
{
    char *text = malloc((size_t)count * 40 + 600), *end = text;
    assert_non_null(text);
    *end++ = '{';
    for (int i = 0; i < count; i++)
        end += sprintf(end, "\"\\u006d%d\":%d,", i, i);
    end += sprintf(end, "\"\\n%0*d\":0}", 500, 0);
    return text;
}

static int make(void **state)
{
    const char *set = getenv("H3S_LEAST");
    char *more;
    (void)state;
    if (set != NULL)
        least = strtoul(set, NULL, 10);
    configs[0] = config_of("{" OPTION "}");
    configs[1] = config_of("{" OPTION ",\"seal\":{\"format\":\"fe26.2\"}}");
    members = members_of(30);
    more = malloc(strlen(members) + 20);
    assert_non_null(more);
    sprintf(more, ",\"members\":%s", members);
    data = text_of(DATA, more);
    free(more);
    patch = text_of(DATA - 1000, ",\"i\" : 9");
    for (int format = 0; format < 2; format++) {
        h3s_session *session = used(configs[format], NULL, NULL, NOW);
        h3s_str token;
        jars[format] = calloc(1, sizeof **jars);
        assert_non_null(jars[format]);
        assert_ok(h3s_replace(session, S(data), NULL));
        assert_int_equal(jar_take(jars[format], session), 101);
        jar_header(jars[format]);
        assert_ok(h3s_seal(session, &token, NULL));
        tokens[format] = strdup(token.ptr);
        assert_non_null(tokens[format]);
        h3s_session_free(session);
    }
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    for (int format = 0; format < 2; format++) {
        h3s_config_free(configs[format]);
        free(jars[format]);
        free(tokens[format]);
    }
    free(data);
    free(patch);
    free(members);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_of_100_chunks_is_opened_once_there_is_memory),
        cmocka_unit_test(keys_of_other_servers_tokens_are_cached_without_an_allocation),
        cmocka_unit_test(a_session_of_100_chunks_is_written_once_there_is_memory),
        cmocka_unit_test(a_session_of_100_chunks_is_sealed_once_there_is_memory),
        cmocka_unit_test(cookies_of_100_chunks_are_deleted_once_there_is_memory),
        cmocka_unit_test(a_text_is_absent_until_there_is_room_for_it),
        cmocka_unit_test(a_walk_ends_early_until_there_is_room_for_its_names),
        cmocka_unit_test(a_text_is_quoted_once_there_is_memory),
        cmocka_unit_test(headers_are_written_without_an_allocation),
        cmocka_unit_test(a_raw_token_is_sealed_and_opened_once_there_is_memory),
        cmocka_unit_test(what_is_revoked_is_made_known_once_there_is_memory),
        cmocka_unit_test(what_was_cleared_without_memory_is_no_silent_logout),
        cmocka_unit_test(options_however_long_are_read_once_there_is_memory),
    };
    return cmocka_run_group_tests_name("memory", tests, make, unmake);
}
