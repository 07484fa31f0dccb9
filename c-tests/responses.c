/* What a response must say to caches, and whether another site has led a browser here. */
#include <stdio.h>

#include "jar.h"

static h3s_config *bare;

static void vary_of(const h3s_config *with, const char *present, const char *expected)
{
    char out[200];
    size_t len = 7;
    assert_ok(h3s_header_vary(with, S(present), out, sizeof out, &len, NULL));
    assert_string_equal(out, expected);
    assert_int_equal(len, strlen(expected));
}

static void vary_names_what_the_session_is_found_by(void **state)
{
    (void)state;
    vary_of(config, "", "Cookie, x-h3-session");
    vary_of(config, "Accept, cookie", "Accept, cookie, x-h3-session");
    vary_of(config, "*", "*");
    vary_of(bare, "", "");
    vary_of(bare, "Accept,", "Accept,");
}

static void cache_control_is_private(void **state)
{
    static const struct { const char *present, *expected; } cases[] = {
        {"", "private"},
        {"public, max-age=60, s-maxage=9", "private, max-age=60"},
        {"private=\"Set-Cookie, X\",no-store", "private, no-store"},
        {"no-cache=\"a\\\", public\"", "private, no-cache=\"a\\\", public\""},
        {"no-store,Private", "no-store,Private"},
    };
    char out[200];
    size_t len;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(h3s_header_cache_control(S(cases[i].present), out, sizeof out, &len, NULL));
        assert_string_equal(out, cases[i].expected);
        assert_int_equal(len, strlen(out));
    }
}

static void headers_for_some_shared_caches_are_known_by_their_names(void **state)
{
    (void)state;
    assert_int_equal(h3s_header_is_targeted(S("CDN-cache-control")), 1);
    assert_int_equal(h3s_header_is_targeted(S("Surrogate-Control")), 1);
    assert_int_equal(h3s_header_is_targeted(S("Cache-Control")), 0);
    assert_int_equal(h3s_header_is_targeted(NULL, 0), 0);
    assert_int_equal(h3s_header_is_targeted(NULL, 17), 0);
}

static void a_room_that_is_too_small_says_how_much_is_needed_and_is_left_alone(void **state)
{
    const char *vary = "Accept, Cookie, x-h3-session", *control = "private, max-age=1";
    char out[64];
    size_t len;
    h3s_error err;
    (void)state;
    for (size_t room = 0; room <= strlen(vary); room++) {
        memset(out, '?', sizeof out);
        assert_int_equal(h3s_header_vary(config, S("Accept"), out, room, &len, &err), H3S_ERR_ARGUMENT);
        assert_string_equal(err.key, "room");
        assert_int_equal(len, strlen(vary));
        assert_int_equal(out[0], '?');
    }
    for (size_t room = 0; room <= strlen(control); room++) {
        memset(out, '?', sizeof out);
        assert_int_equal(h3s_header_cache_control(S("max-age=1"), out, room, &len, &err), H3S_ERR_ARGUMENT);
        assert_string_equal(err.key, "room");
        assert_int_equal(len, strlen(control));
        assert_int_equal(out[0], '?');
    }
    assert_ok(h3s_header_vary(config, S("Accept"), out, strlen(vary) + 1, &len, &err));
    assert_string_equal(out, vary);
    assert_ok(h3s_header_cache_control(S("max-age=1"), out, strlen(control) + 1, &len, &err));
    assert_string_equal(out, control);
}

static void the_room_that_the_header_promises_is_enough(void **state)
{
    /* One comma between each two directives becomes a comma and a space. */
    char present[2001], out[2 * 2001 + 16];
    size_t len;
    (void)state;
    for (size_t i = 0; i < 2000; i++)
        present[i] = i % 2 ? ',' : 'a';
    assert_ok(h3s_header_cache_control(present, 2000, out, 2 * 2000 + 16, &len, NULL));
    assert_int_equal(len, strlen("private") + 3 * 1000);
    memset(present, '"', 2000);
    assert_ok(h3s_header_vary(config, present, 2000, out, 2000 + h3s_config_vary(config).len + 3, &len, NULL));
    assert_int_equal(len, 2000 + h3s_config_vary(config).len + 2);
}

static void null_where_something_is_required_is_an_argument_error(void **state)
{
    char out[64];
    size_t len = 7;
    h3s_error err;
    (void)state;
    assert_int_equal(h3s_header_vary(NULL, S("a"), out, sizeof out, &len, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "config");
    assert_int_equal(len, 0);
    assert_int_equal(h3s_header_vary(config, NULL, 1, out, sizeof out, &len, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "present");
    assert_int_equal(h3s_header_vary(config, S("a"), NULL, sizeof out, &len, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "out");
    assert_int_equal(len, strlen("a, ") + h3s_config_vary(config).len);
    assert_int_equal(h3s_header_vary(config, S("a"), out, sizeof out, NULL, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "out_len");
    assert_int_equal(h3s_header_cache_control(NULL, 1, out, sizeof out, &len, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "present");
    assert_int_equal(len, 0);
    assert_int_equal(h3s_header_cache_control(S("a"), NULL, sizeof out, &len, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "out");
    assert_int_equal(len, strlen("a, private"));
    assert_int_equal(h3s_header_cache_control(S("a"), out, sizeof out, NULL, NULL), H3S_ERR_ARGUMENT);
    /* To ask for the length alone. */
    assert_int_equal(h3s_header_cache_control(NULL, 0, NULL, 0, &len, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "room");
    assert_int_equal(len, strlen("private"));
}

static void another_site_is_told_from_the_own_one(void **state)
{
    static const char *const none = NULL;
    (void)state;
    assert_int_equal(h3s_is_cross_site(S("cross-site"), S("https://own.example"), none, 0, S("own.example")), 1);
    assert_int_equal(h3s_is_cross_site(S("none"), S("https://evil.example"), none, 0, S("own.example")), 0);
    assert_int_equal(h3s_is_cross_site(none, 0, S("https://evil.example"), none, 0, S("own.example")), 1);
    assert_int_equal(h3s_is_cross_site(none, 0, S("https://own.example"), none, 0, S("own.example:8443")), 0);
    assert_int_equal(h3s_is_cross_site(none, 0, none, 0, S("https://evil.example/"), S("own.example")), 1);
    assert_int_equal(h3s_is_cross_site(none, 0, none, 0, S("https://own.example/a"), S("own.example")), 0);
    assert_int_equal(h3s_is_cross_site(none, 0, S("null"), none, 0, none, 0), 1);
    assert_int_equal(h3s_is_cross_site(none, 0, none, 0, none, 0, none, 0), 0);
    /* A length without a text is no header. */
    assert_int_equal(h3s_is_cross_site(none, 9, none, 9, none, 9, none, 9), 0);
}

/* So many iterations for the key that encrypts, and for the one that authenticates. */
#define FE26(encryption, integrity) \
    ",\"seal\":{\"format\":\"fe26.2\"," \
    "\"encryption\":{\"algorithm\":\"aes-256-cbc\",\"saltBits\":256,\"iterations\":" encryption \
    ",\"minPasswordlength\":32}," \
    "\"integrity\":{\"algorithm\":\"sha256\",\"saltBits\":256,\"iterations\":" integrity \
    ",\"minPasswordlength\":32}}"

static void flags_say_what_the_options_come_to(void **state)
{
    static const struct { const char *more; uint32_t flags; } cases[] = {
        {"", H3S_CONFIG_COOKIES | H3S_CONFIG_SECURE},
        {",\"cookie\":{\"secure\":false}", H3S_CONFIG_COOKIES},
        {",\"cookie\":{\"path\":\"/Secure\",\"secure\":false}", H3S_CONFIG_COOKIES},
        {",\"cookie\":false", 0},
        {",\"seal\":\"h3-1\"", H3S_CONFIG_COOKIES | H3S_CONFIG_SECURE},
        {",\"seal\":\"h3-2\"", H3S_CONFIG_COOKIES | H3S_CONFIG_SECURE | H3S_CONFIG_MAY_BE_COLD},
        {",\"seal\":{\"format\":\"h3-1\",\"accept\":[\"h3-1\",\"h3-2\"]}",
         H3S_CONFIG_COOKIES | H3S_CONFIG_SECURE | H3S_CONFIG_MAY_BE_COLD},
        {FE26("1", "1"), H3S_CONFIG_COOKIES | H3S_CONFIG_SECURE},
        {FE26("2", "1"), H3S_CONFIG_COOKIES | H3S_CONFIG_SECURE | H3S_CONFIG_MAY_BE_COLD},
        {FE26("1", "2"), H3S_CONFIG_COOKIES | H3S_CONFIG_SECURE | H3S_CONFIG_MAY_BE_COLD},
    };
    char options[500];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(options, sizeof options, "{\"password\":\"" PASSWORD "\"%s}", cases[i].more);
        h3s_config *with = config_of(options);
        assert_int_equal(h3s_config_flags(with), cases[i].flags);
        h3s_config_free(with);
    }
    assert_int_equal(h3s_config_flags(NULL), 0);
}

static int make_configs(void **state)
{
    bare = config_of("{\"password\":\"" PASSWORD "\",\"cookie\":false,\"sessionHeader\":false}");
    return make_config(state);
}

static int free_configs(void **state)
{
    h3s_config_free(bare);
    return free_config(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vary_names_what_the_session_is_found_by),
        cmocka_unit_test(cache_control_is_private),
        cmocka_unit_test(headers_for_some_shared_caches_are_known_by_their_names),
        cmocka_unit_test(a_room_that_is_too_small_says_how_much_is_needed_and_is_left_alone),
        cmocka_unit_test(the_room_that_the_header_promises_is_enough),
        cmocka_unit_test(null_where_something_is_required_is_an_argument_error),
        cmocka_unit_test(another_site_is_told_from_the_own_one),
        cmocka_unit_test(flags_say_what_the_options_come_to),
    };
    return cmocka_run_group_tests(tests, make_configs, free_configs);
}
