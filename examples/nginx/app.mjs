// An ordinary h3 application: it knows nothing of nginx, and shares with it no more than
// session.json's password.

import { readFileSync } from "node:fs";
import { argv } from "node:process";

import { H3, redirect, serve, updateSession, useSession } from "h3";

const { password, maxAge } = JSON.parse(readFileSync(new URL("session.json", import.meta.url)));
const config = { password, maxAge, cookie: { secure: false } };

const form = '<!doctype html><title>Log in</title><form method="post"><input name="user"><button>Log in</button></form>';

// Anybody can make a link to the login, so it leads to no other site: `//` and `/\`
// begin the address of one.
const ownPath = (from) => (/^\/(?![/\\])[!-~]*$/.test(from ?? "") ? from : "/members/");

const app = new H3()
  .get("/", async (event) => {
    const session = await useSession(event, config);
    await session.update((data) => ({ count: (data.count ?? 0) + 1 }));
    return { id: session.id, ...session.data };
  })
  .get("/login", (event) => {
    event.res.headers.set("Content-Type", "text/html; charset=utf-8");
    return form;
  })
  .post("/login", async (event) => {
    const user = (await event.req.formData()).get("user");
    await updateSession(event, config, { user });
    return redirect(ownPath(event.url.searchParams.get("from")), 303);
  });

const server = serve(app, { hostname: "127.0.0.1", port: Number(argv[2] ?? 3000), silent: true });
await server.ready();
