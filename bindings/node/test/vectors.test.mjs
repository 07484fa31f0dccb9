// The vectors of FORMAT.md, FORMATS.md and REVOCATION.md, through this package.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";

import { Sessions } from "h3s";
import { unsealSession } from "h3s/h3";

import { GET, OK, REPLACE, USE, native, rejections, viewed } from "../lib/native.js";
import { fails } from "./support.mjs";

const PASSWORD = "correct horse battery staple, and more of it";
const folder = new URL("../../../tests/vectors/", import.meta.url);

function vectors(name, least) {
  const all = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
  assert.ok(all.length >= least, `${name} has ${all.length}`);
  return all;
}

// A store that nobody hears of anything by.
const silent = { attach: () => ({ publish() {}, poll() {}, pause: 60_000 }) };

const made = new Map();
function sessionsOf(options) {
  const text = JSON.stringify(options);
  if (!made.has(text)) {
    const extra = options.revocation ? { revocationStore: silent } : {};
    made.set(text, new Sessions(text, extra));
  }
  return made.get(text);
}
after(() => {
  for (const sessions of made.values()) sessions.close();
});

test("every token of h3s1 opens", async () => {
  for (const v of vectors("h3s1-open.json", 50)) {
    const session = await sessionsOf(v.options).unseal(v.token, { now: v.now_ms });
    assert.equal(session.id, v.id, v.name);
    assert.deepEqual(session.data, JSON.parse(v.data), v.name);
    assert.equal(session.json, v.data, v.name);
    assert.equal(session.createdAt, v.created_at, v.name);
    assert.equal(session.lastSeenAt, v.last_seen_at || undefined, v.name);
    assert.equal(session.lifetime, v.lifetime ?? undefined, v.name);
    assert.equal(session.endsWithBrowser, v.ends_with_browser, v.name);
    const { source, isNew, rejection } = session;
    assert.deepEqual({ source, isNew, rejection }, { source: "token", isNew: false, rejection: "none" });
    session.free();
  }
});

test("every bad token of h3s1 is refused, with its reason", async () => {
  for (const v of vectors("h3s1-refuse.json", 90)) {
    const opening = sessionsOf(v.options).unseal(v.token, { now: v.now_ms });
    await assert.rejects(opening, { code: "ERR_H3S_REJECTED", rejection: v.rejection }, v.name);
  }
});

test("what stands beside a token slides it, or is passed over", () => {
  for (const v of vectors("h3s1-seen.json", 20)) {
    const { cookie, header } = v;
    const session = sessionsOf(v.options).open({ cookie, header, now: v.now_ms }, "get");
    assert.equal(session.lastSeenAt, v.last_seen_at || undefined, v.name);
    assert.equal(session.rejection, v.rejection ?? "none", v.name);
  }
});

test("every good text is written, and every bad one refused", () => {
  // By the function of all writes, which themselves have no bad text for it.
  const config = native.config(JSON.stringify({ password: PASSWORD }));
  for (const v of vectors("h3s1-write.json", 40)) {
    const bytes = Buffer.from(v.given, "hex");
    const given = bytes.toString("utf8");
    // A string of JavaScript has no wrong UTF-8.
    if (!Buffer.from(given).equals(bytes)) continue;
    const session = native.session();
    native.open(session, config, USE, 0);
    const status = native.write(session, REPLACE, given);
    assert.equal(status === OK, v.data !== null, v.name);
    if (v.data !== null) assert.equal(native.data(session), v.data, v.name);
  }
});

test("every session of a framework opens, from its cookies and from its token", async () => {
  for (const v of vectors("formats-open.json", 50)) {
    const sessions = sessionsOf(v.options);
    const now = v.now_ms;
    const opened = [
      await sessions.unseal(v.token, { now }),
      await sessions.open({ cookie: v.cookie, now }, "get"),
    ];
    for (const session of opened) {
      assert.deepEqual(session.data, JSON.parse(v.data), v.name);
      assert.ok(session.id && (v.id === null || v.id === session.id), v.name);
      if (v.created_at !== null) assert.equal(session.createdAt, v.created_at, v.name);
      assert.equal(session.rejection, "none", v.name);
    }
  }
});

test("what no framework would seal is refused, with its reason", async () => {
  for (const v of vectors("formats-refuse.json", 350)) {
    const opening = sessionsOf(v.options).unseal(v.token, { now: v.now_ms });
    await assert.rejects(opening, { code: "ERR_H3S_REJECTED", rejection: v.rejection }, v.name);
  }
});

test("every entry refuses its session", async () => {
  for (const v of vectors("revocation-open.json", 30)) {
    const sessions = new Sessions(v.options, { revocationStore: silent, revocationRoom: 8 });
    const session = await sessions.unseal(v.token, { now: v.now_ms });
    if (v.kind === "session") assert.equal(session.id, v.text, v.name);
    const { kind, whose, before, until } = sessions.revocations.read(v.line);
    assert.equal(kind, v.kind, v.name);
    if (v.kind === "session") assert.equal(whose, session.logId, v.name);
    else if (v.kind === "subject") assert.equal(whose, v.text, v.name);
    assert.deepEqual([before ?? 0, until], [v.before, v.until * 1000], v.name);
    assert.equal(sessions.revocations.apply([v.line], v.now_ms), 1, v.name);
    await assert.rejects(sessions.unseal(v.token, { now: v.now_ms }), { rejection: "revoked" }, v.name);
    sessions.close();
  }
});

test("every line that is no entry is passed over", () => {
  for (const v of vectors("revocation-refuse.json", 80)) {
    const sessions = new Sessions(v.options, { revocationStore: silent, revocationRoom: 8 });
    assert.equal(sessions.revocations.apply([v.line], v.now_ms), 0, v.name);
    assert.equal(sessions.revocations.entries, 0, v.name);
    sessions.close();
  }
});

test("sessions are refused by the entries that were applied, in any order", () => {
  const configs = new Map();
  const configOf = (options) => {
    const text = JSON.stringify(options);
    if (!configs.has(text)) configs.set(text, native.config(text));
    return configs.get(text);
  };
  for (const v of vectors("revocation-table.json", 30))
    for (const order of [1, -1]) {
      // One copy for several options, as no Sessions has it.
      const copy = native.revocations(64);
      for (const step of v.steps) {
        const lines = step.text.split("\n");
        if (order < 0) lines.reverse();
        assert.ok(native.apply(copy, configOf(step.options), lines.join("\n"), step.now_ms) < 0);
        if (step.heard) assert.equal(native.heard(copy, step.now_ms), OK);
      }
      for (const s of v.sessions) {
        const session = native.session();
        const given = [configOf(s.options), GET, 0, undefined, s.token, undefined, s.now_ms, copy];
        assert.equal(typeof native.open(session, ...given), "string", v.name);
        assert.equal(rejections[viewed[5]], s.rejection ?? "none", v.name);
        assert.equal((viewed[0] & 16) !== 0, s.stale, v.name);
      }
    }
});

test("authentic data that is no JSON is an error without the data", async (t) => {
  t.mock.method(Date, "now", () => 1_800_000_000_000);
  const program = `
import sys, reference
for data in sys.argv[1:]:
    record = reference.Record(b"x", 1_800_000_000_000, None, None, data.encode())
    print(reference.seal_plaintext({"password": "${PASSWORD}"}, reference.plaintext(record), bytes(24)))
`;
  const data = ['{"a":tru,"b":1}', '{"a":secret}'];
  const python = join(import.meta.dirname, "../../../target/venv/bin/python");
  const tokens = execFileSync(python, ["-c", program, ...data], { cwd: folder, encoding: "utf8" });
  const sessions = new Sessions({ password: PASSWORD });
  for (const token of tokens.trim().split("\n")) {
    const session = await sessions.unseal(token, { now: 1_800_000_000_000 });
    const error = fails(() => session.data, "ERR_H3S_DATA");
    assert.doesNotMatch(error.stack, /secret|tru,/);
    assert.equal(error.cause, undefined);
    await assert.rejects(unsealSession({}, sessions, token), (error) => {
      assert.equal(error.code, "ERR_H3S_DATA");
      assert.doesNotMatch(error.stack, /secret|tru,/);
      return true;
    });
    session.replace({ a: 1 });
    assert.deepEqual(session.data, { a: 1 });
  }
});
