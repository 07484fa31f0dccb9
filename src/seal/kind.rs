//! The frameworks whose sessions are JSON Web Encryption.

/// Whose sessions they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    AuthJs,
    NextAuth,
    Auth0,
    BetterAuth,
}

impl Kind {
    /// Whether sessions are also sealed in it. One of Auth.js is whole in its token; others have
    /// parts that only their framework can renew.
    pub(crate) fn is_written(self) -> bool {
        self == Kind::AuthJs
    }

    /// Whether a session's id is that of a row in a table, and not of the token.
    pub(crate) fn keeps_id(self) -> bool {
        matches!(self, Kind::Auth0 | Kind::BetterAuth)
    }

    /// Whether its times are whole seconds.
    pub(crate) fn tells_seconds(self) -> bool {
        self != Kind::BetterAuth
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::AuthJs => "authjs",
            Kind::NextAuth => "next-auth",
            Kind::Auth0 => "auth0",
            Kind::BetterAuth => "better-auth",
        }
    }
}
