// Whoever runs `npm ci` here gets the versions that package.json names, from wherever npm gets its
// packages.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const list = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*package.json"], { cwd: root, encoding: "utf8" });
const folders = list.trim().split("\n").map(dirname);
const read = (...path) => JSON.parse(readFileSync(join(root, ...path), "utf8"));

/** What a dependency says of itself, such as 1.2.3 or npm:h3@1.15.11: the version. */
const versionOf = (wanted) => /^(?:npm:(?:@[^/@]+\/)?[^/@]+@)?(\d+\.\d+\.\d+(?:-[\w.-]+)?)$/.exec(wanted)?.[1];

test("there are packages to look at", () => {
  for (const folder of ["examples/nextjs", "examples/nuxt", "tests/interop", "bindings/node"])
    assert.ok(folders.includes(folder), folder);
});

for (const folder of folders)
  test(`the lock file of ${folder} has just what its package.json names`, () => {
    assert.ok(existsSync(join(root, folder, "package-lock.json")), "run: npm install --package-lock-only");
    const { dependencies = {}, devDependencies = {} } = read(folder, "package.json");
    const { packages } = read(folder, "package-lock.json");
    assert.deepEqual(packages[""].dependencies ?? {}, dependencies);
    assert.deepEqual(packages[""].devDependencies ?? {}, devDependencies);
    for (const [name, wanted] of Object.entries({ ...dependencies, ...devDependencies })) {
      assert.ok(versionOf(wanted), `${name} is not pinned: ${wanted}`);
      assert.equal(packages[`node_modules/${name}`].version, versionOf(wanted), name);
    }
    for (const [path, { integrity, resolved, link, inBundle }] of Object.entries(packages)) {
      if (path === "" || link || inBundle) continue;
      assert.equal(resolved, undefined, `${path} names where it comes from`);
      assert.match(integrity ?? "", /^sha512-/, path);
    }
  });

test("what serves sessions in Nuxt is the same in the example and in the tests", () => {
  assert.deepEqual(read("examples/nuxt/package.json").dependencies, read("tests/interop/nitro/package.json").dependencies);
});
