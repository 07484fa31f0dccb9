// Sessions of the frameworks of docs/FORMATS.md, read here, and written where libh3s can.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { Browser } from "./browser.mjs";
import { Clock } from "./clock.mjs";
import { frameworks } from "./formats.mjs";
import { Library, cookieHeader, objects } from "./peers.mjs";
import { librarySide } from "./sides.mjs";

const SECRET = "correct horse battery staple, and more of it";
const OTHER = "another secret of at least thirty-two characters";
const DATA = { user: { id: 7, name: "Zoë 🦊" }, cart: [null, 1.5] };
const LARGE = { text: "é🦊".repeat(1200) };
const HOUR = 3600;

const library = new Library();
after(() => library.end());
const clock = new Clock();
// One of the packages warns of large cookies.
console.warn = () => {};

/**
 * What differs between them: the seconds of tolerance behind the end; whether it is written here
 * (`seals`: though the tests cannot make it write there); whether it takes several cookies or
 * secrets, and expires; whether its key is bound to its name, which may have __Secure- in it; and
 * whether a session keeps its id and its time when the framework seals it anew.
 */
const traits = {
  "iron-session 8": { writes: true, tolerance: 60, several: true, expires: true },
  "iron-session 9": { writes: true, tolerance: 60, several: true, expires: true },
  "iron-session 9 with chunks": { writes: true, tolerance: 60, several: true, large: true, expires: true },
  "WorkOS AuthKit": { seals: true },
  "Auth.js": { writes: true, tolerance: 15, several: true, large: true, expires: true, bound: true, prefix: true },
  "NextAuth.js 4": { tolerance: 15, large: true, expires: true, prefix: true },
  "nextjs-auth0 4": { tolerance: 15, large: true, expires: true, keeps: true },
  "better-auth": { tolerance: 0, several: true, large: true, expires: true, prefix: true, keeps: true },
};

/** The options of a framework for the library. */
const sideOf = (framework) => librarySide(library, framework.options);

for (const [name, make] of Object.entries(frameworks)) {
  const { writes, seals, tolerance, several, large, expires, bound, prefix, keeps } = traits[name];

  describe(name, () => {
    const site = async (more) => {
      const there = make({ secrets: [SECRET], maxAge: HOUR, ...more });
      return { there, here: await sideOf(there) };
    };
    const sees = async (side, cookie) => (await side.visit(cookie)).data;

    test("300 random sessions of the framework are read here", async () => {
      const { there, here } = await site();
      for (const data of objects(300)) {
        const cookie = cookieHeader(await there.login(data));
        const wanted = await sees(there, cookie);
        const ours = await here.get(cookie);
        assert.equal(ours.rejection, "none");
        assert.deepEqual(ours.data, wanted ?? {});
      }
    });

    test("a read of any kind leaves the framework's cookie as it is", async () => {
      const { there, here } = await site();
      const cookie = cookieHeader(await there.login(DATA));
      for (const verb of ["get", "use"]) {
        const ours = await here[verb](cookie);
        assert.deepEqual([ours.rejection, ours.setCookies], ["none", []]);
      }
    });

    if (!seals) {
      test(`a session ${keeps ? "keeps its id and" : "has another id and"} time when the framework seals it anew`, async () => {
        const { there, here } = await site();
        const browser = new Browser();
        const before = await browser.visit(async () => ({ setCookies: await there.login(DATA) })).then(() => browser.visit(here.get));
        // better-auth does so when less than a fifth of the time is left.
        clock.forward(HOUR * 850);
        const cookie = await browser.cookie();
        await browser.visit((text) => there.visit(text, { n: 1 }));
        assert.notEqual(await browser.cookie(), cookie);
        const now = await browser.visit(here.get);
        assert.equal(now.rejection, "none");
        assert.ok(before.id && now.id);
        assert.deepEqual([now.id === before.id, now.createdAt - before.createdAt], keeps ? [true, 0] : [false, HOUR * 850]);
      });
    }

    if (!seals) {
      test(`a revoked session is refused here, and ${keeps ? "what the framework makes of it, too" : "opens again once the framework has sealed it anew"}`, async () => {
        const { there } = await site();
        const ends = there.options.seal.ttl ? {} : { maxAge: 24 * HOUR };
        const config = await library.config({ ...there.options, ...ends, revocation: { subject: "/user/id" } });
        const get = (cookie, write) => library.ask({ op: "get", config, cookie, now: Date.now(), ...write });
        const cookie = cookieHeader(await there.login(DATA));
        // Where tokens keep no id, a logout by one would pass over earlier tokens.
        assert.equal((await get(cookie, { revoke: true })).status === 5, !keeps);
        assert.equal((await get(cookie, { revoke: keeps || "everywhere" })).message, undefined);
        assert.equal((await get(cookie)).rejection, "revoked");
        clock.forward(HOUR * 850);
        const anew = cookieHeader((await there.visit(cookie, { n: 1 })).setCookies);
        assert.equal((await get(anew)).rejection, keeps ? "revoked" : "none");
      });
    }

    if (expires) {
      test("a session expires on either side at the same moment", async () => {
        const { there } = await site({ maxAge: 300 });
        // Of what is said here of the end, none is tolerated, so nothing is.
        const here = await librarySide(library, { ...there.options, maxAge: undefined });
        const cookie = cookieHeader(await there.login(DATA));
        // Their clocks are in seconds, and they differ by a second in what is the last one.
        clock.forward((300 + tolerance - 2) * 1000);
        assert.notEqual(await sees(there, cookie), null);
        assert.equal((await here.get(cookie)).rejection, "none");
        clock.forward(4000);
        assert.equal(await sees(there, cookie), null);
        assert.equal((await here.get(cookie)).rejection, "expired");
      });
    }

    test("what is changed at any field is refused here as there", async () => {
      const { there, here } = await site();
      const cookie = cookieHeader(await there.login(DATA));
      const pair = cookie.split("; ").find((text) => text.startsWith(`${there.name}=`));
      const token = pair.slice(there.name.length + 1);
      const separator = token.startsWith("Fe26.2*") ? "*" : ".";
      const fields = token.split("~")[0].split(separator);
      for (const [i, field] of fields.entries()) {
        const at = Math.floor(field.length / 2);
        const changed = field.slice(0, at) + (field[at] === "7" ? "6" : "7") + field.slice(at + 1);
        const forged = pair.replace(token, token.replace(fields.join(separator), fields.with(i, changed).join(separator)));
        const text = cookie.replace(pair, forged);
        assert.equal(await there.visit(text).then(({ data }) => data, () => null), null, `field ${i} there`);
        const ours = await here.get(text);
        assert.deepEqual([ours.data, ours.rejection === "none"], [{}, false], `field ${i} here`);
      }
    });

    test("another secret opens nothing", async () => {
      const { there } = await site();
      const { here } = await site({ secrets: [OTHER] });
      const cookie = cookieHeader(await there.login(DATA));
      for (const verb of ["get", "use"]) {
        const ours = await here[verb](cookie);
        assert.ok(["bad_seal", "unknown_key"].includes(ours.rejection), ours.rejection);
        assert.deepEqual(ours.data ?? {}, {});
      }
    });

    if (several) {
      test("a session of the former secret is read here", async () => {
        const { there: before } = await site({ secrets: [OTHER] });
        const { there, here } = await site({ secrets: [SECRET, OTHER] });
        const cookie = cookieHeader(await before.login(DATA));
        assert.deepEqual((await here.get(cookie)).data, await sees(there, cookie));
      });
    }

    if (prefix) {
      test("with and without __Secure- in its name it is read under its own name alone", async () => {
        const plain = await site();
        const secure = await site({ name: `__Secure-${plain.there.name}` });
        for (const [{ there, here }, other] of [[plain, secure], [secure, plain]]) {
          const cookie = cookieHeader(await there.login(DATA));
          assert.deepEqual((await here.get(cookie)).data, await sees(there, cookie));
          const foreign = await other.here.get(cookie);
          assert.deepEqual([foreign.rejection, foreign.data], ["none", {}]);
        }
      });

      test(`the token of one name is ${bound ? "refused" : "read"} under the other`, async () => {
        const plain = await site();
        const secure = await site({ name: `__Secure-${plain.there.name}` });
        const login = await plain.there.login(DATA);
        const pair = login.find((value) => value.startsWith(`${plain.there.name}=`)).split(";", 1)[0];
        const cookie = `__Secure-${pair}`;
        const ours = await secure.here.get(cookie);
        assert.equal(ours.rejection, bound ? "unknown_key" : "none");
        assert.deepEqual(ours.data, (await sees(secure.there, cookie)) ?? {});
      });
    }

    if (large) {
      test("a session in several cookies is read here, in whatever order they come", async () => {
        const { there, here } = await site();
        const cookie = cookieHeader(await there.login(LARGE));
        assert.match(cookie, /(\.|__)1=/);
        const wanted = await sees(there, cookie);
        assert.ok(JSON.stringify(wanted).includes(LARGE.text));
        for (const pairs of [cookie.split("; "), cookie.split("; ").reverse()]) {
          const ours = await here.get(`theme=dark; ${pairs.join("; ")}; lang=de`);
          assert.deepEqual([ours.rejection, ours.data], ["none", wanted]);
        }
      });

      test("a session of which a cookie is missing is none", async () => {
        const { there, here } = await site();
        const pairs = cookieHeader(await there.login(LARGE)).split("; ").filter((pair) => pair.startsWith(there.name));
        for (const missing of pairs.keys()) {
          const rest = pairs.toSpliced(missing, 1).join("; ");
          assert.equal(await there.visit(rest).then(({ data }) => data, () => null), null);
          assert.deepEqual((await here.get(rest)).data, {});
        }
      });
    }

    if (writes) {
      test("300 random sessions of this side are read by the framework", async () => {
        const { there, here } = await site();
        for (const data of objects(300)) {
          const ours = await here.update("", data);
          assert.equal(ours.message, undefined);
          assert.deepEqual((await sees(there, cookieHeader(ours.setCookies))) ?? {}, data);
        }
      });

      test("each side goes on with what the other has written, in one browser", async () => {
        const { there, here } = await site();
        const browser = new Browser();
        await browser.visit(async () => ({ setCookies: await there.login({ n: 0 }) }));
        for (let n = 1; n <= 20; n++) {
          clock.forward(60_000);
          const side = n % 2 ? (cookie) => here.update(cookie, { n }) : (cookie) => there.visit(cookie, { n });
          await browser.visit(side);
          assert.deepEqual((await browser.visit(here.get)).data, { n });
          assert.deepEqual((await browser.visit((cookie) => there.visit(cookie))).data, { n });
        }
      });

      test("a session that began here ends there at its time", async () => {
        const { there, here } = await site({ maxAge: 300 });
        const cookie = cookieHeader((await here.update("", DATA)).setCookies);
        clock.forward((300 + tolerance - 2) * 1000);
        assert.deepEqual(await sees(there, cookie), DATA);
        clock.forward(4000);
        assert.equal(await sees(there, cookie), null);
      });

      test("what is changed at any field of a session of this side is refused there", async () => {
        const { there, here } = await site();
        const { setCookies: [value] } = await here.update("", DATA);
        const pair = value.split(";", 1)[0];
        const separator = pair.includes("*") ? "*" : ".";
        const token = pair.slice(there.name.length + 1);
        const fields = token.split(separator);
        for (const [i, field] of fields.entries()) {
          const at = Math.floor(field.split("~")[0].length / 2);
          const changed = field.slice(0, at) + (field[at] === "7" ? "6" : "7") + field.slice(at + 1);
          const forged = `${there.name}=${fields.with(i, changed).join(separator)}`;
          assert.equal(await there.visit(forged).then(({ data }) => data, () => null), null, `field ${i}`);
        }
      });

      test("the cookie has the attributes and the end that the framework gives it", async () => {
        const { there, here } = await site();
        const attributes = (list) => list.at(-1).split("; ").slice(1).map((text) => text.toLowerCase());
        const theirs = attributes(await there.login(DATA));
        const ours = attributes((await here.update("", DATA)).setCookies);
        for (const attribute of theirs.filter((text) => !text.startsWith("expires"))) {
          assert.ok(ours.includes(attribute), `${attribute} in ${ours.join("; ")}`);
        }
      });

      test("a session that is cleared on either side is gone on both", async () => {
        const { there, here } = await site();
        const browser = new Browser();
        await browser.visit(async () => ({ setCookies: await there.login(DATA) }));
        await browser.visit(here.clear);
        assert.equal((await browser.visit((cookie) => there.visit(cookie ?? ""))).data, null);
        assert.deepEqual((await browser.visit(here.get)).data, {});
      });

      test("rotate seals the same data anew", async () => {
        const { there, here } = await site();
        const cookie = cookieHeader(await there.login(DATA));
        const rotated = cookieHeader((await here.rotate(cookie)).setCookies);
        assert.notEqual(rotated, cookie);
        assert.deepEqual(await sees(there, rotated), DATA);
      });

      if (several) {
        test("the former secret's session goes on under today's when it is written", async () => {
          const { there: before } = await site({ secrets: [OTHER] });
          const { there, here } = await site({ secrets: [SECRET, OTHER] });
          const written = await here.update(cookieHeader(await before.login(DATA)), { n: 1 });
          const cookie = cookieHeader(written.setCookies);
          assert.deepEqual(await sees(there, cookie), { ...DATA, n: 1 });
          assert.equal(await sees(before, cookie), null);
        });
      }

      if (large) {
        test("a large session is written in cookies that the framework joins", async () => {
          const { there, here } = await site();
          const ours = await here.update("", LARGE);
          assert.ok(ours.setCookies.length > 1, ours.message);
          assert.ok(ours.setCookies.every((value) => value.split(";", 1)[0].length <= 4096));
          assert.deepEqual(await sees(there, cookieHeader(ours.setCookies)), LARGE);
        });

        test("a session that grows and shrinks leaves no cookie behind", async () => {
          const { there, here } = await site();
          const browser = new Browser();
          await browser.visit(async () => ({ setCookies: await there.login(DATA) }));
          for (const text of [LARGE.text, "", LARGE.text.slice(0, 3000), ""]) {
            await browser.visit((cookie) => here.update(cookie, { text }));
            assert.deepEqual((await browser.visit((cookie) => there.visit(cookie))).data, { ...DATA, text });
            assert.deepEqual((await browser.visit(here.get)).data, { ...DATA, text });
          }
        });
      }
    } else if (seals) {
      test("what is written here is read by the framework", async () => {
        const { there, here } = await site();
        const cookie = cookieHeader(await there.login(DATA));
        const written = await here.update(cookie, { organizationId: "org" });
        assert.deepEqual(await sees(there, cookieHeader(written.setCookies)), { ...(await sees(there, cookie)), organizationId: "org" });
      });
    } else {
      test("what is only read is refused at the write, and stays as it is", async () => {
        const { there, here } = await site();
        const cookie = cookieHeader(await there.login(DATA));
        const ours = await here.update(cookie, { n: 1 });
        assert.ok(ours.status < 0 || ours.status > 0, JSON.stringify(ours));
        assert.equal(ours.setCookies, undefined);
      });
    }
  });
}
