// Sessions on Fetch's Request and Headers.

import { configError, guarded } from "./errors.js";
import { KEY, Session } from "./session.js";
import { Sessions } from "./sessions.js";

const isOfAnother = guarded("is_cross_site");

export function isCrossSite(headers) {
  const value =
    typeof headers.get === "function"
      ? (name) => headers.get(name)
      : (name) => (Array.isArray(headers[name]) ? headers[name].join(", ") : headers[name]);
  return isOfAnother(
    value("sec-fetch-site"),
    value("origin"),
    value("referer"),
    value("host"),
  );
}

/** Puts what a response that carries a session says into its headers, by the library's rules. */
export function putHeaders(headers, sessions, cookies) {
  if (sessions.vary) headers.set("Vary", sessions.headerVary(headers.get("vary") ?? ""));
  if (cookies.length === 0) return;
  headers.set("Cache-Control", sessions.headerCacheControl(headers.get("cache-control") ?? ""));
  for (const name of [...headers.keys()])
    if (name !== "cache-control" && sessions.isTargetedHeader(name)) headers.delete(name);
  for (const cookie of cookies) headers.append("Set-Cookie", cookie);
}

export class WebSession extends Session {
  #headers;
  #sessions;
  #sent = [];

  async commit() {
    const cookies = await this.setCookies();
    const headers = this.#headers;
    // Where it is called again, what it has put there gives way: after a logout no token stays.
    if (this.#sent.length > 0) {
      const present = headers.getSetCookie().filter((cookie) => !this.#sent.includes(cookie));
      headers.delete("Set-Cookie");
      for (const cookie of present) headers.append("Set-Cookie", cookie);
    }
    putHeaders(headers, this.#sessions, cookies);
    this.#sent = cookies;
  }

  static [KEY](session, headers, sessions) {
    session.#headers = headers;
    session.#sessions = sessions;
    return session;
  }
}

/** By the object of options: Sessions, or a promise of them. */
const made = new WeakMap();

function checkOptions(options) {
  if (options === null || typeof options !== "object")
    throw configError("", "a Sessions, or the options as an object: of JSON text, make a Sessions");
}

/** The Sessions of an object of options, made once for each. */
export function sessionsOf(options) {
  if (options instanceof Sessions) return options;
  checkOptions(options);
  const known = made.get(options);
  if (known instanceof Sessions) return known;
  const sessions = new Sessions(options);
  made.set(options, sessions);
  return sessions;
}

/** The same in a request, where keys are derived in the thread pool. What fails is forgotten. */
function sessionsIn(options) {
  if (options instanceof Sessions) return options;
  checkOptions(options);
  const known = made.get(options);
  if (known !== undefined) return known;
  const coming = Sessions.create(options);
  made.set(options, coming);
  const isOurs = () => made.get(options) === coming;
  coming.then(
    (sessions) => isOurs() && made.set(options, sessions),
    () => isOurs() && made.delete(options),
  );
  return coming;
}

/** What a Fetch request brings. */
export function partsOf(headers, sessions, { peer, now } = {}) {
  return {
    cookie: headers.get("cookie"),
    header: sessions.headerName === undefined ? undefined : headers.get(sessions.headerName),
    crossSite: isCrossSite(headers),
    peer,
    now,
  };
}

export async function webSession(request, headers, options, extra = {}) {
  const sessions = await sessionsIn(options);
  const parts = partsOf(request.headers, sessions, extra);
  return WebSession[KEY](await sessions[KEY](WebSession, extra.how ?? "use", parts), headers, sessions);
}
