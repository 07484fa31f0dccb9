// Tokens that are refused. Most are made by hand: no package would make them.

import { fixRandom, setTime } from "../fixed.mjs";
import { frameworks } from "../formats.mjs";
import { base64url, deriveKey, headerOf, thumbprint } from "../jwe.mjs";
import { DATA, JWE, NOW, OTHER, SECONDS, SECRET, bodies, byHand, claimsOf, cookieOf, life, names, options, tokenOf } from "./common.mjs";

/** Another text of the same length, of the same characters. */
function other(text, at = 0) {
  return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
}

async function ironRefuse() {
  const all = [];
  const make = async (secrets = [SECRET], ttl = 3600, data = DATA) => {
    setTime(NOW);
    return tokenOf(cookieOf("app_session", await frameworks["iron-session 9"]({ secrets, maxAge: ttl }).login(data)));
  };
  const add = (name, comment, rejection, token, { password = SECRET, after = 0 } = {}) => {
    all.push({
      name: `iron-session-${name}`, comment, format: "iron-session",
      options: { password, name: "app_session", seal: "iron-session" },
      now_ms: NOW + after, token, rejection,
    });
  };
  const good = await make();
  const [seal, version] = good.split("~");
  const parts = seal.split("*");
  const changed = (i, text) => `${parts.with(i, text).join("*")}~${version}`;
  add("expired", "the end of its tolerance", "expired", good, { after: 3_660_000 });
  add("prefix", "another version of Fe26", "unsupported_format", changed(0, "Fe26.3"));
  add("no-id", "without an id, which belongs to no password", "unknown_key", changed(1, ""));
  add("other-id", "an id that there is not", "unknown_key", changed(1, "2"));
  add("swapped-id", "the id of another password", "bad_seal", changed(1, "2"), { password: { 1: SECRET, 2: OTHER } });
  for (const [i, part] of ["salt", "iv", "ciphertext"].entries()) {
    add(part, `another ${part}`, "bad_seal", changed(i + 2, other(parts[i + 2]).replace("B", "b")));
  }
  add("longer-life", "a later end", "bad_seal", changed(5, `${Number(parts[5]) + 1}`));
  add("no-end", "without its end", "bad_seal", changed(5, ""));
  add("mac-salt", "another salt of the mac", "bad_seal", changed(6, other(parts[6]).replace("B", "b")));
  add("mac", "another mac", "bad_seal", changed(7, other(parts[7])));
  add("short-mac", "a truncated mac", "malformed", changed(7, parts[7].slice(0, 22)));
  add("no-mac", "without a mac", "malformed", changed(7, ""));
  add("seven-parts", "a part less", "malformed", `${parts.slice(0, 7).join("*")}~2`);
  add("nine-parts", "a part more", "malformed", `${seal}*~2`);
  add("other-password", "another password", "bad_seal", await make([OTHER]));
  return all;
}

/** A text as deflate stores it, whose bytes no version of a library makes otherwise. */
function deflated(text) {
  const data = Buffer.from(text);
  const head = Buffer.alloc(5, 1);
  head.writeUInt16LE(data.length, 1);
  head.writeUInt16LE(0xffff - data.length, 3);
  return Buffer.concat([head, data]);
}

const texts = (...values) => `{${values.join(",")}}`;

function jweRefuse(format) {
  const all = [];
  const name = names[format];
  const key = deriveKey(format, SECRET, name);
  const isCbc = key.length === 64;
  const add = (what, comment, rejection, token, { now = NOW, of = {} } = {}) => {
    all.push({ name: `${format}-${what}`, comment, format, options: options(format, of), now_ms: now, token, rejection });
  };
  const good = byHand(format);
  const parts = good.split(".");
  const changed = (i, text) => parts.with(i, text).join(".");
  const claims = (more) => byHand(format, { claims: claimsOf(format, more) });
  const header = (more) => byHand(format, { header: more });
  const members = Object.entries(headerOf(format, key)).map(([k, v]) => `"${k}":"${v}"`);
  const kid = isCbc ? thumbprint(format, key) : null;

  // Its life.
  add("expired", "the end of its tolerance", "expired", good, { now: (life.exp + 15) * 1000 });
  add("not-yet", "a second before its tolerance begins", "malformed", claims({ nbf: SECONDS + 16 }));
  for (const claim of ["exp", "nbf", "iat"]) {
    add(`${claim}-text`, `${claim} is no number`, "malformed", claims({ [claim]: `${life.exp}` }));
    add(`${claim}-null`, `${claim} is null`, "malformed", claims({ [claim]: null }));
  }
  const farAhead = {
    auth0: { internal: { sid: "sid", createdAt: SECONDS + 601 } },
    "better-auth": { session: { ...bodies["better-auth"].session, createdAt: new Date(NOW + 600_001).toISOString() } },
  };
  add("far-ahead", "made more than ten minutes from now", "malformed", claims(farAhead[format] ?? { iat: SECONDS + 601 }));
  add("expired-long-ago", "an end below zero", "expired", claims({ exp: -1 }));

  // Each part changed, cut or lengthened.
  add("header", "a header with a space in it", "bad_seal", changed(0, base64url(texts(...members).replace(",", ", "))));
  add("iv", "another iv", "bad_seal", changed(2, other(parts[2])));
  add("ciphertext", "another ciphertext", "bad_seal", changed(3, other(parts[3])));
  add("tag", "another tag", "bad_seal", changed(4, other(parts[4])));
  const tag = Buffer.from(parts[4], "base64url");
  for (const length of [0, 1, 8, 12, tag.length - 1, tag.length + 1]) {
    const text = base64url(Buffer.concat([tag, Buffer.alloc(1)]).subarray(0, length));
    add(`tag-${length}`, `a tag of ${length} bytes`, "malformed", changed(4, text));
  }
  const iv = Buffer.from(parts[2], "base64url");
  for (const length of [0, iv.length - 1, iv.length + 1, 28 - iv.length]) {
    const text = base64url(Buffer.concat([iv, iv]).subarray(0, length));
    add(`iv-${length}`, `an iv of ${length} bytes`, "malformed", changed(2, text));
  }
  const ciphertext = Buffer.from(parts[3], "base64url");
  add("no-ciphertext", "without a ciphertext", "malformed", changed(3, ""));
  add("short-ciphertext", "a truncated ciphertext", isCbc ? "malformed" : "bad_seal", changed(3, base64url(ciphertext.subarray(0, -1))));
  add("encrypted-key", "an encrypted key, which dir has not", "malformed", changed(1, "AAAA"));
  add("no-header", "without a header", "malformed", changed(0, ""));
  add("four-parts", "a part less", "malformed", parts.slice(0, 4).join("."));
  add("six-parts", "a part more", "malformed", `${good}.`);
  add("swapped-parts", "iv and ciphertext in each other's place", "malformed", [parts[0], "", parts[3], parts[2], parts[4]].join("."));

  // Another key.
  const foreign = byHand(format, { secret: OTHER });
  add("other-secret", "another secret", isCbc ? "unknown_key" : "bad_seal", foreign);
  if (isCbc) {
    const two = { password: { new: OTHER, old: SECRET } };
    const both = (secret, more) => byHand(format, { secret, header: more });
    add("kid-swapped", "the kid of another secret", "bad_seal", both(SECRET, { kid: thumbprint(format, deriveKey(format, OTHER, name)) }), { of: two });
    add("kid-unknown", "a kid that there is not", "unknown_key", header({ kid: other(kid) }));
    add("kid-empty", "an empty kid", "unknown_key", header({ kid: "" }));
    add("kid-number", "a kid that is no text", "malformed", header({ kid: 1 }));
    add("kid-null", "a kid that is null", "malformed", header({ kid: null }));
    add("no-kid-other-secret", "another secret without a kid", "bad_seal", both(OTHER, { kid: undefined }));
  }
  if (format === "authjs") {
    add("no-kid-old-secret", "the second secret without a kid", "bad_seal", header({ kid: undefined }), { of: { password: { new: OTHER, old: SECRET } } });
    add("other-name", "the token of another cookie", "unknown_key", byHand(format, { name: `__Secure-${name}` }));
  }

  // Another algorithm.
  const NOT = "unsupported_format";
  for (const alg of ["none", "None", "", "A256KW", "A256GCMKW", "RSA-OAEP", "PBES2-HS256+A128KW", "ECDH-ES", "DIR"]) {
    add(`alg-${alg || "empty"}`, `alg is "${alg}"`, NOT, header({ alg }));
  }
  for (const enc of ["none", "A128GCM", "A192GCM", "A192CBC-HS384", isCbc ? "a256cbc-hs512" : "a256gcm"]) {
    add(`enc-${enc}`, `enc is "${enc}"`, NOT, header({ enc }));
  }
  const gcm = { enc: "A256GCM" };
  if (isCbc) {
    // Auth.js reads the other one, but not with these lengths.
    const swapped = format === "authjs" ? "malformed" : NOT;
    add("enc-swapped", "enc of the other cipher", swapped, header(gcm));
    add("enc-swapped-no-kid", "enc of the other cipher, without a kid", swapped, header({ ...gcm, kid: undefined }));
  } else {
    add("enc-swapped", "enc of the other cipher", NOT, header({ enc: "A256CBC-HS512" }));
    add("enc-same-length", "a cipher whose key is as long", NOT, byHand(format, { header: { enc: "A128CBC-HS256" }, cipher: "cbc" }));
  }
  add("alg-number", "alg is no text", "malformed", header({ alg: 1 }));
  add("no-alg", "without alg", "malformed", header({ alg: undefined }));
  add("no-enc", "without enc", "malformed", header({ enc: undefined }));
  const jws = (head, signature) => `${base64url(JSON.stringify(head))}.${base64url(JSON.stringify(claimsOf(format)))}.${signature}`;
  add("unsigned", "a JWT that nobody signed", "malformed", jws({ alg: "none" }, ""));
  add("signed", "a JWT with a signature", "malformed", jws({ alg: "HS256" }, base64url(Buffer.alloc(32))));

  // A header that says more, or says it twice.
  add("zip", "compressed", NOT, byHand(format, { header: { zip: "DEF" }, claims: deflated(JSON.stringify(claimsOf(format))) }));
  add("zip-not", "said to be compressed", NOT, header({ zip: "DEF" }));
  add("zip-other", "another zip", NOT, header({ zip: "GZIP" }));
  add("crit", "crit with a name", NOT, header({ crit: ["exp"], exp: life.exp }));
  add("crit-empty", "an empty crit", NOT, header({ crit: [] }));
  add("crit-b64", "crit as of RFC 7797", NOT, header({ crit: ["b64"], b64: false }));
  add("typ", "a header that says more", NOT, header({ typ: "JWT" }));
  add("header-iat", "times in the header, as version 3 of nextjs-auth0 has them", NOT, header({ iat: SECONDS, uat: SECONDS, exp: life.exp }));
  for (const twice of ["alg", "enc", ...(isCbc ? ["kid"] : [])]) {
    const value = { alg: "none", enc: "A128GCM", kid: "x" }[twice];
    add(`two-${twice}`, `${twice} twice, the right one last`, "malformed", header(texts(`"${twice}":"${value}"`, ...members)));
    add(`two-${twice}-first`, `${twice} twice, the right one first`, "malformed", header(texts(...members, `"${twice}":"${value}"`)));
  }
  add("two-alg-escaped", "alg twice, once with an escape", "malformed", header(texts(`"\\u0061lg":"none"`, ...members)));
  add("header-array", "a header that is no object", "malformed", header(JSON.stringify([headerOf(format, key)])));
  add("header-null", "a header that is null", "malformed", header("null"));
  add("header-text", "a header that is no JSON", "malformed", header("dir"));
  add("header-rest", "a header with something behind it", "malformed", header(`${texts(...members)}x`));
  add("header-bytes", "a header that is no UTF-8", "malformed", byHand(format, { header: "" }).replace(/^/, base64url(Buffer.from([0x7b, 0xff, 0x7d]))));

  // Claims that are none.
  for (const [what, text] of [["array", "[]"], ["text", '"x"'], ["null", "null"], ["number", "1"], ["nothing", ""], ["rest", "{}x"], ["cut", '{"a":']]) {
    add(`claims-${what}`, `claims: ${text || "nothing"}`, "malformed", byHand(format, { claims: text }));
  }
  add("claims-bytes", "claims that are no UTF-8", "malformed", byHand(format, { claims: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }));
  if (isCbc) {
    add("padding-0", "authentic, but padded by nothing", "bad_seal", byHand(format, { claims: Buffer.alloc(32, 0x20), padding: false }));
    add("padding-17", "authentic, but padded by more than a block", "bad_seal", byHand(format, { claims: Buffer.alloc(32, 17), padding: false }));
    add("padding-uneven", "authentic, but padded by different bytes", "bad_seal", byHand(format, { claims: Buffer.from(`{}${"x".repeat(27)}\x01\x02\x03`), padding: false }));
  }

  // Another spelling of the same bytes.
  add("padded-base64", "base64 with padding", "malformed", changed(4, `${parts[4]}${"=".repeat(4 - (parts[4].length % 4))}`));
  add("standard-base64", "the alphabet of base64, not of base64url", "malformed", changed(4, `${parts[4].slice(0, -2)}+A`));
  add("space", "a space in a part", "malformed", changed(3, `${parts[3].slice(0, 4)} ${parts[3].slice(4)}`));
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const next = alphabet[alphabet.indexOf(parts[4].at(-1)) + 1];
  add("spare-bits", "bits that belong to no byte", "malformed", changed(4, parts[4].slice(0, -1) + next));
  return all;
}

/** What only one format can get wrong. */
function ownRefuse() {
  const all = [];
  const add = (format, what, comment, rejection, token) => {
    all.push({ name: `${format}-${what}`, comment, format, options: options(format, {}), now_ms: NOW, token, rejection });
  };
  const { session, ...rest } = bodies["better-auth"];
  const better = (claims) => byHand("better-auth", { claims: { ...claims, ...life } });
  add("better-auth", "session-expired", "a session that ended before its cache", "expired", better({ ...rest, session: { ...session, expiresAt: new Date(NOW - 1).toISOString() } }));
  add("better-auth", "no-session", "claims without a session", "malformed", better(rest));
  return all;
}

export async function refuseVectors() {
  fixRandom("docs/FORMATS.md, refused");
  return [...(await ironRefuse()), ...JWE.flatMap(jweRefuse), ...ownRefuse()];
}
