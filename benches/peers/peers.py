"""Who is measured at what, and what is found."""

from __future__ import annotations

from dataclasses import dataclass, field

SIZES = {"200": 200, "1024": 1024, "2880": 2880, "3072": 3072, "12288": 12288}
#: Those that all peers are measured with.
PEER_SIZES = ("200", "1024", "3072", "12288")
#: How many cookies the library makes of them: one, or two and the one that counts them.
COOKIES = {"2880": 1, "3072": 3}
FORMS = {"strings": "few long strings", "members": "30 short members", "nested": "nested arrays"}
WORKS = ("request", "read")


@dataclass(frozen=True)
class Data:
    """What a session holds: see data.py. The edited member is the last, or the first."""

    form: str
    size: str
    last: bool = True

    @property
    def name(self) -> str:
        return f"{self.form}-{self.size}-{'last' if self.last else 'first'}"


#: The form that all peers are measured with at each size.
MAIN = "members"
EMPTY = Data("empty", "2")


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
    Peer("c-ring", "h3s", "libh3s, C, on ring", "ours"),
    Peer("c", "others", "libh3s, C, others' tokens", "ours"),
    Peer("c", "unrevoked", "libh3s, C, none revoked", "ours"),
    Peer("c", "revoked", "libh3s, C, 65,536 revoked", "ours"),
    Peer("c", "fe26", "libh3s, C, Fe26.2", "ours"),
    Peer("c", "cold", "libh3s, C, Fe26.2 cold", "ours"),
    Peer("rust", "h3s", "libh3s, Rust", "ours"),
    Peer("python", "h3s", "libh3s, Python", "ours"),
    Peer("python", "h3s-asgi", "libh3s, Python, ASGI", "ours"),
    Peer("go", "h3s", "libh3s, Go", "ours"),
    Peer("go", "h3s-handler", "libh3s, Go, net/http", "ours"),
    Peer("node", "h3s", "libh3s, Node", "ours"),
    Peer("node", "h3s-h3-2", "libh3s, Node, h3 2 application", "ours"),
    Peer("node", "h3s-h3-1", "libh3s, Node, h3 1.15 application", "ours", refuses=("3072", "12288")),
    Peer("rust", "ring", "bare ring, Rust", "limit"),
    Peer("c", "openssl", "bare OpenSSL, C", "limit"),
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
#: The builds of the library, each measured with all forms and sizes, and the limit beside them.
BUILDS = [NAMED["c", "h3s"], NAMED["c-ring", "h3s"]]
LIMIT = NAMED["rust", "ring"]


@dataclass(frozen=True)
class Cell:
    """One figure to be measured."""

    peer: Peer
    work: str
    data: Data


@dataclass
class Results:
    """Everything that was found out, for the report."""

    #: Each round's nanoseconds a call; the rounds of one round stand at the
    #: same place in every list.
    times: dict[Cell, list[float]] = field(default_factory=dict)
    numbers: dict[Cell, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    instructions: dict[tuple[str, Data], int] = field(default_factory=dict)
    load_ns: float = 0
    library_bytes: int = 0
    missing: list[str] = field(default_factory=list)
    seconds: float = 0
    rounds: int = 0

    def times_of(self, driver: str, name: str, work: str, size: str = "1024") -> list[float]:
        return self.times.get(Cell(NAMED[driver, name], work, Data(MAIN, size)), [])

    def number_of(self, driver: str, name: str, work: str, data: Data) -> float | None:
        return self.numbers.get(Cell(NAMED[driver, name], work, data))
