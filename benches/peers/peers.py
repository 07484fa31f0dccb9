"""Who is measured at what, and what is found."""

from __future__ import annotations

from dataclasses import dataclass, field

SIZES = {"200": 200, "1024": 1024, "3072": 3072, "12288": 12288}
WORKS = ("request", "read", "seal", "open")


@dataclass(frozen=True)
class Peer:
    driver: str
    name: str
    label: str
    #: One of us, a peer, or the limit.
    kind: str = "peer"
    #: Sizes that it makes no cookie of, because browsers would not keep it.
    refuses: tuple[str, ...] = ()


PEERS = [
    Peer("c", "h3s", "libh3s, C", "ours"),
    Peer("c", "fe26", "libh3s, C, Fe26.2", "ours"),
    Peer("c", "cold", "libh3s, C, Fe26.2 cold", "ours"),
    Peer("rust", "h3s", "libh3s, Rust", "ours"),
    Peer("python", "h3s", "libh3s, Python", "ours"),
    Peer("python", "h3s-asgi", "libh3s, Python, ASGI", "ours"),
    Peer("go", "h3s", "libh3s, Go", "ours"),
    Peer("go", "h3s-handler", "libh3s, Go, net/http", "ours"),
    Peer("c", "openssl", "bare OpenSSL, C", "limit"),
    Peer("rust", "ring", "bare ring, Rust", "limit"),
    Peer("node", "h3-2", "h3 2"),
    Peer("node", "h3-1", "h3 1.15"),
    Peer("node", "nuxt-auth-utils", "nuxt-auth-utils"),
    Peer("node", "iron-session", "iron-session", refuses=("3072", "12288")),
    Peer("node", "hapi-iron", "@hapi/iron"),
    Peer("node", "secure-session", "@fastify/secure-session"),
    Peer("python", "starlette", "Starlette"),
    Peer("python", "flask", "Flask"),
    Peer("django", "django", "Django"),
    Peer("python", "fernet", "cryptography's Fernet"),
    Peer("go", "securecookie", "gorilla/securecookie", refuses=("3072", "12288")),
    Peer("rust", "private-jar", "cookie-rs PrivateJar"),
    Peer("ruby", "rails", "Rails' MessageEncryptor"),
]
NAMED = {(peer.driver, peer.name): peer for peer in PEERS}


@dataclass(frozen=True)
class Cell:
    """One figure to be measured."""

    peer: Peer
    work: str
    size: str


@dataclass
class Results:
    """Everything that was found out, for the report."""

    #: Each round's nanoseconds a call; the rounds of one round stand at the
    #: same place in every list.
    times: dict[Cell, list[float]] = field(default_factory=dict)
    numbers: dict[Cell, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    instructions: dict[tuple[str, str], int] = field(default_factory=dict)
    load_ns: float = 0
    library_bytes: int = 0
    missing: list[str] = field(default_factory=list)
    seconds: float = 0
    rounds: int = 0

    def times_of(self, driver: str, name: str, work: str, size: str) -> list[float]:
        return self.times.get(Cell(NAMED[driver, name], work, size), [])

    def number_of(self, driver: str, name: str, work: str, size: str) -> float | None:
        return self.numbers.get(Cell(NAMED[driver, name], work, size))
