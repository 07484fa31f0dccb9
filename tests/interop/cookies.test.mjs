// The same deed gives the same Set-Cookie in h3 and here, but for what docs/BESIDE-H3.md names.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Library, cookieHeader, h3Server2 } from "./peers.mjs";

const password = "correct horse battery staple, and more of it";
const library = new Library();
after(() => library.end());

/** A Set-Cookie value as its name, whether it deletes, when it ends, and all other attributes. */
function parsed(value) {
  const [pair, ...attributes] = value.split("; ").map((part) => part.split("="));
  const found = Object.fromEntries(attributes.map(([name, text]) => [name.toLowerCase(), text?.toLowerCase() ?? ""]));
  const { expires, "max-age": maxAge, ...others } = found;
  const deletes = maxAge === "0";
  return { name: pair[0], deletes, ends: deletes || !expires ? undefined : Date.parse(expires), others };
}

function assertSame(theirs, ours) {
  assert.equal(ours.length, theirs.length, `${theirs}\n${ours}`);
  for (const [i, value] of theirs.entries()) {
    const [expected, actual] = [parsed(value), parsed(ours[i])];
    // Each side has read its own clock.
    assert.ok(expected.ends === actual.ends || Math.abs(expected.ends - actual.ends) <= 3000, `${value}\n${ours[i]}`);
    assert.deepEqual({ ...actual, ends: 0 }, { ...expected, ends: 0 });
  }
}

const data = { a: 1 };
const deeds = {
  "use without a cookie": { act: (h3, event, config) => h3.useSession(event, config), op: "use" },
  "get without a cookie": { act: (h3, event, config) => h3.getSession(event, config), op: "get" },
  "update": { act: (h3, event, config) => h3.updateSession(event, config, data), op: "get", more: { update: data } },
  "an empty update": { act: (h3, event, config) => h3.updateSession(event, config, {}), op: "get", more: { update: {} } },
  "use with a cookie": { act: (h3, event, config) => h3.useSession(event, config), op: "use", with: data },
  "use with a cookie of nonsense": { act: (h3, event, config) => h3.useSession(event, config), op: "use", cookie: "nonsense" },
  "clear": { act: (h3, event, config) => h3.clearSession(event, config), op: "get", more: { clear: true }, with: data },
  "clear of chunks": {
    act: (h3, event, config) => h3.clearSession(event, config), op: "get", more: { clear: true }, with: { a: "x".repeat(6000) },
  },
  "update in chunks": {
    act: (h3, event, config) => h3.updateSession(event, config, { a: "x".repeat(6000) }), op: "get", more: { update: { a: "x".repeat(6000) } },
  },
  "chunks that become fewer": {
    act: (h3, event, config) => h3.updateSession(event, config, { a: 1 }), op: "get", more: { update: { a: 1 } }, with: { a: "x".repeat(6000) },
  },
};
const variants = {
  "the defaults": {},
  "maxAge": { maxAge: 3600 },
  "idleTimeout": { idleTimeout: 600 },
  "both": { maxAge: 3600, idleTimeout: 600 },
  "other attributes": { name: "s", cookie: { path: "/app", domain: "example.com", sameSite: "strict", httpOnly: false, partitioned: true, priority: "high" } },
  "no attributes": { cookie: { secure: false, httpOnly: false, sameSite: false } },
  "cookie: false": { cookie: false },
};

for (const [variant, options] of Object.entries(variants)) {
  const config = { password, ...options };
  const visit = h3Server2(config);
  for (const [what, deed] of Object.entries(deeds)) {
    test(`${what}, under ${variant}`, async () => {
      const number = await library.config({ ...config, seal: "h3-2" });
      const name = options.name ?? "h3";
      let cookie = deed.cookie ? `${name}=${deed.cookie}` : "";
      if (deed.with) {
        const before = await visit({}, (event, h3) => h3.updateSession(event, config, deed.with));
        cookie = cookieHeader(before.setCookies);
      }
      const theirs = await visit(cookie ? { cookie } : {}, (event, h3) => deed.act(h3, event, config));
      const ours = await library.ask({ op: deed.op, config: number, cookie, ...deed.more });
      assert.equal(ours.message, undefined);
      assertSame(theirs.setCookies, ours.setCookies);
    });
  }
}
