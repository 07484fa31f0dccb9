//go:build cgo && h3s_static

package h3s

// The archive comes first, so nothing is left for the shared library to provide, and --as-needed
// drops it. What unwinds the stack in it comes from the compiler's own archive, so that the program
// does not need the compiler's shared library either.

// #cgo LDFLAGS: -l:libh3s.a -Wl,--as-needed -static-libgcc
// #cgo pkg-config: --static h3s
import "C"
