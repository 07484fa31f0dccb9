package h3s_test

import (
	"errors"
	"testing"

	"h3s"
)

// The vectors of docs/FORMATS.md: tokens of other frameworks.

func TestVectorsOfFrameworksThatOpen(t *testing.T) {
	for _, v := range vectors(t, "formats-open.json") {
		t.Run(v.Name, func(t *testing.T) {
			s := must(v.unseal(t))
			defer s.Close()
			v.checkData(t, s)
			if s.ID() == "" || v.ID != "" && s.ID() != v.ID {
				t.Errorf("the id is %q, not %q", s.ID(), v.ID)
			}
			if v.CreatedAt != 0 && milliseconds(s.CreatedAt()) != v.CreatedAt {
				t.Errorf("made at %v, not %d", s.CreatedAt(), v.CreatedAt)
			}
		})
	}
}

func TestVectorsOfFrameworksThatAreRefused(t *testing.T) {
	for _, v := range vectors(t, "formats-refuse.json") {
		t.Run(v.Name, func(t *testing.T) {
			s, err := v.unseal(t)
			var e *h3s.Error
			if s != nil || !errors.As(err, &e) || e.Rejection.String() != v.Rejection {
				t.Fatalf("%v, want %s", err, v.Rejection)
			}
		})
	}
}
