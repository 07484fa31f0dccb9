import type { FastifyPluginAsync, FastifyRequest } from "fastify";

import type { MiddlewareExtra, Options, Session, Sessions } from "h3s";

declare module "fastify" {
  interface FastifyRequest {
    /** Of h3s: opens when it is touched. */
    session: Session;
  }
}

/**
 * A plugin for Fastify: `app.register(sessions(options))`.
 *
 * It gives each request a session, and each response, errors included, the session's cookies. What
 * was revoked is made known before that; where it cannot be, the answer is 503.
 */
export function sessions(
  options: Sessions | Options,
  extra?: MiddlewareExtra<FastifyRequest>,
): FastifyPluginAsync;
