// Sessions in Express, and wherever else a middleware is (request, response, next).

import { STATUS_CODES } from "node:http";

import { Exchange, NodeHeaders, isRefusal, partsOfNode, putNoStore, putRefusal } from "./exchange.js";
import { sessionsOf } from "./fetch.js";

export function sessions(options, extra = {}) {
  const of = sessionsOf(options);
  const { key = "session" } = extra;
  // A router inside may have it again.
  const seen = new WeakSet();
  return function session(request, response, next) {
    if (seen.has(request)) return next();
    seen.add(request);
    const [path] = (request.originalUrl ?? request.url).split("?", 1);
    const exchange = new Exchange(of, request, `${request.method} ${path}`, extra);
    const begun = exchange.begin(() => partsOfNode(request, of, extra));
    if (begun === undefined) return begin(request, response, key, exchange, next);
    begun.then(() => begin(request, response, key, exchange, next)).catch(next);
  };
}

function begin(request, response, key, exchange, next) {
  request[key] = exchange.session;
  hold(response, exchange);
  exchange.endsWith(response);
  next();
}

// By whichever the head goes first.
const METHODS = ["writeHead", "write", "end", "flushHeaders"];

/** Puts the session's headers into a response just before its head goes. */
function hold(response, exchange) {
  const headers = new NodeHeaders(response);
  const own = {};
  // undefined: the head has not gone; an array: of the calls that wait for the cookies.
  let waiting;
  let isSent = false;

  const go = (refusal) => {
    isSent = true;
    const calls = waiting ?? [];
    waiting = undefined;
    if (refusal !== undefined && isRefusal(refusal, response.statusCode)) {
      const reason = STATUS_CODES[refusal.statusCode];
      response.statusCode = refusal.statusCode;
      // HTTP/2 has none, and its responses would warn of it.
      if (response.req?.httpVersionMajor !== 2) response.statusMessage = reason;
      putRefusal(headers, refusal);
      own.end.call(response, `${reason}\n`);
      // What the application goes on to write is not for this response.
      for (const name of METHODS) response[name] = () => response;
      response.write = () => true;
      return;
    }
    if (refusal !== undefined) putNoStore(headers, refusal);
    for (const [name, given] of calls) own[name].apply(response, given);
    if (calls.some(([name]) => name === "write") && !response.writableEnded) response.emit("drain");
  };

  for (const name of METHODS) {
    own[name] = response[name];
    response[name] = function (...given) {
      if (isSent) return own[name].apply(response, given);
      const call = name === "writeHead" ? [name, headOf(response, given)] : [name, given];
      if (waiting !== undefined) {
        waiting.push(call);
        return name === "write" ? false : response;
      }
      // What goes by itself meanwhile is the head that this makes.
      waiting = [call];
      const ended = exchange.end(headers);
      if (ended instanceof Promise) {
        ended.then(go).catch((error) => response.destroy(error));
        return name === "write" ? false : response;
      }
      if (ended === undefined) {
        // Most often: the call itself, with what it gives.
        isSent = true;
        waiting = undefined;
        return own[name].apply(response, call[1]);
      }
      go(ended);
      return name === "write" ? false : response;
    };
  }
}

/** Puts what writeHead was given where others can read it, and gives what is left for it. */
function headOf(response, [status, ...rest]) {
  response.statusCode = status;
  const reason = typeof rest[0] === "string" ? [rest[0]] : [];
  // As Node has it: writeHead(200, undefined, headers) is one with headers, too.
  const given = rest[1] ?? (reason.length > 0 ? undefined : rest[0]);
  if (Array.isArray(given)) {
    const flat = given.some(Array.isArray) ? given.flat() : given;
    const lines = new Map();
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const name = String(flat[i]).toLowerCase();
      lines.set(name, [...(lines.get(name) ?? []), flat[i + 1]]);
    }
    for (const [name, values] of lines)
      response.setHeader(name, values.length === 1 ? values[0] : values);
  } else if (given) {
    for (const [name, value] of Object.entries(given)) response.setHeader(name, value);
  }
  return [status, ...reason];
}
