// A login at Auth.js and at better-auth by their own pages, and a logout there: what is seen here.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Browser } from "./browser.mjs";
import { npm } from "./npm.mjs";
import { Library } from "./peers.mjs";
import { recipe } from "./recipes.mjs";
import { librarySide } from "./sides.mjs";

const { Auth } = await npm("@auth/core");
const { default: Credentials } = await npm("@auth/core/providers/credentials");
const { betterAuth } = await npm("better-auth");

const SITE = "https://app.test";
const PAGE = "docs/FORMATS.md";
const library = new Library();
after(() => library.end());

/** Requests of one browser to a site that answers as `fetch` does. */
function visitor(browser, answer) {
  return async (method, path, body) => {
    const headers = { cookie: (await browser.cookie()) ?? "", origin: SITE, ...(body && { "content-type": "application/json" }) };
    const request = new Request(SITE + path, { method, headers, body: body && JSON.stringify(body) });
    const response = await answer(request);
    await browser.take(response.headers.getSetCookie());
    return response;
  };
}

test("who logged in at Auth.js is known here until the logout there", async () => {
  const options = recipe("authjs", PAGE);
  const user = { id: "7", name: "Zoë", email: "zoe@app.test" };
  const config = {
    secret: options.password,
    basePath: "/auth",
    trustHost: true,
    providers: [Credentials({ authorize: async ({ password }) => (password === "right" ? user : null) })],
    logger: { error() {}, warn() {}, debug() {} },
  };
  const browser = new Browser();
  const here = await librarySide(library, options);
  const visit = visitor(browser, (request) => Auth(request, config));
  const post = async (path, more) => {
    const { csrfToken } = await (await visit("GET", "/auth/csrf")).json();
    return visit("POST", path, { csrfToken, ...more });
  };

  await post("/auth/callback/credentials", { password: "wrong" });
  assert.deepEqual((await browser.visit(here.get)).data, {});
  await post("/auth/callback/credentials", { password: "right" });
  const seen = await browser.visit(here.get);
  assert.deepEqual(seen.data, { name: user.name, email: user.email, sub: user.id });
  await browser.visit((cookie) => here.update(cookie, { cart: 1 }));
  const session = await (await visit("GET", "/auth/session")).json();
  assert.deepEqual(session.user, { name: user.name, email: user.email });
  assert.deepEqual((await browser.visit(here.get)).data, { ...seen.data, cart: 1 });
  await post("/auth/signout");
  assert.deepEqual((await browser.visit(here.get)).data, {});

  // And the other way round.
  await post("/auth/callback/credentials", { password: "right" });
  await browser.visit(here.clear);
  assert.equal(await (await visit("GET", "/auth/session")).json(), null);
});

test("who logged in at better-auth is known here until the logout there", async () => {
  const options = recipe("better-auth", PAGE);
  const auth = betterAuth({
    secret: options.password,
    baseURL: SITE,
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
  const browser = new Browser();
  const here = await librarySide(library, options);
  const visit = visitor(browser, (request) => auth.handler(request));
  const login = { email: "zoe@app.test", password: "a long password" };

  await visit("POST", "/api/auth/sign-up/email", { ...login, name: "Zoë" });
  const seen = await browser.visit(here.get);
  assert.deepEqual([seen.data.user.email, seen.data.user.name], [login.email, "Zoë"]);
  assert.equal(seen.id, seen.data.session.id);
  await visit("POST", "/api/auth/sign-out", {});
  assert.deepEqual((await browser.visit(here.get)).data, {});

  await visit("POST", "/api/auth/sign-in/email", login);
  const again = await browser.visit(here.get);
  assert.equal(again.data.user.email, login.email);
  assert.notEqual(again.id, seen.id);
});
