// How each Cookie parser reads a session out of a header, as it is and with the library's rules in
// place of its own. A rule is a small change to what the parser is given or to what is made of its
// answer; so of each header exactly one reading is right, with all the rules.

import { npm } from "../npm.mjs";

const h3v2 = await npm("h3");
const h3v1 = await npm("h3-1");

const CHUNKED = "__chunked__";

/** Rules that are the same for several parsers. */
const several = ["several",
  "of the session's cookies the library tries four that differ: some may be of another path"];
const newest = ["newest",
  "of those that open the library takes the newest: the first in the header may be a stale one"];
const twice = ["twice",
  "a cookie that stands twice counts once among those that the library tries"];
const following = ["following",
  "of two chunks of one number the library takes the one after the cookie that counts them"];
const replaced = ["replaced",
  "a logout beside other cookies leaves an empty session in the library, so that none comes back"];
const near = ["near",
  "what some h3 may trim to a cookie of the session's goes on to no h3 from the library"];
const limit = ["limit", "the library takes no token out of cookies over 4096 bytes, which browsers do not keep"];
const empty = ["empty", "to the library an empty cookie or chunk is an absent one, as a deletion that a client keeps"];

const h3twoEvent = (header) => ({ req: { headers: new Map([["cookie", header]]) } });
const valueOf = (entries, name) => entries.find(([key]) => key === name)?.[1];

/** The parser of h3 2 with its rule for chunks. */
export const h3two = {
  name: "h3 2",
  rules: Object.fromEntries([
    several, newest, twice, following, replaced, near, empty, limit,
    ["quotes", "the library takes a value out of double quotes, which RFC 6265 allows around it and a token never has"],
    ["count", "the library takes a number of chunks only as h3 writes it: parseInt also takes 2x, +2 and 0x2"],
    ["one", "h3 2 reads no header of one character, where the library and h3 1 pass on a cookie without a name"],
  ]),
  /** As it is: the session's value, and the chunks that it could be made of. */
  plain(header, session, cookies) {
    const entries = cookies(header);
    const values = valueOf(entries, session.name) ? [h3v2.getChunkedCookie(h3twoEvent(header), session.name)] : [];
    return outcome(session, values, received(entries, session.name));
  },
  cookies: (header) => Object.entries(h3v2.parseCookies(h3twoEvent(header))),
  pieces: (header) => header.split(";"),
  piece(piece, rules) {
    const [head, value, tail] = cut(piece);
    return rules.has("quotes") && isQuoted(value) ? head + softened(value.slice(1, -1)) + tail : piece;
  },
  whole: (header, rules) => [rules.has("one") ? header + ";" : header],
};

/** The parser of h3 1. */
export const h3one = {
  name: "h3 1.15",
  rules: Object.fromEntries([
    several, newest, twice, following, replaced, near, empty, limit,
    ["chunks", "the library reads the chunks of h3 2, which h3 1 cannot read"],
    ["half", "a value that only begins with a quote keeps it in the library: h3 1 takes its last character off"],
    ["space", "only spaces and tabs around names and values are no part of them, as in h3 2: h3 1 also takes line breaks and U+00A0 for such"],
  ]),
  plain(header, session, cookies) {
    const entries = cookies(header);
    const value = valueOf(entries, session.name);
    return outcome(session, value ? [value] : [], received(entries, session.name));
  },
  cookies: (header) => Object.entries(h3v1.parseCookies({ node: { req: { headers: { cookie: header } } } })),
  pieces: (header) => header.split(";"),
  piece(piece, rules) {
    const [head, value, tail] = cut(piece);
    if (rules.has("half") && value.startsWith('"') && !isQuoted(value)) piece = `${head}?${value.slice(1)}${tail}`;
    return rules.has("space") ? piece.replace(/[\n\v\f\r\xa0]/g, "?") : piece;
  },
  whole: (header, rules) => [rules.has("space") ? header.replace(/[\n\v\f\r\xa0]/g, "?") : header],
};

/** Python's http.cookies. It knows nothing of chunks, which are put together here. */
export const python = {
  name: "Python's http.cookies",
  rules: Object.fromEntries([
    several, newest, twice, following, empty, limit,
    ["percent", "the library decodes percent-escapes, as h3 does: a proxy or a client may have written them"],
    ["alone",
      "the library reads on after a cookie that Python does not understand, as h3 does: else any other program's cookie could log a user out"],
    ["semicolon", "a semicolon always ends a cookie, as in RFC 6265 and h3: Python takes what is in quotes for one value"],
    ["blank", "a space within a value does not end a cookie, as in h3"],
    ["space", "only spaces and tabs around names and values are no part of them, as in h3 2: Python also takes line breaks for such"],
    ["escape", "the library resolves no backslash in a quoted value, nor does h3"],
  ]),
  pieces(header, rules) {
    if (!rules.has("alone")) return [header];
    return rules.has("semicolon") ? header.split(";") : header.match(/(?:=[ \t]*"(?:[^\\"]|\\.)*"|[^;])+/gs) ?? [];
  },
  piece(piece, rules, name) {
    if (rules.has("space")) piece = piece.replace(/[\n\v\f\r]/g, "?");
    let [head, value, tail] = cut(piece);
    if (rules.has("blank")) {
      // Also after the =: where Python understands nothing of the value, the
      // space ends an empty one.
      head = head.replace(/[ \t]*=[ \t]*$/, "=").replace(/([^ \t=])[ \t]+(?=[^ \t=])/g, "$1?");
      value = value.replace(/[ \t]/g, "?");
    }
    if (rules.has("escape")) value = value.replaceAll("\\", "?");
    if (rules.has("alone") && owned(head.replace(/^[ \t]+|[ \t]*=[ \t]*$/g, ""), name) !== undefined) {
      const [open, inner, close] = isQuoted(value) ? ['"', value.slice(1, -1), '"'] : ["", value, ""];
      value = open + inner.replace(open ? /"/g : /[^\w!#%&'~`><@,:/$*+\-.^|)(?}{=[\] \t\n\v\f\r]/g, "?") + close;
    }
    return head + value + tail;
  },
};

/**
 * What the library is to make of a header by what a parser reads out of the
 * pieces, under some rules.
 */
export function read(peer, header, rules, session, cookies) {
  const originals = peer.pieces(header, rules);
  const mains = [], chunks = [], all = [];
  const lastWins = peer === python && !rules.has("several");
  for (const original of originals) {
    const entries = cookies(peer.piece(original, rules, session.name));
    for (const [key, value] of entries) {
      const number = owned(key, session.name);
      if (number === undefined || (rules.has("empty") && value === "")) continue;
      const at = all.push([key, value]);
      const raw = entries.length === 1 ? rawValue(original) : value;
      if (number === 0) mains.push({ at, value, raw });
      else chunks.push({ at, number, value });
    }
  }
  const percent = rules.has("percent") ? decoded : (value) => value;
  const seen = rules.has("several") ? mains : mains.slice(...(lastWins ? [-1] : [0, 1]));
  const candidates = rules.has("several") ? tried(mains, rules) : seen;
  const values = candidates.map(({ value, at }) => {
    const chunk = (number) => {
      const own = chunks.filter((each) => each.number === number);
      const after = rules.has("following") ? own.find((each) => each.at > at) : undefined;
      return percent((after ?? own.at(lastWins ? -1 : 0))?.value ?? "");
    };
    return token(percent(value), chunk, rules, peer);
  });
  const isAbsent = seen.every(({ value }) => value === "");
  const given = isAbsent ? [] : [...values, undefined];
  // Whatever became of the others here, they may be sessions at another time.
  const mayBeMore = mains.filter(isLikeToken).length > 1;
  const leaves = rules.has("replaced") && mayBeMore ? " replaced" : "";
  return outcome(session, given, received(all, session.name), rules) + leaves;
}

/** The first four that begin like a token. What is in chunks may differ though it says the same. */
function tried(mains, rules) {
  const like = mains.filter(isLikeToken);
  const first = (raw) => like.findIndex((other) => other.raw === raw);
  const isFirst = ({ raw }, i) => raw.startsWith(CHUNKED) || first(raw) === i;
  return (rules.has("twice") ? like.filter(isFirst) : like).slice(0, 4);
}

/** A header without what the library withholds although its name is not quite the session's. */
export function upstream(peer, header, rules, name) {
  // Of these Python only understands those around whose names it trims, too.
  if (!rules.has(peer === python ? "space" : "near")) return header;
  const isNear = (piece) => {
    const key = piece.includes("=") ? piece.slice(0, piece.indexOf("=")) : "";
    const plain = key.replace(/^[ \t]+|[ \t]+$/g, "");
    return owned(plain, name) === undefined && owned(withoutSpace(key), name) !== undefined;
  };
  return header.split(";").filter((piece) => !isNear(piece)).join(";");
}

/** Control characters, and what JavaScript trims, as bytes of Latin-1 or of UTF-8. */
const SPACE = [
  "[\\x00- \\x7f\\x85\\xa0]",
  // U+0085 and U+00A0; U+1680; U+2000 to U+200B, U+2028, U+2029 and U+202F; U+205F and U+2060;
  // U+3000; U+FEFF
  "\\xc2[\\x85\\xa0]", "\\xe1\\x9a\\x80", "\\xe2\\x80[\\x80-\\x8b\\xa8\\xa9\\xaf]",
  "\\xe2\\x81[\\x9f\\xa0]", "\\xe3\\x80\\x80", "\\xef\\xbb\\xbf",
].join("|");
const AROUND = new RegExp(`^(?:${SPACE})+|(?:${SPACE})+$`, "g");
const withoutSpace = (key) => key.replace(AROUND, "");

/** The token that a cookie's value is, or says to be in so many chunks. */
function token(value, chunkOf, rules, peer) {
  const fits = (value) => !rules.has("limit") || value.length <= 4096;
  if (!value.startsWith(CHUNKED) || (peer === h3one && !rules.has("chunks"))) return fits(value) ? value : undefined;
  const count = value.slice(CHUNKED.length);
  const strict = peer !== h3two || rules.has("count");
  const number = strict ? (/^([1-9]\d?|100)$/.test(count) ? Number(count) : 0) : Number.parseInt(count);
  if (!(number >= 1 && number <= 100)) return undefined;
  let joined = "";
  for (let i = 1; i <= number; i++) {
    const chunk = chunkOf(i);
    if (!chunk || !fits(chunk)) return undefined;
    joined += chunk;
  }
  return joined;
}

/** What is compared: whose token a value is, or whether there was one; and the chunks. */
function outcome(session, values, chunks, rules = new Set()) {
  const opened = values.map((value) => session.tokens.get(value)).filter((known) => known);
  const found = rules.has("newest") && opened.length > 0 ? opened.reduce(newer) : opened[0];
  return `${found?.id ?? (values.length > 0 ? "refused" : "absent")} ${chunks}`;
}

/**
 * The one seen later; of two seen at once the later in the header, unless the seals of both end.
 */
function newer(before, next) {
  if (before.seenAt !== next.seenAt) return before.seenAt > next.seenAt ? before : next;
  return before.sealEnds > next.sealEnds ? before : next;
}

function received(entries, name) {
  const numbers = entries.filter(([, value]) => value !== "").map(([key]) => owned(key, name));
  return [...new Set(numbers)].filter((number) => number > 0).sort((a, b) => a - b).join();
}

/** Whether a cookie is the session's: 0, or a chunk's number. */
export function owned(key, name) {
  if (!key.startsWith(name)) return undefined;
  if (key === name) return 0;
  const number = /^\.([1-9]\d?|100)$/.exec(key.slice(name.length));
  return number ? Number(number[1]) : undefined;
}

function isLikeToken({ raw }) {
  return /^(__chunked__|h3s\d+\.|Fe26\.\d+\*)/.test(raw) || raw.slice(0, CHUNKED.length).includes("%");
}

/** A cookie's text as the name with its =, the value, and the white space around it. */
function cut(piece) {
  let start = piece.indexOf("=") + 1 || piece.length;
  let end = piece.length;
  while (start < end && isBlank(piece[start])) start++;
  while (start < end && isBlank(piece[end - 1])) end--;
  return [piece.slice(0, start), piece.slice(start, end), piece.slice(end)];
}

function rawValue(piece) {
  const value = cut(piece)[1];
  return isQuoted(value) ? value.slice(1, -1) : value;
}

const isBlank = (char) => char === " " || char === "\t";
const isQuoted = (value) => value.length >= 2 && value.startsWith('"') && value.endsWith('"');
/** White space that was within quotes is not to be taken off. */
const softened = (value) => value.replace(/^[ \t]|[ \t]$/g, "?");

function decoded(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
