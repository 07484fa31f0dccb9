// The frameworks of docs/FORMATS.md, each through its own handlers, behind the same few calls.
//
// A framework is made for a site, `{ secrets, name, maxAge }`: the first secret seals, all open;
// maxAge is in seconds. It has
//
// - `name`: of the session's cookie
// - `login(data)`: the Set-Cookie values of a new session
// - `visit(cookie, update)`: what the framework makes of a Cookie header, `{ data, setCookies }`.
//   `data` has `update` in it, if that is given, and is null where the framework sees no session.
// - `logout(cookie)`: the Set-Cookie values by which it ends a session, if it is written here, too
// - `options`: what libh3s is configured with beside it

import { createRequire } from "node:module";

import { npm } from "./npm.mjs";

const require = createRequire(import.meta.url);
const folder = new URL("node_modules/", import.meta.url);

const session8 = await npm("iron-session-8");
const session9 = await npm("iron-session");
const { WorkOS } = await npm("@workos-inc/node");
const { Auth } = await npm("@auth/core");
const authJwt = await npm("@auth/core/jwt");
const nextJwt = await npm("next-auth/jwt");
const { betterAuth } = await npm("better-auth");
const { getCookieCache } = await npm("better-auth/cookies");
// What their packages have no name for.
const { AuthHandler } = require(new URL("next-auth/core/index.js", folder).pathname);
const { toResponse } = require(new URL("next-auth/next/utils.js", folder).pathname);
const auth0 = new URL("@auth0/nextjs-auth0/dist/server/", folder);
const { StatelessSessionStore } = await import(new URL("session/stateless-session-store.js", auth0));
const { RequestCookies, ResponseCookies } = await import(new URL("cookies.js", auth0));

const SITE = "https://app.test";
const quiet = { error() {}, warn() {}, debug() {} };

/** One password, or several under ids in their order. */
function passwords(secrets) {
  if (secrets.length === 1) return secrets[0];
  return Object.fromEntries(secrets.map((secret, i) => [`s${i}`, secret]));
}

/** Those Set-Cookie values that are of the session. */
function ofSession(name, setCookies) {
  return setCookies.filter((value) => /^(\.\d+|__\d+)?=/.test(value.slice(name.length)) && value.startsWith(name));
}

/** What the Cookie header says of the session's cookies, which some packages want parsed. */
function parsed(cookie) {
  const pairs = cookie.split("; ").filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

function ironSession({ getIronSession }, more) {
  return ({ secrets, name = "app_session", maxAge = 3600 }) => {
    // Its ids are numbers, of which the highest seals.
    const password = Object.fromEntries(secrets.map((secret, i) => [secrets.length - i, secret]));
    const settings = { cookieName: name, password, ttl: maxAge, ...more };
    const opened = async (cookie) => {
      const [request, response] = [new Request(SITE, { headers: { cookie } }), new Response()];
      return { session: await getIronSession(request, response, settings), response };
    };
    const visit = async (cookie, update) => {
      const { session, response } = await opened(cookie);
      Object.assign(session, update);
      if (update) await session.save();
      const data = Object.keys(session).length > 0 ? { ...session } : null;
      return { data, setCookies: response.headers.getSetCookie() };
    };
    return {
      name,
      login: async (data) => (await visit("", data)).setCookies,
      visit,
      async logout(cookie) {
        const { session, response } = await opened(cookie);
        session.destroy();
        return response.headers.getSetCookie();
      },
      options: {
        password: secrets.length === 1 ? secrets[0] : password,
        name,
        seal: { format: "iron-session", ttl: maxAge * 1000 },
        cookie: { maxChunks: more?.chunk ? 4 : 1 },
      },
    };
  };
}

/** What AuthKit seals, by the package that is the same for all frameworks. It never expires. */
function workos({ secrets: [cookiePassword], name = "wos-session" }) {
  const { userManagement } = new WorkOS("sk_test", { clientId: "client" });
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const seal = async ({ organizationId, ...rest }) => {
    const accessToken = `${part({ alg: "none" })}.${part({ org_id: organizationId })}.`;
    const authenticationResponse = { accessToken, ...rest };
    const token = await userManagement.sealSessionDataFromAuthenticationResponse({ authenticationResponse, cookiePassword });
    return [`${name}=${token}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=34560000`];
  };
  return {
    name,
    login: (data) => seal({ user: data, refreshToken: "r" }),
    async visit(cookie) {
      const sessionData = parsed(cookie)[name];
      const data = await userManagement.getSessionFromCookie({ sessionData, cookiePassword });
      return { data: data?.user ? data : null, setCookies: [] };
    },
    options: { password: cookiePassword, name, seal: { format: "iron-session", ttl: 0 } },
  };
}

/** The callbacks of Auth.js and NextAuth.js: claims as they are, with an update; null ends them. */
function callbacks(update) {
  return {
    jwt: ({ token }) => (update === null ? null : { ...token, ...update }),
    session: ({ token: { iat, exp, jti, ...data } }) => ({ data }),
  };
}

function authjs({ secrets, name = "authjs.session-token", maxAge = 3600 }) {
  const visit = async (cookie, update) => {
    const request = new Request(`${SITE}/auth/session`, { headers: { cookie } });
    const response = await Auth(request, {
      secret: secrets,
      basePath: "/auth",
      trustHost: true,
      providers: [],
      session: { strategy: "jwt", maxAge },
      cookies: { sessionToken: { name } },
      callbacks: callbacks(update),
      logger: quiet,
    });
    const body = await response.json();
    return { data: body?.data ?? null, setCookies: ofSession(name, response.headers.getSetCookie()) };
  };
  return {
    name,
    async login(data) {
      const token = await authJwt.encode({ token: data, secret: secrets, salt: name, maxAge });
      return (await visit(`${name}=${token}`)).setCookies;
    },
    visit,
    logout: async (cookie) => (await visit(cookie, null)).setCookies,
    options: { password: passwords(secrets), name, maxAge, seal: "authjs" },
  };
}

function nextAuth({ secrets: [secret], name = "next-auth.session-token", maxAge = 3600 }) {
  const visit = async (cookie, update) => {
    const answer = await AuthHandler({
      req: { action: "session", method: "GET", headers: {}, query: {}, cookies: parsed(cookie), origin: SITE },
      options: {
        secret,
        trustHost: true,
        providers: [],
        session: { strategy: "jwt", maxAge },
        cookies: { sessionToken: { name, options: { httpOnly: true, sameSite: "lax", path: "/", secure: name.startsWith("__Secure-") } } },
        callbacks: callbacks(update),
        logger: quiet,
      },
    });
    const { headers } = toResponse(answer);
    return { data: answer.body.data ?? null, setCookies: ofSession(name, headers.getSetCookie()) };
  };
  return {
    name,
    async login(data) {
      return (await visit(`${name}=${await nextJwt.encode({ token: data, secret, maxAge })}`)).setCookies;
    },
    visit,
    options: { password: secret, name, seal: "next-auth" },
  };
}

function auth0Sessions({ secrets: [secret], name = "__session", maxAge = 3600 }) {
  const cookieOptions = { name, secure: true };
  const store = new StatelessSessionStore({ secret, cookieOptions, inactivityDuration: maxAge });
  const save = async (cookie, session) => {
    const headers = new Headers();
    await store.set(new RequestCookies(new Headers({ cookie })), new ResponseCookies(headers), session);
    return headers.getSetCookie();
  };
  return {
    name,
    login: (data) => {
      const createdAt = Math.floor(Date.now() / 1000);
      return save("", { user: { sub: "auth0|1" }, ...data, internal: { sid: "sid-of-auth0", createdAt } });
    },
    async visit(cookie, update) {
      const session = await store.get(new RequestCookies(new Headers({ cookie }))).catch(() => null);
      if (!session) return { data: null, setCookies: [] };
      const { exp, ...data } = session;
      const next = { ...data, ...update };
      return { data: next, setCookies: update ? await save(cookie, next) : [] };
    },
    options: { password: secret, name, seal: "auth0" },
  };
}

/** better-auth without a database, which seals its sessions as JWE. */
function better({ secrets, name = "better-auth.session_data", maxAge = 3600 }) {
  const isSecure = name.startsWith("__Secure-");
  const auth = betterAuth({
    secrets: secrets.map((value, i) => ({ version: secrets.length - i, value })),
    baseURL: isSecure ? SITE : SITE.replace("https", "http"),
    session: { expiresIn: maxAge },
    emailAndPassword: { enabled: true, password: { hash: async (text) => text, verify: async () => true } },
    user: { additionalFields: { profile: { type: "json" } } },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
  let users = 0;
  return {
    name,
    async login(profile) {
      const body = { email: `${users++}@app.test`, password: "password", name: "Zoë", profile };
      const response = await auth.api.signUpEmail({ body, asResponse: true });
      return response.headers.getSetCookie();
    },
    async visit(cookie) {
      const response = await auth.api.getSession({ headers: new Headers({ cookie }), asResponse: true });
      const setCookies = ofSession(name, response.headers.getSetCookie());
      let cached = null;
      for (const secret of secrets) {
        cached ??= await getCookieCache(new Headers({ cookie }), { secret, strategy: "jwe", isSecure });
      }
      const { iat, exp, jti, ...data } = cached ?? {};
      // Its dates are objects here, and texts in the token.
      return { data: cached && JSON.parse(JSON.stringify(data)), body: await response.json(), setCookies };
    },
    options: { password: passwords(secrets), name, seal: "better-auth" },
  };
}

export const frameworks = {
  "iron-session 8": ironSession(session8),
  "iron-session 9": ironSession(session9),
  "iron-session 9 with chunks": ironSession(session9, { chunk: true }),
  "WorkOS AuthKit": workos,
  "Auth.js": authjs,
  "NextAuth.js 4": nextAuth,
  "nextjs-auth0 4": auth0Sessions,
  "better-auth": better,
};
