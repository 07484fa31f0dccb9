//go:build cgo && !h3s_static

package h3s

// #cgo pkg-config: h3s
import "C"
