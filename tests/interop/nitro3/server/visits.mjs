/** Reads, writes and ends a session by the functions of h3, wherever they were imported from. */
export const visits = ({ defineHandler, getQuery, readBody, useSession }) =>
  defineHandler(async (event) => {
    const { seal } = getQuery(event);
    const session = await useSession(event, { password: process.env.NUXT_SESSION_PASSWORD, ...(seal && { seal }) });
    if (event.req.method === "POST") await session.update(await readBody(event));
    if (event.req.method === "DELETE") await session.clear();
    return { id: session.id, data: session.data };
  });
