package h3svalkey_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/valkey-io/valkey-go"

	"h3s"
	"h3svalkey"
)

const key = "h3s:revocations:h3"

func TestACopiedCookieIsRefusedByAnotherServerWithinASecondOfTheLogout(t *testing.T) {
	server := newServer(t)
	here := dialled(t, server.option())
	there := newSessions(t, options(h3svalkey.Stream(server.client())))
	r := login(t, here, "ada")
	if got := visit(there, r); got != "ada" {
		t.Fatal(got)
	}
	if w := logout(here, r); w.Code != http.StatusOK || len(w.Header()["Set-Cookie"]) != 1 {
		t.Fatal(w.Code, w.Header())
	}
	if got := visit(here, r); got != "revoked" {
		t.Error("here:", got)
	}
	eventually(t, time.Second, "there it is refused", func() bool { return visit(there, r) == "revoked" })
	// And it is a line of the stream that servers in all languages follow.
	entries := must(do(t, server.client(), "XRANGE", key, "-", "+").AsXRange())
	if len(entries) != 1 || len(entries[0].FieldValues) != 1 || entries[0].FieldValues["e"][:5] != "h3r1." {
		t.Error(entries)
	}
}

func TestAProcessThatStartsKnowsAllThatWasRevokedBefore(t *testing.T) {
	server := newServer(t)
	here := dialled(t, server.option())
	r := login(t, here, "ada")
	logout(here, r)
	// More than come at once, and things that are no entries.
	client := server.client()
	for i := range 2500 {
		check(t, do(t, client, "XADD", key, "*", []string{"e", "x"}[i%2], line(i)).Error())
	}
	last := login(t, here, "bob")
	logout(here, last)
	late := dialled(t, server.option())
	if one, other := visit(late, r), visit(late, last); one != "revoked" || other != "revoked" {
		t.Error(one, other)
	}
}

func TestAllIsReadBeforeItIsSaidToBeComplete(t *testing.T) {
	client := newServer(t).client()
	s := store(t, client)
	lines := make([]string, 2300)
	for i := range lines {
		lines[i] = line(i)
	}
	check(t, s.Publish(t.Context(), lines))
	handed := followed(t, s)
	var got []string
	for range 3 {
		got = append(got, <-handed...)
	}
	if !slices.Equal(got, append(lines, "complete")) {
		t.Error(len(got))
	}
	// That there is nothing new is news, too.
	if got := <-handed; !slices.Equal(got, []string{"complete"}) {
		t.Error(got)
	}
	check(t, s.Publish(t.Context(), []string{"another"}))
	eventually(t, time.Second, "it comes", func() bool { return slices.Contains(<-handed, "another") })
}

func TestWhatAServerCannotTakeInIsHandedInAgain(t *testing.T) {
	s := store(t, newServer(t).client())
	check(t, s.Publish(t.Context(), []string{"one", "two"}))
	full := errors.New("out of memory")
	for range 2 {
		var got []string
		err := s.Follow(t.Context(), func(lines []string, _ bool) error { got = lines; return full })
		if !errors.Is(err, full) || !slices.Equal(got, []string{"one", "two"}) {
			t.Error(err, got)
		}
	}
}

func TestNothingIsSaidToBeRevokedWhileTheServerIsAway(t *testing.T) {
	for _, stale := range []h3s.Stale{h3s.StaleOpen, h3s.StaleClosed} {
		t.Run(string(stale), func(t *testing.T) {
			server := newServer(t)
			o := options(h3svalkey.Dial(server.option()))
			o.Revocation.Stale = stale
			here, there := newSessions(t, o), newSessions(t, o)
			r, other := login(t, here, "ada"), login(t, here, "bob")
			server.stop()
			if w := logout(here, r); w.Code != http.StatusServiceUnavailable || w.Header()["Set-Cookie"] != nil {
				t.Error(w.Code, w.Header())
			}
			want := map[h3s.Stale]string{h3s.StaleOpen: "ada, stale", h3s.StaleClosed: "503"}[stale]
			eventually(t, soon, "it is stale", func() bool { return visit(there, r) == want })
			eventually(t, soon, "it is known why", func() bool { return there.Revocations().Err != nil })

			server.start()
			eventually(t, soon, "it is known again", func() bool { return visit(here, r) == "ada" && visit(there, r) == "ada" })
			if w := logout(here, r); w.Code != http.StatusOK {
				t.Error(w.Code)
			}
			eventually(t, time.Second, "it is refused", func() bool { return visit(there, r) == "revoked" })
			if got := visit(there, other); got != "bob" {
				t.Error(got)
			}
		})
	}
}

func TestAServerThatIsCutOffIsFoundOutAndFoundAgain(t *testing.T) {
	server := newServer(t)
	p := newProxy(t, server.address())
	cut, whole := dialled(t, p.option()), dialled(t, server.option())
	r, other := login(t, whole, "ada"), login(t, whole, "bob")
	p.set(true)
	begun := time.Now()
	if w := logout(cut, other); w.Code != http.StatusServiceUnavailable || time.Since(begun) > 4*time.Second {
		t.Error(w.Code, time.Since(begun))
	}
	logout(whole, r)
	eventually(t, soon, "it is stale", func() bool { return visit(cut, r) == "ada, stale" })
	p.set(false)
	eventually(t, soon, "it is refused", func() bool { return visit(cut, r) == "revoked" })
	if w := logout(cut, other); w.Code != http.StatusOK {
		t.Error(w.Code)
	}
}

func TestAServerThatLostItsDataIsToldAgain(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, server *server){
		"at a start": func(_ *testing.T, server *server) {
			server.stop()
			server.forget()
			server.start()
		},
		"while it runs": func(t *testing.T, server *server) {
			check(t, do(t, server.client(), "FLUSHALL").Error())
		},
		"but for the beginning": func(t *testing.T, server *server) {
			client := server.client()
			entries := must(do(t, client, "XRANGE", key, "-", "+").AsXRange())
			check(t, do(t, client, "XDEL", key, entries[len(entries)-1].ID).Error())
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t)
			here, there := dialled(t, server.option()), dialled(t, server.option())
			ofHere, ofThere := login(t, here, "ada"), login(t, there, "bob")
			logout(there, ofThere)
			eventually(t, time.Second, "it is known", func() bool { return visit(here, ofThere) == "revoked" })
			logout(here, ofHere)
			eventually(t, time.Second, "it is known", func() bool { return visit(there, ofHere) == "revoked" })

			lose(t, server)
			eventually(t, soon, "a fresh process knows it", func() bool {
				late := must(h3s.New(options(h3svalkey.Dial(server.option()))))
				defer late.Close()
				return visit(late, ofHere) == "revoked" && visit(late, ofThere) == "revoked"
			})
			if a, b := visit(here, ofThere), visit(there, ofHere); a != "revoked" || b != "revoked" {
				t.Error("forgotten here:", a, b)
			}
			// What is there already is not told again and again.
			client := server.client()
			before := must(do(t, client, "XLEN", key).AsInt64())
			if before > 4 {
				t.Error(before, "entries")
			}
		})
	}
}

// Its clock may be behind that of the one before it.
func TestAServerThatBeganAnewWithSmallerIdsIsReadFromItsStart(t *testing.T) {
	client := newServer(t).client()
	s := store(t, client)
	check(t, s.Publish(t.Context(), []string{line(1)}))
	handed := followed(t, s)
	eventually(t, time.Second, "it is read", func() bool { return slices.Contains(<-handed, line(1)) })
	check(t, do(t, client, "FLUSHALL").Error())
	check(t, do(t, client, "XADD", key, "1-1", "e", "of-another").Error())
	seen := map[string]bool{}
	eventually(t, soon, "both come", func() bool {
		for _, line := range <-handed {
			seen[line] = true
		}
		return seen["of-another"] && seen[line(1)]
	})
}

func TestWhatNoLongerMattersIsDroppedFromTheStream(t *testing.T) {
	client := newServer(t).client()
	// The server drops whole nodes, of a hundred entries.
	old := time.Now().Add(-2 * time.Hour).UnixMilli()
	for i := range 1000 {
		check(t, do(t, client, "XADD", key, fmt.Sprint(old, "-", i), "e", "old").Error())
	}
	recent := time.Now().Add(-30 * time.Minute).UnixMilli()
	check(t, do(t, client, "XADD", key, fmt.Sprint(recent, "-0"), "e", "recent").Error())
	s := store(t, client)
	handed := followed(t, s)
	eventually(t, time.Second, "it is read", func() bool { return slices.Contains(<-handed, "recent") })
	// By the server's clock, which stands in its ids, that was half an hour ago, so that first
	// one does not drop all.
	check(t, s.Publish(t.Context(), []string{line(1)}))
	eventually(t, 3*time.Second, "it is read", func() bool { return slices.Contains(<-handed, line(1)) })
	check(t, s.Publish(t.Context(), []string{line(2)}))
	left := must(do(t, client, "XRANGE", key, "-", "+").AsXRange())
	var lines []string
	for _, entry := range left {
		lines = append(lines, entry.FieldValues["e"])
	}
	if len(left) > 200 || !slices.Equal(lines[len(lines)-3:], []string{"recent", line(1), line(2)}) {
		t.Error(len(left), "are left")
	}
}

func TestAnApplicationStartsThoughTheServerIsAway(t *testing.T) {
	server := newServer(t)
	before := dialled(t, server.option())
	r := login(t, before, "ada")
	logout(before, r)
	server.stop()
	begun := time.Now()
	sessions := dialled(t, server.option())
	if took := time.Since(begun); took > 4*time.Second {
		t.Error(took)
	}
	if got := visit(sessions, r); got != "ada, stale" {
		t.Error(got)
	}
	server.start()
	eventually(t, soon, "it is known", func() bool { return visit(sessions, r) == "revoked" })
}

func TestCloseClosesTheConnectionsOfDialAlone(t *testing.T) {
	server := newServer(t)
	client := server.client()
	connections := func() int {
		names := must(do(t, client, "CLIENT", "LIST").ToString())
		n := 0
		for _, c := range names {
			if c == '\n' {
				n++
			}
		}
		return n
	}
	before := connections()
	sessions := must(h3s.New(options(h3svalkey.Dial(server.option()))))
	if connections() == before {
		t.Error("it has none")
	}
	begun := time.Now()
	sessions.Close()
	if took := time.Since(begun); took > 500*time.Millisecond {
		t.Error(took)
	}
	eventually(t, time.Second, "they are closed", func() bool { return connections() <= before })
	sessions = must(h3s.New(options(h3svalkey.Stream(client))))
	sessions.Close()
	check(t, do(t, client, "PING").Error())
}

func TestWhatIsNoStreamIsAnErrorAndStaysAsItIs(t *testing.T) {
	client := newServer(t).client()
	check(t, do(t, client, "SET", key, "of others").Error())
	if err := store(t, client).Publish(t.Context(), []string{line(1)}); err == nil {
		t.Error("published where?")
	}
	sessions := newSessions(t, options(h3svalkey.Stream(client)))
	if err := sessions.RevokeEverybody(t.Context()); !errors.Is(err, h3s.ErrStore) {
		t.Error(err)
	}
	var told *valkey.ValkeyError
	if !errors.As(sessions.Revocations().Err, &told) {
		t.Error(sessions.Revocations().Err)
	}
	if got := must(do(t, client, "GET", key).ToString()); got != "of others" {
		t.Error(got)
	}
}

func TestPublishingEndsWithItsContext(t *testing.T) {
	p := newProxy(t, newServer(t).address())
	client := must(valkey.NewClient(p.option()))
	t.Cleanup(client.Close)
	s := store(t, client)
	check(t, s.Publish(t.Context(), []string{line(1)}))
	p.set(true)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := s.Publish(ctx, []string{line(2)}); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > time.Second {
		t.Error(err, time.Since(begun))
	}
}

// Many at once, from several processes' sessions: each is known to all, and none is lost.
func TestManyLogoutsAtOnceAreAllKnown(t *testing.T) {
	server := newServer(t)
	here, there := dialled(t, server.option()), dialled(t, server.option())
	const each = 100
	requests := make(chan *http.Request, 2*each)
	for _, sessions := range []*h3s.Sessions{here, there} {
		for i := range each {
			r := login(t, sessions, strconv.Itoa(i))
			go func() {
				if w := logout(sessions, r); w.Code != http.StatusOK {
					t.Error(w.Code)
				}
				requests <- r
			}()
		}
	}
	for range 2 * each {
		r := <-requests
		eventually(t, 2*time.Second, "it is refused", func() bool { return visit(here, r) == "revoked" && visit(there, r) == "revoked" })
	}
}
