// Random sequences of what one visitor does at an application of the real h3 with its own sessions,
// and another one, who does the same, at one with those of `h3s/h3`: both see the same, but for
// what docs/BESIDE-H3.md names under "How it differs from h3".

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser } from "./browser.mjs";
import { Clock } from "./clock.mjs";
import { Random } from "./differential/support.mjs";
import { applications, failing, h3s } from "./dropin.mjs";
import { rememberKeys } from "./remember-keys.mjs";

const SEQUENCES = 300;
const STEPS = 6;
const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const WAITS = [0, 0, SECOND, 600 * SECOND, 5 * HOUR, 13 * HOUR, 3 * DAY];
const LARGE = "x".repeat(5000);

const clock = new Clock();
rememberKeys();

const limits = [{}, { maxAge: 7 * 86_400 }];
const sliding = [...limits, { idleTimeout: 86_400 }, { maxAge: 7 * 86_400, idleTimeout: 86_400 }];
const cookies = [
  undefined,
  { secure: false, sameSite: "strict", path: "/" },
  { httpOnly: false, domain: "site.example", sameSite: "none", partitioned: true },
  { sameSite: false, priority: "high" },
];

/** Values that JSON changes, drops or keeps. */
const values = [
  null, true, 0, -1.5, 1e21, "", "Zoë 🦊 \" \\ \n", [], [1, [2, { a: undefined }]], {},
  { b: { c: "d" } }, undefined, Number.NaN, new Date(0), [undefined, () => 1], { toJSON: () => "short" },
];

/** One operation in a request, as data; `apply` does it with either side's functions. */
function operation(random, { isFirst, isLast, version, wasCleared }) {
  const update = () => {
    const entries = random.several(3, () => [random.of(["user", "cart", "", "a.b"]), random.of(values)]);
    return Object.fromEntries(entries);
  };
  // After clear, h3 brings the old data back; see docs/BESIDE-H3.md.
  if (wasCleared) return undefined;
  const verbs = ["use", "update", "update", "with function", "in place"];
  // In h3 1 these store a session that they had to make; see docs/BESIDE-H3.md.
  if (version === 2 || !isFirst) verbs.push("get", "seal");
  if (isLast) verbs.push("clear", "throw", "throw");
  // In several cookies of one request h3 leaves the former ones behind; see docs/BESIDE-H3.md.
  if (isLast && version === 2) verbs.push("large");
  const verb = random.of(verbs);
  return { verb, value: verb === "large" ? { large: LARGE } : update() };
}

async function apply({ verb, value }, event, h3, config, version) {
  switch (verb) {
    case "use": {
      const session = await h3.useSession(event, config);
      return { id: session.id, data: session.data };
    }
    case "get":
      return h3.getSession(event, config);
    case "update":
    case "large":
      return h3.updateSession(event, config, value);
    case "with function":
      return h3.updateSession(event, config, (old) => ({ ...value, count: (old.count ?? 0) + 1 }));
    case "in place": {
      const session = await h3.useSession(event, config);
      session.data.list = [...(session.data.list ?? []), 1].slice(-3);
      await session.update();
      return { id: session.id, data: session.data };
    }
    case "seal": {
      const token = await h3.sealSession(event, config);
      return h3.unsealSession(event, config, token);
    }
    case "clear":
      await h3.clearSession(event, config);
      return { id: "", data: {} };
    case "throw":
      throw failing(version, 418);
  }
}

/** A seal of few iterations, whose tokens end as those of the default do. */
function sealOf({ maxAge, idleTimeout }) {
  const derivation = { saltBits: 256, iterations: 2, minPasswordlength: 32 };
  return {
    encryption: { ...derivation, algorithm: "aes-256-cbc" },
    integrity: { ...derivation, algorithm: "sha256" },
    ttl: (maxAge ?? idleTimeout ?? 0) * SECOND,
    timestampSkewSec: 60,
    localtimeOffsetMsec: 0,
  };
}

/** What of a session both sides must say: ids by when they were first seen. */
class Seen {
  ids = new Map();
  of(session) {
    const { id, createdAt, data, lastSeenAt } = session;
    if (!this.ids.has(id)) this.ids.set(id, this.ids.size);
    return { id: this.ids.get(id), isThere: Boolean(id), createdAt, lastSeenAt, data: JSON.parse(JSON.stringify(data)) };
  }
}

/** Without Max-Age, which this browser counts from when it last sent the cookie. */
const byExpires = (setCookie) => setCookie.replace(/; Max-Age=[1-9]\d*/i, "");

/** Set-Cookie values as far as docs/BESIDE-H3.md has no difference for them. */
function normal(setCookies, version) {
  const each = setCookies.map((setCookie) => {
    const [pair, ...attributes] = setCookie.split("; ");
    const isGone = pair.endsWith("=");
    // Here Max-Age stands beside Expires, and a deletion has both.
    const kept = attributes.filter((text) => !/^max-age=/i.test(text) && !(isGone && /^expires=/i.test(text)));
    // In h3 1 a deletion has no end at all; that it is one is its empty value.
    return [pair.split("=", 1)[0], isGone ? "" : version === 1 || "set", ...kept.sort()].join("; ");
  });
  return each.sort();
}

for (const [stream, application] of applications.entries()) {
  const { version, name, h3 } = application;
  // One of each kind runs in full, and the others, of which only the server differs, in part.
  const count = name.includes("node:http") ? SEQUENCES / 10 : SEQUENCES;
  test(`${count} random sequences in ${name} show no difference that is not named`, async () => {
    const app = await application.start();
    try {
      const random = new Random(stream + 31);
      let kept = 0;
      for (let i = 0; i < count; i++) {
        const limit = random.of(version === 2 ? sliding : limits);
        const config = { password: "correct horse battery staple, and more of it", ...limit };
        const cookie = random.of(cookies);
        if (cookie) config.cookie = cookie;
        if (random.once(4)) config.name = "app";
        // The default takes h3 2 most of a second for each sequence.
        if (version === 2 && !random.once(20)) config.seal = sealOf(limit);
        kept += await sequence(random, app, { version, h3, config });
      }
      assert.ok(kept > count * 2, `a session was there only ${kept} times`);
    } finally {
      app.stop();
    }
  });
}

async function sequence(random, app, { version, h3, config }) {
  const sides = [h3, h3s].map((functions) => ({
    functions, browser: new Browser(), seen: new Seen(), token: undefined,
  }));
  const log = [JSON.stringify(config)];
  let kept = 0;
  for (let step = 0; step < STEPS; step++) {
    const wait = random.of(WAITS);
    // Where a session ends just now, h3 rounds the other way; see docs/BESIDE-H3.md.
    clock.forward(wait + 5 * SECOND);
    // A header whose session has ended is another difference.
    const byHeader = wait < HOUR && sides.every(({ token }) => token) && random.once(2);
    const hasSession = byHeader || (await sides[0].browser.cookie()) !== undefined;
    const operations = [];
    for (let left = 1 + random.below(4); left > 0; left--) {
      const wasCleared = operations.some(({ verb }) => verb === "clear");
      const next = operation(random, {
        isFirst: operations.length === 0, isLast: left === 1, version, wasCleared,
      });
      if (next) operations.push(next);
    }
    log.push(`${wait / SECOND} s, ${byHeader ? "by header " : ""}${operations.map(({ verb }) => verb)}`);
    const answers = [];
    for (const side of sides) {
      const headers = byHeader ? { [`x-${config.name ?? "h3"}-session`]: side.token } : {};
      let results = [];
      const answer = await side.browser.visit(async (cookie) => {
        if (cookie) headers.cookie = cookie;
        const answered = await app.visit(headers, async (event) => {
          results = [];
          for (const each of operations) {
            const session = await apply(each, event, side.functions, config, version);
            results.push(side.seen.of(session));
          }
          const isFresh = operations.at(-1).verb === "seal" && clock.now() - results.at(-1).createdAt < 6 * DAY;
          return { token: isFresh ? await side.functions.sealSession(event, config) : undefined };
        });
        return { ...answered, setCookies: answered.setCookies.map(byExpires) };
      });
      side.token = answer.json?.token;
      // To delete one, h3 1 sets it to nothing, and it stays.
      const pairs = ((await side.browser.cookie()) ?? "").split("; ").filter((pair) => pair && !pair.endsWith("="));
      const names = pairs.map((pair) => pair.split("=", 1)[0]).sort();
      answers.push({ status: answer.status, results, setCookies: normal(answer.setCookies, version), names });
    }
    const [theirs, ours] = answers;
    assert.deepEqual(ours, theirs, `after ${log.join("\n")}`);
    if (hasSession && theirs.results.length > 0) kept++;
  }
  return kept;
}
