package h3s_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"h3s"
)

// A step is a text that was applied, at a time; heard: that was all.
type step struct {
	Options json.RawMessage
	NowMS   int64 `json:"now_ms"`
	Text    string
	Heard   bool
}

// script is a store that has these steps to tell, and no more.
type script struct {
	steps []step
	now   *atomic.Int64
	// Closed when it has told them.
	told chan struct{}
}

func (s *script) Publish(context.Context, []string) error { return errors.New("it only reads") }
func (s *script) Follow(ctx context.Context, apply func([]string, bool) error) error {
	for _, step := range s.steps {
		s.now.Store(step.NowMS)
		if err := apply([]string{step.Text}, step.Heard); err != nil {
			return err
		}
	}
	if s.steps == nil {
		<-ctx.Done()
	} else {
		close(s.told)
	}
	s.steps = nil
	return errors.New("the end")
}

// hearing are sessions that know what the steps tell, and their clock.
func hearing(t *testing.T, options json.RawMessage, steps ...step) (*h3s.Sessions, *atomic.Int64) {
	t.Helper()
	var now atomic.Int64
	now.Store(steps[0].NowMS)
	o := must(h3s.OptionsFromJSON(options))
	o.Now = func() time.Time { return time.UnixMilli(now.Load()) }
	o.Logger = slog.New(slog.DiscardHandler)
	told := make(chan struct{})
	o.Revocation.Store = func(h3s.StoreOptions) (h3s.Store, error) { return &script{steps, &now, told}, nil }
	sessions := newRevoking(t, o)
	// New waits for the first step alone.
	<-told
	return sessions, &now
}

func readVectors[T any](t *testing.T, name string) (all []T) {
	t.Helper()
	check(t, json.Unmarshal(must(os.ReadFile("../../tests/vectors/"+name)), &all))
	if len(all) == 0 {
		t.Fatal("no vectors")
	}
	return all
}

func TestVectorsOfEntriesThatOpen(t *testing.T) {
	type vector struct {
		Name        string
		Options     json.RawMessage
		NowMS       int64 `json:"now_ms"`
		Line, Token string
	}
	for _, v := range readVectors[vector](t, "revocation-open.json") {
		t.Run(v.Name, func(t *testing.T) {
			for text, want := range map[string]h3s.Rejection{v.Line: h3s.RejectionRevoked, "": h3s.RejectionNone} {
				sessions, _ := hearing(t, v.Options, step{NowMS: v.NowMS, Text: text, Heard: true})
				if got := rejectionOf(t, sessions, v.Token); got != want {
					t.Errorf("with %q: %s", text, got)
				}
			}
		})
	}
}

func TestVectorsOfLinesThatAreNoEntries(t *testing.T) {
	type vector struct {
		Name    string
		Options json.RawMessage
		NowMS   int64 `json:"now_ms"`
		Line    string
	}
	for _, v := range readVectors[vector](t, "revocation-refuse.json") {
		t.Run(v.Name, func(t *testing.T) {
			sessions, _ := hearing(t, v.Options, step{NowMS: v.NowMS, Text: v.Line, Heard: true})
			if view := sessions.Revocations(); view.Entries != 0 || view.Missed != 0 {
				t.Error(view)
			}
		})
	}
}

// Of one copy for each Sessions; those of one copy for several are not for Go.
func TestVectorsOfCopies(t *testing.T) {
	type vector struct {
		Name     string
		Steps    []step
		Sessions []struct {
			Options   json.RawMessage
			NowMS     int64 `json:"now_ms"`
			Token     string
			Rejection string
			Stale     bool
		}
	}
	ran := 0
	for _, v := range readVectors[vector](t, "revocation-table.json") {
		options := string(v.Steps[0].Options)
		for _, s := range v.Steps {
			if string(s.Options) != options {
				options = ""
			}
		}
		for _, s := range v.Sessions {
			if string(s.Options) != options {
				options = ""
			}
		}
		if options == "" {
			continue
		}
		ran++
		t.Run(v.Name, func(t *testing.T) {
			sessions, now := hearing(t, v.Steps[0].Options, v.Steps...)
			for _, c := range v.Sessions {
				now.Store(c.NowMS)
				s, err := sessions.Unseal(c.Token)
				var e *h3s.Error
				if err == nil && (c.Rejection != "" || s.IsStale() != c.Stale) {
					t.Errorf("opened, stale %t; want %q, stale %t", s.IsStale(), c.Rejection, c.Stale)
				} else if err != nil && (!errors.As(err, &e) || e.Rejection.String() != c.Rejection) {
					t.Errorf("%v, want %q", err, c.Rejection)
				}
				s.Close()
			}
		})
	}
	if ran < 20 {
		t.Error(ran, "vectors")
	}
}

func rejectionOf(t *testing.T, sessions *h3s.Sessions, token string) h3s.Rejection {
	t.Helper()
	s, err := sessions.Unseal(token)
	s.Close()
	var e *h3s.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e == nil {
		return h3s.RejectionNone
	}
	return e.Rejection
}
