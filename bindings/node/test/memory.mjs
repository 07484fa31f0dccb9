// Prints by how many bytes this process grows over many requests, once it is warm.
//
// They are made in several stretches. What is lost with each request is lost in each stretch; but
// V8, whose own memory comes and goes by tens of megabytes, grows in one or another.

import { once } from "node:events";
import { Agent, createServer, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { serve } from "@hono/node-server";
import express from "express";
import { Hono } from "hono";

import { Sessions } from "h3s";
import { sessions as middleware } from "h3s/express";
import { sessions as honoMiddleware } from "h3s/hono";

import { PASSWORD, cookieOf } from "./support.mjs";

const [, , how, requests] = process.argv;
const STRETCHES = 4;
const turn = () => new Promise((resolve) => setImmediate(resolve));

const sessions = new Sessions({ password: PASSWORD });
const first = sessions.open({});
first.set("text", "x".repeat(1000));
const cookie = cookieOf(first.setCookies());

function request(cookie) {
  const session = sessions.open({ cookie });
  session.set("visits", (session.data.visits ?? 0) + 1);
  session.setCookies();
  return session;
}

const ways = {
  async freed(count) {
    // Not one turn of the event loop: nothing is collected that waits for one.
    for (let i = 0; i < count; i++) request(cookie).free();
  },
  async garbage(count) {
    for (let i = 0; i < count; i++) {
      request(cookie);
      if (i % 100 === 0) await turn();
    }
  },
  async pool(count) {
    // Iterations that cost little: it is the jobs that are counted.
    const options = { password: PASSWORD, seal: { format: "h3-2", iterations: 2 } };
    for (let i = 0; i < count; i += 100) {
      const of = new Sessions(options);
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          const session = of.open({});
          const cookies = await session.setCookies();
          session.free();
          const again = await of.open({ cookie: cookieOf(cookies) });
          await again.seal();
        }),
      );
      of.close();
    }
  },
  async express(count) {
    const handle = middleware(sessions);
    const app = express();
    app.use(handle);
    app.get("/", (request, response) => {
      request.session.set("visits", 1);
      response.send("a");
    });
    await visits(createServer(app).listen(0, "127.0.0.1"), count);
  },
  async hono(count) {
    await visits(serve({ fetch: honoApp().fetch, hostname: "127.0.0.1", port: 0 }), count);
  },
  // Where nobody says when a response is over, it is the garbage collector that frees its session.
  async fetch(count) {
    const app = honoApp();
    const asked = { headers: { cookie } };
    for (let i = 0; i < count; i++) {
      await app.request("/", asked);
      if (i % 100 === 0) await turn();
    }
  },
};

function honoApp() {
  const app = new Hono();
  app.use(honoMiddleware(sessions));
  app.get("/", (context) => {
    context.get("session").set("visits", 1);
    return context.text("a");
  });
  return app;
}

async function visits(server, count) {
  if (!server.listening) await once(server, "listening");
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const { port } = server.address();
  const visit = () =>
    new Promise((resolve, reject) => {
      get({ port, host: "127.0.0.1", agent, headers: { cookie } }, (response) => {
        response.resume().on("end", resolve).on("error", reject);
      }).on("error", reject);
    });
  for (let i = 0; i < count; i += 8) await Promise.all(Array.from({ length: 8 }, visit));
  agent.destroy();
  server.close();
}

async function collect() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await turn();
  }
}

if (how === "sessions") {
  const gone = new FinalizationRegistry((held) => {
    process.stdout.write(held);
    process.exit();
  });
  (() => {
    const file = join(tmpdir(), `h3s-${process.pid}.revoked`);
    const of = new Sessions({ password: PASSWORD, maxAge: 10, revocation: { file } });
    gone.register(of.revocations, "gone");
  })();
  for (let i = 0; i < 1000; i++) {
    await collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
} else {
  // Until the threads of the pool have all the memory that they keep.
  await ways[how](Math.min(2 * requests, 40_000));
  await collect();
  let least = Infinity;
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    const before = process.memoryUsage.rss();
    await ways[how](Number(requests) / STRETCHES);
    await collect();
    least = Math.min(least, process.memoryUsage.rss() - before);
  }
  process.stdout.write(String(least * STRETCHES));
}
