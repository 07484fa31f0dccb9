// Applications of the real h3, once with its own session functions and once with those of `h3s/h3`.

import { createServer } from "node:http";
import { once } from "node:events";

import * as h3s from "../../bindings/node/lib/h3.js";
import { npm } from "./npm.mjs";

export { h3s };
export const h3v2 = await npm("h3");
export const h3v1 = await npm("h3-1");

/** What an application does in a request, by its path; the value is what it answers with. */
function dispatcher() {
  const bodies = new Map();
  let count = 0;
  return {
    add(body) {
      const path = `/${++count}`;
      bodies.set(path, body);
      return path;
    },
    handle: (event, path) => bodies.get(path)(event),
    remove: (path) => bodies.delete(path),
  };
}

function app2({ handle }) {
  return new h3v2.H3({ silent: true }).all("/**", (event) => handle(event, event.url.pathname));
}

function app1({ handle }) {
  return h3v1.createApp().use(h3v1.eventHandler((event) => handle(event, event.path)));
}

/** A server of node:http on loopback, and how to stop it. */
async function listening(listener) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * Applications by what they run on. `start()` gives `{ visit, stop }`: `visit(headers, body)` runs
 * `body(event)` in a request and answers with `{ status, json, setCookies }`.
 */
const kinds = {
  "h3 2": { version: 2, answer: (work) => (path, init) => app2(work).request(`http://localhost${path}`, init) },
  "h3 2 on node:http": { version: 2, listener: (work) => h3v2.toNodeHandler(app2(work)) },
  "h3 1.15": {
    version: 1,
    answer: (work) => {
      const handler = h3v1.toWebHandler(app1(work));
      return (path, init) => handler(new Request(`http://localhost${path}`, init));
    },
  },
  "h3 1.15 on node:http": { version: 1, listener: (work) => h3v1.toNodeListener(app1(work)) },
};

async function start({ answer, listener }) {
  const work = dispatcher();
  const server = listener && (await listening(listener(work)));
  const ask = answer?.(work) ?? ((path, init) => fetch(server.address + path, init));
  const visit = async (headers, body) => {
    const path = work.add(body);
    const signal = AbortSignal.timeout(10_000);
    const response = await ask(path, { headers, signal });
    const text = await response.text();
    work.remove(path);
    const isJson = response.headers.get("content-type")?.includes("json");
    return {
      status: response.status,
      json: isJson ? JSON.parse(text) : undefined,
      setCookies: response.headers.getSetCookie(),
    };
  };
  return { visit, stop: server?.stop ?? (() => {}) };
}

export const applications = Object.entries(kinds).map(([name, kind]) => ({
  name,
  version: kind.version,
  h3: kind.version === 2 ? h3v2 : h3v1,
  start: () => start(kind),
}));

/** An error that h3 answers with: of h3 2 or h3 1. */
export const failing = (version, status) =>
  version === 2 ? new h3v2.HTTPError({ status }) : h3v1.createError({ statusCode: status });
