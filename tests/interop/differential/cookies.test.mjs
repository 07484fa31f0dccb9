// Cookie headers: the session that the library finds, the chunks that it sees and the header that
// it passes on, beside what h3's and Python's parsers read out of the same header.

import { describe } from "node:test";

import { Differences, NOW, Peer, Random, password, rounds } from "./support.mjs";
import { cookieHeader } from "./headers.mjs";
import { h3one, h3two, owned, python, read, upstream } from "./readings.mjs";

const HEADERS = 100_000;
const BATCH = 1000;
const NAMES = ["h3", "__Host-session", "s.0", "a!#$&^_`|~"];

const library = new Peer("library.py");
const httpCookies = new Peer("http_cookies.py");

const MINUTE = 60_000;
const DAY_SEC = 86_400;
/**
 * The sessions of which there are tokens: how much is in each, how many minutes ago it was made and
 * last seen, and the options that it was sealed with. Many are as old as each other, of which some
 * end and some do not; and some come from clocks that are ahead.
 */
const SESSIONS = [
  { id: "one", size: 0, made: 150 },
  { id: "two", size: 10, made: 80 },
  { id: "three", size: 150, made: 80 },
  { id: "four", size: 4000, made: 20 },
  { id: "five", size: 9000, made: 120 },
  { id: "six", size: 0, made: 80, iron: true },
  { id: "seven", size: 0, made: 80, maxAge: DAY_SEC },
  { id: "eight", size: 0, made: 80, maxAge: 2 * DAY_SEC },
  { id: "nine", size: 0, made: 300, seen: 40, idleTimeout: DAY_SEC },
  { id: "ten", size: 0, made: 80, maxAge: 3 * DAY_SEC, iron: true },
  { id: "thirteen", size: 0, made: 80, maxAge: DAY_SEC, iron: true },
  { id: "eleven", size: 0, made: -4 },
  { id: "twelve", size: 0, made: -8, iron: true },
];

/**
 * A cookie's name, the library's config for it, and some tokens by the sessions that they are of.
 */
async function session(name) {
  const cookie = { chunkMaxLength: 3900, maxChunks: 100 };
  // Without slow derivations, of which a request makes only one: every cookie is tried.
  const seal = { format: "h3s1", accept: ["h3s1", "h3-1"] };
  const options = { name, password, maxTokenLength: 100_000, cookie, seal };
  const config = await library.ask("config", options);
  const tokens = new Map();
  for (const { id, size, made, seen = made, iron, maxAge, idleTimeout } of SESSIONS) {
    // h3's own tokens have stars in them.
    const sealing = await library.ask("config", {
      ...options, maxAge, idleTimeout, seal: iron ? "h3-1" : "h3s1",
    });
    const [madeAt, seenAt] = [NOW - made * MINUTE, NOW - seen * MINUTE];
    const data = { text: "x".repeat(size) };
    const token = await library.ask("token", sealing, id, data, madeAt, seenAt);
    // Of when it was sealed only the seals of Fe26.2 tell.
    const sealEnds = iron && maxAge ? madeAt + maxAge * 1000 : undefined;
    tokens.set(token, { id, seenAt, sealEnds });
  }
  const short = [...tokens.keys()].filter((token) => token.length < 1000);
  return { name, config, tokens, list: [...Array(12).fill(short).flat(), ...tokens.keys()] };
}

const sessions = await Promise.all(NAMES.map(session));
const peers = [h3two, h3one, python];
const differences = new Map(peers.map((peer) => [peer, new Differences(
  `the session and the header that goes on are those that ${peer.name} reads, of ${HEADERS} headers, but for the differences below`, peer.rules,
)]));

/**
 * The two things that are compared, each as the library and as a parser has it under some rules:
 * the session, and what goes on.
 */
function comparisons(peer, session, header, [id, rejection, chunks, replaced, passedOn], cookies) {
  // Python has no chunks, and no difference between what is absent and what it does not understand.
  const only = (outcome) => (peer === python ? outcome.replace(/ .*/, "").replace("refused", "absent") : outcome);
  const found = id ?? (rejection === 0 ? "absent" : "refused");
  const ours = only(`${found} ${chunks}${replaced ? " replaced" : ""}`);
  const all = (text, rules) => texts(peer, text, rules, session.name).flatMap(cookies);
  const isForeign = ([key]) => owned(key, session.name) === undefined;
  const left = (rules) => upstream(peer, header, rules, session.name);
  const goesOn = (rules) => all(left(rules), rules).filter(isForeign);
  return [
    (rules) => ({ ours, theirs: only((rules.size === 0 && peer.plain?.(header, session, cookies)) || read(peer, header, rules, session, cookies)) }),
    (rules) => ({
      ours: JSON.stringify(all(passedOn, rules)), theirs: JSON.stringify(goesOn(rules)),
    }),
  ];
}

const differ = ({ ours, theirs }) => ours !== theirs;

function agrees(...what) {
  return !comparisons(...what).some((under) => differ(under(new Set())));
}

/** All rules of a parser, and each time all but one. */
const rulesOf = (peer) => new Set(Object.keys(peer.rules));
const rulesBut = (peer, left) => new Set(Object.keys(peer.rules).filter((rule) => rule !== left));

/**
 * Counts, if asked to, by which rules a parser differs: those without which all others do not
 * give the library's answer.
 */
function compareWith(peer, session, header, answer, cookies, counted = true) {
  const differs = differences.get(peer);
  differs.compared++;
  for (const under of comparisons(peer, session, header, answer, cookies)) {
    const plain = under(new Set());
    // Under all rules h3 always has to agree: a fault of the library may be
    // what a parser does as it is.
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
  // Python is asked as seldom as may be: for what it reads as it is, and where that differs for
  // what it reads under the rules. Which rule makes the difference takes ten times as long, so one
  // batch in eight has to do.
  const whole = await asked(headers.flatMap((header, i) => [header, answers[i][4]]));
  const counted = number % 8 === 0;
  const sets = [rulesOf(python), ...(counted ? Object.keys(python.rules).map((left) => rulesBut(python, left)) : [])];
  const wanted = [];
  headers.forEach((header, i) => {
    if (agrees(python, session, header, answers[i], (text) => whole.get(text))) return;
    for (const rules of sets) {
      const given = [header, upstream(python, header, rules, name), answers[i][4]];
      wanted.push(...given.flatMap((text) => texts(python, text, rules, name)));
    }
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
