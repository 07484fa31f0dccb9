"""What the library may cost: each budget that a benchmark here can measure, as a ratio in one run
wherever one is possible. report.py compares them with what was found, ../nginx.py the last."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """What is measured, and the most that it may be, or the least."""

    what: str
    bound: float
    least: bool = False

    @property
    def text(self) -> str:
        return f"at {'least' if self.least else 'most'} {self.bound:,}"

    def verdict(self, value: float) -> str:
        """`met`, or by what it is missed."""
        missed = self.bound / value if self.least else value / self.bound
        return "met" if missed <= 1 else f"missed by {missed:.2f}×"


#: A request by the limit, AES-256-GCM and base64 of the same bytes, in each form of the data: the
#: most for each size, by the driver that measures it.
OVER_LIMIT = {
    driver: {size: Budget(f"request of {size} B / limit", bound) for size, bound in bounds.items()}
    for driver, bounds in {
        "c": {"200": 4.2, "1024": 3.2, "3072": 2.7},
        "c-ring": {"200": 3.2, "1024": 2.4, "3072": 1.9},
    }.items()
}

#: Where it says no more, a request is one with 1,024 bytes.
BUDGETS = {
    "h3": Budget("h3 2 / request", 8000, least=True),
    "fe26": Budget("h3 2 / Fe26.2, warm", 2500, least=True),
    "openssl": Budget("request / bare OpenSSL", 0.95),
    # 0.8 of the 0.82 that it was when the budget was made.
    "cold": Budget("Fe26.2, cold / two derivations by OpenSSL", 0.66),
    "revoked": Budget("request with 65,536 entries of revocation / without it", 1.05),
    # Nothing, to the hundredth.
    "unrevoked": Budget("request with no entries of revocation / without it", 1.01),
    "allocations": Budget("allocations of a request", 3),
    "threads": Budget("scaling to two threads / bare OpenSSL's", 0.95, least=True),
    "python": Budget("request in Python, µs", 4),
    "starlette": Budget("Starlette / request in Python", 9, least=True),
    "go": Budget("request in Go / in C", 1.4),
    "securecookie": Budget("gorilla/securecookie / request in Go", 15, least=True),
    "node": Budget("h3 2 / request in Node, in an h3 2 application", 200, least=True),
    "node-1": Budget("h3 1.15 / request in Node, in an h3 2 application", 8, least=True),
    "token": Budget("characters of an empty session's token", 110),
    "library": Budget("bytes of the stripped library", 1024 * 1024),
}

NGINX = Budget("nginx's worker, `h3s get` with $h3s_id / `h3s off`", 1.1)
