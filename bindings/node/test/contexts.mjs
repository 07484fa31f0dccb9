// Loads the package into contexts of node:vm, as Jest does under --experimental-vm-modules.

import { readFileSync } from "node:fs";
import vm from "node:vm";

import { PASSWORD } from "./support.mjs";

/** The package, as a context of its own has it. */
async function load() {
  const context = vm.createContext({ process, console, setTimeout, clearTimeout, URL, TextDecoder });
  const modules = new Map();

  async function module(specifier, parent) {
    const url = specifier.startsWith("node:") ? specifier : new URL(specifier, parent).href;
    if (!modules.has(url)) modules.set(url, make(url));
    return modules.get(url);
  }

  async function make(url) {
    if (url.startsWith("node:")) {
      const exports = await import(url);
      const set = function () {
        for (const name of Object.keys(exports)) this.setExport(name, exports[name]);
      };
      return new vm.SyntheticModule(Object.keys(exports), set, { context, identifier: url });
    }
    return new vm.SourceTextModule(readFileSync(new URL(url), "utf8"), {
      context,
      identifier: url,
      initializeImportMeta: (meta) => (meta.url = url),
    });
  }

  const main = await module("../lib/index.js", import.meta.url);
  await main.link((specifier, { identifier }) => module(specifier, identifier));
  await main.evaluate();
  return main.namespace;
}

let cookie;
for (const seal of ["h3s1", "h3-2"]) {
  const [first, second] = [await load(), await load()];
  if (first.Sessions === second.Sessions) throw new Error("they have one package");
  for (const { Sessions, H3sError } of [first, second]) {
    const accept = ["h3s1", "h3-2"];
    const sessions = new Sessions({ password: PASSWORD, seal: { format: seal, accept } });
    const session = await sessions.open({ cookie });
    session.set("visits", (session.data.visits ?? 0) + 1);
    console.log(`visit ${session.data.visits}`);
    const [line] = await session.setCookies();
    cookie = line.split(";", 1)[0];
    session.free();
    try {
      session.set("visits", 0);
    } catch (error) {
      if (!(error instanceof H3sError)) throw error;
    }
  }
}
