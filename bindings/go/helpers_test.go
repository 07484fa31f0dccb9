package h3s_test

import (
	"fmt"
	"os"
	"testing"
)

const password = "correct horse battery staple, and more of it"

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func check(t testing.TB, err error) {
	if err != nil {
		t.Helper()
		t.Fatal(err)
	}
}

// residentKiB is the memory that this process has in use, C's included.
func residentKiB(t *testing.T) int {
	t.Helper()
	var pages, resident int
	if _, err := fmt.Sscan(string(must(os.ReadFile("/proc/self/statm"))), &pages, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize() / 1024
}
