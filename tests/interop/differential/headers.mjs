// Random Cookie headers: by a grammar that knows where parsers differ, half of them then damaged.
// Their characters are bytes.

const ODD = [..." \t\n\r\0\f\v\x1f\x7f\x80\xa0\xe9\xff;;==\"\"%%\\,,.$_"];
const FOREIGN = [
  "theme", "sid", "a", "A", "__Host-sid", "__proto__", "constructor", "toString", "path", "Expires", "secure", "$Version", "$Path", "1", "00",
  "x y", "a@b", "",
];
const SEPARATORS = ["; ", "; ", "; ", "; ", ";", " ; ", ";\t", ";;", "; ;", ",", ", ", " ", "\n"];
const EQUALS = ["=", "=", "=", "=", "=", "=", "=", "=", " =", "= ", "\t=\t", "==", ""];

/** A header for a session cookie called `name`. `tokens`: valid ones. */
export function cookieHeader(random, name, tokens) {
  const cookie = (name, value) => `${name}${random.of(EQUALS)}${random.once(3) ? dressed(random, value) : value}`;
  const plain = (name, value) => `${name}=${value}`;
  const items = random.several(3, () => foreign(random, name, tokens, cookie));
  const main = random.below(20);
  if (main < 8) items.push(cookie(name, random.of(tokens)));
  else if (main < 11) {
    items.push(...random.several(7, () => cookie(name, sessionValue(random, tokens))));
  } else if (main < 16) {
    items.push(...chunked(random, name, random.of(tokens), random.once(2) ? cookie : plain));
  } else if (main < 18) {
    items.push(...stale(random, name, tokens, random.once(2) ? cookie : plain));
  }
  if (random.once(2)) shuffle(random, items);
  const separators = random.once(2) ? SEPARATORS : ["; "];
  let header = items.map((item) => item + random.of(separators)).join("");
  if (random.once(2)) header = header.replace(/[; ]+$/, "");
  // Longer than any server's limit, since that is for the server to say.
  if (random.once(5000)) header += "; long=" + "x".repeat(random.below(200_000)) + random.of([";", "; ", `; ${name}=${random.of(tokens)}`]);
  return random.once(2) ? random.mutated(header, ODD) : header;
}

/** Sessions of several paths or domains, each in one cookie or in chunks; some of them twice. */
function stale(random, name, tokens, cookie) {
  const few = Array.from({ length: 1 + random.below(4) }, () => random.of(tokens));
  const many = random.several(7, () => random.of(few)).concat(few);
  const whole = (token) => [cookie(name, token)];
  const inChunks = (token) => chunked(random, name, token, cookie);
  return many.flatMap((token) => (random.once(3) ? inChunks : whole)(token));
}

/** What stands in a session's cookie that does not hold the token. */
function sessionValue(random, tokens) {
  const token = random.of(tokens);
  return random.of([
    token, token, "", "", "nonsense", "h3s1.", "h3s1.stale.AAAA", "h3s2.a.b", "Fe26.2**", "Fe26.3*", "deleted", "__chunked__", "__chunked__0",
    "__chunked__1", "%",
    token.slice(0, random.below(token.length)), token.slice(1), token + "x", "\xe9",
  ]);
}

function foreign(random, name, tokens, cookie) {
  const near = [`${name}x`, name.slice(1), `${name}.`, `${name}.0`, `${name}.01`, `${name}.101`, `${name}.1x`, `${name}.1.1`, `x${name}`,
    name.toUpperCase(), `${name}.1`, `$${name}`,
    ...spaced(name), ...spaced(`${name}.1`)];
  const value = random.of(["1", "dark", "a=b", "a=b=c", "", "%20", "%zz", "a b", "a,b", "=", `x ${name}=${random.of(tokens)}`,
    `${name}=${random.of(tokens)}`, random.of(tokens)]);
  const kind = random.below(10);
  if (kind === 0) return value;
  // A semicolon within quotes.
  if (kind === 1) return `${random.of(FOREIGN)}="a; ${name}=${random.of(tokens)}; b"`;
  if (kind === 2) return "=";
  return cookie(random.of(kind < 5 ? near : FOREIGN), value);
}

/** Names around which some server may trim what is no space. */
function spaced(name) {
  return [
    `\xa0${name}`, `\xc2\xa0${name}`, `${name}\xe2\x80\x83`, `\xef\xbb\xbf${name}`, `\x01${name}`,
    `${name}\x7f`, `\x85 ${name}\v`,
  ];
}

/** A token in chunks: at times too few or too many, twice, empty, or counted in another way. */
function chunked(random, name, token, cookie) {
  const count = random.once(30) ? random.of([10, 99, 100, 101]) : random.of([1, 2, 2, 3, 5]);
  const size = Math.ceil(token.length / count);
  const number = random.once(3)
    ? random.of([`0${count}`, `+${count}`, ` ${count}`, `${count}.0`, `${count}x`, `0x${count.toString(16)}`, `${count + 1}`, `${count - 1}`,
      "NaN", "", "-1", "1e2", "200"])
    : `${count}`;
  const chunks = Array.from({ length: count }, (_, i) => cookie(`${name}.${i + 1}`, token.slice(i * size, (i + 1) * size)));
  const items = [cookie(name, `__chunked__${number}`), ...chunks];
  const at = random.below(items.length);
  const kind = random.below(8);
  if (kind === 0) items.splice(at, 1);
  if (kind === 1) items.splice(at, 0, items[at]);
  if (kind === 2) items.splice(at, 0, `${name}.${1 + random.below(count)}=`);
  if (kind === 3) items.splice(at, 0, `${name}.${1 + random.below(count + 2)}=other`);
  if (kind === 4) items.splice(at, 0, cookie(name, sessionValue(random, [token])));
  return items;
}

/** A value as one or another client or server spells it. */
function dressed(random, value) {
  const escaped = (every) => [...value].map((char) => (random.once(every) ? "%" + char.charCodeAt(0).toString(16).padStart(2, "0") : char)).join("");
  return random.of([
    () => `"${value}"`, () => `"${value}"`, () => `"${value}`, () => `${value}"`, () => `""${value}""`, () => `" ${value}"`, () => `"${value} "`,
    () => ` ${value}`, () => `\t${value}\t`,
    () => escaped(1), () => escaped(10), () => escaped(10).toUpperCase(), () => escaped(20) + "%zz", () => escaped(10) + "%ff",
    () => `"${value.slice(0, 4)}\\${value.slice(4)}"`, () => `"${value.slice(0, 9)}\\${value.slice(9)}"`,
    () => `"${value.slice(0, 4)}\\056${value.slice(5)}"`, () => `${value}\n`, () => `\v${value}`, () => `\xa0${value}`,
    () => `${value} ${value}`, () => `${value} a=b`, () => `${value}, b=c`, () => `"${escaped(10)}"`, () => `%22${value}%22`, () => `"`,
    () => `\\${value}`,
  ])();
}

function shuffle(random, list) {
  for (let i = list.length - 1; i > 0; i--) {
    const at = random.below(i + 1);
    [list[i], list[at]] = [list[at], list[i]];
  }
}
