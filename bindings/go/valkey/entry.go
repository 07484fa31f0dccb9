package h3svalkey

import (
	"math"
	"strconv"
	"strings"
)

// until is when an entry ends, in seconds since 1970, which stands in it for whom cannot open it:
// "h3r1.", a key's id, ".", and that. What is no entry does not end.
func until(line string) int64 {
	parts := strings.SplitN(line, ".", 4)
	if len(parts) == 4 {
		if seconds, err := strconv.ParseInt(parts[2], 10, 64); err == nil {
			return seconds
		}
	}
	return math.MaxInt64
}

// longest is how many characters an entry has at most.
const longest = 2048

// oneLine is what a message holds, or nothing where that is not one line that may be an entry:
// anybody may have put others into the stream.
func oneLine(text string) string {
	isOther := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(text) > longest || strings.ContainsFunc(text, isOther) {
		return ""
	}
	return text
}
