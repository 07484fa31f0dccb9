// What is revoked, through a stream of Valkey or Redis: for servers on many machines.

import { H3sError, configError } from "./errors.js";
import { Stream } from "./stream.js";

/** Milliseconds that a server which does not answer is waited for. */
const TIMEOUT = 3000;
/** What comes before the cookie's name in a stream's key. */
const PREFIX = "h3s:revocations:";

export class ValkeyStore {
  #ask;
  #prefix;

  constructor(client, { prefix = PREFIX } = {}) {
    this.#ask = askingBy(client);
    this.#prefix = prefix;
  }

  attach(revocations) {
    const { cookieName, keep } = revocations;
    // The feed is of the copy, which is to go when nobody else has it.
    const copy = new WeakRef(revocations);
    const stream = new Stream(this.#ask, this.#prefix + cookieName, keep);
    return {
      async publish(lines) {
        try {
          await stream.publish(lines);
        } catch (error) {
          throw new H3sError("ERR_H3S_STORE", `what was revoked could not be made known: ${told(error)}`, {
            cause: error,
          });
        }
      },
      async poll() {
        const asking = copy.deref();
        if (asking === undefined) return;
        try {
          await stream.poll(asking);
        } catch (error) {
          stream.disconnected();
          throw error;
        }
      },
    };
  }
}

/** How a client takes a command that it may not know. */
function askingBy(client) {
  let command;
  // iovalkey and ioredis; redis; @valkey/valkey-glide.
  if (typeof client?.call === "function") command = (given) => client.call(...given);
  else if (typeof client?.sendCommand === "function") command = (given) => client.sendCommand(given);
  else if (typeof client?.customCommand === "function")
    command = (given) => client.customCommand(given);
  else throw configError("client", "a client of iovalkey, ioredis, redis or @valkey/valkey-glide");
  // Together, so that they go to the server in one piece.
  return (commands) => inTime(Promise.all(commands.map(command)));
}

/** Clients wait for a server that is cut off, and so would a logout. */
async function inTime(answers) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("the server does not answer")), TIMEOUT);
  });
  // Of which nobody hears if it comes later.
  answers.catch(() => {});
  try {
    return await Promise.race([answers, late]);
  } finally {
    clearTimeout(timer);
  }
}

const told = (error) => error?.message || error?.code || "unknown";
