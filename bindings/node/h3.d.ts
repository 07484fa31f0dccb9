/**
 * h3's own session functions, for events of h3 1.15 and h3 2, on the sessions of this package:
 *
 *     import { useSession } from "h3s/h3"; // and no longer from "h3"
 *
 * They take h3's options and do as h3's do, but for what docs/BESIDE-H3.md names under "How it
 * differs from h3". As there, what is written is in the response once its promise has come true.
 */

import type { CookieOptions, Data, Options, SealOptions, Sessions } from "./index.js";

/** An event of h3 1 or h3 2, a `{ req: Request }` of h3 2, or in h3 1 the peer of a WebSocket. */
export type Event = object;

/** h3's options for a seal, which have no format of ours in them. */
type H3SealOptions = Omit<SealOptions, "format" | "accept" | "migrate">;

/**
 * h3's options, and those of docs/OPTIONS.md.
 *
 * Without a format in `seal`, sessions are sealed as this version of h3 does it: `"h3-1"`, or
 * `"h3-2"`, with `migrate`. So sessions that h3 has made go on, and it can have them back.
 */
export interface SessionConfig extends Omit<Options, "seal" | "cookie"> {
  cookie?: false | CookieOptions;
  seal?: Options["seal"] | H3SealOptions;
  /** The id of a new session. Default, also where it gives none: a random UUID. */
  generateId?: () => string;
  /**
   * The client's address: limits forged Fe26.2 tokens, which cost a slow derivation
   * each. Behind a proxy only the application knows.
   */
  peer?: (event: any) => string | null | undefined;
}

/**
 * What all functions take: h3's object, the path of the JSON file that all languages share (`URL`,
 * or text), or a Sessions. A file without `seal` means `"h3s1"`, as in every other language.
 *
 * Equal objects are one Sessions; at most 100 of them are kept.
 */
export type Config = SessionConfig | Sessions | string | URL;

/** A session as h3 has it. */
export interface Session<T extends Data = Data> {
  /** Empty after `clearSession`. */
  id: string;
  /** Milliseconds since 1970. */
  createdAt: number;
  /** Milliseconds since 1970, under `idleTimeout`. */
  lastSeenAt?: number;
  /** An object without a prototype. What is changed in it is sealed with the next update. */
  data: Partial<T>;
}

export type SessionUpdate<T extends Data = Data> =
  | Partial<T>
  | ((old: Partial<T>) => Partial<T> | undefined | void);

/** What `useSession` gives. */
export interface SessionManager<T extends Data = Data> {
  /** Undefined once it was cleared. */
  readonly id: string | undefined;
  readonly data: Partial<T>;
  update(update?: SessionUpdate<T>): Promise<SessionManager<T>>;
  clear(): Promise<SessionManager<T>>;
  /** As `rotateSession`. */
  rotate(): Promise<SessionManager<T>>;
  /** As `revokeSession`. */
  revoke(how?: { everywhere?: boolean }): Promise<SessionManager<T>>;
}

/** The session of a request. One that it has to make is set at once. */
export function useSession<T extends Data = Data>(
  event: Event,
  config: Config,
): Promise<SessionManager<T>>;

/** The session of a request. One that it has to make costs no cookie until it is written. */
export function getSession<T extends Data = Data>(
  event: Event,
  config: Config,
): Promise<Session<T>>;

/**
 * Merges into the data as `Object.assign` does, and seals; what is undefined is deleted.
 *
 * Rejects with ERR_H3S_TOO_LARGE where cookies cannot hold it, and the session is as it was.
 */
export function updateSession<T extends Data = Data>(
  event: Event,
  config: Config,
  update?: SessionUpdate<T>,
): Promise<Session<T>>;

/** A new id and `createdAt`, with the same data. Call it at every login. */
export function rotateSession<T extends Data = Data>(
  event: Event,
  config: Config,
): Promise<Session<T>>;

/** Ends the session, and deletes its cookies. It needs no password. Await it. */
export function clearSession(
  event: Event,
  config?: Partial<SessionConfig> | Sessions | string | URL,
): Promise<void>;

/**
 * As `clearSession`, also for whoever has a copy of the cookie. It needs the option `revocation`.
 *
 * everywhere: for all sessions of its subject.
 *
 * Rejects with ERR_H3S_STORE, of status 503, where that could not be made known: then nobody is
 * logged out.
 */
export function revokeSession(
  event: Event,
  config: Config,
  how?: { everywhere?: boolean },
): Promise<void>;

/** The session as a token, for a client that sends it back in the session header. */
export function sealSession(event: Event, config: Config): Promise<string>;

/** What is in a token. Rejects with ERR_H3S_REJECTED, whose `rejection` says why. */
export function unsealSession<T extends Data = Data>(
  event: Event | undefined,
  config: Config,
  sealed: string,
): Promise<Session<T>>;
