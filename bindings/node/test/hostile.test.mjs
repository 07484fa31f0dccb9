// What nobody in their right mind passes: it is an error that says so, or it is right.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, describe, test } from "node:test";
import { Worker } from "node:worker_threads";

import { H3sError, Sessions, webSession } from "h3s";
import { sessions as middleware } from "h3s/express";

import { binary } from "../lib/native.js";
import { install } from "./install.mjs";
import { PASSWORD, cookieOf, fails, folder, jobsOf } from "./support.mjs";

const root = join(import.meta.dirname, "..");

describe("options", () => {
  test("that go round in a circle, or down for ever, are an error", () => {
    const circle = { password: PASSWORD, cookie: {} };
    circle.cookie.self = circle;
    const deep = { password: PASSWORD };
    for (let at = deep, i = 0; i < 100_000; i++) at = at.cookie = {};
    for (const options of [circle, deep]) {
      const error = fails(() => new Sessions(options), "ERR_H3S_CONFIG");
      assert.ok(error instanceof H3sError && error.cause instanceof Error);
    }
  });

  test("are read but once, so that what was checked is what counts", () => {
    let reads = 0;
    const once = (value) => ({
      enumerable: true,
      get: () => (reads++ === 0 ? value : () => value),
    });
    const cookie = Object.defineProperty({}, "path", once("/shop"));
    const [line] = new Sessions({ password: PASSWORD, cookie }).open({}).setCookies();
    assert.match(line, /; Path=\/shop;/);
    assert.equal(reads, 1);
  });

  test("that are functions deep inside are refused by their names", () => {
    for (const [options, key] of [
      [{ cookie: { path: () => "/" } }, "cookie.path"],
      [{ seal: { encryption: { iterations: 5n } } }, "seal.encryption.iterations"],
      [{ maxAge: Symbol("x") }, "maxAge"],
    ])
      assert.equal(fails(() => new Sessions({ password: PASSWORD, ...options }), "ERR_H3S_CONFIG").key, key);
  });

  test("may be a Proxy, or have no prototype, and what a getter throws is the caller's", () => {
    const bare = Object.assign(Object.create(null), { password: PASSWORD, name: "bare" });
    for (const options of [bare, new Proxy({ ...bare }, {})])
      assert.equal(new Sessions(options).cookieName, "bare");
    const thrown = new Error("of the application");
    const options = {
      get password() {
        throw thrown;
      },
    };
    assert.throws(() => new Sessions(options), thrown);
  });

  test("a password that is no string is refused and not shown", () => {
    const secret = "a secret of more than 32 characters, indeed";
    for (const password of [Buffer.from(secret), new Uint8Array(40).fill(97), [secret], { toJSON: () => 5 }]) {
      const error = fails(() => new Sessions({ password }), "ERR_H3S_CONFIG");
      assert.match(error.key, /^password/);
      assert.ok(!`${error.stack}`.includes("secret of"), error.stack);
    }
  });
});

describe("data", () => {
  const sessions = new Sessions({ password: PASSWORD });
  const polluted = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}');

  test("a key __proto__ is data, and never a prototype, in however it comes", async () => {
    const iron = await Sessions.create({ password: PASSWORD, seal: "h3-1" });
    const writes = [
      (session) => session.update(polluted),
      (session) => session.update(() => polluted),
      (session) => session.replace(polluted),
      (session) => Object.keys(polluted).forEach((key) => session.set(key, polluted[key])),
    ];
    for (const of of [sessions, iron])
      for (const write of writes) {
        const session = of.open({});
        void session.data;
        write(session);
        const again = of.open({ cookie: cookieOf(await session.setCookies()) });
        for (const { data } of [session, again]) {
          assert.deepEqual(Object.keys(data).sort(), ["__proto__", "constructor"]);
          assert.equal(Object.getPrototypeOf(data), Object.prototype);
          assert.equal(data.isAdmin, undefined);
        }
        session.delete("__proto__");
        assert.deepEqual(Object.keys(session.data), ["constructor"]);
      }
    const raw = await iron.ironUnseal(await iron.ironSeal(polluted, { asSession: true }));
    assert.ok(Object.hasOwn(raw, "__proto__") && raw.isAdmin === undefined);
    assert.equal({}.isAdmin, undefined);
  });

  test("that somebody has frozen hinders no write", () => {
    const session = sessions.open({});
    session.update({ a: 1, b: 2 });
    Object.freeze(session.data);
    session.set("c", 3);
    assert.deepEqual(session.data, { a: 1, b: 2, c: 3 });
    Object.freeze(session.data);
    session.update({ a: undefined, b: { deep: true } });
    assert.deepEqual(session.data, { b: { deep: true }, c: 3 });
    assert.equal(session.json, '{"b":{"deep":true},"c":3}');
  });

  test("whose getters use the session meanwhile does not break it", () => {
    const freeing = (session) => ({
      get a() {
        session.free();
        return 1;
      },
    });
    const rotating = (session) => ({
      toJSON() {
        session.rotate();
        return 1;
      },
    });
    const freed = sessions.open({});
    fails(() => freed.update(freeing(freed)), "ERR_H3S_STATE");
    const rotated = sessions.open({});
    const { id } = rotated;
    rotated.set("a", rotating(rotated));
    assert.notEqual(rotated.id, id);
    assert.deepEqual(rotated.data, { a: 1 });
  });
});

test("headers of megabytes bring no session, and are no error", () => {
  const sessions = new Sessions({ password: PASSWORD });
  const megabytes = 4 * 1024 * 1024;
  for (const [cookie, rejection] of [
    [`h3=h3s1..${"x".repeat(megabytes)}`, "too_large"],
    ["\u1234".repeat(megabytes), "none"],
    ["h3=a; ".repeat(megabytes / 8), "malformed"],
    ["a=b;".repeat(megabytes / 4), "none"],
  ]) {
    const session = sessions.open({ cookie });
    assert.deepEqual([session.isNew, session.rejection], [true, rejection]);
    session.free();
  }
});

test("where the memory of the view was given away, it is an error and no crash", async () => {
  // In a thread of its own, since its package is of no use then.
  const code = `
    import { parentPort } from "node:worker_threads";
    import { Sessions } from "./lib/index.js";
    import { native } from "./lib/native.js";
    const sessions = new Sessions({ password: ${JSON.stringify(PASSWORD)} });
    const session = sessions.open({});
    structuredClone(native.viewed, { transfer: [native.viewed.buffer] });
    const codes = [() => sessions.open({}), () => (session.set("a", 1), session.isNew)].map((act) => {
      try { act(); } catch ({ code }) { return code; }
    });
    parentPort.postMessage(codes);`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(code.replaceAll("./lib/", `${pathToFileURL(root)}/lib/`))}`);
  const worker = new Worker(url);
  const [codes] = await once(worker, "message");
  assert.deepEqual(codes, ["ERR_H3S_INTERNAL", "ERR_H3S_INTERNAL"]);
  await worker.terminate();
});

test("what an AsyncLocalStorage holds is there after a job, and in what the middleware calls", async () => {
  const storage = new AsyncLocalStorage();
  const sessions = await Sessions.create({ password: PASSWORD, seal: "h3-2" });
  const app = middleware(sessions);
  const server = createServer((request, response) => {
    storage.run(request.url, () => {
      app(request, response, async () => {
        const seen = [storage.getStore()];
        request.session.set("a", 1);
        await request.session.seal();
        seen.push(storage.getStore());
        response.end(seen.join());
      });
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.close());
  const address = `http://127.0.0.1:${server.address().port}`;
  // A token of another process, so that the session is opened in the pool.
  const cookie = cookieOf(await (await Sessions.create({ password: PASSWORD, seal: "h3-2" })).open({}).setCookies());
  for (const path of ["/1", "/2"]) {
    const response = await fetch(address + path, { headers: { cookie, connection: "close" } });
    assert.equal(await response.text(), `${path},${path}`);
  }
});

test("webSession makes the Sessions of its options once, in the pool, and again where it failed", async () => {
  const options = { password: PASSWORD };
  const visit = () => webSession(new Request("http://shop.example/"), new Headers(), options);
  assert.equal(await jobsOf(() => Promise.all([visit(), visit(), visit()])), 1);
  assert.equal(await jobsOf(visit), 0);
  options.maxAge = -1;
  const wrong = { ...options };
  const visitWrong = () => webSession(new Request("http://shop.example/"), new Headers(), wrong);
  for (let i = 0; i < 2; i++) await assert.rejects(visitWrong, { code: "ERR_H3S_CONFIG", key: "maxAge" });
  delete wrong.maxAge;
  assert.equal((await visitWrong()).isNew, true);
});

test("two copies of the package in one process share sessions, and nothing else", async (t) => {
  const copy = install(binary, join(folder(t), "node_modules"));
  const other = await import(pathToFileURL(join(copy, "lib/index.js")));
  assert.notEqual(other.Sessions, Sessions);
  const [here, there] = [Sessions, other.Sessions].map((Class) => new Class({ password: PASSWORD }));
  const session = here.open({});
  session.set("a", 1);
  const opened = there.open({ cookie: cookieOf(session.setCookies()) });
  assert.deepEqual(opened.data, { a: 1 });
  // Neither takes the other's objects for its own.
  assert.ok(!(fails(() => there.open({}, "both"), "ERR_H3S_ARGUMENT") instanceof H3sError));
  fails(() => new Sessions(there), "ERR_H3S_CONFIG");
  for (const each of [session, opened]) each.free();
});
