// Package h3svalkey lets servers make known to each other by Valkey or Redis which sessions of
// package h3s are revoked: a logout is final on all machines within moments, and no request asks
// the server for it.
//
//	sessions, err := h3s.New(h3s.Options{
//		...
//		Revocation: &h3s.RevocationOptions{
//			Subject: "/user/id",
//			Store:   h3svalkey.Dial(valkey.MustParseURL(os.Getenv("VALKEY_URL"))),
//		},
//	})
//
// What is revoked stands in a stream, which each process follows from its start and keeps a copy
// of. It needs Valkey, or Redis 6.2 or later, and there no more than XADD, XREAD and XRANGE. Have
// the server keep it on disk (appendonly yes) and evict nothing (maxmemory-policy noeviction).
// Should it lose its data all the same, or the end of it, as where a replica takes over that was
// behind, the processes that still run publish again what they have revoked themselves.
package h3svalkey

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/valkey-io/valkey-go"

	"h3s"
)

// An Option is one more thing to say of a stream.
type Option func(*stream)

// Prefix is what the stream's key begins with in place of "h3s:revocations:". The name of the
// sessions' cookie follows it. Servers in all languages have to have the same one.
func Prefix(prefix string) Option { return func(s *stream) { s.prefix = prefix } }

// Stream is an [h3s.RevocationOptions] Store by a client that the application has for other things
// as well, and closes when the Sessions are closed. It takes one more connection.
func Stream(client valkey.Client, options ...Option) func(h3s.StoreOptions) (h3s.Store, error) {
	return newStream(func() (valkey.Client, error) { return client, nil }, false, options)
}

// Dial is [Stream] by a client of its own, which connects when the server is there: one that is
// away does not keep the application from starting. [h3s.Sessions.Close] closes it.
func Dial(option valkey.ClientOption, options ...Option) func(h3s.StoreOptions) (h3s.Store, error) {
	if option.Dialer.Timeout == 0 {
		option.Dialer.Timeout = answerTimeout
	}
	// Sessions try again, and know what there is no word of meanwhile.
	option.DisableRetry = true
	return newStream(func() (valkey.Client, error) { return valkey.NewClient(option) }, true, options)
}

const (
	// How many entries come at once.
	batch = 1000
	// A server that answers nothing for as long, beyond what it was to wait, is away.
	answerTimeout = 2 * time.Second
	// The time between two answers. One costs more than several entries in it do, so that under
	// load several come at once. What comes after a quiet moment comes without delay.
	pause = 20 * time.Millisecond
	// How often it is checked that the server still has what it had.
	checkEvery = time.Second
	// How often this process forgets what has ended of its own.
	sweepEvery = time.Minute
	// How far the clocks of servers may be apart.
	skew = 10 * time.Minute
)

func newStream(connect func() (valkey.Client, error), owns bool, options []Option) func(h3s.StoreOptions) (h3s.Store, error) {
	return func(of h3s.StoreOptions) (h3s.Store, error) {
		s := &stream{
			prefix:  "h3s:revocations:",
			keep:    of.Keep,
			block:   max(min(of.MaxStale/4, time.Second), 10*time.Millisecond),
			connect: connect,
			owns:    owns,
			turn:    make(chan struct{}, 1),
			own:     own{ends: map[string]int64{}},
		}
		for _, option := range options {
			option(s)
		}
		// Each name has a stream of its own: what matters no longer of one may matter of
		// another, whose sessions live longer.
		s.key = s.prefix + of.CookieName
		return s, nil
	}
}

// stream is a stream of the server.
type stream struct {
	prefix, key string
	keep        time.Duration
	// For how long the server waits for more before it says that there is none.
	block time.Duration

	connect func() (valkey.Client, error)
	owns    bool
	// Who holds it connects.
	turn   chan struct{}
	client valkey.Client

	own own
	// The last entry that was read, and its time for who publishes.
	last     id
	lastTime atomic.Int64
	// All was read, since the start or since the server lost its data.
	complete bool

	checked, swept time.Time
}

// ---- Publishing ----

// Publish adds entries to the stream.
func (s *stream) Publish(ctx context.Context, lines []string) error {
	client, err := s.connected(ctx)
	if err != nil {
		return err
	}
	return s.addAll(ctx, client, lines)
}

// addAll adds entries, at once.
func (s *stream) addAll(ctx context.Context, client valkey.Client, lines []string) error {
	commands := make([]valkey.Completed, len(lines))
	for i, line := range lines {
		commands[i] = s.add(client, line)
	}
	for i, reply := range client.DoMulti(ctx, commands...) {
		text, err := reply.ToString()
		if err != nil {
			return err
		}
		at, err := parseID(text)
		if err != nil {
			return err
		}
		s.own.published(lines[i], at)
	}
	return nil
}

// add is the command that adds an entry, and drops what no longer matters by the server's clock and
// by this one: whichever is ahead must not drop what the other still needs.
func (s *stream) add(client valkey.Client, line string) valkey.Completed {
	since := s.oldest(time.Now())
	add := client.B().Xadd().Key(s.key)
	if since <= 0 { // the server's clock is not known yet, or is not set
		return add.Id("*").FieldValue().FieldValue("e", line).Build()
	}
	return add.Minid().Almost().Threshold(strconv.FormatInt(since, 10)).Id("*").FieldValue().FieldValue("e", line).Build()
}

// oldest is the time of the oldest entry that may matter still, by the server's clock.
func (s *stream) oldest(now time.Time) int64 {
	return min(now.UnixMilli(), s.lastTime.Load()) - s.keep.Milliseconds()
}

// ---- Following ----

// Follow reads the stream from where it was, at first from its start.
func (s *stream) Follow(ctx context.Context, apply func(lines []string, complete bool) error) error {
	client, err := s.connected(ctx)
	if err != nil {
		return err
	}
	// It was away, perhaps, and is back without its data: what it has now is not to be read
	// before that is known.
	s.checked = time.Time{}
	for {
		if err := s.check(ctx, client); err != nil {
			return err
		}
		lines, last, err := s.read(ctx, client)
		if err != nil {
			return err
		}
		complete := len(lines) < batch
		if err := apply(lines, complete); err != nil {
			return err
		}
		s.advance(lines, last, complete)
		if !complete {
			continue
		}
		if err := s.republish(ctx, client); err != nil {
			return err
		}
		if len(lines) > 0 && !wait(ctx, pause) {
			return ctx.Err()
		}
	}
}

// wait reports whether a time is over before ctx is.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// read is what comes after what was read, an entry a place; the place of what is none is empty.
func (s *stream) read(ctx context.Context, client valkey.Client) (lines []string, last id, err error) {
	last = s.last
	count := client.B().Xread().Count(batch)
	var command valkey.Completed
	if s.complete {
		command = count.Block(s.block.Milliseconds()).Streams().Key(s.key).Id(last.String()).Build().UnblockOnCancel()
	} else {
		// What is there is wanted now, be it nothing.
		command = count.Streams().Key(s.key).Id(last.String()).Build()
	}
	ctx, cancel := context.WithTimeout(ctx, s.block+answerTimeout)
	defer cancel()
	streams, err := client.Do(ctx, command).AsXRead()
	if valkey.IsValkeyNil(err) {
		return nil, last, nil
	} else if err != nil {
		return nil, last, err
	}
	entries := streams[s.key]
	for _, entry := range entries {
		lines = append(lines, oneLine(entry.FieldValues["e"]))
		if last, err = parseID(entry.ID); err != nil {
			return nil, last, err
		}
	}
	return lines, last, nil
}

func (s *stream) advance(lines []string, last id, complete bool) {
	s.last, s.complete = last, s.complete || complete
	s.lastTime.Store(last.ms)
	s.own.read(lines, last)
}

// ---- A server that loses its data ----

// check finds out whether the server has lost its data, or the end of it. All is read anew then,
// since a server whose clock is behind may have begun with smaller ids.
func (s *stream) check(ctx context.Context, client valkey.Client) error {
	now := time.Now()
	if now.Sub(s.checked) < checkEvery {
		return nil
	}
	if now.Sub(s.swept) >= sweepEvery {
		s.swept = now
		s.own.forgetEnded(now)
	}
	marks := s.own.toLookFor()
	for some := range slices.Chunk(marks, batch) {
		if there, err := s.areThere(ctx, client, some, now); err != nil {
			return err
		} else if !there {
			s.restart(now)
			return nil
		}
	}
	s.own.seen(len(marks), s.last)
	s.checked = now
	return nil
}

// areThere reports whether the stream has these entries, but for those that may have been dropped.
func (s *stream) areThere(ctx context.Context, client valkey.Client, marks []id, now time.Time) (bool, error) {
	oldest := s.oldest(now) + skew.Milliseconds()
	var commands []valkey.Completed
	for _, at := range marks {
		if at.ms > oldest {
			commands = append(commands, client.B().Xrange().Key(s.key).Start(at.String()).End(at.String()).Build())
		}
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	for _, reply := range client.DoMulti(ctx, commands...) {
		found, err := reply.AsXRange()
		if err != nil || len(found) == 0 {
			return false, err
		}
	}
	return true, nil
}

// restart has the stream read from its start.
func (s *stream) restart(now time.Time) {
	s.own.missed(now)
	s.last, s.complete = id{}, false
	s.lastTime.Store(0)
}

// republish publishes what the server has lost of this process's own.
func (s *stream) republish(ctx context.Context, client valkey.Client) error {
	for lines := s.own.someLost(batch); len(lines) > 0; lines = s.own.someLost(batch) {
		within, cancel := context.WithTimeout(ctx, answerTimeout)
		err := s.addAll(within, client, lines)
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// ---- The connection ----

// connected is the client, which may have to connect first.
func (s *stream) connected(ctx context.Context) (valkey.Client, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.client == nil {
		client, err := s.connect()
		if err != nil {
			if client != nil {
				client.Close()
			}
			return nil, err
		}
		s.client = client
	}
	return s.client, nil
}

// Close closes the client, unless that is the application's.
func (s *stream) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.owns && s.client != nil {
		s.client.Close()
	}
	s.connect = func() (valkey.Client, error) { return nil, valkey.ErrClosing }
	s.client = nil
	return nil
}

// ---- Ids and entries ----

// id is that of an entry in the stream.
type id struct {
	ms       int64
	sequence uint64
}

func parseID(text string) (at id, err error) {
	ms, sequence, _ := strings.Cut(text, "-")
	if at.ms, err = strconv.ParseInt(ms, 10, 64); err == nil {
		at.sequence, err = strconv.ParseUint(sequence, 10, 64)
	}
	return at, err
}

func (at id) String() string { return fmt.Sprintf("%d-%d", at.ms, at.sequence) }
func (at id) before(other id) bool {
	return at.ms < other.ms || at.ms == other.ms && at.sequence < other.sequence
}
