// What the vectors that open and those that are refused have in common.

import { deriveKey, headerOf, sealJwe } from "../jwe.mjs";

export const NOW = 1_800_000_000_000;
export const SECONDS = NOW / 1000;
export const UUID = "5b1ca13a-d234-49fc-80c0-f8567213a22a";
export const SECRET = "correct horse battery staple, and more of it";
export const OTHER = "another secret of at least thirty-two characters";
export const SHORT = "short";
export const DATA = { user: { id: 7, name: "Zoë 🦊" }, "cart/items": [{ n: 1.5 }, null, true, ""] };
export const LARGE = { text: "0123456789".repeat(500) };

/** The claims of each format's session without those of its life. */
export const bodies = {
  authjs: DATA,
  "next-auth": DATA,
  auth0: { user: { sub: "auth0|7", name: "Zoë" }, internal: { sid: "sid-of-auth0", createdAt: SECONDS - 60 } },
  "better-auth": {
    session: {
      id: "session-id", token: "token", userId: "7", createdAt: "2027-01-15T07:59:00.000Z",
      updatedAt: "2027-01-15T07:59:00.000Z", expiresAt: "2027-01-22T07:59:00.000Z",
    },
    user: {
      id: "7", email: "zoe@app.test", emailVerified: true, name: "Zoë",
      createdAt: "2027-01-01T00:00:00.000Z", updatedAt: "2027-01-01T00:00:00.000Z",
    },
    updatedAt: NOW,
    version: "1",
  },
};
export const JWE = Object.keys(bodies);
export const life = { iat: SECONDS, exp: SECONDS + 3600, jti: UUID };
export const claimsOf = (format, more = {}) => ({ ...bodies[format], ...(format === "auth0" ? { exp: life.exp } : life), ...more });

export const names = { authjs: "authjs.session-token", "next-auth": "next-auth.session-token", auth0: "__session", "better-auth": "better-auth.session_data" };

/** What docs/FORMATS.md says of claims: the session's data, id and times, at a time. */
export function sessionOf(format, claims, now) {
  const { iat, exp, jti, ...rest } = claims;
  const data = format === "auth0" ? (({ exp: _, ...all }) => all)(claims) : rest;
  const seconds = (value) => (typeof value === "number" ? Math.floor(value * 1000) : null);
  const of = {
    authjs: () => [jti, seconds(iat)],
    "next-auth": () => [jti, seconds(iat)],
    auth0: () => [claims.internal?.sid || null, seconds(claims.internal?.createdAt)],
    "better-auth": () => [claims.session.id, Date.parse(claims.session.createdAt)],
  };
  const [id = null, created] = of[format]();
  const created_at = created === null ? null : Math.min(created, now);
  return { id, created_at, expires_at: seconds(exp), data: JSON.stringify(data) };
}

export function options(format, { password = SECRET, name = names[format] }) {
  return { password, name, seal: format };
}

/** A token by hand, as the packages would make it but for what is given. */
export function byHand(format, { secret = SECRET, name = names[format], length, header = {}, claims, ...more } = {}) {
  const key = deriveKey(format, secret, name, length);
  const whole = typeof header === "object" && !Array.isArray(header) ? { ...headerOf(format, key), ...header } : header;
  return sealJwe({ header: whole, claims: claims ?? claimsOf(format), key, ...more });
}

/** The Cookie header of what was set, but for what is deleted. */
export function cookieOf(name, setCookies) {
  const pairs = setCookies.map((value) => value.split(";", 1)[0]);
  return pairs.filter((pair) => pair.startsWith(name) && !pair.endsWith("=")).join("; ");
}

/** The token that the cookies of a header have together. */
export function tokenOf(cookie) {
  return cookie.split("; ").map((pair) => pair.slice(pair.indexOf("=") + 1)).join("");
}
