// What is revoked: one file with a service in Python, stores of one's own, and failures.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";

import { Sessions } from "h3s";

import { PASSWORD, cookieOf, fails, folder, until } from "./support.mjs";

const root = join(import.meta.dirname, "../../..");
const revoking = { password: PASSWORD, maxAge: 1000, revocation: { subject: "/user" } };

function withFile(t, more = {}) {
  const file = join(folder(t), "revoked");
  const options = { ...revoking, revocation: { ...revoking.revocation, file }, ...more };
  return { file, options };
}

function opened(t, options, extra) {
  const sessions = new Sessions(options, extra);
  t.after(() => sessions.close());
  return sessions;
}

function login(sessions, user) {
  const session = sessions.open({});
  session.set("user", user);
  return cookieOf(session.setCookies());
}

/** A service in Python that shares the options: a line of JSON is a question, one the answer. */
function python(options) {
  const program = `
import json, sys, h3s
sessions = h3s.Sessions.from_json(sys.argv[1])
for line in sys.stdin:
    asked = json.loads(line)
    session = sessions.get(asked["cookie"])
    if asked.get("revoke"):
        session.revoke()
    print(json.dumps({"rejection": session.rejection, "user": session.get("user")}), flush=True)
`;
  const service = spawn(
    join(root, "target/venv/bin/python"),
    ["-c", program, JSON.stringify(options)],
    {
      env: {
        ...process.env,
        PYTHONPATH: join(root, "bindings/python/src"),
        H3S_LIBRARY: join(root, "target/lib/libh3s.so"),
      },
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  after(() => service.kill());
  const lines = createInterface({ input: service.stdout })[Symbol.asyncIterator]();
  return async (question) => {
    service.stdin.write(`${JSON.stringify(question)}\n`);
    return JSON.parse((await lines.next()).value);
  };
}

test("a logout here is final in Python, and one there is here", async (t) => {
  const { options } = withFile(t);
  const sessions = opened(t, options);
  const ask = python(options);

  const mine = login(sessions, "ada");
  assert.deepEqual(await ask({ cookie: mine }), { rejection: null, user: "ada" });
  const session = sessions.open({ cookie: mine });
  session.revoke();
  assert.equal(session.id, undefined);
  assert.match((await session.setCookies())[0], /Max-Age=0/);
  assert.equal(sessions.open({ cookie: mine }).rejection, "revoked");
  await until(async () => (await ask({ cookie: mine })).rejection === "revoked", "Python hears");

  const theirs = login(sessions, "bob");
  await ask({ cookie: theirs, revoke: true });
  await until(() => sessions.open({ cookie: theirs }).rejection === "revoked", "Node hears");
});

test("who starts later knows of all at once", async (t) => {
  const { options } = withFile(t);
  const first = opened(t, options);
  const cookie = login(first, "ada");
  await first.revokeSession(first.open({ cookie }).id);
  assert.equal(opened(t, options).open({ cookie }).rejection, "revoked");
  const created = await Sessions.create(options);
  t.after(() => created.close());
  assert.equal(created.open({ cookie }).rejection, "revoked");
});

test("all sessions of a subject end, and later ones are let in", async (t) => {
  const { options } = withFile(t);
  const sessions = opened(t, options);
  const now = Date.now() - 5_000;
  const old = sessions.open({ now });
  old.set("user", "ada");
  const cookie = cookieOf(old.setCookies());
  const other = login(sessions, "bob");

  const session = sessions.open({ cookie });
  session.revokeEverywhere();
  await session.setCookies();
  assert.equal(sessions.open({ cookie }).rejection, "revoked");
  assert.equal(sessions.open({ cookie: other }).rejection, "none");

  const number = sessions.open({ now });
  number.set("user", 42);
  const numbered = cookieOf(number.setCookies());
  await sessions.revokeSubject(42, new Date());
  assert.equal(sessions.open({ cookie: numbered }).rejection, "revoked");
  assert.equal(sessions.open({ cookie: other }).rejection, "none");

  await sessions.revokeEverybody(now - 1_000);
  assert.equal(sessions.open({ cookie: other }).rejection, "none");
  await sessions.revokeEverybody();
  await until(() => sessions.open({ cookie: login(sessions, "eve") }).rejection === "none", "later");
  // Of the first logout two: of the session itself, and of its subject.
  assert.equal(sessions.revocations.entries, 4);
});

test("rotate makes known that the former id is over", async (t) => {
  const { options } = withFile(t);
  const sessions = opened(t, options);
  const cookie = login(sessions, "ada");
  const session = sessions.open({ cookie });
  session.rotate();
  const next = cookieOf(await session.setCookies());
  assert.equal(sessions.open({ cookie }).rejection, "revoked");
  assert.equal(sessions.open({ cookie: next }).data.user, "ada");
});

test("a rotation that a logout has overtaken gives no cookie", async (t) => {
  const { options } = withFile(t);
  const sessions = opened(t, options);
  const cookie = login(sessions, "ada");
  const session = sessions.open({ cookie });
  session.rotate();
  await sessions.revokeSession(sessions.open({ cookie }).id);
  await assert.rejects(async () => session.setCookies(), { code: "ERR_H3S_STORE", statusCode: 503 });
});

test("where a logout cannot be written, it has not happened", async (t) => {
  const { file, options } = withFile(t);
  const sessions = opened(t, options);
  const cookie = login(sessions, "ada");
  rmSync(join(file, ".."), { recursive: true });
  const session = sessions.open({ cookie });
  session.revoke();
  await assert.rejects(async () => session.setCookies(), { code: "ERR_H3S_STORE", statusCode: 503 });
  assert.equal(sessions.open({ cookie }).rejection, "none");
  assert.equal(existsSync(file), false);
  fails(() => new Sessions(options), "ERR_H3S_STORE");
});

test("a logout that fails is heard of, also where nobody waits for it", () => {
  const program = `
import { Sessions } from "h3s";
const store = { attach: (of) => ({ publish() { throw new Error("away"); }, poll: () => of.heard() }) };
const options = { password: "${PASSWORD}", maxAge: 1000, revocation: {} };
const sessions = await Sessions.create(options, { revocationStore: store });
const made = sessions.open({});
const session = sessions.open({ cookie: made.setCookies()[0].split(";")[0] });
session.revoke();
session.setCookies();
setTimeout(() => {}, 100);
`;
  const given = ["--input-type=module", "--eval", program];
  const { status, stderr } = spawnSync(process.execPath, given, { cwd: import.meta.dirname, encoding: "utf8" });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /ERR_H3S_STORE/);
});

test("a store of one's own is told, asked, and closed", async (t) => {
  const published = [];
  let polls = 0;
  let isClosed = false;
  let beside = 0;
  const clock = { attach: () => ({ pause: 5, publish() {}, poll: () => void beside++ }) };
  const store = {
    attach: (revocations) => ({
      pause: 5,
      publish: (lines) => void published.push(...lines),
      poll() {
        polls++;
        revocations.apply(published);
        revocations.heard();
      },
      close: () => (isClosed = true),
    }),
  };
  const sessions = opened(t, revoking, { revocationStore: store });
  const cookie = login(sessions, "ada");
  await sessions.revokeSession(sessions.open({ cookie }).id);
  assert.equal(published.length, 1);
  assert.equal(sessions.revocations.read(published[0]).kind, "session");
  await until(() => polls > 3, "it is asked again and again");
  assert.ok(sessions.revocations.heardAt > Date.now() - 10_000);
  assert.equal(sessions.revocations.error, undefined);
  sessions.close();
  assert.equal(isClosed, true);
  const late = polls;
  opened(t, revoking, { revocationStore: clock });
  await until(() => beside > 10, "another is asked meanwhile");
  assert.ok(polls <= late + 1, "and this no more once it is closed");
});

/** A store whose publications end when the test says so. */
function slowStore() {
  const published = [];
  const store = {
    attach: (revocations) => ({
      publish: (lines) =>
        new Promise((resolve) => {
          published.push({ lines: [...lines], end: resolve });
        }),
      poll: () => revocations.heard(),
    }),
  };
  return { published, store };
}

test("a session that is freed while its logout is made known gives no other session's cookies", async (t) => {
  const { published, store } = slowStore();
  const sessions = opened(t, revoking, { revocationStore: store });
  await sessions.revocations.poll();
  const session = sessions.open({ cookie: login(sessions, "ada") });
  session.revoke();
  const cookies = session.setCookies();
  session.free();
  // In the same memory, most likely.
  const others = Array.from({ length: 300 }, () => sessions.open({}));
  for (const other of others) other.set("user", "grace");
  published[0].end();
  await assert.rejects(cookies, { code: "ERR_H3S_STATE" });
  for (const other of others) {
    assert.equal(other.setCookies().length, 1);
    other.free();
  }
});

test("what is revoked while a rotation is made known is made known as well", async (t) => {
  const { published, store } = slowStore();
  const sessions = opened(t, revoking, { revocationStore: store });
  await sessions.revocations.poll();
  const session = sessions.open({ cookie: login(sessions, "ada") });
  session.rotate();
  const cookies = session.setCookies();
  session.revoke();
  published[0].end();
  await until(() => published.length === 2, "the logout is made known");
  assert.ok(published[1].lines.length > 0);
  published[1].end();
  assert.match((await cookies)[0], /^h3=;.*Max-Age=0/);
});

test("a store that fails is told of once, and is asked again", async (t) => {
  const warnings = [];
  const listen = (warning) => warnings.push(warning);
  process.on("warning", listen);
  t.after(() => process.off("warning", listen));
  let isAway = true;
  let polls = 0;
  const store = {
    attach: (revocations) => ({
      pause: 1,
      publish() {
        throw new Error("it is away");
      },
      async poll() {
        polls++;
        if (isAway) throw new Error("it is away");
        revocations.heard();
      },
    }),
  };
  const sessions = opened(t, revoking, { revocationStore: store });
  await until(() => polls > 3, "it is asked again");
  assert.match(sessions.revocations.error.message, /away/);
  const failing = sessions.revokeSession("some-id");
  const error = await failing.then(assert.fail, (error) => error);
  assert.equal(error.code, "ERR_H3S_STORE");
  assert.match(error.cause.message, /away/);
  isAway = false;
  await until(() => sessions.revocations.error === undefined, "it is there again");
  assert.equal(warnings.filter(({ code }) => code === "H3S_REVOCATION").length, 1);
});

test("what finds no room is an error of the logout", async (t) => {
  const store = { attach: () => ({ publish() {}, poll() {} }) };
  const sessions = opened(t, revoking, { revocationStore: store, revocationRoom: 1 });
  const revoke = async () => {
    for (let i = 0; i < 1000; i++) await sessions.revokeSession(`id-${i}`);
  };
  await assert.rejects(revoke(), { code: "ERR_H3S_FULL", statusCode: 503 });
  assert.ok(sessions.revocations.missed > 0);
  assert.ok(sessions.revocations.room >= 1);
});

test("options that lack a way to tell others are refused, by name", (t) => {
  const error = fails(() => new Sessions(revoking), "ERR_H3S_CONFIG");
  assert.equal(error.key, "revocation");
  const store = { attach: () => ({ publish() {}, poll() {} }) };
  const plain = { password: PASSWORD };
  const other = fails(() => new Sessions(plain, { revocationStore: store }), "ERR_H3S_CONFIG");
  assert.equal(other.key, "revocationStore");
  for (const revocationRoom of [0, -1, 1.5, "many", 1e12]) {
    const extra = { revocationStore: store, revocationRoom };
    assert.equal(fails(() => new Sessions(revoking, extra), "ERR_H3S_CONFIG").key, "revocationRoom");
  }
  const sessions = opened(t, plain);
  fails(() => sessions.open({}).revoke(), "ERR_H3S_CONFIG");
  return assert.rejects(sessions.revokeSession("id"), { code: "ERR_H3S_CONFIG" });
});

test("a process that follows a file ends by itself", async (t) => {
  const { options } = withFile(t);
  const program = `
    import { Sessions } from "h3s";
    new Sessions(${JSON.stringify(options)}).open({}).setCookies();
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    cwd: import.meta.dirname,
    stdio: "inherit",
    timeout: 20_000,
  });
  const code = await new Promise((resolve) => child.once("exit", resolve));
  assert.equal(code, 0);
});
