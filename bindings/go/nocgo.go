//go:build !cgo

package h3s

// All other files need cgo, so this sentence is all that the compiler says without it. (A longer
// one it would say twice.)
func _() {
	"h3s needs cgo: build with CGO_ENABLED=1 and a C compiler (CC)"
}
