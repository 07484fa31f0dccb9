//go:build cgo

package h3s

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// ---- From Go ----

// encode is the JSON text of v, with nothing in it escaped for HTML: the library and the peers have
// no use for that.
func encode(v any) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "", dataError("", whyNotEncoded(err))
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// whyNotEncoded names types and no values, which json's own errors and those of a MarshalJSON may
// quote.
func whyNotEncoded(err error) string {
	var (
		noType     *json.UnsupportedTypeError
		noValue    *json.UnsupportedValueError
		marshaller *json.MarshalerError
	)
	switch {
	case errors.As(err, &marshaller):
		return "the JSON encoding of " + nameOf(marshaller.Type) + " returns an error, or no JSON"
	case errors.As(err, &noType):
		return nameOf(noType.Type) + " has no JSON form"
	case errors.As(err, &noValue) && noValue.Value.IsValid():
		switch noValue.Value.Kind() {
		case reflect.Float32, reflect.Float64:
			return "infinity and NaN have no JSON form"
		default:
			return "this value of " + nameOf(noValue.Value.Type()) + " has no JSON form: does it contain itself?"
		}
	}
	return "this value has no JSON form"
}

// ---- To Go ----

// decode puts the JSON text under key into v. What it says of a failure has nothing of the data in
// it, as json's own errors may.
func decode(key string, text []byte, v any) error {
	if decodePlain(text, v) {
		return nil
	}
	err := json.Unmarshal(text, v)
	if err == nil {
		return nil
	}
	var message string
	if t := reflect.TypeOf(v); t == nil || t.Kind() != reflect.Pointer || reflect.ValueOf(v).IsNil() {
		message = "the value decodes into a pointer only, and not into nil"
	} else {
		message = "the value does not decode into " + nameOf(t.Elem())
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		kind := kindOf(wrongType)
		if kind == "number" {
			if plain, changed := plainIntegers(text); changed && json.Unmarshal(plain, v) == nil {
				return nil
			}
		}
		message = article(kind) + kind + " does not decode into " + nameOf(wrongType.Type)
		if isFieldPath(reflect.TypeOf(v), wrongType.Field) {
			message += " (" + wrongType.Field + ")"
		}
	}
	return dataError(key, message)
}

// decodePlain does what json.Unmarshal would, for the usual types and values, at a fraction of the
// cost. If it does nothing it returns false.
func decodePlain(text []byte, v any) bool {
	switch v := v.(type) {
	case *int:
		n, err := strconv.Atoi(string(text))
		if err != nil || v == nil {
			return false
		}
		*v = n
	case *string:
		if len(text) < 2 || text[0] != '"' || bytes.IndexByte(text, '\\') >= 0 || v == nil {
			return false
		}
		*v = string(text[1 : len(text)-1])
	default:
		return false
	}
	return true
}

// plainIntegers writes whole numbers as an integer type of Go reads them: other languages seal 1 as
// 1.0 or 1e0, and -0. It also reports whether there was any such.
func plainIntegers(text []byte) (plain []byte, changed bool) {
	for i := 0; i < len(text); {
		start := i
		switch c := text[i]; {
		case c == '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			i = min(i+1, len(text))
		case c == '-' || '0' <= c && c <= '9':
			for i++; i < len(text) && strings.IndexByte("0123456789+-.eE", text[i]) >= 0; i++ {
			}
			number := string(text[start:i])
			f, err := strconv.ParseFloat(number, 64)
			// From 2^53 on, a double is not just one integer.
			if err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
				before := len(plain)
				plain = strconv.AppendInt(plain, int64(f), 10)
				changed = changed || string(plain[before:]) != number
				continue
			}
		default:
			i++
		}
		plain = append(plain, text[start:i]...)
	}
	return plain, changed
}

// kindOf is the kind of JSON value that was met. What follows it, and what another's error has in
// its place, may be data.
func kindOf(wrong *json.UnmarshalTypeError) string {
	kind, _, _ := strings.Cut(wrong.Value, " ")
	if !slices.Contains([]string{"object", "array", "string", "number", "bool", "null"}, kind) {
		return "value"
	}
	return kind
}

func article(kind string) string {
	if strings.IndexByte("aeiou", kind[0]) >= 0 {
		return "an "
	}
	return "a "
}

// isFieldPath reports whether a path such as "user.name" leads to a field of t, so that no key of a
// map is in it.
func isFieldPath(t reflect.Type, path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		// Not for ever: there are types such as `type list []list`.
		for range 16 {
			switch t.Kind() {
			case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
				t = t.Elem()
			}
		}
		if t.Kind() != reflect.Struct {
			return false
		}
		fields := reflect.VisibleFields(t)
		i := slices.IndexFunc(fields, func(field reflect.StructField) bool {
			tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			return name == tag || name == field.Name
		})
		if i < 0 {
			return false
		}
		t = fields[i].Type
	}
	return true
}

func nameOf(t reflect.Type) string {
	if t == nil {
		return "this type"
	}
	return t.String()
}
