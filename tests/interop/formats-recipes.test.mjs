// The recipes of docs/FORMATS.md, beside the framework that each is for.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Browser } from "./browser.mjs";
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
      await browser.visit(async () => ({ setCookies: await there.login({ user: "Zoë" }) }));
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
