// Sessions in Hono, on Node.

import { STATUS_CODES } from "node:http";

import { Exchange, isRefusal, putNoStore, putRefusal } from "./exchange.js";
import { partsOf, sessionsOf } from "./fetch.js";

export function sessions(options, extra = {}) {
  const of = sessionsOf(options);
  const { key = "session" } = extra;
  return async function session(context, next) {
    const exchange = new Exchange(of, context, `${context.req.method} ${context.req.path}`, extra);
    await exchange.begin(() =>
      partsOf(context.req.raw.headers, of, { peer: extra.peer?.(context), now: extra.now?.() }),
    );
    context.set(key, exchange.session);
    // Elsewhere than on Node's server nobody says when the response is over.
    const outgoing = outgoingOf(context.env);
    if (outgoing !== undefined) exchange.endsWith(outgoing);
    await next();

    if (!exchange.isUsed) {
      exchange.end();
      return;
    }
    // A response may be another's, whose headers cannot be written, or are still in use.
    const { res } = context;
    const headers = new Headers(res.headers);
    const refusal = await exchange.end(headers);
    if (refusal !== undefined && isRefusal(refusal, res.status)) {
      await res.body?.cancel();
      putRefusal(headers, refusal);
      const status = refusal.statusCode;
      replace(context, new Response(`${STATUS_CODES[status]}\n`, { status, headers }));
    } else {
      if (refusal !== undefined) putNoStore(headers, refusal);
      const { status, statusText } = res;
      replace(context, new Response(res.body, { status, statusText, headers }));
    }
  };
}

/** Hono merges the former response's headers into the next one's, unless there is none. */
function replace(context, response) {
  context.res = undefined;
  context.res = response;
}

/** Node's response, from what `@hono/node-server` gives an application to know. */
function outgoingOf(env) {
  const outgoing = (env?.server ?? env)?.outgoing;
  return typeof outgoing?.once === "function" ? outgoing : undefined;
}
