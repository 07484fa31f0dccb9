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
// Should it lose its data all the same, the processes that still run publish again what they have
// revoked themselves.
package h3svalkey

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/valkey-io/valkey-go"

	"h3s"
)

// An Option is one more thing to say of a stream.
type Option func(*stream)

// Key names the stream's key in place of "h3s:revocations:" and the name of the sessions' cookie,
// which is what servers in other languages take, too.
func Key(key string) Option { return func(s *stream) { s.key = key } }

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
			key:     "h3s:revocations:" + of.CookieName,
			keep:    of.Keep,
			block:   max(min(of.MaxStale/4, time.Second), 10*time.Millisecond),
			connect: connect,
			owns:    owns,
			turn:    make(chan struct{}, 1),
			own:     map[string]int64{},
		}
		for _, option := range options {
			option(s)
		}
		return s, nil
	}
}

// stream is a stream of the server.
type stream struct {
	key  string
	keep time.Duration
	// For how long the server waits for more before it says that there is none.
	block time.Duration

	connect func() (valkey.Client, error)
	owns    bool
	// Who holds it connects.
	turn   chan struct{}
	client valkey.Client

	mu sync.Mutex
	// What this process has published, and when that ends, in seconds since 1970.
	own map[string]int64
	// The last entry of these, and the last that was read.
	lastOwn, last id
	// All was read, since the start or since the server lost its data.
	complete bool
	// What of its own the server has lost. Nil: nothing.
	lost map[string]int64

	checked, swept time.Time
}

// ---- Publishing ----

// Publish adds entries to the stream.
func (s *stream) Publish(ctx context.Context, lines []string) error {
	client, err := s.connected(ctx)
	if err != nil {
		return err
	}
	commands := make([]valkey.Completed, len(lines))
	for i, line := range lines {
		commands[i] = s.add(client, line)
	}
	for i, reply := range client.DoMulti(ctx, commands...) {
		text, err := reply.ToString()
		if err != nil {
			return err
		}
		s.published(lines[i], text)
	}
	return nil
}

// add is the command that adds an entry, and drops what no longer matters by the server's clock and
// by this one: whichever is ahead must not drop what the other still needs.
func (s *stream) add(client valkey.Client, line string) valkey.Completed {
	s.mu.Lock()
	since := min(time.Now().UnixMilli(), s.last.ms) - s.keep.Milliseconds()
	s.mu.Unlock()
	add := client.B().Xadd().Key(s.key)
	if since <= 0 { // the server's clock is not known yet, or is not set
		return add.Id("*").FieldValue().FieldValue("e", line).Build()
	}
	return add.Minid().Almost().Threshold(strconv.FormatInt(since, 10)).Id("*").FieldValue().FieldValue("e", line).Build()
}

func (s *stream) published(line, text string) {
	at, _ := parseID(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own[line] = until(line)
	delete(s.lost, line)
	if s.lastOwn.before(at) {
		s.lastOwn = at
	}
}

// ---- Following ----

// Follow reads the stream from where it was, at first from its start.
func (s *stream) Follow(ctx context.Context, apply func(lines []string, complete bool) error) error {
	client, err := s.connected(ctx)
	if err != nil {
		return err
	}
	// It was away, perhaps, and is back without its data.
	s.checked = time.Time{}
	for {
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
		if err := s.check(ctx, client); err != nil {
			return err
		}
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
		lines = append(lines, entry.FieldValues["e"])
		if last, err = parseID(entry.ID); err != nil {
			return nil, last, err
		}
	}
	return lines, last, nil
}

func (s *stream) advance(lines []string, last id, complete bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.complete = last, s.complete || complete
	for _, line := range lines {
		delete(s.lost, line)
	}
}

// ---- A server that loses its data ----

// check finds out whether the server has lost the last entry that this process has read, or the
// last that it has published. Then its data is gone, or the end of it, as when a replica takes over
// that was behind. All is read anew then, since a server whose clock is behind may have begun with
// smaller ids.
func (s *stream) check(ctx context.Context, client valkey.Client) error {
	now := time.Now()
	if now.Sub(s.checked) < checkEvery {
		return nil
	}
	s.checked = now
	if now.Sub(s.swept) >= sweepEvery {
		s.swept = now
		s.sweep(now)
	}
	s.mu.Lock()
	last, lastOwn := s.last, s.lastOwn
	s.mu.Unlock()
	// What is so old may have been dropped.
	oldest := now.Add(skew - s.keep).UnixMilli()
	var commands []valkey.Completed
	for _, at := range []id{last, lastOwn} {
		if !at.isZero() && at.ms > oldest {
			commands = append(commands, client.B().Xrange().Key(s.key).Start(at.String()).End(at.String()).Build())
		}
	}
	if len(commands) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	for _, reply := range client.DoMulti(ctx, commands...) {
		found, err := reply.AsXRange()
		if err != nil {
			return err
		}
		if len(found) == 0 {
			s.restart(now)
			break
		}
	}
	return nil
}

// restart has the stream read from its start.
func (s *stream) restart(now time.Time) {
	s.sweep(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.lastOwn, s.complete = id{}, id{}, false
	s.lost = make(map[string]int64, len(s.own))
	for line, until := range s.own {
		s.lost[line] = until
	}
}

// republish publishes what the server has lost of this process's own.
func (s *stream) republish(ctx context.Context, client valkey.Client) error {
	for {
		s.mu.Lock()
		var commands []valkey.Completed
		lines := make([]string, 0, min(len(s.lost), batch))
		for line := range s.lost {
			if len(lines) == batch {
				break
			}
			lines = append(lines, line)
		}
		s.mu.Unlock()
		if len(lines) == 0 {
			return nil
		}
		for _, line := range lines {
			commands = append(commands, s.add(client, line))
		}
		within, cancel := context.WithTimeout(ctx, answerTimeout)
		for i, reply := range client.DoMulti(within, commands...) {
			text, err := reply.ToString()
			if err != nil {
				cancel()
				return err
			}
			s.published(lines[i], text)
		}
		cancel()
	}
}

// sweep forgets what has ended of this process's own.
func (s *stream) sweep(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line, until := range s.own {
		if until < now.Unix() {
			delete(s.own, line)
		}
	}
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
func (at id) isZero() bool   { return at == id{} }
func (at id) before(other id) bool {
	return at.ms < other.ms || at.ms == other.ms && at.sequence < other.sequence
}
