// Installs this package as npm would.

import { copyFileSync, cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const from = fileURLToPath(new URL("../", import.meta.url));

/** Gives its folder in `modules`, a node_modules. addon: the compiled part. */
export function install(addon, modules) {
  const into = join(modules, "h3s");
  mkdirSync(join(into, "build"), { recursive: true });
  for (const name of ["package.json", "lib"]) cpSync(from + name, join(into, name), { recursive: true });
  copyFileSync(addon, join(into, "build/h3s.node"));
  return into;
}
