// 300 random sequences beside each h3, with the recipes of docs/BESIDE-H3.md: no session is lost.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Clock } from "./clock.mjs";
import { Random } from "./differential/support.mjs";
import { Library, h3Server1, h3Server2, h3ServerRc } from "./peers.mjs";
import { recipe } from "./recipes.mjs";
import { rememberKeys } from "./remember-keys.mjs";
import { Sequence } from "./sequences.mjs";
import { h3Side, librarySide } from "./sides.mjs";

const SEQUENCES = 300;
const STEPS = 6;
const WEEK = 7 * 86_400;

const library = new Library();
after(() => library.end());
const clock = new Clock();
rememberKeys();

// What both sides are given beside the recipe; each in its turn.
const unlimited = [{}, { maxAge: WEEK }];
const sliding = [...unlimited, { idleTimeout: 86_400 }, { maxAge: WEEK, idleTimeout: 86_400 }];
const peers = [
  {
    name: "h3 1.15", server: h3Server1, recipe: "h3-1",
    limits: unlimited, traits: { stores: true },
  },
  {
    name: "h3 2", server: h3Server2, recipe: "h3-2",
    limits: sliding, traits: { large: true, largeHere: true },
  },
  ...[2, 24].map((number) => ({
    name: `h3 2.0.1-rc.${number}`, server: h3ServerRc(number), recipe: "h3-1",
    limits: unlimited, traits: { stores: true, large: true },
  })),
];

for (const [stream, peer] of peers.entries()) {
  test(`${SEQUENCES} random sequences beside ${peer.name} lose no session`, async () => {
    const random = new Random(stream + 1);
    const options = recipe(peer.recipe);
    const { seal, ...common } = options;
    const sides = [];
    for (const limits of peer.limits) {
      const here = await librarySide(library, { ...options, ...limits });
      sides.push({ here, there: h3Side(peer.server, { ...common, ...limits }), limits });
    }
    let kept = 0;
    for (let i = 0; i < SEQUENCES; i++) {
      const { traits } = peer;
      kept += await new Sequence({ random, clock, traits, ...sides[i % sides.length] }).run(STEPS);
    }
    assert.ok(kept > SEQUENCES * STEPS, `a session was there to be lost only ${kept} times`);
  });
}
