import type { Context, MiddlewareHandler } from "hono";

import type { MiddlewareExtra, Options, Session, Sessions } from "h3s";

declare module "hono" {
  interface ContextVariableMap {
    /** Of h3s: opens when it is touched. */
    session: Session;
  }
}

/**
 * A middleware for Hono: `app.use(sessions(options))`, and then `context.get("session")`.
 *
 * It gives each request a session, and each response, errors included, the session's cookies. What
 * was revoked is made known before that; where it cannot be, the answer is 503.
 */
export function sessions(
  options: Sessions | Options,
  extra?: MiddlewareExtra<Context>,
): MiddlewareHandler;
