// build.mjs PACKAGES FOLDER [ADDON]: builds a Nitro 3 server of what stands in server/, by the
// Nitro in PACKAGES/node_modules, in FOLDER/.output.
//
// ADDON: the compiled part of bindings/node. Then that is installed, and its module stands in the
// configuration, which is all that is different.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { argv, env, execPath } from "node:process";
import { fileURLToPath } from "node:url";

import { install } from "../../../bindings/node/test/install.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const [, , packages, folder, addon] = argv;

rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, "node_modules"), { recursive: true });
for (const name of ["server", "nitro.config.mjs"]) cpSync(here + name, join(folder, name), { recursive: true });
for (const name of readdirSync(join(packages, "node_modules"))) {
  if (!name.startsWith(".")) symlinkSync(join(packages, "node_modules", name), join(folder, "node_modules", name));
}
if (addon !== undefined) install(addon, join(folder, "node_modules"));
execFileSync(execPath, [join(packages, "node_modules/nitro/dist/cli/index.mjs"), "build", "--dir", folder], {
  env: { ...env, ...(addon !== undefined && { H3S_MODULE: "h3s/nitro" }) },
  encoding: "utf8",
  stdio: ["ignore", "pipe", "pipe"],
});
