// Servers of Nitro 3, once as they are and once with the module `h3s/nitro`: one session for both.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Browser } from "./browser.mjs";
import { nitro3 } from "./programs.mjs";
import { recipe } from "./recipes.mjs";

const { password } = recipe("nuxt-auth-utils");

test("the README names the versions of Nitro that are tested", () => {
  const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
  const readme = read("../../bindings/node/README.md");
  const [two, three, beta] = ["nitro", "nitro3", "nitro3-beta"].map((name) => JSON.parse(read(`${name}/package.json`)).dependencies);
  const line = `tested with Nitro ${two.nitropack}, ${three.nitro} and ${beta.nitro}, which has h3 ${beta.h3}`;
  assert.ok(readme.replaceAll("\n", " ").includes(line), line);
});

for (const [name, seal] of [
  // Its h3 is a release candidate, which seals as h3 1 does.
  ["nitro3", "h3-1"],
  ["nitro3-beta", undefined],
])
  describe(name, () => {
    const servers = [];
    let plain, ours;

    async function serve(name, seal) {
      const { middleware } = await import(join(nitro3(name), ".output/server/index.mjs"));
      const server = createServer(middleware).listen(0, "127.0.0.1");
      await once(server, "listening");
      servers.push(server);
      const query = seal ? `?seal=${seal}` : "";
      return (method, path, body) => async (cookie) => {
        const url = `http://127.0.0.1:${server.address().port}${path}${query}`;
        const type = body && { "content-type": "application/json" };
        const response = await fetch(url, {
          method,
          headers: { ...(cookie && { cookie }), ...type },
          body: body && JSON.stringify(body),
          signal: AbortSignal.timeout(10_000),
        });
        const setCookies = response.headers.getSetCookie();
        return { status: response.status, setCookies, json: await response.json() };
      };
    }

    before(async () => {
      process.env.NUXT_SESSION_PASSWORD = password;
      plain = await serve(name);
      ours = await serve(`${name}-h3s`, seal);
    });
    after(() => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    });

    /** All that was built but for packages. */
    function built(name) {
      const server = join(nitro3(name), ".output/server");
      const files = readdirSync(server, { recursive: true });
      const own = files.filter((file) => file.endsWith(".mjs") && !file.startsWith("node_modules"));
      return own.map((file) => readFileSync(join(server, file), "utf8")).join("");
    }

    test("the build holds this package whole, and h3's own sealing no more", () => {
      const server = join(nitro3(`${name}-h3s`), ".output/server");
      assert.ok(existsSync(join(server, "node_modules/h3s/build/h3s.node")));
      const theirs = /Fe26\.2|import \{[^}]*\buseSession\b[^}]*\} from ['"](h3|nitro\/h3|nitro\/deps\/h3)['"]/;
      assert.match(built(name), theirs);
      const text = built(`${name}-h3s`);
      assert.match(text, /^import \{[^}]*\buseSession\b[^}]*\} from ['"]h3s\/h3['"];$/m);
      assert.doesNotMatch(text, theirs);
    });

    for (const path of ["/visits", "/direct"])
      test(`a session of ${path} goes on at either server, and so does its end`, async () => {
        for (const [here, there] of [
          [plain, ours],
          [ours, plain],
        ]) {
          const browser = new Browser();
          const first = await browser.visit(here("POST", path, { n: 1 }));
          assert.deepEqual([first.status, first.json.data], [200, { n: 1 }]);
          const second = await browser.visit(there("POST", path, { m: 2 }));
          assert.deepEqual(second.json, { id: first.json.id, data: { n: 1, m: 2 } });
          assert.deepEqual((await browser.visit(here("GET", path))).json, second.json);
          await browser.visit(there("DELETE", path));
          const anew = await browser.visit(here("GET", path));
          assert.notEqual(anew.json.id, first.json.id);
          assert.deepEqual(anew.json.data, {});
        }
      });
  });
