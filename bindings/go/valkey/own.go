package h3svalkey

import (
	"slices"
	"sync"
	"time"
)

// own is what this process has published, so that it can do so again, and by what it finds out
// whether it has to.
//
// What a server loses of a stream is its end: it failed before that was on its disk, was put back
// to an older copy, or a replica took over that was behind. So as long as an entry is there, all
// are that were there before it. Marks are the entries to look for: the last one of each answer
// that was read, and each that this process has published.
type own struct {
	mu sync.Mutex
	// The entries, and when each ends, in seconds since 1970.
	ends map[string]int64
	// In no order.
	marks []id
	// The entries that are lost unless they turn up as the stream is read anew.
	lost map[string]int64
}

// published notes that an entry is in the stream.
func (o *own) published(line string, at id) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ends[line] = until(line)
	o.marks = append(o.marks, at)
	delete(o.lost, line)
}

// read notes what was read, and its last id.
func (o *own) read(lines []string, last id) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(lines) > 0 {
		o.marks = append(o.marks, last)
	}
	for _, line := range lines {
		delete(o.lost, line)
	}
}

// toLookFor are the marks.
func (o *own) toLookFor() []id {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.marks)
}

// seen notes that the first n marks are there. Those up to the last one that was read are looked
// for no more, since they are there as long as it is.
func (o *own) seen(n int, last id) {
	o.mu.Lock()
	defer o.mu.Unlock()
	kept := slices.DeleteFunc(slices.Clone(o.marks[:n]), func(at id) bool { return at.before(last) })
	o.marks = append(kept, o.marks[n:]...)
}

// missed notes that one was not there. All may be lost then.
func (o *own) missed(now time.Time) {
	o.forgetEnded(now)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.marks, o.lost = nil, make(map[string]int64, len(o.ends))
	for line, end := range o.ends {
		o.lost[line] = end
	}
}

// someLost are at most n of the entries that are lost.
func (o *own) someLost(n int) (lines []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for line := range o.lost {
		if len(lines) == n {
			break
		}
		lines = append(lines, line)
	}
	return lines
}

// forgetEnded forgets the entries that have ended.
func (o *own) forgetEnded(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for line, end := range o.ends {
		if end < now.Unix() {
			delete(o.ends, line)
		}
	}
}
