/*
 * $h3s_*: a request whose variables nobody asks for pays nothing.
 */

#include "ngx_http_h3s.h"


enum {
    NGX_HTTP_H3S_VAR_ID = 0,
    NGX_HTTP_H3S_VAR_DATA,
    NGX_HTTP_H3S_VAR_STATUS,
    NGX_HTTP_H3S_VAR_CREATED_AT,
    NGX_HTTP_H3S_VAR_LOG_ID
};


static ngx_int_t ngx_http_h3s_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_h3s_carried_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_h3s_data_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_h3s_pointer_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_h3s_value(ngx_http_request_t *r, ngx_http_variable_value_t *v, h3s_session *session,
    h3s_str pointer);


/* Not cacheable: a session may change between two phases of one request. */
#define NGX_HTTP_H3S_FLAGS  NGX_HTTP_VAR_NOCACHEABLE


static ngx_http_variable_t  ngx_http_h3s_vars[] = {

    { ngx_string("h3s_id"), NULL, ngx_http_h3s_variable,
      NGX_HTTP_H3S_VAR_ID, NGX_HTTP_H3S_FLAGS, 0 },

    { ngx_string("h3s_data"), NULL, ngx_http_h3s_variable,
      NGX_HTTP_H3S_VAR_DATA, NGX_HTTP_H3S_FLAGS, 0 },

    { ngx_string("h3s_status"), NULL, ngx_http_h3s_variable,
      NGX_HTTP_H3S_VAR_STATUS, NGX_HTTP_H3S_FLAGS, 0 },

    { ngx_string("h3s_created_at"), NULL, ngx_http_h3s_variable,
      NGX_HTTP_H3S_VAR_CREATED_AT, NGX_HTTP_H3S_FLAGS, 0 },

    { ngx_string("h3s_log_id"), NULL, ngx_http_h3s_variable,
      NGX_HTTP_H3S_VAR_LOG_ID, NGX_HTTP_H3S_FLAGS, 0 },

    { ngx_string("h3s_carried"), NULL, ngx_http_h3s_carried_variable,
      0, NGX_HTTP_H3S_FLAGS, 0 },

    { ngx_string("h3s_data_"), NULL, ngx_http_h3s_data_variable,
      0, NGX_HTTP_H3S_FLAGS|NGX_HTTP_VAR_PREFIX, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_h3s_add_variables(ngx_conf_t *cf)
{
    return ngx_http_h3s_add_all(cf, ngx_http_h3s_vars);
}


/* Adds the variables of a list that ends with ngx_http_null_variable. */
ngx_int_t
ngx_http_h3s_add_all(ngx_conf_t *cf, ngx_http_variable_t *list)
{
    ngx_http_variable_t  *var, *v;

    for (v = list; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


/* h3s_variable $name pointer; */
char *
ngx_http_h3s_add_pointer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_h3s_main_conf_t  *hmcf = conf;

    ngx_str_t            *value, *pointer;
    ngx_http_variable_t  *var;

    (void) cmd;

    value = cf->args->elts;

    if (value[1].len < 2 || value[1].data[0] != '$') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"h3s_variable\": \"%V\" is no name of a variable: it begins with \"$\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    if (!ngx_http_h3s_is_pointer(&value[2])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"h3s_variable\": \"%V\"" NGX_HTTP_H3S_NO_POINTER, &value[2]);
        return NGX_CONF_ERROR;
    }

    value[1].len--;
    value[1].data++;

    var = ngx_http_add_variable(cf, &value[1], NGX_HTTP_H3S_FLAGS);
    pointer = ngx_palloc(cf->pool, sizeof(ngx_str_t));

    if (var == NULL || pointer == NULL) {
        return NGX_CONF_ERROR;
    }

    *pointer = value[2];

    var->get_handler = ngx_http_h3s_pointer_variable;
    var->data = (uintptr_t) pointer;

    hmcf->pointers = 1;

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_h3s_uses_variables(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        if (v[i].name.len > 4 && ngx_strncmp(v[i].name.data, "h3s_", 4) == 0) {
            return 1;
        }
    }

    return 0;
}


/* After a write: the access log, say, is to tell what the session has become. */
void
ngx_http_h3s_forget_variables(ngx_http_request_t *r)
{
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        if (v[i].get_handler == ngx_http_h3s_variable || v[i].get_handler == ngx_http_h3s_data_variable
            || v[i].get_handler == ngx_http_h3s_pointer_variable)
        {
            r->variables[i].valid = 0;
            r->variables[i].not_found = 0;
        }
    }
}


static ngx_int_t
ngx_http_h3s_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                  *p, number[NGX_INT64_LEN];
    h3s_str                  text;
    ngx_http_h3s_session_t  *s;

    s = ngx_http_h3s_session_of(r);

    if (s == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    if (data == NGX_HTTP_H3S_VAR_STATUS) {
        text.ptr = ngx_http_h3s_status(r, s);
        return ngx_http_h3s_copy(r, v, text.ptr, ngx_strlen(text.ptr));
    }

    if (data == NGX_HTTP_H3S_VAR_DATA && s->session) {
        text = h3s_session_data(s->session);
        return ngx_http_h3s_copy(r, v, text.ptr, text.len);
    }

    /* Of a session that will not come back, these would tell nothing. */
    if (!ngx_http_h3s_comes_back(r, s)) {
        v->not_found = 1;
        return NGX_OK;
    }

    switch (data) {

    case NGX_HTTP_H3S_VAR_CREATED_AT:
        p = ngx_sprintf(number, "%L", h3s_session_created_at(s->session));
        return ngx_http_h3s_copy(r, v, (char *) number, p - number);

    case NGX_HTTP_H3S_VAR_LOG_ID:
        text = h3s_session_log_id(s->session);
        break;

    default: /* NGX_HTTP_H3S_VAR_ID */
        text = h3s_session_id(s->session);
        break;
    }

    return ngx_http_h3s_copy(r, v, text.ptr, text.len);
}


/*
 * Whether the request brings anything of the session's, whatever it is worth: nothing is opened, so
 * that it holds also where a session is refused, or too much was asked of nginx.
 */
static ngx_int_t
ngx_http_h3s_carried_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_h3s_session_t   *s;
    ngx_http_h3s_loc_conf_t  *conf;

    (void) data;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_h3s_module);

    if (conf->options == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    s = ngx_http_h3s_entry(r, conf->options);
    if (s == NULL) {
        return NGX_ERROR;
    }

    s->varies = 1;

    if (!ngx_http_h3s_carries(r, conf->options)) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_h3s_copy(r, v, "1", 1);
}


/* The member of the name that follows in the variable's. */
static ngx_int_t
ngx_http_h3s_data_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t *variable = (ngx_str_t *) data;

    ngx_str_t                name;
    ngx_http_h3s_session_t  *s;

    name.len = variable->len - (sizeof("h3s_data_") - 1);
    name.data = variable->data + sizeof("h3s_data_") - 1;

    s = ngx_http_h3s_session_of(r);

    if (s == NULL || s->session == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_h3s_value(r, v, s->session, ngx_http_h3s_member(r, s->session, &name));
}


/* What the JSON Pointer of an h3s_variable leads to. */
static ngx_int_t
ngx_http_h3s_pointer_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t *path = (ngx_str_t *) data;

    h3s_str                  pointer;
    ngx_http_h3s_session_t  *s;

    s = ngx_http_h3s_session_of(r);

    if (s == NULL || s->session == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    pointer.ptr = (char *) path->data;
    pointer.len = path->len;

    return ngx_http_h3s_value(r, v, s->session, pointer);
}


/*
 * A string comes without its quotes. Its escapes are resolved, but not where that would give a
 * control character: the value may end in a header. A null, which is how JavaScript takes a member
 * away, is not found: its text could be taken for somebody's name.
 */
static ngx_int_t
ngx_http_h3s_value(ngx_http_request_t *r, ngx_http_variable_value_t *v, h3s_session *session, h3s_str pointer)
{
    size_t   i;
    int32_t  type;
    h3s_str  json, text;

    type = pointer.ptr ? h3s_session_type(session, pointer.ptr, pointer.len) : H3S_TYPE_ABSENT;

    if (type == H3S_TYPE_ABSENT || type == H3S_TYPE_NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    json = h3s_session_find(session, pointer.ptr, pointer.len);

    if (type != H3S_TYPE_STRING) {
        return ngx_http_h3s_copy(r, v, json.ptr, json.len);
    }

    text = h3s_session_text(session, pointer.ptr, pointer.len);

    for (i = 0; i < text.len; i++) {
        if ((u_char) text.ptr[i] < ' ' || text.ptr[i] == 0x7f) {
            return ngx_http_h3s_copy(r, v, json.ptr + 1, json.len - 2);
        }
    }

    return ngx_http_h3s_copy(r, v, text.ptr, text.len);
}


/* NULL: there is none here, or no memory. */
ngx_http_h3s_session_t *
ngx_http_h3s_session_of(ngx_http_request_t *r)
{
    ngx_http_h3s_session_t   *s;
    ngx_http_h3s_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_h3s_module);

    return ngx_http_h3s_open(r, conf, 0, &s) == NGX_OK ? s : NULL;
}


const char *
ngx_http_h3s_status(ngx_http_request_t *r, ngx_http_h3s_session_t *s)
{
    int32_t  rejection;

    if (s->session == NULL) {
        return s->status == H3S_ERR_STALE ? "stale" : "busy";
    }

    if (h3s_session_source(s->session) != H3S_SOURCE_NONE) {
        return "valid";
    }

    rejection = h3s_session_rejection(s->session);

    if (rejection != H3S_REJECTION_NONE) {
        return h3s_rejection_str(rejection);
    }

    if (ngx_http_h3s_comes_back(r, s)) {
        return "new";
    }

    /* Some h3 may read what is none here: a name with a sign before it, or another header. */
    return ngx_http_h3s_carries(r, s->options) ? "malformed" : "none";
}


ngx_int_t
ngx_http_h3s_copy(ngx_http_request_t *r, ngx_http_variable_value_t *v, const char *text, size_t len)
{
    v->data = ngx_pnalloc(r->pool, len);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(v->data, text, len);

    v->len = len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}
