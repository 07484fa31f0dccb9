import type { RevocationFeed, RevocationStore, Revocations } from "h3s";

/** A client of iovalkey, ioredis, redis or `@valkey/valkey-glide`. */
export type Client =
  | { call(command: string, ...args: any[]): Promise<any> }
  | { sendCommand(args: string[]): Promise<any> }
  | { customCommand(args: string[]): Promise<any> };

/**
 * What is revoked, through a stream of Valkey or Redis: for servers on many machines.
 *
 *     import { Redis } from "iovalkey";
 *     const store = new ValkeyStore(new Redis("redis://10.0.0.5:6379/0"));
 *     const sessions = new Sessions(options, { revocationStore: store });
 *
 * There is one stream for each cookie name, made with the first entry, and trimmed by time. What a
 * server has lost that came back without its data, or without the last of it, the processes that
 * had published it publish again, for as long as they live.
 */
export class ValkeyStore implements RevocationStore {
  /**
   * client: it stays the caller's to close.
   * prefix: what comes before the cookie's name in the stream's key. Default: `h3s:revocations:`.
   */
  constructor(client: Client, options?: { prefix?: string });
  attach(revocations: Revocations): RevocationFeed;
}
