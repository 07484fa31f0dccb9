// A real h3 server and the C demo on loopback, and one cookie jar between them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { password, startH3 } from "./h3-server.mjs";
import { npm } from "./npm.mjs";
import { counter } from "./programs.mjs";

const { CookieJar } = await npm("tough-cookie");

/** The C demo: its address, and how to stop it. */
async function startCounter() {
  const env = { SESSION_PASSWORD: password, SESSION_FORMAT: "h3-2" };
  const child = spawn(counter(), { env, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return { address: line.replace(/\/$/, ""), stop: () => child.kill() };
}

test("log in at one, count at the other, rotate here, clear there", { timeout: 60_000 }, async () => {
  const [h3, counter] = [await startH3(), await startCounter()];
  const jar = new CookieJar();
  const visit = async (server, path = "/", method = "GET") => {
    // Both are 127.0.0.1 to the jar: cookies know no ports.
    const cookie = await jar.getCookieString(server.address + path);
    const response = await fetch(server.address + path, { method, headers: cookie ? { cookie } : {}, redirect: "manual" });
    for (const value of response.headers.getSetCookie()) await jar.setCookie(value, server.address + path);
    assert.equal(response.status, 200);
    return response.json();
  };
  try {
    const login = await visit(h3, "/login", "POST");
    const first = await visit(counter);
    assert.equal(first.id, login.id);
    assert.equal(first.data?.user ?? first.user, "Zoë");
    const second = await visit(h3);
    assert.deepEqual([second.id, second.data.count], [login.id, 2]);
    const rotated = await visit(counter, "/rotate", "POST");
    assert.notEqual(rotated.id, login.id);
    const third = await visit(h3);
    assert.deepEqual([third.id, third.data.count, third.data.user], [rotated.id, 3, "Zoë"]);
    await visit(h3, "/clear", "POST");
    const fresh = await visit(counter);
    assert.ok(fresh.isNew && fresh.id !== rotated.id);
    assert.equal(fresh.rejection, "none");
    const shared = await visit(h3);
    assert.deepEqual([shared.id, shared.data.count], [fresh.id, 2]);
    await visit(counter, "/clear", "POST");
    const last = await visit(h3);
    assert.ok(last.id !== fresh.id && last.data.count === 1);
  } finally {
    counter.stop();
    await h3.stop();
  }
});
