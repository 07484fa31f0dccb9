// What h3 1 and h3 2 call an event, behind the few questions that a session has.

import { isCrossSite } from "../fetch.js";

/**
 * Which h3 an event is of: 1 or 2.
 *
 * h3 2 has a Fetch Request in `req`. h3 1 has Node's request in `node`, and it also takes what has
 * only `request` or `headers`, such as the peer of a WebSocket.
 */
export function versionOf(event) {
  if (typeof event?.req?.headers?.get === "function") return 2;
  return event?.node || event?.request || event?.headers ? 1 : 2;
}

/** Whether the response is there to be written: then sessions are not read-only. */
export const canWrite = (event, version) => (version === 2 ? true : "__is_event__" in event);

/** Where h3 keeps what belongs to a request. */
export function contextOf(event) {
  return event.context ?? (event.req.context ??= {});
}

function headersOf(event, version) {
  if (version === 2) return event.req.headers;
  return event.node?.req.headers ?? event.request?.headers ?? event.headers ?? {};
}

const valueOf = (headers, name) =>
  typeof headers.get === "function" ? headers.get(name) : headers[name];

/** Whether a cookie is there, as browsers write it; one whose name ends so is another. */
const hasCookie = (cookie, begin) => cookie.startsWith(begin) || cookie.includes(`; ${begin}`);

/** What `Sessions.open` takes of a request. */
export function partsOf(event, version, sessions, peer) {
  const headers = headersOf(event, version);
  const cookie = valueOf(headers, "cookie") ?? "";
  const { headerName } = sessions;
  return {
    cookie,
    header: headerName === undefined ? undefined : valueOf(headers, headerName),
    // It only matters to a request without the session's cookie.
    crossSite: !hasCookie(cookie, `${sessions.cookieName}=`) && isCrossSite(headers),
    peer,
    // The time as h3 asks for it, which tests may have set.
    now: Date.now(),
  };
}

const attribute = (setCookie, name) => new RegExp(`; *${name}=([^;]*)`, "i").exec(setCookie)?.[1] ?? "";

/** What browsers tell cookies apart by. */
function keyOf(setCookie) {
  const domain = attribute(setCookie, "domain").replace(/^\./, "").toLowerCase();
  return `${setCookie.split("=", 1)[0]};${domain};${attribute(setCookie, "path")}`;
}

/** `present` without what was set of the session before, and with what is to be set. */
function merged(present, former, cookies) {
  if (present.length === 0) return cookies;
  const gone = new Set(cookies.map(keyOf));
  const kept = present.filter((value) => !former.includes(value) && !gone.has(keyOf(value)));
  return [...kept, ...cookies];
}

function putInto(headers, former, cookies) {
  const present = headers.getSetCookie();
  const next = merged(present, former, cookies);
  if (present.length > 0) headers.delete("set-cookie");
  for (const value of next) headers.append("set-cookie", value);
}

/**
 * Puts a session's Set-Cookie values into the response, in the place of those that it had before.
 *
 * In h3 2 into the headers of error responses as well, which else lack what is set before an error.
 */
export function putCookies(event, version, former, cookies) {
  if (former.length === 0 && cookies.length === 0) return;
  if (version === 2) {
    const { res } = event;
    // A bare `{ req }` has no response.
    if (!res) return;
    putInto(res.headers, former, cookies);
    if (res.errHeaders) putInto(res.errHeaders, former, cookies);
  } else if (event.node) {
    const { res } = event.node;
    const present = res.getHeader("set-cookie") ?? [];
    res.setHeader("set-cookie", merged([present].flat(), former, cookies));
  }
}
