package h3s_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"h3s"
)

// leaky is a type whose own errors have the data in them, as those of many types do.
type leaky struct{ text string }

func (l leaky) MarshalJSON() ([]byte, error) { return nil, errors.New("not this: " + l.text) }
func (l *leaky) UnmarshalJSON(text []byte) error {
	return &json.UnmarshalTypeError{Value: string(text), Field: string(text)}
}

// list is a type that is made of itself.
type list []list

func TestNoErrorLeadsToTheData(t *testing.T) {
	const data = "birthday of a user"
	_, s := open(t, h3s.Options{})
	check(t, s.Set("text", data))
	check(t, s.Set("pin", 123456789))
	check(t, s.Set("map", map[string]int{data: 1}))
	check(t, s.Set("deep", map[string]any{"by": map[string]any{data: map[string]any{"pin": 123456789}}}))
	sessions, _ := open(t, h3s.Options{Seal: h3s.SealOptions{Format: h3s.H3v1}})
	token := must(sessions.SealIron(data))

	for name, err := range map[string]error{
		"a time":                   s.Get("text", new(time.Time)),
		"times in a struct":        s.Decode(&struct{ Text time.Time }{}),
		"a small integer":          s.Get("pin", new(int8)),
		"a string":                 s.Get("pin", new(string)),
		"a list of itself":         s.Get("pin", new(list)),
		"keys of a map":            s.Get("map", new(map[int]int)),
		"values of a map":          s.Get("map", new(map[string]string)),
		"deep in maps":             s.Get("deep", new(map[string]map[string]map[string]bool)),
		"a type with its own way":  s.Get("text", new(leaky)),
		"such types in a struct":   s.Decode(&struct{ Text leaky }{}),
		"a number in quotes":       s.Get("text", new(json.Number)),
		"bytes in base64":          s.Get("text", new([]byte)),
		"into nothing":             s.Get("text", nil),
		"into what is no pointer":  s.Get("text", 1),
		"into a pointer to none":   s.Get("text", (*int)(nil)),
		"a number that is none":    s.Set("x", json.Number(data)),
		"JSON that is none":        s.Set("x", json.RawMessage(`"`+data)),
		"what will not be encoded": s.Set("x", leaky{data}),
		"such in an object":        s.Update(map[string]any{"x": []any{leaky{data}}}),
		"a bare token":             sessions.UnsealIron(token, new(time.Time)),
		"what is not sealed":       second(sessions.SealIron(leaky{data})),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if !errors.Is(err, h3s.ErrData) {
			t.Errorf("%s: %v", name, err)
		}
		// Whatever errors.Is and errors.As can reach, printed in every way.
		for e := err; e != nil; e = errors.Unwrap(e) {
			text := fmt.Sprintf("%v %+v %#v %s", e, e, e, must(json.Marshal(e)))
			if strings.Contains(text, "birthday") || strings.Contains(text, "123456789") {
				t.Errorf("%s: %s", name, text)
			}
		}
		var wrongType *json.UnmarshalTypeError
		var parse *time.ParseError
		if errors.As(err, &wrongType) || errors.As(err, &parse) {
			t.Errorf("%s: it wraps %v", name, err)
		}
	}
}

func TestAnErrorNamesTypesAndFields(t *testing.T) {
	_, s := open(t, h3s.Options{})
	check(t, s.Set("user", json.RawMessage(`{"name":[{"first":1}],"ages":{"x":"y"}}`)))
	type first struct {
		First string `json:"first"`
	}
	itself := map[string]any{}
	itself["itself"] = itself
	for want, err := range map[string]error{
		"h3s: user: a number does not decode into string (name.first)": s.Get("user", &struct {
			Name []first `json:"name"`
		}{}),
		"h3s: user: a string does not decode into int (ages)": s.Get("user", &struct {
			Ages map[string]int `json:"ages"`
		}{}),
		"h3s: user: an object does not decode into int":                                           s.Get("user", new(int)),
		"h3s: user: the value decodes into a pointer only, and not into nil":                      s.Get("user", nil),
		"h3s: x: chan int has no JSON form":                                                       s.Set("x", []any{make(chan int)}),
		"h3s: x: infinity and NaN have no JSON form":                                              s.Set("x", math.Inf(-1)),
		"h3s: x: the JSON encoding of h3s_test.leaky returns an error, or no JSON":                s.Set("x", leaky{}),
		"h3s: x: this value of map[string]interface {} has no JSON form: does it contain itself?": s.Set("x", itself),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// As PHP and Python write whole numbers that are floats there, and JavaScript's -0.
func TestWholeNumbersOfOtherLanguagesAreIntegers(t *testing.T) {
	_, s := open(t, h3s.Options{})
	for text, want := range map[string]int64{
		"1.0": 1, "-1.0": -1, "1e3": 1000, "1E+3": 1000, "1000e-3": 1, "0.0": 0, "-0": 0, "-0.0": 0, "9007199254740991.0": 1<<53 - 1, "-5": -5,
	} {
		check(t, s.Set("n", json.RawMessage(text)))
		var i int
		var i64 int64
		var object struct {
			Text string
			N    int64
			M    map[string]any
		}
		check(t, s.Get("n", &i))
		check(t, s.Get("n", &i64))
		check(t, s.Replace(json.RawMessage(`{"text":"1.0 \" 2.0 \\","n":`+text+`,"m":{"a":1.5,"b":[true,null,-2.5e1]}}`)))
		check(t, s.Decode(&object))
		if int64(i) != want || i64 != want || object.N != want {
			t.Errorf("%s: got %d, %d, %d", text, i, i64, object.N)
		}
		if object.Text != `1.0 " 2.0 \` || !reflect.DeepEqual(object.M, map[string]any{"a": 1.5, "b": []any{true, nil, -25.0}}) {
			t.Errorf("%s: %+v", text, object)
		}
	}
	var unsigned uint
	check(t, s.Set("n", json.RawMessage("-0")))
	check(t, s.Get("n", &unsigned))
	for _, text := range []string{"1.5", "1e400", "1e300", "9007199254740993.0", "-9007199254740994.0", "123456789012345678901234567890"} {
		check(t, s.Set("n", json.RawMessage(text)))
		n := 7
		if err := s.Get("n", &n); !errors.Is(err, h3s.ErrData) || n != 7 {
			t.Errorf("%s: %v, %d", text, err, n)
		}
	}
}

// JSON sets numbers no limit; Python's json and a C program may seal what no double can hold.
func TestANumberThatFitsNowhereIsAnErrorAndTheRestIsRead(t *testing.T) {
	_, s := open(t, h3s.Options{})
	check(t, s.Replace(json.RawMessage(`{"a":1,"huge":1e400,"z":"last"}`)))
	var all map[string]any
	if err := s.Decode(&all); !errors.Is(err, h3s.ErrData) || all["a"] != 1.0 || all["z"] != "last" {
		t.Error(err, all)
	}
	var number json.Number
	check(t, s.Get("huge", &number))
	if number != "1e400" || string(s.Find("/huge")) != "1e400" {
		t.Error(number)
	}
	// A write of another key leaves it as it is.
	check(t, s.Set("a", 2))
	if got := text(s); got != `{"a":2,"huge":1e400,"z":"last"}` {
		t.Error(got)
	}
}
