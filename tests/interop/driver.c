/*
 * driver: the library for tests in other languages. Each line on standard input is a JSON command,
 * each line on standard output its answer.
 *
 *     {"op":"config","options":{…}} -> {"config":0}
 *     {"op":"use","config":0,"cookie":"…","header":"…","now":…,"writes":[{"update":{…}},…]}
 *         -> {"id":…,"data":"…","createdAt":…,…,"setCookies":[…],"token":…}
 *     {"op":"iron_seal","config":0,"text":"…","now":…,"session":true} -> {"text":"…"}
 *     {"op":"iron_unseal","config":0,"text":"…","now":…} -> {"text":"…"}
 *
 * `get` is as `use`. A write is {"update":{…}}, {"replace":{…}}, {"rotate":true}, {"clear":true} or
 * {"revoke":true} (or "everywhere"); one alone may stand in the command itself. What is revoked is
 * known to all later commands. `dataText` is the data as it is stored, `data` the same parsed.
 * `session` lets a raw seal be one that opens as a session. Any error is
 * {"status":…,"key":…,"message":…}.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <h3s.h>
#include <jansson.h>

enum { CONFIGS_MAX = 256 };

static h3s_config *configs[CONFIGS_MAX];
static size_t config_count;
/* Of all configs that have `revocation`. */
static h3s_revocations *revocations;

static const char *text_of(json_t *command, const char *key, size_t *len)
{
    json_t *value = json_object_get(command, key);
    *len = json_string_length(value);
    return json_string_value(value);
}

static json_t *string(h3s_str value) { return value.ptr == NULL ? json_null() : json_stringn(value.ptr, value.len); }

static json_t *failed(const h3s_error *err)
{
    return json_pack("{s:i, s:s, s:s}", "status", (int)err->status, "key", err->key, "message", err->message);
}

static json_t *make_config(json_t *command)
{
    h3s_error err;
    char *options = json_dumps(json_object_get(command, "options"), JSON_ENCODE_ANY);
    if (options == NULL || config_count == CONFIGS_MAX)
        abort();
    int32_t status = h3s_config_new(options, strlen(options), &configs[config_count], &err);
    free(options);
    return status == H3S_OK ? json_pack("{s:i}", "config", (int)config_count++) : failed(&err);
}

static int32_t write_object(json_t *write, h3s_session *session, h3s_error *err)
{
    json_t *update = json_object_get(write, "update"), *replace = json_object_get(write, "replace");
    json_t *object = update != NULL ? update : replace;
    if (object == NULL)
        return H3S_OK;
    char *json = json_dumps(object, JSON_COMPACT | JSON_ENCODE_ANY);
    if (json == NULL)
        abort();
    int32_t status = (update != NULL ? h3s_update : h3s_replace)(session, json, strlen(json), err);
    free(json);
    return status;
}

static int32_t write_once(json_t *write, h3s_session *session, h3s_error *err)
{
    int32_t status = H3S_OK;
    if (json_is_true(json_object_get(write, "clear")))
        status = h3s_clear(session, err);
    json_t *revoke = json_object_get(write, "revoke");
    if (status == H3S_OK && json_is_true(revoke))
        status = h3s_revoke(session, err);
    else if (status == H3S_OK && json_is_string(revoke))
        status = h3s_revoke_everywhere(session, err);
    if (status == H3S_OK && json_is_true(json_object_get(write, "rotate")))
        status = h3s_rotate(session, err);
    return status == H3S_OK ? write_object(write, session, err) : status;
}

static int32_t write_session(json_t *command, h3s_session *session, h3s_error *err)
{
    int32_t status = write_once(command, session, err);
    json_t *writes = json_object_get(command, "writes");
    for (size_t i = 0; status == H3S_OK && i < json_array_size(writes); i++)
        status = write_once(json_array_get(writes, i), session, err);
    return status;
}

/* What a session has revoked. */
static int32_t make_known(const h3s_config *config, h3s_session *session, int64_t now_ms, h3s_error *err)
{
    const h3s_str *list = NULL;
    size_t count = 0;
    int32_t status = h3s_revocation_entries(session, &list, &count, err);
    for (size_t i = 0; status == H3S_OK && i < count; i++)
        status = h3s_revocations_apply(revocations, config, list[i].ptr, list[i].len, now_ms, NULL, err);
    return status;
}

static json_t *open_session(json_t *command, const h3s_config *config, int get)
{
    h3s_request request = {.size = sizeof request};
    h3s_session *session = NULL;
    h3s_view view = {.size = sizeof view};
    h3s_str token = {NULL, 0};
    const h3s_str *list = NULL;
    size_t count = 0;
    h3s_error err;
    request.cookie = text_of(command, "cookie", &request.cookie_len);
    request.header = text_of(command, "header", &request.header_len);
    request.now_ms = json_integer_value(json_object_get(command, "now"));
    request.flags = json_is_true(json_object_get(command, "crossSite")) ? H3S_CROSS_SITE : 0;
    if (h3s_config_flags(config) & H3S_CONFIG_REVOCATION)
        request.revocations = revocations;
    if ((get ? h3s_get : h3s_use)(config, &request, &session, &err) != H3S_OK)
        return failed(&err);
    if (write_session(command, session, &err) != H3S_OK
        || make_known(config, session, request.now_ms, &err) != H3S_OK || h3s_set_cookies(session, &list, &count, &err) != H3S_OK || h3s_session_view(session, &view) != H3S_OK) {
        h3s_session_free(session);
        return failed(&err);
    }
    json_t *cookies = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(cookies, string(list[i]));
    json_t *answer = json_pack("{s:o, s:o, s:o, s:I, s:I, s:b, s:i, s:s, s:o}", "id",
        string(view.id), "data", json_loadb(view.data.ptr, view.data.len, 0, NULL), "dataText", string(view.data),
        "createdAt", (json_int_t)view.created_at, "lastSeenAt", (json_int_t)view.last_seen_at,
        "isNew", (view.flags & H3S_VIEW_NEW) != 0, "source", (int)view.source,
        "rejection", h3s_rejection_str(view.rejection), "setCookies", cookies);
    // Last, since it may fail: it has no token after `clear`.
    if (h3s_seal(session, &token, &err) != H3S_OK)
        token = (h3s_str){NULL, 0};
    json_object_set_new(answer, "token", string(token));
    h3s_session_free(session);
    return answer;
}

static json_t *iron(json_t *command, const h3s_config *config, int seal)
{
    size_t len, out_len = 0;
    const char *text = text_of(command, "text", &len);
    int64_t now = json_integer_value(json_object_get(command, "now"));
    size_t room = len / 3 * 4 + 512;
    char *out = malloc(room);
    h3s_error err;
    if (out == NULL)
        abort();
    uint32_t flags = json_is_true(json_object_get(command, "session")) ? H3S_IRON_SESSION : 0;
    h3s_request request = H3S_REQUEST_INIT;
    request.header = text;
    request.header_len = len;
    request.now_ms = now;
    int32_t status = seal ? h3s_iron_seal(config, text, len, now, flags, out, room, &out_len, &err)
                          : h3s_iron_unseal(config, &request, out, room, &out_len, &err);
    json_t *answer = status == H3S_OK ? json_pack("{s:s#}", "text", out, (int)out_len) : failed(&err);
    free(out);
    return answer;
}

static json_t *answer_to(json_t *command)
{
    const char *op = json_string_value(json_object_get(command, "op"));
    size_t number = (size_t)json_integer_value(json_object_get(command, "config"));
    if (op != NULL && strcmp(op, "config") == 0)
        return make_config(command);
    if (op == NULL || number >= config_count)
        return json_pack("{s:s}", "message", "no such command or config");
    if (strcmp(op, "use") == 0 || strcmp(op, "get") == 0)
        return open_session(command, configs[number], op[0] == 'g');
    return iron(command, configs[number], strcmp(op, "iron_seal") == 0);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    if (h3s_revocations_new(1000, &revocations, NULL) != H3S_OK)
        abort();
    while (getline(&line, &room, stdin) > 0) {
        json_t *command = json_loads(line, 0, NULL);
        json_t *answer = answer_to(command);
        if (answer == NULL || json_dumpf(answer, stdout, JSON_COMPACT) != 0)
            abort();
        putchar('\n');
        fflush(stdout);
        json_decref(answer);
        json_decref(command);
    }
    free(line);
    while (config_count > 0)
        h3s_config_free(configs[--config_count]);
    h3s_revocations_free(revocations);
    return 0;
}
