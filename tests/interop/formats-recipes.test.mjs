// The recipes of docs/FORMATS.md, beside the framework that each is for.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Browser } from "./browser.mjs";
import { Clock } from "./clock.mjs";
import { frameworks } from "./formats.mjs";
import { Library } from "./peers.mjs";
import { recipe, recipeTexts } from "./recipes.mjs";
import { librarySide } from "./sides.mjs";

const PAGE = "docs/FORMATS.md";
/** Of each recipe: the frameworks, and whether libh3s writes their sessions. */
const recipes = {
  "iron-session": { beside: ["iron-session 8", "iron-session 9"], writes: true },
  workos: { beside: ["WorkOS AuthKit"], writes: true },
  authjs: { beside: ["Auth.js"], writes: true },
  "next-auth": { beside: ["NextAuth.js 4"] },
  auth0: { beside: ["nextjs-auth0 4"] },
  "better-auth": { beside: ["better-auth"] },
};

const library = new Library();
after(() => library.end());
const clock = new Clock();

test("each recipe of the page is tested", () => {
  assert.deepEqual([...recipeTexts(PAGE).keys()], Object.keys(recipes));
});

for (const [name, { beside, writes }] of Object.entries(recipes)) {
  for (const framework of beside) {
    test(`the recipe ${name} beside ${framework}`, async () => {
      const options = recipe(name, PAGE);
      const there = frameworks[framework]({ secrets: [options.password], name: options.name });
      const here = await librarySide(library, options);
      const browser = new Browser();
      await browser.visit(async () => ({ setCookies: await there.login({ user: { name: "Zoë" } }) }));
      const seen = await browser.visit(here.use);
      assert.deepEqual([seen.rejection, seen.setCookies], ["none", []]);
      assert.deepEqual(seen.data, (await browser.visit((cookie) => there.visit(cookie))).data);
      const written = await browser.visit((cookie) => here.update(cookie, { cart: 1 }));
      assert.equal(written.message === undefined, writes === true, written.message);
      const data = writes ? { ...seen.data, cart: 1 } : seen.data;
      assert.deepEqual((await browser.visit((cookie) => there.visit(cookie))).data, data);
    });
  }
}

for (const [name, { beside: [framework] }] of Object.entries(recipes).filter(([name]) => name !== "workos")) {
  test(`a session of ${framework} moves to h3s1 at a write, and then ends by maxAge`, async () => {
    const options = recipe(name, PAGE);
    // h3s1 wants at least 32 characters, as not all frameworks do.
    const password = `${options.password}, of 32 characters or more`;
    const maxAge = 14 * 86_400; // iron-session's own
    const there = frameworks[framework]({ secrets: [password], name: options.name, maxAge });
    const accept = ["h3s1", options.seal];
    const here = await librarySide(library, { ...options, password, maxAge: 7200, seal: { format: "h3s1", accept } });
    const browser = new Browser();
    await browser.visit(async () => ({ setCookies: await there.login({ user: { name: "Zoë" } }) }));
    const before = await browser.visit(here.get);
    const written = await browser.visit((cookie) => here.update(cookie, { cart: 1 }));
    assert.match(written.setCookies[0], /=h3s1\./);
    const after = await browser.visit(here.get);
    assert.deepEqual([after.id, after.createdAt], [before.id, before.createdAt]);
    assert.deepEqual(after.data, { ...before.data, cart: 1 });
    const cookie = await browser.cookie();
    clock.forward(7_201_000);
    assert.equal((await here.get(cookie)).rejection, "expired");
  });
}
