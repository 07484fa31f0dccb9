module peers

go 1.25.0

require (
	github.com/gorilla/securecookie v1.1.2
	h3s v0.0.0
)

replace h3s => ../../../bindings/go
