import type { IncomingMessage, ServerResponse } from "node:http";

import type { MiddlewareExtra, Options, Session, Sessions } from "h3s";

declare global {
  namespace Express {
    interface Request {
      /** Of h3s: opens when it is touched. */
      session: Session;
    }
  }
}

/**
 * A middleware for Express, and for whatever else calls (request, response, next).
 *
 * It gives each request a session, and each response, errors included, the session's cookies, just
 * before its head goes. What was revoked is made known first. Where it cannot be, the answer is
 * 503.
 */
export function sessions<Request extends IncomingMessage = IncomingMessage>(
  options: Sessions | Options,
  extra?: MiddlewareExtra<Request>,
): (request: Request, response: ServerResponse, next: (error?: any) => void) => void;
