/* h3s_session_text: strings, and nothing that is no string. */
#include "jar.h"

static void what_is_no_string_has_no_text(void **state)
{
    static const char *const values[] = {"null", "true", "false", "0", "-1.5e3", "{}", "{\"a\":\"b\"}", "[]", "[\"x\"]"};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        h3s_session *session = used(config, NULL, NULL, NOW);
        assert_ok(h3s_set_json(session, S("user"), S(values[i]), NULL));
        assert_str(h3s_session_text(session, S("/user")), NULL);
        /* What there is, is JSON. */
        assert_str(h3s_session_find(session, S("/user")), values[i]);
        h3s_session_free(session);
    }
}

static void a_string_has_a_text_whatever_it_says(void **state)
{
    static const char *const texts[] = {"", "null", "false", "0", "{}", "\"", "\\u0041", "Zo\xC3\xAB \xF0\x9F\xA6\x8A"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        h3s_session *session = used(config, NULL, NULL, NOW);
        assert_ok(h3s_set_text(session, S("user"), S(texts[i]), NULL));
        assert_str(h3s_session_text(session, S("/user")), texts[i]);
        h3s_session_free(session);
    }
}

static void what_is_not_there_has_no_text(void **state)
{
    h3s_session *session = used(config, NULL, NULL, NOW);
    (void)state;
    assert_ok(h3s_replace(session, S("{\"user\":{\"name\":\"Zoe\",\"left\":null},\"cart\":[\"a\",null]}"), NULL));
    assert_str(h3s_session_text(session, S("/user/name")), "Zoe");
    assert_str(h3s_session_text(session, S("/cart/0")), "a");
    const char *const pointers[] = {"", "/", "/x", "/user/x", "/user/left", "/user/name/x", "/cart/1", "/cart/2", "user", "/cart/-"};
    for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++)
        assert_str(h3s_session_text(session, S(pointers[i])), NULL);
    assert_ok(h3s_clear(session, NULL));
    assert_str(h3s_session_text(session, S("/user/name")), NULL);
    h3s_session_free(session);
}

static void a_null_takes_a_user_s_text_away(void **state)
{
    h3s_session *session = used(config, NULL, NULL, NOW);
    (void)state;
    assert_ok(h3s_set_text(session, S("user"), S("Zoe"), NULL));
    assert_str(h3s_session_text(session, S("/user")), "Zoe");
    assert_ok(h3s_update(session, S("{\"user\":null}"), NULL));
    assert_str(h3s_session_text(session, S("/user")), NULL);
    assert_str(h3s_session_find(session, S("/user")), "null");
    assert_ok(h3s_update(session, S("{\"user\":\"Yan\"}"), NULL));
    assert_str(h3s_session_text(session, S("/user")), "Yan");
    h3s_session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_string_has_no_text),
        cmocka_unit_test(a_string_has_a_text_whatever_it_says),
        cmocka_unit_test(what_is_not_there_has_no_text),
        cmocka_unit_test(a_null_takes_a_user_s_text_away),
    };
    return cmocka_run_group_tests(tests, make_config, free_config);
}
