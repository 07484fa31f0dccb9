// Both directions with the real packages: what one seals, the other opens.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { npm } from "./npm.mjs";
import { Library, cookieHeader, h3Server1, h3Server2, objects } from "./peers.mjs";

const hapi = await npm("@hapi/iron");
const iron1 = await npm("iron-webcrypto-1");
const iron2 = await npm("iron-webcrypto");
const session8 = await npm("iron-session-8");
const session9 = await npm("iron-session");

const password = "correct horse battery staple, and more of it";
const side = (algorithm, iterations, saltBits = 256) => ({ algorithm, saltBits, iterations, minPasswordlength: 32 });
const once = { encryption: side("aes-256-cbc", 1), integrity: side("sha256", 1) };
const large = { text: "é🦊".repeat(2500), list: Array.from({ length: 300 }, (_, i) => i) };

const library = new Library();
const maxTokenLength = 100_000;
after(() => library.end());

// ---- Sessions, with h3 --------------------------------------------------------------------------

const write = (update) => async (event, h3, config) => {
  const session = await h3.useSession(event, config);
  await session.update(update);
  return session.id;
};
const read = async (event, h3, config) => {
  const { id, createdAt, lastSeenAt, data } = await h3.getSession(event, config);
  return { id, createdAt, lastSeenAt, data: { ...data } };
};

for (const [name, server, format] of [
  ["h3 2", h3Server2, "h3-2"],
  ["h3 1.15", h3Server1, "h3-1"],
]) {
  describe(name, () => {
    const variants = {
      "its defaults": {},
      "maxAge": { maxAge: 3600 },
      "another name": { name: "login" },
      "aes-128-ctr": { seal: { encryption: side("aes-128-ctr", 10, 128), integrity: side("sha256", 20, 512) } },
      "ttl, skew and offset": { seal: { ttl: 5000, timestampSkewSec: 10, localtimeOffsetMsec: -90000 } },
      ...(server === h3Server2 && { idleTimeout: { idleTimeout: 600, maxAge: 3600 } }),
    };
    for (const [what, options] of Object.entries(variants)) {
      test(`sessions go both ways under ${what}`, async () => {
        const visit = server({ password, ...options });
        const seal = { format, ...options.seal };
        const config = await library.config({ password, maxTokenLength, ...options, seal });
        for (const data of [{}, { a: 1, "é": ["🦊", null, 1.5] }, ...(server === h3Server2 ? [large] : [])]) {
          const theirs = await visit({}, write(data));
          const ours = await library.ask({ op: "use", config, cookie: cookieHeader(theirs.setCookies) });
          assert.deepEqual(ours.data, data);
          assert.equal(ours.id, theirs.result);
          assert.equal(ours.rejection, "none");
          assert.deepEqual(ours.setCookies, []);

          const written = await library.ask({ op: "use", config, cookie: cookieHeader(theirs.setCookies), update: { n: 1 } });
          const cookie = cookieHeader(written.setCookies);
          const back = await visit({ cookie }, read);
          assert.deepEqual(back.result, {
            id: ours.id, createdAt: ours.createdAt, data: { ...data, n: 1 },
            lastSeenAt: options.idleTimeout ? written.lastSeenAt : undefined,
          });
          assert.deepEqual(back.setCookies, []);
          const name = options.name ?? "h3";
          const header = await visit({ [`x-${name}-session`]: written.token }, read);
          assert.equal(header.result.id, ours.id);
        }
      });
    }

    test("200 random sessions go both ways", async () => {
      const visit = server({ password });
      const config = await library.config({ password, seal: format });
      for (const data of objects(200)) {
        const theirs = await visit({}, write(data));
        const ours = await library.ask({ op: "use", config, cookie: cookieHeader(theirs.setCookies) });
        assert.deepEqual(ours.data, data);
        const mine = await library.ask({ op: "use", config, update: data });
        const back = await visit({ cookie: cookieHeader(mine.setCookies) }, read);
        assert.equal(back.result.id, mine.id);
        assert.deepEqual(back.result.data, data);
      }
    });
  });
}

test("a cookie of h3 1.15 opens beside h3 2 as well, and a read leaves it as it is", async () => {
  const visit = h3Server1({ password });
  const theirs = await visit({}, write({ a: 1 }));
  const cookie = cookieHeader(theirs.setCookies);
  const config = await library.config({ password, seal: "h3-2" });
  for (const op of ["get", "use"]) {
    const ours = await library.ask({ op, config, cookie });
    assert.deepEqual([ours.data, ours.setCookies], [{ a: 1 }, []]);
  }
  const back = await visit({ cookie }, read);
  assert.equal(back.result.id, theirs.result);
});

test("a write moves a cookie of h3 1.15 to what h3 2 opens without its fallback", async () => {
  const theirs = await h3Server1({ password })({}, write({ a: 1 }));
  const config = await library.config({ password, seal: "h3-2" });
  const cookie = cookieHeader(theirs.setCookies);
  const ours = await library.ask({ op: "get", config, cookie, update: { b: 2 } });
  const strict = h3Server2({ password, legacySealFallback: false });
  const back = await strict({ cookie: cookieHeader(ours.setCookies) }, read);
  assert.deepEqual([back.result.id, back.result.data], [theirs.result, { a: 1, b: 2 }]);
});

test("migrate lets a read move a cookie of h3 1.15, too", async () => {
  const theirs = await h3Server1({ password })({}, write({ a: 1 }));
  const config = await library.config({ password, seal: { format: "h3-2", migrate: true } });
  const cookie = cookieHeader(theirs.setCookies);
  const ours = await library.ask({ op: "get", config, cookie });
  const strict = h3Server2({ password, legacySealFallback: false });
  const back = await strict({ cookie: cookieHeader(ours.setCookies) }, read);
  assert.equal(back.result.id, theirs.result);
});

test("legacySealFallback false refuses a cookie of h3 1.15", async () => {
  const theirs = await h3Server1({ password })({}, write({ a: 1 }));
  const config = await library.config({ password, legacySealFallback: false, seal: "h3-2" });
  const cookie = cookieHeader(theirs.setCookies);
  const refused = await library.ask({ op: "get", config, cookie });
  assert.equal(refused.rejection, "bad_seal");
});

test("fe26.2 is another name of h3-2", async () => {
  const theirs = await h3Server2({ password })({}, write({ a: 1 }));
  const config = await library.config({ password, seal: "fe26.2" });
  const cookie = cookieHeader(theirs.setCookies);
  const ours = await library.ask({ op: "get", config, cookie, update: { b: 2 } });
  const strict = h3Server2({ password, legacySealFallback: false });
  const back = await strict({ cookie: cookieHeader(ours.setCookies) }, read);
  assert.equal(back.result.id, theirs.result);
});

test("a session expires on either side", async () => {
  const options = { password, maxAge: 60 };
  const visit = h3Server2(options);
  const config = await library.config({ ...options, seal: "h3-2" });
  const theirs = await visit({}, write({ a: 1 }));
  const cookie = cookieHeader(theirs.setCookies);
  const late = await library.ask({ op: "get", config, cookie, now: Date.now() + 61_000 });
  assert.equal(late.rejection, "expired");
  const old = await library.ask({ op: "use", config, update: { a: 1 }, now: Date.now() - 61_000 });
  const refused = await visit({ cookie: cookieHeader(old.setCookies) }, read);
  assert.notEqual(refused.result.id, old.id);
});

test("tampering at any part is refused here as in h3", async () => {
  const visit = h3Server2({ password, maxAge: 3600 });
  const config = await library.config({ password, maxAge: 3600, seal: "h3-2" });
  const { token, id } = await library.ask({ op: "use", config, update: { a: 1 } });
  const parts = token.split("*");
  for (let part = 0; part < parts.length; part++) {
    const text = parts[part];
    const changed = parts.with(part, part === 1 ? "x" : text.slice(0, -2) + (text.at(-2) === "7" ? "6" : "7") + text.at(-1));
    const cookie = `h3=${changed.join("*")}`;
    const ours = await library.ask({ op: "get", config, cookie });
    const theirs = await visit({ cookie }, read);
    assert.ok(ours.isNew && ours.id !== id && ours.rejection !== "none", `part ${part}: ${ours.rejection}`);
    assert.notEqual(theirs.result.id, id);
  }
});

// ---- Raw seals ----------------------------------------------------------------------------------

const packages = {
  "@hapi/iron 7": { seal: (v, p, o) => hapi.seal(v, p, o), unseal: (t, p, o) => hapi.unseal(t, p, o) },
  "iron-webcrypto 1": {
    seal: (v, p, o) => iron1.seal(crypto, v, p, o),
    unseal: (t, p, o) => iron1.unseal(crypto, t, p, o),
  },
  "iron-webcrypto 2": { seal: (v, p, o) => iron2.seal(v, p, o), unseal: (t, p, o) => iron2.unseal(t, p, o) },
};
const sealed = async (config, value, now = 0) => (await library.ask({ op: "iron_seal", config, text: JSON.stringify(value), now })).text;
const opened = (config, text, now = 0) => library.ask({ op: "iron_unseal", config, text, now });

for (const [name, { seal, unseal }] of Object.entries(packages)) {
  describe(name, () => {
    const base = { ttl: 0, timestampSkewSec: 60, localtimeOffsetMsec: 0 };
    for (const [what, options] of Object.entries({
      "one iteration": once,
      "aes-128-ctr": { encryption: side("aes-128-ctr", 5, 128), integrity: side("sha256", 7, 512) },
      "a ttl, a skew and an offset": { ...once, ttl: 60_000, timestampSkewSec: 1, localtimeOffsetMsec: 3_600_000 },
    })) {
      test(`seals go both ways with ${what}`, async () => {
        const config = await library.config({ password, maxTokenLength, seal: { format: "fe26.2", ...options } });
        for (const value of [{}, [], "é", 7, false, large, { a: { b: [null] } }]) {
          const ours = await opened(config, await seal(value, password, { ...base, ...options }));
          assert.deepEqual(JSON.parse(ours.text), value);
          assert.deepEqual(await unseal(await sealed(config, value), password, { ...base, ...options }), value);
        }
      });
    }

    test("200 random objects go both ways", async () => {
      const config = await library.config({ password, seal: { format: "fe26.2", ...once } });
      for (const value of objects(200)) {
        const ours = await opened(config, await seal(value, password, { ...base, ...once }));
        assert.deepEqual(JSON.parse(ours.text), value);
        assert.deepEqual(await unseal(await sealed(config, value), password, { ...base, ...once }), value);
      }
    });

    test("several passwords, and expiry on either side", async () => {
      const other = "another password of at least 32 characters";
      const options = { ...base, ...once, ttl: 60_000 };
      const config = await library.config({ password: { new: password, old: other }, seal: { format: "fe26.2", ...options } });
      for (const [id, secret] of [["new", password], ["old", other]]) {
        const ours = await opened(config, await seal({ id }, { id, secret }, options));
        assert.deepEqual(JSON.parse(ours.text), { id });
      }
      const token = await sealed(config, { a: 1 });
      assert.deepEqual(await unseal(token, { new: password, old: other }, options), { a: 1 });
      await assert.rejects(unseal(token, { old: other }, options), /Cannot find password/);
      const unknown = await opened(config, await seal(1, { id: "x", secret: password }, options));
      assert.equal(unknown.key, "unknown_key");

      const theirs = await seal(1, { id: "new", secret: password }, options);
      assert.equal((await opened(config, theirs, Date.now() + 200_000)).key, "expired");
      const past = await sealed(config, 1, Date.now() - 200_000);
      await assert.rejects(unseal(past, { new: password }, options), /Expired/);
    });
  });
}

for (const [name, { sealData, unsealData }] of [["iron-session 8", session8], ["iron-session 9", session9]]) {
  test(`${name}: 200 random objects go both ways, with its ~2`, async () => {
    const config = await library.config({ password: { 1: password }, seal: { format: "fe26.2", ...once, ttl: 1_209_600_000 } });
    for (const value of objects(200)) {
      const theirs = await sealData(value, { password });
      assert.ok(theirs.endsWith("~2"));
      assert.deepEqual(JSON.parse((await opened(config, theirs)).text), value);
      assert.deepEqual(await unsealData(`${await sealed(config, value)}~2`, { password }), value);
    }
  });
}
