// build.mjs FOLDER [ADDON]: builds a Nitro 2 server of what stands in server/ and of the session
// routes of nuxt-auth-utils, set up as that module sets them up in Nuxt.
//
// ADDON: the compiled part of bindings/node. Then that is installed, and its module stands in the
// configuration, which is all that is different.

import { copyFileSync, cpSync, mkdirSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

import { build, copyPublicAssets, createNitro, prepare } from "nitropack";

const here = fileURLToPath(new URL(".", import.meta.url));
const utils = `${here}node_modules/nuxt-auth-utils/dist/runtime/server`;

/** Installs the package, as npm would, into a folder that Nitro does not empty. */
async function h3s(addon, folder) {
  const from = fileURLToPath(new URL("../../../bindings/node/", import.meta.url));
  const into = `${folder}/h3s`;
  mkdirSync(`${into}/build`, { recursive: true });
  for (const name of ["package.json", "lib"]) cpSync(from + name, `${into}/${name}`, { recursive: true });
  copyFileSync(addon, `${into}/build/h3s.node`);
  return {
    modules: [(await import(`${into}/lib/nitro.js`)).default],
    nodeModulesDirs: [folder, `${here}node_modules`],
  };
}

const [, , output, addon] = argv;
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
    session: { name: "nuxt-session", password: "", cookie: { sameSite: "lax" } },
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
