/* The vectors of docs/FORMAT.md, through the C ABI. Run from the folder c-tests. */
#include "jar.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *vectors(const char *path)
{
    json_error_t error;
    json_t *list = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (list == NULL)
        fail_msg("%s: %s", path, error.text);
    /* A test of none would prove nothing. */
    assert_true(json_array_size(list) > 0);
    return list;
}

static const char *text(json_t *vector, const char *key)
{
    return json_string_value(json_object_get(vector, key));
}

/* Most vectors have the options of the one before: under valgrind a config takes seconds. */
static h3s_config *latest;
static char *latest_options;

static int forget_config(void **state)
{
    (void)state;
    h3s_config_free(latest);
    free(latest_options);
    return 0;
}

/* Opens a vector's token under its own options. */
static int32_t unseal(json_t *vector, h3s_session **session, h3s_error *err)
{
    char *options = json_dumps(json_object_get(vector, "options"), JSON_COMPACT);
    if (latest_options == NULL || strcmp(options, latest_options) != 0) {
        forget_config(NULL);
        latest = config_of(options);
        latest_options = options;
    } else {
        free(options);
    }
    int64_t now = json_integer_value(json_object_get(vector, "now_ms"));
    return unseal_token(latest, S(text(vector, "token")), now, session, err);
}

static void every_good_token_opens(void **state)
{
    json_t *list = vectors("../tests/vectors/h3s1-open.json"), *vector;
    size_t i;
    (void)state;
    assert_true(json_array_size(list) >= 12);
    json_array_foreach(list, i, vector) {
        h3s_session *session = NULL;
        uint32_t flags = 0;
        h3s_error err;
        if (unseal(vector, &session, &err) != H3S_OK)
            fail_msg("%s: %s", text(vector, "name"), err.message);
        assert_str(h3s_session_id(session), text(vector, "id"));
        assert_str(h3s_session_data(session), text(vector, "data"));
        assert_int_equal(h3s_session_created_at(session), json_integer_value(json_object_get(vector, "created_at")));
        assert_int_equal(h3s_session_last_seen_at(session), json_integer_value(json_object_get(vector, "last_seen_at")));
        assert_int_equal(h3s_session_lifetime(session, &flags), json_integer_value(json_object_get(vector, "lifetime")));
        assert_int_equal(flags == H3S_LIFETIME_BROWSER, json_is_true(json_object_get(vector, "ends_with_browser")));
        h3s_session_free(session);
    }
    json_decref(list);
}

static void every_bad_token_is_refused_with_its_reason(void **state)
{
    json_t *list = vectors("../tests/vectors/h3s1-refuse.json"), *vector;
    size_t i;
    (void)state;
    assert_true(json_array_size(list) >= 30);
    json_array_foreach(list, i, vector) {
        h3s_session *session = NULL;
        h3s_error err;
        if (unseal(vector, &session, &err) != H3S_ERR_REJECTED)
            fail_msg("%s is not refused", text(vector, "name"));
        if (strcmp(err.key, text(vector, "rejection")) != 0)
            fail_msg("%s is refused as %s", text(vector, "name"), err.key);
        assert_null(session);
    }
    json_decref(list);
}

static void what_stands_beside_a_token_slides_it_or_is_passed_over(void **state)
{
    json_t *list = vectors("../tests/vectors/h3s1-seen.json"), *vector;
    size_t i;
    (void)state;
    assert_true(json_array_size(list) >= 8);
    json_array_foreach(list, i, vector) {
        char *options = json_dumps(json_object_get(vector, "options"), JSON_COMPACT);
        const char *rejection = text(vector, "rejection"), *header = text(vector, "header");
        h3s_config *with = config_of(options);
        h3s_session *session = got(with, text(vector, "cookie"), header, json_integer_value(json_object_get(vector, "now_ms")));
        if (h3s_session_last_seen_at(session) != json_integer_value(json_object_get(vector, "last_seen_at")))
            fail_msg("%s", text(vector, "name"));
        assert_string_equal(h3s_rejection_str(h3s_session_rejection(session)), rejection == NULL ? "none" : rejection);
        h3s_session_free(session);
        h3s_config_free(with);
        free(options);
    }
    json_decref(list);
}

static void every_good_text_is_written_and_every_bad_one_refused(void **state)
{
    json_t *list = vectors("../tests/vectors/h3s1-write.json"), *vector;
    h3s_config *config = config_of("{\"password\":\"correct horse battery staple, and more of it\"}");
    size_t i;
    (void)state;
    assert_true(json_array_size(list) >= 40);
    json_array_foreach(list, i, vector) {
        const char *hex = text(vector, "given"), *data = text(vector, "data");
        char given[4096];
        size_t len = strlen(hex) / 2;
        assert_true(len <= sizeof given);
        for (size_t at = 0; at < len; at++)
            given[at] = (char)strtol((char[]){hex[2 * at], hex[2 * at + 1], 0}, NULL, 16);
        h3s_request request = H3S_REQUEST_INIT;
        h3s_session *session = NULL;
        assert_int_equal(h3s_use(config, &request, &session, NULL), H3S_OK);
        int32_t status = h3s_replace(session, given, len, NULL);
        if (status != (data == NULL ? H3S_ERR_DATA : H3S_OK))
            fail_msg("%s: %d", text(vector, "name"), status);
        if (data != NULL)
            assert_str(h3s_session_data(session), data);
        h3s_session_free(session);
    }
    h3s_config_free(config);
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_good_token_opens),
        cmocka_unit_test(every_bad_token_is_refused_with_its_reason),
        cmocka_unit_test(what_stands_beside_a_token_slides_it_or_is_passed_over),
        cmocka_unit_test(every_good_text_is_written_and_every_bad_one_refused),
    };
    return cmocka_run_group_tests(tests, NULL, forget_config);
}
