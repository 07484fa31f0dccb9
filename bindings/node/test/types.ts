// What index.d.ts allows, and what it does not; tsc checks it.

import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { Redis as Valkey } from "iovalkey";
import { createClient } from "redis";

import { FileStore, H3sError, Sessions, isCrossSite, webSession } from "h3s";
import type { Code, Options, Rejection, RevocationStore, Session, WebSession } from "h3s";
import { sessions as inExpress } from "h3s/express";
import { sessions as inFastify } from "h3s/fastify";
import { clearSession, updateSession, useSession } from "h3s/h3";
import type { SessionConfig } from "h3s/h3";
import { sessions as inHono } from "h3s/hono";
import nitro from "h3s/nitro";
import { ValkeyStore } from "h3s/valkey";

const options: Options = {
  password: { "1": "an example of 32 characters or more" },
  cookie: { sameSite: "strict", maxAge: 5 },
  seal: { format: "h3-2", accept: ["h3-2", "h3s1"], migrate: true },
  revocation: { subject: "/user", stale: "closed", file: "/tmp/revoked" },
  generateId: () => "id",
};
// @ts-expect-error: it is required
const none: Options = {};
// @ts-expect-error: there is no such format
const format: Options = { password: "", seal: "h3-3" };
// @ts-expect-error: h3's own, which cannot be here
const crypto: Options = { password: "", crypto: globalThis.crypto };

export async function use(request: Request, headers: Headers): Promise<void> {
  const sessions = await Sessions.create(options, { revocationRoom: 10 });
  const opened: Session | Promise<Session> = sessions.open({ cookie: headers.get("cookie") }, "get");
  const session = await opened;
  const id: string | undefined = session.id;
  const rejection: Rejection = session.rejection;
  session.set("id", id ?? rejection);
  session.update((old) => ({ visits: (old.visits ?? 0) + 1 }));
  session.update((old) => void old.visits);
  session.setLifetime(undefined, { endsWithBrowser: true });
  // @ts-expect-error: changes go by the methods
  session.data.visits = 1;
  // @ts-expect-error: what is written is an object
  session.replace("text");
  const lines: string[] = await session.setCookies();
  headers.append("Set-Cookie", lines[0] ?? "");
  const token: string = await session.seal();
  await sessions.unseal(token, { peer: "192.0.2.1" });

  const web: WebSession = await webSession(request, headers, sessions, { how: "get" });
  await web.commit();
  isCrossSite(request.headers);
  const made: number = sessions.counts().made + sessions.counts().refused.bad_seal;
  // @ts-expect-error: what was not refused is not counted there
  sessions.counts().refused.none;
  sessions.revocations?.apply(["line"]);
  // @ts-expect-error: sessions come from Sessions
  new sessions.open({});
  try {
    await sessions.revokeSubject(42, new Date());
  } catch (error) {
    if (error instanceof H3sError) {
      const code: Code = error.code;
      console.log(code, error.statusCode, error.key, error.rejection);
    }
  }
}

const store: RevocationStore = new FileStore("/tmp/revoked");

new ValkeyStore(new Valkey(), { prefix: "shop:" });
new ValkeyStore(createClient());

const app = express();
app.use(inExpress(new Sessions(options, { revocationStore: store }), { peer: (from) => from.url }));
app.get("/", (request, response) => {
  response.send(request.session.data.visits);
});

const fast = fastify();
fast.register(inFastify(options, { peer: (request) => request.ip }));
fast.get("/", async (request) => request.session.data);

const hono = new Hono();
hono.use(inHono(options, { onError: (error, context) => console.log(error.code, context.req.path) }));
hono.get("/", (context) => context.json(context.get("session").data));

export { crypto, format, none };

/** An event of h3, of whichever version. */
export async function inH3(event: { req: Request }): Promise<string | undefined> {
  interface User {
    user?: string;
  }
  const config: SessionConfig = { password: "", seal: { ttl: 0 }, peer: () => "192.0.2.1" };
  const session = await useSession<User>(event, config);
  await session.update({ user: "zoe" });
  await session.update((old) => ({ user: `${old.user}` }));
  // @ts-expect-error: there is no such member
  await session.update({ name: "zoe" });
  const { createdAt } = await updateSession(event, "/etc/h3s.json", { at: 1 });
  await clearSession(event, { name: "other" });
  nitro.setup(createdAt);
  return session.data.user;
}
