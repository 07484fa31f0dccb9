// Sessions in Fastify, as a plugin.

import { STATUS_CODES } from "node:http";

import { Exchange, isRefusal, partsOfNode, putNoStore, putRefusal } from "./exchange.js";
import { sessionsOf } from "./fetch.js";

export function sessions(options, extra = {}) {
  const of = sessionsOf(options);
  const { key = "session" } = extra;

  async function plugin(app) {
    const slot = Symbol(key);
    app.decorateRequest(slot, null);
    app.decorateRequest(key, {
      getter() {
        return this[slot]?.session;
      },
    });

    app.addHook("onRequest", async (request, reply) => {
      const name = `${request.method} ${request.url.split("?", 1)[0]}`;
      const exchange = new Exchange(of, request, name, extra);
      request[slot] = exchange;
      exchange.leavesWith(reply.raw);
      await exchange.begin(() => partsOfNode(request.raw, of, extra, request));
    });

    app.addHook("onSend", async (request, reply, payload) => {
      const exchange = request[slot];
      if (exchange === null) return payload;
      const headers = new ReplyHeaders(reply);
      const refusal = await exchange.end(headers);
      if (refusal === undefined) return payload;
      if (!isRefusal(refusal, reply.statusCode)) {
        putNoStore(headers, refusal);
        return payload;
      }
      payload?.destroy?.();
      reply.code(refusal.statusCode);
      putRefusal(headers, refusal);
      return `${STATUS_CODES[refusal.statusCode]}\n`;
    });

    app.addHook("onResponse", async (request) => {
      // After `hijack` nobody has asked what the session needs.
      await request[slot]?.missed();
      request[slot]?.free();
    });
  }

  // As fastify-plugin does: the hooks are for who registers this, and not only inside.
  plugin[Symbol.for("skip-override")] = true;
  plugin[Symbol.for("fastify.display-name")] = "h3s";
  return plugin;
}

/** A reply, with the methods of Fetch's Headers. */
class ReplyHeaders {
  #reply;

  constructor(reply) {
    this.#reply = reply;
  }

  get(name) {
    const value = this.#reply.getHeader(name);
    if (value === undefined) return null;
    return Array.isArray(value) ? value.join(", ") : String(value);
  }

  set(name, value) {
    this.#reply.header(name, value);
  }

  delete(name) {
    this.#reply.removeHeader(name);
    if (!this.#reply.raw.headersSent) this.#reply.raw.removeHeader(name);
  }

  append(name, value) {
    // What was set past Fastify would make way for this.
    const { raw } = this.#reply;
    const present = raw.headersSent ? [] : [raw.getHeader(name) ?? []].flat();
    if (present.length > 0) raw.removeHeader(name);
    // Of Set-Cookie alone, which it adds a line to.
    for (const line of [...present, value]) this.#reply.header(name, line);
  }

  keys() {
    return Object.keys(this.#reply.getHeaders());
  }
}
