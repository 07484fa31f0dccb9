#!/usr/bin/env node
// Builds the compiled part: `npx h3s-build`. Does nothing where it loads already.
//
//     --force          build it all the same
//     --library FILE   link this libh3s.a, and build none by cargo
//     --out FILE       to this file, not to build/h3s.node
//     -- FLAG...       more for the C compiler

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  options: {
    force: { type: "boolean", default: false },
    library: { type: "string" },
    out: { type: "string" },
  },
  allowPositionals: true,
});

if (!values.force && values.out === undefined && (await loads())) process.exit();
const out = values.out ?? join(here, "build", "h3s.node");
compile(values.library ?? cargo(), out);
if (values.out === undefined) console.log(`h3s-build: ${out}`);

async function loads() {
  try {
    await import("./lib/native.js");
    return true;
  } catch {
    return false;
  }
}

/** Builds the library by Rust: from this package's own sources, or in the repository. */
function cargo() {
  const crate = [join(here, "crate"), join(here, "..", "..")].find((folder) =>
    existsSync(join(folder, "Cargo.toml")),
  );
  if (crate === undefined) fail("the crate is not in this package");
  const target = join(here, "build", "cargo");
  // As in the Makefile of the crate: what is built names no folder of this machine.
  const home = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const remap = [`${crate}=.`, `${home}/registry/src=/cargo`].map((to) => `--remap-path-prefix=${to}`);
  run(
    "cargo",
    [
      ...["rustc", "--release", "--lib", "--locked", "--features", "capi", "--crate-type", "staticlib"],
      ...["--target-dir", target, "--config", `build.rustflags=${JSON.stringify(remap)}`],
      ...["--", "-C", "llvm-args=-inline-threshold=75"],
    ],
    { cwd: crate, missing: "Rust 1.89 or later, by rustup or from your system's packages" },
  );
  return join(target, "release", "libh3s.a");
}

function compile(library, file) {
  const first = (folders, name, what) => {
    const found = folders.map((parts) => join(here, ...parts));
    return found.find((folder) => existsSync(join(folder, name))) ?? fail(`${what} is missing`);
  };
  // The headers are npm's own: what is compiled with them is for each Node from 12.22 on.
  const api = first([["node-api"], ["node_modules", "node-api-headers", "include"]], "node_api.h", "node_api.h");
  const header = first([["crate", "include"], ["..", "..", "include"]], "h3s.h", "h3s.h");
  const sources = readdirSync(join(here, "src")).filter((name) => name.endsWith(".c"));
  const isMac = process.platform === "darwin";
  mkdirSync(dirname(file), { recursive: true });
  // Under another name first: whoever has the former one loaded goes on with it.
  const made = `${file}.${process.pid}`;
  run(
    process.env.CC || "cc",
    [
      ...["-std=c11", "-DNAPI_VERSION=8", "-O2", "-fPIC", "-fvisibility=hidden"],
      ...["-Wall", "-Wextra", "-Wpedantic"],
      ...(isMac
        ? ["-dynamiclib", "-undefined", "dynamic_lookup"]
        : ["-shared", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,--gc-sections", "-Wl,--exclude-libs,ALL"]),
      ...["-I", api, "-I", header, "-o", made],
      ...sources.sort().map((name) => join(here, "src", name)),
      ...[library, "-lpthread", "-lm", ...(isMac ? [] : ["-ldl"])],
      ...positionals,
    ],
    { missing: "a C compiler, such as gcc" },
  );
  renameSync(made, file);
}

function run(command, given, { missing, ...how }) {
  const { error, status } = spawnSync(command, given, { stdio: "inherit", ...how });
  if (error?.code === "ENOENT") fail(`${command} is missing: it takes ${missing}`);
  if (error || status !== 0) fail(`${command} has failed`);
}

function fail(why) {
  console.error(`h3s-build: ${why}`);
  process.exit(1);
}
