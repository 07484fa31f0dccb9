// What derives keys by PBKDF2 goes to the thread pool, whatever the formats; and nothing else does.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Sessions } from "../lib/index.js";
import { cookieOf, jobsOf } from "./support.mjs";

const DAY = 24 * 60 * 60 * 1000;
const NOW = 1_800_000_000_000;
const password = "correct horse battery staple, and more of it";
const options = { password, seal: "h3-2" };

const saltOf = (setCookie) => setCookie.slice(setCookie.indexOf("Fe26.2*")).split("*")[2];

/** The salt of a session that is written at this time, and whether that went to the thread pool. */
async function written(sessions, now) {
  const session = await sessions.open({ now });
  session.set("n", 1);
  const coming = session.setCookies();
  const [cookie] = await coming;
  session.free();
  return { salt: saltOf(cookie), isPooled: coming instanceof Promise };
}

test("a seal of Fe26.2 goes to the thread pool where it derives keys, once a day", async () => {
  const sessions = await Sessions.create(options);
  let { salt } = await written(sessions, NOW);
  for (let day = 0; day < 3; day++) {
    const begin = NOW + day * DAY;
    for (const now of [begin + 1, begin + DAY / 2, begin + DAY - 1]) {
      assert.deepEqual(await written(sessions, now), { salt, isPooled: false });
    }
    const next = await written(sessions, begin + DAY);
    assert.equal(next.isPooled, true);
    assert.notEqual(next.salt, salt);
    ({ salt } = next);
  }
});

test("of many first seals at once none derives in the event loop, and what follows needs no pool", async () => {
  const sessions = await Sessions.create(options);
  const first = await Promise.all(Array.from({ length: 8 }, (_, i) => written(sessions, NOW + i)));
  assert.equal(first[0].isPooled, true);
  // Where the machine lets the pool be sooner, a later one finds the keys of an earlier one there.
  const made = first.filter(({ isPooled }) => isPooled).map(({ salt }) => salt);
  for (const { salt } of first) assert.ok(made.includes(salt));
  for (let i = 0; i < 20; i++) assert.equal((await written(sessions, NOW + 1000 + i)).isPooled, false);
});

test("a token is sealed at once where its keys are there, and cookies are deleted at once", async () => {
  const sessions = await Sessions.create(options);
  const session = await sessions.open({ now: NOW, cookie: "h3=Fe26.2*x" });
  session.clear();
  const gone = session.setCookies();
  assert.match(gone[0], /^h3=; .*Max-Age=0/);
  session.set("n", 1);
  const first = session.seal();
  assert.ok(first instanceof Promise);
  await first;
  assert.equal(typeof session.seal(), "string");
  session.free();
});

test("a logout that sets an empty session goes to the pool as a write does", async () => {
  // Where there are two cookies of the name, one of which cannot be opened.
  const token = await (await Sessions.create(options)).open({ now: NOW }).seal();
  const cookie = `h3=${token}; h3=Fe26.2*unknown`;
  const sessions = await Sessions.create(options);
  for (const jobs of [1, 0]) {
    const session = await sessions.open({ cookie, now: NOW });
    session.clear();
    let cookies;
    assert.equal(await jobsOf(async () => (cookies = await session.setCookies())), jobs);
    assert.match(cookies[0], /^h3=Fe26\.2\*/);
    session.free();
  }
});

test("a raw token makes the keys of a day for sessions, too, and they know when it ends", async () => {
  const sessions = await Sessions.create(options);
  const token = await sessions.ironSeal({ a: 1 }, { now: NOW });
  const salt = saltOf(token);
  for (const now of [NOW + DAY / 2, NOW + DAY - 1])
    assert.deepEqual(await written(sessions, now), { salt, isPooled: false });
  const next = await written(sessions, NOW + DAY);
  assert.equal(next.isPooled, true);
  assert.notEqual(next.salt, salt);
});

test("what is only read is sealed as it came, in the pool until its own keys are there", async () => {
  const idle = { ...options, idleTimeout: 1000 };
  // Both open both: sessions go back and forth between them.
  const both = { ...idle, seal: { format: "h3-1", accept: ["h3-1", "h3-2"] } };
  // Whether a seal that is written, and one that is only read, derives keys.
  for (const [here, there, isOwnSlow, isReadSlow] of [
    [idle, { ...idle, seal: "h3-1" }, true, false],
    [both, idle, false, true],
  ]) {
    const foreign = await Sessions.create(there);
    const [made] = await (await foreign.open({ now: NOW })).setCookies();
    const cookie = made.split(";", 1)[0];
    const sessions = await Sessions.create(here);
    const read = async (cookie, now) => {
      const session = await sessions.open({ cookie, now });
      assert.equal(session.isNew, false);
      assert.equal(session.isDirty, true);
      const coming = session.setCookies();
      const [next] = await coming;
      session.free();
      return { cookie: next.split(";", 1)[0], salt: saltOf(next), isPooled: coming instanceof Promise };
    };
    // Either way of sealing says nothing of the keys of the other.
    const first = await read(cookie, NOW + 800_000);
    assert.equal(first.isPooled, isReadSlow);
    const own = await written(sessions, NOW + 800_000);
    assert.equal(own.isPooled, isOwnSlow);
    assert.notEqual(own.salt, first.salt);
    assert.equal((await written(sessions, NOW + 801_000)).isPooled, false);
    const again = await read(first.cookie, NOW + 1_400_000);
    assert.deepEqual([again.isPooled, again.salt], [false, first.salt]);
  }
});

describe("of every two formats", () => {
  const FORMATS = ["h3s1", "h3-1", "h3-2", "iron-session", "authjs"];
  const READ = ["next-auth", "auth0", "better-auth"];
  const isSlow = (format) => (format === "h3-2" ? 1 : 0);
  const data = { sub: "42" };

  /** Jobs of a session with these headers that is read, and of one that is written. */
  async function visit(sessions, cookie, isWritten) {
    let session;
    const opening = await jobsOf(async () => (session = await sessions.open({ cookie }, "get")));
    if (isWritten) session.set("n", "1");
    const { isNew } = session;
    let cookies;
    const sealing = await jobsOf(async () => (cookies = await session.setCookies()));
    session.free();
    return { opening, sealing, isNew, cookies };
  }

  for (const format of FORMATS)
    for (const other of [...FORMATS, ...READ]) {
      if (other === format) continue;
      test(`${format} beside ${other} has jobs for what is slow alone`, async () => {
        const of = { password, name: "same" };
        const both = { ...of, seal: { format, accept: [format, other] } };
        const sessions = await Sessions.create(both);
        assert.equal(sessions.mayBeCold, isSlow(format) + isSlow(other) > 0);

        const first = await visit(sessions, undefined, true);
        assert.deepEqual([first.opening, first.sealing], [0, isSlow(format)]);
        const second = await visit(sessions, cookieOf(first.cookies), true);
        assert.deepEqual([second.isNew, second.opening, second.sealing], [false, 0, 0]);

        // Cold, and then warm.
        const cookie = cookieOf(second.cookies);
        const elsewhere = await Sessions.create(both);
        for (const jobs of [isSlow(format), 0]) {
          const read = await visit(elsewhere, cookie, false);
          assert.deepEqual([read.isNew, read.opening, read.sealing], [false, jobs, 0]);
        }
        if (READ.includes(other)) return;

        const theirs = await Sessions.create({ ...of, seal: other });
        const session = await theirs.open({});
        session.update(data);
        const foreign = cookieOf(await session.setCookies());
        for (const jobs of [isSlow(other), 0]) {
          const read = await visit(elsewhere, foreign, false);
          assert.deepEqual([read.isNew, read.opening, read.sealing], [false, jobs, 0]);
        }
        // What it is moved to by a write has keys of its own.
        for (const jobs of [isSlow(format), 0]) {
          const moved = await visit(elsewhere, foreign, true);
          assert.deepEqual([moved.opening, moved.sealing], [0, jobs]);
        }
      });
    }
});
