// Tokens that open, with all that lies between them and their sessions.

import { compactDecrypt } from "jose";

import { fixRandom, setTime } from "../fixed.mjs";
import { frameworks } from "../formats.mjs";
import { deriveKey, headerOf, sealJwe } from "../jwe.mjs";
import { DATA, JWE, LARGE, NOW, OTHER, SECONDS, SECRET, SHORT, claimsOf, cookieOf, life, names, options, sessionOf, tokenOf } from "./common.mjs";

/** The framework that makes and reads the tokens of a format. */
const makers = {
  "iron-session": "iron-session 9 with chunks",
  authjs: "Auth.js",
  "next-auth": "NextAuth.js 4",
  auth0: "nextjs-auth0 4",
  "better-auth": "better-auth",
};

async function ironOpen() {
  const all = [];
  const add = async (name, comment, by, { data = DATA, secrets = [SECRET], cookieName = "app_session", ttl = 3600, after = 0 }) => {
    setTime(NOW);
    const framework = frameworks[by]({ secrets, name: cookieName, maxAge: ttl });
    const cookie = cookieOf(cookieName, await framework.login(data));
    const { password } = framework.options;
    setTime(NOW + after);
    const { data: seen } = await framework.visit(cookie);
    const token = tokenOf(cookie);
    const expiration = token.split("*")[5];
    all.push({
      name: `iron-session-${name}`, comment, format: "iron-session", by,
      options: { password, name: cookieName, seal: "iron-session" },
      now_ms: NOW + after, cookie, token, key: null, header: null, plaintext: JSON.stringify(seen),
      id: null, created_at: null, expires_at: expiration ? Number(expiration) : null, data: JSON.stringify(seen),
    });
  };
  await add("8", "of version 8", "iron-session 8", {});
  await add("9", "of version 9", "iron-session 9", {});
  await add("empty-text", "an empty text and an empty object", "iron-session 9", { data: { a: "", b: {} } });
  await add("two-passwords", "the highest id seals", "iron-session 9", { secrets: [OTHER, SECRET] });
  await add("host-name", "a name with __Host-", "iron-session 8", { cookieName: "__Host-session" });
  await add("ttl-0", "for ever", "iron-session 9", { ttl: 0, after: 10 * 365 * 86_400_000 });
  await add("at-its-last", "a millisecond before the tolerance ends", "iron-session 9", { after: 3_660_000 - 1 });
  await add("chunks", "in two cookies", "iron-session 9 with chunks", { data: LARGE });
  await add("workos", "of WorkOS, for ever", "WorkOS AuthKit", { cookieName: "wos-session" });
  return all;
}

/** A vector of a JWE with all that lies between it and its session. */
function jweOpen(name, comment, format, { by, cookie, token, secret = SECRET, of = {}, length, now = NOW, plaintext, header }) {
  const settings = options(format, of);
  const key = deriveKey(format, secret, settings.name, length);
  return {
    name: `${format}-${name}`, comment, format, by, options: settings, now_ms: now,
    cookie: cookie ?? `${settings.name}=${token}`, token, key: key.toString("hex"), header, plaintext,
    ...sessionOf(format, JSON.parse(plaintext), now),
  };
}

/** The header and the plaintext of a token, as texts. */
async function decrypted(token, key) {
  const { plaintext } = await compactDecrypt(token, key);
  return { header: Buffer.from(token.split(".")[0], "base64url").toString(), plaintext: Buffer.from(plaintext).toString() };
}

async function jweByPackages() {
  const all = [];
  const add = async (format, name, comment, { secrets = [SECRET], cookieName = names[format], data = DATA, password = secrets[0] }) => {
    setTime(NOW);
    const framework = frameworks[makers[format]]({ secrets, name: cookieName, maxAge: 3600 });
    const cookie = cookieOf(cookieName, await framework.login(data));
    const token = tokenOf(cookie);
    const key = deriveKey(format, secrets[0], cookieName);
    const { header, plaintext } = await decrypted(token, key);
    all.push(jweOpen(name, comment, format, {
      by: makers[format], cookie, token, secret: secrets[0], of: { name: cookieName, password }, header, plaintext,
    }));
  };
  for (const format of JWE) {
    await add(format, "plain", "as the framework makes it", {});
    await add(format, "large", "in several cookies", { data: LARGE });
    await add(format, "short-secret", "a secret of five characters", { secrets: [SHORT] });
    await add(format, "non-ascii-secret", "a secret that is not ASCII", { secrets: ["Schlüssel 🗝, und noch mehr davon"] });
    const secure = format === "auth0" ? "__Host-session" : `__Secure-${names[format]}`;
    await add(format, "secure-name", "a name with a prefix", { cookieName: secure });
  }
  await add("authjs", "two-secrets", "the first seals", { secrets: [OTHER, SECRET], password: { new: OTHER, old: SECRET } });
  await add("better-auth", "two-secrets", "the first seals", { secrets: [OTHER, SECRET], password: { new: OTHER, old: SECRET } });
  return all;
}

/** What the packages open, though they make it only in other settings. */
function jweByHand() {
  const all = [];
  const add = (format, name, comment, { secret, of, now, length, header = {}, claims = claimsOf(format) }) => {
    const cookieName = of?.name ?? names[format];
    const key = deriveKey(format, secret ?? SECRET, cookieName, length);
    const whole = { ...headerOf(format, key), ...header };
    const [plaintext, text] = [JSON.stringify(claims), JSON.stringify(whole)];
    const token = sealJwe({ header: text, claims: plaintext, key });
    all.push(jweOpen(name, comment, format, { by: null, token, secret, of, length, now, plaintext, header: text }));
  };
  const two = { password: { new: OTHER, old: SECRET } };
  for (const format of JWE) {
    add(format, "exp-at-its-last", "15 seconds of tolerance, but for one", { now: (life.exp + 14) * 1000 + 999 });
    add(format, "nbf-at-its-first", "15 seconds of tolerance", { claims: claimsOf(format, { nbf: SECONDS + 15 }) });
    add(format, "no-exp", "without an end", { claims: { ...claimsOf(format), exp: undefined } });
    add(format, "fraction", "times that are not whole", { claims: claimsOf(format, { exp: life.exp + 0.5 }) });
  }
  for (const format of ["authjs", "next-auth"]) {
    add(format, "iat-ahead", "of a clock that is five minutes ahead", { claims: claimsOf(format, { iat: SECONDS + 300 }) });
    add(format, "no-iat", "without the time when it was made", { claims: claimsOf(format, { iat: undefined }) });
    add(format, "no-jti", "without an id", { claims: claimsOf(format, { jti: undefined }) });
  }
  add("authjs", "a256gcm", "what Auth.js reads, too", { length: 32 });
  add("authjs", "old-secret", "the second secret, named by kid", { of: two });
  add("authjs", "no-kid", "the first secret, without a kid", { secret: OTHER, of: two, header: { kid: undefined } });
  add("better-auth", "old-secret", "the second secret, named by kid", { of: two });
  add("better-auth", "no-kid", "the second secret, without a kid", { of: two, header: { kid: undefined } });
  add("auth0", "no-sid", "without an id", { claims: claimsOf("auth0", { internal: { sid: "", createdAt: SECONDS - 60 } }) });
  return all;
}

export async function openVectors() {
  fixRandom("docs/FORMATS.md");
  return [...(await ironOpen()), ...(await jweByPackages()), ...jweByHand()];
}
