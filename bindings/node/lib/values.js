// Values that go into a session, and come out.

import { H3sError, argumentError } from "./errors.js";

/** Whether a value is in JSON just what it is in JavaScript. */
export function isPlain(value) {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    default:
      return value === null;
  }
}

/** Sets a property that is nobody's setter: `__proto__` would be. */
export function put(target, key, value) {
  if (key !== "__proto__") target[key] = value;
  else
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A copy of session data, or of a part of it. */
export function members(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new H3sError("ERR_H3S_DATA", "session data is an object");
  // It would be an object without members, and the write be lost.
  if (typeof value.then === "function")
    throw new H3sError("ERR_H3S_DATA", "session data is no promise: await it first");
  const copy = { ...value };
  // JSON would take what that gives in place of the whole.
  if (typeof copy.toJSON === "function") copy.toJSON = undefined;
  return copy;
}

/** Authentic data, which need not be right: only what is written is checked. */
export function parse(text) {
  try {
    // It makes `__proto__` a property like any other.
    return JSON.parse(text);
  } catch {
    // Its own error would quote the data.
    throw new H3sError("ERR_H3S_DATA", "the session's data is no JSON");
  }
}

export function stringify(value) {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    // A BigInt, a circle, or what a toJSON has thrown, whose own words may quote the value.
    throw new H3sError("ERR_H3S_DATA", "JSON has no such value: see the cause", { cause });
  }
}

/** Milliseconds since 1970, as the library takes them; 0: now. */
export function moment(value, key) {
  if (value === undefined || value === null) return 0;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw argumentError(key, "it is a whole number of milliseconds since 1970");
}
