// The same application in Express, Fastify, Hono and Node's own http: each real, over loopback.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, constants, createServer as createServer2 } from "node:http2";
import { after, describe, test } from "node:test";

import { serve } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";

import { Sessions, webSession } from "h3s";
import { sessions as expressSessions } from "h3s/express";
import { sessions as fastifySessions } from "h3s/fastify";
import { sessions as honoSessions } from "h3s/hono";

import { Browser, PASSWORD, cookieOf, until } from "./support.mjs";

/**
 * What each framework does with a request: `handle(session, {set, status})` gives the body. A route
 * of its own sets headers and status before the session is written.
 */
const routes = {
  "/count": ({ session }) => {
    session.set("visits", (session.data.visits ?? 0) + 1);
    return `visit ${session.data.visits}`;
  },
  "/read": ({ session }) => `read ${session.data.visits ?? "nothing"}`,
  "/untouched": () => "untouched",
  "/logout": async ({ session }) => {
    await null;
    session.revoke();
    return "bye";
  },
  "/headers": ({ session, set }) => {
    set("Vary", "Accept");
    set("Cache-Control", "public, max-age=60");
    set("CDN-Cache-Control", "max-age=600");
    set("Set-Cookie", "other=1");
    session.set("a", 1);
    return "headers";
  },
  "/throws": ({ session }) => {
    session.set("visits", 100);
    throw new Error("of the application");
  },
  "/late": async ({ session, later }) => {
    later.push(session);
    void session.data;
    return "late";
  },
};

const frameworks = {
  async express(options, extra, later) {
    const app = express();
    app.use(expressSessions(options, extra));
    for (const [path, handle] of Object.entries(routes)) {
      app.get(path, async (request, response) => {
        const lazily = {
          get session() {
            return request.session;
          },
          set: (name, value) => response.append(name, value),
          later,
        };
        response.send(await handle(lazily));
      });
    }
    // eslint-disable-next-line no-unused-vars
    app.use((error, request, response, next) => {
      response.status(error.statusCode ?? 500).send("an error page");
    });
    return listen(createServer(app));
  },

  async http(options, extra, later) {
    const middleware = expressSessions(options, extra);
    return listen(
      createServer((request, response) => {
        middleware(request, response, async (error) => {
          const headers = {};
          const lazily = {
            get session() {
              return request.session;
            },
            set: (name, value) => (headers[name] = value),
            later,
          };
          try {
            if (error) throw error;
            const body = await routes[request.url.split("?")[0]](lazily);
            response.writeHead(200, "Fine", headers);
            response.write(body.slice(0, 2));
            response.end(body.slice(2));
          } catch (error) {
            response.writeHead(error.statusCode ?? 500);
            response.end("an error page");
          }
        });
      }),
    );
  },

  async fastify(options, extra, later) {
    const app = fastify();
    await app.register(fastifySessions(options, extra));
    for (const [path, handle] of Object.entries(routes)) {
      app.get(path, async (request, reply) => {
        const lazily = {
          get session() {
            return request.session;
          },
          set: (name, value) => reply.header(name, value),
          later,
        };
        return handle(lazily);
      });
    }
    app.setErrorHandler((error, request, reply) => {
      reply.code(error.statusCode ?? 500).send("an error page");
    });
    const origin = await app.listen({ host: "127.0.0.1", port: 0 });
    after(() => app.close());
    return origin;
  },

  async hono(options, extra, later) {
    const app = new Hono();
    app.use(honoSessions(options, extra));
    for (const [path, handle] of Object.entries(routes)) {
      app.get(path, async (context) => {
        const lazily = {
          session: context.get("session"),
          set: (name, value) => context.header(name, value, { append: true }),
          later,
        };
        return context.text(await handle(lazily));
      });
    }
    app.onError((error, context) => context.text("an error page", error.statusCode ?? 500));
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
    await once(server, "listening");
    after(() => close(server));
    return `http://127.0.0.1:${server.address().port}`;
  },

  async "webSession"(options, extra, later) {
    const app = async (request) => {
      const { pathname } = new URL(request.url);
      const headers = new Headers();
      let session;
      try {
        session = await webSession(request, headers, options, { how: "get" });
        const body = await routes[pathname]({
          session,
          set: (name, value) => headers.append(name, value),
          later,
        });
        if (pathname !== "/untouched") await session.commit();
        return new Response(body, { headers });
      } catch (error) {
        if (session && error.code === undefined) await session.commit();
        return new Response("an error page", { headers, status: error.statusCode ?? 500 });
      }
    };
    const server = serve({ fetch: app, hostname: "127.0.0.1", port: 0 });
    await once(server, "listening");
    after(() => close(server));
    return `http://127.0.0.1:${server.address().port}`;
  },
};

async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => close(server));
  return `http://127.0.0.1:${server.address().port}`;
}

function close(server) {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

/** A store that does as it is told. */
class Store {
  lines = [];
  fails = false;
  isSlow = false;

  attach(revocations) {
    const store = this;
    return {
      async publish(lines) {
        if (store.isSlow) await new Promise((resolve) => setImmediate(resolve));
        if (store.fails) throw new Error("the store is away");
        store.lines.push(...lines);
      },
      poll() {
        revocations.apply(store.lines);
        revocations.heard();
      },
    };
  }
}

for (const [name, start] of Object.entries(frameworks)) {
  describe(name, () => {
    const isWeb = name === "webSession";
    const store = new Store();
    const errors = [];
    const later = [];
    const warm = new Sessions(
      { password: PASSWORD, maxAge: 1000, revocation: {} },
      { revocationStore: store },
    );
    const cold = new Sessions({ password: PASSWORD, seal: "h3-2" });
    after(() => warm.close());
    const onError = (error) => errors.push(error);

    test("a browser's visits are counted", async () => {
      const browser = new Browser(await start(warm, { onError }, later));
      for (let visit = 1; visit <= 3; visit++)
        assert.equal((await browser.visit("/count")).content, `visit ${visit}`);
      const read = await browser.visit("/read");
      assert.equal(read.content, "read 3");
      assert.deepEqual(read.headers.getSetCookie(), []);
      assert.equal(read.headers.get("vary"), "Cookie, x-h3-session");
      assert.equal(read.headers.get("cache-control"), null);
    });

    test("who was not asked for costs no header", async () => {
      const browser = new Browser(await start(warm, { onError }, later));
      await browser.visit("/count");
      const { headers, content } = await browser.visit("/untouched");
      assert.equal(content, "untouched");
      assert.deepEqual(headers.getSetCookie(), []);
      assert.equal(headers.get("vary"), null);
      assert.equal(headers.get("cache-control"), null);
    });

    test("the response's own headers stay, but for what would share a session", async () => {
      const browser = new Browser(await start(warm, { onError }, later));
      const { headers } = await browser.visit("/headers");
      assert.equal(headers.get("vary"), "Accept, Cookie, x-h3-session");
      assert.equal(headers.get("cache-control"), "private, max-age=60");
      assert.equal(headers.get("cdn-cache-control"), null);
      assert.deepEqual([...browser.cookies.keys()], ["other", "h3"]);
    });

    test("an error page has the session's cookies, too", async () => {
      const browser = new Browser(await start(warm, { onError }, later));
      const failed = await browser.visit("/throws");
      assert.equal(failed.status, 500);
      assert.equal(failed.content, "an error page");
      assert.equal((await browser.visit("/count")).content, "visit 101");
    });

    test("slow derivations are waited for", async () => {
      const browser = new Browser(await start(cold, { onError }, later));
      for (let visit = 1; visit <= 3; visit++)
        assert.equal((await browser.visit("/count")).content, `visit ${visit}`);
      // Another process knows none of its keys.
      const others = new Sessions({ password: PASSWORD, seal: "h3-2" });
      const elsewhere = new Browser(await start(others, { onError }, later));
      elsewhere.cookies = browser.cookies;
      assert.equal((await elsewhere.visit("/read")).content, "read 3");
      const untouched = await elsewhere.visit("/untouched");
      assert.equal(untouched.headers.get("vary"), null);
    });

    test("a logout is known to the store before the response goes", async () => {
      store.isSlow = true;
      const browser = new Browser(await start(warm, { onError }, later));
      await browser.visit("/count");
      const stolen = new Browser(browser.origin);
      stolen.cookies = new Map(browser.cookies);
      const before = store.lines.length;
      const { content, status } = await browser.visit("/logout");
      assert.equal(status, 200);
      assert.equal(content, "bye");
      assert.equal(store.lines.length, before + 1);
      assert.equal(browser.cookies.size, 0);
      assert.equal((await stolen.visit("/read")).content, "read nothing");
      store.isSlow = false;
    });

    test("a logout that could not be made known is a 503, and touches no cookie", async () => {
      const browser = new Browser(await start(warm, { onError }, later));
      await browser.visit("/count");
      for (const isSlow of [false, true]) {
        store.isSlow = isSlow;
        store.fails = true;
        const { status, headers, content } = await browser.visit("/logout");
        store.fails = false;
        assert.equal(status, 503);
        assert.deepEqual(headers.getSetCookie(), []);
        if (!isWeb) {
          assert.equal(headers.get("cache-control"), "no-store");
          assert.equal(content, "Service Unavailable\n");
          assert.equal(errors.pop().code, "ERR_H3S_STORE");
        }
      }
      assert.equal((await browser.visit("/read")).content, "read 1");
    });

    test("where logouts may not be known, the answer is 503 and touches no cookie", async () => {
      const away = { publish() {}, poll: () => Promise.reject(new Error("the store is away")) };
      const stale = new Sessions(
        { password: PASSWORD, maxAge: 1000, revocation: { stale: "closed" } },
        { revocationStore: { attach: () => away } },
      );
      after(() => stale.close());
      const browser = new Browser(await start(stale, { onError }, later));
      // A cookie that may be of a session that somebody has ended.
      browser.cookies.set("h3", warm.open({}).setCookies()[0].split(/[=;]/)[1]);
      const { status, headers } = await browser.visit("/count");
      assert.equal(status, 503);
      assert.deepEqual(headers.getSetCookie(), []);
      if (!isWeb) {
        assert.equal(headers.get("cache-control"), "no-store");
        assert.equal((await browser.visit("/untouched")).status, 200);
      }
    });

    // A Fetch handler names the peer itself, and commits by hand.
    if (isWeb) return;

    test("who forges too often gets 429", async () => {
      const others = new Sessions({ password: PASSWORD, seal: "h3-2" });
      const browser = new Browser(await start(others, { onError, peer: () => "192.0.2.1" }, later));
      const made = cold.open({});
      const [, , salt] = (await made.setCookies())[0].split("*");
      // At once: in time the limit would give way, five a second.
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, i) => {
          const first = String(i).padStart(64, "0");
          const forged = `Fe26.2**${first}*${"A".repeat(22)}*AAAA**${salt}*${"A".repeat(43)}`;
          return browser.visit("/read", { headers: { "x-h3-session": forged } });
        }),
      );
      const answer = answers.find(({ status }) => status === 429);
      assert.ok(answer, answers.map(({ status }) => status).join());
      assert.equal(answer.headers.get("retry-after"), "1");
      assert.equal(answer.headers.get("cache-control"), "no-store");
      assert.deepEqual(answer.headers.getSetCookie(), []);
    });

    test("where the one who asks cannot be told, the answer is an error, and no crash", async () => {
      const peer = () => {
        throw new Error("of the application");
      };
      for (const of of [warm, cold]) {
        const browser = new Browser(await start(of, { onError, peer }, later));
        const { status, headers, content } = await browser.visit("/read");
        assert.equal(status, 500);
        assert.equal(content, "an error page");
        assert.deepEqual(headers.getSetCookie(), []);
      }
    });

    test("a write that comes too late is told", async () => {
      const told = [];
      const browser = new Browser(
        await start(warm, { onError: (error) => told.push(error) }, later),
      );
      later.length = 0;
      await browser.visit("/late?secret=1");
      const [session] = later;
      try {
        session.set("a", 1);
      } catch (error) {
        // Where the response is over, there is no session any more.
        assert.equal(error.code, "ERR_H3S_STATE");
        told.push({ code: "ERR_H3S_LATE", message: "GET /late" });
      }
      assert.equal(told[0].code, "ERR_H3S_LATE");
      assert.match(told[0].message, /GET \/late/);
      assert.doesNotMatch(told[0].message, /secret/);
    });
  });
}

test("a logout after the head has gone is still made known", async () => {
  const store = new Store();
  const of = new Sessions({ password: PASSWORD, maxAge: 1000, revocation: {} }, { revocationStore: store });
  after(() => of.close());
  const app = express();
  app.use(expressSessions(of));
  app.get("/", (request, response) => {
    request.session.set("a", 1);
    response.write("begun");
    request.session.revoke();
    response.end();
  });
  const browser = new Browser(await listen(createServer(app)));
  await browser.visit("/");
  await until(() => store.lines.length === 1, "the entry is made known");
  assert.equal(of.open({ cookie: browser.cookie }).rejection, "revoked");
});

/** Each has a route where the logout comes before the client goes, and one where it comes after. */
const abandoned = {
  express(of, arrived) {
    const app = express();
    app.use(expressSessions(of));
    app.get("/before", (request, response) => arrived(request.session, response));
    app.get("/after", (request, response) => arrived(request.session, response));
    return listen(createServer(app));
  },
  async fastify(of, arrived) {
    const app = fastify();
    await app.register(fastifySessions(of));
    for (const path of ["/before", "/after"])
      app.get(path, (request, reply) => {
        arrived(request.session, reply.raw);
        return new Promise(() => {});
      });
    after(() => close(app.server));
    return app.listen({ host: "127.0.0.1", port: 0 });
  },
  async hono(of, arrived) {
    const app = new Hono();
    app.use(honoSessions(of));
    for (const path of ["/before", "/after"])
      app.get(path, (context) => {
        arrived(context.get("session"), context.env.outgoing);
        return new Promise(() => {});
      });
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
    await once(server, "listening");
    after(() => close(server));
    return `http://127.0.0.1:${server.address().port}`;
  },
};

test("a logout is made known, also where the client has gone and nobody answers", async () => {
  const options = { password: PASSWORD, maxAge: 1000, revocation: {} };
  for (const [name, start] of Object.entries(abandoned)) {
    const store = new Store();
    const of = new Sessions(options, { revocationStore: store });
    after(() => of.close());
    let path;
    let isThere = false;
    const origin = await start(of, (session, response) => {
      if (path === "/before") session.revoke();
      else response.once("close", () => session.revoke());
      isThere = true;
    });
    for (path of ["/before", "/after"]) {
      isThere = false;
      const cookie = cookieOf(of.open({}).setCookies());
      const client = new AbortController();
      const visit = fetch(origin + path, { headers: { cookie }, signal: client.signal });
      await until(() => isThere, `${name}: the request arrives at ${path}`);
      client.abort();
      await assert.rejects(visit, { name: "AbortError" });
      const isRevoked = () => of.open({ cookie }).rejection === "revoked";
      await until(isRevoked, `${name}: the logout of ${path} is made known`);
    }
    assert.equal(store.lines.length, 2);
  }
});

test("over HTTP/2, too, a logout is made known where the client has gone", async () => {
  const store = new Store();
  const options = { password: PASSWORD, maxAge: 1000, revocation: {} };
  const of = new Sessions(options, { revocationStore: store });
  after(() => of.close());
  const middleware = expressSessions(of);
  const app = fastify({ http2: true });
  await app.register(fastifySessions(of));
  let isThere = false;
  app.get("/", (request) => {
    request.session.revoke();
    isThere = true;
    return new Promise(() => {});
  });
  const express = createServer2((request, response) => {
    middleware(request, response, () => {
      request.session.revoke();
      isThere = true;
    });
  }).listen(0, "127.0.0.1");
  await once(express, "listening");
  await app.listen({ host: "127.0.0.1", port: 0 });
  for (const server of [express, app.server]) {
    isThere = false;
    const cookie = cookieOf(of.open({}).setCookies());
    const client = connect(`http://127.0.0.1:${server.address().port}`);
    const stream = client.request({ ":path": "/", cookie });
    stream.on("error", () => {});
    await until(() => isThere, "the request arrives");
    stream.close(constants.NGHTTP2_CANCEL);
    await until(() => of.open({ cookie }).rejection === "revoked", "the logout is made known");
    client.destroy();
    server.close();
  }
});

test("in Hono on Node the session is freed with the response, and elsewhere it is not", async () => {
  const kept = [];
  const app = new Hono();
  app.use(honoSessions({ password: PASSWORD }));
  app.get("/", (context) => {
    const session = context.get("session");
    session.set("a", 1);
    kept.push(session);
    return context.text("a");
  });
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
  await once(server, "listening");
  after(() => close(server));
  await (await fetch(`http://127.0.0.1:${server.address().port}/`)).text();
  const isFreed = () => {
    try {
      return kept[0].data === undefined;
    } catch (error) {
      assert.equal(error.code, "ERR_H3S_STATE");
      return true;
    }
  };
  await until(isFreed, "the session is freed");
  assert.equal(await (await app.request("/")).text(), "a");
  assert.deepEqual(kept[1].data, { a: 1 });
});

test("after Fastify's hijack a lost write is told, and a logout made known", async () => {
  const store = new Store();
  const of = new Sessions({ password: PASSWORD, maxAge: 1000, revocation: {} }, { revocationStore: store });
  after(() => of.close());
  const told = [];
  const app = fastify();
  after(() => app.close());
  await app.register(fastifySessions(of, { onError: (error) => told.push(error) }));
  const hijacked = (act) => (request, reply) => {
    act(request.session);
    reply.hijack();
    reply.raw.end("raw");
  };
  app.get("/write", hijacked((session) => session.set("a", 1)));
  app.get("/read", hijacked((session) => session.data));
  app.get("/logout", hijacked((session) => session.revoke()));
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const cookie = cookieOf(of.open({}).setCookies());
  const visit = (path) => fetch(origin + path, { headers: { cookie } });
  await visit("/read");
  await visit("/write");
  await until(() => told.length > 0, "the lost write is told");
  assert.equal(told[0].code, "ERR_H3S_LATE");
  assert.match(told[0].message, /GET \/write/);
  await visit("/logout");
  await until(() => store.lines.length === 1, "the logout is made known");
  assert.equal(of.open({ cookie }).rejection, "revoked");
  assert.equal(told.length, 1);
});

test("in Fastify, headers that were set past it do not go for the session's", async () => {
  const app = fastify();
  after(() => app.close());
  await app.register(fastifySessions({ password: PASSWORD }));
  app.get("/", async (request, reply) => {
    reply.raw.setHeader("Set-Cookie", ["raw=1", "raw2=1"]);
    reply.raw.setHeader("CDN-Cache-Control", "max-age=600");
    request.session.set("a", 1);
    return "x";
  });
  const { headers } = await fetch(await app.listen({ host: "127.0.0.1", port: 0 }));
  assert.deepEqual(headers.getSetCookie().map((line) => line.split("=", 1)[0]), ["raw", "raw2", "h3"]);
  assert.equal(headers.get("cdn-cache-control"), null);
});

test("in Express, writeHead takes its headers from each place that Node does", async () => {
  const of = expressSessions({ password: PASSWORD });
  const forms = [
    [201, { "x-a": "1" }],
    [201, undefined, { "x-a": "1" }],
    [201, null, { "x-a": "1" }],
    [201, "Made", { "x-a": "1" }],
    [201, "Made", ["x-a", "1"]],
    [201, ["x-a", "1"]],
  ];
  const origin = await listen(
    createServer((request, response) =>
      of(request, response, () => {
        request.session.set("a", 1);
        response.writeHead(...forms[request.url.slice(1)]).end();
      }),
    ),
  );
  for (const i of forms.keys()) {
    const { status, headers } = await fetch(`${origin}/${i}`);
    assert.equal(status, 201);
    assert.equal(headers.get("x-a"), "1", `${forms[i]}`);
    assert.equal(headers.getSetCookie().length, 1);
  }
});

test("what commit has put into a response goes with the next commit", async () => {
  const headers = new Headers({ "Set-Cookie": "other=1" });
  const session = await webSession(new Request("http://localhost/"), headers, { password: PASSWORD });
  const names = () => headers.getSetCookie().map((line) => line.split("=", 1)[0]);
  session.set("a", "x".repeat(6000));
  await session.commit();
  assert.deepEqual(names(), ["other", "h3", "h3.1", "h3.2", "h3.3"]);
  await session.commit();
  assert.equal(names().length, 5);
  session.clear();
  await session.commit();
  assert.equal(names()[0], "other");
  assert.ok(headers.getSetCookie().slice(1).every((line) => /Max-Age=0/.test(line)));
  await assert.rejects(webSession(new Request("http://localhost/"), headers, "{}"), { code: "ERR_H3S_CONFIG" });
  for (const sessions of [expressSessions, fastifySessions, honoSessions])
    assert.throws(() => sessions(undefined), { code: "ERR_H3S_CONFIG" });
});

test("Express streams as without the middleware", async () => {
  const cold = new Sessions({ password: PASSWORD, seal: "h3-2" });
  const app = express();
  app.use(expressSessions(cold));
  const wholes = [];
  app.get("/", (request, response) => {
    request.session.set("a", 1);
    // Before the cookies are sealed: they are waited for.
    assert.equal(response.write("one "), false);
    response.once("drain", () => {
      response.write("two ");
      response.end("three", () => wholes.push("ended"));
    });
  });
  app.get("/file", (request, response) => {
    request.session.set("a", 1);
    response.sendFile(import.meta.filename);
  });
  const browser = new Browser(await listen(createServer(app)));
  assert.equal((await browser.visit("/")).content, "one two three");
  await until(() => wholes.length === 1, "the callback of end");
  assert.deepEqual([...browser.cookies.keys()], ["h3"]);
  assert.match((await browser.visit("/file")).content, /The same application/);
});

test("responses of HTTP/2 carry the session, too", async () => {
  const warnings = [];
  process.on("warning", (warning) => warnings.push(warning.message));
  const store = new Store();
  const options = { password: PASSWORD, maxAge: 1000, revocation: {} };
  const warm = new Sessions(options, { revocationStore: store });
  after(() => warm.close());
  const cold = new Sessions({ password: PASSWORD, seal: "h3-2" });
  for (const of of [warm, cold]) {
    const middleware = expressSessions(of, { onError() {} });
    const server = createServer2((request, response) => {
      middleware(request, response, () => {
        request.session.set("a", 1);
        if (request.url === "/logout") request.session.revoke();
        if (request.url === "/head") response.writeHead(201, { "x-a": "1" });
        response.write("a");
        response.end("b");
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect(`http://127.0.0.1:${server.address().port}`);
    const visit = async (path, cookie = "") => {
      const stream = client.request({ ":path": path, cookie }).setEncoding("utf8");
      const [headers] = await once(stream, "response");
      let content = "";
      for await (const chunk of stream) content += chunk;
      return { headers, content };
    };
    const plain = await visit("/");
    assert.equal(plain.content, "ab");
    assert.equal(plain.headers["set-cookie"].length, 1);
    const head = await visit("/head");
    assert.deepEqual([head.headers[":status"], head.headers["x-a"], head.content], [201, "1", "ab"]);
    assert.equal(head.headers["set-cookie"].length, 1);
    if (of === warm) {
      store.fails = true;
      const { headers, content } = await visit("/logout", cookieOf(plain.headers["set-cookie"]));
      assert.deepEqual([headers[":status"], content], [503, "Service Unavailable\n"]);
      assert.equal(headers["set-cookie"], undefined);
    }
    client.close();
    server.close();
  }
  assert.deepEqual(warnings.filter((of) => /HTTP\/2/.test(of)), []);
});

test("a session may be of two kinds in one application, and the middleware be there twice", async () => {
  const app = express();
  const first = expressSessions({ password: PASSWORD });
  app.use(first, first);
  app.use(expressSessions({ password: PASSWORD, name: "admin" }, { key: "admin" }));
  app.get("/", (request, response) => {
    request.session.set("a", 1);
    request.admin.set("b", 2);
    response.send("both");
  });
  const browser = new Browser(await listen(createServer(app)));
  const { headers } = await browser.visit("/");
  assert.deepEqual([...browser.cookies.keys()].sort(), ["admin", "h3"]);
  assert.equal(headers.getSetCookie().length, 2);
  assert.match(headers.get("vary"), /x-h3-session/);
  assert.match(headers.get("vary"), /x-admin-session/);
});
