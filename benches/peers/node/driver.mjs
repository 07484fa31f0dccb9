// Sessions in Node. It speaks the protocol of benches/peers/README.md.
//
//   h3-2, h3-1      h3 with its defaults, each through its own request path
//   iron-session    on a web request and response
//   hapi-iron       @hapi/iron with its defaults: seal and open alone
//   secure-session  @fastify/secure-session by its functions, with the parser and serializer of
//                   @fastify/cookie

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import secureSession from "@fastify/secure-session";
import Iron from "@hapi/iron";
import fastify from "fastify";
import * as h3v2 from "h3";
import * as h3v1 from "h3-1";
import { getIronSession, sealData, unsealData } from "iron-session";

const password = "correct horse battery staple, and more of it";
const header = (pairs) => `theme=dark; _ga=GA1.1.1234567890.1700000000; ${pairs}; lang=en`;
const version = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;

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

async function h3(h3, start, data) {
  const config = { password, maxAge: 3600 };
  let act;
  const answer = start(async (event) => {
    await act(event);
    return "ok";
  });
  const visit = async (cookie, body) => {
    act = body;
    const response = await answer(cookie === undefined ? {} : { cookie });
    if (response.status !== 200) throw new Error(await response.text());
    return response;
  };
  const open = (event) => h3.useSession(event, config);
  const pairs = pairsOf(await visit(undefined, async (event) => (await open(event)).update(data)));
  const [cookie, forged, none] = [pairs.join("; "), pairs.with(-1, changed(pairs.at(-1))).join("; "), "a=b"].map(header);
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
    count: async () => {
      await read(forged);
      refused(count);
      await read(header(pairsOf(await request()).join("; ")));
      return count;
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

const start2 = (handler) => {
  const app = new h3v2.H3().all("/**", handler);
  return (headers) => app.request("http://localhost/", { headers });
};
const start1 = (handler) => {
  const answer = h3v1.toWebHandler(h3v1.createApp().use(h3v1.eventHandler(handler)));
  return (headers) => answer(new Request("http://localhost/", { headers }));
};

const peers = {
  "h3-2": ["h3", (data) => h3(h3v2, start2, data)],
  "h3-1": ["h3-1", (data) => h3(h3v1, start1, data)],
  "iron-session": ["iron-session", ironSession],
  "hapi-iron": ["@hapi/iron", hapiIron],
  "secure-session": ["@fastify/secure-session", fastifySession],
};

const [folder] = process.argv.slice(2);
const known = new Map();

async function answer(work, peer, size, n) {
  const key = `${peer} ${size}`;
  if (!known.has(key)) known.set(key, await peers[peer][1](JSON.parse(readFileSync(`${folder}/${size}.json`, "utf8"))));
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
    const [work, peer, size, n] = line.split(" ");
    console.log(await answer(work, peer, size, Number(n)));
  }
}
