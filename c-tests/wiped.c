/*
 * What is left in the process's memory, heap and stack, once it should be wiped. Every secret is
 * known here only in a disguise, so that looking for it does not find the look itself.
 */
#include "jar.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define DISGUISE 0x55
#define MOST 64

struct needle {
    unsigned char bytes[MOST];
    size_t len;
};

static struct needle password, data, name;

/* A secret of two texts in turn, a letter of each: neither text holds it. */
static void disguise(struct needle *needle, const char *odd, const char *even)
{
    needle->len = 0;
    for (; *odd != '\0' && *even != '\0'; odd++, even++) {
        needle->bytes[needle->len++] = (unsigned char)*odd ^ DISGUISE;
        needle->bytes[needle->len++] = (unsigned char)*even ^ DISGUISE;
    }
}

static void disguise_hex(struct needle *needle, const char *hex)
{
    unsigned byte;
    for (needle->len = 0; sscanf(hex + 2 * needle->len, "%2x", &byte) == 1; needle->len++)
        needle->bytes[needle->len] = (unsigned char)byte ^ DISGUISE;
}

/* As hashes keep their state: in words of the machine. */
static void disguise_words(struct needle *needle, const char *hex)
{
    uint32_t word;
    for (needle->len = 0; sscanf(hex + 2 * needle->len, "%8" SCNx32, &word) == 1; needle->len += sizeof word)
        for (size_t i = 0; i < sizeof word; i++)
            needle->bytes[needle->len + i] = ((const unsigned char *)&word)[i] ^ DISGUISE;
}

/* Writes the secret where the caller wants it. */
static size_t reveal(const struct needle *needle, char *out)
{
    for (size_t i = 0; i < needle->len; i++) out[i] = (char)(needle->bytes[i] ^ DISGUISE);
    return needle->len;
}

static void wipe(char *bytes, size_t len)
{
    for (volatile char *byte = bytes; byte < bytes + len; byte++) *byte = 0;
}

/*
 * How often the second half of a secret stands in what this process can write to, as it is or as
 * HMAC pads a key. (The first may be overwritten by the heap's own notes on what was freed.)
 */
static size_t found(const struct needle *whole)
{
    struct needle half = {{0}, whole->len - whole->len / 2}, *needle = &half;
    memcpy(half.bytes, whole->bytes + whole->len / 2, half.len);

    static const unsigned char pads[] = {0, 0x36, 0x5c};
    char line[512];
    size_t count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end;
        char mode[5];
        assert_int_equal(sscanf(line, "%lx-%lx %4s", &start, &end, mode), 3);
        if (mode[0] != 'r' || mode[1] != 'w' || strstr(line, "[v") != NULL) continue;
        for (const unsigned char *at = (const unsigned char *)start; at + needle->len <= (const unsigned char *)end; at++) {
            for (size_t pad = 0; pad < sizeof pads; pad++) {
                size_t same = 0;
                while (same < needle->len && (at[same] ^ pads[pad] ^ DISGUISE) == needle->bytes[same]) same++;
                count += same == needle->len;
            }
        }
    }
    fclose(maps);
    return count;
}

static h3s_config *new_config(const char *more)
{
    char options[512], *end = options;
    h3s_config *made = NULL;
    end += sprintf(end, "{\"password\":\"");
    end += reveal(&password, end);
    end += sprintf(end, "\"%s}", more);
    int32_t status = h3s_config_new(options, (size_t)(end - options), &made, NULL);
    wipe(options, sizeof options);
    assert_int_equal(status, H3S_OK);
    return made;
}

/* Puts the data into a session in each way that there is. */
static void write_data(h3s_session *session)
{
    char json[256], *end = json + sprintf(json, "{\"a\":\"");
    end += reveal(&data, end);
    end += sprintf(end, "\",\"b\":1}");
    assert_int_equal(h3s_update(session, json, (size_t)(end - json), NULL), H3S_OK);
    assert_int_equal(h3s_replace(session, json, (size_t)(end - json), NULL), H3S_OK);
    assert_int_equal(h3s_set_json(session, S("c"), json, (size_t)(end - json), NULL), H3S_OK);
    size_t len = reveal(&data, json);
    json[len] = '\n';
    assert_int_equal(h3s_set_text(session, S("d"), json, len + 1, NULL), H3S_OK);
    json[0] = '/';
    end = json + 1 + reveal(&data, json + 1);
    memcpy(end, "~1/-", 4);
    assert_ok(h3s_set_at(session, json, (size_t)(end + 4 - json), S("1"), NULL));
    assert_ok(h3s_remove_at(session, json, (size_t)(end + 2 - json), NULL));
    end = json + sprintf(json, "[\"");
    end += reveal(&data, end);
    end += sprintf(end, "\",2]");
    assert_ok(h3s_set_at(session, S("/e/-"), json, (size_t)(end - json), NULL));
    assert_ok(h3s_set_at(session, S("/e/0/1"), json, (size_t)(end - json), NULL));
    assert_ok(h3s_remove_at(session, S("/e/0/0"), NULL));
    wipe(json, sizeof json);
    assert_true(h3s_session_find(session, S("/c/a")).len > 0);
    assert_true(h3s_session_find(session, S("/e/0/0/0")).len > 0);
    assert_true(h3s_session_text(session, S("/d")).len == len + 1);
    assert_int_equal(h3s_remove(session, S("b"), NULL), H3S_OK);
    assert_int_equal(h3s_rotate(session, NULL), H3S_OK);
}

static void a_config_keeps_its_password_only_for_fe26(void **state)
{
    (void)state;
    h3s_config *made = new_config("");
    assert_int_equal(found(&password), 0);
    h3s_config_free(made);
    made = new_config(",\"seal\":{\"format\":\"fe26.2\"}");
    assert_true(found(&password) > 0);
    h3s_config_free(made);
    assert_int_equal(found(&password), 0);
}

static void options_that_are_refused_leave_no_password(void **state)
{
    char options[512], *end = options;
    h3s_config *made = NULL;
    (void)state;
    end += sprintf(end, "{\"password\":{\"k1\":\"");
    end += reveal(&password, end);
    end += sprintf(end, "\",\"k2\":\"\\u0041");
    end += reveal(&password, end);
    end += sprintf(end, "\"},\"maxAge\":true}");
    assert_int_equal(h3s_config_new(options, (size_t)(end - options), &made, NULL), H3S_ERR_CONFIG);
    wipe(options, sizeof options);
    assert_int_equal(found(&password), 0);
}

static void a_freed_session_leaves_no_data(void **state)
{
    static const char *const formats[] = {"", ",\"seal\":{\"format\":\"fe26.2\"}", ",\"cookie\":{\"chunkMaxLength\":100,\"maxChunks\":100}"};
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        h3s_config *made = new_config(formats[i]);
        h3s_session *session = used(made, NULL, NULL, NOW);
        struct jar *jar = calloc(1, sizeof *jar);
        write_data(session);
        assert_true(found(&data) > 0);
        jar_take(jar, session);
        h3s_session_free(session);
        assert_int_equal(found(&data), 0);

        session = used(made, jar_header(jar), NULL, NOW);
        assert_int_equal(h3s_session_source(session), H3S_SOURCE_COOKIE);
        assert_true(found(&data) > 0);
        h3s_session_free(session);
        assert_int_equal(found(&data), 0);

        session = used(made, jar_header(jar), NULL, NOW);
        assert_int_equal(h3s_clear(session, NULL), H3S_OK);
        assert_int_equal(found(&data), 0);
        h3s_session_free(session);
        h3s_config_free(made);
        free(jar);
    }
}

/* Scanners and ciphers take blocks, and what is over may go another way. */
static void a_freed_session_leaves_no_data_wherever_it_stands(void **state)
{
    h3s_config *made = config_of("{\"password\":\"" PASSWORD "\"}");
    (void)state;
    for (int before = 1; before < 130; before += 7) {
        h3s_session *session = used(made, NULL, NULL, NOW);
        char json[512], token[1024], *end = json + sprintf(json, "{\"%0*d\":\"", before, 0);
        h3s_str sealed;
        end += reveal(&data, end);
        end += sprintf(end, "\",\"z\":\"%0*d\"}", before * 5 % 64 + 1, 0);
        assert_ok(h3s_update(session, json, (size_t)(end - json), NULL));
        wipe(json, sizeof json);
        assert_ok(h3s_seal(session, &sealed, NULL));
        strcpy(token, sealed.ptr);
        h3s_session_free(session);
        assert_int_equal(found(&data), 0);
        assert_ok(unseal_token(made, S(token), NOW, &session, NULL));
        h3s_session_free(session);
        assert_int_equal(found(&data), 0);
    }
    h3s_config_free(made);
}

/* An iterator gives each member's name without its escapes. */
static void walk_names(h3s_session *session, int count)
{
    h3s_iter member = h3s_session_iter(session, S(""));
    h3s_str key;
    while (h3s_iter_next(&member, &key, NULL) == H3S_OK) {
        assert_true(key.len > 0);
        count--;
    }
    assert_int_equal(count, 0);
}

/* Names are data as well, also where an escape in them has to be resolved to tell whether one is
 * there twice, or which one is meant. */
static void a_freed_session_leaves_no_name_of_a_member(void **state)
{
    static const char *const starts[] = {"", "\\u00e4"};
    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        /* Of few members and of many, which are sorted. */
        for (int members = 2; members < 40; members += 30) {
            h3s_config *made = config_of("{\"password\":\"" PASSWORD "\"}");
            h3s_session *session = used(made, NULL, NULL, NOW);
            char json[2048], token[4096], pointer[128], *end = json + sprintf(json, "{\"%s", starts[i]);
            h3s_str sealed;
            end += reveal(&data, end);
            end += sprintf(end, "\":1");
            for (int member = 0; member < members; member++) end += sprintf(end, ",\"m%d\":1", member);
            end += sprintf(end, "}");
            assert_ok(h3s_update(session, json, (size_t)(end - json), NULL));
            assert_ok(h3s_update(session, json, (size_t)(end - json), NULL));
            wipe(json, sizeof json);
            sprintf(pointer, "/%s~1~0", starts[i]);
            size_t len = strlen(pointer) + reveal(&data, pointer + strlen(pointer));
            assert_str(h3s_session_find(session, pointer, len), NULL);
            wipe(pointer, sizeof pointer);
            assert_ok(h3s_seal(session, &sealed, NULL));
            strcpy(token, sealed.ptr);
            walk_names(session, members + 1);
            h3s_session_free(session);
            assert_int_equal(found(&data), 0);

            assert_ok(unseal_token(made, S(token), NOW, &session, NULL));
            walk_names(session, members + 1);
            assert_true(found(&data) > 0);
            h3s_session_free(session);
            assert_int_equal(found(&data), 0);
            h3s_config_free(made);
        }
    }
}

/* An id may be what a record is looked up by. */
static void a_freed_session_leaves_no_id(void **state)
{
    (void)state;
    for (size_t shorter = 0; shorter < 20; shorter += 12) {
        h3s_config *made = config_of("{\"password\":\"" PASSWORD "\"}");
        h3s_session *session = used(made, NULL, NULL, NOW);
        struct needle id = name;
        char text[MOST], token[512];
        h3s_str sealed;
        id.len -= shorter;
        size_t len = reveal(&id, text);
        assert_ok(h3s_session_set_id(session, text, len, NULL));
        wipe(text, sizeof text);
        assert_ok(h3s_seal(session, &sealed, NULL));
        strcpy(token, sealed.ptr);
        assert_true(found(&id) > 0);
        h3s_session_free(session);
        assert_int_equal(found(&id), 0);
        assert_ok(unseal_token(made, S(token), NOW, &session, NULL));
        assert_true(found(&id) > 0);
        assert_ok(h3s_rotate(session, NULL));
        h3s_session_free(session);
        assert_int_equal(found(&id), 0);
        h3s_config_free(made);
    }
}

/*
 * Who was logged out, and which session: neither what makes an entry, nor what takes it in, nor
 * what looks a request up keeps anything of it.
 */
static void what_was_revoked_leaves_no_id_and_no_subject(void **state)
{
    static const char *const formats[] = {"", ",\"seal\":{\"format\":\"fe26.2\"}"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof formats / sizeof *formats; i++) {
        /* With an escape the subject is resolved before it is looked up. */
        const char *start = i % 2 ? "\\u00e4" : "", *plain = i % 2 ? "\xc3\xa4" : "";
        char options[512], text[2 * MOST], json[4 * MOST], token[1024], lines[4 * 2048] = "";
        sprintf(options, "{\"password\":\"" PASSWORD "\",\"maxAge\":60,\"revocation\":{\"subject\":\"/a\"}%s}", formats[i / 2]);
        h3s_config *made = config_of(options);
        h3s_revocations *known = NULL;
        h3s_request request = H3S_REQUEST_INIT;
        h3s_session *session = NULL;
        const h3s_str *list = NULL;
        size_t count = 0, len;
        h3s_str sealed;
        assert_ok(h3s_revocations_new(100, &known, NULL));
        request.revocations = known;
        request.now_ms = NOW;
        assert_ok(h3s_use(made, &request, &session, NULL));
        len = reveal(&name, text);
        assert_ok(h3s_session_set_id(session, text, len, NULL));
        char *end = json + sprintf(json, "{\"a\":\"%s", start);
        end += reveal(&data, end);
        end += sprintf(end, "\"}");
        assert_ok(h3s_replace(session, json, (size_t)(end - json), NULL));
        wipe(json, sizeof json);
        assert_ok(h3s_seal(session, &sealed, NULL));
        strcpy(token, sealed.ptr);
        assert_ok(h3s_revoke_everywhere(session, NULL));
        wipe(text, sizeof text);
        assert_true(found(&name) == 0 && found(&data) == 0);
        assert_ok(h3s_revocation_entries(session, &list, &count, NULL));
        assert_int_equal(count, 2);
        for (size_t at = 0; at < count; at++)
            sprintf(lines + strlen(lines), "%s\n", list[at].ptr);
        h3s_session_free(session);

        len = reveal(&name, text);
        assert_ok(h3s_revoke_session(made, text, len, NOW, lines + strlen(lines), 2048, &count, NULL));
        strcat(lines, "\n");
        strcpy(text, plain);
        len = strlen(plain) + reveal(&data, text + strlen(plain));
        assert_ok(h3s_revoke_subject(made, text, len, NOW + 1, NOW + 1, lines + strlen(lines), 2048, &count, NULL));
        wipe(text, sizeof text);
        assert_true(found(&name) == 0 && found(&data) == 0);

        /* Opened before it is known, and refused after: by its id, and by its subject alone. */
        request.header = token;
        request.header_len = strlen(token);
        assert_ok(h3s_use(made, &request, &session, NULL));
        assert_int_equal(h3s_session_source(session), H3S_SOURCE_HEADER);
        h3s_session_free(session);
        char *last = strrchr(lines, '\n') + 1;
        assert_ok(h3s_revocations_apply(known, made, S(last), NOW + 1, &count, NULL));
        assert_int_equal(count, 1);
        for (int by = 0; by < 2; by++) {
            assert_ok(h3s_use(made, &request, &session, NULL));
            assert_int_equal(h3s_session_rejection(session), H3S_REJECTION_REVOKED);
            h3s_session_free(session);
            assert_true(found(&name) == 0 && found(&data) == 0);
            assert_ok(h3s_revocations_apply(known, made, S(lines), NOW + 1, &count, NULL));
            assert_int_equal(count, 4);
        }
        assert_true(found(&name) == 0 && found(&data) == 0);
        h3s_revocations_free(known);
        h3s_config_free(made);
    }
}

/* The text of a UUID, and the bytes that it stands for, which a token has. */
static void a_freed_session_leaves_no_uuid(void **state)
{
    h3s_config *made = config_of("{\"password\":\"" PASSWORD "\"}");
    (void)state;
    for (int i = 0; i < 8; i++) {
        h3s_session *session = used(made, NULL, NULL, NOW);
        struct needle text = {{0}, 36}, bytes = {{0}, 16};
        char token[512];
        size_t len = 0;
        h3s_str sealed, id = h3s_session_id(session);
        assert_int_equal(id.len, text.len);
        for (size_t at = 0; at < id.len; at++) {
            unsigned digit = (unsigned)(id.ptr[at] <= '9' ? id.ptr[at] - '0' : id.ptr[at] - 'a' + 10);
            text.bytes[at] = (unsigned char)id.ptr[at] ^ DISGUISE;
            if (id.ptr[at] == '-') continue;
            bytes.bytes[len / 2] = (unsigned char)(len % 2 == 0 ? digit << 4 : ((bytes.bytes[len / 2] ^ DISGUISE) | digit)) ^ DISGUISE;
            len++;
        }
        assert_int_equal(len, 2 * bytes.len);
        assert_ok(h3s_seal(session, &sealed, NULL));
        strcpy(token, sealed.ptr);
        assert_true(found(&text) > 0 && found(&bytes) > 0);
        h3s_session_free(session);
        assert_int_equal(found(&text), 0);

        assert_ok(unseal_token(made, S(token), NOW, &session, NULL));
        assert_int_equal(h3s_session_id(session).len, text.len);
        assert_true(found(&text) > 0 && found(&bytes) > 0);
        /* What was read may go to other memory than it came in. */
        if (i % 2 == 0) assert_ok(h3s_set_text(session, S("user"), S("ada"), NULL));
        if (i % 4 == 0) assert_ok(h3s_rotate(session, NULL));
        h3s_session_free(session);
        assert_int_equal(found(&text), 0);
        assert_int_equal(found(&bytes), 0);
    }
    h3s_config_free(made);
}

/* Of PASSWORD and the name h3: the keys of log ids, and of tables. */
#define LOG_KEY "26155138031842b25d177b191c2329843cebb198269084001d2b6952b43049b8"
#define HASH_KEY "cfb719de53d94d75fb8a7764865890bac39172a7a60b4730fa0904a44e22f500"
/* And that of entries. */
#define ENTRY_KEY "02ccbcafaecc0cb08416887ab58fcbf5f346008abfe49769f2348bc566c463e0"

/*
 * The keys that docs/FORMAT.md has for a token: they come out of the password,
 * and must not stay either.
 */
static void a_freed_config_leaves_no_key(void **state)
{
    json_t *list = json_load_file("../tests/vectors/h3s1-open.json", JSON_ALLOW_NUL, NULL), *vector = json_array_get(list, 0);
    struct needle master, key, derived, log_key;
    (void)state;
    assert_non_null(vector);
    disguise_hex(&master, json_string_value(json_object_get(vector, "master")));
    disguise_hex(&key, json_string_value(json_object_get(vector, "key")));
    disguise_hex(&derived, json_string_value(json_object_get(vector, "derived_key")));
    disguise_hex(&log_key, LOG_KEY);
    assert_true(master.len == 32 && key.len == 32 && derived.len == 32 && log_key.len == 32);

    /* Enough passwords that a list which grew with them would have moved. */
    char options[1024], *end = options + sprintf(options, "{\"password\":{\"default\":\"" PASSWORD "\"");
    for (int i = 0; i < 9; i++) end += sprintf(end, ",\"k%d\":\"%d of 32 characters at the very least\"", i, i);
    strcpy(end, "}}");
    h3s_config *made = config_of(options);
    assert_int_equal(found(&master), 0);
    assert_int_equal(found(&key), 1);
    h3s_session *session = NULL;
    const char *token = json_string_value(json_object_get(vector, "token"));
    assert_int_equal(unseal_token(made, S(token), NOW, &session, NULL), H3S_OK);
    assert_true(h3s_session_log_id(session).len > 0);
    h3s_session_free(session);
    assert_int_equal(found(&log_key), 1);
    /* It is kept for the next token. */
    assert_int_equal(found(&derived), 1);
    h3s_config_free(made);
    assert_int_equal(found(&derived), 0);
    assert_int_equal(found(&key), 0);
    assert_int_equal(found(&log_key), 0);
    json_decref(list);
}

/* Nor that of entries, once and not at all where nothing is revoked. */
static void a_freed_config_leaves_no_key_of_entries(void **state)
{
    static const char *const more[] = {"", ",\"revocation\":{}"};
    struct needle key;
    (void)state;
    disguise_hex(&key, ENTRY_KEY);
    assert_int_equal(key.len, 32);
    for (size_t on = 0; on < 2; on++) {
        char options[200], line[2048];
        size_t len;
        sprintf(options, "{\"password\":\"" PASSWORD "\",\"maxAge\":60%s}", more[on]);
        h3s_config *made = config_of(options);
        assert_int_equal(found(&key), on);
        assert_int_equal(h3s_revoke_session(made, S("an-id"), NOW, line, sizeof line, &len, NULL), on ? H3S_OK : H3S_ERR_CONFIG);
        assert_int_equal(found(&key), on);
        h3s_config_free(made);
        assert_int_equal(found(&key), 0);
    }
}

/* The key by which a session slides: neither while it is used nor after is there a copy of it. */
static void a_freed_config_leaves_no_key_of_sliding(void **state)
{
    json_t *list = json_load_file("../tests/vectors/h3s1-seen.json", JSON_ALLOW_NUL, NULL), *vector = json_array_get(list, 1);
    char *options = json_dumps(json_object_get(vector, "options"), JSON_COMPACT);
    const char *cookie = json_string_value(json_object_get(vector, "cookie"));
    int64_t now = json_integer_value(json_object_get(vector, "now_ms"));
    struct needle key;
    const h3s_str *set = NULL;
    size_t count = 0;
    (void)state;
    assert_string_equal(json_string_value(json_object_get(vector, "name")), "seen");
    disguise_hex(&key, json_string_value(json_object_get(vector, "seen_key")));
    assert_int_equal(key.len, 32);
    h3s_config *made = config_of(options);
    h3s_session *session = got(made, cookie, NULL, now);
    assert_int_equal(h3s_session_rejection(session), H3S_REJECTION_NONE);
    assert_ok(h3s_set_cookies(session, &set, &count, NULL));
    assert_int_equal(count, 1);
    assert_int_equal(found(&key), 1);
    h3s_session_free(session);
    h3s_config_free(made);
    assert_int_equal(found(&key), 0);
    free(options);
    json_decref(list);
}

/*
 * The keys of Fe26.2 tokens from elsewhere, which openssl and Python sealed with PASSWORD:
 * PBKDF2-HMAC-SHA1 of it and the token's salts.
 */
static void a_freed_config_leaves_no_key_of_other_servers_tokens(void **state)
{
    static const struct { int iterations; const char *token, *keys[2]; } tokens[] = {
        {2, "Fe26.2**00112233445566778899aabbccddeeff*AAECAwQFBgcICQoLDA0ODw*TOLKwt3__bYrblp7FQvic1ZlqWqKkTZJJusgo3odDKDJVLurwXxAlUwmcjsiMCvn"
            "6vxlDrXkqR427SU_Y_Z7yw**ffeeddccbbaa99887766554433221100*QwYp7lf-OAQ1qEzMDgQnclOqKAKH9cqcXuI59B_K-iA",
            {"bce9906e03639204253974089c7e1eceb45232ca42db67a68e414b078b5a5364", "2a4c329e77e19ce9ee9462797b9dc33ae82353e98557c4f5cff2f8f0182d5dda"}},
        {1, "Fe26.2**00112233445566778899aabbccddeeff*AAECAwQFBgcICQoLDA0ODw*ac8VFHEwqEWl6lPJ5KO5KnxOK0R8UIQrWP0Dv3liKW30_wQAyD4jwbkVNiIfvUe0"
            "xj0LDaStzpmAs3bi_p1b9g**ffeeddccbbaa99887766554433221100*9fdabdcbQKqITOz4X_mEdcuhgJXIIW9ipuX0gT2z5Zw",
            {"4113ed1cb50eb02a162a1ba02707c411df7a54e186dac29c1112dd6918ae1564", "fa0101294607b5d850f2a79f9ce14e0c0a7b78c145aab549a6d0c9561c989db1"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        /* With one iteration no key is kept. */
        size_t kept = tokens[i].iterations > 1;
        h3s_config *made = config_of(CHEAP_OPTIONS);
        struct needle keys[2], hash_key;
        disguise_hex(&hash_key, HASH_KEY);
        size_t hash_keys = found(&hash_key);
        assert_true(hash_keys > 0);
        for (int k = 0; k < 2; k++) {
            disguise_hex(&keys[k], tokens[i].keys[k]);
            assert_int_equal(keys[k].len, 32);
        }
        h3s_session *session = NULL;
        assert_ok(unseal_token(made, S(tokens[i].token), NOW, &session, NULL));
        assert_str(h3s_session_id(session), "one");
        for (int k = 0; k < 2; k++) assert_int_equal(found(&keys[k]), kept);
        assert_int_equal(found(&hash_key), hash_keys);
        h3s_session_free(session);
        h3s_config_free(made);
        for (int k = 0; k < 2; k++) assert_int_equal(found(&keys[k]), 0);
        assert_int_equal(found(&hash_key), 0);
    }
}

/*
 * What the hashes of HMAC hold once they have read PASSWORD, padded: whoever finds both halves can
 * derive what the password can.
 */
static void a_derivation_leaves_no_state_of_its_hash(void **state)
{
    static const char *const states[] = {
        /* SHA-256, for the native format's keys */
        "b9a0dbe1a27f8cacc39c209413245a54f6b076802f1a032935ec6ac8efa60e31",
        "d233d073b684da94ba629ac7b22ecad76736ea2d9928dd7eb38ca5c149f0251b",
        /* SHA-1, for those of Fe26.2 */
        "3b1f55240cab002258d81d4a5b49436ace5a0c90",
        "d74b2811e88e0d63de2ffc8a9cdf8baf6d336fce",
    };
    char token[600];
    size_t len;
    (void)state;
    h3s_config *made = config_of(CHEAP_OPTIONS);
    assert_ok(h3s_iron_seal(made, S("1"), NOW, 0, token, sizeof token, &len, NULL));
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct needle words;
        disguise_words(&words, states[i]);
        assert_true(words.len >= 20);
        assert_int_equal(found(&words), 0);
    }
    h3s_config_free(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_config_keeps_its_password_only_for_fe26),
        cmocka_unit_test(options_that_are_refused_leave_no_password),
        cmocka_unit_test(a_freed_session_leaves_no_data),
        cmocka_unit_test(a_freed_session_leaves_no_data_wherever_it_stands),
        cmocka_unit_test(a_freed_session_leaves_no_name_of_a_member),
        cmocka_unit_test(a_freed_session_leaves_no_id),
        cmocka_unit_test(what_was_revoked_leaves_no_id_and_no_subject),
        cmocka_unit_test(a_freed_session_leaves_no_uuid),
        cmocka_unit_test(a_freed_config_leaves_no_key),
        cmocka_unit_test(a_freed_config_leaves_no_key_of_entries),
        cmocka_unit_test(a_freed_config_leaves_no_key_of_sliding),
        cmocka_unit_test(a_freed_config_leaves_no_key_of_other_servers_tokens),
        cmocka_unit_test(a_derivation_leaves_no_state_of_its_hash),
    };
    disguise(&password, "swordfish swims in the sea", "0123456789 at the back door");
    disguise(&data, "the data of this session", "which nobody else may see");
    disguise(&name, "an-id-of-the-callers-own-", "which-leads-to-a-record--");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
