// The frameworks' own test cases for seals and cookies, which are in cases.mjs, through the C ABI.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import * as cases from "./cases.mjs";
import { Library, cookieHeader } from "./peers.mjs";
import { npm } from "./npm.mjs";

const START = 1_800_000_000_000;
const { sealData } = await npm("iron-session");
const { encode } = await npm("@auth/core/jwt");
const { encode: encode4 } = await npm("next-auth/jwt");

const library = new Library();
after(() => library.end());

/** A token by the package, at the time that a case begins. */
async function sealed(data, { password, name, seal }, t) {
  t.mock.timers.enable({ apis: ["Date"], now: START });
  const token =
    seal === "authjs"
      ? await encode({ token: data, secret: password, salt: name })
      : await sealData(data, { password, ttl: seal.ttl / 1000 || undefined });
  t.mock.timers.reset();
  return token;
}

/** What a step here does, and what is then in the browser. */
async function here(step, browser) {
  const { options, at = 0, write, replace, clear, fails } = step;
  const answer = await library.ask({ op: "config", options });
  if (fails && answer.config === undefined) return assert.equal(answer.key, fails);
  const change = write ? { update: write } : replace ? { replace } : clear ? { clear } : {};
  const ours = await library.ask({ op: "get", config: answer.config, cookie: browser.cookie, now: START + at, ...change });
  if (fails !== undefined) return assert.ok(ours.status > 0, JSON.stringify(ours));
  assert.equal(ours.message, undefined);
  assert.deepEqual(ours.data, step.data);
  assert.equal(ours.rejection, step.rejection ?? "none");
  if (step.cookies !== undefined) assert.equal(ours.setCookies.length, step.cookies);
  const [value] = ours.setCookies;
  if (step.length !== undefined) assert.equal(value.split(";", 1)[0].length, options.name.length + 1 + step.length);
  for (const attribute of step.attributes ?? []) assert.ok(value.split("; ").includes(attribute), `${attribute}: ${value}`);
  if (ours.setCookies.length > 0) browser.cookie = cookieHeader(ours.setCookies);
}

for (const [framework, list] of [["iron-session", cases.ironSession], ["Auth.js", cases.authjs]]) {
  describe(`the tests of ${framework}`, () => {
    for (const [name, steps] of Object.entries(list)) {
      test(name, async (t) => {
        const browser = { cookie: "" };
        for (const step of steps) {
          if (step.cookie) browser.cookie = step.cookie;
          else if (step.seal) browser.cookie = `${step.under ?? step.options.name}=${await sealed(step.seal, step.options, t)}`;
          else await here(step, browser);
        }
      });
    }
  });
}

describe("the tests of NextAuth.js 4", () => {
  for (const order of cases.orders) {
    test(`the chunks ${order} are joined in their numbers' order`, async () => {
      const [name, secret] = ["__Secure-next-auth.session-token", "secret"];
      const data = { text: "x".repeat(7000) };
      const token = await encode4({ token: data, secret });
      const length = Math.ceil(token.length / order.length);
      const pairs = order.map((i) => `${name}.${i}=${token.slice(i * length, (i + 1) * length)}`);
      const config = await library.config({ password: secret, name, seal: "next-auth" });
      const ours = await library.ask({ op: "get", config, cookie: pairs.join("; "), now: Date.now() });
      assert.deepEqual([ours.rejection, ours.data], ["none", data]);
    });
  }
});
