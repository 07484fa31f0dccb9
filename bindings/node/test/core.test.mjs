// The session itself: what it holds, how it is written, and what goes wrong.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FileStore, H3sError, Session, Sessions, backend, isCrossSite, version } from "h3s";

import { REPLACE, USE, native } from "../lib/native.js";
import { PASSWORD, cookieOf, fails } from "./support.mjs";

const sessions = new Sessions({ password: PASSWORD });

/** A session with this data, as the next request brings it. */
function next(data, of = sessions) {
  const session = of.open({});
  session.replace(data);
  return of.open({ cookie: cookieOf(session.setCookies()) });
}

test("a session counts visits from one request to the next", () => {
  let cookie;
  for (let visit = 1; visit <= 3; visit++) {
    const session = sessions.open({ cookie });
    assert.equal(session.isNew, visit === 1);
    assert.equal(session.source, visit === 1 ? "none" : "cookie");
    session.set("visits", (session.data.visits ?? 0) + 1);
    assert.equal(session.data.visits, visit);
    cookie = cookieOf(session.setCookies());
    session.free();
  }
});

test("use sets a cookie at once, get when something is written", () => {
  assert.equal(sessions.open({}).setCookies().length, 1);
  const session = sessions.open({}, "get");
  assert.equal(session.isDirty, false);
  assert.deepEqual(session.setCookies(), []);
  session.ensure();
  assert.equal(session.isDirty, true);
  assert.equal(session.setCookies().length, 1);
  assert.equal(session.isDirty, false);
  assert.equal(session.setCookies().length, 1, "the same cookies come again");
});

test("update merges as Object.assign and JSON.stringify do", () => {
  const session = next({ a: 1, b: { c: 2 }, gone: 1, alsoGone: 1, last: 1 });
  const { data } = session;
  session.update({
    a: { toJSON: () => "made" },
    b: [new Date(0), undefined, () => 1],
    gone: undefined,
    alsoGone: { toJSON: () => undefined },
    never: Symbol("x"),
    nan: NaN,
  });
  const expected = { a: "made", b: ["1970-01-01T00:00:00.000Z", null, null], last: 1, nan: null };
  assert.deepEqual(session.data, expected);
  assert.equal(session.data, data, "the same object goes on");
  assert.deepEqual(JSON.parse(session.json), expected);
  assert.deepEqual(Object.keys(JSON.parse(session.json)), ["a", "b", "last", "nan"]);
});

test("update takes a function of the data", () => {
  const session = next({ n: 1 });
  session.update((old) => ({ n: old.n + 1 }));
  assert.equal(session.data.n, 2);
  session.update(() => undefined);
  assert.equal(session.json, '{"n":2}');
  assert.equal(session.setCookies().length, 1, "and seals again all the same");
});

test("what nobody writes stays as it came, byte for byte", () => {
  // As another language has written it: JavaScript would round it.
  const config = native.config(JSON.stringify({ password: PASSWORD }));
  const handle = native.session();
  native.open(handle, config, USE, 0);
  native.write(handle, REPLACE, '{"id":12345678901234567890,"n":1.0,"a":1}');
  const session = sessions.open({ cookie: cookieOf(native.cookies(handle)) });
  session.set("a", 2);
  session.delete("b");
  assert.equal(session.json, '{"id":12345678901234567890,"n":1.0,"a":2}');
});

test("set and delete change one key", () => {
  const session = next({ a: 1, b: 2 });
  session.set("a", null);
  session.delete("b");
  session.set("c", undefined);
  session.delete("not there");
  assert.equal(session.json, '{"a":null}');
  assert.deepEqual(session.data, { a: null });
});

test("__proto__ is a key as any other", () => {
  const session = next({});
  assert.equal(session.data.x, undefined);
  session.set("__proto__", { x: 1 });
  session.update(JSON.parse('{"__proto__": {"y": 2}, "constructor": 3}'));
  assert.equal(session.data.x, undefined);
  assert.equal(session.data.y, undefined);
  assert.equal(Object.getPrototypeOf(session.data), Object.prototype);
  assert.equal(session.json, '{"__proto__":{"y":2},"constructor":3}');
  assert.deepEqual(Object.keys(session.data), ["__proto__", "constructor"]);
  const again = sessions.open({ cookie: cookieOf(session.setCookies()) });
  assert.equal(again.data.y, undefined);
  assert.deepEqual(Object.keys(again.data), ["__proto__", "constructor"]);
  again.delete("__proto__");
  assert.equal(again.json, '{"constructor":3}');
  assert.equal({}.y, undefined);
});

test("names and values may be any text", () => {
  const names = ["", "ä", "\u{1F600}", "\0", '"', "\\", "\ud800", "a/b", "a~b", "toString"];
  const session = next({});
  for (const name of names) session.set(name, name);
  const again = sessions.open({ cookie: cookieOf(session.setCookies()) });
  for (const name of names) assert.equal(again.data[name], name);
  for (const name of names) {
    again.delete(name);
    assert.equal(Object.hasOwn(again.data, name), false);
    assert.equal(Object.hasOwn(JSON.parse(again.json), name), false);
  }
  assert.equal(again.json, "{}");
});

test("data that says itself what it is in JSON is still data", () => {
  for (const given of ["secret", null, undefined, 5, [1], { b: 2 }]) {
    const session = next({ a: 1, toJSON: 2 });
    const toJSON = () => given;
    session.update({ toJSON, c: 3 });
    assert.equal(session.json, '{"a":1,"c":3}');
    assert.deepEqual(session.data, { a: 1, c: 3 });
    session.set("toJSON", toJSON);
    assert.equal(session.json, '{"a":1,"c":3}');
    session.replace({ toJSON, d: 4 });
    assert.equal(session.json, '{"d":4}');
    session.update({ toJSON: "text" });
    assert.equal(session.data.toJSON, "text");
    // A member's is asked, as everywhere.
    session.update({ member: { toJSON } });
    assert.deepEqual(session.data.member, given);
  }
});

test("what is no session data is an error, and the session is as it was", async () => {
  const session = next({ a: 1 });
  const circle = {};
  circle.self = circle;
  for (const wrong of [{ n: 1n }, circle, { x: { toJSON() { throw new Error("no"); } } }])
    fails(() => session.update(wrong), "ERR_H3S_DATA");
  fails(() => session.update(async () => ({ b: 2 })), "ERR_H3S_DATA");
  for (const wrong of ["text", 1, [], true, Promise.resolve({ b: 2 })]) {
    fails(() => session.update(wrong), "ERR_H3S_DATA");
    fails(() => session.replace(wrong), "ERR_H3S_DATA");
  }
  fails(() => session.replace(undefined), "ERR_H3S_DATA");
  await assert.rejects(sessions.ironSeal(circle), { code: "ERR_H3S_DATA" });
  let deep = {};
  for (let i = 0; i < 130; i++) deep = { deep };
  fails(() => session.set("deep", deep), "ERR_H3S_DATA");
  const error = fails(() => session.set("big", "x".repeat(20_000)), "ERR_H3S_TOO_LARGE");
  assert.equal(error.statusCode, 413);
  assert.equal(session.json, '{"a":1}');
  assert.deepEqual(session.data, { a: 1 });
});

test("what is deleted makes room for what is written with it", () => {
  const session = next({ a: "x".repeat(5_000) });
  fails(() => session.update({ b: "y".repeat(5_000) }), "ERR_H3S_TOO_LARGE");
  session.update({ a: undefined, b: "y".repeat(5_000) });
  assert.deepEqual(Object.keys(session.data), ["b"]);
  assert.deepEqual(Object.keys(JSON.parse(session.json)), ["b"]);
});

test("rotate gives a new id and keeps the data", () => {
  const session = next({ a: 1 });
  const { id, createdAt } = session;
  session.rotate();
  assert.notEqual(session.id, id);
  assert.ok(session.createdAt >= createdAt);
  session.setId("one-of-mine");
  assert.equal(session.id, "one-of-mine");
  assert.deepEqual(session.data, { a: 1 });
});

test("clear ends a session, and what is written after it begins another", async () => {
  const session = next({ a: 1 });
  const { id } = session;
  session.clear();
  assert.equal(session.isCleared, true);
  assert.equal(session.id, undefined);
  assert.equal(session.logId, undefined);
  assert.equal(session.createdAt, 0);
  assert.deepEqual(session.data, {});
  fails(() => session.rotate(), "ERR_H3S_STATE");
  assert.match((await session.setCookies())[0], /^h3=; .*Max-Age=0/);
  session.set("b", 2);
  assert.notEqual(session.id, id);
  assert.deepEqual(session.data, { b: 2 });
});

test("generateId names new sessions, and no others", () => {
  let count = 0;
  const own = new Sessions({ password: PASSWORD, generateId: () => `id-${++count}` });
  const session = own.open({});
  assert.equal(session.id, "id-1");
  const again = own.open({ cookie: cookieOf(session.setCookies()) });
  assert.equal(again.id, "id-1");
  assert.equal(count, 1);
  again.clear();
  again.set("a", 1);
  assert.equal(again.id, "id-2");
  fails(() => new Sessions({ password: PASSWORD, generateId: "x" }), "ERR_H3S_CONFIG");
  const wrong = new Sessions({ password: PASSWORD, generateId: () => 5 });
  fails(() => wrong.open({}), "ERR_H3S_ARGUMENT");
  const none = new Sessions({ password: PASSWORD, generateId: () => "a b" });
  fails(() => none.open({}), "ERR_H3S_DATA");
});

test("a token goes by the header, and opens by itself", async () => {
  const session = next({ a: 1 });
  const token = await session.seal();
  const byHeader = sessions.open({ header: `Bearer ${token}` });
  assert.equal(byHeader.source, "header");
  assert.equal(byHeader.id, session.id);
  const bare = await sessions.unseal(token);
  assert.equal(bare.source, "token");
  assert.deepEqual(bare.data, { a: 1 });
  await assert.rejects(sessions.unseal(`${token}x`), { code: "ERR_H3S_REJECTED", statusCode: 401 });
  await assert.rejects(sessions.unseal(""), { rejection: "malformed" });
  await assert.rejects(sessions.unseal(undefined), { code: "ERR_H3S_ARGUMENT" });
});

test("a token in wide characters is not the token", async () => {
  const token = await next({}).seal();
  // The same last byte in each place.
  const wide = [...token].map((of) => String.fromCharCode(of.charCodeAt(0) + 0x100)).join("");
  await assert.rejects(sessions.unseal(wide), { rejection: "malformed" });
  assert.equal(sessions.open({ cookie: `h3=${wide}` }).source, "none");
});

test("a refused token is no error, and says why", () => {
  const cookie = cookieOf(next({}).setCookies()) ?? cookieOf(sessions.open({}).setCookies());
  const last = cookie.at(-5) === "A" ? "B" : "A";
  const forged = cookie.slice(0, -5) + last + cookie.slice(-4);
  assert.equal(sessions.open({ cookie: forged }).rejection, "bad_seal");
  assert.equal(sessions.open({ cookie: "h3=nonsense" }).rejection, "malformed");
  assert.equal(sessions.open({ cookie }).rejection, "none");
  const strict = new Sessions({ password: PASSWORD, maxAge: 10 });
  const old = cookieOf(strict.open({ now: 1_700_000_000_000 }).setCookies());
  assert.equal(strict.open({ cookie: old, now: 1_700_000_010_000 }).rejection, "none");
  assert.equal(strict.open({ cookie: old, now: 1_700_000_010_001 }).rejection, "expired");
});

test("times are milliseconds since 1970", () => {
  const timed = new Sessions({ password: PASSWORD, maxAge: 100, idleTimeout: 10 });
  const session = timed.open({ now: 1_700_000_000_000 });
  assert.equal(session.createdAt, 1_700_000_000_000);
  assert.equal(session.expiresAt, 1_700_000_010_000);
  session.setLifetime(5);
  assert.equal(session.lifetime, 5);
  assert.equal(session.endsWithBrowser, false);
  assert.equal(session.expiresAt, 1_700_000_005_000);
  session.setLifetime(undefined, { endsWithBrowser: true });
  assert.equal(session.lifetime, undefined);
  assert.equal(session.endsWithBrowser, true);
  for (const wrong of [0, -1, 1.5, NaN, "5"])
    fails(() => session.setLifetime(wrong), "ERR_H3S_ARGUMENT");
  session.setNow(1_700_000_001_000);
  fails(() => session.setNow(1_800_000_000_000), "ERR_H3S_REJECTED");
  assert.equal(sessions.open({}).expiresAt, undefined);
  for (const wrong of [NaN, -1, 1.5, Infinity, "now"])
    fails(() => sessions.open({ now: wrong }), "ERR_H3S_ARGUMENT");
});

test("under idleTimeout a read slides beside the session, without data", () => {
  const idle = new Sessions({ password: PASSWORD, idleTimeout: 100 });
  const start = 1_700_000_000_000;
  const made = idle.open({ now: start });
  made.set("secret", 1);
  const cookie = cookieOf(made.setCookies());
  assert.deepEqual(idle.open({ cookie, now: start + 40_000 }).setCookies(), []);
  const read = idle.open({ cookie, now: start + 60_000 });
  assert.equal(read.onlySlides, true);
  const [seen] = read.setCookies();
  assert.match(seen, /^h3\.seen=/);
  const both = `${cookie}; ${cookieOf([seen])}`;
  assert.equal(idle.open({ cookie, now: start + 120_000 }).rejection, "idle");
  const later = idle.open({ cookie: both, now: start + 120_000 });
  assert.equal(later.data.secret, 1);
  assert.equal(later.lastSeenAt, start + 60_000);
});

test("a cross-site request without the cookie cannot replace it", () => {
  assert.deepEqual(sessions.open({ crossSite: true }).setCookies(), []);
  const session = sessions.open({ crossSite: true });
  session.clear();
  assert.deepEqual(session.setCookies(), []);
  assert.equal(isCrossSite({ "sec-fetch-site": "cross-site" }), true);
  assert.equal(isCrossSite({ "sec-fetch-site": "same-origin" }), false);
  assert.equal(isCrossSite({ origin: "https://b.example", host: "a.example" }), true);
  assert.equal(isCrossSite(new Headers({ origin: "https://a.example", host: "a.example" })), false);
});

test("the session's cookies can be stripped from what goes upstream", () => {
  const session = next({});
  session.set("a", 1);
  const cookie = `a=1; ${cookieOf(session.setCookies())}; b=2`;
  assert.equal(sessions.cookieStrip(cookie), "a=1; b=2");
  assert.equal(sessions.open({ cookie }).cookieStrip(cookie), cookie);
  assert.equal(sessions.open({}).cookieStrip(cookie), "a=1; b=2");
});

test("Vary and Cache-Control are as the library has them", () => {
  assert.equal(sessions.vary, "Cookie, x-h3-session");
  assert.equal(sessions.headerVary(""), "Cookie, x-h3-session");
  assert.equal(sessions.headerVary("Accept, cookie"), "Accept, cookie, x-h3-session");
  assert.equal(sessions.headerCacheControl(""), "private");
  assert.equal(sessions.headerCacheControl("public, max-age=5"), "private, max-age=5");
  assert.equal(sessions.isTargetedHeader("CDN-Cache-Control"), true);
  assert.equal(sessions.isTargetedHeader("Cache-Control"), false);
});

test("a session that was freed says so", () => {
  const session = next({ a: 1 });
  session.free();
  session.free();
  for (const use of [
    () => session.id,
    () => session.data,
    () => session.isNew,
    () => session.json,
    () => session.lifetime,
    () => session.set("a", 1),
    () => session.clear(),
    () => session.setCookies(),
    () => session.seal(),
    () => session.cookieStrip("a=1"),
  ])
    fails(use, "ERR_H3S_STATE");
});

test("a handle that serves again holds nothing of the former session", () => {
  const first = next({ secret: 1 });
  first.free();
  const second = sessions.open({}, "get");
  assert.deepEqual(second.data, {});
  fails(() => first.data, "ERR_H3S_STATE");
});

test("sessions and errors are made by this package alone", () => {
  fails(() => new Session(), "ERR_H3S_ARGUMENT");
  class Mine extends Session {}
  fails(() => new Mine(Symbol("h3s"), {}, {}), "ERR_H3S_ARGUMENT");
  assert.throws(() => Session.prototype.update.call({}, {}), TypeError);
  assert.ok(fails(() => new Sessions({}), "ERR_H3S_CONFIG") instanceof H3sError);
});

test("arguments of the wrong type are errors, whatever they are", () => {
  const wrong = (action) => assert.ok(fails(action, "ERR_H3S_ARGUMENT") instanceof H3sError);
  for (const value of [5, {}, [], true, Symbol("x"), 1n, () => 1, new String("a"), Buffer.from("a")]) {
    for (const part of ["cookie", "header", "peer"]) wrong(() => sessions.open({ [part]: value }));
    wrong(() => sessions.cookieStrip(value));
    wrong(() => sessions.headerVary(value));
    wrong(() => sessions.headerCacheControl(value));
    wrong(() => sessions.isTargetedHeader(value));
    wrong(() => sessions.open({}).cookieStrip(value));
    wrong(() => new FileStore(value).attach({ handles() {} }));
  }
  for (const request of [undefined, null, "h3=a", 5]) wrong(() => sessions.open(request));
  assert.equal(sessions.open({ cookie: null, header: undefined, peer: null }).isNew, true);
  fails(() => sessions.open({}, "both"), "ERR_H3S_ARGUMENT");
  fails(() => sessions.open({}).setId(5), "ERR_H3S_ARGUMENT");
});

test("printing shows neither id, data nor password", async () => {
  const { inspect } = await import("node:util");
  const session = next({ secret: "value" });
  const shown = inspect({ session, sessions }, { depth: 9, showHidden: true });
  for (const secret of [session.id, "value", PASSWORD]) assert.ok(!shown.includes(secret), shown);
  assert.ok(shown.includes(session.logId));
});

test("the version is the package's", async () => {
  const { default: json } = await import("h3s/package.json", { with: { type: "json" } });
  assert.equal(version, json.version);
  assert.match(backend, /^(rustcrypto|ring)$/);
});

test("a Sessions counts what was opened, made, refused, sealed and ended", () => {
  const counted = new Sessions({ password: PASSWORD, maxAge: 60 });
  const none = counted.counts();
  assert.ok(Object.values({ ...none, ...none.refused }).every((of) => of === 0 || of === none.refused));

  const cookie = cookieOf(counted.open({}).setCookies());
  counted.open({ cookie }).rotate();
  counted.open({ cookie }).clear();
  counted.open({ cookie: "h3=h3s1..forged" }, "get");
  counted.open({ cookie, now: Date.now() + 61_000 }, "get");

  const { refused, ...counts } = counted.counts();
  const others = Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  assert.deepEqual(others, { openedCookie: 2, made: 3, sealed: 1, rotated: 1, cleared: 1 });
  const reasons = ["malformed", "unsupported_format", "unknown_key", "bad_seal", "expired", "idle", "revoked", "too_large"];
  assert.deepEqual(Object.keys(refused), reasons);
  assert.equal(refused.malformed, 1);
  assert.equal(refused.expired, 1);
  assert.equal(Object.values(refused).reduce((sum, count) => sum + count), 2);

  counted.close();
  fails(() => counted.counts(), "ERR_H3S_STATE");
});
