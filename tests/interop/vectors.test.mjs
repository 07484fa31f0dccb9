// The vectors of docs/FORMATS.md, by the frameworks' own packages and by the library.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { theirs, vectors } from "./vectors/generate.mjs";
import { Library } from "./peers.mjs";

const committed = (file) => JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url)));
const opens = committed("formats-open.json");
const refuses = committed("formats-refuse.json");

describe("the frameworks themselves", () => {
  test("make the vectors as they are committed", async () => {
    const made = await vectors();
    assert.deepEqual(made["formats-open.json"], opens);
    assert.deepEqual(made["formats-refuse.json"], refuses);
  });

  test("read the session of each token that opens", async () => {
    assert.ok(opens.length >= 50);
    for (const vector of opens) {
      assert.deepEqual(await theirs(vector, vector.cookie), JSON.parse(vector.data), vector.name);
    }
  });
});

describe("the library", () => {
  let library;
  const configs = new Map();
  before(() => (library = new Library()));
  after(() => library.end());

  async function configOf(options) {
    const key = JSON.stringify(options);
    if (!configs.has(key)) configs.set(key, await library.config(options));
    return configs.get(key);
  }

  test("opens each token that opens, from its cookies and from a header", async () => {
    for (const { name, options, now_ms: now, cookie, token, id, created_at, data } of opens) {
      const config = await configOf(options);
      for (const request of [{ cookie }, { header: token }]) {
        const ours = await library.ask({ op: "get", config, now, ...request });
        assert.equal(ours.rejection, "none", name);
        assert.equal(ours.dataText, data, name);
        if (id !== null) assert.equal(ours.id, id, name);
        if (created_at !== null) assert.equal(ours.createdAt, created_at, name);
        // What a former secret has sealed, a read may seal anew.
        if (typeof options.password === "string") assert.deepEqual(ours.setCookies, [], name);
      }
    }
  });

  test("refuses each token that is refused, with its reason", async () => {
    assert.ok(refuses.length >= 350);
    const wrong = [];
    for (const { name, options, now_ms: now, token, rejection } of refuses) {
      const ours = await library.ask({ op: "get", config: await configOf(options), now, header: token });
      if (ours.rejection !== rejection) wrong.push(`${name}: ${ours.rejection}, not ${rejection}`);
    }
    assert.deepEqual(wrong, []);
  });
});
