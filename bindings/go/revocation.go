//go:build cgo

package h3s

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// A Store makes known to all servers what each of them revokes: a stream of Valkey, a table of a
// database. Its lines are entries, sealed under the password: a store can delay or drop them, but
// neither make nor read any. How often one is applied, and in which order, makes no difference.
//
// Its methods are called from several goroutines. One that is an [io.Closer] is closed by
// [Sessions.Close], when nothing follows it any more.
type Store interface {
	// Publish adds lines, in the middle of a request: it returns nil once every server will get
	// them, also one that is not there yet. After an error the request is a 503.
	Publish(ctx context.Context, lines []string) error
	// Follow hands in all lines, those from before it was called first, and then new ones as
	// they come; complete says that these were all for now. It says so even when there is
	// nothing new, at least three times in StoreOptions.MaxStale, and only when the store has
	// just been asked.
	//
	// It returns when ctx is done, or it cannot go on, and so with apply's error: those lines
	// are to be handed in again. It is called again then, after a pause that grows, and may go
	// on where it was. It calls apply itself, in no other goroutine.
	Follow(ctx context.Context, apply func(lines []string, complete bool) error) error
}

// StoreOptions are what a Store has to know of its sessions.
type StoreOptions struct {
	// CookieName is the name of their cookie. Lines of others are passed over, so those of one
	// name had better be on their own.
	CookieName string
	// Keep is for how long a line matters at most; what is older may be dropped.
	Keep time.Duration
	// MaxStale is for how long there may be no word of the store.
	MaxStale time.Duration
}

// Revocations is what this process knows of what is revoked.
type Revocations struct {
	// Entries is how many there are that have not ended, of which Room has place.
	Entries, Room int
	// Missed is how many had no room, so that what they revoke is not refused here.
	Missed int
	// HeardAt is when this process last knew all that anybody had revoked; the zero time: not
	// yet.
	HeardAt time.Time
	// Err is why there is no word of others just now, or nil.
	Err error
}

// Revocations tells what this process knows of what is revoked: for a page of figures or an alarm,
// not for each request, since it counts the entries.
func (ss *Sessions) Revocations() Revocations {
	if ss.revoking == nil {
		return Revocations{}
	}
	view := ss.config.viewRevocations(ss.time())
	view.Err = ss.revoking.trouble()
	return view
}

// Close stops what New has begun in the background: following what other servers revoke. Call it
// when the last request was handled, after [http.Server.Shutdown]. Without Options.Revocation there
// is nothing to stop.
func (ss *Sessions) Close() {
	if ss.revoking != nil {
		ss.revoking.close()
	}
}

// ---- From outside a session ----

// RevokeSession revokes the session of an id, for who has no more of it: an administrator, or a
// table of sessions. It returns once all servers will know, an [ErrStore] if they may not, and an
// [ErrFull] if this one has no room for it.
func (ss *Sessions) RevokeSession(ctx context.Context, id string) error {
	entry, err := ss.config.revokeSession(id, ss.time())
	return ss.publishEntry(ctx, entry, err)
}

// RevokeSubject revokes all sessions of a subject that were made, or last rotated, before a moment;
// the zero time: now. What the subject of a session is, RevocationOptions.Subject says. It returns
// as RevokeSession.
//
// "Log out all my other sessions" is [Session.Rotate], and then this with the session's CreatedAt.
func (ss *Sessions) RevokeSubject(ctx context.Context, subject string, before time.Time) error {
	moment := int64(0)
	if !before.IsZero() {
		// What is before 1970 is no moment for the library, and not "now" either.
		if moment = before.UnixMilli(); moment == 0 {
			moment = -1
		}
	}
	entry, err := ss.config.revokeSubject(&subject, moment, ss.time())
	return ss.publishEntry(ctx, entry, err)
}

// RevokeEverybody revokes all sessions that were made, or last rotated, before now. It returns as
// RevokeSession.
func (ss *Sessions) RevokeEverybody(ctx context.Context) error {
	entry, err := ss.config.revokeSubject(nil, 0, ss.time())
	return ss.publishEntry(ctx, entry, err)
}

func (ss *Sessions) publishEntry(ctx context.Context, entry string, err error) error {
	if err != nil {
		return err
	}
	return ss.revoking.publish(ctx, []string{entry})
}

// ---- In the background ----

// A link is how entries come and go: by a Store, or the file.
type link interface {
	publish(ctx context.Context, lines []string, now int64) error
	// follow is as Store.Follow, but applies what comes. It tells each time that this was all.
	follow(ctx context.Context, heard func()) error
	close()
}

// revoking makes known what is revoked here, and follows what is revoked elsewhere. It knows
// nothing of its Sessions, so that one which nobody closes ends with the garbage.
type revoking struct {
	config *config
	clock  func() time.Time
	logger *slog.Logger
	name   string
	link   link

	stop  context.CancelFunc
	ended chan struct{}

	mu      sync.Mutex
	closed  bool
	wasFull bool
	err     error
}

const (
	defaultRoom = 65_536
	// A request waits for as long until what it revokes is made known.
	publishTimeout = 3 * time.Second
	// New waits for as long until all is known that was revoked before.
	firstTimeout     = 5 * time.Second
	minPause         = 50 * time.Millisecond
	maxPause         = 2 * time.Second
	defaultStaleness = time.Minute
)

// newRevoking makes this process's copy of what is revoked, and begins to follow. It is nil where
// the options have nothing revoked.
func newRevoking(options *Options, config *config) (*revoking, error) {
	if options.Revocation == nil {
		return nil, nil
	}
	room := options.Revocation.Room
	if room == 0 {
		room = defaultRoom
	}
	if err := config.addRevocations(room); err != nil {
		if errors.Is(err, ErrArgument) {
			return nil, configError("Revocation.Room", "1 to 67108864 sessions")
		}
		return nil, err
	}
	r := &revoking{config: config, clock: options.Now, logger: options.Logger, name: config.cookieName(), ended: make(chan struct{})}
	var err error
	if r.link, err = r.newLink(options.Revocation); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	first := make(chan struct{})
	go r.run(ctx, sync.OnceFunc(func() { close(first) }))
	// So that a server which has just started refuses what was revoked before. Where the store
	// is away, or has too much to tell, the server is stale for now, and the options say what
	// that means.
	timer := time.NewTimer(firstTimeout)
	defer timer.Stop()
	select {
	case <-first:
	case <-timer.C:
	}
	return r, nil
}

func (r *revoking) newLink(options *RevocationOptions) (link, error) {
	switch {
	case options.Store != nil:
		staleness := options.MaxStale
		if staleness == 0 {
			staleness = defaultStaleness
		}
		store, err := options.Store(StoreOptions{CookieName: r.name, Keep: r.config.revocationKeep(), MaxStale: staleness})
		if err != nil {
			return nil, storeError(err)
		}
		return storeLink{r, store}, nil
	case r.config.revocationFile() != "":
		return newFileLink(r)
	}
	return nil, configError("revocation.file", "neither a File nor a Store: then no other server, and nobody after a restart, would know of a logout")
}

// run follows until ctx is done.
func (r *revoking) run(ctx context.Context, tried func()) {
	defer close(r.ended)
	defer r.link.close()
	defer tried()
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		err := r.link.follow(ctx, func() {
			pause = minPause
			r.tell(ctx, nil)
			tried()
		})
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("the store says no more")
		}
		r.tell(ctx, err)
		tried()
		// Not all servers at once.
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// tell keeps why there is no word, and logs it when that changes.
func (r *revoking) tell(ctx context.Context, err error) {
	r.mu.Lock()
	was := r.err
	r.err = err
	r.mu.Unlock()
	about := slog.String("session", r.name)
	switch {
	case err == nil && was != nil:
		r.log().LogAttrs(ctx, slog.LevelInfo, "what other servers revoke is known again", about)
	case err != nil && (was == nil || was.Error() != err.Error()):
		r.log().LogAttrs(ctx, slog.LevelWarn, "what other servers revoke is not known", about, slog.String("error", err.Error()))
	}
}

func (r *revoking) trouble() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *revoking) log() *slog.Logger {
	if r.logger == nil {
		return slog.Default()
	}
	return r.logger
}

// time is now in milliseconds; 0 is the library's own clock.
func (r *revoking) time() int64 {
	if r.clock == nil {
		return 0
	}
	return r.clock().UnixMilli()
}

// publish makes entries known to all servers, this one included.
func (r *revoking) publish(ctx context.Context, lines []string) error {
	if r.isClosed() {
		return errClosed
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	now := r.time()
	if err := r.link.publish(ctx, lines, now); err != nil {
		return err
	}
	// Only now: what was refused here before others know could not be tried again.
	err := r.apply(lines, now)
	if err != nil && !isFull(err) {
		return storeError(err)
	}
	return err
}

// apply takes in what somebody has revoked. What has no room is counted, so that this copy is stale
// whatever is heard.
func (r *revoking) apply(lines []string, now int64) error {
	if len(lines) == 0 {
		return nil
	}
	err := r.config.applyRevocations(lines, now)
	if isFull(err) {
		r.full(err)
	}
	return err
}

// full says once that a larger Room is needed.
func (r *revoking) full(err error) {
	r.mu.Lock()
	was := r.wasFull
	r.wasFull = true
	r.mu.Unlock()
	if !was {
		r.log().LogAttrs(context.Background(), slog.LevelError, "not all that is revoked is refused here: RevocationOptions.Room is too small",
			slog.String("session", r.name), slog.String("error", err.Error()))
	}
}

func (r *revoking) isClosed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

func (r *revoking) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.stop()
	<-r.ended
}

// storeLink is a Store.
type storeLink struct {
	*revoking
	store Store
}

func (l storeLink) publish(ctx context.Context, lines []string, _ int64) error {
	if err := l.store.Publish(ctx, lines); err != nil {
		return storeError(err)
	}
	return nil
}

func (l storeLink) follow(ctx context.Context, heard func()) error {
	return l.store.Follow(ctx, func(lines []string, complete bool) error {
		now := l.time()
		if err := l.apply(lines, now); err != nil && !isFull(err) {
			return err
		}
		if !complete {
			return nil
		}
		if err := l.config.heardRevocations(now); err != nil {
			return err
		}
		heard()
		return nil
	})
}

func (l storeLink) close() {
	if closer, ok := l.store.(io.Closer); ok {
		_ = closer.Close()
	}
}
