import { fileURLToPath } from "node:url";

/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  // Else Next.js looks for the project's root by lock files, also above this folder.
  turbopack: { root: fileURLToPath(new URL(".", import.meta.url)) },
};
