// What nitro.d.ts says: a module of Nitro that puts h3s/h3 in the place of h3's session functions.

import { fileURLToPath } from "node:url";

import { binary } from "./native.js";

const FUNCTIONS = [
  "clearSession",
  "getSession",
  "sealSession",
  "unsealSession",
  "updateSession",
  "useSession",
];

/** Whose functions these are: h3, and what Nitro 3 calls its h3. */
const MODULES = new Set(["h3", "nitro/h3", "nitro/deps/h3"]);

const VIRTUAL = "\0h3s:";
const OURS = "h3s/h3";
const file = fileURLToPath(new URL("h3.js", import.meta.url));
const isInstalled = /[\\/]node_modules[\\/]/.test(file);

/** A plugin of Rollup, or of what follows it: whoever imports h3 gets this package's functions. */
export function sessions() {
  return {
    name: "h3s",
    resolveId: {
      order: "pre",
      async handler(source, importer, options) {
        // This package has compiled code, which no bundle can hold. From where it is not installed,
        // as in a workspace, it is imported by its path.
        if (source === OURS && !isInstalled) return { id: new URL("h3.js", import.meta.url).href, external: true };
        if (!MODULES.has(source) || importer?.startsWith(VIRTUAL)) return null;
        const found = await this.resolve(source, importer, { ...options, skipSelf: true });
        // Another plugin has asked this one in turn, on behalf of another importer.
        if (found?.id.startsWith(VIRTUAL)) return found;
        return found && { id: VIRTUAL + found.id, moduleSideEffects: false };
      },
    },
    load(id) {
      if (!id.startsWith(VIRTUAL)) return null;
      const real = JSON.stringify(id.slice(VIRTUAL.length));
      return `export * from ${real};\nexport { ${FUNCTIONS.join(", ")} } from "${OURS}";\n`;
    },
  };
}

export default {
  name: "h3s",
  setup(nitro) {
    const externals = (nitro.options.externals ??= {});
    // Nitro 2 takes into its bundle whatever has a name that begins with h3.
    externals.external = [...(externals.external ?? []), "h3s"];
    // Nitro 3 takes whatever is not among these.
    nitro.options.traceDeps = [...(nitro.options.traceDeps ?? []), "h3s"];
    // What is required by a path that is made up at run time is not found by those who trace it.
    externals.traceInclude = [...(externals.traceInclude ?? []), binary];
    nitro.hooks.hook("rollup:before", (_, config) => {
      config.plugins = [sessions(), ...[config.plugins].flat()];
    });
  },
};
