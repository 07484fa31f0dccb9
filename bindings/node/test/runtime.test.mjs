// In Node: the thread pool, worker threads, contexts of node:vm, memory.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";

import { Sessions } from "h3s";

import { PASSWORD, cookieOf, fails, jobsOf } from "./support.mjs";

const run = promisify(execFile);
const node = (flags, file, ...given) =>
  run(process.execPath, [...flags, join(import.meta.dirname, file), ...given], { timeout: 240_000 });

describe("the thread pool", () => {
  test("what derives keys runs there, and nothing else does", async () => {
    const options = { password: PASSWORD, seal: "h3-2" };
    let here;
    let elsewhere;
    assert.equal(await jobsOf(async () => (here = await Sessions.create(options))), 1);
    elsewhere = await Sessions.create(options);
    assert.equal(here.mayBeCold, true);

    const session = here.open({});
    session.set("a", 1);
    let cookies;
    const sealed = await jobsOf(async () => {
      const coming = session.setCookies();
      assert.ok(coming instanceof Promise);
      assert.equal(session.setCookies(), coming, "who asks meanwhile waits for the same");
      fails(() => session.set("a", 2), "ERR_H3S_STATE");
      fails(() => session.id, "ERR_H3S_STATE");
      cookies = await coming;
    });
    assert.equal(sealed, 1);
    const cookie = cookieOf(cookies);

    const cold = await jobsOf(async () => {
      const opening = elsewhere.open({ cookie });
      assert.ok(opening instanceof Promise);
      assert.deepEqual((await opening).data, { a: 1 });
    });
    assert.equal(cold, 1);
    const warm = await jobsOf(() => {
      const opened = elsewhere.open({ cookie });
      assert.deepEqual(opened.data, { a: 1 });
      assert.deepEqual(opened.setCookies(), []);
      opened.free();
    });
    assert.equal(warm, 0);

    let token;
    assert.equal(await jobsOf(() => (token = session.seal())), 0);
    const third = await Sessions.create(options);
    assert.deepEqual((await third.unseal(token)).data, { a: 1 });
  });

  test("of h3s1 nothing runs there", async () => {
    const sessions = new Sessions({ password: PASSWORD });
    assert.equal(sessions.mayBeCold, false);
    const jobs = await jobsOf(() => {
      const session = sessions.open({});
      session.set("a", 1);
      const cookie = cookieOf(session.setCookies());
      assert.equal(typeof session.seal(), "string");
      assert.deepEqual(sessions.open({ cookie }).data, { a: 1 });
    });
    assert.equal(jobs, 0);
  });

  test("while it derives, the event loop turns", async () => {
    const sessions = await Sessions.create({
      password: PASSWORD,
      seal: { format: "h3-2", iterations: 1_000_000 },
    });
    let turns = 0;
    let isOver = false;
    const sealing = sessions.open({}).setCookies();
    sealing.then(() => (isOver = true));
    while (!isOver) {
      turns++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await sealing).length, 1);
    assert.ok(turns > 100, `${turns} turns`);
  });

  test("a session that is freed while it is sealed ends once that is done", async () => {
    const sessions = await Sessions.create({ password: PASSWORD, seal: "h3-2" });
    const session = sessions.open({});
    const sealing = session.setCookies();
    session.free();
    await assert.rejects(sealing, { code: "ERR_H3S_STATE" });
    const opening = sessions.open({ cookie: "h3=Fe26.2*x" });
    sessions.close();
    assert.equal((await opening).isNew, true);
    fails(() => sessions.open({}), "ERR_H3S_STATE");
    sessions.close();
  });

  test("a peer that forges too often is busy, and others are not", async () => {
    const sessions = await Sessions.create({ password: PASSWORD, seal: "h3-2" });
    const zeros = "0".repeat(64);
    const forged = (i) =>
      `Fe26.2**${String(i).padStart(64, "0")}*${"A".repeat(22)}*${"A".repeat(22)}**${zeros}*${"A".repeat(43)}`;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, async (_, i) => {
        return sessions.open({ header: forged(i), peer: "192.0.2.1" });
      }),
    );
    const reasons = outcomes.map(({ reason }) => reason?.code ?? "opened");
    assert.ok(reasons.includes("ERR_H3S_BUSY"), reasons.join());
    const other = await sessions.open({ header: forged(99), peer: "192.0.2.2" });
    assert.equal(other.rejection, "bad_seal");
  });
});

describe("worker threads", () => {
  test("each has sessions of its own, and opens the others' tokens", async () => {
    const sessions = new Sessions({ password: PASSWORD });
    const cookie = cookieOf(sessions.open({}).setCookies());
    const workers = Array.from({ length: 4 }, () => work({ cookie, rounds: 2_000 }));
    for (const { id, cookies } of await Promise.all(workers)) {
      assert.equal(id, sessions.open({ cookie }).id);
      assert.deepEqual(sessions.open({ cookie: cookies }).data, { rounds: 2_000 });
    }
  });

  test("one that ends while it derives keys takes nothing along", async () => {
    for (let i = 0; i < 5; i++) {
      const worker = new Worker(new URL("worker.mjs", import.meta.url), {
        workerData: { ends: true },
      });
      await once(worker, "message");
      await worker.terminate();
    }
    assert.equal(new Sessions({ password: PASSWORD }).open({}).isNew, true);
  });

  test("a process that exits while it derives keys ends with its own status, and says nothing", async () => {
    for (let i = 0; i < 5; i++) {
      const ended = await node([], "worker.mjs").catch((error) => error);
      assert.deepEqual([ended.code, ended.signal, ended.stdout, ended.stderr], [7, null, "", ""]);
    }
  });

  async function work(workerData) {
    const worker = new Worker(new URL("worker.mjs", import.meta.url), { workerData });
    // Both may come in one turn.
    const [[message]] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
    return message;
  }
});

test("in several contexts of node:vm each has a package of its own", async () => {
  const { stdout } = await node(["--experimental-vm-modules", "--no-warnings"], "contexts.mjs");
  assert.equal(stdout, "visit 1\nvisit 2\nvisit 3\nvisit 4\n");
});

// AddressSanitizer keeps what is freed for a while.
describe("memory", () => {
  if (process.env.H3S_SANITIZED) return;
  for (const [how, requests] of Object.entries({
    freed: 200_000,
    garbage: 100_000,
    pool: 20_000,
    express: 8_000,
    hono: 8_000,
    fetch: 200_000,
  }))
    test(`it is flat over ${requests} requests: ${how}`, async () => {
      const { stdout } = await node(["--expose-gc"], "memory.mjs", how, String(requests));
      const grown = Number(stdout);
      assert.ok(grown < 16 * 1024 * 1024, `${grown} bytes more`);
    });

  test("Sessions that nobody has any more go, though they follow a file", async () => {
    const { stdout } = await node(["--expose-gc"], "memory.mjs", "sessions");
    assert.equal(stdout, "gone");
  });
});
