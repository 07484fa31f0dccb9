// JSON Web Encryption by Node's own cryptography, for tokens that no package would make.

import { createCipheriv, createHash, createHmac, hkdfSync } from "node:crypto";

export const base64url = (data) => Buffer.from(data).toString("base64url");

/** How each format of docs/FORMATS.md derives its key. */
const derivations = {
  authjs: { salt: (name) => name, info: (name) => `Auth.js Generated Encryption Key (${name})`, length: 64, digest: "sha512" },
  "next-auth": { salt: () => "", info: () => "NextAuth.js Generated Encryption Key", length: 32 },
  auth0: { salt: () => "", info: () => "JWE CEK", length: 32 },
  "better-auth": { salt: () => "better-auth-session", info: () => "BetterAuth.js Generated Encryption Key", length: 64, digest: "sha256" },
};

export function deriveKey(format, secret, name, length = derivations[format].length) {
  const { salt, info } = derivations[format];
  return Buffer.from(hkdfSync("sha256", secret, salt(name), info(name), length));
}

/** The thumbprint of a key, as RFC 7638 has it. */
export function thumbprint(format, key) {
  const jwk = JSON.stringify({ k: base64url(key), kty: "oct" });
  const digest = key.length === 32 ? "sha256" : derivations[format].digest;
  return createHash(digest).update(jwk).digest("base64url");
}

/** The header that the packages write. */
export function headerOf(format, key) {
  if (format === "next-auth") return { alg: "dir", enc: "A256GCM" };
  if (format === "auth0") return { enc: "A256GCM", alg: "dir" };
  return { alg: "dir", enc: key.length === 64 ? "A256CBC-HS512" : "A256GCM", kid: thumbprint(format, key) };
}

/** AES-CBC with HMAC, for a key of 64 or 32 bytes: the first half authenticates. */
function sealCbc(key, iv, aad, plaintext, padding) {
  const half = key.length / 2;
  const cipher = createCipheriv(`aes-${half * 8}-cbc`, key.subarray(half), iv).setAutoPadding(padding);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const bits = Buffer.alloc(8);
  bits.writeBigUInt64BE(BigInt(aad.length * 8));
  const hmac = createHmac(`sha${half * 16}`, key.subarray(0, half));
  const tag = hmac.update(aad).update(iv).update(ciphertext).update(bits).digest().subarray(0, half);
  return { ciphertext, tag };
}

function sealGcm(key, iv, aad, plaintext) {
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(aad);
  return { ciphertext: Buffer.concat([cipher.update(plaintext), cipher.final()]), tag: cipher.getAuthTag() };
}

/**
 * The parts of a token, joined by dots. `header` and `claims` are texts, or values of which JSON is
 * made; `cipher` is `cbc` or `gcm`, whatever the header says; without `padding` the plaintext is
 * whole blocks of AES.
 */
export function sealJwe({ header, claims, key, cipher = key.length === 64 ? "cbc" : "gcm", iv, padding = true, parts }) {
  const json = (value) => (typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value));
  const protectedHeader = base64url(json(header));
  const nonce = iv ?? createHash("sha256").update(protectedHeader).update(json(claims)).digest().subarray(0, cipher === "cbc" ? 16 : 12);
  const aad = Buffer.from(protectedHeader);
  const sealed = cipher === "cbc" ? sealCbc(key, nonce, aad, json(claims), padding) : sealGcm(key, nonce, aad, json(claims));
  const token = [protectedHeader, "", base64url(nonce), base64url(sealed.ciphertext), base64url(sealed.tag)];
  return Object.assign(token, parts).join(".");
}
