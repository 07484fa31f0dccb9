package h3s_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"reflect"
	"testing"
	"time"

	"h3s"
)

// A vector of tests/vectors.
type vector struct {
	Name       string
	Options    json.RawMessage
	NowMS      int64 `json:"now_ms"`
	Token      string
	ID         string
	CreatedAt  int64 `json:"created_at"`
	LastSeenAt int64 `json:"last_seen_at"` // null: 0
	Lifetime   int64 // seconds; null: 0
	Browser    bool  `json:"ends_with_browser"`
	Data       string
	Rejection  string
}

func vectors(t *testing.T, name string) []vector {
	var all []vector
	check(t, json.Unmarshal(must(os.ReadFile("../../tests/vectors/"+name)), &all))
	if len(all) == 0 {
		t.Fatal("no vectors")
	}
	return all
}

func (v vector) unseal(t *testing.T) (*h3s.Session, error) {
	options := must(h3s.OptionsFromJSON(v.Options))
	options.Now = func() time.Time { return time.UnixMilli(v.NowMS) }
	return must(h3s.New(options)).Unseal(v.Token)
}

func (v vector) checkData(t *testing.T, s *h3s.Session) {
	t.Helper()
	var got, want any
	check(t, s.Decode(&got))
	check(t, json.Unmarshal([]byte(v.Data), &want))
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestVectorsThatOpen(t *testing.T) {
	for _, v := range vectors(t, "h3s1-open.json") {
		t.Run(v.Name, func(t *testing.T) {
			s := must(v.unseal(t))
			defer s.Close()
			v.checkData(t, s)
			if s.ID() != v.ID || milliseconds(s.CreatedAt()) != v.CreatedAt {
				t.Errorf("got %s %v, want %s %d", s.ID(), s.CreatedAt(), v.ID, v.CreatedAt)
			}
			if milliseconds(s.LastSeenAt()) != v.LastSeenAt {
				t.Errorf("last seen at %v, want %v", s.LastSeenAt(), v.LastSeenAt)
			}
			lifetime := h3s.Lifetime{MaxAge: time.Duration(v.Lifetime) * time.Second, EndsWithBrowser: v.Browser}
			if s.Lifetime() != lifetime {
				t.Errorf("it lives for %v, want %v", s.Lifetime(), lifetime)
			}
			if s.Source() != h3s.SourceToken || s.IsNew() || s.Rejection() != h3s.RejectionNone {
				t.Error(s.Source(), s.IsNew(), s.Rejection())
			}
		})
	}
}

func TestVectorsThatAreRefused(t *testing.T) {
	for _, v := range vectors(t, "h3s1-refuse.json") {
		t.Run(v.Name, func(t *testing.T) {
			s, err := v.unseal(t)
			var e *h3s.Error
			if s != nil || !errors.As(err, &e) || e.Rejection.String() != v.Rejection || !errors.Is(err, h3s.ErrRejected) {
				t.Fatalf("%v, want %s", err, v.Rejection)
			}
			if errors.Is(err, h3s.ErrExpired) != (v.Rejection == "expired" || v.Rejection == "idle") {
				t.Error("ErrExpired is just for sessions that have ended")
			}
		})
	}
}

func TestVectorsThatSlide(t *testing.T) {
	var all []struct {
		vector
		Cookie, Header string
	}
	check(t, json.Unmarshal(must(os.ReadFile("../../tests/vectors/h3s1-seen.json")), &all))
	if len(all) < 8 {
		t.Fatal("too few vectors")
	}
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			options := must(h3s.OptionsFromJSON(v.Options))
			options.Now = func() time.Time { return time.UnixMilli(v.NowMS) }
			ss := must(h3s.New(options))
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Cookie", v.Cookie)
			r.Header.Set(ss.HeaderName(), v.Header)
			s := must(ss.Peek(r))
			defer s.Close()
			reason := ""
			if s.Rejection() != h3s.RejectionNone {
				reason = s.Rejection().String()
			}
			if milliseconds(s.LastSeenAt()) != v.LastSeenAt || reason != v.Rejection {
				t.Errorf("last seen at %v, %q, want %v, %q", s.LastSeenAt(), reason, v.LastSeenAt, v.Rejection)
			}
		})
	}
}

func TestVectorsThatAreWritten(t *testing.T) {
	var all []struct {
		Name, Given string
		Data        *string
	}
	check(t, json.Unmarshal(must(os.ReadFile("../../tests/vectors/h3s1-write.json")), &all))
	if len(all) < 40 {
		t.Fatal("too few vectors")
	}
	ss := must(h3s.New(h3s.Options{Password: password}))
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			s := must(ss.Use(httptest.NewRequest("GET", "/", nil)))
			defer s.Close()
			err := s.Replace(json.RawMessage(must(hex.DecodeString(v.Given))))
			if v.Data == nil {
				if err == nil {
					t.Fatal("it is written")
				}
				return
			}
			check(t, err)
			if got := string(s.Find("")); got != *v.Data {
				t.Errorf("%s, want %s", got, *v.Data)
			}
		})
	}
}

// milliseconds is 0 for the zero time, as in the C ABI.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
