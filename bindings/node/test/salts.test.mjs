import assert from "node:assert/strict";
import { test } from "node:test";

import { Sessions } from "../lib/index.js";

const DAY = 24 * 60 * 60 * 1000;
const NOW = 1_800_000_000_000;
const options = { password: "correct horse battery staple, and more of it", seal: "h3-2" };

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
    for (const now of [begin + 1, begin + DAY / 2, begin + DAY - 61_000]) {
      assert.deepEqual(await written(sessions, now), { salt, isPooled: false });
    }
    // Its keys may be anew here, and are anew there.
    assert.deepEqual(await written(sessions, begin + DAY - 1000), { salt, isPooled: true });
    const next = await written(sessions, begin + DAY);
    assert.equal(next.isPooled, true);
    assert.notEqual(next.salt, salt);
    ({ salt } = next);
  }
});

test("many first seals at once all go to the thread pool, and what follows to none", async () => {
  const sessions = await Sessions.create(options);
  const first = await Promise.all(Array.from({ length: 8 }, (_, i) => written(sessions, NOW + i)));
  assert.ok(first.every(({ isPooled }) => isPooled));
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

test("what is only read is sealed as it came, in the pool until its own keys are there", async () => {
  const idle = { ...options, idleTimeout: 1000 };
  // Both open both: sessions go back and forth between them.
  const both = { ...idle, seal: { format: "h3-1", accept: ["h3-1", "h3-2"] } };
  for (const [here, there] of [
    [idle, { ...idle, seal: "h3-1" }],
    [both, idle],
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
    assert.equal(first.isPooled, true);
    const own = await written(sessions, NOW + 800_000);
    assert.equal(own.isPooled, true);
    assert.notEqual(own.salt, first.salt);
    assert.equal((await written(sessions, NOW + 801_000)).isPooled, false);
    const again = await read(first.cookie, NOW + 1_400_000);
    assert.deepEqual([again.isPooled, again.salt], [false, first.salt]);
  }
});
