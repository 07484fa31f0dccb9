/*
 * The short way into libh3s for what each request does, where ctypes is the long one.
 *
 * It is optional: without it the package does all by ctypes. `Core`, the base of h3s.Session, has
 * what _core.py's class of that name has, and besides takes short cuts: `session[key]`, `get`,
 * `session[key] = value` and `set_cookies` are done here in the usual case. What is not usual (a
 * list, a string with escapes, a write that fails) is handed over to the method in Python that
 * knows all cases, such as `_item` for `session[key]`. So what a session means stands in Python
 * alone, and this file may only do the same, faster.
 *
 * - It is not linked with libh3s. `link` is told where the functions of the library are that ctypes
 *   has loaded, so that there is one library, found in one way.
 * - It keeps to the limited API of Python 3.9: one file for all later versions. In that API a
 *   type's slots cannot find their module, so a session has with it what they need.
 * - There are no static objects of Python, so interpreters of one process share nothing.
 * - All calls keep the GIL but the derivation of a key in `open`, as in _abi.py.
 */

#define Py_LIMITED_API 0x03090000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "h3s.h"

/* The functions of the library that are called here. */
#define CALLS(X)                                                                                   \
    X(h3s_get)                                                                                     \
    X(h3s_use)                                                                                     \
    X(h3s_unseal)                                                                                  \
    X(h3s_session_free)                                                                            \
    X(h3s_session_view)                                                                            \
    X(h3s_session_data)                                                                            \
    X(h3s_session_find)                                                                            \
    X(h3s_set_json)                                                                                \
    X(h3s_set_text)                                                                                \
    X(h3s_set_int)                                                                                 \
    X(h3s_set_bool)                                                                                \
    X(h3s_set_cookies)                                                                             \
    X(h3s_is_cross_site)

#define FIELD(name) __typeof__(&name) name;
typedef struct calls {
    CALLS(FIELD)
} calls;

/* What is in a session behind its dict. */
typedef struct core {
    h3s_session *handle;
    /* Of the library that `handle` is of. */
    const calls *calls;
    PyObject *config, *values, *given, *late;
    char whole;
    /* `del session._handle`: to ask for `_handle` opens it, see RequestSession.__getattr__. */
    char unopened;
} core;

typedef struct state {
    /* Never freed, since a session may outlive the module. */
    calls *calls;
    PyTypeObject *core;
    PyObject *error, *unread, *value;
} state;

/* The same in each interpreter: where `core` begins, and what dict does with its own part. */
static Py_ssize_t offset;
static traverseproc dict_traverse;
static inquiry dict_clear;

static core *core_of(PyObject *self) { return (core *)((char *)self + offset); }

/* Takes over `value`, which may be NULL. */
static void put(PyObject **field, PyObject *value)
{
    PyObject *former = *field;

    *field = value;
    Py_XDECREF(former);
}

/* `self.name`, and below `self.name(one, two)`. Of a name that is not interned, Python's cache of
   types would keep each copy. */
static PyObject *attribute(PyObject *self, const char *name)
{
    PyObject *interned = PyUnicode_InternFromString(name), *value;

    if (interned == NULL)
        return NULL;
    value = PyObject_GetAttr(self, interned);
    Py_DECREF(interned);
    return value;
}

static PyObject *call(PyObject *self, const char *name, PyObject *one, PyObject *two)
{
    PyObject *interned = PyUnicode_InternFromString(name), *done;

    if (interned == NULL)
        return NULL;
    done = PyObject_CallMethodObjArgs(self, interned, one, two, NULL);
    Py_DECREF(interned);
    return done;
}

/* ---- Between the library and objects --------------------------------------------------------- */

static const char *digits(const char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

/* Whether a text is a number of JSON, and where its integer part ends. */
static int is_number(const char *text, const char **whole)
{
    const char *at = text + (*text == '-'), *next = digits(at);

    if (next == at || (*at == '0' && next != at + 1))
        return 0;
    *whole = at = next;
    if (*at == '.') {
        next = digits(++at);
        if (next == at)
            return 0;
        at = next;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        next = digits(at);
        if (next == at)
            return 0;
        at = next;
    }
    return *at == '\0';
}

static int is(h3s_str text, const char *literal, size_t len)
{
    return text.len == len && memcmp(text.ptr, literal, len) == 0;
}

/* A scalar, as the json module reads it; NULL without an exception for what is left to Python. That
   is also all that is no JSON: a token holds what its sealer has put there. */
static PyObject *scalar(h3s_str text)
{
    char number[48];
    const char *whole;
    size_t i;
    double real;

    if (is(text, H3S_LIT("true")))
        return PyBool_FromLong(1);
    if (is(text, H3S_LIT("false")))
        return PyBool_FromLong(0);
    if (is(text, H3S_LIT("null"))) {
        Py_INCREF(Py_None);
        return Py_None;
    }
    if (text.ptr[0] == '"') {
        for (i = 1; i < text.len; i++) {
            unsigned char c = (unsigned char)text.ptr[i];
            if (c == '"' || c == '\\' || c < 0x20)
                break;
        }
        if (i != text.len - 1 || text.ptr[i] != '"')
            return NULL;
        return PyUnicode_DecodeUTF8(text.ptr + 1, (Py_ssize_t)text.len - 2, NULL);
    }
    if (text.len >= sizeof number)
        return NULL;
    memcpy(number, text.ptr, text.len);
    number[text.len] = '\0';
    if (memchr(number, '\0', text.len) != NULL || !is_number(number, &whole))
        return NULL;
    if (*whole == '\0')
        /* 18 digits are always fewer than 2^63. */
        return whole - number <= 18 ? PyLong_FromLongLong(strtoll(number, NULL, 10)) : NULL;
    real = PyOS_string_to_double(number, NULL, NULL);
    if (real == -1.0 && PyErr_Occurred())
        return NULL;
    return PyFloat_FromDouble(real);
}

/* text.encode(encoding, errors), whatever text is. */
static PyObject *encoded(PyObject *text, const char *encoding, const char *errors)
{
    PyObject *first, *second, *bytes = NULL;

    if (PyUnicode_Check(text))
        return PyUnicode_AsEncodedString(text, encoding, errors);
    first = PyUnicode_FromString(encoding);
    second = PyUnicode_FromString(errors);
    if (first != NULL && second != NULL)
        bytes = call(text, "encode", first, second);
    Py_XDECREF(first);
    Py_XDECREF(second);
    return bytes;
}

/* A header's value as bytes, a new reference: see to_bytes in sessions.py. */
static PyObject *bytes_of(PyObject *text)
{
    PyObject *bytes;

    if (PyBytes_Check(text)) {
        Py_INCREF(text);
        return text;
    }
    if (!PyUnicode_Check(text))
        return encoded(text, "latin-1", "strict");
    bytes = PyUnicode_AsLatin1String(text);
    if (bytes == NULL && PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
        PyErr_Clear();
        bytes = encoded(text, "utf-8", "surrogatepass");
    }
    return bytes;
}

/* `bytes` owns what is lent. */
static int lend(PyObject *bytes, const char **ptr, size_t *len)
{
    char *begin;
    Py_ssize_t length;

    if (bytes == NULL || PyBytes_AsStringAndSize(bytes, &begin, &length) < 0)
        return -1;
    *ptr = begin;
    *len = (size_t)length;
    return 0;
}

/* ---- Core ------------------------------------------------------------------------------------ */

static int prepare(PyObject *self, PyObject *unread, PyObject *config)
{
    core *c = core_of(self);
    PyObject *name = PyUnicode_FromStringAndSize("", 0);
    int failed = name == NULL || PyDict_SetItem(self, name, unread) < 0;

    Py_XDECREF(name);
    if (failed)
        return -1;
    Py_INCREF(config);
    put(&c->config, config);
    put(&c->values, PyDict_New());
    put(&c->given, PyDict_New());
    Py_INCREF(Py_None);
    put(&c->late, Py_None);
    c->whole = 0;
    return c->values == NULL || c->given == NULL ? -1 : 0;
}

static int core_init(PyObject *self, PyObject *args, PyObject *kwds)
{
    PyObject *unread;
    int done;

    if (kwds != NULL || PyTuple_Size(args) != 1 || PyTuple_GetItem(args, 0) != Py_None) {
        PyErr_SetString(PyExc_TypeError,
                        "a session comes from Sessions.use, get or unseal; copy() makes a plain dict of one");
        return -1;
    }
    unread = attribute(self, "_unread");
    if (unread == NULL)
        return -1;
    done = prepare(self, unread, Py_None);
    Py_DECREF(unread);
    return done;
}

static int core_traverse(PyObject *self, visitproc visit, void *arg)
{
    core *c = core_of(self);

    Py_VISIT(Py_TYPE(self));
    Py_VISIT(c->config);
    Py_VISIT(c->values);
    Py_VISIT(c->given);
    Py_VISIT(c->late);
    return dict_traverse(self, visit, arg);
}

/* (When a session is deallocated, Python itself clears these: they are members of the type.) */
static int core_clear(PyObject *self)
{
    core *c = core_of(self);

    Py_CLEAR(c->config);
    Py_CLEAR(c->values);
    Py_CLEAR(c->given);
    Py_CLEAR(c->late);
    return dict_clear(self);
}

static void release(core *c)
{
    h3s_session *handle = c->handle;

    c->handle = NULL;
    c->unopened = 0;
    if (handle != NULL)
        c->calls->h3s_session_free(handle);
}

static void core_finalize(PyObject *self) { release(core_of(self)); }

static PyObject *core_release(PyObject *self, PyObject *none)
{
    (void)none;
    release(core_of(self));
    Py_RETURN_NONE;
}

static PyObject *get_handle(PyObject *self, void *closure)
{
    core *c = core_of(self);

    (void)closure;
    if (c->handle != NULL)
        return PyLong_FromVoidPtr(c->handle);
    if (c->unopened) {
        PyErr_SetString(PyExc_AttributeError, "_handle");
        return NULL;
    }
    Py_RETURN_NONE;
}

static int set_handle(PyObject *self, PyObject *value, void *closure)
{
    core *c = core_of(self);

    (void)closure;
    if (value != NULL || c->handle != NULL) {
        PyErr_SetString(PyExc_AttributeError, "_handle is set by the library alone");
        return -1;
    }
    c->unopened = 1;
    return 0;
}

/* 1: there is a handle; 0: it is closed; -1: to open it was an exception. */
static int reach(PyObject *self)
{
    core *c = core_of(self);
    PyObject *handle;

    if (c->handle != NULL || !c->unopened)
        return c->handle != NULL;
    handle = attribute(self, "_handle");
    if (handle == NULL)
        return -1;
    Py_DECREF(handle);
    return c->handle != NULL;
}

/* The JSON Pointer of a key that needs no escapes, and its length; 0: it is another key. */
static size_t pointer_of(PyObject *key, char *out, size_t room)
{
    PyObject *bytes;
    const char *name;
    size_t len, i, length = 0;

    bytes = PyUnicode_AsUTF8String(key);
    if (lend(bytes, &name, &len) < 0) {
        PyErr_Clear();
        Py_XDECREF(bytes);
        return 0;
    }
    if (len > 0 && len < room && !(name[0] >= '0' && name[0] <= '9')) {
        for (i = 0; i < len; i++) {
            char c = name[i];
            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
                break;
        }
        if (i == len) {
            out[0] = '/';
            memcpy(out + 1, name, len);
            length = len + 1;
        }
    }
    Py_DECREF(bytes);
    return length;
}

/* Whether a session has what its __init__ gives it. */
static int is_whole(core *c)
{
    return c->values != NULL && PyDict_CheckExact(c->values) && c->given != NULL && PyDict_CheckExact(c->given);
}

/* 1: *value is a new reference; 0: there is none; -1: an exception; 2: left to Python. */
static int lookup(PyObject *self, PyObject *key, PyObject **value)
{
    core *c = core_of(self);
    PyObject *values = c->values, *given = c->given, *found;
    char pointer[128];
    size_t length;
    h3s_str text;
    int there;

    if (!PyUnicode_CheckExact(key) || !is_whole(c))
        return 2;
    /* Held, since a key of a subclass of str compares itself by code of its own. */
    Py_INCREF(values);
    Py_INCREF(given);
    found = PyDict_GetItemWithError(values, key);
    Py_XINCREF(found);
    there = 1;
    if (found != NULL && (PyDict_Check(found) || PyList_Check(found) || PyTuple_Check(found)))
        there = PyDict_Contains(given, key);
    Py_DECREF(values);
    Py_DECREF(given);
    if (found != NULL && there == 1) {
        *value = found;
        return 1;
    }
    if (found != NULL) {
        Py_DECREF(found);
        return there < 0 ? -1 : 2;
    }
    if (PyErr_Occurred())
        return -1;
    if (c->whole)
        return 0;
    length = pointer_of(key, pointer, sizeof pointer);
    if (length == 0)
        return 2;
    there = reach(self);
    if (there != 1)
        return there < 0 ? -1 : 2;
    text = c->calls->h3s_session_find(c->handle, pointer, length);
    if (text.len == 0)
        return 0;
    found = scalar(text);
    if (found == NULL)
        return PyErr_Occurred() ? -1 : 2;
    values = c->values;
    if (!is_whole(c)) {
        /* Whoever opened it took them away. */
        Py_DECREF(found);
        return 2;
    }
    Py_INCREF(values);
    there = PyDict_SetItem(values, key, found);
    Py_DECREF(values);
    if (there < 0) {
        Py_DECREF(found);
        return -1;
    }
    *value = found;
    return 1;
}

static PyObject *core_subscript(PyObject *self, PyObject *key)
{
    PyObject *value = NULL;

    switch (lookup(self, key, &value)) {
    case 0:
        PyErr_SetObject(PyExc_KeyError, key);
        return NULL;
    case 2:
        return call(self, "_item", key, NULL);
    }
    return value;
}

static PyObject *core_get(PyObject *self, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"key", "default", NULL};
    PyObject *key, *other = Py_None, *value = NULL;

    if (kwds == NULL && PyTuple_Size(args) == 2) {
        key = PyTuple_GetItem(args, 0);
        other = PyTuple_GetItem(args, 1);
    } else if (!PyArg_ParseTupleAndKeywords(args, kwds, "O|O:get", names, &key, &other)) {
        return NULL;
    }
    /* A subclass may have its own way to read. */
    if (PyType_GetSlot(Py_TYPE(self), Py_mp_subscript) != (void *)core_subscript) {
        value = PyObject_GetItem(self, key);
    } else {
        switch (lookup(self, key, &value)) {
        case 0:
            Py_INCREF(other);
            return other;
        case 2:
            value = call(self, "_item", key, NULL);
        }
    }
    if (value == NULL && PyErr_ExceptionMatches(PyExc_KeyError)) {
        PyErr_Clear();
        Py_INCREF(other);
        return other;
    }
    return value;
}

/* H3S_OK: it is written; another status: left to Python; -1: an exception. */
static int32_t write_scalar(core *c, const char *name, size_t len, PyObject *value)
{
    h3s_session *session = c->handle;
    const calls *f = c->calls;
    int32_t status;

    if (value == Py_None)
        return f->h3s_set_json(session, name, len, H3S_LIT("null"), NULL);
    if (PyBool_Check(value))
        return f->h3s_set_bool(session, name, len, value == Py_True, NULL);
    if (PyLong_CheckExact(value)) {
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        return overflow ? H3S_ERR_DATA : f->h3s_set_int(session, name, len, number, NULL);
    }
    if (PyUnicode_CheckExact(value)) {
        PyObject *bytes = PyUnicode_AsUTF8String(value);
        const char *text;
        size_t length;
        if (lend(bytes, &text, &length) < 0) {
            /* An unpaired surrogate. */
            PyErr_Clear();
            status = H3S_ERR_DATA;
        } else {
            status = f->h3s_set_text(session, name, len, text, length, NULL);
        }
        Py_XDECREF(bytes);
        return status;
    }
    if (PyFloat_CheckExact(value)) {
        double number = PyFloat_AsDouble(value);
        char *text;
        if (!(number - number == 0))
            /* Infinite, or not a number. */
            return H3S_ERR_DATA;
        /* As repr does; h3s_set_double would make 1 of 1.0. */
        text = PyOS_double_to_string(number, 'r', 0, Py_DTSF_ADD_DOT_0, NULL);
        if (text == NULL)
            return -1;
        status = f->h3s_set_json(session, name, len, text, strlen(text), NULL);
        PyMem_Free(text);
        return status;
    }
    return H3S_ERR_DATA;
}

/* 1: it is written; 0: left to Python; -1: an exception. */
static int assign(PyObject *self, PyObject *key, PyObject *value)
{
    core *c = core_of(self);
    PyObject *bytes, *values, *given;
    const char *name;
    size_t len;
    int32_t status;
    int there;

    /* One that is not open yet is not opened for what cannot be written. */
    if (!PyUnicode_CheckExact(key) || c->handle == NULL || c->late != Py_None || !is_whole(c))
        return 0;
    if (value != Py_None && !PyBool_Check(value) && !PyLong_CheckExact(value) && !PyUnicode_CheckExact(value) &&
        !PyFloat_CheckExact(value))
        return 0;
    bytes = PyUnicode_AsUTF8String(key);
    if (lend(bytes, &name, &len) < 0) {
        PyErr_Clear();
        Py_XDECREF(bytes);
        return 0;
    }
    status = write_scalar(c, name, len, value);
    Py_DECREF(bytes);
    if (status < 0)
        return -1;
    if (status != H3S_OK)
        return 0;
    values = c->values;
    given = c->given;
    Py_INCREF(values);
    Py_INCREF(given);
    there = PyDict_SetItem(values, key, value);
    if (there == 0 && c->whole)
        there = PyDict_SetItem(self, key, value);
    if (there == 0 && PyDict_Size(given) > 0) {
        there = PyDict_Contains(given, key);
        if (there == 1)
            there = PyDict_DelItem(given, key);
    }
    Py_DECREF(values);
    Py_DECREF(given);
    return there < 0 ? -1 : 1;
}

static int core_ass_subscript(PyObject *self, PyObject *key, PyObject *value)
{
    PyObject *done;
    int written = value == NULL ? 0 : assign(self, key, value);

    if (written != 0)
        return written < 0 ? -1 : 0;
    if (value == NULL)
        done = call(self, "_remove", key, NULL);
    else
        done = call(self, "_assign", key, value);
    if (done == NULL)
        return -1;
    Py_DECREF(done);
    return 0;
}

static PyObject *core_set_cookies(PyObject *self, PyObject *none)
{
    core *c = core_of(self);
    const h3s_str *found = NULL;
    size_t count = 0, i;
    PyObject *list, *value;
    int there;

    (void)none;
    if (is_whole(c) && PyDict_Size(c->given) > 0) {
        PyObject *done = call(self, "_flush", NULL, NULL);
        if (done == NULL)
            return NULL;
        Py_DECREF(done);
    }
    there = reach(self);
    if (there < 0)
        return NULL;
    /* First, since a collection of garbage may write to the session. */
    list = PyList_New(0);
    if (list == NULL)
        return NULL;
    if (there == 0 || c->calls->h3s_set_cookies(c->handle, &found, &count, NULL) != H3S_OK) {
        Py_DECREF(list);
        return call(self, "_cookies", NULL, NULL);
    }
    for (i = 0; list != NULL && i < count; i++) {
        value = PyUnicode_DecodeUTF8(found[i].ptr, (Py_ssize_t)found[i].len, NULL);
        if (value == NULL || PyList_Append(list, value) < 0)
            Py_CLEAR(list);
        Py_XDECREF(value);
    }
    return list;
}

static PyObject *core_find(PyObject *self, PyObject *pointer)
{
    core *c = core_of(self);
    const char *name;
    size_t len;
    h3s_str text;
    int there = reach(self);

    if (there < 0 || lend(pointer, &name, &len) < 0)
        return NULL;
    if (there == 0)
        Py_RETURN_NONE;
    text = c->calls->h3s_session_find(c->handle, name, len);
    if (text.len == 0)
        Py_RETURN_NONE;
    return PyUnicode_DecodeUTF8(text.ptr, (Py_ssize_t)text.len, NULL);
}

static PyObject *core_text(PyObject *self, PyObject *none)
{
    core *c = core_of(self);
    h3s_str text;
    int there = reach(self);

    (void)none;
    if (there < 0)
        return NULL;
    if (there == 0)
        Py_RETURN_NONE;
    text = c->calls->h3s_session_data(c->handle);
    if (text.ptr == NULL)
        Py_RETURN_NONE;
    return PyUnicode_DecodeUTF8(text.ptr, (Py_ssize_t)text.len, NULL);
}

static PyObject *core_set(PyObject *self, PyObject *args)
{
    core *c = core_of(self);
    const char *name, *text;
    size_t name_len, text_len;
    int there = reach(self);

    if (there < 0 || PyTuple_Size(args) != 2 || lend(PyTuple_GetItem(args, 0), &name, &name_len) < 0 ||
        lend(PyTuple_GetItem(args, 1), &text, &text_len) < 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "_set takes a name and a text");
        return NULL;
    }
    if (there == 0)
        return PyLong_FromLong(H3S_ERR_ARGUMENT);
    return PyLong_FromLong(c->calls->h3s_set_json(c->handle, name, name_len, text, text_len, NULL));
}

static PyObject *core_flags(PyObject *self, PyObject *none)
{
    core *c = core_of(self);
    h3s_view view = H3S_VIEW_INIT;
    PyObject *seen, *flags;
    int there = reach(self);

    (void)none;
    if (there < 0)
        return NULL;
    if (there == 1 && c->calls->h3s_session_view(c->handle, &view) == H3S_OK)
        return PyLong_FromUnsignedLong(view.flags);
    seen = call(self, "_view", NULL, NULL);
    if (seen == NULL)
        return NULL;
    flags = attribute(seen, "flags");
    Py_DECREF(seen);
    return flags;
}

static PyMethodDef core_methods[] = {
    {"get", (PyCFunction)(void (*)(void))core_get, METH_VARARGS | METH_KEYWORDS,
     "get($self, key, default=None)\n--\n\nThe value of a key, or the default."},
    {"set_cookies", core_set_cookies, METH_NOARGS,
     "set_cookies($self)\n--\n\nThe response's Set-Cookie values, most often none or one, each for its own header."},
    {"_find", core_find, METH_O, NULL},
    {"_text", core_text, METH_NOARGS, NULL},
    {"_set", core_set, METH_VARARGS, NULL},
    {"_flags", core_flags, METH_NOARGS, NULL},
    {"_release", core_release, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef core_getset[] = {
    {"_handle", get_handle, set_handle, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* Where they are depends on the size of a dict, see add_core. */
static const struct {
    const char *name;
    int type;
    size_t at;
} core_members[] = {
    {"_config", T_OBJECT_EX, offsetof(core, config)}, {"_values", T_OBJECT_EX, offsetof(core, values)},
    {"_given", T_OBJECT_EX, offsetof(core, given)},   {"_late", T_OBJECT_EX, offsetof(core, late)},
    {"_whole", T_BOOL, offsetof(core, whole)},
};
#define MEMBERS (sizeof core_members / sizeof *core_members)

/* ---- The module ------------------------------------------------------------------------------ */

/* The pointer of a ctypes handle, or NULL for None and with an exception. */
static void *pointer_in(state *s, PyObject *handle)
{
    PyObject *address;
    void *pointer;

    if (handle == Py_None)
        return NULL;
    address = PyObject_GetAttr(handle, s->value);
    if (address == NULL)
        return NULL;
    pointer = address == Py_None ? NULL : PyLong_AsVoidPtr(address);
    Py_DECREF(address);
    return pointer;
}

/* open(how, type, config, cookie, header, peer, now_ms, cross_site, warm_only, revocations): a
   session, or the Error that says why there is none. type: h3s.Session, a Core. config and
   revocations: their ctypes handles. */
static PyObject *module_open(PyObject *module, PyObject *args)
{
    state *s = PyModule_GetState(module);
    h3s_request request = H3S_REQUEST_INIT;
    PyObject *type, *config, *given[3] = {NULL, NULL, NULL}, *session = NULL, *made;
    const char **const texts[3] = {&request.cookie, &request.header, &request.peer};
    size_t *const lengths[3] = {&request.cookie_len, &request.header_len, &request.peer_len};
    __typeof__(&h3s_get) open;
    h3s_session *handle = NULL;
    const h3s_config *options;
    h3s_error error;
    int32_t status;
    newfunc make;
    long how;
    int i, is_cross, warm_only;

    if (s->calls == NULL || PyTuple_Size(args) != 10)
        return PyErr_Format(PyExc_TypeError, "open takes 10 arguments, after link");
    how = PyLong_AsLong(PyTuple_GetItem(args, 0));
    open = how == 0 ? s->calls->h3s_get : how == 1 ? s->calls->h3s_use : s->calls->h3s_unseal;
    type = PyTuple_GetItem(args, 1);
    config = PyTuple_GetItem(args, 2);
    /* Without a look at what is too large, as ctypes does it. */
    request.now_ms = (int64_t)PyLong_AsUnsignedLongLongMask(PyTuple_GetItem(args, 6));
    if (PyErr_Occurred())
        return NULL;
    if (!PyType_Check(type) || !PyType_IsSubtype((PyTypeObject *)type, s->core))
        return PyErr_Format(PyExc_TypeError, "a session is a Core");
    is_cross = PyObject_IsTrue(PyTuple_GetItem(args, 7));
    warm_only = PyObject_IsTrue(PyTuple_GetItem(args, 8));
    if (is_cross < 0 || warm_only < 0)
        return NULL;
    if (is_cross)
        request.flags = H3S_CROSS_SITE;
    options = pointer_in(s, config);
    if (PyErr_Occurred())
        return NULL;
    request.revocations = pointer_in(s, PyTuple_GetItem(args, 9));
    if (PyErr_Occurred())
        return NULL;
    for (i = 0; i < 3; i++) {
        PyObject *text = PyTuple_GetItem(args, 3 + i);
        if (text == Py_None)
            continue;
        given[i] = i < 2 ? bytes_of(text) : encoded(text, "utf-8", "replace");
        if (lend(given[i], texts[i], lengths[i]) < 0)
            goto done;
    }
    /* `use` and `get` say all by their status. */
    memset(&error, 0, sizeof error);
    error.offset = -1;
    request.flags |= H3S_WARM_ONLY;
    status = open(options, &request, &handle, how == 2 ? &error : NULL);
    if (status == H3S_ERR_COLD && !warm_only) {
        /* What takes milliseconds, in which other threads go on. `args` holds the handles. */
        request.flags &= ~(uint32_t)H3S_WARM_ONLY;
        Py_BEGIN_ALLOW_THREADS
        status = open(options, &request, &handle, how == 2 ? &error : NULL);
        Py_END_ALLOW_THREADS
    }
    if (status != H3S_OK) {
        error.status = status;
        made = PyBytes_FromStringAndSize((const char *)&error, (Py_ssize_t)sizeof error);
        session = made == NULL ? NULL : call(s->error, "from_buffer_copy", made, NULL);
        Py_XDECREF(made);
        goto done;
    }
    make = (newfunc)PyType_GetSlot((PyTypeObject *)type, Py_tp_new);
    made = PyTuple_New(0);
    session = made == NULL ? NULL : make((PyTypeObject *)type, made, NULL);
    Py_XDECREF(made);
    if (session == NULL) {
        s->calls->h3s_session_free(handle);
        goto done;
    }
    /* From here on the session frees it. */
    core_of(session)->handle = handle;
    core_of(session)->calls = s->calls;
    if (prepare(session, s->unread, config) < 0)
        Py_CLEAR(session);
done:
    for (i = 0; i < 3; i++)
        Py_XDECREF(given[i]);
    return session;
}

/* take(session, opened): a session is now what the other was. */
static PyObject *module_take(PyObject *module, PyObject *args)
{
    state *s = PyModule_GetState(module);
    PyObject *self, *opened;
    core *c, *from;

    if (!PyArg_ParseTuple(args, "O!O!:take", s->core, &self, s->core, &opened))
        return NULL;
    c = core_of(self);
    from = core_of(opened);
    if (c != from) {
        release(c);
        c->handle = from->handle;
        c->calls = from->calls;
        from->handle = NULL;
        Py_XINCREF(from->config);
        put(&c->config, from->config);
    }
    Py_RETURN_NONE;
}

/* is_cross_site(sec_fetch_site, origin, referer, host): each is str, bytes or None. */
static PyObject *module_is_cross_site(PyObject *module, PyObject *args)
{
    state *s = PyModule_GetState(module);
    PyObject *given[4] = {NULL, NULL, NULL, NULL};
    const char *texts[4] = {NULL, NULL, NULL, NULL};
    size_t lengths[4] = {0, 0, 0, 0};
    int i, failed = 0;

    if (s->calls == NULL || PyTuple_Size(args) != 4)
        return PyErr_Format(PyExc_TypeError, "is_cross_site takes 4 arguments, after link");
    for (i = 0; i < 4 && !failed; i++) {
        PyObject *text = PyTuple_GetItem(args, i);
        if (text == Py_None)
            continue;
        given[i] = bytes_of(text);
        failed = lend(given[i], &texts[i], &lengths[i]) < 0;
    }
    if (!failed)
        i = s->calls->h3s_is_cross_site(texts[0], lengths[0], texts[1], lengths[1], texts[2], lengths[2], texts[3],
                                        lengths[3]);
    Py_XDECREF(given[0]);
    Py_XDECREF(given[1]);
    Py_XDECREF(given[2]);
    Py_XDECREF(given[3]);
    return failed ? NULL : PyBool_FromLong(i);
}

/* link(addresses, error, unread): where the functions of CALLS are, by their names; the Error of
   _abi.py; and what stands in a session's own storage until its data was read. */
static PyObject *module_link(PyObject *module, PyObject *args)
{
    state *s = PyModule_GetState(module);
    PyObject *addresses, *error, *unread, *address;
    calls *linked;

    if (!PyArg_ParseTuple(args, "O!OO:link", &PyDict_Type, &addresses, &error, &unread))
        return NULL;
    linked = calloc(1, sizeof *linked);
    if (linked == NULL)
        return PyErr_NoMemory();
#define LINK(name)                                                                                 \
    address = PyDict_GetItemString(addresses, #name);                                              \
    linked->name = address == NULL ? NULL : (__typeof__(&name))(uintptr_t)PyLong_AsVoidPtr(address); \
    if (linked->name == NULL) {                                                                    \
        free(linked);                                                                              \
        if (!PyErr_Occurred())                                                                     \
            PyErr_SetString(PyExc_LookupError, #name);                                             \
        return NULL;                                                                               \
    }
    CALLS(LINK)
    Py_INCREF(error);
    put(&s->error, error);
    Py_INCREF(unread);
    put(&s->unread, unread);
    /* (One that was linked before stays with the sessions that have it.) */
    s->calls = linked;
    Py_RETURN_NONE;
}

static PyMethodDef module_methods[] = {
    {"open", module_open, METH_VARARGS, NULL},
    {"take", module_take, METH_VARARGS, NULL},
    {"is_cross_site", module_is_cross_site, METH_VARARGS, NULL},
    {"link", module_link, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

/* What dict does with its own part: a type that adds nothing inherits it. */
static int learn_of_dict(PyObject *bases)
{
    PyType_Slot none[] = {{0, NULL}};
    PyType_Spec spec = {"h3s._extension.Dict", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, none};
    PyObject *plain = PyType_FromSpecWithBases(&spec, bases), *size;

    if (plain == NULL)
        return -1;
    dict_traverse = (traverseproc)PyType_GetSlot((PyTypeObject *)plain, Py_tp_traverse);
    dict_clear = (inquiry)PyType_GetSlot((PyTypeObject *)plain, Py_tp_clear);
    Py_DECREF(plain);
    size = PyObject_GetAttrString((PyObject *)&PyDict_Type, "__basicsize__");
    if (size == NULL)
        return -1;
    offset = PyLong_AsSsize_t(size);
    Py_DECREF(size);
    if (offset <= 0 || offset % (Py_ssize_t)sizeof(void *) != 0 || dict_traverse == NULL || dict_clear == NULL) {
        PyErr_SetString(PyExc_ImportError, "dict is not as it is known here");
        return -1;
    }
    return 0;
}

static int add_core(PyObject *module, state *s)
{
    PyObject *bases = PyTuple_Pack(1, (PyObject *)&PyDict_Type);
    PyMemberDef members[MEMBERS + 1];
    PyType_Slot slots[] = {
        {Py_tp_init, (void *)core_init},
        {Py_tp_traverse, (void *)core_traverse},
        {Py_tp_clear, (void *)core_clear},
        {Py_tp_finalize, (void *)core_finalize},
        {Py_mp_subscript, (void *)core_subscript},
        {Py_mp_ass_subscript, (void *)core_ass_subscript},
        {Py_tp_methods, core_methods},
        {Py_tp_getset, core_getset},
        {Py_tp_members, members},
        {0, NULL},
    };
    PyType_Spec spec = {"h3s._extension.Core", 0, 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};
    size_t i;

    if (bases == NULL || learn_of_dict(bases) < 0) {
        Py_XDECREF(bases);
        return -1;
    }
    memset(members, 0, sizeof members);
    for (i = 0; i < MEMBERS; i++) {
        members[i].name = core_members[i].name;
        members[i].type = core_members[i].type;
        members[i].offset = offset + (Py_ssize_t)core_members[i].at;
    }
    spec.basicsize = (int)(offset + (Py_ssize_t)sizeof(core));
    s->core = (PyTypeObject *)PyType_FromSpecWithBases(&spec, bases);
    Py_DECREF(bases);
    if (s->core == NULL)
        return -1;
    Py_INCREF(s->core);
    if (PyModule_AddObject(module, "Core", (PyObject *)s->core) < 0) {
        Py_DECREF(s->core);
        return -1;
    }
    return 0;
}

static int module_exec(PyObject *module)
{
    state *s = PyModule_GetState(module);
    PyObject *names = PyList_New(0), *tuple;

    if (names == NULL)
        return -1;
#define NAME(name)                                                                                 \
    tuple = PyUnicode_FromString(#name);                                                           \
    if (tuple == NULL || PyList_Append(names, tuple) < 0) {                                        \
        Py_XDECREF(tuple);                                                                         \
        Py_DECREF(names);                                                                          \
        return -1;                                                                                 \
    }                                                                                              \
    Py_DECREF(tuple);
    CALLS(NAME)
    tuple = PyList_AsTuple(names);
    Py_DECREF(names);
    if (tuple == NULL || PyModule_AddObject(module, "CALLS", tuple) < 0) {
        Py_XDECREF(tuple);
        return -1;
    }
    s->value = PyUnicode_InternFromString("value");
    if (s->value == NULL || PyModule_AddIntConstant(module, "ABI_VERSION", H3S_ABI_VERSION) < 0)
        return -1;
    return add_core(module, s);
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    state *s = PyModule_GetState(module);

    if (s == NULL)
        return 0;
    Py_VISIT(s->core);
    Py_VISIT(s->error);
    Py_VISIT(s->unread);
    return 0;
}

static int module_clear(PyObject *module)
{
    state *s = PyModule_GetState(module);

    if (s == NULL)
        return 0;
    Py_CLEAR(s->core);
    Py_CLEAR(s->error);
    Py_CLEAR(s->unread);
    Py_CLEAR(s->value);
    return 0;
}

static void module_free(void *module) { module_clear(module); }

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, (void *)module_exec},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "h3s._extension", NULL,        sizeof(state), module_methods,
    module_slots,          module_traverse,  module_clear, module_free,
};

PyMODINIT_FUNC PyInit__extension(void) { return PyModuleDef_Init(&definition); }
