// Sessions in Node. It speaks the protocol of benches/peers/README.md.
//
//   h3-2, h3-1      h3 with its defaults, each through its own request path
//   h3s-h3-2, h3s-h3-1
//                   the same with the functions of h3s/h3 in place of h3's own, and nothing else
//   h3s             the package h3s by itself, with its defaults
//   nuxt-auth-utils getUserSession, and setUserSession after it, of the package itself, as a module
//                   of Nuxt finds them: on its own h3 1, with the options that it sets by default
//   iron-session    on a web request and response
//   hapi-iron       @hapi/iron with its defaults: seal and open alone
//   secure-session  @fastify/secure-session by its functions, with the parser and serializer of
//                   @fastify/cookie

import { readFileSync } from "node:fs";
import { createRequire, register } from "node:module";
import { createInterface } from "node:readline";

import secureSession from "@fastify/secure-session";
import Iron from "@hapi/iron";
import fastify from "fastify";
import * as h3v2 from "h3";
import * as h3v1 from "h3-1";
import { getIronSession, sealData, unsealData } from "iron-session";

import { Sessions } from "../../../bindings/node/lib/index.js";
import * as h3s from "../../../bindings/node/lib/h3.js";

const password = "correct horse battery staple, and more of it";
const header = (pairs) => `theme=dark; _ga=GA1.1.1234567890.1700000000; ${pairs}; lang=en`;
const version = (name) => {
  const folder = name === "h3s" ? "../../../bindings/node" : `node_modules/${name}`;
  return JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url))).version;
};

/** One character of the token is another. */
function changed(pair) {
  const at = pair.indexOf("=") + Math.floor((pair.length - pair.indexOf("=")) / 2);
  return pair.slice(0, at) + (pair[at] === "A" ? "B" : "A") + pair.slice(at + 1);
}

const pairOf = (cookie) => cookie.split(";")[0];
const pairsOf = (response) => response.headers.getSetCookie().map(pairOf);
const increment = ({ count }) => ({ count: count + 1 });

function refused(count) {
  if (count !== undefined) throw new Error("a forged token opens");
}

/** The count in the cookies that a request leaves; `found` gives what was last read. */
async function countLeft(read, forged, request, found) {
  await read(forged);
  refused(found());
  await read(header(pairsOf(await request()).join("; ")));
  return found();
}

/** Has h3 answer a request with this Cookie header, in which the body does its work. */
function visitor(start) {
  let act;
  const answer = start(async (event) => {
    await act(event);
    return "ok";
  });
  return async (cookie, body) => {
    act = body;
    const response = await answer(cookie === undefined ? {} : { cookie });
    if (response.status !== 200) throw new Error(await response.text());
    return response;
  };
}

/** Three Cookie headers: with the session, with a forged one, and without. */
const headersOf = (pairs) => [pairs.join("; "), pairs.with(-1, changed(pairs.at(-1))).join("; "), "a=b"].map(header);

/** A Cookie header whose Fe26.2 token has other salts each time: they take a slow derivation. */
function resalted(cookie) {
  let count = 0;
  return () => {
    const fields = cookie.split("*");
    for (const salt of [2, 6]) fields[salt] = `${++count}`.padStart(fields[salt].length, "0");
    return fields.join("*");
  };
}

async function h3(h3, start, data) {
  const config = { password, maxAge: 3600 };
  const visit = visitor(start(h3));
  const open = (event) => h3.useSession(event, config);
  const pairs = pairsOf(await visit(undefined, async (event) => (await open(event)).update(data)));
  const [cookie, forged, none] = headersOf(pairs);
  let count;
  const read = (cookie) => visit(cookie, async (event) => {
    count = (await open(event)).data.count;
  });
  const request = () => visit(cookie, async (event) => {
    const session = await open(event);
    await session.update(increment(session.data));
  });
  let held;
  await visit(cookie, async (event) => {
    await open(event);
    held = event;
  });
  const token = await h3.sealSession(held, config);
  return {
    request,
    read: () => read(cookie),
    seal: () => h3.sealSession(held, config),
    open: () => h3.unsealSession(held, config, token),
    forged: () => visit(forged, open),
    none: () => visit(none, open),
    bytes: pairs.join("; ").length,
    count: () => countLeft(read, forged, request, () => count),
    cookie,
  };
}

/** h3s/h3 in an application of h3, whose forged tokens are as dear as they come. */
async function h3sIn(own, start, data) {
  // For h3 1 it refuses a cookie that browsers would not keep.
  if (own === h3v1 && JSON.stringify(data).length > 2700) return {};
  const { cookie, ...works } = await h3({ ...own, ...h3s }, start, data);
  const forged = resalted(cookie);
  const visit = visitor(start(own));
  const open = (event) => h3s.useSession(event, { password, maxAge: 3600 });
  return { ...works, forged: () => visit(forged(), open) };
}

async function h3sAlone(data) {
  const large = { maxTokenLength: 65536, cookie: { maxChunks: 8 } };
  const sessions = await Sessions.create({ password, maxAge: 3600, ...large });
  const opened = (cookie, act) => {
    const session = sessions.open({ cookie });
    const result = act(session);
    session.free();
    return result;
  };
  const written = (cookie, update) =>
    opened(cookie, (session) => {
      session.update(update);
      return session.setCookies();
    });
  const pairs = written(undefined, data).map(pairOf);
  const [cookie, forged, none] = headersOf(pairs);
  const read = (cookie) => opened(cookie, ({ data }) => data.count);
  const request = () => written(cookie, increment);
  const held = sessions.open({ cookie });
  const token = held.seal();
  return {
    request,
    read: () => read(cookie),
    seal: () => held.seal(),
    open: async () => {
      const session = await sessions.unseal(token);
      session.free();
    },
    forged: () => read(forged),
    none: () => read(none),
    bytes: pairs.join("; ").length,
    count: () => {
      refused(read(forged));
      return read(header(request().map(pairOf).join("; ")));
    },
  };
}

async function ironSession(data) {
  const options = { password, cookieName: "session", cookieOptions: { maxAge: 3600 } };
  const get = async (cookie) => {
    const response = new Response();
    const request = new Request("http://localhost/", { headers: { cookie } });
    return { response, session: await getIronSession(request, response, options) };
  };
  const save = async ({ response, session }) => {
    await session.save();
    return response;
  };
  const first = await get("a=b");
  Object.assign(first.session, data);
  let pair;
  try {
    [pair] = pairsOf(await save(first));
  } catch {
    return {}; // It refuses a cookie that browsers would not keep.
  }
  const [cookie, forged, none] = [pair, changed(pair), "a=b"].map(header);
  const token = await sealData(data, { password });
  const request = async () => {
    const opened = await get(cookie);
    Object.assign(opened.session, increment(opened.session));
    return save(opened);
  };
  return {
    request,
    read: async () => (await get(cookie)).session.count,
    seal: () => sealData(data, { password }),
    open: () => unsealData(token, { password }),
    forged: () => get(forged),
    none: () => get(none),
    bytes: pair.length,
    count: async () => {
      refused((await get(forged)).session.count);
      return (await get(header(pairsOf(await request())[0]))).session.count;
    },
  };
}

async function hapiIron(data) {
  const token = await Iron.seal(data, password, Iron.defaults);
  return {
    seal: () => Iron.seal(data, password, Iron.defaults),
    open: () => Iron.unseal(token, password, Iron.defaults),
    bytes: "session=".length + token.length,
    count: async () => {
      refused(await Iron.unseal(changed(token), password, Iron.defaults).catch(() => undefined));
      const next = await Iron.seal({ ...data, ...increment(data) }, password, Iron.defaults);
      return (await Iron.unseal(next, password, Iron.defaults)).count;
    },
  };
}

async function fastifySession(data) {
  const app = fastify();
  await app.register(secureSession, { secret: password, salt: "mq9hDxBVDbspDR6n", cookieName: "session" });
  await app.ready();
  const encode = (values) => {
    const session = app.createSecureSession({});
    for (const [key, value] of Object.entries(values)) session.set(key, value);
    return app.encodeSecureSession(session);
  };
  const token = encode(data);
  const pair = app.serializeCookie("session", token);
  const open = (cookie) => {
    const { session } = app.parseCookie(cookie);
    return session === undefined ? null : app.decodeSecureSession(session);
  };
  const [cookie, forged, none] = [pair, changed(pair), "a=b"].map(header);
  const request = () => {
    const session = open(cookie);
    session.set("count", session.get("count") + 1);
    return app.serializeCookie("session", app.encodeSecureSession(session), { path: "/", httpOnly: true, secure: true, maxAge: 3600 });
  };
  return {
    request,
    read: () => open(cookie).get("count"),
    seal: () => encode(data),
    open: () => app.decodeSecureSession(token).get("count"),
    forged: () => open(forged),
    none: () => open(none),
    bytes: pair.length,
    count: () => {
      refused(open(forged)?.get("count"));
      return open(header(pairOf(request()))).get("count");
    },
  };
}

// In Nuxt `#imports` is what the build makes of it. The module sets these options.
globalThis.useRuntimeConfig = () => ({
  session: { name: "nuxt-session", password, maxAge: 3600, cookie: { sameSite: "lax" } },
});
const imports = "data:text/javascript,export const useRuntimeConfig = globalThis.useRuntimeConfig";
register(`data:text/javascript,${encodeURIComponent(`
  export const resolve = (name, context, next) =>
    name === "#imports" ? { url: ${JSON.stringify(imports)}, shortCircuit: true } : next(name, context);
`)}`);
const nuxt = new URL("node_modules/nuxt-auth-utils/dist/runtime/server/utils/session.js", import.meta.url);
const { getUserSession, setUserSession } = await import(nuxt);
const nuxtH3 = await import(createRequire(nuxt).resolve("h3"));

async function nuxtAuthUtils(data) {
  const visit = visitor(start1(nuxtH3));
  const pairs = pairsOf(await visit(undefined, (event) => setUserSession(event, data)));
  const [cookie, forged, none] = headersOf(pairs);
  let count;
  const read = (cookie) => visit(cookie, async (event) => {
    count = (await getUserSession(event)).count;
  });
  const request = () => visit(cookie, async (event) => setUserSession(event, increment(await getUserSession(event))));
  return {
    request,
    read: () => read(cookie),
    forged: () => visit(forged, getUserSession),
    none: () => visit(none, getUserSession),
    bytes: pairs.join("; ").length,
    count: () => countLeft(read, forged, request, () => count),
  };
}

const start2 = (h3) => (handler) => {
  const app = new h3.H3().all("/**", handler);
  return (headers) => app.request("http://localhost/", { headers });
};
const start1 = (h3) => (handler) => {
  const answer = h3.toWebHandler(h3.createApp().use(h3.eventHandler(handler)));
  return (headers) => answer(new Request("http://localhost/", { headers }));
};

const peers = {
  h3s: ["h3s", h3sAlone],
  "h3s-h3-2": ["h3s", (data) => h3sIn(h3v2, start2, data)],
  "h3s-h3-1": ["h3s", (data) => h3sIn(h3v1, start1, data)],
  "h3-2": ["h3", (data) => h3(h3v2, start2, data)],
  "h3-1": ["h3-1", (data) => h3(h3v1, start1, data)],
  "nuxt-auth-utils": ["nuxt-auth-utils", nuxtAuthUtils],
  "iron-session": ["iron-session", ironSession],
  "hapi-iron": ["@hapi/iron", hapiIron],
  "secure-session": ["@fastify/secure-session", fastifySession],
};

const [folder] = process.argv.slice(2);
const known = new Map();

async function answer(work, peer, which, n) {
  const key = `${peer} ${which}`;
  if (!known.has(key)) known.set(key, await peers[peer][1](JSON.parse(readFileSync(`${folder}/${which}.json`, "utf8"))));
  const call = known.get(key)[work];
  if (call === undefined) return "-";
  if (typeof call === "number") return String(call);
  if (work === "count") return String(await call());
  for (let i = 0; i < Math.floor(n / 10); i++) await call();
  const begin = process.cpuUsage();
  for (let i = 0; i < n; i++) await call();
  const { user, system } = process.cpuUsage(begin);
  return (((user + system) * 1000) / n).toFixed(1);
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "peers") {
    const versions = Object.entries(peers).map(([name, [folder]]) => `${name}=${version(folder)}`);
    console.log(`runtime=Node/${process.versions.node}`, ...versions);
  } else {
    const [work, peer, which, n] = line.split(" ");
    console.log(await answer(work, peer, which, Number(n)));
  }
}
