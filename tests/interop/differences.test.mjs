// What docs/BESIDE-H3.md names under "How it differs from h3", each point by its name, with the
// real h3.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";

import { Browser } from "./browser.mjs";
import { Clock } from "./clock.mjs";
import { h3s, h3v1, h3v2 } from "./dropin.mjs";
import { npm } from "./npm.mjs";
import { Library, cookieHeader, h3Server1, h3Server2, h3ServerRc } from "./peers.mjs";

const iron = await npm("iron-webcrypto-1");

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const password = "correct horse battery staple, and more of it";
const another = "another password, which is as long as it has to be";
const options = (more) => ({ password, ...more });

const library = new Library();
after(() => library.end());
const clock = new Clock();

const proved = new Set();
/** The test of a point of docs/BESIDE-H3.md. */
function difference(name, body) {
  proved.add(name);
  test(name, body);
}

/** One request here. */
async function here(more, command) {
  const config = await library.config(options(more));
  return library.ask({ op: "get", config, now: clock.now(), ...command });
}
/** One request there. */
const there = (server, more, cookie, body) => server(options(more))(cookie ? { cookie } : {}, body);

const read = async (event, h3, config) => ({ ...(await h3.getSession(event, config)) });
const write = (data) => async (event, h3, config) => {
  const session = await h3.updateSession(event, config, data);
  return { ...session };
};
const clear = async (event, h3, config) => {
  await h3.clearSession(event, config);
};
/** A session that h3 has sealed, as a Cookie header. */
const sealedThere = async (server, data, more) =>
  cookieHeader((await there(server, more, undefined, write(data))).setCookies);
const valueOf = (cookie) => cookie.slice(cookie.indexOf("=") + 1);
/** The names of cookies that are set, and of those that are deleted. */
const names = (setCookies, deleted = false) => {
  const wanted = setCookies.filter((value) => /max-age=0/i.test(value) === deleted);
  return wanted.map((value) => value.split("=")[0]);
};
const attribute = (setCookie, name) => new RegExp(`; ${name}=([^;]*)`, "i").exec(setCookie)?.[1];

/** A token of h3 1, of whatever it would never write itself. */
async function forged(session) {
  const sealed = await iron.seal(crypto, session, password, { ...iron.defaults, ttl: 0 });
  return `h3=${sealed}`;
}
/** Both versions of h3 take a session that the library finds malformed. */
async function onlyH3Opens(session, check) {
  const cookie = await forged({ createdAt: clock.now(), data: {}, id: "1", ...session });
  for (const server of [h3Server1, h3Server2]) {
    check((await there(server, {}, cookie, read)).result);
  }
  for (const seal of ["h3-1", "h3-2"]) {
    const ours = await here({ seal }, { cookie });
    assert.deepEqual([ours.isNew, ours.rejection], [true, "malformed"]);
  }
}

// ---- Tokens ----

difference("Cost", async () => {
  const salts = (cookie) => [cookie.split("*")[2], cookie.split("*")[6]];
  const [first, second] = [await sealedThere(h3Server2, {}), await sealedThere(h3Server2, {})];
  assert.notDeepEqual(salts(first), salts(second));
  const config = await library.config(options({ seal: "h3-2" }));
  const sealed = () => library.ask({ op: "use", config });
  assert.deepEqual(salts((await sealed()).token), salts((await sealed()).token));
  const { token } = await here({}, { op: "use" });
  const [ours, theirs] = [token.length, valueOf(first).length];
  assert.ok(ours * 3 < theirs, `${ours}, ${theirs}`);
});

difference("The cookie's name", async () => {
  const asB = (cookie) => cookie.replace(/^a=/, "b=");
  const theirs = await sealedThere(h3Server2, { n: 1 }, { name: "a" });
  const moved = await there(h3Server2, { name: "b" }, asB(theirs), read);
  assert.deepEqual({ ...moved.result.data }, { n: 1 });
  const ours = await here({ name: "a" }, { update: { n: 1 } });
  const refused = await here({ name: "b" }, { cookie: asB(cookieHeader(ours.setCookies)) });
  assert.deepEqual([refused.data, refused.rejection], [{}, "bad_seal"]);
});

difference("Passwords", async () => {
  const old = await here({ password: { k1: password }, seal: "h3-2" }, { update: { n: 1 } });
  const cookie = cookieHeader(old.setCookies);
  assert.equal((await there(h3Server2, {}, cookie, read)).result.id, old.id);
  const both = { password: { k2: another, k1: password }, seal: "h3-2" };
  const replaced = await here(both, { cookie });
  assert.equal(replaced.id, old.id);
  const now = cookieHeader(replaced.setCookies);
  assert.equal((await there(h3Server2, { password: another }, now, read)).result.id, old.id);
});

difference("1 iteration", async () => {
  const cookie = await sealedThere(h3Server1, { n: 1 });
  const theirs = await there(h3Server2, {}, cookie, read);
  assert.equal(theirs.setCookies.length, 1);
  const lost = await there(h3Server1, {}, cookieHeader(theirs.setCookies), read);
  assert.deepEqual({ ...lost.result.data }, {});
  for (const op of ["get", "use"]) {
    const ours = await here({ seal: "h3-2" }, { op, cookie });
    assert.deepEqual([ours.data, ours.setCookies], [{ n: 1 }, []]);
  }
});

difference("Ids", async () => {
  for (const id of [42, true, "two words", "é", "x".repeat(256), ["x"]]) {
    await onlyH3Opens({ id }, (session) => assert.deepEqual(session.id, id));
  }
});

difference("Times", async () => {
  for (const createdAt of [clock.now() + DAY, `${clock.now()}`]) {
    await onlyH3Opens({ createdAt }, (session) => assert.equal(session.createdAt, createdAt));
  }
  const soon = await forged({ id: "1", createdAt: clock.now() + 9 * 60 * SECOND, data: { n: 1 } });
  assert.deepEqual((await here({ seal: "h3-2" }, { cookie: soon })).data, { n: 1 });
});

difference("The type of `data`", async () => {
  let deep = {};
  for (let i = 0; i < 128; i++) deep = { deep };
  for (const data of [["a"], "text", 7, deep]) {
    await onlyH3Opens({ data }, (session) => assert.equal(session.id, "1"));
  }
  for (const data of [null, undefined]) {
    const cookie = await forged({ id: "1", createdAt: clock.now(), data });
    const ours = await here({ seal: "h3-2" }, { cookie });
    assert.deepEqual([ours.id, ours.data], ["1", {}]);
  }
});

difference("The text of `data`", async () => {
  const config = await library.config(options({ seal: "h3-1" }));
  const data = '{"price":1.50,"count":1e2,"z":"\\u00e9"}';
  const text = `{"id":"1","createdAt":${clock.now()},"data":${data}}`;
  const sealed = await library.ask({ op: "iron_seal", config, text, session: true });
  const cookie = `h3=${sealed.text}`;
  const ours = await library.ask({ op: "get", config, cookie, now: clock.now(), update: { n: 1 } });
  assert.equal(ours.dataText, `${data.slice(0, -1)},"n":1}`);
  const theirs = await there(h3Server1, {}, cookie, write({ n: 1 }));
  const after = { op: "get", config, cookie: cookieHeader(theirs.setCookies), now: clock.now() };
  assert.equal((await library.ask(after)).dataText, '{"price":1.5,"count":100,"z":"é","n":1}');
});

difference("Members beside `data`", async () => {
  const beside = async (event, h3, config) => {
    const session = await h3.getSession(event, config);
    session.extra = 1;
    await h3.updateSession(event, config, { n: 1 });
  };
  const extra = async (event, h3, config) => (await h3.getSession(event, config)).extra;
  for (const [server, own] of [[h3Server1, h3v1], [h3Server2, h3v2]]) {
    const { setCookies } = await there(server, {}, undefined, beside);
    assert.equal((await there(server, {}, cookieHeader(setCookies), extra)).result, 1);
    const ours = server(options(), { ...own, ...h3s });
    const refused = ours({}, (event, h3, config) => beside(event, h3, config).catch((error) => error.message));
    assert.match((await refused).result, /not its extra/);
  }
});

// ---- Reading ----

difference("`getSession` before h3 2.0.1", async () => {
  for (const [server, count] of [[h3Server1, 1], [h3ServerRc(24), 1], [h3Server2, 0]]) {
    assert.equal((await there(server, {}, undefined, read)).setCookies.length, count);
  }
  for (const seal of ["h3-1", "h3-2", "h3s1"]) {
    assert.deepEqual((await here({ seal }, { op: "get" })).setCookies, []);
  }
});

difference("Unreadable tokens", async () => {
  const use = async (event, h3, config) => {
    await h3.useSession(event, config);
  };
  const { setCookies } = await here({}, { update: { n: 1 } });
  for (const server of [h3Server1, h3Server2]) {
    const theirs = await there(server, {}, cookieHeader(setCookies), use);
    assert.deepEqual(names(theirs.setCookies), ["h3"]);
  }
  const foreign = await sealedThere(h3Server2, { n: 1 });
  const unknown = await here({ password: { k2: another }, seal: "h3-2" }, { update: { n: 1 } });
  for (const [more, cookie, rejection] of [
    [{}, foreign, "unsupported_format"],
    [{ password: { k1: password }, seal: "h3-2" }, cookieHeader(unknown.setCookies), "unknown_key"],
  ]) {
    const spared = await here(more, { op: "use", cookie });
    assert.deepEqual([spared.isNew, spared.rejection, spared.setCookies], [true, rejection, []]);
    const written = await here(more, { op: "use", cookie, update: { n: 2 } });
    assert.deepEqual(names(written.setCookies), ["h3"]);
  }
});

difference("A header that does not open", async () => {
  const cookie = await sealedThere(h3Server2, { n: 1 });
  const header = "Fe26.2*nonsense";
  const theirs = await h3Server2(options())({ cookie, "x-h3-session": header }, read);
  assert.deepEqual({ ...theirs.result.data }, {});
  assert.deepEqual((await here({ seal: "h3-2" }, { cookie, header })).data, { n: 1 });
  const brief = { seal: "h3-2", maxAge: 60 };
  const old = await here(brief, { now: clock.now() - HOUR, update: { n: 2 } });
  const ours = await here(brief, { cookie, header: old.token });
  assert.deepEqual([ours.data, ours.rejection], [{}, "expired"]);
});

difference("Several cookies of the name", async () => {
  const visits = async (server, seal) => {
    const old = await sealedThere(server, { n: 1 });
    clock.forward(SECOND);
    const fresh = await sealedThere(server, { n: 2 });
    for (const [cookie, first, last] of [[`${old}; ${fresh}`, 1, 2], [`${fresh}; ${old}`, 2, 1]]) {
      assert.equal((await there(server, {}, cookie, read)).result.data.n, first);
      const config = await library.config(options({ seal }));
      const seen = () => library.ask({ op: "get", config, cookie, now: clock.now() });
      const [once, again] = [await seen(), await seen()];
      // Of two tokens that take a slow derivation each, a request opens one: the last.
      assert.equal(once.data.n, seal === "h3-2" ? last : 2);
      assert.equal(again.data.n, 2);
    }
    return fresh;
  };
  const fresh = await visits(h3Server1, "h3-1");
  await visits(h3Server2, "h3-2");
  // Four that do not open leave none to be tried.
  const nonsense = Array.from({ length: 4 }, (_, i) => `h3=Fe26.2*${i}`).join("; ");
  assert.deepEqual((await here({ seal: "h3-1" }, { cookie: `${nonsense}; ${fresh}` })).data, {});
});

difference("Quoted values", async () => {
  const cookie = await sealedThere(h3Server1, { n: 1 });
  const quoted = `h3="${valueOf(cookie)}"`;
  assert.deepEqual({ ...(await there(h3Server2, {}, quoted, read)).result.data }, {});
  assert.deepEqual({ ...(await there(h3Server1, {}, quoted, read)).result.data }, { n: 1 });
  for (const seal of ["h3-1", "h3-2"]) {
    assert.deepEqual((await here({ seal }, { cookie: quoted })).data, { n: 1 });
  }
});

// ---- Writing ----

difference("After `clear`", async () => {
  const cookie = await sealedThere(h3Server1, { n: 1 });
  for (const server of [h3Server1, h3Server2]) {
    const after = async (verb, ...more) => {
      const { result } = await there(server, {}, cookie, async (event, h3, config) => {
        await h3.getSession(event, config);
        await h3.clearSession(event, config);
        const found = await h3[verb](event, config, ...more);
        return verb === "sealSession" ? found : { ...found.data };
      });
      return result;
    };
    assert.deepEqual(await after("getSession"), { n: 1 });
    assert.deepEqual(await after("useSession"), { n: 1 });
    assert.deepEqual(await after("updateSession", { m: 2 }), { n: 1, m: 2 });
    const token = `h3=${await after("sealSession")}`;
    assert.deepEqual((await here({ seal: "h3-2" }, { cookie: token })).data, { n: 1 });
  }
  const { id } = await here({ seal: "h3-2" }, { cookie });
  for (const op of ["get", "use"]) {
    const ended = await here({ seal: "h3-2" }, { op, cookie, clear: true });
    assert.deepEqual([ended.data, ended.id, ended.token], [{}, "", null]);
    assert.deepEqual([names(ended.setCookies), names(ended.setCookies, true)], [[], ["h3"]]);
    const writes = [{ clear: true }, { update: { m: 2 } }];
    const fresh = await here({ seal: "h3-2" }, { op, cookie, writes });
    assert.deepEqual(fresh.data, { m: 2 });
    assert.ok(fresh.id && fresh.id !== id);
  }
});

difference("A copied cookie", async () => {
  for (const [server, seal] of [[h3Server1, "h3-1"], [h3Server2, "h3-2"]]) {
    const cookie = await sealedThere(server, { n: 1 });
    await there(server, {}, cookie, clear);
    assert.equal((await there(server, {}, cookie, read)).result.data.n, 1);
    const config = await library.config(options({ seal, maxAge: 3600, revocation: {} }));
    const ask = (command) => library.ask({ op: "use", config, cookie, now: clock.now(), ...command });
    assert.equal((await ask({})).data.n, 1);
    await ask({ revoke: true });
    const { data, rejection, setCookies } = await ask({});
    assert.deepEqual({ data, rejection, setCookies }, { data: {}, rejection: "revoked", setCookies: [] });
  }
});

difference("A logout beside a stale cookie", async () => {
  const stale = await sealedThere(h3Server1, { n: 1 });
  clock.forward(SECOND);
  const own = await sealedThere(h3Server1, { n: 2 });
  const both = `${stale}; ${own}`;
  for (const server of [h3Server1, h3Server2]) {
    const theirs = await there(server, {}, both, clear);
    assert.equal(cookieHeader(theirs.setCookies).replace("h3=", ""), "", "its own is gone");
    assert.equal((await there(server, {}, stale, read)).result.data.n, 1);
  }
  for (const [server, seal] of [[h3Server1, "h3-1"], [h3Server2, "h3-2"]]) {
    const old = await sealedThere(server, { n: 3 });
    clock.forward(SECOND);
    const twins = `${old}; ${await sealedThere(server, { n: 4 })}`;
    clock.forward(SECOND);
    const left = cookieHeader((await here({ seal }, { cookie: twins, clear: true })).setCookies);
    for (const cookie of [`${old}; ${left}`, `${left}; ${old}`]) {
      // Of two tokens that are new to it, a process opens the second at the second visit.
      const config = await library.config(options({ seal }));
      const visit = () => library.ask({ op: "get", config, cookie, now: clock.now() });
      await visit();
      assert.deepEqual((await visit()).data, {});
    }
  }
});

difference("Requests from another site", async () => {
  // Without the cookie that the browser has, since it is SameSite.
  const theirs = await there(h3Server2, {}, undefined, (event, h3, config) => h3.useSession(event, config));
  assert.deepEqual(names(theirs.setCookies), ["h3"]);
  const gone = await there(h3Server2, {}, undefined, clear);
  assert.deepEqual(names(gone.setCookies, true), ["h3"]);
  for (const seal of ["h3-1", "h3-2", "h3s1"]) {
    const visited = await here({ seal }, { op: "use", crossSite: true });
    assert.deepEqual(visited.setCookies, []);
    const cleared = await here({ seal }, { op: "use", crossSite: true, clear: true });
    assert.deepEqual(cleared.setCookies, []);
    const written = await here({ seal }, { op: "use", crossSite: true, update: { user: 1 } });
    assert.deepEqual(names(written.setCookies), ["h3"]);
  }
});

difference("Set-Cookie", async () => {
  for (const [maxAge, most] of [[3600, 3600], [500 * 86_400, 400 * 86_400]]) {
    for (const server of [h3Server1, h3Server2]) {
      const { setCookies: [theirs] } = await there(server, { maxAge }, undefined, write({}));
      assert.equal(attribute(theirs, "Max-Age"), undefined);
      assert.equal(Date.parse(attribute(theirs, "Expires")), clock.now() + maxAge * SECOND);
    }
    const { setCookies: [ours] } = await here({ seal: "h3-2", maxAge }, { update: {} });
    assert.equal(attribute(ours, "Max-Age"), `${most}`);
    assert.equal(Date.parse(attribute(ours, "Expires")), clock.now() + most * SECOND);
  }
  const { setCookies: [gone1] } = await there(h3Server1, {}, undefined, clear);
  const { setCookies: [gone2] } = await there(h3Server2, {}, undefined, clear);
  const { setCookies: [gone] } = await here({ seal: "h3-2" }, { clear: true });
  const ends = (value) => [attribute(value, "Max-Age"), Boolean(attribute(value, "Expires"))];
  assert.deepEqual(ends(gone1), [undefined, false]);
  assert.deepEqual(ends(gone2), ["0", false]);
  assert.deepEqual(ends(gone), ["0", true]);
});

difference("The last moment of `maxAge`", async () => {
  const limits = { maxAge: 3600 };
  clock.forward(SECOND - (clock.now() % SECOND) + 500);
  for (const [server, seal] of [[h3Server1, "h3-1"], [h3Server2, "h3-2"]]) {
    const more = { seal, ...limits };
    const cookie = await sealedThere(server, { n: 1 }, limits);
    clock.forward(HOUR - 300);
    const [theirs, ours] = [new Browser(), new Browser()];
    await theirs.visit(() => there(server, limits, cookie, write({ n: 2 })));
    assert.equal(await theirs.cookie(), undefined);
    const written = await ours.visit(() => here(more, { cookie, update: { n: 2 } }));
    assert.equal(attribute(written.setCookies[0], "Max-Age"), "1");
    const again = await ours.visit((kept) => here(more, { cookie: kept }));
    assert.deepEqual(again.data, { n: 2 });
    clock.forward(300);
  }
});

const long = { text: "x".repeat(9000) };
const short = { text: "" };

difference("A long write, then a short one", async () => {
  const [theirs, ours] = [new Browser(), new Browser()];
  await theirs.visit((cookie) =>
    there(h3Server2, {}, cookie, async (event, h3, config) => {
      await h3.updateSession(event, config, long);
      await h3.updateSession(event, config, short);
    }));
  assert.match(await theirs.cookie(), /h3\.1=/);
  const writes = [{ update: long }, { update: short }];
  await ours.visit((cookie) => here({ seal: "h3-2" }, { cookie, writes }));
  assert.match(await ours.cookie(), /^h3=[^;]*$/);
  // Nor does it leave any in two requests, or those that h3 left.
  for (const browser of [theirs, ours]) {
    for (const write of writes) {
      await browser.visit((cookie) => here({ seal: "h3-2" }, { cookie, ...write }));
    }
    assert.match(await browser.cookie(), /^h3=[^;]*$/);
  }
});

difference("Deleted chunks", async () => {
  for (const [cookie, atH3, atOurs] of [
    ["h3.1=x; h3.2=y", ["h3"], ["h3", "h3.1", "h3.2"]],
    ["h3=__chunked__3; h3.1=x; h3.9=y", ["h3", "h3.1", "h3.2", "h3.3"], ["h3", "h3.1", "h3.9"]],
  ]) {
    const theirs = await there(h3Server2, {}, cookie, clear);
    assert.deepEqual(names(theirs.setCookies, true).sort(), atH3);
    const ours = await here({ seal: "h3-2" }, { cookie, clear: true });
    assert.deepEqual(names(ours.setCookies, true).sort(), atOurs);
  }
});

difference("Large data", async () => {
  const browser = new Browser();
  await browser.visit((cookie) => there(h3Server1, {}, cookie, write({ n: 1 })));
  const before = await browser.cookie();
  await browser.visit((cookie) => there(h3Server1, {}, cookie, write(long)));
  assert.equal(await browser.cookie(), before, "the browser has dropped it");

  // The most characters of data that fit, and too many.
  for (const [seal, chunks, fits, doesNot] of [
    ["h3-1", 1, 2700, 3000],
    ["h3s1", 3, 6000, 6200],
    ["h3-2", 100, 298_000, 301_000],
  ]) {
    const maxTokenLength = 1_000_000;
    const data = (length) => ({ text: "x".repeat(length) });
    const { setCookies } = await here({ seal, maxTokenLength }, { update: data(fits) });
    assert.equal(Math.max(1, names(setCookies).length - 1), chunks, seal);
    const cookie = cookieHeader(setCookies);
    const refused = await here({ seal, maxTokenLength }, { cookie, update: data(doesNot) });
    assert.deepEqual([refused.status, refused.setCookies], [4, undefined], seal);
    const more = { seal, maxTokenLength, cookie: { maxChunks: 100 } };
    const large = await here(more, { update: data(15_000) });
    const back = await here({ seal, maxTokenLength }, { cookie: cookieHeader(large.setCookies) });
    assert.deepEqual([back.data, back.setCookies], [data(15_000), []], seal);
  }
});

difference("Refused options", async () => {
  const cookie = { encode: (text) => text, expires: new Date(clock.now() + HOUR) };
  const accepted = { generateId: () => "mine", crypto, cookie, unknown: 1 };
  const theirs = await there(h3Server2, accepted, undefined, write({}));
  assert.equal(theirs.result.id, "mine");
  for (const [more, key, message] of [
    [{ generateId: "uuid" }, "generateId", /function.*set an id/],
    [{ crypto: {} }, "crypto", /remove this option/],
    [{ cookie: { expires: "tomorrow" } }, "cookie.expires", /use maxAge/],
    [{ cookie: { encode: "uri" } }, "cookie.encode", /no such option/],
    [{ unknown: 1 }, "unknown", /no such option/],
    [{ maxage: 1 }, "maxage", /did you mean maxAge/],
  ]) {
    const refused = await library.ask({ op: "config", options: options(more) });
    assert.equal(refused.key, key);
    assert.match(refused.message, message);
  }
});

test("each point of docs/BESIDE-H3.md has its test, and each test its point", () => {
  const text = readFileSync(new URL("../../docs/BESIDE-H3.md", import.meta.url), "utf8");
  const section = text.split("\n## How it differs from h3\n")[1].split("\n## ")[0];
  const points = Array.from(section.matchAll(/^- \*\*(.+)\.\*\* /gm), ([, name]) => name);
  assert.deepEqual([...proved].sort(), points.sort());
});
