// Fe26.2 tokens, sealed as they should be, oddly, or damaged: the library opens those that h3 and
// iron-webcrypto open, with the same payload.

import { isUtf8 } from "node:buffer";
import { createDecipheriv, createHmac } from "node:crypto";
import { describe } from "node:test";

import { npm } from "../npm.mjs";
import { rememberKeys } from "../remember-keys.mjs";
import { Differences, NOW, Peer, Random, password, rounds } from "./support.mjs";
import { parsed, structure } from "./json.mjs";
import { derive, variantsOf } from "./tokens.mjs";

const h3v2 = await npm("h3");
const iron1 = await npm("iron-webcrypto-1");
const iron2 = await npm("iron-webcrypto");

const TOKENS = 20_000;
const BATCH = 250;

// The peers ask the clock themselves.
Date.now = () => NOW;
rememberKeys();
const library = new Peer("library.py");

const side = (algorithm, iterations) => ({ algorithm, saltBits: 256, iterations, minPasswordlength: 32 });
const sides = (cipher, iterations) => ({ encryption: side(cipher, iterations), integrity: side("sha256", iterations) });
const [first, second] = [`the first ${password}`, `the second ${password}`];
const configs = [
  { cipher: "aes-256-cbc", iterations: 1, passwords: password },
  { cipher: "aes-128-ctr", iterations: 1, passwords: password },
  { cipher: "aes-256-cbc", iterations: 2, passwords: password },
  { cipher: "aes-256-cbc", iterations: 2, passwords: { one: first, default: second } },
  { cipher: "aes-256-cbc", iterations: 2, passwords: { two: second, one: first } },
];
for (const config of configs) {
  config.number = await library.ask("config", { password: config.passwords, seal: { format: "fe26.2", ...sides(config.cipher, config.iterations) } });
  config.options = { ...sides(config.cipher, config.iterations), ttl: 0, timestampSkewSec: 60, localtimeOffsetMsec: 0 };
  config.once = { ...config.options, ...sides(config.cipher, 1) };
}

/** A token's parts, for the rules below. */
function partsOf(token) {
  const [, id, salt, iv, ciphertext, expiration, macSalt, mac] = token.split("*");
  return { token, id, salt, iv, ciphertext, expiration, macSalt, mac };
}

const isCanonical = (text) => Buffer.from(text, "base64url").toString("base64url") === text;

/** Why the library refuses what the peers open. */
const refusals = {
  salts: [
    "salts are 1 to 128 letters and digits to the library: every peer writes hexadecimal ones, and each costs a derivation",
    ({ salt, macSalt }) => [salt, macSalt].some((text) => !/^[A-Za-z0-9]{1,128}$/.test(text)),
  ],
  id: ["a password's id is of letters, digits and _ in the library, as every peer requires when it seals", ({ id }) => !/^\w*$/.test(id)],
  base64: [
    "the library takes base64url only as it is written: without padding, stray bits or other characters, so that no token has two spellings",
    ({ iv, ciphertext, mac }) => ![iv, ciphertext, mac].every(isCanonical),
  ],
  expiration: ["an expiration of more than 21 digits is none that JavaScript writes, so the library refuses it",
    ({ expiration }) => expiration.length > 21],
  long: ["the library refuses a token longer than maxTokenLength before it derives anything", ({ token }) => token.length > 16_384],
  empty: ["no text at all is no JSON to the library, where peers make null of it", ({ text }) => text.length === 0],
  utf8: ["a payload is UTF-8 without a byte order mark to the library, where the peers replace what is not",
    ({ text }) => text.length > 0 && (!isUtf8(text) || text.indexOf("\ufeff") === 0)],
  twice: ["a payload with a name twice in one object is refused by the library, since readers do not agree on which counts",
    // Of a session only its own members count: what it holds was checked by whoever sealed it.
    ({ structure }, _, raw) => (raw ? structure.twice : structure.memberTwice)],
  deep: ["a payload of more than 128 levels is refused by the library, so that no reader runs out of stack", ({ structure }, most) => structure.depth > most],
};

/** Why the library opens what some peer refuses. */
const tilde = ["tilde", "the library passes over ~2 after a raw seal, which iron-session writes there and takes off itself"];
const keyless = ["keyless",
  "a token without a key id opens under any password in the library where none is the default one"];
const legacy = "a token of one iteration opens under any number in the library, as in h3 2: those of h3 1 are such";
const zeros = ["zeros", "an expiration may begin with zeros in the library, as in h3: iron-webcrypto 2 refuses them, and no peer writes them"];

const wrap = (unseal) => async (token, passwords, options) => {
  try {
    return { value: await unseal(token, passwords, options) };
  } catch {
    return undefined;
  }
};
const irons = {
  1: wrap((token, passwords, options) => iron1.unseal(crypto, token, passwords, options)),
  2: wrap((token, passwords, options) => iron2.unseal(token, passwords, options)),
};
const h3Unseal = wrap((token, passwords, options) => h3v2.unsealSession(undefined, { password: passwords, seal: options }, token));
const named = (extra, without = []) => Object.fromEntries([
  ...Object.entries(refusals).filter(([name]) => !without.includes(name))
    .map(([name, [sentence]]) => [name, sentence]),
  tilde, keyless, ...extra,
]);
// No h3 has the last of them yet, and they are slow.
const peers = [
  {
    name: "h3 2", share: 1, unseal: h3Unseal,
    rules: named([["legacy", "the library opens any value of one iteration, where h3 2 wants to mark it as old, which only an object can be"]]),
  },
  { name: "the iron-webcrypto of h3 1.15", share: 1, unseal: irons[1], rules: named([["legacy", legacy]]) },
  {
    name: "iron-webcrypto 2", share: 2, unseal: irons[2],
    rules: named([["legacy", legacy], zeros], ["empty"]),
  },
];
const [h3two] = peers;
for (const peer of peers) {
  const title = `the library opens of ${TOKENS / peer.share} tokens those that ${peer.name} opens, with the same payload, but for the differences below`;
  peer.differences = new Differences(title, peer.rules);
}

/** The plaintext of a token that was sealed with one of these passwords; throws for any other. */
function plaintext(token, config, passwords) {
  const { id, salt, iv, ciphertext, macSalt, mac } = partsOf(token);
  const secret = typeof passwords === "string" ? passwords : passwords[id || "default"];
  const text = token.slice(0, token.length - `*${macSalt}*${mac}`.length);
  const holds = (iterations) => createHmac("sha256", derive(secret, macSalt, iterations, 32)).update(text).digest("base64url") === mac;
  const iterations = [config.iterations, 1].find(holds);
  if (iterations === undefined) throw new Error("not authentic");
  const key = derive(secret, salt, iterations, config.cipher === "aes-256-cbc" ? 32 : 16);
  const cipher = createDecipheriv(config.cipher, key, Buffer.from(iv, "base64url"));
  return Buffer.concat([cipher.update(Buffer.from(ciphertext, "base64url")), cipher.final()]);
}

/**
 * What a peer makes of a token when it follows the library's rules; `by` are those that made a
 * difference on the way. `plain` is what it makes of it as it is.
 */
async function amended(peer, token, config, plain, { raw, levels }) {
  const by = [];
  let text = token;
  let passwords = config.passwords;
  const open = async (options) => {
    let opened = await peer.unseal(text, passwords, options);
    if (opened || !("zeros" in peer.rules) || !/^0+\d+$/.test(partsOf(text).expiration ?? "")) return opened;
    opened = await irons[1](text, passwords, options);
    if (opened) by.push("zeros");
    return opened;
  };
  const openEither = async () => {
    const asItIs = text === token && passwords === config.passwords && plain;
    let opened = asItIs || (await open(config.options));
    if (!opened && config.iterations > 1) {
      opened = await open(config.once);
      if (opened) by.push("legacy");
    }
    return opened;
  };
  const openAny = async () => {
    passwords = config.passwords;
    const isKeyless = partsOf(text).id === "" && passwords.two !== undefined;
    let opened = await openEither();
    if (opened || !isKeyless) return opened;
    for (passwords of Object.values(config.passwords)) {
      opened = await openEither();
      if (opened) by.push("keyless");
      if (opened) break;
    }
    return opened;
  };
  let opened = await openAny();
  if (!opened && raw && token.endsWith("~2")) {
    text = token.slice(0, -2);
    opened = await openAny();
    if (opened) by.push("tilde");
  }
  if (!opened) return { by: [] };
  const parts = partsOf(text);
  const early = Object.keys(refusals).slice(0, 5).filter((name) => refusals[name][1](parts));
  // What was sealed can only be read where the parts are as they should be.
  if (early.length > 0) return { by: [...by, ...early] };
  const inside = plaintext(text, config, passwords);
  const seen = { text: inside, structure: structure(inside.toString()) };
  const late = Object.keys(refusals).slice(5).filter((name) => refusals[name][1](seen, levels, raw));
  return late.length > 0 ? { by: [...by, ...late] } : { opened: { value: opened.value }, by };
}

const json = (opened) => (opened ? JSON.stringify(opened.value) : "refused");

async function compareRaw(peer, token, config, variant, [ours, reason], plain) {
  const { differences } = peer;
  differences.compared++;
  const library = ours === null ? "refused" : json(parsed(ours));
  if (!plain && ours === null) return;
  const { opened, by } = await amended(peer, token, config, plain, { raw: true, levels: 128 });
  const amendedJson = json(opened);
  if (amendedJson !== library) differences.fault({ variant, token, library, reason, theirs: json(plain), amended: amendedJson, by });
  else if (by.length === 1) differences.count(by);
}

// ---- Sessions -----------------------------------------------------------------------------------

const sessions = new Differences(`the library has of ${TOKENS} tokens the session that h3 2 has, but for the differences below`, {
  object: "a payload that is no object is no session in the library",
  id: "an id is 1 to 255 graphic ASCII characters in the library, since it goes into logs and headers; h3 takes any value",
  times: "a time is a number of whole milliseconds, and not far ahead, in the library: h3 takes any value, and a far-off one would defeat maxAge",
  ahead: "a time that is a little ahead is now in the library, or no revocation would reach it",
  data: "the data is an object in the library, where h3 also takes a list or a text",
  sealed: "what a key holder sealed is not read for faults again in the library, where h3 refuses what is no JSON",
});

const isTime = (value) => typeof value === "number" && value >= 0 && value <= 2 ** 48 && value <= NOW + 600_000;

/** What the library shall make of a payload, and why not what h3 does. */
function sessionOf({ value }) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { by: ["object"] };
  const { id, createdAt, lastSeenAt, data } = value;
  const by = [];
  if (id && !(typeof id === "string" && /^[\x21-\x7e]{1,255}$/.test(id))) by.push("id");
  if ((createdAt && !isTime(createdAt)) || (lastSeenAt && !isTime(lastSeenAt))) by.push("times");
  if (data && (typeof data !== "object" || Array.isArray(data))) by.push("data");
  if (by.length > 0) return { by };
  const whole = Math.trunc(createdAt || 0);
  if (id && whole !== (createdAt || 0)) by.push("times");
  if (id && whole > NOW) by.push("ahead");
  return { session: [id || null, id ? Math.min(whole, NOW) : NOW, data || {}], by };
}

/** Whether a token is authentic, and what it seals no JSON. */
function sealsNoJson(token, { passwords, ...config }) {
  const each = typeof passwords === "string" ? [passwords] : [passwords, ...Object.values(passwords)];
  return each.some((some) => {
    try {
      return parsed(plaintext(token, config, some).toString()) === undefined;
    } catch {
      return false;
    }
  });
}

/** `plain` is what h3 2 makes of the token. */
async function compareSession(token, config, variant, [ours, reason], plain) {
  sessions.compared++;
  if (ours === null && !plain) return;
  if (ours !== null && sealsNoJson(token, config)) {
    sessions.count(["sealed"]);
    return;
  }
  const library = ours === null ? "refused" : JSON.stringify([ours[0], ours[1], JSON.parse(ours[2])]);
  const { opened } = await amended(h3two, token, config, plain, { raw: false, levels: 129 });
  const { session, by } = opened ? sessionOf(opened) : { by: [] };
  const expected = session ? JSON.stringify(session) : "refused";
  if (expected !== library) sessions.fault({ variant, token, library, reason, expected, payload: json(opened), by });
  else if (by.length === 1) sessions.count(by);
}

// ---- All of them --------------------------------------------------------------------------------

async function batch(number) {
  const random = new Random(number);
  const config = configs[number % configs.length];
  const variants = Object.entries(variantsOf(random, config));
  const made = Array.from({ length: BATCH }, () => random.of(variants)).map(([variant, make]) => [variant, make()]);
  const answers = await library.ask("unseal", config.number, made.map(([, token]) => token));
  const present = peers.filter(({ share }) => number % (configs.length * share) < configs.length);
  // Web Crypto works on threads of its own, so many may wait for it at once.
  await Promise.all(made.map(async ([variant, token], i) => {
    const [raw, opened] = answers[i];
    const plain = await Promise.all(present.map((peer) => peer.unseal(token, config.passwords, config.options)));
    for (const [i, peer] of present.entries()) await compareRaw(peer, token, config, variant, raw, plain[i]);
    await compareSession(token, config, variant, opened, plain[0]);
  }));
}

for (let number = 0; number < (TOKENS / BATCH) * rounds; number++) await batch(number);
for (const peer of peers) describe(`beside ${peer.name}`, () => peer.differences.report(TOKENS / peer.share));
describe("sessions", () => sessions.report(TOKENS));
