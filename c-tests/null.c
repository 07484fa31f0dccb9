/* Every function with NULL, with empty input, and with sizes and flags that are wrong. */
#include "jar.h"

static void freeing_null_does_nothing(void **state)
{
    (void)state;
    h3s_config_free(NULL);
    h3s_session_free(NULL);
    h3s_revocations_free(NULL);
    assert_null(h3s_revocations_ref(NULL));
}

static void a_null_handle_is_an_argument_error_or_the_absent_value(void **state)
{
    h3s_request request = {.size = sizeof request};
    h3s_view view = {.size = sizeof view};
    h3s_counts counts = H3S_COUNTS_INIT;
    h3s_session *out = (h3s_session *)&request;
    const h3s_str *list = NULL;
    h3s_str token;
    size_t count = 7;
    int64_t whole = 7;
    int32_t truth = 7;
    double number = 7;
    h3s_error err;
    (void)state;
    assert_int_equal(h3s_use(NULL, &request, &out, &err), H3S_ERR_ARGUMENT);
    assert_null(out);
    assert_string_equal(err.key, "config");
    assert_int_equal(h3s_get(NULL, &request, &out, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(unseal_token(NULL, S("x"), NOW, &out, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_ensure(NULL, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_update(NULL, S("{}"), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_replace(NULL, S("{}"), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_json(NULL, S("a"), S("1"), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_text(NULL, S("a"), S("1"), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_int(NULL, S("a"), 1, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_bool(NULL, S("a"), 1, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_double(NULL, S("a"), 1, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_at(NULL, S("/a"), S("1"), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_remove_at(NULL, S("/a"), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_remove(NULL, S("a"), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_rotate(NULL, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_clear(NULL, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revoke(NULL, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revoke_everywhere(NULL, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "session");
    list = (const h3s_str *)&request;
    assert_int_equal(h3s_revocation_entries(NULL, &list, &count, &err), H3S_ERR_ARGUMENT);
    assert_true(list == NULL && count == 0);
    count = 7;
    assert_int_equal(h3s_session_set_id(NULL, S("a"), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_session_set_lifetime(NULL, 60, 0, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_session_set_now(NULL, NOW, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_session_view(NULL, &view), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_seal(NULL, &token, &err), H3S_ERR_ARGUMENT);
    assert_str(token, NULL);
    assert_int_equal(h3s_set_cookies(NULL, &list, &count, NULL), H3S_ERR_ARGUMENT);
    assert_null(list);
    assert_int_equal(count, 0);
    assert_str(h3s_session_id(NULL), NULL);
    assert_str(h3s_session_data(NULL), NULL);
    assert_str(h3s_session_find(NULL, S("/a")), NULL);
    assert_str(h3s_session_text(NULL, S("/a")), NULL);
    assert_int_equal(h3s_session_type(NULL, S("/a")), H3S_TYPE_ABSENT);
    assert_int_equal(h3s_session_int(NULL, S("/a"), &whole), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_session_bool(NULL, S("/a"), &truth), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_session_double(NULL, S("/a"), &number), H3S_ERR_ARGUMENT);
    assert_true(whole == 7 && truth == 7 && number == 7);
    assert_str(h3s_session_log_id(NULL), NULL);
    assert_int_equal(h3s_session_created_at(NULL), 0);
    assert_int_equal(h3s_session_last_seen_at(NULL), 0);
    assert_int_equal(h3s_session_expires_at(NULL), 0);
    assert_int_equal(h3s_session_is_new(NULL), 0);
    assert_int_equal(h3s_session_is_dirty(NULL), 0);
    assert_int_equal(h3s_session_source(NULL), H3S_SOURCE_NONE);
    assert_int_equal(h3s_session_rejection(NULL), H3S_REJECTION_NONE);
    assert_str(h3s_config_cookie_name(NULL), NULL);
    assert_str(h3s_config_header_name(NULL), NULL);
    assert_str(h3s_config_vary(NULL), NULL);
    assert_str(h3s_config_revocation_file(NULL), NULL);
    assert_int_equal(h3s_config_revocation_keep(NULL), 0);
    assert_int_equal(h3s_config_counts(NULL, &counts, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "config");
    assert_int_equal(h3s_config_counts(config, NULL, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "counts");
}

static void what_is_revoked_needs_its_pointers(void **state)
{
    char out[2048] = "!";
    h3s_session *session = used(config, NULL, NULL, NOW);
    h3s_config *on = config_of("{\"password\":\"" PASSWORD "\",\"maxAge\":60,\"revocation\":{\"subject\":\"/a\"}}");
    h3s_revocations *known = NULL, *none = (h3s_revocations *)out;
    h3s_revocations_info info = H3S_REVOCATIONS_INFO_INIT;
    const h3s_str *list = NULL;
    size_t count = 7;
    h3s_error err;
    (void)state;
    assert_int_equal(h3s_revocations_new(10, NULL, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "out");
    assert_int_equal(h3s_revocations_new(0, &none, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "room");
    assert_null(none);
    assert_int_equal(h3s_revocations_new((1 << 26) + 1, &none, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revocations_new(SIZE_MAX, &none, NULL), H3S_ERR_ARGUMENT);
    none = (h3s_revocations *)out;
    assert_int_equal(h3s_revocations_at(NULL, 1024, &none, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "memory");
    assert_null(none);
    assert_int_equal(h3s_revocations_at(out, 1024, NULL, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "out");
    assert_ok(h3s_revocations_new(10, &known, NULL));

    assert_int_equal(h3s_revocations_apply(NULL, on, S("x"), NOW, &count, &err), H3S_ERR_ARGUMENT);
    assert_true(count == 0 && strcmp(err.key, "revocations") == 0);
    assert_int_equal(h3s_revocations_apply(known, NULL, S("x"), NOW, NULL, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "config");
    assert_int_equal(h3s_revocations_apply(known, on, NULL, 1, NOW, NULL, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "lines");
    assert_int_equal(h3s_revocations_apply(known, on, S("x"), -1, NULL, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "now_ms");
    assert_ok(h3s_revocations_apply(known, on, (const char *)(uintptr_t)1, 0, 0, NULL, NULL));
    assert_int_equal(h3s_revocations_heard(NULL, NOW, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revocations_heard(known, INT64_MAX, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "now_ms");
    assert_int_equal(h3s_revocations_view(NULL, NOW, &info, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revocations_view(known, NOW, NULL, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "info");
    assert_int_equal(h3s_revocations_view(known, INT64_MIN, &info, NULL), H3S_ERR_ARGUMENT);
    assert_true(info.room == 0);

    assert_int_equal(h3s_revoke_session(NULL, S("a"), NOW, out, sizeof out, &count, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "config");
    assert_int_equal(h3s_revoke_session(on, NULL, 1, NOW, out, sizeof out, &count, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "id");
    assert_int_equal(h3s_revoke_session(on, S("a"), NOW, out, sizeof out, NULL, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revoke_session(on, S("a"), NOW, NULL, sizeof out, &count, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revoke_subject(NULL, S("a"), 0, NOW, out, sizeof out, &count, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revoke_subject(on, NULL, 1, 0, NOW, out, sizeof out, &count, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "subject");
    assert_int_equal(h3s_revoke_subject(on, S("a"), 0, NOW, out, sizeof out, NULL, NULL), H3S_ERR_ARGUMENT);
    h3s_entry_info entry = H3S_ENTRY_INFO_INIT;
    assert_int_equal(h3s_revocation_read(NULL, S("a"), &entry, out, sizeof out, &count, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "config");
    assert_int_equal(h3s_revocation_read(on, NULL, 1, &entry, out, sizeof out, &count, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "line");
    assert_int_equal(h3s_revocation_read(on, S("a"), NULL, out, sizeof out, &count, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "entry");
    assert_int_equal(h3s_revocation_read(on, NULL, 0, &entry, NULL, 0, NULL, NULL), H3S_ERR_REJECTED);
    assert_true(strcmp(out, "!") == 0);

    count = 7;
    assert_int_equal(h3s_revocation_entries(session, NULL, &count, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(count, 0);
    list = (const h3s_str *)&info;
    assert_int_equal(h3s_revocation_entries(session, &list, NULL, NULL), H3S_ERR_ARGUMENT);
    assert_null(list);
    h3s_session_free(session);
    h3s_revocations_free(known);
    h3s_config_free(on);
}

/* Of no session, or no iterator: there is nothing to walk through. */
static void a_null_iterator_is_an_argument_error_or_the_absent_value(void **state)
{
    h3s_iter of_none = h3s_session_iter(NULL, S("/a")), iters[] = {of_none, h3s_iter_iter(&of_none, S("/a")),
                                                                   h3s_iter_iter(NULL, S("/a"))};
    h3s_iter *places[] = {NULL, &iters[0], &iters[1], &iters[2]};
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        h3s_str key = {"x", 1}, value = {"x", 1};
        int64_t whole = 7;
        int32_t truth = 7;
        double number = 7;
        assert_int_equal(h3s_iter_next(places[i], &key, &value), H3S_ERR_ARGUMENT);
        assert_str(key, NULL);
        assert_str(value, NULL);
        assert_int_equal(h3s_iter_next(places[i], NULL, NULL), H3S_ERR_ARGUMENT);
        assert_str(h3s_iter_find(places[i], S("/a")), NULL);
        assert_str(h3s_iter_text(places[i], S("/a")), NULL);
        assert_int_equal(h3s_iter_type(places[i], S("/a")), H3S_TYPE_ABSENT);
        assert_int_equal(h3s_iter_int(places[i], S("/a"), &whole), H3S_ERR_ARGUMENT);
        assert_int_equal(h3s_iter_bool(places[i], S("/a"), &truth), H3S_ERR_ARGUMENT);
        assert_int_equal(h3s_iter_double(places[i], S("/a"), &number), H3S_ERR_ARGUMENT);
        assert_true(whole == 7 && truth == 7 && number == 7);
    }
}

static void a_null_where_something_is_required_is_an_argument_error(void **state)
{
    h3s_request request = {.size = sizeof request};
    h3s_session *session = used(config, NULL, NULL, NOW), *out = NULL;
    h3s_config *none = config;
    const h3s_str *list = (const h3s_str *)&request;
    size_t count = 7;
    h3s_error err;
    (void)state;
    assert_int_equal(h3s_config_new(NULL, 5, &none, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "json");
    assert_null(none);
    assert_int_equal(h3s_config_new(S(OPTIONS), NULL, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_use(config, NULL, &out, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_use(config, &request, NULL, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_get(config, NULL, &out, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_get(config, &request, NULL, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(unseal_token(config, NULL, 5, NOW, &out, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(unseal_token(config, S("x"), NOW, NULL, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_update(session, NULL, 2, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_replace(session, NULL, 2, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_json(session, NULL, 1, S("1"), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_json(session, S("a"), NULL, 1, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_text(session, NULL, 1, S("1"), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_text(session, S("a"), NULL, 1, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_int(session, NULL, 1, 1, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_bool(session, NULL, 1, 1, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_double(session, NULL, 1, 1, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_at(session, NULL, 1, S("1"), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_at(session, S("/a"), NULL, 1, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_remove_at(session, NULL, 1, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_unseal(config, NULL, &out, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_iron_unseal(config, NULL, NULL, 0, &count, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(count, 0);
    assert_int_equal(h3s_session_type(session, NULL, 1), H3S_TYPE_ABSENT);
    assert_int_equal(h3s_session_int(session, S(""), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_session_bool(session, S(""), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_session_double(session, S(""), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_session_int(session, NULL, 1, &(int64_t){0}), H3S_ERR_ARGUMENT);
    h3s_iter iter = h3s_session_iter(session, NULL, 1);
    assert_int_equal(h3s_iter_next(&iter, NULL, NULL), H3S_END);
    assert_int_equal(h3s_iter_int(&iter, S(""), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_iter_bool(&iter, S(""), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_iter_double(&iter, S(""), NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_remove(session, NULL, 1, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_session_set_id(session, NULL, 1, NULL), H3S_ERR_ARGUMENT);
    count = 7;
    assert_int_equal(h3s_session_view(session, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_seal(session, NULL, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_set_cookies(session, NULL, &count, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(count, 0);
    assert_int_equal(h3s_set_cookies(session, &list, NULL, NULL), H3S_ERR_ARGUMENT);
    assert_null(list);
    assert_str(h3s_session_find(session, NULL, 1), NULL);
    assert_str(h3s_session_text(session, NULL, 1), NULL);
    request.cookie_len = 1;
    assert_int_equal(h3s_use(config, &request, &out, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "request.cookie");
    assert_str(h3s_session_data(session), "{}");
    h3s_session_free(session);
}

static void empty_input_is_empty_input_whatever_the_pointer(void **state)
{
    h3s_session *session = used(config, NULL, NULL, NOW), *out = NULL;
    const char *nowhere = (const char *)(uintptr_t)1;
    h3s_config *none = NULL;
    h3s_error err;
    (void)state;
    assert_int_equal(h3s_config_new(nowhere, 0, &none, NULL), H3S_ERR_CONFIG);
    assert_int_equal(unseal_token(config, nowhere, 0, NOW, &out, &err), H3S_ERR_REJECTED);
    assert_int_equal(err.rejection, H3S_REJECTION_MALFORMED);
    assert_int_equal(h3s_update(session, nowhere, 0, NULL), H3S_ERR_DATA);
    assert_int_equal(h3s_replace(session, NULL, 0, NULL), H3S_ERR_DATA);
    assert_int_equal(h3s_set_json(session, S("a"), NULL, 0, NULL), H3S_ERR_DATA);
    assert_int_equal(h3s_session_set_id(session, NULL, 0, NULL), H3S_ERR_DATA);
    assert_ok(h3s_set_json(session, nowhere, 0, S("1"), NULL));
    assert_ok(h3s_set_text(session, S("t"), nowhere, 0, NULL));
    assert_str(h3s_session_data(session), "{\"\":1,\"t\":\"\"}");
    assert_str(h3s_session_find(session, nowhere, 0), "{\"\":1,\"t\":\"\"}");
    assert_str(h3s_session_text(session, S("/t")), "");
    assert_ok(h3s_remove(session, NULL, 0, NULL));
    assert_str(h3s_session_data(session), "{\"t\":\"\"}");
    h3s_session_free(session);
}

static void a_struct_of_another_size_is_refused_unless_it_asks_for_nothing_more(void **state)
{
    struct { h3s_request request; uint64_t later[2]; } large = {.request = {.size = sizeof large, .now_ms = NOW}};
    struct { h3s_view view; uint64_t later; } wide = {.view = {.size = sizeof wide}};
    h3s_session *session = NULL;
    h3s_error err;
    (void)state;
    assert_ok(h3s_use(config, &large.request, &session, NULL));
    assert_ok(h3s_session_view(session, &wide.view));
    assert_int_equal(wide.view.size, sizeof wide);
    wide.later = 1;
    assert_int_equal(h3s_session_view(session, &wide.view), H3S_ERR_ARGUMENT);
    wide.view.size = sizeof wide.view - 1;
    assert_int_equal(h3s_session_view(session, &wide.view), H3S_ERR_ARGUMENT);
    h3s_session_free(session);
    large.later[1] = 1;
    assert_int_equal(h3s_use(config, &large.request, &session, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "request");
    for (uint32_t size = 0; size < sizeof(h3s_request); size++) {
        large.request.size = size;
        assert_int_equal(h3s_use(config, &large.request, &session, NULL), H3S_ERR_ARGUMENT);
    }
    large.request.size = UINT32_MAX;
    assert_int_equal(h3s_use(config, &large.request, &session, NULL), H3S_ERR_ARGUMENT);

    struct { h3s_revocations_info info; uint64_t later; } more = {.info = {.size = sizeof more}};
    h3s_revocations *known = NULL;
    assert_ok(h3s_revocations_new(10, &known, NULL));
    assert_ok(h3s_revocations_view(known, NOW, &more.info, NULL));
    assert_true(more.info.size == sizeof more && more.info.room >= 10);
    more.later = 1;
    assert_int_equal(h3s_revocations_view(known, NOW, &more.info, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "info");
    for (uint32_t size = 0; size < sizeof(h3s_revocations_info); size++) {
        more.info.size = size;
        assert_int_equal(h3s_revocations_view(known, NOW, &more.info, NULL), H3S_ERR_ARGUMENT);
    }
    h3s_revocations_free(known);
}

static void unknown_flags_and_impossible_times_are_argument_errors(void **state)
{
    h3s_request request = {.size = sizeof request, .flags = H3S_WARM_ONLY | H3S_CROSS_SITE};
    h3s_session *session = NULL;
    h3s_error err;
    (void)state;
    assert_ok(h3s_use(config, &request, &session, NULL));
    assert_int_equal(h3s_session_set_now(session, -1, NULL), H3S_ERR_ARGUMENT);
    assert_ok(h3s_session_set_now(session, 0, NULL));
    assert_int_equal(h3s_session_set_lifetime(session, -1, 0, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "max_age_sec");
    assert_int_equal(h3s_session_set_lifetime(session, 4294967296, 0, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_session_set_lifetime(session, 60, H3S_LIFETIME_BROWSER << 1, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "flags");
    assert_ok(h3s_session_set_lifetime(session, 4294967295, 0, NULL));
    h3s_session_free(session);
    request.flags = H3S_CROSS_SITE << 1;
    assert_int_equal(h3s_use(config, &request, &session, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "request.flags");
    request.flags = 0;
    request.now_ms = INT64_MAX;
    assert_int_equal(h3s_use(config, &request, &session, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(unseal_token(config, S("x"), INT64_MIN, &session, NULL), H3S_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(freeing_null_does_nothing),
        cmocka_unit_test(a_null_handle_is_an_argument_error_or_the_absent_value),
        cmocka_unit_test(a_null_iterator_is_an_argument_error_or_the_absent_value),
        cmocka_unit_test(what_is_revoked_needs_its_pointers),
        cmocka_unit_test(a_null_where_something_is_required_is_an_argument_error),
        cmocka_unit_test(empty_input_is_empty_input_whatever_the_pointer),
        cmocka_unit_test(a_struct_of_another_size_is_refused_unless_it_asks_for_nothing_more),
        cmocka_unit_test(unknown_flags_and_impossible_times_are_argument_errors),
    };
    return cmocka_run_group_tests(tests, make_config, free_config);
}
