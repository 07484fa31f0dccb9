// `h3s/h3` in real applications of h3 1.15 and h3 2: whatever h3's own tests of its sessions show,
// and what else its users rely on.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Clock } from "./clock.mjs";
import { applications, failing, h3s, h3v2 } from "./dropin.mjs";
import { cookieHeader } from "./peers.mjs";
import { rememberKeys } from "./remember-keys.mjs";

const SECOND = 1000;
const password = "correct horse battery staple, and more of it";
const clock = new Clock();
rememberKeys();

const names = (setCookies) => setCookies.map((value) => value.split("=", 1)[0]);
const attribute = (setCookie, name) => new RegExp(`; ${name}(?:=([^;]*))?(?:;|$)`, "i").exec(setCookie)?.[1];
const has = (setCookie, name) => new RegExp(`; ${name}(=|;|$)`, "i").test(setCookie);
const shown = ({ id, data }) => ({ id, data: { ...data } });

for (const { name, version, start, h3 } of applications) {
  describe(name, () => {
    let app;
    before(async () => {
      app = await start();
    });
    after(() => app.stop());

    let config;
    let ids = 0;
    /** Options of a session of its own, whose ids are `1`, `2`, … */
    const fresh = (more) => {
      let next = 0;
      config = { name: `app${++ids}`, password, generateId: () => `${++next}`, ...more };
      return config;
    };
    const visit = (cookie, body) => app.visit(cookie ? { cookie } : {}, body);
    /** What `useSession` finds. */
    const seen = async (cookie, given = config) => {
      const answer = await visit(cookie, async (event) => shown(await h3s.useSession(event, given)));
      assert.equal(answer.status, 200);
      return { ...answer.json, setCookies: answer.setCookies };
    };
    const written = async (cookie, update, given = config) => {
      const answer = await visit(cookie, async (event) => {
        const session = await h3s.useSession(event, given);
        await session.update(update);
        return shown(session);
      });
      assert.equal(answer.status, 200);
      return { ...answer.json, setCookies: answer.setCookies, cookie: cookieHeader(answer.setCookies) };
    };

    // ---- As h3's own tests ----------------------------------------------------------------------

    test("a first visit makes a session, with one cookie", async () => {
      fresh();
      const { id, data, setCookies } = await seen();
      assert.deepEqual([id, data, setCookies.length], ["1", {}, 1]);
    });

    test("the cookie has SameSite as this h3 has it, unless the options say otherwise", async () => {
      const sameSite = async (cookie) => attribute((await seen(undefined, fresh({ cookie }))).setCookies[0], "SameSite");
      assert.equal(await sameSite(undefined), version === 2 ? "Lax" : undefined);
      assert.equal(await sameSite({ sameSite: "strict" }), "Strict");
      assert.equal(await sameSite({ sameSite: false }), undefined);
    });

    test("the cookie brings the same session back, and what was written", async () => {
      fresh();
      const first = cookieHeader((await seen()).setCookies);
      assert.deepEqual((await seen(first)).id, "1");
      const { id, data, cookie } = await written(first, { foo: "bar" });
      assert.deepEqual([id, data], ["1", { foo: "bar" }]);
      assert.deepEqual(await seen(cookie), { id: "1", data: { foo: "bar" }, setCookies: [] });
    });

    test("calls at once in one request share one session", async () => {
      fresh();
      const { cookie } = await written(undefined, { foo: "bar" });
      for (const [brought, expected] of [[cookie, "1"], [undefined, "2"]]) {
        const { json, setCookies } = await visit(brought, async (event) => {
          const all = [1, 2, 3].map(() => h3s.useSession(event, config));
          return (await Promise.all(all)).map(({ id }) => id);
        });
        assert.deepEqual(json, [expected, expected, expected]);
        assert.equal(setCookies.length, brought ? 0 : 1);
      }
    });

    test("clearSession deletes the cookie, and needs no password", async () => {
      fresh();
      const { cookie } = await written(undefined, { n: 1 });
      for (const given of [config, { name: config.name }]) {
        const { setCookies } = await visit(cookie, async (event) => {
          await h3s.clearSession(event, given);
          return {};
        });
        assert.deepEqual(names(setCookies), [config.name]);
        assert.equal(attribute(setCookies[0], "Max-Age"), "0");
      }
    });

    test("a session of h3 1 goes on, and is sealed again where h3 2 does so", async () => {
      fresh();
      const old = await sealedByH3(1, { foo: "legacy" });
      const { id, data, setCookies } = await seen(`${config.name}=${old.token}`);
      assert.deepEqual([id, data], [old.id, { foo: "legacy" }]);
      assert.equal(setCookies.length, version === 2 ? 1 : 0);
      if (version === 1) return;
      const token = setCookies[0].split(";")[0].slice(config.name.length + 1);
      const strict = { ...config, legacySealFallback: false };
      const unsealed = await h3v2.unsealSession(undefined, strict, token);
      assert.deepEqual([unsealed.id, { ...unsealed.data }], [old.id, { foo: "legacy" }]);
    });

    // h3 1 has no such option.
    if (version === 2) {
      test("legacySealFallback: false refuses a session of h3 1 in h3 2", async () => {
        fresh({ legacySealFallback: false });
        const old = await sealedByH3(1, { foo: "legacy" });
        const { id, data } = await seen(`${config.name}=${old.token}`);
        assert.notEqual(id, old.id);
        assert.deepEqual(data, {});
      });
    }

    /** A session of 1 iteration as the real h3 2 seals it, or of as many as it has by default. */
    async function sealedByH3(iterations, data) {
      const derivation = { saltBits: 256, iterations, minPasswordlength: 32 };
      const seal = {
        encryption: { ...derivation, algorithm: "aes-256-cbc" },
        integrity: { ...derivation, algorithm: "sha256" },
        ttl: 0, timestampSkewSec: 60, localtimeOffsetMsec: 0,
      };
      const event = { req: new Request("http://localhost/"), context: {} };
      const own = { ...config, seal, generateId: () => "of h3".replace(" ", "-") };
      await h3v2.updateSession(event, own, data);
      return { token: await h3v2.sealSession(event, own), id: "of-h3" };
    }

    test("a seal of 1 iteration, as h3 2 takes it, opens what it has sealed", async () => {
      const derivation = { saltBits: 256, iterations: 1, minPasswordlength: 32 };
      fresh({
        seal: {
          encryption: { ...derivation, algorithm: "aes-256-cbc" },
          integrity: { ...derivation, algorithm: "sha256" },
          ttl: 0, timestampSkewSec: 60, localtimeOffsetMsec: 0,
        },
      });
      const { id, cookie } = await written(undefined, { n: 1 });
      assert.deepEqual(await seen(cookie), { id, data: { n: 1 }, setCookies: [] });
      const there = await visit(cookie, async (event) => shown(await h3.useSession(event, config)));
      assert.deepEqual(there.json, { id, data: { n: 1 } });
    });

    test("what is used stays alive under idleTimeout, beyond createdAt", async () => {
      fresh({ idleTimeout: 60 });
      let { cookie } = await written(undefined, ({ hits = 0 }) => ({ hits: hits + 1 }));
      for (const hits of [2, 3]) {
        clock.forward(45 * SECOND);
        const next = await written(cookie, (data) => ({ hits: data.hits + 1 }));
        assert.deepEqual([next.id, next.data], ["1", { hits }]);
        assert.equal(Date.parse(attribute(next.setCookies[0], "Expires")), clock.now() + 60 * SECOND);
        ({ cookie } = next);
      }
    });

    test("an idle session ends just after idleTimeout, whatever the ttl of the seal", async () => {
      for (const seal of [undefined, { ttl: 0 }]) {
        fresh({ idleTimeout: 60, seal });
        const cookie = cookieHeader((await seen()).setCookies);
        clock.forward(59 * SECOND);
        assert.equal((await seen(cookie)).id, "1");
        clock.forward(2 * SECOND);
        assert.equal((await seen(cookie)).id, "2");
      }
    });

    test("maxAge is the end of a session that slides", async () => {
      fresh({ maxAge: 120, idleTimeout: 60 });
      const begin = clock.now();
      let cookie = cookieHeader((await seen()).setCookies);
      for (const [wait, end] of [[45, 105], [45, 120]]) {
        clock.forward(wait * SECOND);
        const { id, setCookies } = await seen(cookie);
        assert.equal(id, "1");
        assert.equal(Date.parse(attribute(setCookies[0], "Expires")), begin + end * SECOND);
        cookie = cookieHeader(setCookies);
      }
      clock.forward(31 * SECOND);
      assert.equal((await seen(cookie)).id, "2");
    });

    test("a session in the header does not slide", async () => {
      fresh({ idleTimeout: 60 });
      const { json: token } = await visit(undefined, async (event) => ({ token: await h3s.sealSession(event, config) }));
      const header = `x-${config.name}-session`;
      const idAt = async (wait) => {
        clock.forward(wait * SECOND);
        const { json } = await app.visit({ [header]: token.token }, async (event) => shown(await h3s.useSession(event, config)));
        return json.id;
      };
      assert.equal(await idAt(45), "1");
      assert.equal(await idAt(45), "2");
    });

    test("without idleTimeout a session ends at maxAge, and a read sets nothing", async () => {
      fresh({ maxAge: 60 });
      const cookie = cookieHeader((await seen()).setCookies);
      clock.forward(59 * SECOND);
      assert.deepEqual(await seen(cookie), { id: "1", data: {}, setCookies: [] });
      clock.forward(2 * SECOND);
      assert.equal((await seen(cookie)).id, "2");
    });

    test("a read seals again once a half of idleTimeout, and a write once in all", async () => {
      fresh({ idleTimeout: 60 });
      const begin = clock.now();
      let cookie = cookieHeader((await seen()).setCookies);
      const ends = (setCookies) => setCookies.map((value) => (Date.parse(attribute(value, "Expires")) - begin) / SECOND);
      clock.forward(10 * SECOND);
      assert.deepEqual((await seen(cookie)).setCookies, []);
      const next = await written(cookie, { hits: 1 });
      assert.deepEqual(ends(next.setCookies), [70]);
      clock.forward(35 * SECOND);
      const slid = await seen(next.cookie);
      assert.deepEqual([slid.data, ends(slid.setCookies)], [{ hits: 1 }, [105]]);
      cookie = cookieHeader(slid.setCookies);
      clock.forward(55 * SECOND);
      assert.deepEqual((await seen(cookie)).data, { hits: 1 });
    });

    test("an idle session ends between the half and the whole of idleTimeout", async () => {
      fresh({ idleTimeout: 60 });
      const cookie = cookieHeader((await seen()).setCookies);
      clock.forward(29 * SECOND);
      assert.deepEqual(await seen(cookie), { id: "1", data: {}, setCookies: [] });
      clock.forward(32 * SECOND);
      assert.equal((await seen(cookie)).id, "2");
    });

    test("a response of an error has the session's cookie", async () => {
      fresh();
      const { status, setCookies } = await visit(undefined, async (event) => {
        await h3s.useSession(event, config);
        throw failing(version, 401);
      });
      assert.equal(status, 401);
      assert.equal((await seen(cookieHeader(setCookies))).id, "1");
    });

    test("a session slides in a response of an error, in as many cookies as it has", async () => {
      for (const text of version === 2 ? ["", "x".repeat(5000)] : [""]) {
        fresh({ idleTimeout: 60 });
        const first = await written(undefined, { text });
        assert.equal(first.setCookies.length, text ? 3 : 1);
        clock.forward(45 * SECOND);
        const { status, setCookies } = await visit(first.cookie, async (event) => {
          await h3s.useSession(event, config);
          throw failing(version, 418);
        });
        assert.equal(status, 418);
        assert.deepEqual(names(setCookies), names(first.setCookies));
        clock.forward(45 * SECOND);
        assert.deepEqual((await seen(cookieHeader(setCookies))).data, { text });
      }
    });

    test("a session that was cleared does not come back in a response of an error", async () => {
      fresh({ idleTimeout: 60 });
      const cookie = cookieHeader((await seen()).setCookies);
      clock.forward(45 * SECOND);
      const { status, setCookies } = await visit(cookie, async (event) => {
        await h3s.useSession(event, config);
        await h3s.clearSession(event, config);
        throw failing(version, 403);
      });
      assert.equal(status, 403);
      assert.deepEqual(names(setCookies), [config.name]);
      assert.equal(attribute(setCookies[0], "Max-Age"), "0");
    });

    test("large data takes several cookies in h3 2, and is refused in h3 1", async () => {
      fresh();
      const before = await written(undefined, { n: 1 });
      const token = "x".repeat(5000);
      if (version === 2) {
        const large = await written(before.cookie, { token });
        assert.deepEqual(names(large.setCookies), [config.name, `${config.name}.1`, `${config.name}.2`]);
        assert.deepEqual((await seen(large.cookie)).data, { n: 1, token });
        // Tokens of h3 have no limit, as those of other formats have.
        fresh({ cookie: false });
        const much = { token: "x".repeat(50_000) };
        const sealed = await visit(undefined, async (event) => {
          await h3s.updateSession(event, config, much);
          return { token: await h3s.sealSession(event, config) };
        });
        assert.equal((await h3s.unsealSession(undefined, config, sealed.json.token)).data.token.length, 50_000);
        return;
      }
      const { json } = await visit(before.cookie, async (event) => {
        const session = await h3s.useSession(event, config);
        const code = await session.update({ token }).catch((error) => error.code);
        return { code, data: session.data };
      });
      assert.deepEqual(json, { code: "ERR_H3S_TOO_LARGE", data: { n: 1 } });
    });

    // ---- What else h3's users rely on -----------------------------------------------------------

    test("the real h3 reads what was sealed here, and the other way round", async () => {
      fresh();
      const ours = await written(undefined, { from: "here" });
      const there = await visit(ours.cookie, async (event) => {
        const session = await h3.useSession(event, config);
        const found = shown(session);
        await session.update({ from: "there" });
        return found;
      });
      assert.deepEqual(there.json, { id: ours.id, data: { from: "here" } });
      const back = await seen(cookieHeader(there.setCookies));
      assert.deepEqual([back.id, back.data], [ours.id, { from: "there" }]);
    });

    test("an update by a function sees the data, undefined deletes, and no change seals again", async () => {
      fresh();
      const first = await written(undefined, { a: 1, b: { c: [1] }, d: 4 });
      const next = await written(first.cookie, (data) => ({ a: data.a + 1, d: undefined }));
      assert.deepEqual((await seen(next.cookie)).data, { a: 2, b: { c: [1] } });
      for (const nothing of [undefined, () => undefined, {}]) {
        const same = await written(next.cookie, nothing);
        assert.equal(same.setCookies.length, 1);
        assert.deepEqual((await seen(same.cookie)).data, { a: 2, b: { c: [1] } });
      }
    });

    test("what is changed in place is sealed with the next update", async () => {
      fresh();
      const { setCookies } = await visit(undefined, async (event) => {
        const session = await h3s.getSession(event, config);
        session.data.cart = [1];
        session.data.cart.push(2);
        await h3s.updateSession(event, config);
        return {};
      });
      const cookie = cookieHeader(setCookies);
      assert.deepEqual((await seen(cookie)).data, { cart: [1, 2] });
      const other = await visit(cookie, async (event) => {
        const session = await h3s.getSession(event, config);
        session.data = { other: true };
        await h3s.updateSession(event, config);
        return {};
      });
      assert.deepEqual((await seen(cookieHeader(other.setCookies))).data, { other: true });
    });

    test("a member that is called __proto__ is data like any other", async () => {
      fresh();
      const update = JSON.parse('{"__proto__": {"admin": true}}');
      const { json, setCookies } = await visit(undefined, async (event) => {
        const session = await h3s.useSession(event, config);
        await session.update(update);
        return { admin: session.data.admin ?? null, keys: Object.keys(session.data) };
      });
      assert.deepEqual(json, { admin: null, keys: ["__proto__"] });
      const again = await visit(cookieHeader(setCookies), async (event) => {
        const { data } = await h3s.getSession(event, config);
        return { admin: data.admin ?? null, keys: Object.keys(data) };
      });
      assert.deepEqual(again.json, json);
    });

    test("a session is one object in a request, and stands in the event's context", async () => {
      fresh();
      const { json } = await visit(undefined, async (event) => {
        const session = await h3s.getSession(event, config);
        const same = [
          session === (await h3s.getSession(event, config)),
          session === (await h3s.updateSession(event, config, { n: 1 })),
          session === event.context.sessions[config.name],
        ];
        await h3s.clearSession(event, config);
        return { same, left: Object.keys(event.context.sessions) };
      });
      assert.deepEqual(json, { same: [true, true, true], left: [] });
    });

    test("getSession sets nothing before a write, and useSession after it does", async () => {
      fresh();
      const first = await visit(undefined, async (event) => shown(await h3s.getSession(event, config)));
      assert.deepEqual([first.json.id, first.setCookies], ["1", []]);
      const both = await visit(undefined, async (event) => {
        const { id } = await h3s.getSession(event, config);
        return { same: id === (await h3s.useSession(event, config)).id };
      });
      assert.deepEqual([both.json, both.setCookies.length], [{ same: true }, 1]);
    });

    test("after clear nothing comes back, and a write begins another session", async () => {
      fresh();
      const { cookie } = await written(undefined, { n: 1 });
      const { json, setCookies } = await visit(cookie, async (event) => {
        const session = await h3s.useSession(event, config);
        await session.clear();
        const after = [session.id ?? null, session.data];
        const found = shown(await h3s.getSession(event, config));
        await session.update({ m: 2 });
        return { after, found, then: shown(session) };
      });
      assert.deepEqual(json, {
        after: [null, {}],
        found: { id: "", data: {} },
        then: { id: "2", data: { m: 2 } },
      });
      assert.deepEqual(names(setCookies), [config.name]);
      const left = await seen(cookieHeader(setCookies));
      assert.deepEqual([left.id, left.data], ["2", { m: 2 }]);
    });

    test("clear without await is done where the session is open", async () => {
      fresh();
      const { cookie } = await written(undefined, { n: 1 });
      const { setCookies } = await visit(cookie, async (event) => {
        await h3s.getSession(event, config);
        h3s.clearSession(event, config);
        return {};
      });
      assert.equal(attribute(setCookies[0], "Max-Age"), "0");
    });

    test("updates at once are all kept, and the last cookie has them", async () => {
      fresh();
      const { setCookies } = await visit(undefined, async (event) => {
        const session = await h3s.useSession(event, config);
        await Promise.all(["a", "b", "c", "d"].map((key) => session.update({ [key]: 1 })));
        return {};
      });
      assert.equal(setCookies.length, 1);
      assert.deepEqual((await seen(cookieHeader(setCookies))).data, { a: 1, b: 1, c: 1, d: 1 });
    });

    test("cookies of others stay, also of the session's name on another path", async () => {
      fresh();
      const { setCookies } = await visit(undefined, async (event) => {
        h3.setCookie(event, "theme", "dark");
        h3.setCookie(event, config.name, "", { path: "/old", maxAge: 0 });
        const session = await h3s.useSession(event, config);
        await session.update({ n: 1 });
        h3.setCookie(event, "lang", "en");
        await session.update({ n: 2 });
        return {};
      });
      assert.deepEqual(names(setCookies).sort(), [config.name, config.name, "lang", "theme"]);
      const own = setCookies.filter((value) => value.startsWith(config.name) && attribute(value, "Path") === "/");
      assert.deepEqual((await seen(cookieHeader(own))).data, { n: 2 });
    });

    test("a token goes out by sealSession and back by the header and unsealSession", async () => {
      fresh();
      const { json } = await visit(undefined, async (event) => {
        const session = await h3s.getSession(event, config);
        session.data.user = "Zoë";
        return { token: await h3s.sealSession(event, config), createdAt: session.createdAt };
      });
      const header = await app.visit({ [`x-${config.name}-session`]: json.token }, async (event) => {
        const unsealed = await h3s.unsealSession(event, config, json.token);
        return { session: shown(await h3s.useSession(event, config)), unsealed };
      });
      const session = { id: "1", data: { user: "Zoë" } };
      assert.deepEqual(header.json, { session, unsealed: { ...session, createdAt: json.createdAt } });
      await assert.rejects(h3s.unsealSession(undefined, config, `${json.token.slice(0, -1)}${json.token.endsWith("A") ? "Q" : "A"}`), { code: "ERR_H3S_REJECTED", rejection: "bad_seal" });
    });

    test("cookie: false sets none, and sessionHeader: false reads none", async () => {
      fresh({ cookie: false });
      assert.deepEqual((await written(undefined, { n: 1 })).setCookies, []);
      const { json } = await visit(undefined, async (event) => {
        await h3s.updateSession(event, config, { n: 1 });
        return { token: await h3s.sealSession(event, config) };
      });
      const headers = { [`x-${config.name}-session`]: json.token };
      const read = async (given) => (await app.visit(headers, async (event) => shown(await h3s.getSession(event, given)))).json.data;
      assert.deepEqual(await read(config), { n: 1 });
      assert.deepEqual(await read({ ...config, sessionHeader: false }), {});
    });

    test("rotateSession gives a new id and createdAt with the same data", async () => {
      fresh();
      const { cookie } = await written(undefined, { n: 1 });
      clock.forward(5 * SECOND);
      const { json, setCookies } = await visit(cookie, async (event) => {
        const before = (await h3s.getSession(event, config)).id;
        const { id, createdAt, data } = await h3s.rotateSession(event, config);
        return { before, id, createdAt, data };
      });
      assert.deepEqual(json, { before: "1", id: "2", createdAt: clock.now(), data: { n: 1 } });
      const next = await seen(cookieHeader(setCookies));
      assert.deepEqual([next.id, next.data], ["2", { n: 1 }]);
    });

    test("later calls with other options count, and keep the session", async () => {
      fresh({ maxAge: 60 });
      const begin = clock.now();
      const { cookie } = await written(undefined, { user: 1 });
      clock.forward(10 * SECOND);
      const longer = { ...config, maxAge: 3600 };
      const { json, setCookies } = await visit(cookie, async (event) => {
        await h3s.useSession(event, config);
        const session = await h3s.updateSession(event, longer, { remember: true });
        return { id: session.id, createdAt: session.createdAt };
      });
      assert.deepEqual(json, { id: "1", createdAt: begin });
      assert.equal(Date.parse(attribute(setCookies[0], "Expires")), begin + 3600 * SECOND);
      clock.forward(600 * SECOND);
      assert.deepEqual((await seen(cookieHeader(setCookies), longer)).data, { user: 1, remember: true });
    });

    test("what h3 takes for missing is missing", async () => {
      fresh({ maxAge: 0, idleTimeout: undefined, cookie: undefined, sessionHeader: "", seal: undefined });
      const { setCookies } = await written(undefined, { n: 1 });
      assert.equal(has(setCookies[0], "Expires"), false);
      assert.deepEqual(names((await seen(undefined, { ...config, name: "" })).setCookies), ["h3"]);
    });

    test("the native format is one option away", async () => {
      const from = fresh();
      const { cookie, id } = await written(undefined, { n: 1 });
      const seal = { format: "h3s1", accept: ["h3s1", version === 2 ? "h3-2" : "h3-1"] };
      const moved = await written(cookie, { m: 2 }, { ...from, seal });
      assert.match(moved.setCookies[0], new RegExp(`^${config.name}=h3s1`));
      assert.deepEqual([moved.id, moved.data], [id, { n: 1, m: 2 }]);
    });

    test("options that are functions are refused by their names", async () => {
      const refusal = async (more) => {
        const { json } = await visit(undefined, async (event) => {
          const { code, key } = await h3s.useSession(event, fresh(more)).catch((error) => error);
          return { code, key };
        });
        assert.equal(json.code, "ERR_H3S_CONFIG");
        return json.key;
      };
      assert.equal(await refusal({ crypto }), "crypto");
      assert.equal(await refusal({ cookie: { encode: (text) => text } }), "cookie.encode");
      assert.equal(await refusal({ cookie: { expires: new Date() } }), "cookie.expires");
      assert.equal(await refusal({ random: () => 1 }), "random");
      assert.equal(await refusal({ maxage: 1 }), "maxage");
      assert.equal(await refusal({ password: "short" }), "password");
    });

    test("what has no place beside the data is refused, and an id that is none", async () => {
      const refusal = async (change, more) => {
        fresh(more);
        const { json } = await visit(undefined, async (event) => {
          const session = await h3s.getSession(event, config);
          change(session);
          const error = await h3s.updateSession(event, config).catch((error) => error);
          return { message: error.message };
        });
        return json.message;
      };
      assert.match(await refusal((session) => (session.user = 1)), /not its user/);
      assert.match(await refusal((session) => (session.id = "mine")), /rotateSession or generateId/);
      assert.match(await refusal((session) => (session.data = [])), /session data is an object/);
      assert.match(await refusal((session) => (session.data.n = 1n)), /no such value/);
      const given = fresh({ generateId: () => "two words" });
      const { json } = await visit(undefined, async (event) => ({ code: (await h3s.useSession(event, given).catch((error) => error)).code }));
      assert.equal(json.code, "ERR_H3S_DATA");
    });

    test("a request from another site replaces and deletes no cookie that it came without", async () => {
      fresh();
      const headers = { "sec-fetch-site": "cross-site" };
      for (const act of ["useSession", "clearSession"]) {
        const { setCookies } = await app.visit(headers, async (event) => {
          await h3s[act](event, config);
          return {};
        });
        assert.deepEqual(setCookies, []);
      }
      const { setCookies } = await app.visit(headers, async (event) => {
        await h3s.updateSession(event, config, { user: 1 });
        return {};
      });
      assert.deepEqual(names(setCookies), [config.name]);
    });
  });
}
