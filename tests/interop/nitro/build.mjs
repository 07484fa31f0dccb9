// build.mjs FOLDER: builds a Nitro 2 server of what stands in server/ and of the session routes of
// nuxt-auth-utils, set up as that module sets them up in Nuxt.

import { argv } from "node:process";
import { fileURLToPath } from "node:url";

import { build, copyPublicAssets, createNitro, prepare } from "nitropack";

const here = fileURLToPath(new URL(".", import.meta.url));
const utils = `${here}node_modules/nuxt-auth-utils/dist/runtime/server`;

const nitro = await createNitro({
  rootDir: here,
  buildDir: `${argv[2]}/build`,
  output: { dir: argv[2] },
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
