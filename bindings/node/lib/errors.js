// What this package throws.

import { native, rejections } from "./native.js";

const CODES = [
  undefined,
  "ERR_H3S_ARGUMENT",
  "ERR_H3S_CONFIG",
  "ERR_H3S_DATA",
  "ERR_H3S_TOO_LARGE",
  "ERR_H3S_STATE",
  "ERR_H3S_REJECTED",
  "ERR_H3S_RANDOM",
  "ERR_H3S_MEMORY",
  "ERR_H3S_COLD",
  "ERR_H3S_BUSY",
  "ERR_H3S_INTERNAL",
  "ERR_H3S_STALE",
  "ERR_H3S_FULL",
  "ERR_H3S_STORE",
];

const STATUS_CODES = {
  ERR_H3S_TOO_LARGE: 413,
  ERR_H3S_REJECTED: 401,
  ERR_H3S_BUSY: 429,
  ERR_H3S_STALE: 503,
  ERR_H3S_FULL: 503,
  ERR_H3S_STORE: 503,
};

export class H3sError extends Error {
  constructor(code, message, { key = "", offset = -1, rejection = "none", cause } = {}) {
    super(key && code !== "ERR_H3S_REJECTED" ? `${key}: ${message}` : message, cause && { cause });
    this.code = code;
    this.key = key;
    this.offset = offset;
    this.rejection = rejection;
    this.statusCode = this.status = STATUS_CODES[code] ?? 500;
  }
}
// Not a field of each: it would be printed with each.
Object.defineProperty(H3sError.prototype, "name", { value: "H3sError" });

/** Of what the library says: [status, offset, rejection, key, message]. */
export function errorOf([status, offset, rejection, key, message]) {
  const code = CODES[status] ?? "ERR_H3S_INTERNAL";
  return new H3sError(code, message, { key, offset, rejection: rejections[rejection] });
}

/** Of the call that failed last. */
export const failure = () => errorOf(native.failure());

/** A function of the compiled part that is given what people give: what it throws becomes ours. */
export function guarded(name) {
  const of = native[name];
  return (...given) => {
    try {
      return of(...given);
    } catch ({ code, message }) {
      throw new H3sError(code ?? "ERR_H3S_INTERNAL", message);
    }
  };
}

/** What a job came to. */
export async function resultOf(job) {
  const result = await job;
  if (Array.isArray(result)) throw errorOf(result);
  return result;
}

export const argumentError = (key, message) => new H3sError("ERR_H3S_ARGUMENT", message, { key });
export const configError = (key, message) => new H3sError("ERR_H3S_CONFIG", message, { key });
