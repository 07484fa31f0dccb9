// A counter, as the documentation of h3 has it.
import { defineEventHandler, useSession } from "h3";
import { useRuntimeConfig } from "nitropack/runtime";

export default defineEventHandler(async (event) => {
  const { password, seal } = useRuntimeConfig(event).session;
  const session = await useSession(event, { password, seal, name: "counter" });
  await session.update(({ visits = 0 }) => ({ visits: visits + 1 }));
  return `visit ${session.data.visits}\n`;
});
