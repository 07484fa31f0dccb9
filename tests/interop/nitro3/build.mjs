// build.mjs PACKAGES FOLDER [ADDON]: builds a Nitro 3 server of what stands in server/, by the
// Nitro in PACKAGES/node_modules, in FOLDER/.output.
//
// ADDON: the compiled part of bindings/node. Then that is installed, and its module stands in the
// configuration, which is all that is different.

import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { argv, env, execPath } from "node:process";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const [, , packages, folder, addon] = argv;

rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, "node_modules"), { recursive: true });
for (const name of ["server", "nitro.config.mjs"]) cpSync(here + name, join(folder, name), { recursive: true });
for (const name of readdirSync(join(packages, "node_modules"))) {
  if (!name.startsWith(".")) symlinkSync(join(packages, "node_modules", name), join(folder, "node_modules", name));
}
if (addon !== undefined) {
  // As npm would install it.
  const from = fileURLToPath(new URL("../../../bindings/node/", import.meta.url));
  const into = join(folder, "node_modules/h3s");
  mkdirSync(join(into, "build"), { recursive: true });
  for (const name of ["package.json", "lib"]) cpSync(from + name, join(into, name), { recursive: true });
  copyFileSync(addon, join(into, "build/h3s.node"));
}
execFileSync(execPath, [join(packages, "node_modules/nitro/dist/cli/index.mjs"), "build", "--dir", folder], {
  env: { ...env, ...(addon !== undefined && { H3S_MODULE: "h3s/nitro" }) },
  encoding: "utf8",
  stdio: ["ignore", "pipe", "pipe"],
});
