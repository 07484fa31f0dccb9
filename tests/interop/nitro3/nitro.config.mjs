export default {
  // Nitro 3.0.0 has the former name, later ones the latter.
  srcDir: "server",
  serverDir: "server",
  compatibilityDate: "2026-01-01",
  // It exports a handler for a server of node:http.
  preset: "node-middleware",
  modules: process.env.H3S_MODULE ? [process.env.H3S_MODULE] : [],
};
