// Random objects as JSON text, in the spellings that a value tree would lose, some of them wrong.

const ODD = [..."{}[]\"\"::,,\\ \t\n019.eE+-ntfux/'\u00e9\u0000\u001f\ufeff\u00a0\u2028"];
const NAMES = [
  '"a"', '"b"', '"c"', '"user"', '"\\u0061"', '"\\u00e9"', '"\u00e9"', '"\u{1f98a}"', '"\\ud83e\\udd8a"', '"\\ud800"', '"\\uD800"', '"\\/"',
  '"/"', '""', '"a b"', '"\\n"', '"\\u000a"', '"\\""', '"constructor"', '"toString"', '"length"',
];
const WHOLE = ['"0"', '"1"', '"2"', '"10"', '"42"', '"4294967294"', '"\\u0031"'];
const NEARLY_WHOLE = ['"01"', '"-1"', '"1.0"', '"4294967295"', '"1e3"', '" 1"'];
const PROTO = ['"__proto__"', '"__pr\\u006fto__"'];
const NUMBERS = [
  "0", "-0", "1", "-1", "1.0", "1.50", "0.1", "1e5", "1E+5", "1e-7", "100000000000000000000000", "123456789012345678901234567890",
  "9007199254740993", "1e999", "-1e999", "1e-999",
  "0.1000000000000000055511151231257827", "5e-324", "-0.0", "0e0", "1.7976931348623157e308",
];
const STRINGS = [
  '""', '"x"', '"\\u0041"', '"\\u00E9"', '"\\/"', '"\\ud83e\\udd8a"', '"\\ud800"', '"\\udc00\\ud800"', '"\\uD83E"', '"\u{1f98a}"',
  '"\\b\\f\\n\\r\\t"', '"\\u0000"', '"\u2028"', '"\x7f"', '"\\u001F"', '"{\\"a\\":1}"', '"],}"',
];
const WRONG = ["NaN", "Infinity", "-Infinity", "undefined", "'x'", "01", "+1", ".5", "1.", "0x10", "1e", "-", "1_000", "True", "nul", "\"\n\"",
  "\"\\x41\"", "\"\\u12\"", "\"\\u{41}\"", "/*x*/1", "//x", "[1,]", "{\"a\":1,}", "[,1]", "{a:1}", "\"", "{", "]", "1 2", ""];

/** The text of an object, or of something near one. */
export function object(random) {
  const kind = random.below(40);
  if (kind === 0) return random.of(["5", '"ab"', "null", "[1,2]", "true", "[]", ' "x" ']);
  if (kind === 1) return nested(random, random.of([5, 126, 127, 128, 129, 130, 500]));
  if (kind === 2) return members(random, 0, random.of(WRONG));
  const text = members(random, 0);
  return kind < 7 ? random.mutated(text, ODD).toWellFormed() : text;
}

function nested(random, levels) {
  const [open, close] = random.of([["[", "]"], ['{"a":', "}"]]);
  // The innermost object needs a value, which adds no level.
  return `{"deep":${open.repeat(levels - 1)}${open === "[" ? "" : "1"}${close.repeat(levels - 1)}}`;
}

/**
 * An object with random members; `wrong` is the text of one member's value,
 * where there is to be one.
 */
function members(random, depth, wrong) {
  const count = random.below(depth === 0 ? random.of([4, 8, 30]) : 4);
  const wrongAt = random.below(count);
  const seen = new Set();
  let text = "";
  for (let i = 0; i < count; i++) {
    const quoted = name(random);
    // Else hardly an object of many members would be without a name twice.
    const twice = seen.has(JSON.parse(quoted));
    if (twice && !random.once(100)) continue;
    seen.add(JSON.parse(quoted));
    const member = wrong !== undefined && i === wrongAt ? wrong : value(random, depth + 1);
    text += `${text ? "," + space(random) : ""}${quoted}${space(random)}:${space(random)}${member}${space(random)}`;
  }
  return `${depth ? "" : space(random)}{${space(random)}${text}}${depth ? "" : space(random)}`;
}

function name(random) {
  const kind = random.below(24);
  if (kind < 2) return random.of(WHOLE);
  if (kind === 2) return random.of(NEARLY_WHOLE);
  if (kind === 3 && random.once(3)) return random.of(PROTO);
  if (kind < 14) return random.of(NAMES);
  return `"n${random.below(40)}"`;
}

function value(random, depth) {
  const kind = random.below(depth > 4 ? 5 : 8);
  if (kind === 0) return random.of(["null", "true", "false"]);
  if (kind < 3) return random.of(NUMBERS);
  if (kind < 5) return random.of(STRINGS);
  if (kind < 7) return members(random, depth);
  return `[${space(random)}${random.several(3, () => value(random, depth + 1)).join(`${space(random)},`)}${space(random)}]`;
}

function space(random) {
  return random.once(4) ? random.of([" ", "\n", "\t", "\r\n", "  "]) : "";
}
