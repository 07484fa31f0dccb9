// What h3.d.ts says: h3's session functions, on the library's sessions.

import { canWrite, contextOf, versionOf } from "./h3/event.js";
import { sessionsOf, sessionsToClear } from "./h3/options.js";
import { after, isPromise, openState, viewOf } from "./h3/state.js";

/** In the event's context: its sessions by their cookies' names, or promises of them. */
const STATES = Symbol("h3s.sessions");

const statesOf = (event) => (contextOf(event)[STATES] ??= Object.create(null));

/** The state of an event's session, which is opened but once. */
function stateIn(event, version, sessions, config, how) {
  const states = statesOf(event);
  const name = sessions.cookieName;
  const known = states[name];
  if (known !== undefined) return known;
  const opened = openState(event, version, sessions, config, how);
  states[name] = opened;
  if (isPromise(opened)) {
    opened.then(
      (state) => {
        states[name] = state;
      },
      () => {
        // Whoever asks again may have more luck.
        delete states[name];
      },
    );
  }
  return opened;
}

/** `act(state, sessions)`, at once where the keys are there and no slow derivation is needed. */
function withState(event, given, how, act, find = sessionsOf) {
  const config = given ?? {};
  const version = versionOf(event);
  return after(find(config, version), (sessions) =>
    after(stateIn(event, version, sessions, config, how), (state) => act(state, sessions)),
  );
}

function mustWrite(event) {
  if (!canWrite(event, versionOf(event))) throw new Error("[h3s] This session can only be read.");
}

export async function getSession(event, config) {
  return withState(event, config, "get", (state) => state.view);
}

export async function useSession(event, config) {
  return withState(event, config, "use", (state, sessions) =>
    after(state.use(), () => managerOf(event, config, state, sessions)),
  );
}

const rotate = (native) => native.rotate();

function managerOf(event, config, state, sessions) {
  const current = () => contextOf(event).sessions?.[sessions.cookieName];
  const manager = {
    get id() {
      return current()?.id;
    },
    get data() {
      return current()?.data ?? Object.create(null);
    },
    update: async (update) => {
      mustWrite(event);
      await state.write(sessions, config, { update });
      return manager;
    },
    clear: async () => {
      mustWrite(event);
      await state.end(sessions, config, (native) => native.clear());
      return manager;
    },
    rotate: async () => {
      mustWrite(event);
      await state.write(sessions, config, { change: rotate });
      return manager;
    },
    revoke: async (how) => {
      mustWrite(event);
      await state.end(sessions, config, revoking(how));
      return manager;
    },
  };
  return manager;
}

export async function updateSession(event, config, update) {
  mustWrite(event);
  return withState(event, config, "get", (state, sessions) =>
    after(state.write(sessions, config, { update }), () => state.view),
  );
}

export async function rotateSession(event, config) {
  mustWrite(event);
  return withState(event, config, "get", (state, sessions) =>
    after(state.write(sessions, config, { change: rotate }), () => state.view),
  );
}

export async function clearSession(event, config) {
  mustWrite(event);
  const clear = (state, sessions) => state.end(sessions, config ?? {}, (native) => native.clear());
  return withState(event, config, "get", clear, sessionsToClear);
}

const revoking = (how) => (native) => (how?.everywhere ? native.revokeEverywhere() : native.revoke());

export async function revokeSession(event, config, how) {
  mustWrite(event);
  return withState(event, config, "get", (state, sessions) =>
    state.end(sessions, config, revoking(how)),
  );
}

export async function sealSession(event, config) {
  return withState(event, config, "get", (state, sessions) => state.seal(sessions, config));
}

export async function unsealSession(event, config, sealed) {
  const sessions = await sessionsOf(config, versionOf(event));
  const peer = config.peer?.(event);
  const native = await sessions.unseal(sealed, { peer, now: Date.now() });
  try {
    return viewOf(native);
  } finally {
    native.free();
  }
}
