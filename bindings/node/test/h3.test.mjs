// `h3s/h3` on events that are made here. In the real h3: tests/interop/dropin.test.mjs.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";

import {
  clearSession,
  getSession,
  revokeSession,
  rotateSession,
  sealSession,
  unsealSession,
  updateSession,
  useSession,
} from "../lib/h3.js";
import { Sessions } from "../lib/index.js";

const password = "correct horse battery staple, and more of it";
const folder = mkdtempSync(join(tmpdir(), "h3s-"));
after(() => rmSync(folder, { recursive: true }));

/** An event of h3 2. */
function event2(headers = {}) {
  const request = new Request("http://localhost/", { headers });
  return { req: request, res: { headers: new Headers(), errHeaders: new Headers() }, context: {} };
}

/** One of h3 1. */
function event1(headers = {}) {
  const set = {};
  const res = {
    getHeader: (name) => set[name],
    setHeader: (name, value) => {
      set[name] = value;
    },
  };
  return { __is_event__: true, node: { req: { headers }, res }, context: {} };
}

const setCookies = ({ res, node }) =>
  node ? (node.res.getHeader("set-cookie") ?? []) : res.headers.getSetCookie();
const cookieOf = (event) => setCookies(event).map((value) => value.split(";")[0]).join("; ");
const kinds = { "h3 2": event2, "h3 1": event1 };

/** A Cookie header with this data in its session. */
async function stored(event, config, data) {
  await updateSession(event, config, data);
  return cookieOf(event);
}

for (const [name, eventWith] of Object.entries(kinds)) {
  describe(name, () => {
    test("however many sessions were opened since, one can still be written", async () => {
      let ids = 0;
      const config = { password, maxAge: 3600, generateId: () => `id${++ids}` };
      const cookie = await stored(eventWith(), config, { n: 1 });
      const push = async () => {
        for (let i = 0; i < 600; i++) await getSession(eventWith(), { password, name: "other" });
      };
      const acts = {
        "one that was found": async (event) => {
          const session = await useSession(event, config);
          await push();
          await session.update({ m: 2 });
          return session;
        },
        "one that was made": async (event) => {
          const session = await useSession(event, config);
          await push();
          await session.update({ n: 1, m: 2 });
          return session;
        },
        "one that was rotated": async (event) => {
          await rotateSession(event, config);
          await push();
          return (await useSession(event, config)).update({ m: 2 });
        },
        "one that was begun after another": async (event) => {
          const session = await useSession(event, config);
          await session.clear();
          await session.update({ n: 1 });
          await push();
          return session.update({ m: 2 });
        },
        "one that had ended": async (event) => {
          const session = await useSession(event, config);
          await session.clear();
          await push();
          return session.update({ n: 1, m: 2 });
        },
      };
      for (const [what, act] of Object.entries(acts)) {
        const event = eventWith(what === "one that was made" ? {} : { cookie });
        const { id, data } = await act(event);
        assert.deepEqual({ ...data }, { n: 1, m: 2 }, what);
        assert.equal(setCookies(event).length, 1, what);
        const left = await getSession(eventWith({ cookie: cookieOf(event) }), config);
        assert.deepEqual([left.id, { ...left.data }], [id, { n: 1, m: 2 }], what);
        const context = event.context.sessions.h3;
        assert.equal(left.createdAt, context.createdAt, what);
        const token = await sealSession(event, config);
        await push();
        assert.equal((await unsealSession(event, config, await sealSession(event, config))).id, id);
        assert.equal((await unsealSession(event, config, token)).id, id);
      }
    });

    test("the JSON file that all languages share, by its path, its URL or a Sessions", async () => {
      const path = join(folder, `${name}.json`);
      writeFileSync(path, JSON.stringify({ password, name: "shared" }));
      const sessions = await Sessions.fromFile(path);
      const cookie = await stored(eventWith(), path, { n: 1 });
      assert.match(cookie, /^shared=h3s1/);
      for (const config of [path, pathToFileURL(path), sessions]) {
        const { data } = await getSession(eventWith({ cookie }), config);
        assert.deepEqual({ ...data }, { n: 1 });
        const event = eventWith({ cookie });
        await clearSession(event, config);
        assert.match(setCookies(event)[0], /^shared=;.*Max-Age=0/);
      }
      await assert.rejects(useSession(eventWith(), join(folder, "missing.json")), { code: "ENOENT" });
    });

    test("options count as they are at each request, and what is wrong is wrong each time", async () => {
      const config = { password, maxAge: 60 };
      const maxAgeOf = async () => {
        const event = eventWith();
        await useSession(event, config);
        return / Max-Age=(\d+)/.exec(setCookies(event)[0])[1];
      };
      assert.equal(await maxAgeOf(), "60");
      config.maxAge = 120;
      assert.equal(await maxAgeOf(), "120");
      config.maxAge = -1;
      for (let i = 0; i < 2; i++)
        await assert.rejects(maxAgeOf(), { code: "ERR_H3S_CONFIG", key: "maxAge" });
      for (const none of [undefined, null, {}])
        await assert.rejects(useSession(eventWith(), none), { code: "ERR_H3S_CONFIG" });
    });

    test("a logout is final for whoever has a copy, and is undone where nobody could be told", async () => {
      const revocation = { file: join(folder, `${name}.revoked`), subject: "/user" };
      const config = { password, maxAge: 3600, revocation };
      const first = await stored(eventWith(), config, { user: "zoe" });
      const second = await stored(eventWith(), config, { user: "zoe" });
      const userOf = async (cookie) => (await getSession(eventWith({ cookie }), config)).data.user;
      const event = eventWith({ cookie: first });
      await (await useSession(event, config)).revoke();
      assert.match(setCookies(event)[0], /Max-Age=0/);
      assert.deepEqual([await userOf(first), await userOf(second)], [undefined, "zoe"]);
      await revokeSession(eventWith({ cookie: second }), config, { everywhere: true });
      assert.equal(await userOf(second), undefined);

      const former = await stored(eventWith(), config, { user: "max" });
      await rotateSession(eventWith({ cookie: former }), config);
      assert.equal(await userOf(former), undefined, "the former id is over");

      const gone = { ...config, revocation: { file: join(folder, "gone", "file") } };
      const failing = eventWith({ cookie: first });
      await assert.rejects(revokeSession(failing, gone), { code: "ERR_H3S_STORE", statusCode: 503 });
      assert.equal(cookieOf(failing), "");
    });

    test("forged tokens of a peer beyond its limit are answered with 429", async () => {
      const config = { password, seal: "h3-2", peer: ({ address }) => address };
      const token = await sealSession(eventWith(), config);
      // With another salt, from which a key would have to be derived.
      const forged = (i) => token.split("*").with(6, `${i}`.padStart(64, "0")).join("*");
      const visit = (i, address) => {
        const event = Object.assign(eventWith({ cookie: `h3=${forged(i)}` }), { address });
        return getSession(event, config).then(
          () => 200,
          ({ statusCode }) => statusCode,
        );
      };
      const statuses = [];
      for (let i = 0; i < 200 && statuses.at(-1) !== 429; i++) statuses.push(await visit(i, "192.0.2.1"));
      assert.equal(statuses.at(-1), 429);
      assert.equal(await visit(500, "192.0.2.2"), 200);
    });

    test("equal options are one Sessions, which takes no second derivation", async () => {
      const config = () => ({ password: `${password} ${name}`, seal: "h3-2" });
      await getSession(eventWith(), config());
      const event = eventWith();
      let isOpen = false;
      getSession(event, config()).then(() => (isOpen = true));
      // Nothing was waited for.
      assert.equal(Object.keys(event.context.sessions).length, 1);
      await null;
      await null;
      assert.equal(isOpen, true);
    });
  });
}

test("what h3 1 opens of a WebSocket can be read, and not written", async () => {
  const config = { password, maxAge: 3600 };
  const cookie = await stored(event1(), config, { user: 1 });
  const peers = [
    { context: {}, request: new Request("http://localhost/", { headers: { cookie } }) },
    { context: {}, headers: new Headers({ cookie }) },
  ];
  for (const peer of peers) {
    const session = await useSession(peer, config);
    assert.deepEqual({ ...session.data }, { user: 1 });
    assert.equal((await unsealSession(peer, config, await sealSession(peer, config))).id, session.id);
    await assert.rejects(session.update({ user: 2 }), /can only be read/);
    await assert.rejects(session.clear(), /can only be read/);
    await assert.rejects(updateSession(peer, config, {}), /can only be read/);
  }
  const idle = { ...config, seal: "h3-1", idleTimeout: 60 };
  const sessions = await Sessions.create(idle);
  const made = sessions.open({ now: Date.now() - 45_000 });
  const due = { context: {}, headers: new Headers({ cookie: made.setCookies()[0].split(";")[0] }) };
  assert.equal((await useSession(due, idle)).id, made.id, "it would slide, and has no response");
  const stranger = { context: {}, headers: new Headers() };
  await assert.rejects(useSession(stranger, config), /open it in a handler/);
});

test("a bare { req } of h3 2 has a session, and no response to set cookies in", async () => {
  const config = { password, maxAge: 3600 };
  const cookie = await stored(event2(), config, { n: 1 });
  const bare = { req: new Request("http://localhost/", { headers: { cookie } }) };
  const session = await useSession(bare, config);
  await session.update({ m: 2 });
  assert.deepEqual({ ...session.data }, { n: 1, m: 2 });
  const { data } = await unsealSession(bare, config, await sealSession(bare, config));
  assert.deepEqual({ ...data }, { n: 1, m: 2 });
});

test("sessions of several names in one event are apart", async () => {
  const event = event2();
  await updateSession(event, { password, name: "a" }, { n: 1 });
  await updateSession(event, { password, name: "b" }, { n: 2 });
  await clearSession(event, { password, name: "a" });
  assert.deepEqual(Object.keys(event.context.sessions), ["b"]);
  assert.deepEqual(setCookies(event).map((value) => value.split("=")[0]).sort(), ["a", "b"]);
});

test("after clear there is nothing to rotate, and the cookie is still deleted", async () => {
  for (const eventWith of Object.values(kinds)) {
    const config = { password, maxAge: 3600 };
    const event = eventWith({ cookie: await stored(eventWith(), config, { n: 1 }) });
    await clearSession(event, config);
    await assert.rejects(rotateSession(event, config), { code: "ERR_H3S_STATE" });
    assert.match(setCookies(event)[0], /^h3=;.*Max-Age=0/);
    const session = await getSession(event, config);
    assert.deepEqual([session.id, { ...session.data }], ["", {}]);
  }
});

test("a cold token is opened once, by however many ask", async () => {
  const config = { password, seal: "h3-2", maxAge: 3600 };
  const other = await Sessions.create(config);
  const made = other.open({});
  made.set("n", 1);
  const [cookie] = await made.setCookies();
  const event = event2({ cookie: cookie.split(";")[0] });
  const all = await Promise.all([1, 2, 3].map(() => getSession(event, config)));
  assert.ok(all.every((session) => session === all[0] && session.data.n === 1));
});

test("what is asked for at once is done in its order, each on what came of the one before", async (t) => {
  for (const eventWith of Object.values(kinds)) {
    const ends = [];
    const store = {
      attach: (revocations) => ({
        publish: () => new Promise((resolve) => ends.push(resolve)),
        poll: () => revocations.heard(),
      }),
    };
    const sessions = await Sessions.create(
      { password, maxAge: 3600, revocation: {} },
      { revocationStore: store },
    );
    t.after(() => sessions.close());
    const cookie = await stored(eventWith(), sessions, { n: 1 });

    const event = eventWith({ cookie });
    const rotated = rotateSession(event, sessions);
    const tooLarge = updateSession(event, sessions, { big: "x".repeat(20_000) });
    const written = updateSession(event, sessions, ({ n }) => ({ m: n + 1 }));
    ends.pop()();
    await assert.rejects(tooLarge, { code: "ERR_H3S_TOO_LARGE" });
    await Promise.all([rotated, written]);
    const kept = await getSession(eventWith({ cookie: cookieOf(event) }), sessions);
    assert.deepEqual({ ...kept.data }, { n: 1, m: 2 });

    const next = eventWith({ cookie: await stored(eventWith(), sessions, { n: 1 }) });
    const again = rotateSession(next, sessions);
    const before = updateSession(next, sessions, { m: 3 });
    const cleared = clearSession(next, sessions);
    const begun = updateSession(next, sessions, { k: 4 });
    ends.pop()();
    await Promise.all([again, before, cleared, begun]);
    const after = await getSession(eventWith({ cookie: cookieOf(next) }), sessions);
    assert.deepEqual({ ...after.data }, { k: 4 });
    assert.notEqual(after.id, kept.id);
  }
});

test("another cookie whose name ends as the session's does not stand for it", async () => {
  const config = { password, maxAge: 3600 };
  for (const eventWith of Object.values(kinds)) {
    for (const [cookie, count] of [
      ["myh3=1", 0],
      ["a=1; myh3=1", 0],
      ["a=h3=1", 0],
      ["h3=1", 1],
      ["a=1; h3=1", 1],
      ["h3=1; myh3=1", 1],
    ]) {
      const event = eventWith({ cookie, "sec-fetch-site": "cross-site" });
      await useSession(event, config);
      const { length } = setCookies(event);
      const alone = eventWith({ cookie });
      await useSession(alone, config);
      // From another site the browser holds the session's own cookie back.
      if (count === 0) assert.deepEqual([length, setCookies(alone).length], [0, 1], cookie);
      else assert.equal(length, setCookies(alone).length, cookie);
    }
  }
});

test("options that are in use stay, however many others there were", async () => {
  const config = { password, name: "used" };
  await getSession(event2(), config);
  const isAtOnce = async (given) => {
    let isOpen = false;
    const opening = getSession(event2(), given).then(() => (isOpen = true));
    await null;
    await null;
    const atOnce = isOpen;
    await opening;
    return atOnce;
  };
  for (let i = 0; i < 250; i++) {
    await getSession(event2(), { password, name: `other${i}` });
    assert.equal(await isAtOnce(config), true, `${i}`);
  }
  assert.equal(await isAtOnce({ password, name: "other249" }), true);
  assert.equal(await isAtOnce({ password, name: "other1" }), false, "not all are kept");
});
