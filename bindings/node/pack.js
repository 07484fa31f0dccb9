#!/usr/bin/env node
// Makes the npm package, with what `make node` has built for this machine in it, and with what it
// takes to build it elsewhere.
//
//     node pack.js FOLDER     where h3s-VERSION.tgz goes

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const here = import.meta.dirname;
const root = join(here, "..", "..");
const [, , folder] = process.argv;
if (folder === undefined) {
  console.error("usage: node pack.js FOLDER");
  process.exit(2);
}

const stage = mkdtempSync(join(tmpdir(), "h3s-pack-"));
try {
  fill();
  mkdirSync(folder, { recursive: true });
  execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", resolve(folder)], {
    cwd: stage,
    stdio: "inherit",
  });
} finally {
  rmSync(stage, { recursive: true });
}

function fill() {
  const copy = (from, to) => cpSync(from, join(stage, to), { recursive: true });
  const types = readdirSync(here).filter((name) => name.endsWith(".d.ts"));
  for (const name of ["README.md", "build.js", "lib", "src", ...types]) copy(join(here, name), name);
  copy(join(root, "LICENSE"), "LICENSE");
  copy(join(root, "target/node/h3s.node"), `prebuilds/${platform()}/h3s.node`);

  const api = join(here, "node_modules/node-api-headers");
  for (const name of ["node_api.h", "node_api_types.h", "js_native_api.h", "js_native_api_types.h"])
    copy(join(api, "include", name), `node-api/${name}`);
  copy(join(api, "LICENSE"), "node-api/LICENSE");

  // As the sdist of bindings/python has it.
  for (const name of ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "build.rs", "cbindgen.toml"])
    copy(join(root, name), `crate/${name}`);
  for (const name of ["docs/OPTIONS.md", "src", "include"]) copy(join(root, name), `crate/${name}`);

  const { devDependencies: _, ...described } = JSON.parse(readFileSync(join(here, "package.json")));
  // Nothing to do where the compiled part loads.
  described.scripts = { install: "node build.js" };
  writeFileSync(join(stage, "package.json"), `${JSON.stringify(described, null, 2)}\n`);

  // npm packs the modes as they are, and who installs the package need not be who made it.
  for (const name of readdirSync(stage, { recursive: true })) {
    const path = join(stage, name);
    chmodSync(path, statSync(path).mode & 0o100 ? 0o755 : 0o644);
  }
}

/** The C library counts: what was made for one is no use to the other. */
function platform() {
  const { glibcVersionRuntime } = process.report.getReport().header;
  const libc = process.platform !== "linux" ? "" : glibcVersionRuntime ? "-glibc" : "-musl";
  return `${process.platform}-${process.arch}${libc}`;
}
