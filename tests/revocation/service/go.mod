module service

go 1.25.0

require (
	github.com/valkey-io/valkey-go v1.0.79
	h3s v0.0.0
	h3svalkey v0.0.0
)

require golang.org/x/sys v0.47.0 // indirect

replace h3s => ../../../bindings/go

replace h3svalkey => ../../../bindings/go/valkey
