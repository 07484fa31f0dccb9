// What docs/FORMATS.md says of the cookies of each framework is what the package sets.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { Clock } from "./clock.mjs";
import { frameworks } from "./formats.mjs";

const page = readFileSync(new URL("../../docs/FORMATS.md", import.meta.url), "utf8");
const { dependencies } = JSON.parse(readFileSync(new URL("package.json", import.meta.url)));
const { dependencies: example } = JSON.parse(readFileSync(new URL("../../examples/nextjs/package.json", import.meta.url)));
const secrets = ["correct horse battery staple, and more of it"];
const clock = new Clock();
// One of the packages warns of large cookies.
console.warn = () => {};

/** How many characters of text take three chunks. */
const LARGE = { text: "x".repeat(7000) };
const numbered = /(\.|__)\d+=[^;]/;
const httpOnly = ["Path=/", "HttpOnly", "SameSite=Lax"];

/** Of each: name, attributes of a session of an hour, what ends it, and the value of a chunk. */
const documented = {
  "iron-session 8": { attributes: [...httpOnly, "Secure"], maxAge: 3540 },
  "iron-session 9": { attributes: [...httpOnly, "Secure"], maxAge: 3540 },
  "iron-session 9 with chunks": { attributes: [...httpOnly, "Secure"], maxAge: 3540, whole: 4096 },
  "Auth.js": { name: "authjs.session-token", attributes: httpOnly, expires: 3600, chunk: 3936 },
  "NextAuth.js 4": { name: "next-auth.session-token", attributes: httpOnly, expires: 3600, chunk: 3933 },
  "nextjs-auth0 4": {
    name: "__session", attributes: ["Path=/", "HttpOnly", "SameSite=lax"], maxAge: 3600, expires: 3600, chunk: 3500,
  },
  "better-auth": { name: "better-auth.session_data", attributes: httpOnly, maxAge: 3600, whole: 4049 },
};

const attributesOf = (value) => value.split("; ").slice(1);
const ofName = (name, setCookies) => setCookies.find((value) => value.startsWith(`${name}=`));

for (const [framework, { name, attributes, maxAge, expires, chunk, whole }] of Object.entries(documented)) {
  describe(framework, () => {
    const make = (more) => frameworks[framework]({ secrets, maxAge: 3600, ...more });

    test("has the name, the attributes and the end that the page says", async () => {
      const there = make();
      if (name) assert.ok(there.name === name && page.includes(`\`${name}\``));
      const set = attributesOf(ofName(there.name, await there.login({ a: 1 })));
      for (const attribute of attributes) assert.ok(set.includes(attribute), attribute);
      const [ours, until] = [set.find((text) => text.startsWith("Max-Age")), set.find((text) => text.startsWith("Expires"))];
      assert.equal(ours, maxAge && `Max-Age=${maxAge}`);
      assert.equal(until, expires && `Expires=${new Date(clock.now() + expires * 1000).toUTCString()}`);
    });

    if (chunk || whole) {
      test("has chunks of the size that the page says", async () => {
        const setCookies = (await make().login(LARGE)).filter((value) => numbered.test(value.split(";", 1)[0]));
        assert.ok(setCookies.length >= 3);
        const [value] = setCookies;
        if (chunk) assert.equal(value.slice(value.indexOf("=") + 1).split(";", 1)[0].length, chunk);
        if (whole) assert.equal(value.length, whole);
        if (chunk) assert.ok(page.includes(chunk.toLocaleString("en")), `${chunk} is on the page`);
      });
    }

    if (name && name !== "__session") {
      test("is Secure under the name with __Secure-", async () => {
        const there = make({ name: `__Secure-${name}` });
        assert.ok(attributesOf(ofName(there.name, await there.login({ a: 1 }))).includes("Secure"));
      });
    }
  });
}

test("iron-session takes 60 seconds off ttl: 8 always, 9 if something is left", async () => {
  const maxAge = async (framework, ttl) => {
    const there = frameworks[framework]({ secrets, maxAge: ttl });
    return attributesOf((await there.login({ a: 1 }))[0]).find((text) => text.startsWith("Max-Age"));
  };
  for (const [ttl, of8, of9] of [[0, 2147483647, 2147483647], [61, 1, 1], [60, 0, 60], [30, -30, 30]]) {
    assert.equal(await maxAge("iron-session 8", ttl), `Max-Age=${of8}`);
    assert.equal(await maxAge("iron-session 9", ttl), `Max-Age=${of9}`);
  }
});

test("Auth.js and NextAuth.js give a session another jti and iat at each reading", async () => {
  for (const framework of ["Auth.js", "NextAuth.js 4"]) {
    const there = frameworks[framework]({ secrets });
    const [first] = await there.login({ a: 1 });
    clock.forward(1000);
    const { setCookies: [second] } = await there.visit(first.split(";", 1)[0]);
    assert.notEqual(second.split(";", 1)[0], first.split(";", 1)[0]);
  }
});

test("the page names the versions that the tests and the example run with", () => {
  const versions = ["iron-session", "iron-session-8", "@workos-inc/node", "@auth/core", "next-auth", "@auth0/nextjs-auth0", "better-auth", "jose"];
  for (const name of versions) {
    const version = dependencies[name].replace(/^npm:.*@/, "");
    assert.ok(page.includes(version), `${name} ${version}`);
  }
  assert.ok(page.includes(`next-auth ${example["next-auth"]}`), "next-auth of examples/nextjs");
});
