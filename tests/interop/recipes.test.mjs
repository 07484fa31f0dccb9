// The recipes of docs/BESIDE-H3.md, step by step, with the h3 that each is for.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { Browser } from "./browser.mjs";
import { Clock } from "./clock.mjs";
import { Library, h3Server1, h3Server2, h3ServerRc } from "./peers.mjs";
import { recipe, recipeTexts } from "./recipes.mjs";
import { h3Side, librarySide } from "./sides.mjs";

const DAY = 24 * 3600 * 1000;
const LARGE = { text: "x".repeat(6000) };

const library = new Library();
after(() => library.end());
const clock = new Clock();

const peers = [
  ["h3-1", "h3 1.15", h3Server1],
  ["h3-1", "h3 2.0.1-rc.2", h3ServerRc(2)],
  ["h3-1", "h3 2.0.1-rc.24", h3ServerRc(24)],
  ["h3-2", "h3 2", h3Server2],
];

for (const [name, peer, server] of peers) {
  describe(`the recipe ${name} beside ${peer}`, () => {
    const { seal, ...common } = recipe(name);
    const there = h3Side(server, common);
    const login = (cookie) => there.update(cookie, { user: "Zoë" });
    const loggedIn = async () => {
      const browser = new Browser();
      const { id } = await browser.visit(login);
      return { id, browser, here: await librarySide(library, { seal, ...common }) };
    };

    test("who logged in there is known here, and a late read changes nothing", async () => {
      const { id, browser, here } = await loggedIn();
      for (const verb of ["get", "use", "get", "use"]) {
        clock.forward(DAY);
        const seen = await browser.visit(here[verb]);
        assert.deepEqual([seen.id, seen.data, seen.setCookies], [id, { user: "Zoë" }, []]);
      }
      assert.equal((await browser.visit(there.get)).id, id);
    });

    test("what is written here is read there", async () => {
      const { id, browser, here } = await loggedIn();
      await browser.visit((cookie) => here.update(cookie, { cart: 1 }));
      const seen = await browser.visit(there.get);
      assert.deepEqual([seen.id, seen.data], [id, { user: "Zoë", cart: 1 }]);
    });

    test("a session that was rotated here goes on there", async () => {
      const { id, browser, here } = await loggedIn();
      const rotated = await browser.visit(here.rotate);
      const seen = await browser.visit(there.get);
      assert.notEqual(seen.id, id);
      assert.deepEqual([seen.id, seen.data], [rotated.id, { user: "Zoë" }]);
    });

    test("a session that began here goes on there", async () => {
      const browser = new Browser();
      const { here } = await loggedIn();
      const { id } = await browser.visit(here.use);
      assert.equal((await browser.visit(login)).id, id);
      assert.deepEqual((await browser.visit(here.get)).data, { user: "Zoë" });
    });

    test("a logout on either side is one on both", async () => {
      for (const side of ["here", "there"]) {
        const { id, browser, here } = await loggedIn();
        await browser.visit(side === "here" ? here.clear : there.clear);
        for (const look of [here.get, there.get]) {
          const seen = await browser.visit(look);
          assert.deepEqual([seen.data, seen.id === id], [{}, false]);
        }
      }
    });

    if (name === "h3-1") {
      test("data that one cookie cannot hold is refused here, and the session goes on", async () => {
        const { id, browser, here } = await loggedIn();
        const refused = await browser.visit((cookie) => here.update(cookie, LARGE));
        assert.equal(refused.status, 4);
        for (const side of [there, here]) {
          const seen = await browser.visit(side.get);
          assert.deepEqual([seen.id, seen.data], [id, { user: "Zoë" }]);
        }
      });
    }

    if (peer !== "h3 1.15") {
      test("the cookies of a large session are read here", async () => {
        const { id, browser, here } = await loggedIn();
        await browser.visit((cookie) => there.update(cookie, LARGE));
        const seen = await browser.visit(here.get);
        assert.deepEqual([seen.id, seen.data], [id, { user: "Zoë", ...LARGE }]);
      });
    }

    if (name === "h3-2") {
      test("the cookies of a large session are written here", async () => {
        const { id, browser, here } = await loggedIn();
        await browser.visit((cookie) => here.update(cookie, LARGE));
        const seen = await browser.visit(there.get);
        assert.deepEqual([seen.id, seen.data], [id, { user: "Zoë", ...LARGE }]);
      });
    }
  });
}

test("h3-2 reads a token of h3 1 and leaves it to h3 1, and the next write moves it", async () => {
  const { seal, ...common } = recipe("h3-2");
  const here = await librarySide(library, { seal, ...common });
  const h3v1 = h3Side(h3Server1, common);
  const strict = h3Side(h3Server2, { ...common, legacySealFallback: false });
  const browser = new Browser();
  const { id } = await browser.visit((cookie) => h3v1.update(cookie, { user: "Zoë" }));
  for (const verb of ["get", "use"]) {
    const seen = await browser.visit(here[verb]);
    assert.deepEqual([seen.id, seen.setCookies], [id, []]);
  }
  assert.equal((await browser.visit(h3v1.get)).id, id);
  await browser.visit((cookie) => here.update(cookie, { n: 1 }));
  const moved = await browser.visit(strict.get);
  assert.deepEqual([moved.id, moved.data], [id, { user: "Zoë", n: 1 }]);
});

test("a site moves from h3 1 to h3 2 step by step, and nobody is logged out", async () => {
  const { seal, ...common } = recipe("from-h3-1-to-h3-2");
  const [h3v1, h3v2] = [h3Side(h3Server1, common), h3Side(h3Server2, common)];
  const steps = [
    { seal: recipe("h3-1").seal, there: [h3v1] },
    { seal, there: [h3v1] },
    { seal, there: [h3v2] },
    { seal: recipe("h3-2").seal, there: [h3v2] },
  ];
  // One who comes at each step, and one who comes back only at the last.
  const [busy, away] = [new Browser(), new Browser()];
  const login = (cookie) => h3v1.update(cookie, { user: "Zoë" });
  const ids = [(await busy.visit(login)).id, (await away.visit(login)).id];
  for (const [i, { seal: format, there }] of steps.entries()) {
    const here = await librarySide(library, { ...common, seal: format });
    for (const side of [here, ...there, here]) {
      for (const verb of ["get", "use"]) {
        assert.equal((await busy.visit(side[verb])).id, ids[0], `step ${i}`);
      }
      await busy.visit((cookie) => side.update(cookie, { step: i }));
    }
  }
  const last = await librarySide(library, { ...common, seal: recipe("h3-2").seal });
  for (const side of [last, h3v2]) assert.equal((await away.visit(side.get)).id, ids[1]);
});

test("a new password logs nobody out", async () => {
  const { password } = recipe("new-password");
  const [newest, oldest] = Object.values(password);
  for (const seal of ["h3s1", "h3-1", "h3-2"]) {
    const [before, now, later] = await Promise.all(
      [oldest, password, newest].map((password) => librarySide(library, { password, seal })),
    );
    const browser = new Browser();
    const { id } = await browser.visit((cookie) => before.update(cookie, { n: 1 }));
    const seen = await browser.visit(now.get);
    assert.deepEqual([seen.id, seen.data, seen.setCookies.length], [id, { n: 1 }, 1]);
    // The token names the new password now.
    assert.deepEqual((await browser.visit(now.get)).setCookies, []);
    const renamed = await librarySide(library, { password: { k2: newest }, seal });
    assert.equal((await browser.visit(renamed.get)).id, id);
    // One password without a name opens a token of any.
    assert.equal((await browser.visit(later.get)).id, id);
  }
});

test("of passwords whose names are all numbers the highest seals", async () => {
  const [newest, oldest] = Object.values(recipe("new-password").password);
  const password = { 1: oldest, 2: newest };
  const numbered = await librarySide(library, { password, seal: "h3-2" });
  const { setCookies } = await numbered.use();
  assert.match(setCookies[0], /^h3=Fe26\.2\*2\*/);
});

describe("the recipes", () => {
  const main = recipeTexts();
  for (const binding of ["python", "go", "nginx"]) {
    test(`of ${binding} are those of docs/BESIDE-H3.md`, () => {
      const theirs = recipeTexts(`bindings/${binding}/README.md`);
      assert.deepEqual(theirs, main);
    });
  }
  test("that README.md shows are among those of docs/BESIDE-H3.md", () => {
    const shown = recipeTexts("README.md");
    assert.deepEqual([...shown.keys()], ["h3-1"]);
    for (const [name, json] of shown) assert.equal(json, main.get(name));
  });
});
