// Random sequences of what one visitor does, now here and now at a framework, in one browser: both
// sides always see the same session, and after a logout or its end none.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Browser } from "./browser.mjs";
import { Clock } from "./clock.mjs";
import { Random } from "./differential/support.mjs";
import { frameworks } from "./formats.mjs";
import { Library } from "./peers.mjs";
import { librarySide } from "./sides.mjs";

const secrets = ["correct horse battery staple, and more of it"];
const HOUR = 3600;
/** Two of these take three cookies. */
const LARGE = "x".repeat(3500);

const library = new Library();
after(() => library.end());
const clock = new Clock();

/** One sequence; gives how often a session was seen that had been written before. */
async function sequence(random, there, here, isLarge) {
  const browser = new Browser();
  let data = null;
  let left = 0;
  let kept = 0;
  const log = [];
  const seen = async () => {
    const ours = await browser.visit(here.get);
    assert.deepEqual(ours.data, data ?? {}, `here, after ${log.join(", ")}`);
    const theirs = await browser.visit((cookie) => there.visit(cookie ?? ""));
    assert.deepEqual(theirs.data, data, `there, after ${log.join(", ")}`);
    if (data) kept++;
  };
  // What writes a session gives it another hour; one that reads it may, too.
  const written = (update) => {
    data = { ...data, ...update };
    left = HOUR - 120;
  };
  const steps = {
    "update here": async (update) => {
      const { message } = await browser.visit((cookie) => here.update(cookie, update));
      assert.equal(message, undefined);
      written(update);
    },
    "update there": async (update) => {
      if (data) await browser.visit((cookie) => there.visit(cookie, update));
      else await browser.visit(async () => ({ setCookies: await there.login(update) }));
      written(update);
    },
    "rotate here": async () => {
      if (data) await browser.visit(here.rotate);
    },
    "clear here": async () => {
      await browser.visit(here.clear);
      data = null;
    },
    "clear there": async () => {
      await browser.visit(async (cookie) => ({ setCookies: await there.logout(cookie ?? "") }));
      data = null;
    },
    "wait": async () => {
      const seconds = random.below(left + 1);
      left -= seconds;
      clock.forward(seconds * 1000);
    },
    "wait till the end": async () => {
      clock.forward((HOUR + 61) * 1000);
      data = null;
    },
  };
  const often = ["update here", "update there", "wait", "rotate here"];
  const names = [...often, ...often, ...often, "clear here", "clear there", "wait till the end"];
  for (let i = 0; i < 25; i++) {
    const name = names[random.below(names.length)];
    const text = isLarge && random.once(3) ? LARGE : `${random.below(1000)}`;
    log.push(name);
    await steps[name]({ [["user", "cart"][random.below(2)]]: text });
    await seen();
  }
  return kept;
}

for (const [i, name] of ["iron-session 8", "iron-session 9", "iron-session 9 with chunks", "Auth.js"].entries()) {
  test(`both sides see one session in 40 random sequences beside ${name}`, async () => {
    const random = new Random(100 + i);
    const there = frameworks[name]({ secrets, maxAge: HOUR });
    const here = await librarySide(library, there.options);
    let kept = 0;
    for (let n = 0; n < 40; n++) kept += await sequence(random, there, here, !/[89]$/.test(name));
    assert.ok(kept > 300, `${kept}`);
  });
}
