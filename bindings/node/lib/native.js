// The compiled part, src/*.c: where it is, and what its numbers mean.

import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);

const platform = `${process.platform}-${process.arch}`;
// Another build of it, for tests.
const named = process.env.H3S_NODE_MODULE;

function load() {
  const require = createRequire(import.meta.url);
  if (named) return [require(named), named];
  const prebuilds = new URL("prebuilds/", root);
  const there = existsSync(prebuilds) ? readdirSync(prebuilds) : [];
  // In a package there is what was built before it was packed, or by `npx h3s-build` since. (For
  // another C library it does not load.) In the repository there is what `make node` has built.
  // Each in full, since that is what programs find that gather what a server needs.
  const places = [
    new URL("../build/h3s.node", import.meta.url),
    ...there
      .filter((name) => name.startsWith(platform))
      .map((name) => new URL(`prebuilds/${name}/h3s.node`, root)),
    new URL("../../target/node/h3s.node", root),
  ];
  let cause;
  for (const place of places) {
    const file = fileURLToPath(place);
    if (!existsSync(file)) continue;
    try {
      return [require(file), file];
    } catch (error) {
      cause ??= error;
    }
  }
  const why = cause
    ? `cannot be loaded: ${cause.message}`
    : `is missing for ${platform} (this package has it for ${there.join(", ") || "no platform"})`;
  const error = new Error(
    `h3s: its compiled part ${why}. Build it with \`npx h3s-build\`, which takes Rust and a C compiler.`,
    { cause },
  );
  error.code = "ERR_H3S_NOT_BUILT";
  throw error;
}

/** The compiled part, and the file that it is in. */
export const [native, binary] = load();

/** The numbers of the session that was asked for last. */
export const viewed = native.viewed;

const [version, backend, ...rejections] = native.names();
export { backend, rejections, version };

// As in include/h3s.h.
export const USE = 0;
export const GET = 1;
export const UNSEAL = 2;

export const WARM_ONLY = 1;
export const CROSS_SITE = 2;
export const IRON_SESSION = 1;
export const LIFETIME_BROWSER = 1;

export const VIEW_NEW = 1;
export const VIEW_DIRTY = 2;
export const VIEW_CLEARED = 4;
export const VIEW_SLIDES = 8;
export const VIEW_STALE = 16;
export const VIEW_COLD = 32;

export const CONFIG_COOKIES = 1;
export const CONFIG_SECURE = 2;
export const CONFIG_MAY_BE_COLD = 4;
export const CONFIG_REVOCATION = 8;

export const OK = 0;
export const ARGUMENT = 1;
export const CONFIG = 2;
export const DATA = 3;
export const STATE = 5;
export const REJECTED = 6;
export const COLD = 9;
export const FULL = 13;
export const STORE = 14;

// As in src/requests.c.
export const UPDATE = 0;
export const REPLACE = 1;
export const REMOVE = 2;
export const SET_ID = 3;
export const ENSURE = 4;
export const ROTATE = 5;
export const CLEAR = 6;
export const REVOKE = 7;
export const REVOKE_EVERYWHERE = 8;
export const SET_LIFETIME = 9;
export const SET_NOW = 10;
