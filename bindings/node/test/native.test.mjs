// The functions in C: whatever they are given, they answer or throw, and nothing crashes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { native } from "../lib/native.js";
import { PASSWORD } from "./support.mjs";

const revoking = JSON.stringify({ password: PASSWORD, maxAge: 100, revocation: { subject: "/a" } });
const slow = JSON.stringify({ password: PASSWORD, seal: { format: "h3-2", iterations: 2 } });

/** The same each time. */
function draws(seed) {
  let state = seed;
  return (count) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % count;
  };
}

function values() {
  const config = native.config(revoking);
  const session = native.session();
  native.open(session, config, 0, 0);
  const closed = native.config(slow);
  native.close_handle(closed);
  return [
    ...[undefined, null, true, 0, 1, -1, 3, 1.5, NaN, Infinity, 2 ** 53, -(2 ** 63), 5n, Symbol("x")],
    ...["", "h3=x", "Fe26.2**", "ä\u{1F600}\ud800", '{"a":1}', "/nowhere/at/all", "x".repeat(70_000)],
    ...[{}, [], () => 1, new Date(0), new Proxy({}, {}), Object.create(null), new Uint8Array(4)],
    ...[config, native.config(slow), closed, session, native.session(), native.revocations(4)],
  ];
}

test("every function takes whatever it is given", async () => {
  const draw = draws(1);
  const functions = Object.entries(native).filter(([, of]) => typeof of === "function");
  assert.ok(functions.length >= 36, `${functions.length}`);
  const jobs = [];
  let answers = 0;
  for (let round = 0; round < 60; round++) {
    const given = values();
    for (const [name, of] of functions)
      for (let i = 0; i < 8; i++) {
        const count = draw(10);
        const some = Array.from({ length: count }, () => given[draw(given.length)]);
        // Of its own kind first: else it would be refused before it has looked at the others.
        if (count > 0 && draw(2) === 0) some[0] = given[given.length - 1 - draw(6)];
        try {
          const answer = of(...some);
          answers++;
          if (answer instanceof Promise) jobs.push(answer);
        } catch (error) {
          assert.match(String(error.code), /^ERR_H3S_/, `${name}: ${error.stack}`);
        }
      }
    await Promise.all(jobs.splice(0));
  }
  assert.ok(answers > 1_000, `${answers} answers`);
});

test("a session in the hands of a job is nobody else's", async () => {
  const config = native.config(slow);
  const session = native.session();
  assert.equal(native.open(session, config, 0, 0), "{}");
  const job = native.cookies_job(session);
  for (const of of ["view", "data", "id", "cookies", "cookies_job", "seal", "seal_job", "entries"])
    assert.equal(native[of](session), 5, of);
  assert.equal(native.write(session, 0, "{}"), 5);
  assert.equal(native.open(session, config, 0, 0), 5);
  assert.equal(native.close_handle(session), false);
  assert.equal(await job, undefined);
  assert.equal(native.data(session), 5);
  assert.equal(native.open(session, config, 0, 0), "{}");
});
