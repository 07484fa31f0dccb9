/**
 * A module of Nitro 2 and 3, so that `useSession` and its kin from `h3`, and in Nitro 3 from
 * `nitro/h3`, are those of `h3s/h3`, in an application's own code and in that of packages such as
 * nuxt-auth-utils:
 *
 *     // nuxt.config.ts
 *     export default defineNuxtConfig({ nitro: { modules: ["h3s/nitro"] } });
 *
 *     // nitro.config.ts
 *     export default defineNitroConfig({ modules: ["h3s/nitro"] });
 */
declare const module: {
  name: string;
  setup(nitro: any): void;
};
export default module;

/** The same as a plugin of Rollup, for a build without Nitro. */
export function sessions(): { name: string; [hook: string]: unknown };
