"""A FastAPI service beside Next.js. It opens the session that Auth.js has made, and puts a cart
into it; and it ends all sessions of a user at once, which Auth.js alone cannot.

    pip install fastapi uvicorn
    SESSION_OPTIONS=session.json AUTH_SECRET=... uvicorn cart:app --port 8000
"""

from __future__ import annotations

import os
from typing import Annotated, Any

import h3s
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import RedirectResponse
from h3s.asgi import RequestSession, SessionMiddleware, session_of
from pydantic import BaseModel, Field

# No pages with the API's documentation.
api = FastAPI(openapi_url=None)


def login_of(request: Request) -> RequestSession:
    """The session, of somebody who is logged in. nginx has asked already; this is for whoever comes
    another way.
    """
    session = session_of(request)
    if "sub" not in session:
        raise HTTPException(401, {"refused": session.rejection})
    return session


Login = Annotated[RequestSession, Depends(login_of)]


class Addition(BaseModel):
    item: str = Field(min_length=1, max_length=40)


def account(session: RequestSession) -> dict[str, Any]:
    return {"user": session.get("name"), "cart": session.get("cart", [])}


@api.get("/")
async def show(session: Login) -> dict[str, Any]:
    return account(session)


@api.post("/cart")
async def add(addition: Addition, session: Login) -> dict[str, Any]:
    # A session travels with each request, so it does not grow without end.
    session["cart"] = [*session.get("cart", []), addition.item][-10:]
    return account(session)


@api.post("/logout-everywhere")
async def log_out_everywhere(session: Login) -> RedirectResponse:
    session.revoke_everywhere()
    return RedirectResponse("/", 303)


def sessions() -> h3s.Sessions:
    """Of the options that nginx has as well, and the secret that Auth.js has."""
    missing = [name for name in ("SESSION_OPTIONS", "AUTH_SECRET") if not os.environ.get(name)]
    if missing:
        raise SystemExit(f"{' and '.join(missing)} not set: the options' file, and the secret of Auth.js")
    return h3s.Sessions.from_file(os.environ["SESSION_OPTIONS"], password=os.environ["AUTH_SECRET"])


app = SessionMiddleware(api, sessions())
