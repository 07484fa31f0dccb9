/* Values of every type, by JSON Pointer and one after the other. */
#include "jar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static h3s_session *holding(const char *data)
{
    h3s_session *session = used(config, NULL, NULL, NOW);
    assert_ok(h3s_replace(session, S(data), NULL));
    return session;
}

static void each_setter_writes_what_its_getter_reads(void **state)
{
    h3s_session *session = used(config, NULL, NULL, NOW);
    int64_t whole = 7;
    int32_t truth = 7;
    double number = 7;
    (void)state;
    assert_ok(h3s_set_int(session, H3S_LIT("least"), INT64_MIN, NULL));
    assert_ok(h3s_set_bool(session, H3S_LIT("yes"), -2, NULL));
    assert_ok(h3s_set_bool(session, H3S_LIT("no"), 0, NULL));
    assert_ok(h3s_set_double(session, H3S_LIT("tenth"), 0.1, NULL));
    assert_ok(h3s_set_text(session, H3S_LIT("text"), H3S_LIT("\"\n"), NULL));
    assert_ok(h3s_set_json(session, H3S_LIT("list"), H3S_LIT("[ null ]"), NULL));
    assert_str(h3s_session_data(session), "{\"least\":-9223372036854775808,\"yes\":true,\"no\":false,\"tenth\":0.1,"
                                          "\"text\":\"\\\"\\n\",\"list\":[null]}");
    assert_ok(h3s_session_int(session, H3S_LIT("/least"), &whole));
    assert_true(whole == INT64_MIN);
    assert_ok(h3s_session_bool(session, H3S_LIT("/yes"), &truth));
    assert_int_equal(truth, 1);
    assert_ok(h3s_session_bool(session, H3S_LIT("/no"), &truth));
    assert_int_equal(truth, 0);
    assert_ok(h3s_session_double(session, H3S_LIT("/tenth"), &number));
    assert_true(number == 0.1);
    assert_str(h3s_session_text(session, H3S_LIT("/text")), "\"\n");
    h3s_session_free(session);
}

static void a_value_of_another_type_leaves_the_output_as_it_was(void **state)
{
    static const char *const pointers[] = {"/null", "/text", "/list", "/object", "/absent", "", "text"};
    h3s_session *session = holding("{\"null\":null,\"text\":\"1\",\"list\":[1],\"object\":{},\"half\":0.5}");
    int64_t whole = 7;
    int32_t truth = 7;
    double number = 7;
    (void)state;
    for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++) {
        assert_int_equal(h3s_session_int(session, S(pointers[i]), &whole), H3S_ERR_DATA);
        assert_int_equal(h3s_session_bool(session, S(pointers[i]), &truth), H3S_ERR_DATA);
        assert_int_equal(h3s_session_double(session, S(pointers[i]), &number), H3S_ERR_DATA);
    }
    assert_int_equal(h3s_session_int(session, S("/half"), &whole), H3S_ERR_DATA);
    assert_true(whole == 7 && truth == 7 && number == 7);
    h3s_session_free(session);
}

static void what_json_cannot_say_is_a_data_error(void **state)
{
    static const double values[] = {INFINITY, -INFINITY, NAN};
    h3s_session *session = holding("{\"large\":1e400}");
    double number = 7;
    h3s_error err;
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_int_equal(h3s_set_double(session, H3S_LIT("n"), values[i], &err), H3S_ERR_DATA);
    assert_int_equal(h3s_session_double(session, H3S_LIT("/large"), &number), H3S_ERR_DATA);
    assert_true(number == 7);
    assert_str(h3s_session_data(session), "{\"large\":1e400}");
    h3s_session_free(session);
}

static void each_type_has_its_number(void **state)
{
    static const struct { const char *pointer; int32_t type; } cases[] = {
        {"/0", H3S_TYPE_ABSENT},        {"/a/0", H3S_TYPE_NULL},   {"/a/1", H3S_TYPE_BOOL}, {"/a/2", H3S_TYPE_NUMBER},
        {"/a/3", H3S_TYPE_STRING},      {"/a/4", H3S_TYPE_ARRAY},  {"/a/5", H3S_TYPE_OBJECT},
        {"", H3S_TYPE_OBJECT},          {"a", H3S_TYPE_ABSENT},    {"/a/6", H3S_TYPE_ABSENT},
    };
    h3s_session *session = holding("{\"a\":[null,false,-1,\"\",[],{}]}");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(h3s_session_type(session, S(cases[i].pointer)), cases[i].type);
    h3s_session_free(session);
}

static void a_write_by_pointer_says_what_is_wrong_with_it(void **state)
{
    h3s_session *session = holding("{\"name\":\"Ada\",\"list\":[1]}");
    h3s_error err;
    (void)state;
    assert_int_equal(h3s_set_at(session, H3S_LIT("/name/first"), H3S_LIT("1"), &err), H3S_ERR_DATA);
    assert_string_equal(err.key, "pointer");
    assert_int_equal(err.offset, strlen("/name/"));
    assert_int_equal(h3s_set_at(session, H3S_LIT("/list/2"), H3S_LIT("1"), &err), H3S_ERR_DATA);
    assert_int_equal(h3s_set_at(session, H3S_LIT("list"), H3S_LIT("1"), &err), H3S_ERR_DATA);
    assert_int_equal(h3s_set_at(session, H3S_LIT("/list/-"), H3S_LIT("[1,]"), &err), H3S_ERR_DATA);
    assert_string_equal(err.key, "");
    assert_int_equal(err.offset, 3);
    assert_int_equal(h3s_set_at(session, H3S_LIT("/a\xFF"), H3S_LIT("1"), &err), H3S_ERR_DATA);
    assert_string_equal(err.key, "pointer");
    assert_int_equal(err.offset, 2);
    assert_int_equal(h3s_remove_at(session, H3S_LIT("/a\xFF"), &err), H3S_ERR_DATA);
    assert_int_equal(h3s_remove_at(session, NULL, 0, &err), H3S_ERR_DATA);
    assert_str(h3s_session_data(session), "{\"name\":\"Ada\",\"list\":[1]}");
    h3s_session_free(session);
}

static void what_was_borrowed_may_be_the_input_of_a_write_by_pointer(void **state)
{
    h3s_session *session = holding("{\"from\":\"/to/-\",\"value\":{\"a\":1}}");
    (void)state;
    for (int i = 0; i < 2; i++) {
        h3s_str pointer = h3s_session_text(session, H3S_LIT("/from"));
        h3s_str value = h3s_session_find(session, H3S_LIT("/value"));
        assert_ok(h3s_set_at(session, pointer.ptr, pointer.len, value.ptr, value.len, NULL));
    }
    assert_str(h3s_session_find(session, H3S_LIT("/to")), "[{\"a\":1},{\"a\":1}]");
    h3s_session_free(session);
}

/* Shorter and longer than what they replace, before it and behind it, in a session that was made
 * here and in one of a token, which has some room to spare. */
static void what_was_borrowed_may_be_the_input_of_a_write_by_key(void **state)
{
    static const struct { const char *key, *from, *after; } writes[] = {
        {"a", "/b", "{\"a\":[2,\"two\"],\"b\":[2,\"two\"],\"c\":3}"},
        {"a", "/c", "{\"a\":3,\"b\":[2,\"two\"],\"c\":3}"},
        {"b", "/a", "{\"a\":\"one, and one more\",\"b\":\"one, and one more\",\"c\":3}"},
        {"b", "/b/1", "{\"a\":\"one, and one more\",\"b\":\"two\",\"c\":3}"},
        {"b", "/b", "{\"a\":\"one, and one more\",\"b\":[2,\"two\"],\"c\":3}"},
        {"c", "/b/0", "{\"a\":\"one, and one more\",\"b\":[2,\"two\"],\"c\":2}"},
        {"c", "/b/1", "{\"a\":\"one, and one more\",\"b\":[2,\"two\"],\"c\":\"two\"}"},
        {"a", "/b/1", "{\"a\":\"two\",\"b\":[2,\"two\"],\"c\":3}"},
    };
    static const char data[] = "{\"a\":\"one, and one more\",\"b\":[2,\"two\"],\"c\":3}";
    static char token[20000];
    (void)state;
    token_of(config, data, NOW, token);
    for (size_t i = 0; i < 2 * sizeof writes / sizeof *writes; i++) {
        h3s_session *session = i % 2 ? holding(data) : used(config, NULL, token, NOW);
        h3s_str value = h3s_session_find(session, S(writes[i / 2].from));
        assert_ok(h3s_set_json(session, S(writes[i / 2].key), value.ptr, value.len, NULL));
        assert_str(h3s_session_data(session), writes[i / 2].after);
        h3s_session_free(session);
    }
}

static void a_walk_gives_each_member_once_with_its_name(void **state)
{
    static const char *const keys[] = {"a", "b\n", ""}, *const values[] = {"1", "[2,{}]", "\"x\""};
    h3s_session *session = holding("{\"o\":{\"a\":1,\"\\u0062\\n\":[2,{}],\"\":\"x\"}}");
    h3s_iter iter = h3s_session_iter(session, H3S_LIT("/o"));
    h3s_str key, value;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_ok(h3s_iter_next(&iter, &key, &value));
        assert_str(key, keys[i]);
        assert_str(value, values[i]);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(h3s_iter_next(&iter, &key, &value), H3S_END);
        assert_str(key, NULL);
        assert_str(value, NULL);
        assert_str(h3s_iter_find(&iter, NULL, 0), NULL);
    }
    h3s_session_free(session);
}

static void a_walk_reads_what_is_inside_each_element(void **state)
{
    h3s_session *session = holding("{\"items\":[{\"sku\":\"A\\u002d1\",\"n\":2,\"gift\":true,\"price\":0.5,\"tags\":[\"x\",\"y\"]},3,[]]}");
    h3s_iter iter = h3s_session_iter(session, H3S_LIT("/items")), tags;
    int64_t whole = 0;
    int32_t truth = 0;
    double number = 0;
    h3s_str key;
    (void)state;
    assert_str(h3s_iter_find(&iter, NULL, 0), NULL);
    assert_ok(h3s_iter_next(&iter, &key, NULL));
    assert_str(key, NULL);
    assert_str(h3s_iter_text(&iter, H3S_LIT("/sku")), "A-1");
    assert_ok(h3s_iter_int(&iter, H3S_LIT("/n"), &whole));
    assert_ok(h3s_iter_bool(&iter, H3S_LIT("/gift"), &truth));
    assert_ok(h3s_iter_double(&iter, H3S_LIT("/price"), &number));
    assert_true(whole == 2 && truth == 1 && number == 0.5);
    assert_str(h3s_iter_find(&iter, H3S_LIT("/tags/1")), "\"y\"");
    assert_int_equal(h3s_iter_type(&iter, H3S_LIT("/tags")), H3S_TYPE_ARRAY);
    assert_int_equal(h3s_iter_int(&iter, H3S_LIT("/sku"), &whole), H3S_ERR_DATA);
    tags = h3s_iter_iter(&iter, H3S_LIT("/tags"));
    assert_ok(h3s_iter_next(&tags, NULL, NULL));
    assert_str(h3s_iter_text(&tags, NULL, 0), "x");
    assert_ok(h3s_iter_next(&tags, NULL, NULL));
    assert_str(h3s_iter_text(&tags, NULL, 0), "y");
    assert_int_equal(h3s_iter_next(&tags, NULL, NULL), H3S_END);
    assert_ok(h3s_iter_next(&iter, NULL, NULL));
    assert_ok(h3s_iter_int(&iter, NULL, 0, &whole));
    assert_int_equal(whole, 3);
    tags = h3s_iter_iter(&iter, NULL, 0);
    assert_int_equal(h3s_iter_next(&tags, NULL, NULL), H3S_END);
    assert_ok(h3s_iter_next(&iter, NULL, NULL));
    assert_int_equal(h3s_iter_next(&iter, NULL, NULL), H3S_END);
    h3s_session_free(session);
}

static void a_walk_through_what_has_no_entries_ends_at_once(void **state)
{
    static const char *const pointers[] = {"/none", "/list", "/object", "/text", "/null", "list", "/list/0"};
    h3s_session *session = holding("{\"list\":[],\"object\":{},\"text\":\"[1]\",\"null\":null}");
    (void)state;
    for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++) {
        h3s_iter iter = h3s_session_iter(session, S(pointers[i]));
        assert_int_equal(h3s_iter_next(&iter, NULL, NULL), H3S_END);
    }
    h3s_session_free(session);
}

/* Each write moves the data: an iterator that went on would read freed memory. */
static void a_write_ends_a_walk(void **state)
{
    h3s_session *session = holding("{\"list\":[1,2,3]}");
    (void)state;
    for (int how = 0; how < 4; how++) {
        h3s_iter iter = h3s_session_iter(session, H3S_LIT("/list")), inner;
        h3s_str key = {"x", 1}, value = {"x", 1};
        int64_t whole = 7;
        assert_ok(h3s_iter_next(&iter, NULL, NULL));
        switch (how) {
        case 0: assert_ok(h3s_set_int(session, H3S_LIT("n"), 1, NULL)); break;
        case 1: assert_ok(h3s_set_at(session, H3S_LIT("/list/-"), H3S_LIT("4"), NULL)); break;
        case 2: assert_ok(h3s_update(session, H3S_LIT("{}"), NULL)); break;
        default: assert_ok(h3s_clear(session, NULL));
        }
        for (int i = 0; i < 2; i++) {
            assert_int_equal(h3s_iter_next(&iter, &key, &value), H3S_ERR_STATE);
            assert_str(key, NULL);
            assert_str(value, NULL);
        }
        assert_str(h3s_iter_find(&iter, NULL, 0), NULL);
        assert_str(h3s_iter_text(&iter, NULL, 0), NULL);
        assert_int_equal(h3s_iter_type(&iter, NULL, 0), H3S_TYPE_ABSENT);
        assert_int_equal(h3s_iter_int(&iter, NULL, 0, &whole), H3S_ERR_STATE);
        assert_int_equal(whole, 7);
        inner = h3s_iter_iter(&iter, NULL, 0);
        assert_int_equal(h3s_iter_next(&inner, NULL, NULL), H3S_ERR_STATE);
    }
    h3s_session_free(session);
}

/* As where a session's memory is given to the next one: a test that freed the first could not count
 * on that, and sanitizers forbid it. */
static void an_iterator_of_another_session_in_the_same_memory_is_stale(void **state)
{
    static const char *const data[] = {"{\"list\":[1,2,3]}", "{\"l\":1}"};
    (void)state;
    for (int writes = 0; writes < 3; writes++) {
        h3s_session *first = holding(data[0]), *next = holding(data[1]);
        h3s_iter iter = h3s_session_iter(first, H3S_LIT("/list")), inner;
        int64_t whole = 7;
        assert_ok(h3s_iter_next(&iter, NULL, NULL));
        if (writes == 1) {
            /* It was walked through as well, and as often written. */
            inner = h3s_session_iter(next, H3S_LIT(""));
            assert_ok(h3s_iter_next(&inner, NULL, NULL));
        } else if (writes == 2) {
            assert_ok(h3s_set_int(next, H3S_LIT("n"), 1, NULL));
        }
        iter.session = next;
        assert_int_equal(h3s_iter_next(&iter, NULL, NULL), H3S_ERR_STATE);
        assert_str(h3s_iter_find(&iter, NULL, 0), NULL);
        assert_int_equal(h3s_iter_int(&iter, NULL, 0, &whole), H3S_ERR_STATE);
        assert_int_equal(whole, 7);
        inner = h3s_iter_iter(&iter, NULL, 0);
        assert_int_equal(h3s_iter_next(&inner, NULL, NULL), H3S_ERR_STATE);
        h3s_session_free(first);
        h3s_session_free(next);
    }
}

static void neither_a_failed_write_nor_a_seal_ends_a_walk(void **state)
{
    h3s_session *session = holding("{\"list\":[1,2]}");
    h3s_iter iter = h3s_session_iter(session, H3S_LIT("/list"));
    h3s_str token;
    (void)state;
    assert_ok(h3s_iter_next(&iter, NULL, NULL));
    assert_int_equal(h3s_update(session, H3S_LIT("[]"), NULL), H3S_ERR_DATA);
    assert_ok(h3s_seal(session, &token, NULL));
    assert_ok(h3s_iter_next(&iter, NULL, NULL));
    assert_str(h3s_iter_find(&iter, NULL, 0), "2");
    h3s_session_free(session);
}

/* Whatever stands in the caller's memory, nothing outside the data is read. */
static void an_iterator_that_was_written_over_reads_nothing_else(void **state)
{
    static const size_t places[] = {0, 1, 2, 5, 10, 30, SIZE_MAX / 2, SIZE_MAX - 1, SIZE_MAX};
    enum { PLACES = sizeof places / sizeof *places };
    h3s_session *session = holding("{\"o\":{\"a\\n\":1,\"b\":[2,\"\\\\\"]}}");
    (void)state;
    for (size_t i = 0; i < PLACES * PLACES * PLACES * 2; i++) {
        h3s_iter iter = h3s_session_iter(session, H3S_LIT("/o"));
        iter.next = places[i % PLACES];
        iter.value_start = places[i / PLACES % PLACES];
        iter.value_end = places[i / PLACES / PLACES % PLACES];
        iter.is_object = (uint32_t)(i / PLACES / PLACES / PLACES);
        double number;
        h3s_iter_find(&iter, H3S_LIT("/a"));
        h3s_iter_text(&iter, NULL, 0);
        int32_t status = h3s_iter_double(&iter, NULL, 0, &number);
        assert_true(status == H3S_OK || status == H3S_ERR_DATA);
        h3s_iter inner = h3s_iter_iter(&iter, NULL, 0);
        assert_int_not_equal(h3s_iter_next(&inner, NULL, NULL), H3S_ERR_INTERNAL);
        for (int n = 0; n < 40; n++)
            assert_int_not_equal(h3s_iter_next(&iter, NULL, NULL), H3S_ERR_INTERNAL);
    }
    h3s_session_free(session);
}

static void ensure_makes_a_got_session_a_used_one(void **state)
{
    h3s_session *session = got(config, NULL, NULL, NOW);
    struct jar *jar = calloc(1, sizeof *jar);
    (void)state;
    assert_non_null(jar);
    assert_int_equal(jar_take(jar, session), 0);
    assert_ok(h3s_ensure(session, NULL));
    assert_int_equal(jar_take(jar, session), 1);
    h3s_session_free(session);

    session = got(config, jar_header(jar), NULL, NOW);
    assert_ok(h3s_ensure(session, NULL));
    assert_int_equal(h3s_session_is_dirty(session), 0);
    h3s_session_free(session);
    free(jar);
}

/* A login service with a cart in nested JSON, which has no JSON code of its own. */
static void put_into_cart(h3s_session *session, const char *sku, int64_t count)
{
    char quoted[100], item[200];
    assert_in_range(h3s_json_quote(S(sku), quoted, sizeof quoted), 2, sizeof quoted - 1);
    snprintf(item, sizeof item, "{\"sku\":%s,\"count\":%d}", quoted, (int)count);
    assert_ok(h3s_set_at(session, H3S_LIT("/cart/items/-"), S(item), NULL));
}

static int64_t count_cart(const h3s_session *session)
{
    h3s_iter item = h3s_session_iter(session, H3S_LIT("/cart/items"));
    int64_t count = 0, total = 0;
    while (h3s_iter_next(&item, NULL, NULL) == H3S_OK)
        if (h3s_iter_int(&item, H3S_LIT("/count"), &count) == H3S_OK)
            total += count;
    return total;
}

static void a_login_service_with_a_cart_needs_no_json_code_of_its_own(void **state)
{
    struct jar *jar = calloc(1, sizeof *jar);
    (void)state;
    assert_non_null(jar);
    h3s_session *session = used(config, NULL, NULL, NOW);
    assert_ok(h3s_rotate(session, NULL));
    assert_ok(h3s_set_text(session, H3S_LIT("user"), H3S_LIT("Ada \"Countess\""), NULL));
    assert_ok(h3s_set_int(session, H3S_LIT("since"), NOW / SECOND, NULL));
    assert_ok(h3s_set_bool(session, H3S_LIT("remember"), 1, NULL));
    assert_int_equal(count_cart(session), 0);
    jar_take(jar, session);
    h3s_session_free(session);

    for (int i = 1; i <= 3; i++) {
        session = used(config, jar_header(jar), NULL, NOW);
        assert_str(h3s_session_text(session, H3S_LIT("/user")), "Ada \"Countess\"");
        put_into_cart(session, i == 2 ? "B-\"2\"" : "A-1", i);
        jar_take(jar, session);
        h3s_session_free(session);
    }

    session = used(config, jar_header(jar), NULL, NOW);
    assert_int_equal(count_cart(session), 6);
    assert_str(h3s_session_text(session, H3S_LIT("/cart/items/1/sku")), "B-\"2\"");
    assert_ok(h3s_set_at(session, H3S_LIT("/cart/items/1/count"), H3S_LIT("10"), NULL));
    assert_ok(h3s_remove_at(session, H3S_LIT("/cart/items/0"), NULL));
    assert_int_equal(count_cart(session), 13);
    h3s_session_free(session);
    free(jar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_setter_writes_what_its_getter_reads),
        cmocka_unit_test(a_value_of_another_type_leaves_the_output_as_it_was),
        cmocka_unit_test(what_json_cannot_say_is_a_data_error),
        cmocka_unit_test(each_type_has_its_number),
        cmocka_unit_test(a_write_by_pointer_says_what_is_wrong_with_it),
        cmocka_unit_test(what_was_borrowed_may_be_the_input_of_a_write_by_pointer),
        cmocka_unit_test(what_was_borrowed_may_be_the_input_of_a_write_by_key),
        cmocka_unit_test(a_walk_gives_each_member_once_with_its_name),
        cmocka_unit_test(a_walk_reads_what_is_inside_each_element),
        cmocka_unit_test(a_walk_through_what_has_no_entries_ends_at_once),
        cmocka_unit_test(a_write_ends_a_walk),
        cmocka_unit_test(an_iterator_of_another_session_in_the_same_memory_is_stale),
        cmocka_unit_test(neither_a_failed_write_nor_a_seal_ends_a_walk),
        cmocka_unit_test(an_iterator_that_was_written_over_reads_nothing_else),
        cmocka_unit_test(ensure_makes_a_got_session_a_used_one),
        cmocka_unit_test(a_login_service_with_a_cart_needs_no_json_code_of_its_own),
    };
    return cmocka_run_group_tests(tests, make_config, free_config);
}
