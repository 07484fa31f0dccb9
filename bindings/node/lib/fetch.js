// Sessions on Fetch's Request and Headers.

import { configError } from "./errors.js";
import { native } from "./native.js";
import { KEY, Session } from "./session.js";
import { Sessions } from "./sessions.js";

export function isCrossSite(headers) {
  const value =
    typeof headers.get === "function"
      ? (name) => headers.get(name)
      : (name) => (Array.isArray(headers[name]) ? headers[name].join(", ") : headers[name]);
  return native.is_cross_site(
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

const made = new WeakMap();

/** The Sessions of an object of options, made once for each. */
export function sessionsOf(options) {
  if (options instanceof Sessions) return options;
  if (options === null || typeof options !== "object")
    throw configError("", "a Sessions, or the options as an object: of JSON text, make a Sessions");
  let sessions = made.get(options);
  if (sessions === undefined) made.set(options, (sessions = new Sessions(options)));
  return sessions;
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
  const sessions = sessionsOf(options);
  const parts = partsOf(request.headers, sessions, extra);
  return WebSession[KEY](await sessions[KEY](WebSession, extra.how ?? "use", parts), headers, sessions);
}
