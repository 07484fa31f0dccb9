/**
 * The sessions of h3 (Nuxt, Nitro): small JSON objects in an encrypted cookie.
 *
 *     const sessions = new Sessions({ password: process.env.SESSION_PASSWORD });
 *     const session = await sessions.open({ cookie: request.headers.cookie });
 *     session.set("visits", (session.data.visits ?? 0) + 1);
 *     response.appendHeader("Set-Cookie", await session.setCookies());
 *     session.free();
 *
 * What may take a slow key derivation returns a promise, and derives in libuv's thread pool. That
 * is so only if the options accept Fe26.2 tokens of more than one iteration (`"h3-2"`). Everything
 * else is synchronous, and takes a few microseconds. `await` works with both.
 */

/** A JSON object. */
export type Data = Record<string, any>;

/** The cookie's attributes, as in docs/OPTIONS.md. */
export interface CookieOptions {
  path?: string;
  domain?: string;
  secure?: boolean;
  httpOnly?: boolean;
  sameSite?: "lax" | "strict" | "none" | boolean;
  partitioned?: boolean;
  priority?: "low" | "medium" | "high";
  /** Seconds. Default: the rest of the session's lifetime. */
  maxAge?: number;
  chunkMaxLength?: number;
  maxChunks?: number;
}

/** A format of tokens, by the name of who else speaks it. */
export type Format =
  | "h3s1"
  | "h3-1"
  | "h3-2"
  | "fe26.2"
  | "iron-session"
  | "authjs"
  | "next-auth"
  | "auth0"
  | "better-auth";

/** How Fe26.2 derives a key. */
export interface DerivationOptions {
  algorithm?: "aes-256-cbc" | "aes-128-ctr" | "sha256";
  saltBits?: number;
  iterations?: number;
  minPasswordlength?: number;
}

/** The format of tokens, as in docs/OPTIONS.md. */
export interface SealOptions {
  format?: Format;
  accept?: Format[];
  migrate?: boolean;
  iterations?: number;
  /** Milliseconds. */
  ttl?: number;
  timestampSkewSec?: number;
  localtimeOffsetMsec?: number;
  encryption?: DerivationOptions;
  integrity?: DerivationOptions;
}

/** How a logout is made final, as in docs/OPTIONS.md. */
export interface RevocationOptions {
  /** A JSON Pointer to what names the user in a session's data. */
  subject?: string;
  /** Seconds. */
  maxStale?: number;
  stale?: "open" | "closed";
  /** An absolute path. */
  file?: string;
}

/** The options: h3's object, and the JSON file that all languages share. See docs/OPTIONS.md. */
export interface Options {
  /** At least 32 characters; or several by id, of which the first seals and all open. */
  password: string | Record<string, string>;
  name?: string;
  /** Seconds. */
  maxAge?: number;
  /** Seconds. */
  idleTimeout?: number;
  /** Milliseconds since 1970. */
  notBefore?: number;
  refresh?: boolean;
  maxTokenLength?: number;
  sessionHeader?: string | false;
  cookie?: CookieOptions | false;
  seal?: Format | SealOptions;
  legacySealFallback?: boolean;
  revocation?: RevocationOptions | false;
  /** Cookies that need no HTTPS. Never in production. */
  development?: boolean;
  /** Only in Node: returns the id of a new session, instead of a random UUID. */
  generateId?: () => string;
}

/** Settings beside the options, for this process only. */
export interface Extra {
  /** Through which servers tell each other what is revoked, instead of `revocation.file`. */
  revocationStore?: RevocationStore;
  /** How many entries of what is revoked there is room for. Default: 100,000. */
  revocationRoom?: number;
}

/** Why a token was refused. */
export type Rejection =
  | "none"
  | "malformed"
  | "unsupported_format"
  | "unknown_key"
  | "bad_seal"
  | "expired"
  | "idle"
  | "revoked"
  | "too_large";

/** What went wrong: `H3sError.code`. */
export type Code =
  /** An argument is of the wrong type, or out of range. */
  | "ERR_H3S_ARGUMENT"
  /** An option is wrong; `key` names it. */
  | "ERR_H3S_CONFIG"
  /** The value to be written is no session data. */
  | "ERR_H3S_DATA"
  /** The session would not fit in its cookies. It is as it was. */
  | "ERR_H3S_TOO_LARGE"
  /** Not possible now, such as `rotate` after `clear`, or anything after `free`. */
  | "ERR_H3S_STATE"
  /** A token was refused (`rejection` says why), or the session has ended since. */
  | "ERR_H3S_REJECTED"
  /** The operating system gave no random bytes. */
  | "ERR_H3S_RANDOM"
  /** Out of memory. */
  | "ERR_H3S_MEMORY"
  /** This peer has caused too many slow key derivations. Answer 429, and set no cookie. */
  | "ERR_H3S_BUSY"
  /** The latest logouts may not be known here. Answer 503, and set no cookie. */
  | "ERR_H3S_STALE"
  /** No room for what is revoked. Answer 503. */
  | "ERR_H3S_FULL"
  /** What is revoked could not be published. Answer 503: the logout has not happened. */
  | "ERR_H3S_STORE"
  /** The session was written after the response's headers were sent: the write is lost. */
  | "ERR_H3S_LATE"
  /** A fault in the library; please report it. */
  | "ERR_H3S_INTERNAL";

/** What this package throws. Except in a `cause`, it has no secret, and no value of a session. */
export class H3sError extends Error {
  private constructor();
  readonly name: "H3sError";
  readonly code: Code;
  /** The option (`"cookie.sameSite"`), argument or key at fault; else empty. */
  readonly key: string;
  /** The first byte at fault in JSON text, or -1. */
  readonly offset: number;
  readonly rejection: Rejection;
  /** The HTTP status to answer with: 429, 503, 413, 401 or 500. */
  readonly statusCode: number;
  /** As `statusCode`, by the name that Express reads. */
  readonly status: number;
}

/**
 * What was done with a `Sessions` since it was made. Each figure only grows. The same as
 * `h3s_counts` in C, where each is described.
 */
export interface Counts {
  /** Sessions that a cookie, the session header or a bare token brought. */
  readonly openedCookie: number;
  readonly openedHeader: number;
  readonly openedToken: number;
  /** Sessions that a request had to make: none of its tokens opened, or it had none. */
  readonly made: number;
  /** Of those: under another password than the first, in another format. */
  readonly openedOldPassword: number;
  readonly openedOtherFormat: number;
  /** Requests that went to the thread pool for a slow derivation. */
  readonly cold: number;
  /** Requests that failed with ERR_H3S_BUSY, or ERR_H3S_STALE. */
  readonly busy: number;
  readonly stale: number;
  /** Tokens that were sealed. */
  readonly sealed: number;
  /** Of sessions that were only read: cookies that slide or convert them. */
  readonly slid: number;
  readonly movedPassword: number;
  readonly movedFormat: number;
  readonly rotated: number;
  readonly cleared: number;
  readonly revoked: number;
  /** Requests whose first token was refused, by the reason. */
  readonly refused: Readonly<Record<Exclude<Rejection, "none">, number>>;
}

/** What a request brings: values of headers, as Node and Fetch have them. */
export interface RequestParts {
  /** The Cookie header's value. Several lines: joined with `"; "`. */
  cookie?: string | null;
  /** The session header's value, see `Sessions.headerName`. */
  header?: string | null;
  /** Whether another site caused the request, see `isCrossSite`. */
  crossSite?: boolean;
  /** The client's address: limits forged Fe26.2 tokens. */
  peer?: string | null;
  /** The time, in milliseconds since 1970. Default: now. */
  now?: number;
}

/** The options, checked and with their keys derived. Make one at start. */
export class Sessions {
  /**
   * options: h3's object, or the JSON text of the file that all languages share.
   *
   * Throws an H3sError, whose `key` names the option. The keys of a password take some
   * milliseconds to derive, which `create` does in the thread pool.
   */
  constructor(options: Options | string, extra?: Extra);
  /** As the constructor, in the thread pool. */
  static create(options: Options | string, extra?: Extra): Promise<Sessions>;
  /** From the file of JSON that services in other languages read as well. */
  static fromFile(path: string | URL, extra?: Extra): Promise<Sessions>;

  readonly cookieName: string;
  /** In lower case; undefined where `sessionHeader` is false. */
  readonly headerName: string | undefined;
  /** The value of a Vary header wherever a session was touched; may be empty. */
  readonly vary: string;
  /** Whether browsers send the cookie over HTTPS only. */
  readonly isSecure: boolean;
  /** Whether cookies are read and set: `cookie` is not false. */
  readonly hasCookies: boolean;
  /** Whether opening and sealing may take a slow key derivation, and so return promises. */
  readonly mayBeCold: boolean;
  /** What is revoked, as this process knows it; undefined without the option `revocation`. */
  readonly revocations: Revocations | undefined;

  /**
   * The session of a request, or a new one if none is valid.
   *
   * how: `"use"`, the default, has a Set-Cookie for a new one at once. With `"get"` a new one costs
   * no cookie until something is written.
   *
   * A token that is refused is not an error: see `Session.rejection`. Throws (or rejects with)
   * ERR_H3S_BUSY and ERR_H3S_STALE.
   */
  open(request: RequestParts, how?: "use" | "get"): Promise<Session> | Session;
  /** The session of a bare token. Rejects with ERR_H3S_REJECTED. */
  unseal(token: string, how?: { peer?: string | null; now?: number }): Promise<Session>;

  /** A Cookie header without the session's cookies: what may go upstream. */
  cookieStrip(cookie: string): string;
  /** The value of Vary for a response whose session was touched, from that so far. */
  headerVary(present: string): string;
  /** The value of Cache-Control for a response that sets the session's cookie. */
  headerCacheControl(present: string): string;
  /** Whether a header must be removed from such a response, such as CDN-Cache-Control. */
  isTargetedHeader(name: string): boolean;

  /** Any JSON value as a bare Fe26.2 token, as @hapi/iron writes it. */
  ironSeal(value: unknown, how?: { asSession?: boolean; now?: number }): Promise<string>;
  /** The value in a bare Fe26.2 token. Rejects with ERR_H3S_REJECTED. */
  ironUnseal(token: string, how?: { peer?: string | null; now?: number }): Promise<any>;

  /** Revokes the session of an id, wherever it is. Rejects with ERR_H3S_STORE, as all three. */
  revokeSession(id: string): Promise<void>;
  /** Revokes all sessions of a subject that were made before then, or before now. */
  revokeSubject(subject: string | number, before?: number | Date): Promise<void>;
  /** Revokes all sessions of this cookie's name that were made before then, or before now. */
  revokeEverybody(before?: number | Date): Promise<void>;

  /** What was opened, made, refused and sealed, for a page of figures. */
  counts(): Counts;

  /** Stops following what is revoked, and frees the keys once no session needs them. */
  close(): void;
}

/**
 * One request's session.
 *
 * Its memory is freed by `free`, or at garbage collection.
 */
export class Session {
  protected constructor();

  /** A random UUID, or what `setId` said; undefined after `clear`. */
  readonly id: string | undefined;
  /** Milliseconds since 1970; 0 after `clear`. */
  readonly createdAt: number;
  /** Milliseconds since 1970, under `idleTimeout`; undefined: never. */
  readonly lastSeenAt: number | undefined;
  /** Milliseconds since 1970, if nothing more comes; undefined: never. */
  readonly expiresAt: number | undefined;
  /** Whether this request made the session. */
  readonly isNew: boolean;
  /** Whether it has ended by `clear`, and nothing was written since. */
  readonly isCleared: boolean;
  /** Whether there are cookies to send that were not taken yet. */
  readonly isDirty: boolean;
  /** Whether these would say only when it was seen, under `idleTimeout`. They hold no data. */
  readonly onlySlides: boolean;
  /** Whether the latest logouts might not have been known here when it was opened. */
  readonly isStale: boolean;
  readonly source: "none" | "cookie" | "header" | "token";
  /** Why the request's first token was refused. */
  readonly rejection: Rejection;
  /** A keyed hash of the id: write this to logs, never the id. Undefined after `clear`. */
  readonly logId: string | undefined;

  /**
   * The data. Read it only: change it by the methods; what is assigned to it is lost.
   *
   * The same object until `replace`, `clear` or `revoke`; writes show in it.
   */
  readonly data: Readonly<Data>;
  /** As `data`, as JSON text. What was not written is as it came, byte for byte. */
  readonly json: string;

  /**
   * Merges into the data, as `Object.assign` and `JSON.stringify` do: what is undefined is deleted.
   *
   * patch: an object, or a function of the data that returns one. `{}` and undefined seal it again.
   */
  update(patch: Data | ((old: Readonly<Data>) => Data | undefined | void)): void;
  /** Sets the data, whatever it was. Id and times stay. */
  replace(data: Data): void;
  /** Sets one key; undefined deletes it. */
  set(key: string, value: unknown): void;
  delete(key: string): void;

  /** Makes a session of `"get"` one of `"use"`. */
  ensure(): void;
  /** A new id and `createdAt` = now, with the same data. Call it at every login. */
  rotate(): void;
  /** Ends the session: no id, no data, cookies deleted. A later write starts a new one. */
  clear(): void;
  /** As `clear`, and ends all copies. `setCookies` publishes it to all servers. */
  revoke(): void;
  /** As `revoke`, for all sessions of its subject: "log me out everywhere". */
  revokeEverywhere(): void;
  /** Gives a new or just rotated session an id of 1 to 255 printable ASCII characters, no space. */
  setId(id: string): void;
  /** Seconds from `createdAt`, or undefined for as the options say. */
  setLifetime(seconds: number | undefined, how?: { endsWithBrowser?: boolean }): void;
  /** Its own lifetime in seconds, see `setLifetime`. */
  readonly lifetime: number | undefined;
  readonly endsWithBrowser: boolean;
  /** Moves the session's clock, for connections that outlive a request. */
  setNow(now?: number): void;

  /**
   * The Set-Cookie values that the response needs, most often none or one, each for a header line
   * of its own.
   *
   * What was revoked is published first. If that fails, it rejects with ERR_H3S_STORE (or
   * ERR_H3S_FULL): answer 503, and send no cookie of the session.
   *
   * Until its promise is settled, do nothing else with the session.
   */
  setCookies(): Promise<string[]> | string[];
  /** The session as a bare token, for a client that sends it back in the session header. */
  seal(): Promise<string> | string;
  /** The request's Cookie header without the session's cookies but those of this one. */
  cookieStrip(cookie: string): string;
  /** Frees its memory at once. Again, it does nothing. */
  free(): void;
}

/** Whether another site caused the request, by Sec-Fetch-Site, Origin, Referer and Host. */
export function isCrossSite(
  headers: Headers | { readonly [name: string]: string | string[] | undefined },
): boolean;

/** A session of a Fetch handler. */
export class WebSession extends Session {
  /**
   * Appends Set-Cookie, and sets Vary and Cache-Control, in the response's headers.
   *
   * Call it before they are sent, after the last write. Rejects as `setCookies`.
   */
  commit(): Promise<void>;
}

/** What `webSession` takes beside the request. */
export interface WebExtra {
  how?: "use" | "get";
  /** The client's address: limits forged Fe26.2 tokens. */
  peer?: string | null;
  now?: number;
}

/**
 * The session of a Fetch Request, whose `commit` writes into these headers of the response.
 *
 * sessions: or the options. The same object of options makes one Sessions.
 */
export function webSession(
  request: Request,
  headers: Headers,
  sessions: Sessions | Options,
  extra?: WebExtra,
): Promise<WebSession>;

/** What the middlewares of h3s/express, h3s/fastify and h3s/hono take beside the options. */
export interface MiddlewareExtra<Request> {
  /** Where the session is found on the request. Default: `"session"`. */
  key?: string;
  /** The client's address: limits forged Fe26.2 tokens. Without it there is no limit. */
  peer?: (request: Request) => string | undefined;
  /** Called with errors after the response, such as ERR_H3S_LATE. Default: a process warning. */
  onError?: (error: H3sError, request: Request) => void;
  /** The time, for tests. */
  now?: () => number;
}

// ---- What is revoked ----------------------------------------------------------------------------

/** Stores entries of what is revoked, each a line of text. */
export interface RevocationStore {
  /** A new feed, at the start. */
  attach(revocations: Revocations): RevocationFeed;
}

export interface RevocationFeed {
  /** Publishes entries to all servers. If it throws, the logout has failed. */
  publish(lines: string[]): Promise<void> | void;
  /** Applies new entries, and calls `heard`. */
  poll(): Promise<void> | void;
  /** Milliseconds from the end of a poll to the next. Default: 250. */
  readonly pause?: number;
  close?(): void;
}

/** A file that the processes of one machine share, in whatever language: `revocation.file`. */
export class FileStore implements RevocationStore {
  /** path: an absolute one. */
  constructor(path: string);
  attach(revocations: Revocations): RevocationFeed;
}

/** What is revoked, as this process knows it. */
export class Revocations {
  private constructor();
  /** How many entries there are that have not ended. It looks at all of the memory. */
  readonly entries: number;
  readonly room: number;
  /** How many had no room, so that what they revoke is not refused here. */
  readonly missed: number;
  /** When everything was last known, in milliseconds since 1970; undefined: never. */
  readonly heardAt: number | undefined;
  /** Why the last poll of the store failed; undefined if it did not. */
  readonly error: Error | undefined;
  /** For how many milliseconds an entry matters at most. */
  readonly keep: number;
  readonly cookieName: string;
  /** Applies entries, in any order, any number of times. Returns how many are of these sessions. */
  apply(lines: string | Iterable<string>, now?: number): number;
  /** Says that everything published until now was applied. */
  heard(now?: number): void;
  /** Publishes entries to all servers, and applies them here. */
  publish(lines: Iterable<string>): Promise<void>;
  /** Polls the store now. */
  poll(): Promise<void>;
  /** What an entry says. Throws ERR_H3S_REJECTED if it is not of this password and cookie. */
  read(line: string): {
    kind: "session" | "subject" | "everybody";
    /** A session's `logId`, or the subject; empty for everybody. */
    whose: string;
    /** Sessions made before this are refused; undefined for one session. */
    before: number | undefined;
    until: number;
  };
}

/** What the library says of itself. */
export const version: string;
/** The implementation of AES-256-GCM: `"rustcrypto"` or `"ring"`. */
export const backend: string;
