/*
 * What is revoked is refused; what a copy of it says of itself; what each call refuses; and copies
 * in memory that processes share.
 */
#define _GNU_SOURCE
#include "jar.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MINUTE (60 * SECOND)
#define PLAIN "{\"password\":\"" PASSWORD "\",\"maxAge\":3600,\"revocation\":{\"subject\":\"/user\"}}"
#define CLOSED "{\"password\":\"" PASSWORD "\",\"maxAge\":3600,\"revocation\":{\"stale\":\"closed\"}}"

enum { LINE = 2048, LEAST = 512, SIZE = 128 + 24 * 8 * 1024 };

static h3s_config *revocable, *closed;

static h3s_revocations *copy_of(size_t room)
{
    h3s_revocations *made = NULL;
    assert_ok(h3s_revocations_new(room, &made, NULL));
    return made;
}

static h3s_request request_at(const h3s_revocations *known, int64_t now)
{
    h3s_request request = H3S_REQUEST_INIT;
    request.now_ms = now;
    request.revocations = known;
    return request;
}

static h3s_session *opened(const h3s_revocations *known, const char *cookie, int64_t now)
{
    h3s_request request = request_at(known, now);
    h3s_session *session = NULL;
    request.cookie = cookie;
    request.cookie_len = strlen(cookie);
    assert_ok(h3s_use(revocable, &request, &session, NULL));
    return session;
}

/* A token of a session with this id, and the line that revokes it. */
struct pair { char token[256], line[256]; };

static void make_pair(struct pair *pair, const char *prefix, int number)
{
    h3s_revocations *none = copy_of(1);
    h3s_request request = request_at(none, NOW);
    h3s_session *session = NULL;
    h3s_str token;
    char id[64];
    size_t len;
    sprintf(id, "%s-%d", prefix, number);
    assert_ok(h3s_get(revocable, &request, &session, NULL));
    assert_ok(h3s_session_set_id(session, S(id), NULL));
    assert_ok(h3s_seal(session, &token, NULL));
    assert_true(token.len < sizeof pair->token);
    strcpy(pair->token, token.ptr);
    assert_ok(h3s_revoke_session(revocable, S(id), NOW, pair->line, sizeof pair->line, &len, NULL));
    h3s_session_free(session);
    h3s_revocations_free(none);
}

static struct pair *pairs_of(const char *prefix, int count)
{
    struct pair *pairs = malloc((size_t)count * sizeof *pairs);
    assert_non_null(pairs);
    for (int i = 0; i < count; i++)
        make_pair(&pairs[i], prefix, i);
    return pairs;
}

/* Without cmocka's assertions, which a child must not jump out of. */
static int is_refused(const h3s_revocations *known, const char *token, int64_t now)
{
    h3s_request request = request_at(known, now);
    h3s_session *session = NULL;
    h3s_error err;
    int32_t status;
    request.header = token;
    request.header_len = strlen(token);
    status = h3s_unseal(revocable, &request, &session, &err);
    h3s_session_free(session);
    return status == H3S_OK ? 0 : status == H3S_ERR_REJECTED && err.rejection == H3S_REJECTION_REVOKED ? 1 : -1;
}

static int applies(const h3s_revocations *known, const char *line)
{
    size_t applied = 7;
    return h3s_revocations_apply(known, revocable, S(line), NOW, &applied, NULL) == H3S_OK && applied == 1;
}

static size_t apply_all(const h3s_revocations *known, h3s_session *session)
{
    const h3s_str *list = NULL;
    size_t count = 7;
    assert_ok(h3s_revocation_entries(session, &list, &count, NULL));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(strlen(list[i].ptr), list[i].len);
        assert_null(strpbrk(list[i].ptr, "\r\n"));
        assert_true(applies(known, list[i].ptr));
    }
    return count;
}

static h3s_revocations_info info_of(const h3s_revocations *known, int64_t now)
{
    h3s_revocations_info info = H3S_REVOCATIONS_INFO_INIT;
    assert_ok(h3s_revocations_view(known, now, &info, NULL));
    assert_true(info.size == sizeof info && info.reserved == 0);
    return info;
}

static uint32_t flags_of(const h3s_session *session)
{
    h3s_view view = H3S_VIEW_INIT;
    assert_ok(h3s_session_view(session, &view));
    return view.flags;
}

/* ---- Sessions -------------------------------------------------------------------------------- */

static void a_revoked_session_is_refused_wherever_its_entry_was_applied(void **state)
{
    h3s_revocations *known = copy_of(100), *other = copy_of(100);
    struct jar *jar = calloc(1, sizeof *jar);
    h3s_session *session = opened(known, "", NOW), *twin;
    const h3s_str *list = NULL;
    size_t count = 7;
    (void)state;
    assert_ok(h3s_revocation_entries(session, &list, &count, NULL));
    assert_int_equal(count, 0);
    assert_ok(h3s_set_text(session, S("user"), S("ada"), NULL));
    jar_take(jar, session);
    h3s_session_free(session);

    session = opened(known, jar_header(jar), NOW);
    twin = opened(known, jar_header(jar), NOW);
    assert_ok(h3s_revoke(session, NULL));
    assert_true(flags_of(session) & H3S_VIEW_CLEARED);
    assert_str(h3s_session_data(session), "{}");
    assert_ok(h3s_revoke(session, NULL));
    assert_int_equal(apply_all(known, session), 1);
    assert_ok(h3s_set_cookies(session, &list, &count, NULL));
    assert_true(count == 1 && strstr(list->ptr, "Max-Age=0;") != NULL);
    h3s_session_free(session);
    /* One that is open goes on until its clock moves, and its answer brings nothing back. */
    h3s_error err;
    assert_int_equal(h3s_session_set_now(twin, NOW + 1, &err), H3S_ERR_REJECTED);
    assert_int_equal(err.rejection, H3S_REJECTION_REVOKED);
    assert_ok(h3s_set_bool(twin, S("late"), 1, NULL));
    jar_take(jar, twin);
    h3s_session_free(twin);

    session = opened(known, jar_header(jar), NOW + 1);
    assert_int_equal(h3s_session_rejection(session), H3S_REJECTION_REVOKED);
    assert_string_equal(h3s_rejection_str(h3s_session_rejection(session)), "revoked");
    assert_true(h3s_session_is_new(session) && h3s_session_source(session) == H3S_SOURCE_NONE);
    assert_ok(h3s_set_cookies(session, &list, &count, NULL));
    assert_int_equal(count, 0);
    h3s_session_free(session);
    /* Who has not heard opens it. */
    session = opened(other, jar_header(jar), NOW + 1);
    assert_int_equal(h3s_session_rejection(session), H3S_REJECTION_NONE);
    h3s_session_free(session);
    h3s_revocations_free(known);
    h3s_revocations_free(other);
    free(jar);
}

static void rotate_owes_an_entry_for_the_former_id(void **state)
{
    h3s_revocations *known = copy_of(100);
    h3s_session *session = opened(known, "", NOW);
    char tokens[3][512];
    const h3s_str *list = NULL;
    size_t count = 7;
    h3s_str token;
    (void)state;
    assert_ok(h3s_revocations_heard(known, NOW, NULL));
    for (int i = 0; i < 3; i++) {
        assert_ok(h3s_seal(session, &token, NULL));
        strcpy(tokens[i], token.ptr);
        if (i < 2)
            assert_ok(h3s_rotate(session, NULL));
        assert_ok(h3s_revocation_entries(session, &list, &count, NULL));
        assert_int_equal(count, i < 2 ? i + 1 : 2);
    }
    /* They are borrowed until the next one: reads and other writes end nothing. */
    assert_ok(h3s_set_int(session, S("a"), 1, NULL));
    assert_ok(h3s_seal(session, &token, NULL));
    for (size_t i = 0; i < count; i++)
        assert_true(applies(known, list[i].ptr));
    for (int i = 0; i < 3; i++)
        assert_int_equal(is_refused(known, tokens[i], NOW), i < 2);
    assert_ok(h3s_revoke(session, NULL));
    assert_int_equal(apply_all(known, session), 3);
    assert_int_equal(is_refused(known, tokens[2], NOW), 1);
    h3s_session_free(session);
    h3s_revocations_free(known);
}

static void what_a_session_allows_says_what_may_be_revoked(void **state)
{
    h3s_revocations *known = copy_of(100);
    h3s_session *plain = used(config, NULL, NULL, NOW), *session = opened(known, "", NOW);
    const h3s_str *list = NULL;
    h3s_str token;
    size_t count = 7;
    h3s_error err;
    (void)state;
    assert_int_equal(h3s_revoke(plain, &err), H3S_ERR_CONFIG);
    assert_string_equal(err.key, "revocation");
    assert_int_equal(h3s_revoke_everywhere(plain, NULL), H3S_ERR_CONFIG);
    assert_ok(h3s_revocation_entries(plain, &list, &count, NULL));
    assert_int_equal(count, 0);
    assert_false(flags_of(plain) & (H3S_VIEW_CLEARED | H3S_VIEW_STALE));
    h3s_session_free(plain);

    assert_int_equal(h3s_revoke_everywhere(session, &err), H3S_ERR_STATE);
    assert_false(flags_of(session) & H3S_VIEW_CLEARED);
    assert_ok(h3s_set_int(session, S("user"), 42, NULL));
    assert_ok(h3s_revoke_everywhere(session, NULL));
    /* Its own id was in no token. */
    assert_int_equal(apply_all(known, session), 1);
    assert_ok(h3s_revoke(session, NULL));
    assert_ok(h3s_clear(session, NULL));
    /* A write begins another session, with another id. */
    assert_ok(h3s_set_int(session, S("a"), 1, NULL));
    assert_false(flags_of(session) & H3S_VIEW_CLEARED);
    assert_ok(h3s_seal(session, &token, NULL));
    assert_ok(h3s_clear(session, NULL));
    assert_int_equal(h3s_revoke_everywhere(session, &err), H3S_ERR_STATE);
    /* What was in a token until it was cleared. */
    assert_int_equal(apply_all(known, session), 1);
    assert_ok(h3s_revoke(session, NULL));
    assert_int_equal(apply_all(known, session), 2);
    h3s_session_free(session);

    /* Of another version: here it cannot be read, and so not revoked. */
    session = opened(known, "h3=h3s2.AAAA", NOW);
    assert_int_equal(h3s_revoke(session, &err), H3S_ERR_REJECTED);
    assert_int_equal(err.rejection, H3S_REJECTION_UNSUPPORTED_FORMAT);
    assert_false(flags_of(session) & H3S_VIEW_CLEARED);
    h3s_session_free(session);

    h3s_config *unnamed = config_of(CLOSED);
    h3s_request request = request_at(known, NOW);
    assert_ok(h3s_use(unnamed, &request, &session, NULL));
    assert_int_equal(h3s_revoke_everywhere(session, &err), H3S_ERR_CONFIG);
    assert_string_equal(err.key, "revocation.subject");
    h3s_session_free(session);
    h3s_config_free(unnamed);
    h3s_revocations_free(known);
}

static void all_sessions_of_a_subject_or_of_all_are_refused_that_were_made_before(void **state)
{
    h3s_revocations *known = copy_of(100);
    char tokens[4][512], line[LINE];
    size_t len;
    (void)state;
    for (int i = 0; i < 4; i++) {
        h3s_session *session = opened(known, "", NOW + i);
        h3s_str token;
        assert_ok(i % 2 ? h3s_set_int(session, S("user"), 42, NULL) : h3s_set_text(session, S("user"), S("42"), NULL));
        assert_ok(h3s_seal(session, &token, NULL));
        strcpy(tokens[i], token.ptr);
        h3s_session_free(session);
    }
    assert_ok(h3s_revoke_subject(revocable, S("42"), NOW + 1, NOW + 9, line, sizeof line, &len, NULL));
    assert_true(applies(known, line));
    for (int i = 0; i < 4; i++)
        assert_int_equal(is_refused(known, tokens[i], NOW + 9), i < 1);
    assert_ok(h3s_revoke_subject(revocable, NULL, 0, NOW + 2, NOW + 9, line, sizeof line, &len, NULL));
    assert_true(applies(known, line));
    for (int i = 0; i < 4; i++)
        assert_int_equal(is_refused(known, tokens[i], NOW + 9), i < 2);
    /* Without a moment: now. */
    assert_ok(h3s_revoke_subject(revocable, S("42"), 0, NOW + 3, line, sizeof line, &len, NULL));
    assert_true(applies(known, line));
    for (int i = 0; i < 4; i++)
        assert_int_equal(is_refused(known, tokens[i], NOW + 9), i < 3);
    h3s_revocations_free(known);
}

/* ---- What may not be known ------------------------------------------------------------------- */

static void a_copy_that_has_not_heard_says_so_or_refuses_as_the_options_say(void **state)
{
    h3s_revocations *known = copy_of(100);
    h3s_request request = request_at(known, NOW);
    h3s_session *session = opened(known, "", NOW);
    h3s_str token;
    char copied[512], cookie[600];
    h3s_error err;
    (void)state;
    assert_int_equal(info_of(known, NOW).heard_at, 0);
    assert_true(flags_of(session) & H3S_VIEW_STALE);
    assert_ok(h3s_seal(session, &token, NULL));
    strcpy(copied, token.ptr);
    sprintf(cookie, "h3=%s", copied);
    h3s_session_free(session);

    for (int i = 0; i < 3; i++) {
        /* Never heard; heard just long enough ago; and a moment longer. */
        int is_stale = i != 1;
        request.now_ms = NOW + 60 * SECOND + (i == 2);
        if (i == 1)
            assert_ok(h3s_revocations_heard(known, NOW, NULL));
        session = opened(known, cookie, request.now_ms);
        assert_int_equal(flags_of(session) & H3S_VIEW_STALE, is_stale ? H3S_VIEW_STALE : 0);
        assert_false(h3s_session_is_new(session));
        h3s_session_free(session);
        /* With no session, or none that opens, a request goes on. */
        request.cookie_len = request.header_len = 0;
        assert_ok(h3s_use(closed, &request, &session, NULL));
        assert_int_equal(flags_of(session) & H3S_VIEW_STALE, is_stale ? H3S_VIEW_STALE : 0);
        h3s_session_free(session);
        request.cookie = "h3=h3s1..AAAA";
        request.cookie_len = strlen(request.cookie);
        assert_ok(h3s_get(closed, &request, &session, NULL));
        h3s_session_free(session);
        int32_t expected = is_stale ? H3S_ERR_STALE : H3S_OK;
        request.cookie = cookie;
        request.cookie_len = strlen(cookie);
        session = (h3s_session *)&request;
        assert_int_equal(h3s_use(closed, &request, &session, &err), expected);
        assert_true((session == NULL) == is_stale && (!is_stale || err.status == H3S_ERR_STALE));
        h3s_session_free(session);
        assert_int_equal(h3s_get(closed, &request, &session, NULL), expected);
        h3s_session_free(session);
        request.header = copied;
        request.header_len = strlen(copied);
        assert_int_equal(h3s_unseal(closed, &request, &session, NULL), expected);
        h3s_session_free(session);
        assert_int_equal(h3s_use(closed, &request, &session, NULL), expected);
        h3s_session_free(session);
    }
    assert_true(strlen(h3s_status_str(H3S_ERR_STALE)) > 0);
    h3s_revocations_free(known);
}

static void a_full_copy_says_so_keeps_what_it_has_and_is_stale(void **state)
{
    enum { ALL = 40 };
    struct pair *pairs = pairs_of("full", ALL);
    h3s_revocations *known = copy_of(1);
    char lines[ALL * 256] = "";
    size_t applied = 7, refused = 0;
    h3s_session *session;
    h3s_error err;
    (void)state;
    for (int i = 0; i < ALL; i++)
        sprintf(lines + strlen(lines), "%s\n", pairs[i].line);
    assert_ok(h3s_revocations_heard(known, NOW, NULL));
    assert_int_equal(h3s_revocations_apply(known, revocable, S(lines), NOW, &applied, &err), H3S_ERR_FULL);
    assert_int_equal(err.status, H3S_ERR_FULL);
    h3s_revocations_info info = info_of(known, NOW);
    assert_int_equal(applied, info.entries);
    assert_true(info.room >= 1 && info.entries >= info.room);
    assert_true(info.missed > 0 && info.entries + info.missed == ALL);
    for (int i = 0; i < ALL; i++)
        refused += is_refused(known, pairs[i].token, NOW) == 1;
    assert_int_equal(refused, info.entries);
    session = opened(known, "", NOW);
    assert_true(flags_of(session) & H3S_VIEW_STALE);
    h3s_session_free(session);
    /* What has found no room before has room once others have ended. */
    assert_int_equal(info_of(known, NOW + 72 * MINUTE).entries, 0);
    h3s_revocations_free(known);
    free(pairs);
}

static void options_and_request_belong_together(void **state)
{
    h3s_revocations *known = copy_of(10);
    h3s_request request = request_at(NULL, NOW);
    h3s_session *session = NULL;
    h3s_error err;
    (void)state;
    assert_int_equal(h3s_use(revocable, &request, &session, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "request.revocations");
    assert_int_equal(h3s_get(revocable, &request, &session, NULL), H3S_ERR_ARGUMENT);
    request.header = "h3s1..AAAA";
    request.header_len = 10;
    assert_int_equal(h3s_unseal(revocable, &request, &session, NULL), H3S_ERR_ARGUMENT);
    request.revocations = known;
    assert_int_equal(h3s_use(config, &request, &session, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "request.revocations");
    assert_int_equal(h3s_unseal(config, &request, &session, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revocations_apply(known, config, S("x"), NOW, NULL, &err), H3S_ERR_CONFIG);
    assert_string_equal(err.key, "revocation");
    assert_int_equal(h3s_config_flags(revocable) & H3S_CONFIG_REVOCATION, H3S_CONFIG_REVOCATION);
    assert_int_equal(h3s_config_flags(config) & H3S_CONFIG_REVOCATION, 0);
    assert_true(h3s_config_revocation_keep(revocable) == 71 * MINUTE && h3s_config_revocation_keep(config) == 0);
    assert_str(h3s_config_revocation_file(revocable), "");
    assert_str(h3s_config_revocation_file(config), "");
    h3s_config *filed = config_of("{\"password\":\"" PASSWORD "\",\"maxAge\":1,\"revocation\":{\"file\":\"/run/revoked\"}}");
    h3s_str path = h3s_config_revocation_file(filed);
    assert_str(path, "/run/revoked");
    assert_int_equal(path.ptr[path.len], '\0');
    h3s_config_free(filed);
    h3s_revocations_free(known);
}

/* ---- Entries --------------------------------------------------------------------------------- */

static void an_entry_goes_where_there_is_room_for_it_and_its_nul(void **state)
{
    char out[LINE + 1], id[256], subject[1025];
    size_t len = 0, again = 0;
    h3s_error err;
    (void)state;
    assert_int_equal(h3s_revoke_session(revocable, S("an-id"), NOW, NULL, 0, &len, &err), H3S_ERR_ARGUMENT);
    assert_true(len > 100);
    memset(out, '!', sizeof out);
    assert_int_equal(h3s_revoke_session(revocable, S("an-id"), NOW, out, len, &again, NULL), H3S_ERR_ARGUMENT);
    assert_true(again == len && out[0] == '!');
    assert_ok(h3s_revoke_session(revocable, S("an-id"), NOW, out, len + 1, &again, NULL));
    assert_true(again == len && strlen(out) == len && out[len + 1] == '!');
    assert_int_equal(strncmp(out, "h3r1..", 6), 0);
    assert_int_equal(h3s_revoke_subject(revocable, S("ada"), 0, NOW, NULL, 0, &again, NULL), H3S_ERR_ARGUMENT);
    assert_true(again > 100);

    /* The longest that there can be, under the longest key id: 2,048 bytes are enough. */
    h3s_config *named = config_of("{\"password\":{\"a2345678901234567890123456789012\":\"" PASSWORD
                                  "\"},\"maxAge\":3600,\"revocation\":{\"subject\":\"/user\"}}");
    memset(id, 'x', 255);
    memset(subject, 'x', 1024);
    assert_ok(h3s_revoke_session(named, id, 255, NOW, out, LINE, &len, NULL));
    assert_ok(h3s_revoke_subject(named, subject, 1024, 0, NOW, out, LINE, &len, NULL));
    assert_true(len < LINE);
    h3s_revocations *known = copy_of(10);
    assert_ok(h3s_revocations_apply(known, named, out, len, NOW, &again, NULL));
    assert_int_equal(again, 1);
    h3s_revocations_free(known);
    h3s_config_free(named);
}

static void an_entry_says_what_it_revokes_to_who_has_the_password(void **state)
{
    h3s_config *other = config_of("{\"password\":\"another password, of 32 characters or more\",\"maxAge\":3600,\"revocation\":{}}");
    h3s_entry_info entry = H3S_ENTRY_INFO_INIT;
    h3s_revocations *known = copy_of(10);
    h3s_session *session = opened(known, "", NOW);
    char line[LINE], whose[1025];
    size_t len, got = 7;
    h3s_error err;
    (void)state;
    assert_ok(h3s_revoke_session(revocable, h3s_session_id(session).ptr, h3s_session_id(session).len, NOW, line, LINE, &len, NULL));
    assert_ok(h3s_revocation_read(revocable, line, len, &entry, whose, sizeof whose, &got, NULL));
    assert_true(entry.kind == H3S_ENTRY_SESSION && entry.before == 0 && entry.until >= NOW + 70 * MINUTE);
    assert_true(entry.until < NOW + 71 * MINUTE);
    assert_string_equal(whose, h3s_session_log_id(session).ptr);
    assert_int_equal(got, 32);
    assert_ok(h3s_revoke_subject(revocable, S("ada"), NOW - 1, NOW, line, LINE, &len, NULL));
    assert_ok(h3s_revocation_read(revocable, line, len, &entry, whose, sizeof whose, &got, NULL));
    assert_true(entry.kind == H3S_ENTRY_SUBJECT && entry.before == NOW - 1 && got == 3);
    assert_string_equal(whose, "ada");
    assert_int_equal(h3s_revocation_read(revocable, line, len, &entry, whose, 3, &got, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(got, 3);
    assert_ok(h3s_revoke_subject(revocable, NULL, 0, NOW, NOW, line, LINE, &len, NULL));
    assert_ok(h3s_revocation_read(revocable, line, len, &entry, whose, sizeof whose, &got, NULL));
    assert_true(entry.kind == H3S_ENTRY_EVERYBODY && entry.before == NOW && got == 0 && whose[0] == 0);
    /* What is not asked for. */
    assert_ok(h3s_revocation_read(revocable, line, len, &entry, NULL, 0, NULL, NULL));

    entry.kind = 7;
    assert_int_equal(h3s_revocation_read(other, line, len, &entry, whose, sizeof whose, &got, &err), H3S_ERR_REJECTED);
    assert_int_equal(err.rejection, H3S_REJECTION_BAD_SEAL);
    assert_int_equal(h3s_revocation_read(revocable, S("h3r1..x"), &entry, NULL, 0, NULL, &err), H3S_ERR_REJECTED);
    assert_int_equal(err.rejection, H3S_REJECTION_MALFORMED);
    assert_int_equal(h3s_revocation_read(config, line, len, &entry, NULL, 0, NULL, NULL), H3S_ERR_CONFIG);
    assert_true(entry.kind == 7 && got == 0);
    entry.size--;
    assert_int_equal(h3s_revocation_read(revocable, line, len, &entry, NULL, 0, NULL, NULL), H3S_ERR_ARGUMENT);
    h3s_session_free(session);
    h3s_revocations_free(known);
    h3s_config_free(other);
}

static void what_is_no_id_no_subject_and_no_time_is_refused(void **state)
{
    char out[LINE], long_one[1100];
    size_t len = 7;
    h3s_error err;
    (void)state;
    memset(long_one, 'x', sizeof long_one);
    assert_int_equal(h3s_revoke_session(revocable, "", 0, NOW, out, LINE, &len, NULL), H3S_ERR_DATA);
    assert_int_equal(len, 0);
    assert_int_equal(h3s_revoke_session(revocable, S("a b"), NOW, out, LINE, &len, NULL), H3S_ERR_DATA);
    assert_int_equal(h3s_revoke_session(revocable, S("\xff"), NOW, out, LINE, &len, NULL), H3S_ERR_DATA);
    assert_int_equal(h3s_revoke_session(revocable, long_one, 256, NOW, out, LINE, &len, NULL), H3S_ERR_DATA);
    assert_int_equal(h3s_revoke_session(revocable, S("a"), -1, out, LINE, &len, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "now_ms");
    assert_int_equal(h3s_revoke_session(config, S("a"), NOW, out, LINE, &len, NULL), H3S_ERR_CONFIG);
    /* An empty text is nobody, and not everybody. */
    assert_int_equal(h3s_revoke_subject(revocable, "", 0, 0, NOW, out, LINE, &len, NULL), H3S_ERR_DATA);
    assert_int_equal(h3s_revoke_subject(revocable, S("\xff"), 0, NOW, out, LINE, &len, NULL), H3S_ERR_DATA);
    assert_int_equal(h3s_revoke_subject(revocable, long_one, 1025, 0, NOW, out, LINE, &len, NULL), H3S_ERR_DATA);
    assert_int_equal(h3s_revoke_subject(revocable, S("a"), -1, NOW, out, LINE, &len, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "before_ms");
    assert_int_equal(h3s_revoke_subject(revocable, S("a"), NOW + 11 * MINUTE, NOW, out, LINE, &len, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revoke_subject(revocable, S("a"), INT64_MAX, NOW, out, LINE, &len, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revoke_subject(revocable, S("a"), INT64_MIN, NOW, out, LINE, &len, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revoke_subject(revocable, S("a"), 0, INT64_MAX, out, LINE, &len, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revoke_subject(closed, S("a"), 0, NOW, out, LINE, &len, &err), H3S_ERR_CONFIG);
    assert_string_equal(err.key, "revocation.subject");
    assert_int_equal(len, 0);
    /* Everybody has no subject. */
    assert_ok(h3s_revoke_subject(closed, NULL, 0, 0, NOW, out, LINE, &len, NULL));
    assert_ok(h3s_revoke_session(revocable, S("a"), 0, out, LINE, &len, NULL));
    assert_ok(h3s_revoke_subject(revocable, S("a"), 0, 0, out, LINE, &len, NULL));
}

static void lines_are_taken_however_they_end_and_others_are_passed_over(void **state)
{
    struct pair pair;
    char lines[4 * LINE];
    size_t len, applied = 7;
    (void)state;
    make_pair(&pair, "line", 0);
    const struct { const char *before, *after; size_t applied; } cases[] = {
        {"", "", 1}, {"", "\n", 1}, {"", "\r\n", 1}, {"\n\n\r\n", "\n\n", 1}, {"h3r1.\nh3r1..\n", "\nh3r1", 1},
        {"h3r1..1800000060.AAAA\n", "", 1}, {" ", "", 0}, {"", " ", 0}, {"", "\t\n", 0}, {"", "\r\r\n", 0}, {"x", "", 0}, {"", "x", 0}, {"", "=", 0},
        {"h3r2..60.AAAA\nh3s1..AAAA\n", "\n", 1}, {"\xff\xfe\n", "\n\xff", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        h3s_revocations *known = copy_of(10);
        sprintf(lines, "%s%s%s", cases[i].before, pair.line, cases[i].after);
        assert_ok(h3s_revocations_apply(known, revocable, S(lines), NOW, &applied, NULL));
        assert_int_equal(applied, cases[i].applied);
        assert_int_equal(is_refused(known, pair.token, NOW), (int)cases[i].applied);
        h3s_revocations_free(known);
    }
    h3s_revocations *known = copy_of(10);
    /* A NUL is a byte as any other; a line that is too long is none; again makes no difference. */
    len = strlen(pair.line);
    memcpy(lines, pair.line, len + 1);
    assert_ok(h3s_revocations_apply(known, revocable, lines, len + 1, NOW, &applied, NULL));
    assert_int_equal(applied, 0);
    memset(lines, 'A', 3 * LINE);
    memcpy(lines, pair.line, len);
    sprintf(lines + 3 * LINE, "\n%s\n%s", pair.line, pair.line);
    assert_ok(h3s_revocations_apply(known, revocable, S(lines), NOW, &applied, NULL));
    assert_int_equal(applied, 2);
    assert_int_equal(info_of(known, NOW).entries, 1);
    assert_ok(h3s_revocations_apply(known, revocable, NULL, 0, NOW, &applied, NULL));
    assert_int_equal(applied, 0);
    assert_ok(h3s_revocations_apply(known, revocable, S(pair.line), NOW, NULL, NULL));
    /* Nor does it count once it has ended. */
    assert_ok(h3s_revocations_apply(known, revocable, S(pair.line), NOW + 72 * MINUTE, &applied, NULL));
    assert_int_equal(applied, 0);
    h3s_revocations_free(known);
}

/* ---- Owners ---------------------------------------------------------------------------------- */

static void a_copy_lasts_until_its_last_owner_and_the_last_session_are_gone(void **state)
{
    h3s_revocations *known = copy_of(10), *second = h3s_revocations_ref(known);
    struct pair pair;
    (void)state;
    assert_ptr_equal(second, known);
    make_pair(&pair, "owner", 0);
    h3s_session *session = opened(known, "", NOW);
    h3s_revocations_free(known);
    assert_true(applies(second, pair.line));
    assert_int_equal(is_refused(second, pair.token, NOW), 1);
    h3s_revocations_free(second);
    assert_ok(h3s_session_set_now(session, NOW + 1, NULL));
    assert_ok(h3s_revoke(session, NULL));
    h3s_session_free(session);
}

/* Of those below: to valgrind, what a child has on its stack when it ends is lost. */
static struct pair *pairs;
static h3s_revocations *known;

static void a_fork_leaves_each_process_a_copy_of_its_own(void **state)
{
    int status = -1;
    (void)state;
    pairs = pairs_of("fork", 3);
    known = copy_of(10);
    assert_true(applies(known, pairs[0].line));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int right = is_refused(known, pairs[0].token, NOW) == 1 && is_refused(known, pairs[1].token, NOW) == 0
            && applies(known, pairs[1].line) && is_refused(known, pairs[1].token, NOW) == 1;
        _exit(right ? 0 : 1);
    }
    assert_true(applies(known, pairs[2].line));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(is_refused(known, pairs[0].token, NOW), 1);
    assert_int_equal(is_refused(known, pairs[1].token, NOW), 0);
    assert_int_equal(is_refused(known, pairs[2].token, NOW), 1);
    h3s_revocations_free(known);
    free(pairs);
}

/* ---- Memory that processes share ------------------------------------------------------------- */

static void *shared_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    return memory;
}

static h3s_revocations *placed_at(void *memory, size_t size)
{
    h3s_revocations *made = NULL;
    h3s_error err;
    if (h3s_revocations_at(memory, size, &made, &err) != H3S_OK)
        fail_msg("%s: %s", err.key, err.message);
    return made;
}

static void memory_that_is_too_small_misaligned_or_strange_is_refused(void **state)
{
    uint64_t memory[(LEAST + 1024) / 8] = {0};
    h3s_revocations *made;
    h3s_error err;
    (void)state;
    for (size_t size = 0; size < LEAST; size++) {
        made = (h3s_revocations *)memory;
        assert_int_equal(h3s_revocations_at(memory, size, &made, &err), H3S_ERR_ARGUMENT);
        assert_string_equal(err.key, "size");
        assert_null(made);
    }
    for (int by = 1; by < 8; by++) {
        assert_int_equal(h3s_revocations_at((char *)memory + by, LEAST, &made, &err), H3S_ERR_ARGUMENT);
        assert_string_equal(err.key, "memory");
    }
    assert_int_equal(h3s_revocations_at(memory, SIZE_MAX / 2 + 1, &made, NULL), H3S_ERR_ARGUMENT);
    for (size_t i = 0; i < sizeof memory / 8; i++)
        assert_int_equal(memory[i], 0);

    /* A byte more or less is of no account; another power of two is another table. */
    made = placed_at(memory, LEAST + 7);
    assert_int_equal(info_of(made, NOW).room, 8);
    h3s_revocations_free(made);
    h3s_revocations_free(placed_at(memory, LEAST));
    assert_int_equal(h3s_revocations_at(memory, sizeof memory, &made, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "memory");
    /* Any one number of what makes it a table, changed. */
    uint64_t mark = memory[0], buckets = memory[1];
    memory[0] ^= 1;
    assert_int_equal(h3s_revocations_at(memory, LEAST, &made, NULL), H3S_ERR_ARGUMENT);
    memory[0] = mark;
    for (int bit = 0; bit < 64; bit++) {
        memory[1] = buckets ^ (UINT64_C(1) << bit);
        assert_int_equal(h3s_revocations_at(memory, LEAST, &made, NULL), H3S_ERR_ARGUMENT);
    }
    memset(memory, 0xA5, sizeof memory);
    assert_int_equal(h3s_revocations_at(memory, LEAST, &made, NULL), H3S_ERR_ARGUMENT);
    assert_null(made);

    /* Behind a head that is right, anything at all is only an answer. */
    memset(memory, 0xA5, sizeof memory);
    memory[0] = mark, memory[1] = buckets;
    made = placed_at(memory, LEAST);
    struct pair pair;
    make_pair(&pair, "strange", 0);
    assert_true(is_refused(made, pair.token, NOW) >= 0);
    (void)!h3s_revocations_apply(made, revocable, S(pair.line), NOW, NULL, NULL);
    assert_true(is_refused(made, pair.token, NOW) >= 0);
    assert_ok(h3s_revocations_heard(made, NOW, NULL));
    h3s_revocations_free(made);
}

static void a_second_handle_takes_over_what_the_first_has_left(void **state)
{
    struct pair *pairs = pairs_of("taken", 2);
    void *memory = shared_memory(SIZE);
    h3s_revocations *first = placed_at(memory, SIZE), *second;
    (void)state;
    assert_int_equal(info_of(first, NOW).room, 4096);
    assert_true(applies(first, pairs[0].line));
    assert_ok(h3s_revocations_heard(first, NOW, NULL));
    h3s_revocations_free(first);
    first = placed_at(memory, SIZE);
    second = placed_at(memory, SIZE);
    assert_int_equal(is_refused(second, pairs[0].token, NOW), 1);
    assert_int_equal(info_of(second, NOW).heard_at, NOW);
    assert_true(applies(first, pairs[1].line));
    assert_int_equal(is_refused(second, pairs[1].token, NOW), 1);
    assert_int_equal(info_of(second, NOW).entries, 2);
    h3s_revocations_free(first);
    h3s_revocations_free(second);
    munmap(memory, SIZE);
    free(pairs);
}

/* What a test's processes tell each other. */
struct signals { atomic_int ready, go, done; };

/*
 * Children, each with a handle of its own that it makes at the same time as the others, write and
 * read at once: what one has applied is refused by all, and what it has seen refused stays so.
 */
static void processes_write_and_read_one_copy_at_once(void **state)
{
    enum { CHILDREN = 6, EACH = 40 };
    (void)state;
    pairs = pairs_of("shared", CHILDREN * EACH);
    for (int round = 0; round < 4; round++) {
        void *memory = shared_memory(SIZE);
        struct signals *signals = shared_memory(sizeof *signals);
        pid_t children[CHILDREN];
        for (int child = 0; child < CHILDREN; child++) {
            children[child] = fork();
            assert_true(children[child] >= 0);
            if (children[child] != 0)
                continue;
            int seen[CHILDREN * EACH] = {0}, failed = 0;
            alarm(60); /* A child that waits for ever is a failure. */
            atomic_fetch_add(&signals->ready, 1);
            while (!atomic_load(&signals->go))
                ;
            if (h3s_revocations_at(memory, SIZE, &known, NULL) != H3S_OK)
                _exit(1);
            for (int i = 0; i < EACH && !failed; i++) {
                int own = child * EACH + i;
                if (!applies(known, pairs[own].line) || is_refused(known, pairs[own].token, NOW) != 1)
                    failed = 2;
                for (int other = 0; other < CHILDREN * EACH; other += 7) {
                    int refused = is_refused(known, pairs[other].token, NOW);
                    if (refused < seen[other])
                        failed = 3;
                    seen[other] = refused;
                }
            }
            /* All have applied all. */
            atomic_fetch_add(&signals->done, 1);
            while (atomic_load(&signals->done) < CHILDREN)
                ;
            for (int i = 0; i < CHILDREN * EACH && !failed; i++)
                if (is_refused(known, pairs[i].token, NOW) != 1)
                    failed = 4;
            _exit(failed);
        }
        while (atomic_load(&signals->ready) < CHILDREN)
            ;
        atomic_store(&signals->go, 1);
        for (int child = 0; child < CHILDREN; child++) {
            int status = -1;
            assert_int_equal(waitpid(children[child], &status, 0), children[child]);
            assert_int_equal(status, 0);
        }
        known = placed_at(memory, SIZE);
        for (int i = 0; i < CHILDREN * EACH; i++)
            assert_int_equal(is_refused(known, pairs[i].token, NOW), 1);
        assert_true(info_of(known, NOW).entries == CHILDREN * EACH && info_of(known, NOW).missed == 0);
        h3s_revocations_free(known);
        munmap(memory, SIZE);
        munmap(signals, sizeof *signals);
    }
    free(pairs);
}

static int rounds(int usual)
{
    return getenv("H3S_ROUNDS") != NULL ? 10 : usual;
}

/*
 * Writers that are killed wherever they are: each entry whose `apply` had returned is refused, by
 * whoever was there before and whoever comes then, and nobody waits for the dead.
 */
static void a_killed_writer_takes_nothing_with_it_that_it_had_applied(void **state)
{
    enum { EACH = 64, WRITERS = 2 };
    void *memory = shared_memory(SIZE);
    (void)state;
    pairs = pairs_of("killed", WRITERS * EACH);
    known = placed_at(memory, SIZE);
    for (int round = 0; round < rounds(150); round++) {
        atomic_int *applied = shared_memory(WRITERS * sizeof *applied);
        pid_t children[WRITERS];
        /* As if it were new, every time. */
        h3s_revocations_free(known);
        memset(memory, 0, SIZE);
        known = placed_at(memory, SIZE);
        for (int child = 0; child < WRITERS; child++) {
            children[child] = fork();
            assert_true(children[child] >= 0);
            if (children[child] == 0) {
                alarm(60);
                for (int i = 0; i < EACH; i++) {
                    if (!applies(known, pairs[child * EACH + i].line))
                        _exit(1);
                    atomic_store(&applied[child], i + 1);
                }
                _exit(0);
            }
        }
        /* After each number of entries in turn. */
        while (atomic_load(&applied[0]) < round % EACH)
            ;
        for (int child = 0; child < WRITERS; child++)
            kill(children[child], SIGKILL);
        for (int child = 0; child < WRITERS; child++) {
            int status = -1;
            assert_int_equal(waitpid(children[child], &status, 0), children[child]);
            assert_true(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
        }
        h3s_revocations *after = placed_at(memory, SIZE);
        for (int child = 0; child < WRITERS; child++)
            for (int i = 0; i < atomic_load(&applied[child]); i++) {
                assert_int_equal(is_refused(known, pairs[child * EACH + i].token, NOW), 1);
                assert_int_equal(is_refused(after, pairs[child * EACH + i].token, NOW), 1);
            }
        /* All can still be applied, by anybody. */
        for (int i = 0; i < WRITERS * EACH; i++) {
            assert_true(applies(after, pairs[i].line));
            assert_int_equal(is_refused(known, pairs[i].token, NOW), 1);
        }
        assert_int_equal(info_of(known, NOW).missed, 0);
        h3s_revocations_free(after);
        munmap(applied, WRITERS * sizeof *applied);
    }
    h3s_revocations_free(known);
    munmap(memory, SIZE);
    free(pairs);
}

static int make(void **state)
{
    make_config(state);
    revocable = config_of(PLAIN);
    closed = config_of(CLOSED);
    return 0;
}

static int unmake(void **state)
{
    free_config(state);
    h3s_config_free(revocable);
    h3s_config_free(closed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revoked_session_is_refused_wherever_its_entry_was_applied),
        cmocka_unit_test(rotate_owes_an_entry_for_the_former_id),
        cmocka_unit_test(what_a_session_allows_says_what_may_be_revoked),
        cmocka_unit_test(all_sessions_of_a_subject_or_of_all_are_refused_that_were_made_before),
        cmocka_unit_test(a_copy_that_has_not_heard_says_so_or_refuses_as_the_options_say),
        cmocka_unit_test(a_full_copy_says_so_keeps_what_it_has_and_is_stale),
        cmocka_unit_test(options_and_request_belong_together),
        cmocka_unit_test(an_entry_goes_where_there_is_room_for_it_and_its_nul),
        cmocka_unit_test(an_entry_says_what_it_revokes_to_who_has_the_password),
        cmocka_unit_test(what_is_no_id_no_subject_and_no_time_is_refused),
        cmocka_unit_test(lines_are_taken_however_they_end_and_others_are_passed_over),
        cmocka_unit_test(a_copy_lasts_until_its_last_owner_and_the_last_session_are_gone),
        cmocka_unit_test(a_fork_leaves_each_process_a_copy_of_its_own),
        cmocka_unit_test(memory_that_is_too_small_misaligned_or_strange_is_refused),
        cmocka_unit_test(a_second_handle_takes_over_what_the_first_has_left),
        cmocka_unit_test(processes_write_and_read_one_copy_at_once),
        cmocka_unit_test(a_killed_writer_takes_nothing_with_it_that_it_had_applied),
    };
    return cmocka_run_group_tests_name("revocation", tests, make, unmake);
}
