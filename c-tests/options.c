/* Options, errors, and what can be asked of a config. */
#include "jar.h"
#include <stdio.h>

static void an_error_names_the_option_and_the_byte(void **state)
{
    static const char text[] = "{\"password\":\"" PASSWORD "\",\"cookie\":{\"samesite\":\"lax\"}}";
    h3s_error err;
    h3s_config *config = (h3s_config *)&err;
    (void)state;
    assert_int_equal(h3s_config_new(S(text), &config, &err), H3S_ERR_CONFIG);
    assert_null(config);
    assert_int_equal(err.status, H3S_ERR_CONFIG);
    assert_string_equal(err.key, "cookie.samesite");
    assert_non_null(strstr(err.message, "sameSite"));
    assert_int_equal(err.offset, strstr(text, "\"samesite\"") - text);
}

static void no_error_holds_the_password(void **state)
{
    static const char *const texts[] = {
        "{\"password\":{\"" PASSWORD "\":1}}",
        "{\"password\":\"" PASSWORD "\",\"name\":\"" PASSWORD "\"}",
        "{\"password\":[\"" PASSWORD "\"]}",
        "{\"password\":\"" PASSWORD,
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        h3s_config *config = NULL;
        h3s_error err;
        assert_int_equal(h3s_config_new(S(texts[i]), &config, &err), H3S_ERR_CONFIG);
        assert_null(strstr(err.key, "horse"));
        assert_null(strstr(err.message, "horse"));
    }
}

static void a_long_name_of_an_unknown_option_is_not_shown(void **state)
{
    char text[400] = "{\"", key[200];
    h3s_config *config = NULL;
    h3s_error err;
    (void)state;
    memset(key, 'x', sizeof key);
    memcpy(text + 2, key, sizeof key);
    strcpy(text + 2 + sizeof key, "\":1}");
    assert_int_equal(h3s_config_new(S(text), &config, &err), H3S_ERR_CONFIG);
    assert_string_equal(err.key, "");
    assert_int_equal(err.offset, 1);
    assert_in_range(strlen(err.message), 1, sizeof err.message - 1);
    assert_null(strstr(err.message, "xx"));
}

static void options_are_checked_with_or_without_a_password(void **state)
{
    h3s_error err;
    (void)state;
    assert_ok(h3s_config_check(S("{}"), &err));
    assert_int_equal(err.status, H3S_OK);
    assert_ok(h3s_config_check(S(OPTIONS), NULL));
    assert_int_equal(h3s_config_check(S("{\"password\":\"short\"}"), &err), H3S_ERR_CONFIG);
    assert_string_equal(err.key, "password");
    assert_int_equal(h3s_config_check(S("{\"maxAge\": 0}"), &err), H3S_ERR_CONFIG);
    assert_string_equal(err.key, "maxAge");
    assert_int_equal(err.offset, 11);
    assert_int_equal(h3s_config_check(NULL, 1, &err), H3S_ERR_ARGUMENT);
}

static void a_shared_config_lasts_until_its_last_owner_frees_it(void **state)
{
    h3s_config *first = NULL;
    (void)state;
    assert_null(h3s_config_ref(NULL));
    assert_ok(h3s_config_new(S(OPTIONS), &first, NULL));
    const h3s_config *borrowed = first;
    h3s_config *second = h3s_config_ref(borrowed);
    assert_ptr_equal(second, first);
    h3s_config_free(first);
    assert_string_equal(h3s_config_cookie_name(second).ptr, "h3");
    h3s_session *session = used(second, NULL, NULL, NOW);
    h3s_config_free(second);
    h3s_session_free(session);
}

static void a_text_may_be_quoted_where_it_is(void **state)
{
    char place[16] = "a\"b";
    (void)state;
    assert_int_equal(h3s_json_quote(place, 3, place, sizeof place), 6);
    assert_string_equal(place, "\"a\\\"b\"");
    assert_int_equal(h3s_json_quote(place, 6, place, 5), 12);
    assert_string_equal(place, "");
}

static void a_text_becomes_a_json_string_where_it_fits(void **state)
{
    static const char text[] = "a\"\\\n\x01\xC3\xA9";
    static const char json[] = "\"a\\\"\\\\\\n\\u0001\xC3\xA9\"";
    const size_t len = sizeof json - 1;
    char out[64];
    (void)state;
    assert_int_equal(h3s_json_quote(S(text), NULL, 0), len);
    assert_int_equal(h3s_json_quote(S(text), out, sizeof out), len);
    assert_string_equal(out, json);
    memset(out, 'x', sizeof out);
    assert_int_equal(h3s_json_quote(S(text), out, len + 1), len);
    assert_string_equal(out, json);
    assert_int_equal(out[len + 1], 'x');
    memset(out, 'x', sizeof out);
    assert_int_equal(h3s_json_quote(S(text), out, len), len);
    assert_string_equal(out, "");
    assert_int_equal(out[1], 'x');
    assert_int_equal(h3s_json_quote(NULL, 0, out, 3), 2);
    assert_string_equal(out, "\"\"");
    assert_int_equal(h3s_json_quote("\0", 1, out, sizeof out), 8);
    assert_string_equal(out, "\"\\u0000\"");
    memset(out, 'x', sizeof out);
    assert_int_equal(h3s_json_quote("a\xFF", 2, out, sizeof out), 0);
    assert_string_equal(out, "");
    assert_int_equal(h3s_json_quote(NULL, 5, out, sizeof out), 0);
}

static void a_success_empties_the_error(void **state)
{
    h3s_config *config = NULL;
    h3s_error err;
    (void)state;
    assert_int_equal(h3s_config_new(S("{}"), &config, &err), H3S_ERR_CONFIG);
    assert_ok(h3s_config_new(S(OPTIONS), &config, &err));
    assert_int_equal(err.status, H3S_OK);
    assert_int_equal(err.offset, -1);
    assert_string_equal(err.key, "");
    assert_string_equal(err.message, "");
    h3s_config_free(config);
}

static void a_config_tells_its_names(void **state)
{
    h3s_config *config = config_of("{\"password\":\"" PASSWORD "\",\"name\":\"My_App\"}");
    (void)state;
    assert_str(h3s_config_cookie_name(config), "My_App");
    assert_str(h3s_config_header_name(config), "x-my_app-session");
    assert_str(h3s_config_vary(config), "Cookie, x-my_app-session");
    assert_string_equal(h3s_config_vary(config).ptr, "Cookie, x-my_app-session");
    h3s_config_free(config);

    config = config_of("{\"password\":\"" PASSWORD "\",\"sessionHeader\":false}");
    assert_str(h3s_config_header_name(config), "");
    assert_str(h3s_config_vary(config), "Cookie");
    h3s_config_free(config);

    config = config_of("{\"password\":\"" PASSWORD "\",\"sessionHeader\":false,\"cookie\":false}");
    assert_str(h3s_config_vary(config), "");
    h3s_config_free(config);
}

static void stripping_takes_out_the_sessions_cookies(void **state)
{
    static const char header[] = "a=1; h3=x; h3.1=y; b=2;h3.2=z;c";
    h3s_config *config = config_of(OPTIONS);
    char out[sizeof header];
    size_t len = h3s_cookie_strip(config, S(header), out);
    (void)state;
    assert_int_equal(len, strlen("a=1; b=2;c"));
    assert_memory_equal(out, "a=1; b=2;c", len);
    assert_int_equal(h3s_cookie_strip(config, NULL, 0, NULL), 0);
    assert_int_equal(h3s_cookie_strip(config, S("a"), NULL), 0);
    assert_int_equal(h3s_cookie_strip(config, NULL, 1, out), 0);
    assert_int_equal(h3s_cookie_strip(NULL, S("a"), out), 0);
    h3s_config_free(config);
}

static void stripping_may_leave_the_session_that_was_opened(void **state)
{
    static const char other[] = "a=1; h3=x; h3.1=y; b=2";
    h3s_config *config = config_of(OPTIONS);
    char token[1024], header[2048], out[2048];
    (void)state;
    token_of(config, "{\"n\":1}", NOW, token);
    snprintf(header, sizeof header, "a=1; h3=x; h3=%s; h3.1=y; b=2", token);
    h3s_session *session = used(config, header, "", NOW);
    size_t len = h3s_session_strip(session, S(header), out);
    snprintf(header, sizeof header, "a=1; h3=%s; b=2", token);
    assert_int_equal(len, strlen(header));
    assert_memory_equal(out, header, len);
    len = h3s_session_strip(session, S(other), out);
    assert_int_equal(len, strlen("a=1; b=2"));
    assert_memory_equal(out, "a=1; b=2", len);
    assert_int_equal(h3s_session_strip(session, NULL, 0, NULL), 0);
    assert_int_equal(h3s_session_strip(session, S("a"), NULL), 0);
    assert_int_equal(h3s_session_strip(session, NULL, 1, out), 0);
    assert_int_equal(h3s_session_strip(NULL, S("a"), out), 0);
    h3s_session_free(session);
    h3s_config_free(config);
}

static void every_number_has_a_name(void **state)
{
    static const char *const names[] = {"none",    "malformed", "unsupported_format", "unknown_key", "bad_seal",
                                        "expired", "idle",      "revoked",            "too_large"};
    (void)state;
    for (int32_t i = 0; i < 9; i++)
        assert_string_equal(h3s_rejection_str(i), names[i]);
    for (int32_t i = -3; i < 20; i++) {
        assert_in_range(strlen(h3s_status_str(i)), 1, 100);
        assert_in_range(strlen(h3s_rejection_str(i)), 1, 100);
        for (int32_t j = H3S_OK; i >= H3S_OK && i <= H3S_ERR_INTERNAL && j < i; j++)
            assert_string_not_equal(h3s_status_str(i), h3s_status_str(j));
    }
    assert_string_equal(h3s_status_str(999), h3s_status_str(-2));
    assert_string_not_equal(h3s_status_str(H3S_END), h3s_status_str(999));
    assert_int_equal(h3s_abi_version(), H3S_ABI_VERSION);
    assert_string_equal(h3s_version(), H3S_VERSION);
    assert_true(strcmp(h3s_backend(), "rustcrypto") == 0 || strcmp(h3s_backend(), "ring") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_names_the_option_and_the_byte), cmocka_unit_test(no_error_holds_the_password),
        cmocka_unit_test(a_long_name_of_an_unknown_option_is_not_shown),
        cmocka_unit_test(options_are_checked_with_or_without_a_password),
        cmocka_unit_test(a_shared_config_lasts_until_its_last_owner_frees_it),
        cmocka_unit_test(a_text_may_be_quoted_where_it_is),
        cmocka_unit_test(a_text_becomes_a_json_string_where_it_fits),
        cmocka_unit_test(a_success_empties_the_error),
        cmocka_unit_test(a_config_tells_its_names),
        cmocka_unit_test(stripping_takes_out_the_sessions_cookies),
        cmocka_unit_test(stripping_may_leave_the_session_that_was_opened),
        cmocka_unit_test(every_number_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
