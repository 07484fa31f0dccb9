// Logouts through a real Valkey or Redis, by three clients, beside Python, and over its failures.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { createClient } from "redis";

import { Sessions } from "h3s";
import { ValkeyStore } from "h3s/valkey";

import { Stream } from "../lib/stream.js";
import { Server } from "./server.mjs";
import { PASSWORD, cookieOf, fails, until } from "./support.mjs";

const root = join(import.meta.dirname, "../../..");
const options = { password: PASSWORD, maxAge: 3600, revocation: { subject: "/user" } };

function follow(t, server, client = server.client(), more = {}) {
  const sessions = new Sessions(options, { revocationStore: new ValkeyStore(client, more) });
  t.after(() => sessions.close());
  return sessions;
}

function login(sessions, user = "ada") {
  const session = sessions.open({});
  session.set("user", user);
  return cookieOf(session.setCookies());
}

const isRevoked = (sessions, cookie) => () => sessions.open({ cookie }).rejection === "revoked";

async function logout(sessions, cookie) {
  const session = sessions.open({ cookie });
  session.revoke();
  await session.setCookies();
}

test("a logout at one process is final at all, whichever client they have", async (t) => {
  const server = await new Server(t).start();
  const redis = createClient({ url: `redis://127.0.0.1:${server.port}` });
  const three = createClient({ url: `redis://127.0.0.1:${server.port}`, RESP: 3 });
  for (const client of [redis, three]) {
    // Of the server, which ends first.
    client.on("error", () => {});
    await client.connect();
    t.after(() => client.destroy());
  }
  const all = [follow(t, server), follow(t, server, redis), follow(t, server, three)];
  for (const here of all) {
    const cookie = login(here);
    await logout(here, cookie);
    for (const there of all) await until(isRevoked(there, cookie), "it is heard");
  }
  for (const { revocations } of all) assert.equal(revocations.error, undefined);
});

test("a logout is final in Python, and one there is here", async (t) => {
  const server = await new Server(t).start();
  const sessions = follow(t, server);
  const program = `
import sys, time, h3s
from h3s.valkey import ValkeyStore
sessions = h3s.Sessions.from_json(sys.argv[1], revocation_store=ValkeyStore(sys.argv[2]))
sessions.get(sys.argv[3]).revoke()
end = time.monotonic() + 60
while sessions.get(sys.argv[4]).rejection != "revoked":
    assert time.monotonic() < end
    time.sleep(0.01)
print("heard")
`;
  const [mine, theirs] = [login(sessions), login(sessions)];
  const given = [JSON.stringify(options), `valkey://127.0.0.1:${server.port}/0`, theirs, mine];
  const python = spawn(join(root, "target/venv/bin/python"), ["-c", program, ...given], {
    env: {
      ...process.env,
      PYTHONPATH: join(root, "bindings/python/src"),
      H3S_LIBRARY: join(root, "target/lib/libh3s.so"),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await until(isRevoked(sessions, theirs), "Node hears");
  await logout(sessions, mine);
  let said = "";
  for await (const chunk of python.stdout.setEncoding("utf8")) said += chunk;
  assert.equal(said, "heard\n");
});

test("what a server has lost is published again", async (t) => {
  const server = await new Server(t).start();
  const here = follow(t, server);
  const first = login(here);
  await logout(here, first);
  const whole = statSync(server.log).size;
  const second = login(here);
  await logout(here, second);
  // It comes back as it was after the first.
  await here.revocations.poll();
  await server.kill();
  truncateSync(server.log, whole);
  await server.start();
  const late = follow(t, server);
  await until(isRevoked(late, first), "what was not lost is read");
  await until(isRevoked(late, second), "and what was lost is there again");
});

test("a server that does not answer fails a logout, and the next one is well", async (t) => {
  const server = await new Server(t).start();
  const sessions = follow(t, server);
  const cookie = login(sessions);
  server.process.kill("SIGSTOP");
  const failing = logout(sessions, cookie);
  await assert.rejects(failing, { code: "ERR_H3S_STORE", statusCode: 503 });
  server.process.kill("SIGCONT");
  await logout(sessions, login(sessions));
  await server.kill();
  await assert.rejects(logout(sessions, login(sessions)), { code: "ERR_H3S_STORE" });
});

test("more entries than are read at once, and others' messages, are read", async (t) => {
  const server = await new Server(t).start();
  const client = server.client();
  const here = follow(t, server, client);
  const cookie = login(here);
  for (const of of [["x", "y"], ["e", "é"], ["e", "x".repeat(5000)], ["e", ""], ["a", "b", "e", "no entry"]])
    await client.call("XADD", "h3s:revocations:h3", "*", ...of);
  await Promise.all(Array.from({ length: 250 }, (_, i) => here.revokeSession(`id-${i}`)));
  await logout(here, cookie);
  const late = follow(t, server);
  await until(isRevoked(late, cookie), "it is heard");
  assert.equal(late.revocations.entries, 251);
});

test("a prefix makes another stream, and what is no client is refused", async (t) => {
  const server = await new Server(t).start();
  const client = server.client();
  const sessions = follow(t, server, client, { prefix: "shop:" });
  await sessions.revokeSession("some-id");
  assert.equal(await client.call("XLEN", "shop:h3"), 1);
  for (const wrong of [undefined, {}, "valkey://127.0.0.1"])
    assert.equal(fails(() => new ValkeyStore(wrong), "ERR_H3S_CONFIG").key, "client");
});

test("what has ended is trimmed, by the clock that is behind", async () => {
  const keep = 3_600_000;
  for (const [now, server] of [
    [10_000_000, 20_000_000],
    [20_000_000, 10_000_000],
  ]) {
    const asked = [];
    const ask = async (commands) => {
      asked.push(...commands);
      return commands.map(() => `${server}-0`);
    };
    const stream = new Stream(ask, "key", keep, () => now);
    await stream.publish(["a"]);
    await stream.publish(["b"]);
    assert.deepEqual(asked, [
      ["XADD", "key", "*", "e", "a"],
      ["XADD", "key", "MINID", "~", String(10_000_000 - keep), "*", "e", "b"],
    ]);
  }
});
