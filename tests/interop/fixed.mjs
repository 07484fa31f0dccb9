// Time and random numbers that are the same in each run, for packages that ask for them themselves.

import crypto, { createHash, webcrypto } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { mock } from "node:test";

/** All clocks of this process say this time, until it is set again. */
export function setTime(ms) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["Date"], now: ms });
}

let state = "";

/** From now on what is random is what follows from a seed. */
export function fixRandom(seed) {
  state = seed;
}

function bytes(length) {
  const blocks = [];
  for (let made = 0; made < length; made += 32) {
    state = createHash("sha256").update(state).digest("hex");
    blocks.push(Buffer.from(state, "hex"));
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function fill(view) {
  bytes(view.byteLength).copy(Buffer.from(view.buffer, view.byteOffset, view.byteLength));
  return view;
}

function uuid() {
  const digits = bytes(16).toString("hex");
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `4${digits.slice(13, 16)}`];
  return [...parts, `a${digits.slice(17, 20)}`, digits.slice(20)].join("-");
}

// Some packages keep the function that they find when they are imported, so this file comes first.
Object.assign(crypto, { randomFillSync: fill, randomBytes: bytes, randomUUID: uuid });
Object.assign(webcrypto, { getRandomValues: fill, randomUUID: uuid });
syncBuiltinESMExports();
