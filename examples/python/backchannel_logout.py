"""Back-channel logout of OpenID Connect: the provider tells this application that somebody has
logged out, and none of their sessions opens any more, on any server.

    pip install 'h3s[valkey]' flask 'pyjwt[crypto]'
    flask --app 'backchannel_logout:from_environment' run

What stands in for the login puts into the session whose it is, as the provider names them.
"""

import os
from typing import Any

import flask
import h3s
import jwt
from h3s.flask import H3SessionInterface
from h3s.valkey import ValkeyStore

EVENT = "http://schemas.openid.net/event/backchannel-logout"
REQUIRED = ["iss", "aud", "iat", "exp", "jti", "sub", "events"]


def from_environment() -> flask.Flask:
    sessions = h3s.Sessions(
        password=os.environ["SESSION_PASSWORD"],
        max_age=12 * 3600,
        revocation={"subject": "/user/sub"},
        revocation_store=ValkeyStore(os.environ["VALKEY_URL"]),
    )
    return application(sessions, os.environ["ISSUER"], os.environ["CLIENT_ID"], os.environ["JWKS_URL"])


def application(sessions: h3s.Sessions, issuer: str, client_id: str, jwks_url: str) -> flask.Flask:
    app = flask.Flask(__name__)
    app.session_interface = H3SessionInterface(sessions)
    keys = jwt.PyJWKClient(jwks_url)

    def subject_of(token: str) -> str:
        """Whom a logout token is about, or an error of PyJWT."""
        key = keys.get_signing_key_from_jwt(token)
        options: Any = {"require": REQUIRED}
        claims = jwt.decode(
            token, key, algorithms=["RS256", "ES256"], audience=client_id, issuer=issuer, leeway=30, options=options
        )
        # A nonce is that of an ID token, which must not log anybody out.
        if not isinstance(claims["events"], dict) or EVENT not in claims["events"] or "nonce" in claims:
            raise jwt.InvalidTokenError("no logout token")
        return str(claims["sub"])

    @app.post("/backchannel-logout")
    def logout() -> tuple[dict[str, str], int, dict[str, str]]:
        headers = {"Cache-Control": "no-store"}
        try:
            subject = subject_of(flask.request.form.get("logout_token", ""))
            # Every session of theirs from before now. Once this returns, all servers get to know.
            sessions.revoke_subject(subject)
        except (h3s.StoreError, jwt.PyJWKClientConnectionError):
            # The provider tries again.
            return {"error": "temporarily_unavailable"}, 503, headers
        except jwt.PyJWTError:
            return {"error": "invalid_request"}, 400, headers
        return {}, 200, headers

    return app
