// h3s_update beside what h3 does: JSON.parse, Object.assign, JSON.stringify.

import { Differences, Peer, Random, password, rounds } from "./support.mjs";
import { parsed, structure } from "./json.mjs";
import { object } from "./objects.mjs";

const PAIRS = 20_000;
const BATCH = 1000;

const library = new Peer("library.py");
const options = { password, maxTokenLength: 1_000_000, cookie: { maxChunks: 100 } };
const config = await library.ask("config", options);

const differences = new Differences(`an update gives what Object.assign gives, of ${PAIRS} pairs of texts, but for the differences below`, {
  twice: "an object with a name twice is refused by the library, since readers do not agree on which counts",
  deep: "more than 128 levels are refused by the library, so that no reader runs out of stack",
  object: "data and an update are objects in the library: Object.assign takes a text or a list for one, and a number for none",
  order: "names like 10 keep their place in the library, where JavaScript puts them first",
  numbers: "numbers keep their spelling in the library, where JavaScript has 53 bits",
  strings: "strings and names keep their spelling in the library, where JavaScript writes each in one way",
  proto: "__proto__ is a name as any other in the library and in h3 2, where a plain object takes it for its prototype",
});

/** Why the library refuses a text that JSON.parse takes. */
function refusals(text) {
  const { value } = parsed(text);
  const { depth, twice } = structure(text);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return [...(isObject ? [] : ["object"]), ...(twice ? ["twice"] : []), ...(depth > 128 ? ["deep"] : [])];
}

/** JSON text with the numbers or strings in it as JavaScript writes them. */
function rewritten(text, { numbers, strings }) {
  const wanted = (token) => (token[0] === '"' ? strings : numbers);
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs, (token) => (wanted(token) ? JSON.stringify(JSON.parse(token)) : token));
}

/** As in h3 2, whose data has no prototype. */
const assigned = (before, change, target = Object.create(null)) => Object.assign(Object.assign(target, before), change);

/**
 * The names of an update's outcome in order, if JavaScript had no order of its own: each
 * begins with a letter for that.
 */
function namesInOrder(texts) {
  const apart = (text) => parsed(lettered(text)).value;
  return Object.keys(assigned(...texts.map(apart))).map((name) => name.slice(1));
}

/** A text with an x at the start of each name of the outermost object. */
function lettered(text) {
  let depth = 0;
  return text.replace(/"((?:[^"\\]|\\.)*"\s*:)|"(?:[^"\\]|\\.)*"|[{}[\]]/gs, (token, name) => {
    if (token === "{" || token === "[") depth++;
    if (token === "}" || token === "]") depth--;
    return name !== undefined && depth === 1 ? `"x${name}` : token;
  });
}

function compare(texts, [refused, data, names]) {
  differences.compared++;
  const fault = (what) => differences.fault({ what, texts, refused, data });
  const [first, second] = texts.map((text) => (parsed(text) ? refusals(text) : ["json"]));
  const expected = first.length > 0 ? "data" : second.length > 0 ? "update" : null;
  if (!parsed(data)) return fault("the data is no JSON");
  if (refused !== expected) return fault(`refused is to be ${expected}`);
  if (refused) {
    const [by] = [first, second].filter((reasons) => reasons.length > 0);
    if (by.length === 1 && by[0] !== "json") differences.count(by);
    // What was refused has changed nothing.
    const before = refused === "data" ? {} : parsed(texts[0]).value;
    return JSON.stringify(JSON.parse(data)) === JSON.stringify(before) || fault("it has changed something");
  }
  const values = texts.map((text) => parsed(text).value);
  const theirs = JSON.stringify(assigned(...values));
  if (JSON.stringify(JSON.parse(data)) !== theirs) return fault(`the values are to be ${theirs}`);
  const order = namesInOrder(texts);
  if (JSON.stringify(names) !== JSON.stringify(order)) return fault(`the order is to be ${order}`);
  // The values are the same; what is left is how they are written.
  if (data !== theirs) {
    const both = rewritten(data, { numbers: true, strings: true });
    if (rewritten(data, { strings: true }) !== both) differences.count(["numbers"]);
    if (rewritten(data, { numbers: true }) !== both) differences.count(["strings"]);
    if (both !== theirs) {
      if (!/"(0|[1-9]\d*)":/.test(both)) return fault(`written, it is to be ${theirs}`);
      differences.count(["order"]);
    }
  }
  if (JSON.stringify(assigned(...values, {})) !== theirs) {
    if (!texts.some((text) => lettered(rewritten(text, { strings: true })).includes('"x__proto__"'))) return fault("a plain object differs otherwise");
    differences.count(["proto"]);
  }
  return true;
}

for (let number = 0; number < (PAIRS / BATCH) * rounds; number++) {
  const random = new Random(number);
  const pairs = Array.from({ length: BATCH }, () => [object(random), object(random)]);
  const answers = await library.ask("update", config, pairs);
  pairs.forEach((texts, i) => compare(texts, answers[i]));
}
differences.report(PAIRS);
