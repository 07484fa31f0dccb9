//go:build cgo

package h3s

// The first folder is that of a checkout, where `make` leaves the header and libh3s.a: alone, since
// a linker prefers a shared library. Elsewhere there is no such folder, and the compiler searches
// its own, /usr/local among them. What the archive needs comes after it; a shared library names
// what it needs itself, so --as-needed drops the rest.
//
// With h3s_static the archive comes first, so nothing is left for a shared library to provide. What
// unwinds the stack in it comes from the compiler's own archive, so that the program does not need
// the compiler's shared library either.

// #cgo !h3s_pkgconfig CFLAGS: -I${SRCDIR}/../../target/go
// #cgo !h3s_pkgconfig LDFLAGS: -L${SRCDIR}/../../target/go
// #cgo h3s_static LDFLAGS: -l:libh3s.a -Wl,--as-needed -static-libgcc
// #cgo !h3s_pkgconfig,!h3s_static LDFLAGS: -lh3s -Wl,--as-needed
// #cgo !h3s_pkgconfig LDFLAGS: -lpthread -lm -ldl
// #cgo h3s_pkgconfig,!h3s_static pkg-config: h3s
// #cgo h3s_pkgconfig,h3s_static pkg-config: --static h3s
import "C"
