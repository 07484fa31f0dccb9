//go:build cgo

package h3s

// #include <h3s.h>
import "C"

import "runtime"

// Counts is what was done with Sessions since they were made, by all goroutines of this process.
// Each figure only grows. In JSON the names are those of the C library.
type Counts struct {
	// OpenedCookie is how many requests had a session that a cookie brought, OpenedHeader how
	// many one that the session header brought, and OpenedToken how many bare tokens Unseal
	// opened.
	OpenedCookie uint64 `json:"opened_cookie"`
	OpenedHeader uint64 `json:"opened_header"`
	OpenedToken  uint64 `json:"opened_token"`
	// Made is for how many requests a session had to be made: none of their tokens opened, or
	// they had none.
	Made uint64 `json:"made"`
	// OpenedOldPassword is how many of those that were brought were sealed with another
	// password than the first: once this stands still, the others can be dropped.
	// OpenedOtherFormat: in another format than the one that seals.
	OpenedOldPassword uint64 `json:"opened_old_password"`
	OpenedOtherFormat uint64 `json:"opened_other_format"`
	// Busy is how many were an ErrBusy, and Stale how many an ErrStale.
	Busy  uint64 `json:"busy"`
	Stale uint64 `json:"stale"`
	// Sealed is how many tokens were sealed, be it after a write, for a session just made, or
	// on a read.
	Sealed uint64 `json:"sealed"`
	// Slid is how often a session that was only read was given cookies that let it live on
	// under Options.IdleTimeout, and do no more; MovedPassword: such as move it to the first
	// password; MovedFormat: such as move it to the format that seals.
	Slid          uint64 `json:"slid"`
	MovedPassword uint64 `json:"moved_password"`
	MovedFormat   uint64 `json:"moved_format"`
	// Rotated is how many got a new ID, Cleared how many Clear ended, and Revoked how many
	// Revoke or RevokeEverywhere.
	Rotated uint64 `json:"rotated"`
	Cleared uint64 `json:"cleared"`
	Revoked uint64 `json:"revoked"`
	// Refused is, by the name of a [Rejection], how many requests had it as their first
	// token's, be it that another one opened, and for how many bare tokens it was why Unseal
	// refused them. All reasons are there, those of 0 as well.
	Refused map[string]uint64 `json:"refused"`
}

// Counts is what was opened, made, refused and sealed, for a page of figures or an alarm. Many of
// "unknown_key" or "bad_seal", say, come of a roll-out with another password.
func (ss *Sessions) Counts() Counts {
	found := C.h3s_counts{size: C.sizeof_h3s_counts}
	// It fails for wrong arguments alone.
	_ = C.h3s_config_counts(ss.config.c, &found, nil)
	runtime.KeepAlive(ss.config)
	counts := Counts{
		OpenedCookie:      uint64(found.opened_cookie),
		OpenedHeader:      uint64(found.opened_header),
		OpenedToken:       uint64(found.opened_token),
		Made:              uint64(found.made),
		OpenedOldPassword: uint64(found.opened_old_password),
		OpenedOtherFormat: uint64(found.opened_other_format),
		Busy:              uint64(found.busy),
		Stale:             uint64(found.stale),
		Sealed:            uint64(found.sealed),
		Slid:              uint64(found.slid),
		MovedPassword:     uint64(found.moved_password),
		MovedFormat:       uint64(found.moved_format),
		Rotated:           uint64(found.rotated),
		Cleared:           uint64(found.cleared),
		Revoked:           uint64(found.revoked),
		Refused:           make(map[string]uint64, RejectionTooLarge),
	}
	for reason := RejectionMalformed; reason <= RejectionTooLarge; reason++ {
		counts.Refused[reason.String()] = uint64(found.refused[reason])
	}
	return counts
}
