// build.mjs FOLDER [ADDON]: builds a Nitro 2 server of what stands in server/ and of the session
// routes of nuxt-auth-utils, set up as that module sets them up in Nuxt.
//
// ADDON: the compiled part of bindings/node. Then that is installed, its module stands in the
// configuration, and the plugin of its README makes logouts final. Nothing else is different.

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

import { build, copyPublicAssets, createNitro, prepare } from "nitropack";

import { install } from "../../../bindings/node/test/install.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const utils = `${here}node_modules/nuxt-auth-utils/dist/runtime/server`;

/** Installs the package into a folder that Nitro does not empty. */
async function h3s(addon, folder) {
  const into = install(addon, folder);
  return {
    plugins: [logout(folder)],
    modules: [(await import(`${into}/lib/nitro.js`)).default],
    nodeModulesDirs: [folder, `${here}node_modules`],
  };
}

/** The plugin that the README shows, with what Nuxt imports by itself. */
function logout(folder) {
  const readme = readFileSync(new URL("../../../bindings/node/README.md", import.meta.url), "utf8");
  const [, plugin] = readme.match(/```ts\n\/\/ server\/plugins\/logout\.ts\n(.*?)```/s);
  const file = `${folder}/logout.mjs`;
  writeFileSync(file, `import { sessionHooks } from "auth-utils";
import { defineNitroPlugin, useRuntimeConfig } from "nitropack/runtime";
${plugin}`);
  return file;
}

const [, , output, addon] = argv;
const revocation = addon && { subject: "/user/name", file: `${output}-packages/revocations` };
const nitro = await createNitro({
  ...(addon && (await h3s(addon, `${output}-packages/node_modules`))),
  rootDir: here,
  buildDir: `${output}/build`,
  output: { dir: output },
  // It exports a listener for a server of node:http.
  preset: "node-listener",
  compatibilityDate: "2026-01-01",
  logLevel: 1,
  alias: { "auth-utils": `${utils}/utils/session.js` },
  runtimeConfig: {
    nitro: { envPrefix: "NUXT_" },
    session: {
      name: "nuxt-session",
      password: "",
      cookie: { sameSite: "lax" },
      ...(revocation && { maxAge: 604800, revocation }),
    },
  },
  handlers: [
    { method: "get", route: "/api/_auth/session", handler: `${utils}/api/session.get.js` },
    { method: "delete", route: "/api/_auth/session", handler: `${utils}/api/session.delete.js` },
    { method: "post", route: "/login", handler: `${here}server/login.mjs` },
    { method: "get", route: "/members", handler: `${here}server/members.mjs` },
    { method: "get", route: "/whole", handler: `${here}server/whole.mjs` },
    { route: "/h3", handler: `${here}server/h3.mjs` },
  ],
});
await prepare(nitro);
await copyPublicAssets(nitro);
await build(nitro);
await nitro.close();
