// The programs that the tests run, each where the environment says, else as make builds it where it
// is missing or older than its source.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

function built(name) {
  const file = `target/interop/${name}`;
  const make = ["--silent", "--no-print-directory", "-C", root, file];
  const { MAKEFLAGS, MAKELEVEL, ...env } = process.env;
  execFileSync("make", make, { env, stdio: ["ignore", "inherit", "inherit"] });
  return root + file;
}

/** The library behind commands in JSON: driver.c. */
export const driver = () => process.env.H3S_DRIVER ?? built("driver");
/** The C demo: examples/counter.c. */
export const counter = () => process.env.H3S_COUNTER ?? built("counter");
/** The folder of the Nitro server. */
export const nitro = () => process.env.H3S_NITRO ?? built("nitro");
/** The same with the module `h3s/nitro`. */
export const nitroH3s = () => process.env.H3S_NITRO_H3S ?? built("nitro-h3s");
/** That of a server of Nitro 3: nitro3 or nitro3-beta, and with the module nitro3-h3s or so. */
export const nitro3 = (name) => built(name);
