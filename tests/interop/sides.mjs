// The two sides of a session: `use`, `get`, `update`, `rotate` and `clear` of a Cookie header.

/** The library, with options. */
export async function librarySide(library, options) {
  const config = await library.config(options);
  const ask = (op, write) => (cookie, update) =>
    library.ask({ op, config, cookie, now: Date.now(), ...(update && { update }), ...write });
  return {
    use: ask("use"),
    get: ask("get"),
    update: ask("get"),
    rotate: ask("get", { rotate: true }),
    clear: ask("get", { clear: true }),
  };
}

/** h3, whose `server` is one of those in peers.mjs. */
export function h3Side(server, options) {
  const visit = server(options);
  const act = (body) => async (cookie, update) => {
    const headers = cookie ? { cookie } : {};
    const { result, setCookies } = await visit(headers, async (event, h3, config) => {
      const session = await body(event, h3, config, update);
      const { id, data, createdAt } = session ?? {};
      return session && { id, data: { ...data }, createdAt };
    });
    return { ...result, setCookies };
  };
  return {
    use: act((event, h3, config) => h3.useSession(event, config)),
    get: act((event, h3, config) => h3.getSession(event, config)),
    update: act((event, h3, config, data) => h3.updateSession(event, config, data)),
    clear: act((event, h3, config) => h3.clearSession(event, config)),
  };
}
