// A real Nitro 2 server, with the code of nuxt-auth-utils in it, on loopback: one login for it and
// for the library, with the recipes of docs/BESIDE-H3.md.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { Browser } from "./browser.mjs";
import { Clock } from "./clock.mjs";
import { Random } from "./differential/support.mjs";
import { Library } from "./peers.mjs";
import { nitro } from "./programs.mjs";
import { recipe } from "./recipes.mjs";
import { Sequence } from "./sequences.mjs";
import { librarySide } from "./sides.mjs";

const SEQUENCES = 300;
const STEPS = 6;

const options = recipe("nuxt-auth-utils");
const clock = new Clock();
const library = new Library();
const login = { user: { name: "Zoë", roles: ["admin"] }, secure: { token: "s3cret" } };
let server, address, here;

before(async () => {
  process.env.NUXT_SESSION_PASSWORD = options.password;
  const { listener } = await import(`${nitro()}/server/index.mjs`);
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  address = `http://127.0.0.1:${server.address().port}`;
  here = await librarySide(library, options);
});
after(() => {
  library.end();
  server.close();
  server.closeAllConnections();
});

/** A request to the Nitro server. */
async function visit(method, path, cookie, body) {
  const type = body && { "content-type": "application/json" };
  const headers = { ...(cookie && { cookie }), ...type };
  const signal = AbortSignal.timeout(10_000);
  const request = { method, headers, signal, body: body && JSON.stringify(body) };
  const response = await fetch(address + path, request);
  const setCookies = response.headers.getSetCookie();
  return { status: response.status, setCookies, json: await response.json() };
}
const at = (method, path, body) => (cookie) => visit(method, path, cookie, body);

test("who logged in by nuxt-auth-utils is known here, and stays logged in there", async () => {
  const browser = new Browser();
  await browser.visit(at("POST", "/login", login));
  for (const verb of ["get", "use"]) {
    clock.forward(24 * 3600 * 1000);
    const seen = await browser.visit(here[verb]);
    assert.deepEqual([seen.data, seen.setCookies], [login, []]);
  }
  const page = await browser.visit(at("GET", "/members"));
  assert.equal(page.status, 200);
  assert.deepEqual(page.json.user, login.user);
});

test("what is written here, nuxt-auth-utils reads, and keeps secure from the page", async () => {
  const browser = new Browser();
  await browser.visit(at("POST", "/login", login));
  const written = await browser.visit((cookie) => here.update(cookie, { cart: [1, 2] }));
  const page = await browser.visit(at("GET", "/api/_auth/session"));
  assert.deepEqual(page.json, { id: written.id, user: login.user, cart: [1, 2] });
});

test("who logged in here is logged in at nuxt-auth-utils", async () => {
  const browser = new Browser();
  const { id } = await browser.visit((cookie) => here.update(cookie, login));
  const page = await browser.visit(at("GET", "/members"));
  assert.deepEqual([page.status, page.json], [200, { ...login, id }]);
});

test("a rotated session is the same one to nuxt-auth-utils, under its new id", async () => {
  const browser = new Browser();
  await browser.visit(at("POST", "/login", login));
  const { id } = await browser.visit(here.rotate);
  const page = await browser.visit(at("GET", "/members"));
  assert.deepEqual([page.status, page.json], [200, { ...login, id }]);
});

test("a logout on either side is one on both", async () => {
  for (const logout of [here.clear, at("DELETE", "/api/_auth/session")]) {
    const browser = new Browser();
    await browser.visit(at("POST", "/login", login));
    await browser.visit(logout);
    assert.deepEqual((await browser.visit(here.get)).data, {});
    assert.equal((await browser.visit(at("GET", "/members"))).status, 401);
  }
});

test("data that one cookie cannot hold is refused here, and nobody is logged out", async () => {
  const browser = new Browser();
  await browser.visit(at("POST", "/login", login));
  const large = { cart: "x".repeat(4000) };
  const refused = await browser.visit((cookie) => here.update(cookie, large));
  assert.equal(refused.status, 4);
  assert.equal((await browser.visit(at("GET", "/members"))).status, 200);
  assert.deepEqual((await browser.visit(here.get)).data, login);
});

/** What `Sequence` wants of the other side. */
const nuxt = {
  async get(cookie) {
    const { json, setCookies } = await visit("GET", "/whole", cookie);
    const { id, ...data } = json;
    return { id, data, setCookies };
  },
  async update(cookie, update) {
    const { setCookies } = await visit("POST", "/login", cookie, update);
    // It answers without the id.
    const name = `${options.name}=`;
    const written = setCookies.find((value) => value.startsWith(name)).split(";")[0];
    const { id, data } = await nuxt.get(written);
    return { id, data, setCookies };
  },
  clear: (cookie) => visit("DELETE", "/api/_auth/session", cookie),
};
nuxt.use = nuxt.get;

const plain = {
  get: async (cookie) => {
    const { json, setCookies } = await visit("GET", "/h3", cookie);
    return { ...json, setCookies };
  },
  update: async (cookie, update) => {
    const { json, setCookies } = await visit("POST", "/h3", cookie, update);
    return { ...json, setCookies };
  },
  clear: (cookie) => visit("DELETE", "/h3", cookie),
};
plain.use = plain.get;

for (const [stream, [name, there, recipeName]] of [
  ["nuxt-auth-utils", nuxt, "nuxt-auth-utils"],
  ["useSession in Nitro 2", plain, "h3-1"],
].entries()) {
  test(`${SEQUENCES} random sequences beside ${name} lose no session`, async () => {
    const random = new Random(stream + 11);
    const sameThere = { ...recipe(recipeName), password: options.password };
    const beside = await librarySide(library, sameThere);
    const sides = { here: beside, there, traits: { stores: true } };
    let kept = 0;
    for (let i = 0; i < SEQUENCES; i++) {
      kept += await new Sequence({ random, clock, ...sides }).run(STEPS);
    }
    assert.ok(kept > SEQUENCES * STEPS, `a session was there to be lost only ${kept} times`);
  });
}
