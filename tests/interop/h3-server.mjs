// A real h3 server on loopback. As a program it prints its address, and ends with standard input.

import { argv, stdin } from "node:process";
import { fileURLToPath } from "node:url";

import { npm } from "./npm.mjs";

const { H3, clearSession, serve, updateSession, useSession } = await npm("h3");

export const password = "correct horse battery staple, and more of it";
const config = { password, maxAge: 604800, cookie: { secure: false } };

/** Its address, and how to stop it. */
export async function startH3() {
  const app = new H3()
    .get("/", async (event) => {
      const session = await useSession(event, config);
      await session.update((data) => ({ count: (data.count ?? 0) + 1 }));
      return { id: session.id, data: session.data };
    })
    .post("/login", async (event) => {
      const session = await updateSession(event, config, { user: "Zoë" });
      return { id: session.id, data: session.data };
    })
    .post("/clear", async (event) => {
      await clearSession(event, config);
      return {};
    });
  const server = serve(app, { hostname: "127.0.0.1", port: 0, silent: true });
  await server.ready();
  return {
    address: server.url.replace(/\/$/, ""),
    stop: () => server.close(true),
  };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const server = await startH3();
  console.log(server.address);
  stdin.resume().once("end", () => server.stop());
}
