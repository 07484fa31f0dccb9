// Cookie headers: the session that the library finds, the chunks that it sees and the header that it passes on, beside what h3's and
// Python's parsers read out of the same header.

import { describe } from "node:test";

import { Differences, Peer, Random, password, rounds } from "./support.mjs";
import { cookieHeader } from "./headers.mjs";
import { h3one, h3two, owned, python, read } from "./readings.mjs";

const HEADERS = 100_000;
const BATCH = 1000;
const NAMES = ["h3", "__Host-session", "s.1", "a!#$&^_`|~"];

const library = new Peer("library.py");
const httpCookies = new Peer("http_cookies.py");

/** A cookie's name, the library's config for it, and some tokens by the sessions that they are of. */
async function session(name) {
  const config = await library.ask("config", {
    name, password, maxTokenLength: 100_000, cookie: { chunkMaxLength: 3900 }, seal: { format: "h3s1", accept: ["h3s1", "fe26.2"] },
  });
  const tokens = new Map();
  for (const [id, size] of [["one", 0], ["two", 10], ["three", 150], ["four", 4000], ["five", 9000]]) {
    tokens.set(await library.ask("token", config, id, { text: "x".repeat(size) }), id);
  }
  // h3's own, whose tokens have stars in them.
  const once = (algorithm) => ({ algorithm, saltBits: 256, iterations: 1, minPasswordlength: 32 });
  const seal = { format: "fe26.2", encryption: once("aes-256-cbc"), integrity: once("sha256") };
  const fe26 = await library.ask("config", { name, password, seal });
  tokens.set(await library.ask("token", fe26, "six", {}), "six");
  const short = [...tokens].filter(([token]) => token.length < 1000).map(([token]) => token);
  return { name, config, tokens, list: [...Array(12).fill(short).flat(), ...tokens.keys()] };
}

const sessions = await Promise.all(NAMES.map(session));
const peers = [h3two, h3one, python];
const differences = new Map(peers.map((peer) => [peer, new Differences(
  `the session and the header that goes on are those that ${peer.name} reads, of ${HEADERS} headers, but for the differences below`, peer.rules,
)]));

/** The two things that are compared, each as the library and as a parser has it under some rules: the session, and what goes on. */
function comparisons(peer, session, header, [id, rejection, chunks, passedOn], cookies) {
  // Python has no chunks, and no difference between what is absent and what it does not understand.
  const only = (outcome) => (peer === python ? outcome.replace(/ .*/, "").replace("refused", "absent") : outcome);
  const ours = only(`${id ?? (rejection === 0 ? "absent" : "refused")} ${chunks}`);
  const all = (text, rules) => texts(peer, text, rules, session.name).flatMap(cookies);
  const isForeign = ([key]) => owned(key, session.name) === undefined;
  return [
    (rules) => ({ ours, theirs: only((rules.size === 0 && peer.plain?.(header, session, cookies)) || read(peer, header, rules, session, cookies)) }),
    (rules) => ({ ours: JSON.stringify(all(passedOn, rules)), theirs: JSON.stringify(all(header, rules).filter(isForeign)) }),
  ];
}

const differ = ({ ours, theirs }) => ours !== theirs;

function agrees(...what) {
  return !comparisons(...what).some((under) => differ(under(new Set())));
}

/** All rules of a parser, and each time all but one. */
const rulesOf = (peer) => new Set(Object.keys(peer.rules));
const rulesBut = (peer, left) => new Set(Object.keys(peer.rules).filter((rule) => rule !== left));

/** Counts, if asked to, by which rules a parser differs: those without which all others do not give the library's answer. */
function compareWith(peer, session, header, answer, cookies, counted = true) {
  const differs = differences.get(peer);
  differs.compared++;
  for (const under of comparisons(peer, session, header, answer, cookies)) {
    const plain = under(new Set());
    // Under all rules h3 always has to agree: a fault of the library may be what a parser does as it is.
    if (peer === python && !differ(plain)) continue;
    const amended = under(rulesOf(peer));
    if (differ(amended)) differs.fault({ peer: peer.name, header, plain, amended });
    else if (differ(plain) && counted) differs.count(Object.keys(peer.rules).filter((left) => differ(under(rulesBut(peer, left)))));
  }
}

/** What of a header is given to a parser, when all its cookies are to be compared. */
function texts(peer, header, rules, name) {
  return peer.whole?.(header, rules) ?? peer.pieces(header, rules).map((piece) => peer.piece(piece, rules, name));
}

/** The same parser, asked but once for the same text. */
function remembering(cookies) {
  const known = new Map();
  return (text) => known.get(text) ?? known.set(text, cookies(text)).get(text);
}

/** What Python reads out of some texts. */
async function asked(wanted) {
  const list = [...new Set(wanted)];
  const read = await httpCookies.ask(...list);
  return new Map(list.map((text, i) => [text, read[i]]));
}

async function batch(number) {
  const random = new Random(number);
  const session = random.of(sessions);
  const { name } = session;
  const headers = Array.from({ length: BATCH }, () => cookieHeader(random, name, session.list));
  const answers = await library.ask("cookies", session.config, headers);
  for (const peer of [h3two, h3one]) {
    headers.forEach((header, i) => compareWith(peer, session, header, answers[i], remembering(peer.cookies)));
  }
  // Python is asked as seldom as may be: for what it reads as it is, and where that differs for what it reads under the rules. Which rule
  // makes the difference takes ten times as long, so one batch in eight has to do.
  const whole = await asked(headers.flatMap((header, i) => [header, answers[i][3]]));
  const counted = number % 8 === 0;
  const sets = [rulesOf(python), ...(counted ? Object.keys(python.rules).map((left) => rulesBut(python, left)) : [])];
  const wanted = [];
  headers.forEach((header, i) => {
    if (agrees(python, session, header, answers[i], (text) => whole.get(text))) return;
    for (const rules of sets) wanted.push(...[header, answers[i][3]].flatMap((text) => texts(python, text, rules, name)));
  });
  const pieces = await asked(wanted);
  headers.forEach((header, i) => compareWith(python, session, header, answers[i], (text) => whole.get(text) ?? pieces.get(text), counted));
}

// Two at a time, so that no process waits for another.
const numbers = Array.from({ length: (HEADERS / BATCH) * rounds }, (_, i) => i).values();
await Promise.all([0, 1].map(async () => {
  for (const number of numbers) await batch(number);
}));
for (const peer of peers) describe(`beside ${peer.name}`, () => differences.get(peer).report(HEADERS));
