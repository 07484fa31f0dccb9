"""seeds.py FOLDER: writes the fuzzer's seeds, from the token format's vectors and from examples."""

import json
import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
VECTORS = TOP / "tests" / "vectors"
# The library's options, one example each; the first of each is right.
OPTIONS = [
    '"name":"app"',
    '"name":"__Host-app"',
    '"name":"a b"',
    '"name":"app.1"',
    '"name":"app.101"',
    '"name":"__Http-app"',
    '"name":"__Host-Http-app","cookie":{"httpOnly":false}',
    '"maxAge":3600,"idleTimeout":600',
    '"maxAge":0',
    '"notBefore":1800000000000',
    '"refresh":false',
    '"maxTokenLength":4096',
    '"sessionHeader":"x-mine"',
    '"sessionHeader":false',
    '"cookie":false',
    '"cookie":{"path":"/a","domain":"example.com","secure":true,"httpOnly":false,"sameSite":"none"}',
    '"cookie":{"partitioned":true,"priority":"high","maxAge":5,"chunkMaxLength":500,"maxChunks":3}',
    '"cookie":{"secure":false,"sameSite":true}',
    '"cookie":{"maxAge":300},"idleTimeout":600',
    '"cookie":{"maxChunks":100}',
    '"seal":"h3s1"',
    '"seal":"h3-1"',
    '"seal":"h3-2"',
    '"seal":"fe26.2","cookie":{"maxChunks":101}',
    '"seal":"h3-3"',
    '"seal":{"format":"iron-session","ttl":0},"cookie":{"maxChunks":4}',
    '"seal":"authjs","maxAge":60,"name":"__Secure-authjs.session-token"',
    '"seal":{"format":"h3s1","accept":["h3s1","next-auth","auth0","better-auth"]}',
    '"seal":{"format":"auth0","migrate":true}',
    '"seal":{"format":"auth0","accept":["auth0","h3s1"]},"refresh":false,"cookie":{"maxAge":9}',
    '"seal":"next-auth","cookie":{"chunkMaxLength":500}',
    '"name":"app__0","seal":"auth0"',
    '"seal":"better-auth","idleTimeout":60',
    '"seal":{"format":"h3-1","accept":["h3-1","h3-2","h3s1"],"migrate":true}',
    '"seal":{"format":"h3-1","iterations":2}',
    '"seal":{"format":"h3-1","ttl":0},"legacySealFallback":true',
    '"name":"__Host-s","development":true,"cookie":{"sameSite":"none","partitioned":true}',
    '"seal":{"format":"h3-2","iterations":2,"ttl":1000},"legacySealFallback":false',
    '"seal":{"format":"h3-2","accept":["h3-2","h3-1"],"iterations":10000001}',
    '"seal":{"accept":["h3s1","h3-1"]}',
    (
        '"seal":{"format":"h3-2","iterations":2,"integrity":{"algorithm":"sha256","saltBits":256,'
        '"iterations":2,"minPasswordlength":32}}'
    ),
    '"seal":{"format":"fe26.2","accept":["fe26.2","h3s1"],"migrate":true}',
    '"seal":{"format":"fe26.2","ttl":1000,"timestampSkewSec":5,"localtimeOffsetMsec":-7}',
    (
        '"seal":{"format":"fe26.2","encryption":{"algorithm":"aes-128-ctr","saltBits":128,"iterations":1,'
        '"minPasswordlength":32},"integrity":{"algorithm":"sha256","saltBits":256,"iterations":2,"minPasswordlength":32}}'
    ),
    '"seal":{"accept":["h3s1","fe26.2"]},"legacySealFallback":false',
]
PASSWORD = "correct horse battery staple, and more of it"
# 0x80 and so on stand for tokens and cookies, see targets/cookies.rs.
COOKIES = [
    b"a=b; \x81; theme=dark",
    b'h3="\x80"; h3=\x82',
    b"\x81; \x83",
    b"\x85; \x86; \x87; \x88; \x89; \x8a",
    b"\x86; \x85; \x87; x=y; \x88; \x89",
    b"h3=h3s1.k.AAAA; h3 = \x80 ;; =; x",
    b"h3=%68\x80; h3=; h3=\x84; h3=\x82",
    b"h3=__chunked__2; h3.1=a; h3.2=b; h3.3=c",
    b"h3=__chunked__99; h3.01=a; h3.x=b",
    b"\x80\xff\x83",
    b" \x82 \xffh3=x",
    b"not a token\xff\x81",
    b"h3=Fe26.2*1*2*3*4*5*6*7; h3=Fe26.2**2*3*4**6*7",
    b"\x83; \x81; \x83; \x81; \x81; h3=h3s1.k.AAAA; \x85",
    b"\x81; \x83; \x82; \x85; \x86; \x87; \x89; \x8a; \x8b; \x8c; \x8d",
    b"\x86; \x87; \x81; \x83; \x82; \x85",
    b"\xa0h3=x; h3\xc2\xa0=x; \xef\xbb\xbfh3.1=y; \x01h3.2 =z; a=b",
]
# The letter of each operation and its arguments, see targets/data.rs.
DATA = [
    [b'R{"a":1,"b":[1,{"c":"\\n"}]}', b"F/b/1/c", b'U{"b":{},"d":" x "}', b"F/d", b"Da", b"K"],
    [
        b'R {"a" : 1.50e+3 , "\\u0062":"\\ud800"} ',
        b"F/b",
        b'U{"b":2}',
        b"Sc\xfe[1, 2]",
        b'Tq"\xfea"\\\x01\xc3\xa9',
        b"F",
    ],
    [
        b'R{"~":1,"/":2,"":3,"0":[0,1]}',
        b"F/~0",
        b"F/~1",
        b"F/",
        b"F/0/1",
        b"F/0/01",
        b"F/0/-",
        b"D",
        b"X",
        b"Da",
        b"Sa\xfe1",
    ],
    [b"R" + b'{"a":' * 128 + b"1" + b"}" * 128, b'U{"a":1,"a":2}', b"R[]", b"Sa\xfe" + b"[" * 127 + b"]" * 127],
    [
        b"U{" + b",".join(b'"k%d":%d' % (i, i) for i in range(20)) + b"}",
        b'U{"k3":"x","new":null,"k19":{}}',
        b"Dk0",
        b"Dk19",
    ],
    # Of each byte six are made: as many as fit, and one more.
    [b"Ta\xfe" + b"\x01" * 1005 + b"xx", b"Da", b"Ta\xfe" + b"\x01" * 1005 + b"xxx", b"K"],
]
# Payloads of Fe26.2 and its parts before the seal.
PAYLOADS = [
    '{"id":"0b5e7a3c-91d4-4f0e-8a67-3c2d1e0f9b8a","createdAt":1800000000000,"data":{"a":1}}',
    '{"id":"u","createdAt":1.8e12,"data":{"a":[]},"lastSeenAt":1799999999999,"extra":{"x":1},"more":null}',
    '{ "\\u0069d" : "u" , "data" : { "a" : 1 } }',
    '{"data":null,"createdAt":false}',
    "{}",
    "[1]",
    '"text"',
]
PARTS = [
    "*0123456789abcdef*YWx3YXlzIHRoZSBzYW1lLg*AAAAAAAAAAAAAAAAAAAAAA*",
    "*0123456789abcdef*YWx3YXlzIHRoZSBzYW1lLg*AAAAAAAAAAAAAAAAAAAAAA*1800000000000",
    "*0123456789abcdef*YWx3YXlzIHRoZSBzYW1lLg**1",
    "k1*s*YWx3YXlzIHRoZSBzYW1lLg*AAAA*1e3",
]

# Lines, what is in entries, and changes of them: see targets/revocation.rs.
LINES = [
    "",
    "\n\r\n\n",
    "h3r1.",
    "h3r1..",
    "h3r1..1800003600.",
    "h3r1..1800003600.AAAA\nh3r1..1800003600.AAAA\r\n",
    "h3r1..1800003601." + "A" * 96,
    "h3r1..01800003600." + "A" * 96,
    "h3r1..1800003600000." + "A" * 96,
    "h3r1..60." + "A" * 96 + "\nh3r1.old.1800003600." + "A" * 96,
    "h3r1.new.999999999960." + "A" * 96,
    "h3r1.a-b.1800003600." + "A" * 96,
    "h3r1." + "k" * 33 + ".1800003600." + "A" * 96,
    "h3r1..1800003600." + "A" * 2040,
    "h3r2..1800003600." + "A" * 96 + "\nh3s1..AAAA",
]
# Claims and headers, whole and wrong: see targets/jwe.rs.
CLAIMS = [
    '{"sub":"7","iat":1800000000,"exp":1802592000,"jti":"0b5e7a3c-91d4-4f0e-8a67-3c2d1e0f9b8a"}',
    '{"iat":1800000000.5,"exp":1800000000.25,"nbf":1800000015}',
    '{"iat":1e300,"exp":-1e300}',
    '{"\\u0069at":1,"exp":null}',
    '{"internal":{"sid":"s","createdAt":1800000000,"sessionExpiresAt":1800003600},"exp":1800003600}',
    '{"session":{"id":"s","createdAt":"2027-01-15T08:00:00.000Z","expiresAt":"2027-01-22T08:00:00.000Z"}}',
    '{"session":{"createdAt":"2027-13-15T08:00:00.000Z"},"jti":"\\u00e9"}',
    ' { "sub" : [ 1 , { } ] } ',
    "{}",
    "[]",
    "null",
    '{"a":1,"a":2}',
    '{"a":' * 127 + "{}" + "}" * 127,
    '{"a":' * 128 + "{}" + "}" * 128,
]
HEADERS = [
    '{"alg":"dir","enc":"A256CBC-HS512"}',
    '{"enc":"A256GCM","alg":"dir"}',
    '{"alg":"none","enc":"A256GCM"}',
    '{"alg":"dir","enc":"A256GCM","zip":"DEF"}',
    '{"alg":"dir","enc":"A256GCM","crit":[]}',
    '{"alg":"dir","enc":"A256CBC-HS512","kid":"x"}',
    '{"alg":"dir","alg":"dir","enc":"A256GCM"}',
    '{"\\u0061lg":"dir","enc":"A256GCM"}',
    '{"alg":1,"enc":"A256GCM"}',
    ' {"alg":"dir" ,"enc":"A256GCM"} ',
    "[]",
]
TEXTS = [b"", b"x", b"0b5e7a3c-91d4-4f0e-8a67-3c2d1e0f9b8a", b"an id", b'\xc3\xa9"\\', b"\xff", b"x" * 23, b"x" * 24]
TEXTS += [b"x" * 255, b"x" * 256, b"\x01" * 1024, b"x" * 1025]


def entry(kind: int, before: int, text: bytes, padding: bytes = b"\0", more: int = 0) -> bytes:
    plain = bytes([kind]) + before.to_bytes(6, "big") + (len(text) + more).to_bytes(2, "big") + text
    return plain + padding * (-len(plain) % 32)


ENTRIES = [entry(kind, 0 if kind == 0 else 1800000000000, text) for kind in range(4) for text in TEXTS]
ENTRIES += [entry(kind, before, b"x") for kind in range(3) for before in (0, 1, 1799999999999, 2**48 - 1)]
ENTRIES += [entry(kind, 0, b"x", padding=b"\1") for kind in range(3)]
ENTRIES += [entry(kind, 0, b"x", more=more) for kind in range(3) for more in (1, 23, 60000)]
ENTRIES += [entry(0, 0, b"x") + bytes(32), entry(0, 0, b"x")[:31], entry(2, 1800000000000, b"")[:9], b""]
CHANGES = [(0, 0), (0, 1), (8, 32), (11, 1), (12, 4), (13, 3), (1, 1), (200, 16), (101, 64)]


def seeds() -> dict[str, list[bytes]]:
    vectors = [v for name in ("open", "refuse") for v in json.loads((VECTORS / f"h3s1-{name}.json").read_text())]
    tokens = [v["token"].encode() for v in vectors]
    plaintexts = [bytes.fromhex(v["plaintext"]) for v in vectors if v.get("plaintext")]
    passwords = [
        f'"{PASSWORD}"',
        f'{{"k2":"{PASSWORD}","default":"{PASSWORD} 2"}}',
        f'{{"k2":"{PASSWORD}","k1":"{PASSWORD} 2"}}',
        f'{{"2":"{PASSWORD}","10":"{PASSWORD} 2","1":"{PASSWORD} 3"}}',
        f'{{"2":"{PASSWORD}","02":"{PASSWORD} 2"}}',
        '"short"',
        "{}",
        "1",
    ]
    return {
        "cookies": [bytes([config]) + header for header in COOKIES for config in range(5)]
        + [b"\x02h3=" + token for token in tokens],
        "unseal": [b"\0" + token for token in tokens]
        + [b"\1" + plaintext for plaintext in plaintexts]
        + [first + payload.encode() for first in (b"\2", b"\6") for payload in PAYLOADS]
        + [first + parts.encode() for first in (b"\3", b"\7") for parts in PARTS],
        "jwe": [bytes([kind]) + f"eyJhbGciOiJkaXIifQ..{iv}.AAAA.AAAA".encode() for kind in range(4) for iv in ("", "A")]
        + [bytes([4 + kind]) + claims.encode() for kind in range(4) for claims in CLAIMS]
        + [bytes([8 + kind]) + header.encode() for kind in range(4) for header in HEADERS],
        "options": [f'{{"password":"{PASSWORD}",{more}}}'.encode() for more in OPTIONS]
        + [f'{{"password":{password}}}'.encode() for password in passwords]
        + [json.dumps(v["options"]).encode() for v in vectors],
        "data": [b"\xff".join(operations) for operations in DATA]
        + [b"R" + v["data"].encode() + b"\xffK\xffSk\xfe1" for v in vectors if v.get("data")],
        "revocation": [b"\0" + line.encode() for line in LINES]
        + [b"\1" + plain for plain in ENTRIES]
        + [bytes([what, *change]) + text for what in (2, 5, 8) for change in CHANGES for text in TEXTS[1:3]],
        # Choices of steps and texts, which any bytes are; the fuzzer finds the ways.
        "abi": [bytes(range(256)), b"\xff" * 400, *tokens[:8]],
    }


def main(folder: Path) -> None:
    for target, texts in seeds().items():
        to = folder / target
        to.mkdir(parents=True, exist_ok=True)
        for i, text in enumerate(dict.fromkeys(texts)):
            # The fuzzer takes no more than this.
            if len(text) <= 4096:
                (to / f"seed-{i:03}").write_bytes(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
