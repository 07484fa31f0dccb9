// A Nitro 2 server with the code of nuxt-auth-utils in it, once as it is and once with the module
// `h3s/nitro`, of which nothing else in it knows but the plugin that makes logouts final: one login
// for both.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { Browser } from "./browser.mjs";
import { nitro, nitroH3s } from "./programs.mjs";
import { recipe } from "./recipes.mjs";

const { password } = recipe("nuxt-auth-utils");
const login = { user: { name: "Zoë", roles: ["admin"] }, secure: { token: "s3cret" } };
const servers = [];
let plain, ours;

async function serve(folder) {
  const { listener } = await import(`${folder}/server/index.mjs`);
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push(server);
  const address = `http://127.0.0.1:${server.address().port}`;
  return (method, path, body) => async (cookie) => {
    const type = body && { "content-type": "application/json" };
    const headers = { ...(cookie && { cookie }), ...type };
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch(address + path, { method, headers, signal, body: body && JSON.stringify(body) });
    return { status: response.status, setCookies: response.headers.getSetCookie(), json: await response.json() };
  };
}

before(async () => {
  process.env.NUXT_SESSION_PASSWORD = password;
  plain = await serve(nitro());
  ours = await serve(nitroH3s());
});
after(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

test("the build holds this package whole, and h3's own sealing no more", () => {
  const server = `${nitroH3s()}/server`;
  assert.ok(existsSync(`${server}/node_modules/h3s/build/h3s.node`));
  const text = readFileSync(`${server}/index.mjs`, "utf8");
  assert.match(text, /^import \{[^}]*\buseSession\b[^}]*\} from 'h3s\/h3';$/m);
  assert.doesNotMatch(text, /Fe26\.2/);
  assert.match(readFileSync(`${nitro()}/server/index.mjs`, "utf8"), /Fe26\.2/);
});

test("a login at either server is one at both, and so is a logout", async () => {
  for (const [here, there] of [[plain, ours], [ours, plain]]) {
    const browser = new Browser();
    await browser.visit(here("POST", "/login", login));
    for (const at of [there, here]) {
      const page = await browser.visit(at("GET", "/members"));
      assert.deepEqual([page.status, page.json.user], [200, login.user]);
      const shown = await browser.visit(at("GET", "/api/_auth/session"));
      assert.deepEqual(shown.json, { id: page.json.id, user: login.user });
    }
    await browser.visit(there("POST", "/login", { cart: [1, 2] }));
    const whole = await browser.visit(here("GET", "/whole"));
    assert.deepEqual([whole.json.cart, whole.json.secure], [[1, 2], login.secure]);
    await browser.visit(there("DELETE", "/api/_auth/session"));
    assert.equal((await browser.visit(here("GET", "/members"))).status, 401);
  }
});

test("with the plugin of the README, a logout of nuxt-auth-utils is final here, and there a copy opens", async () => {
  const { setCookies } = await ours("POST", "/login", login)();
  const [copy] = setCookies[0].split(";");
  const members = async (at) => (await at("GET", "/members")(copy)).status;
  assert.deepEqual([await members(ours), await members(plain)], [200, 200]);
  const logout = await ours("DELETE", "/api/_auth/session")(copy);
  assert.equal(logout.status, 200);
  assert.match(logout.setCookies[0], /^nuxt-session=; Max-Age=0/);
  // h3 itself knows nothing of it.
  assert.deepEqual([await members(ours), await members(plain)], [401, 200]);
});

test("useSession of h3 in a route goes on at either server", async () => {
  const browser = new Browser();
  const first = await browser.visit(plain("POST", "/h3", { n: 1 }));
  const second = await browser.visit(ours("POST", "/h3", { m: 2 }));
  assert.deepEqual(second.json, { id: first.json.id, data: { n: 1, m: 2 } });
  assert.deepEqual((await browser.visit(plain("GET", "/h3"))).json, second.json);
  await browser.visit(ours("DELETE", "/h3"));
  const anew = await browser.visit(plain("GET", "/h3"));
  assert.notEqual(anew.json.id, first.json.id);
  assert.deepEqual(anew.json.data, {});
});

test("the cookies that both set have the same attributes", async () => {
  const attributes = async (at) => {
    const { setCookies } = await at("POST", "/login", login)();
    // What can be revoked has an end, which h3 has not.
    const kept = (attribute) => !/^(Max-Age|Expires)=/.test(attribute);
    return setCookies.map((value) => [value.split("=", 1)[0], ...value.split("; ").slice(1).filter(kept).sort()]);
  };
  assert.deepEqual(await attributes(ours), await attributes(plain));
});
