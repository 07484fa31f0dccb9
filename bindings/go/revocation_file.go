//go:build cgo

package h3s

import (
	"context"
	"errors"
	"sync"
	"time"
)

// How often this process asks the file for what others have revoked: each time, some microseconds.
const pollEvery = 250 * time.Millisecond

// fileLink is the file that the processes of this machine share.
type fileLink struct {
	*revoking
	// Read: the file is in use. Written: it is closed.
	inUse sync.RWMutex
	file  entryFile
}

func newFileLink(r *revoking) (link, error) {
	file, err := openEntryFile(r.config.revocationFile())
	if err != nil {
		return nil, err
	}
	return &fileLink{revoking: r, file: file}, nil
}

func (l *fileLink) publish(ctx context.Context, lines []string, now int64) error {
	l.inUse.RLock()
	defer l.inUse.RUnlock()
	if l.file.isClosed() {
		return errClosed
	}
	// It waits for the disk, and nothing can be done about that.
	if err := ctx.Err(); err != nil {
		return storeError(err)
	}
	return l.file.append(lines, now)
}

func (l *fileLink) follow(ctx context.Context, heard func()) error {
	ticks := time.NewTicker(pollEvery)
	defer ticks.Stop()
	for {
		if err := l.file.poll(l.config, l.time()); isFull(err) {
			l.full(err)
		} else if err != nil {
			return err
		}
		heard()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
		}
	}
}

func (l *fileLink) close() {
	l.inUse.Lock()
	defer l.inUse.Unlock()
	l.file.close()
}

var errClosed = storeError(errors.New("these Sessions are closed"))
