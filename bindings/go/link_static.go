//go:build h3s_static

package h3s

// The archive comes first, so nothing is left for the shared library to provide, and --as-needed drops it.

// #cgo LDFLAGS: -l:libh3s.a -Wl,--as-needed
// #cgo pkg-config: --static h3s
import "C"
