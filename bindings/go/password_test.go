package h3s_test

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"h3s"
)

const single, named = "a secret that nobody is to see, single", "a secret that nobody is to see, named"

// Programs keep options in structures of their own, in fields that fmt cannot ask methods of.
type hidden struct {
	password  h3s.Password
	passwords []h3s.NamedPassword
	options   h3s.Options
	pointer   *h3s.Options
	byName    map[string]h3s.Options
	any       any
	deeper    *hidden
}

type shown struct {
	Password  h3s.Password
	Pointer   *h3s.Password
	Passwords []h3s.NamedPassword
	Options   h3s.Options
	ByName    map[string]h3s.Password
	Hidden    hidden
}

// holders is whatever holds a password, the sessions made with it and a session with data like it.
func holders(t *testing.T) map[string]any {
	password := h3s.NewPassword(single)
	passwords := []h3s.NamedPassword{{ID: "a", Password: h3s.NewPassword(named)}}
	options := h3s.Options{Passwords: passwords}
	sessions := must(h3s.New(options))
	s := must(sessions.Use(httptest.NewRequest("GET", "/", nil)))
	t.Cleanup(s.Close)
	check(t, s.Set("user", single))
	check(t, s.Save(httptest.NewRecorder()))
	options.Password = password
	in := hidden{password, passwords, options, &options, map[string]h3s.Options{"a": options}, options, nil}
	in.deeper = &hidden{password: password, passwords: passwords, options: options, any: password}
	_, err := h3s.New(options)
	return map[string]any{
		"password":              password,
		"pointer to a password": &password,
		"passwords":             passwords,
		"named password":        passwords[0],
		"options":               options,
		"pointer to options":    &options,
		"hidden":                in,
		"pointer to hidden":     &in,
		"hidden in a slice":     []hidden{in},
		"hidden in a map":       map[string]*hidden{"a": &in},
		"shown":                 shown{password, &password, passwords, options, map[string]h3s.Password{"a": password}, in},
		"a map by password":     map[string]any{"a": password, "b": []any{options, &options}},
		"sessions":              sessions,
		"session":               s,
		"both in a struct":      struct{ a, B any }{[]any{sessions, s}, sessions},
		"error":                 err,
	}
}

// unseen fails if text holds a secret, as it is or encoded otherwise.
func unseen(t *testing.T, what, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	for _, secret := range []string{single, named} {
		bytes := strings.Trim(fmt.Sprint([]byte(secret)), "[]")
		for _, encoded := range []string{secret, hex.EncodeToString([]byte(secret)), bytes, strings.ReplaceAll(bytes, " ", ", ")} {
			if strings.Contains(lower, encoded) {
				t.Errorf("%s shows a secret", what)
			}
		}
	}
}

func TestWhateverPrintsOptionsShowsNoPassword(t *testing.T) {
	for name, value := range holders(t) {
		for _, flags := range []string{"", "+", "#", " ", "-40", "040", "+#"} {
			for _, verb := range "vTsqxXpdboOtcUeEfFgGwz" {
				format := "%" + flags + string(verb)
				unseen(t, name+" by "+format, fmt.Sprintf(format, value))
			}
		}
		unseen(t, name+" by Print", fmt.Sprint(value)+fmt.Sprintln(value))
		unseen(t, name+" wrapped in an error", fmt.Errorf("no: %v", value).Error())
		var out bytes.Buffer
		_ = template.Must(template.New("").Parse(`{{.}} {{printf "%s %#v" . .}} {{print .}} {{js .}}`)).Execute(&out, value)
		unseen(t, name+" by a template", out.String())
	}
}

func TestWhateverLogsOptionsShowsNoPassword(t *testing.T) {
	for name, value := range holders(t) {
		var out bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(handler).With("with", value).WithGroup("group").Info("x", "value", value, slog.Any("any", []any{value}), slog.Group("g", "value", value))
		}
		unseen(t, name+" by slog", out.String())
		if name == "shown" && (!strings.Contains(out.String(), "[secret]") || strings.Contains(out.String(), "unsupported type")) {
			t.Error("options are of use in a log:", out.String())
		}
	}
}

func TestWhateverEncodesOptionsShowsNoPassword(t *testing.T) {
	for name, value := range holders(t) {
		encoded, err := json.Marshal(value)
		unseen(t, name+" by json", fmt.Sprint(string(encoded), err))
		encoded, err = xml.Marshal(value)
		unseen(t, name+" by xml", fmt.Sprint(string(encoded), err))
		var out bytes.Buffer
		err = gob.NewEncoder(&out).Encode(value)
		unseen(t, name+" by gob", fmt.Sprint(out.String(), err))
	}
	text := string(must(json.Marshal(map[string]any{"password": h3s.NewPassword(single), "options": h3s.Options{Name: "n", Password: h3s.NewPassword(single)}})))
	if !strings.Contains(text, `"password":"[secret]"`) || !strings.Contains(text, `"Name":"n"`) {
		t.Error(text)
	}
	if text := string(must(xml.Marshal(h3s.NewPassword(single)))); text != "<Password>[secret]</Password>" {
		t.Error(text)
	}
	// What would be read back as "[secret]" is not written at all.
	if err := gob.NewEncoder(new(bytes.Buffer)).Encode(struct{ P h3s.Password }{h3s.NewPassword(single)}); err == nil || !strings.Contains(err.Error(), "h3s: a password is not encoded") {
		t.Error("a gob of a password:", err)
	}
}

// Tools that print structures look into unexported fields by reflection and unsafe, which can
// follow whatever is not a function.
func TestNoStringCanBeReachedFromAPassword(t *testing.T) {
	var reach func(path string, v reflect.Type)
	reach = func(path string, v reflect.Type) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				reach(path+"."+v.Field(i).Name, v.Field(i).Type)
			}
		case reflect.Func:
		default:
			t.Errorf("%s is of type %s", path, v)
		}
	}
	reach("Password", reflect.TypeFor[h3s.Password]())
}

func TestAPasswordIsSetFromText(t *testing.T) {
	var file struct{ Password h3s.Password }
	check(t, json.Unmarshal([]byte(`{"Password": "`+passwordText+`"}`), &file))
	var flagged, empty h3s.Password
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.TextVar(&flagged, "password", h3s.Password{}, "the password")
	check(t, flags.Parse([]string{"-password", passwordText}))
	check(t, empty.UnmarshalText(nil))
	_, s := open(t, h3s.Options{})
	token := must(s.Seal())
	for name, p := range map[string]h3s.Password{"NewPassword": h3s.NewPassword(passwordText), "JSON": file.Password, "a flag": flagged} {
		must(must(h3s.New(h3s.Options{Password: p})).Unseal(token)).Close()
		if p.IsZero() {
			t.Error(name)
		}
	}
	if !empty.IsZero() || !h3s.NewPassword("").IsZero() || !(h3s.Password{}).IsZero() {
		t.Error("the empty text is none")
	}
	if _, err := h3s.New(h3s.Options{Password: empty}); !errors.Is(err, h3s.ErrConfig) {
		t.Error(err)
	}
}
