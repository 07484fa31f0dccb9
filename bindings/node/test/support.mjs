// What the tests share.

import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const PASSWORD = "an example of 32 characters or more";

/** What a browser sends back of these Set-Cookie values; undefined of none. */
export function cookieOf(cookies) {
  if (cookies.length === 0) return undefined;
  return cookies.map((cookie) => cookie.split(";", 1)[0]).join("; ");
}

/** The error with which it fails, which must have this code. */
export function fails(action, code) {
  let error;
  try {
    action();
  } catch (thrown) {
    error = thrown;
  }
  assert.equal(error?.code, code, error ? `${error.stack}` : "nothing was thrown");
  return error;
}

/** How many jobs of ours are begun in the thread pool meanwhile. */
export async function jobsOf(action) {
  let jobs = 0;
  const hook = createHook({
    init(id, type) {
      if (type === "h3s") jobs++;
    },
  });
  hook.enable();
  try {
    await action();
  } finally {
    hook.disable();
  }
  return jobs;
}

/** A folder that goes with the test. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), "h3s-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Until it is true, for a minute at most: the machine may have much else to do. */
export async function until(condition, what) {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A browser: a jar of cookies, by name. */
export class Browser {
  cookies = new Map();

  constructor(origin) {
    this.origin = origin;
  }

  get cookie() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async visit(path, { method = "GET", headers = {} } = {}) {
    const cookie = this.cookie;
    const given = cookie ? { ...headers, cookie } : headers;
    const url = new URL(path, this.origin);
    const response = await fetch(url, { method, headers: given, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(";", 1);
      const at = pair.indexOf("=");
      if (/; Max-Age=0(;|$)/.test(line)) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    response.content = await response.text();
    return response;
  }
}
