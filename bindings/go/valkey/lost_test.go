package h3svalkey_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/valkey-io/valkey-go"

	"h3s"
	"h3svalkey"
)

// stored are the entries of the stream, in their order.
func stored(t testing.TB, client valkey.Client) (lines []string) {
	t.Helper()
	for _, entry := range must(do(t, client, "XRANGE", key, "-", "+").AsXRange()) {
		lines = append(lines, entry.FieldValues["e"])
	}
	return lines
}

// readUntil follows a stream until a line has come and all is read.
func readUntil(t testing.TB, s h3s.Store, line string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	has := false
	_ = s.Follow(ctx, func(lines []string, complete bool) error {
		if has = has || slices.Contains(lines, line); has && complete {
			return io.EOF
		}
		return nil
	})
	if !has {
		t.Fatal("it did not come")
	}
}

// has waits until the stream has lines, each once.
func has(t testing.TB, client valkey.Client, lines ...string) {
	t.Helper()
	eventually(t, soon, fmt.Sprint("it has ", len(lines)), func() bool {
		now := stored(t, client)
		slices.Sort(now)
		return slices.Equal(now, slices.Sorted(slices.Values(lines)))
	})
}

func TestWhatWasLostBeforeAnotherEntryWasPublishedIsPublishedAgain(t *testing.T) {
	client := newServer(t).client()
	s := store(t, client)
	check(t, s.Publish(t.Context(), []string{line(1), line(2)}))
	check(t, do(t, client, "FLUSHALL").Error())
	// Nobody has looked since, and the last entry of this process is there.
	check(t, s.Publish(t.Context(), []string{line(3)}))
	followed(t, s)
	has(t, client, line(1), line(2), line(3))
}

func TestWhatWasReadAndThenLostIsPublishedAgain(t *testing.T) {
	client := newServer(t).client()
	s := store(t, client)
	check(t, s.Publish(t.Context(), []string{line(1), line(2)}))
	readUntil(t, s, line(2))
	check(t, do(t, client, "FLUSHALL").Error())
	check(t, do(t, client, "XADD", key, "*", "e", "of-another").Error())
	check(t, s.Publish(t.Context(), []string{line(3)}))
	followed(t, s)
	has(t, client, line(1), line(2), "of-another", line(3))
}

// More than are looked for at once, of which the server kept the first.
func TestTheLostEndOfManyEntriesIsPublishedAgainAndOnceOnly(t *testing.T) {
	client := newServer(t).client()
	s := store(t, client)
	var lines []string
	for i := range 2500 {
		lines = append(lines, line(i))
	}
	check(t, s.Publish(t.Context(), lines))
	first := must(do(t, client, "XRANGE", key, "-", "+", "COUNT", "1200").AsXRange())
	check(t, do(t, client, "DEL", key).Error())
	for _, entry := range first {
		check(t, do(t, client, "XADD", key, entry.ID, "e", entry.FieldValues["e"]).Error())
	}
	check(t, s.Publish(t.Context(), []string{line(2500)}))
	followed(t, s)
	has(t, client, append(lines, line(2500))...)
}

func TestWhatEndedBeforeItWasLostIsNotPublishedAgain(t *testing.T) {
	client := newServer(t).client()
	s := store(t, client)
	ended := fmt.Sprintf("h3r1.k.%d.1", time.Now().Add(-time.Minute).Unix())
	check(t, s.Publish(t.Context(), []string{ended, line(1)}))
	check(t, do(t, client, "FLUSHALL").Error())
	followed(t, s)
	has(t, client, line(1))
}

// A restart from an older copy of its data.
func TestAServerThatIsPutBackIsToldWhatCameSince(t *testing.T) {
	server := newServer(t)
	here := dialled(t, server.option())
	var users []*http.Request
	for _, user := range []string{"ada", "bob", "cyd"} {
		users = append(users, login(t, here, user))
	}
	logout(here, users[0])
	copied := server.save()
	logout(here, users[1])
	server.stop()
	server.restore(copied)
	server.start()
	eventually(t, soon, "it is back", func() bool { return logout(here, users[2]).Code == http.StatusOK })
	client := server.client()
	eventually(t, soon, "it has all three", func() bool { return len(stored(t, client)) == 3 })
	allRevoked(t, dialled(t, server.option()), users)
}

// A replica is behind when its master fails, and takes over.
func TestWhatAReplicaThatTakesOverHadNotHeardIsPublishedAgain(t *testing.T) {
	master, replica := newServer(t), newServer(t)
	between, before := newProxy(t, master.address()), newProxy(t, master.address())
	here := dialled(t, before.option())
	other := replica.client()
	_, port, _ := strings.Cut(between.listener.Addr().String(), ":")
	check(t, do(t, other, "REPLICAOF", "127.0.0.1", port).Error())
	var users []*http.Request
	for i := range 6 {
		users = append(users, login(t, here, fmt.Sprint(i)))
	}
	logout(here, users[0])
	eventually(t, soon, "the replica has it", func() bool { return len(stored(t, other)) == 1 })
	between.set(true)
	for _, r := range users[1:5] {
		if w := logout(here, r); w.Code != http.StatusOK {
			t.Fatal(w.Code)
		}
	}
	check(t, do(t, other, "REPLICAOF", "NO", "ONE").Error())
	before.turn(replica.address())
	eventually(t, soon, "it takes over", func() bool { return logout(here, users[5]).Code == http.StatusOK })
	eventually(t, soon, "it has all", func() bool { return len(stored(t, other)) == 6 })
	allRevoked(t, dialled(t, replica.option()), users)
}

func allRevoked(t *testing.T, sessions *h3s.Sessions, users []*http.Request) {
	t.Helper()
	for i, r := range users {
		if got := visit(sessions, r); got != "revoked" {
			t.Error(i, got)
		}
	}
}

func TestTwoCookieNamesNeverShareAStream(t *testing.T) {
	client := newServer(t).client()
	for _, name := range []string{"users", "staff"} {
		open := h3svalkey.Stream(client, h3svalkey.Prefix("shop:"))
		s := must(open(h3s.StoreOptions{CookieName: name, Keep: time.Hour, MaxStale: time.Minute}))
		check(t, s.Publish(t.Context(), []string{line(1)}))
		if n := must(do(t, client, "XLEN", "shop:"+name).AsInt64()); n != 1 {
			t.Error(name, n)
		}
	}
}

func TestWhatIsNotOneLineIsPassedOver(t *testing.T) {
	client := newServer(t).client()
	for _, text := range []string{line(1) + "\n" + line(2), line(3) + "\n", line(4) + "\r", "", "\xff", strings.Repeat("x", 2049), line(5)} {
		check(t, do(t, client, "XADD", key, "*", "e", text).Error())
	}
	handed := followed(t, store(t, client))
	if got := <-handed; !slices.Equal(got, []string{"", "", "", "", "", "", line(5), "complete"}) {
		t.Errorf("%q", got)
	}
}

// Under load one answer brings many.
func TestManyEntriesThatComeOneByOneAreReadTogether(t *testing.T) {
	client := newServer(t).client()
	s := store(t, client)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- s.Follow(ctx, func([]string, bool) error { return nil })
	}()
	reads := func() (n int) {
		text := must(do(t, client, "INFO", "commandstats").ToString())
		_, text, _ = strings.Cut(text, "cmdstat_xread:calls=")
		_, _ = fmt.Sscanf(text, "%d,", &n)
		return n
	}
	before, begun := reads(), time.Now()
	for i := range 2000 {
		check(t, s.Publish(t.Context(), []string{line(i)}))
	}
	took, n := time.Since(begun), reads()-before
	if most := int(took/(20*time.Millisecond)) + 5; n > most {
		t.Errorf("%d answers in %s", n, took)
	}
	stop()
	<-ended
}
