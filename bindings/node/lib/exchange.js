// What the middlewares share: a session that opens when it is touched, and what a response with one
// must say.

import { isCrossSite, putHeaders } from "./fetch.js";
import { H3sError, argumentError } from "./errors.js";
import { KEY, Session } from "./session.js";

/** How many seconds a client is told to wait. */
const RETRY_AFTER = "1";

/** What a 429 or 503 says in place of the application's response no longer holds for. */
const OF_ANOTHER = [
  "location",
  "etag",
  "last-modified",
  "content-range",
  "content-disposition",
  "content-encoding",
  "content-length",
  "content-type",
  "transfer-encoding",
];

export class Exchange {
  #sessions;
  #session;
  #refused;
  #request;
  #onError;
  #name;
  #isEnded = false;

  /**
   * request: the framework's.
   * name: its method and path, without the query, which may hold anything.
   * extra: what people give to `sessions`.
   */
  constructor(sessions, request, name, { onError }) {
    this.#sessions = sessions;
    this.#request = request;
    this.#name = name;
    this.#onError = onError;
  }

  /** A promise where that takes a slow derivation. */
  begin(parts) {
    const opened = this.#sessions.lazily(KEY, parts, (error) => {
      // What `peer` or `now` has thrown is no error of ours, and says no status.
      this.#refused =
        error instanceof H3sError ? error : argumentError("", "the request's parts could not be told");
    });
    const begun = (session) => {
      this.#session = session;
    };
    return opened instanceof Promise ? opened.then(begun) : begun(opened);
  }

  get session() {
    return this.#session;
  }

  /** Whether the response has to say anything of it. */
  get isUsed() {
    return Session[KEY].isTouched(this.#session) || this.#refused !== undefined;
  }

  /**
   * Before the head of the response goes: puts what it must say into its headers.
   *
   * headers: as Fetch's.
   * Gives, or is a promise of, the error that is to be answered in place of the response; most
   * often undefined.
   */
  end(headers) {
    this.#isEnded = true;
    if (!Session[KEY].isTouched(this.#session)) return this.#isLate(this.#refused);
    try {
      const cookies = this.#session.setCookies();
      return cookies instanceof Promise
        ? cookies.then(
            (cookies) => this.#put(headers, cookies),
            (error) => this.#failed(headers, error),
          )
        : this.#put(headers, cookies);
    } catch (error) {
      return this.#failed(headers, error);
    }
  }

  #put(headers, cookies) {
    putHeaders(headers, this.#sessions, cookies);
    this.#isLate(undefined);
    // What was revoked while the cookies were on their way.
    if (Session[KEY].owes(this.#session)) this.#makeKnown(this.#session);
    return undefined;
  }

  #failed(headers, error) {
    this.#tell(error);
    // A logout that has not happened must not look as if it had. Of what else may fail, who runs
    // the server is told, and the response goes without a cookie.
    if (error.statusCode === 503) return this.#isLate(error);
    return this.#put(headers, []);
  }

  #isLate(result) {
    Session[KEY].isLate(this.#session, {
      written: () => this.#tellLate(),
      // Its cookie stays, and opens nothing.
      ended: (session) => this.#makeKnown(session),
    });
    return result;
  }

  async #makeKnown(session) {
    try {
      await Session[KEY].tell(session);
    } catch (error) {
      this.#tell(error);
    }
  }

  /** Where the response has gone without `end`: what is lost is told, and a logout made known. */
  async missed() {
    const session = this.#session;
    if (this.#isEnded || session === undefined || !Session[KEY].isTouched(session)) return;
    if (Session[KEY].owes(session)) await this.#makeKnown(session);
    else if (Session[KEY].isWritten(session)) this.#tellLate();
  }

  /** Frees the session with the end of a response of Node's, unless its handler may be at work. */
  endsWith(response) {
    response.once("close", () => {
      if (isOver(response)) this.free();
      else this.#gone();
    });
  }

  /** The same where a framework says when a response has ended, but not that it never will. */
  leavesWith(response) {
    response.once("close", () => {
      if (!isOver(response)) this.#gone();
    });
  }

  /** Where the client has gone before the response: a logout is made known all the same. */
  #gone() {
    const session = this.#session;
    if (this.#isEnded) return;
    Session[KEY].isLate(session, { written() {}, ended: () => this.#makeKnown(session) });
    if (Session[KEY].isTouched(session) && Session[KEY].owes(session)) this.#makeKnown(session);
  }

  #tellLate() {
    const message = `${this.#name}: the session was written after the head of the response had gone, so the write is lost`;
    this.#tell(new H3sError("ERR_H3S_LATE", message));
  }

  #tell(error) {
    if (this.#onError !== undefined) this.#onError(error, this.#request);
    else process.emitWarning(error.message, { type: "H3sWarning", code: error.code });
  }

  free() {
    this.#session?.free();
  }
}

/** Whether a closed response was sent. In HTTP/2 one is finished, too, that nobody has begun. */
const isOver = (response) => response.writableEnded && response.writableFinished;

/**
 * The status to answer with where the session could not be opened, or a logout not be made known.
 *
 * Where the application has seen to it itself, its own page stands; but 500 is what a framework
 * makes of an error that nobody handles.
 */
export function isRefusal(error, status) {
  return error.code === "ERR_H3S_STORE" || error.code === "ERR_H3S_FULL"
    ? status < 500
    : status < 400 || (status === 500 && error.statusCode !== 500);
}

/** Of a response that touches no cookie. */
export function putRefusal(headers, error) {
  for (const name of OF_ANOTHER) headers.delete(name);
  putNoStore(headers, error);
  headers.set("Content-Type", "text/plain; charset=utf-8");
}

export function putNoStore(headers, error) {
  headers.set("Cache-Control", "no-store");
  if (error.statusCode === 429) headers.set("Retry-After", RETRY_AFTER);
}

/** What Node's IncomingMessage has brought; `extra.peer` says who asks. */
export function partsOfNode(request, sessions, extra, given = request) {
  const { headers } = request;
  const header = sessions.headerName === undefined ? undefined : headers[sessions.headerName];
  return {
    cookie: headers.cookie,
    header,
    crossSite: isCrossSite(headers),
    peer: extra.peer?.(given),
    now: extra.now?.(),
  };
}

/** Node's ServerResponse, with the methods of Fetch's Headers. */
export class NodeHeaders {
  #response;

  constructor(response) {
    this.#response = response;
  }

  get(name) {
    const value = this.#response.getHeader(name);
    if (value === undefined) return null;
    return Array.isArray(value) ? value.join(", ") : String(value);
  }

  set(name, value) {
    this.#response.setHeader(name, value);
  }

  delete(name) {
    this.#response.removeHeader(name);
  }

  append(name, value) {
    const present = this.#response.getHeader(name);
    this.#response.setHeader(name, present === undefined ? [value] : [].concat(present, value));
  }

  keys() {
    return this.#response.getHeaderNames();
  }
}
