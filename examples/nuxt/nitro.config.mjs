import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

export default {
  compatibilityDate: "2026-01-01",
  srcDir: "server",
  // The sessions of h3 are those of this package. No import below has changed for it.
  modules: ["h3s/nitro"],
  // What follows is what the module of nuxt-auth-utils does in Nuxt.
  alias: { "auth-utils": at("node_modules/nuxt-auth-utils/dist/runtime/server/utils/session.js") },
  runtimeConfig: {
    nitro: { envPrefix: "NUXT_" },
    session: {
      name: "nuxt-session",
      // From NUXT_SESSION_PASSWORD.
      password: "",
      maxAge: 604800,
      // The native format; sessions that h3 has sealed go on, until they are written.
      seal: { format: "h3s1", accept: ["h3s1", "h3-1"] },
    },
  },
};
