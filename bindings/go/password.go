//go:build cgo

package h3s

import (
	"errors"
	"fmt"
	"log/slog"
)

// A Password is a secret: at least 32 characters, at random. `openssl rand -base64 32` makes a good
// one. The zero value is none.
//
// Nothing prints, logs or encodes it, from inside other values neither: in its place stands
// "[secret]" or an address, and encoding/gob returns an error. Only [Options.SharedJSON] writes it
// out. It can be set from text wherever an [encoding.TextUnmarshaler] can be: by encoding/json,
// from the environment, from a flag.
type Password struct {
	// A function, since what reads unexported fields, where no method of ours is asked,
	// can do no more with one than to print its address. There is no string in the
	// structure, and no pointer to one.
	reveal func() string
}

// NewPassword makes a Password of a text. The empty text is none.
func NewPassword(text string) Password {
	if text == "" {
		return Password{}
	}
	return Password{reveal: func() string { return text }}
}

// IsZero reports whether there is no password, such as that of an environment variable that is not
// set.
func (p Password) IsZero() bool { return p.reveal == nil }

// text is the password itself.
func (p Password) text() string {
	if p.reveal == nil {
		return ""
	}
	return p.reveal()
}

const secret = "[secret]"

// Format keeps the password out of what is printed.
func (Password) Format(f fmt.State, _ rune) { fmt.Fprint(f, secret) }

// LogValue keeps the password out of logs.
func (Password) LogValue() slog.Value { return slog.StringValue(secret) }

// MarshalText keeps the password out of JSON, XML, YAML and the like.
func (Password) MarshalText() ([]byte, error) { return []byte(secret), nil }

// UnmarshalText sets the password.
func (p *Password) UnmarshalText(text []byte) error {
	*p = NewPassword(string(text))
	return nil
}

// GobEncode returns an error, since what decodes a gob would take "[secret]" for the password.
func (Password) GobEncode() ([]byte, error) {
	return nil, errors.New("h3s: a password is not encoded: take it from where the secrets are kept")
}

// GobDecode returns an error.
func (*Password) GobDecode([]byte) error {
	return errors.New("h3s: a password is not decoded: take it from where the secrets are kept")
}

// A NamedPassword is a password with the id that its tokens bear: 1 to 32 of A-Z, a-z, 0-9 and _.
type NamedPassword struct {
	ID       string
	Password Password
}
