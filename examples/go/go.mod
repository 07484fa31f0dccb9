module login

go 1.25.0

require h3s v0.0.0

replace h3s => ../../bindings/go
