// Random Fe26.2 tokens: sealed here part by part, so that any part may be odd under a seal that
// holds, and damaged ones.

import { createCipheriv, createHmac, pbkdf2Sync } from "node:crypto";

import { NOW, password } from "./support.mjs";

const SKEW = 60_000;
const ODD = [..."*****AZaz09-_=+/~ \n.\u00e9\u20ac"];
const IDS = ["", "default", "one", "two", "none", "One", "__proto__", "constructor", "toString", "a b", "\u00e9", "-", "a".repeat(32), "a".repeat(33)];
const PREFIXES = ["Fe26.1", "Fe26.3", "Fe26", "fe26.2", "Fe26.2 ", " Fe26.2", "", "h3s1", "Fe26.22", "Fe26.02"];
const CIPHERS = { "aes-256-cbc": 32, "aes-128-ctr": 16 };

const known = new Map();
/** As every peer derives its keys; each but once. */
export function derive(secret, salt, iterations, length) {
  const name = `${secret} ${salt} ${iterations} ${length}`;
  if (!known.has(name)) known.set(name, pbkdf2Sync(secret, salt, iterations, length, "sha1"));
  return known.get(name);
}

/** A token of these parts. The seal is right, whatever is in them. */
function sealed(parts) {
  const { cipher, iterations, secret, id, salt, macSalt, iv, ivText, text, spell = (text) => text, expiration = "", prefix = "Fe26.2" } = parts;
  const cbc = createCipheriv(cipher, derive(secret, salt, iterations, CIPHERS[cipher]), iv);
  const ciphertext = Buffer.concat([cbc.update(text), cbc.final()]).toString("base64url");
  const start = [prefix, id, salt, ivText ?? iv.toString("base64url"), spell(ciphertext), expiration].join("*");
  return `${start}*${macSalt}*${mac(start, secret, macSalt, iterations)}`;
}

function mac(text, secret, salt, iterations) {
  return createHmac("sha256", derive(secret, salt, iterations, 32)).update(text).digest("base64url");
}

/** All kinds of tokens by name, each as a function that makes one for a config. */
export function variantsOf(random, { cipher, iterations, passwords }) {
  // Few salts, so that their keys are derived once.
  const salt = () => `${random.below(3)}`.repeat(64);
  const base = () => {
    const whose = typeof passwords === "string" ? "" : random.of(Object.keys(passwords));
    // Or as it was when there was one password.
    const id = passwords.two && random.once(3) ? "" : whose;
    const iv = Buffer.from(Array.from({ length: 16 }, () => random.below(256)));
    const secret = typeof passwords === "string" ? passwords : passwords[whose];
    return { cipher, iterations, secret, id, salt: salt(), macSalt: salt(), iv, text: payload(random) };
  };
  const digits = (count) => Array.from({ length: count }, () => random.below(10)).join("");
  const edit = (change) => {
    const parts = base();
    return sealed({ ...parts, ...change(parts) });
  };
  const saltText = () => random.of([
    "x", "a".repeat(128), "a".repeat(129), "a".repeat(500), "", "-", "_", "a b", "A=", "\u00e9", "a\n", "0".repeat(64) + ".", "a+b", "a/b", "\0",
  ]);
  return {
    "any payload": () => edit(() => ({})),
    "no JSON inside a session": () => edit(() => ({
      text: `{"id":"a","createdAt":${NOW},"data":{"a":${random.of(["01", "nul", "1.", '"\\x"', '"\n"', "[1,]", '"a" "b"'])}}}`,
    })),
    "no UTF-8": () => edit(() => ({ text: Buffer.from(`{"id":"a","data":{"a":"\xff"}}`, "latin1") })),
    "an expiration": () => edit(() => ({
      expiration: random.of([
        NOW, NOW - SKEW, NOW - SKEW + 1, NOW - SKEW - 1, NOW + 1, `0${NOW}`, `00000000${NOW}`, `${NOW}0`, "0", "1", "00", "-1", "1e99",
        `${NOW}.5`, ` ${NOW}`, `${NOW} `, `+${NOW}`, "never", "x",
        "\uff11".repeat(13), "9".repeat(19), "9".repeat(21), "9".repeat(22), digits(22), `1${digits(40)}`, "0".repeat(30), `${2n ** 63n}`,
        `${2n ** 64n + 1n}`, `${NOW}\n`, "Infinity", "0x7fffffffffffffff",
      ]),
    })),
    "a salt": () => edit(() => ({ [random.of(["salt", "macSalt"])]: saltText() })),
    "a key id": () => edit(() => ({ id: random.of(IDS) })),
    "another secret": () => edit(() => ({ secret: `another ${password}` })),
    "another number of iterations": () => edit(() => ({ iterations: iterations + random.of([-1, 1, 2]) || 1 })),
    "a bare value of one iteration": () => edit(() => ({ iterations: 1, text: random.of(["5", "null", "true", '"text"', "[]", '""']) })),
    "another cipher": () => edit(() => ({ cipher: cipher === "aes-256-cbc" ? "aes-128-ctr" : "aes-256-cbc" })),
    "another prefix": () => edit(() => ({ prefix: random.of(PREFIXES) })),
    "an IV of another length": () => edit(({ iv }) => {
      const other = Buffer.concat([iv, iv]).subarray(0, random.of([0, 1, 12, 15, 17, 24, 32]));
      return { ivText: other.toString("base64url") };
    }),
    "another spelling of the IV": () => edit(({ iv }) => ({ ivText: rewritten(random, iv.toString("base64url")) })),
    "another spelling of the ciphertext": () => edit(() => ({ spell: (text) => rewritten(random, text) })),
    "a ciphertext cut short": () => edit(() => ({ spell: (text) => text.slice(0, random.below(text.length)) })),
    "a damaged ciphertext": () => edit(() => ({ spell: (text) => damaged(random, text) })),
    "another spelling of the MAC": () => {
      const parts = edit(() => ({})).split("*");
      return [...parts.slice(0, 7), rewritten(random, parts[7])].join("*");
    },
    "something after it": () => edit(() => ({})) + random.of(["~2", "~2", "~2", "~1", "~2~2", "~", "*", "\n", " ", "=", "\0", "A", "~2 "]),
    "a part more or less": () => {
      const parts = edit(() => ({})).split("*");
      const [at, other] = [random.below(8), random.below(8)];
      const kind = random.below(4);
      if (kind === 0) parts.splice(at, 1);
      if (kind === 1) parts.splice(at, 0, parts[other]);
      if (kind === 2) [parts[at], parts[other]] = [parts[other], parts[at]];
      if (kind === 3) parts[at] = "";
      return parts.join("*");
    },
    "a part of another token": () => {
      const at = random.below(8);
      return edit(() => ({})).split("*").with(at, edit(() => ({})).split("*")[at]).join("*");
    },
    "a damaged part": () => {
      const parts = edit(() => ({ expiration: NOW })).split("*");
      const at = random.below(8);
      return parts.with(at, damaged(random, parts[at])).join("*");
    },
    "damage anywhere": () => random.mutated(edit(() => ({})), ODD),
    "a long one": () => edit(() => ({ text: `{"id":"long","createdAt":${NOW},"data":{"text":"${"x".repeat(11_800 + random.below(500))}"}}` })),
  };
}

function damaged(random, text) {
  const at = random.below(text.length || 1);
  return text.slice(0, at) + random.of([..."AZaz09-_*"]) + text.slice(at + 1);
}

/** Base64 in another way: it may stand for the same bytes or not. */
function rewritten(random, text) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const at = random.below(text.length + 1);
  return random.of([
    () => text + "=", () => text + "==", () => text + "===", () => text.replaceAll("-", "+").replaceAll("_", "/"),
    () => text + "=".repeat((4 - (text.length % 4)) % 4),
    () => text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)) ^ 1], () => text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)) ^ 2],
    () => text + "A", () => text + "\n", () => `${text.slice(0, at)} ${text.slice(at)}`, () => `${text.slice(0, at)}\n${text.slice(at)}`,
    () => `${text.slice(0, at)}=${text.slice(at)}`,
    () => `${text.slice(0, at)}.${text.slice(at)}`, () => text.slice(0, -1), () => "", () => `${text.slice(0, at)}\u00e9${text.slice(at)}`,
    () => text.slice(0, at) + text.slice(at + 1),
  ])();
}

const ODD_IDS = [undefined, null, "", 0, false, true, 5, {}, "a b", "\u00e9", "x".repeat(255), "x".repeat(256), "\n"];
const ODD_TIMES = [
  undefined, null, 0, -1, "1", NOW, NOW + 1, NOW + 60_000, NOW + 600_000, NOW + 600_001, 1.5,
  2 ** 48, 2 ** 49, true, false, [], {}, "",
];
const ODD_DATA = [undefined, null, 0, false, "", [], [1], 5, "text", true];
const VALUES = [1, "x", null, [], { a: { b: [] } }, "\u2028", 1e300];

/** What is sealed: a session as h3 writes it, one that is odd in a member, or another text. */
function payload(random) {
  const member = random.below(8);
  const members = {
    id: member === 0 ? random.of(ODD_IDS) : `id-${random.below(1000)}`,
    createdAt: member === 1 ? random.of(ODD_TIMES) : NOW - random.below(1e9),
    data: member === 2 ? random.of(ODD_DATA) : { [random.of(["a", "b", "1", "\u00e9", "__proto__"])]: random.of(VALUES) },
    lastSeenAt: member === 3 ? random.of(ODD_TIMES) : undefined,
    extra: member === 4 ? { a: 1 } : undefined,
  };
  const text = JSON.stringify(members);
  if (member < 6) return text;
  const nested = (levels) => `{"id":"deep","data":{"a":${"[".repeat(levels - 2)}${"]".repeat(levels - 2)}}}`;
  return random.of([
    () => "", () => " ", () => "null", () => "5", () => '"text"', () => "[]", () => "[1,2]", () => "true", () => "NaN", () => "{}",
    () => "undefined", () => '{"a":1,}', () => "{'a':1}",
    () => `\ufeff${text}`, () => ` ${text}\n`, () => text.replaceAll(",", " ,\t"), () => `${text}\0`, () => text.slice(0, -1),
    () => Buffer.from(text.replace("{", '{"b":"\u00e9",'), "latin1"),
    () => text.replace("{", '{"id":"first",'), () => text.replace("{", '{"x":{"a":1,"a":2},'),
    () => text.replace("{", '{"i\\u0064x":"\\ud800","y":"\\uD83D\\ude00",'),
    () => text.replace("{", '{"n":1e999,"m":-0,"k":123456789012345678901234567890.50,'), () => nested(126), () => nested(129), () => nested(130),
    () => nested(131), () => nested(300),
    () => text.replace('"createdAt":', '"createdAt":1.8e12,"was":'), () => text.replace('"id"', '"\\u0069d"'),
    () => '{"id":"x","createdAt":1,"data":{"__proto__":{"a":1}}}', () => '{"__proto__":{"id":"x"}}',
    () => random.mutated(text, [...'{}[]":,\\ 019.eE+-ntf\u00e9']).toWellFormed(),
  ])();
}
