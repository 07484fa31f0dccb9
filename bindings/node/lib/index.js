// What index.d.ts says.

export { H3sError } from "./errors.js";
export { WebSession, isCrossSite, webSession } from "./fetch.js";
export { backend, version } from "./native.js";
export { FileStore, Revocations } from "./revocations.js";
export { Session } from "./session.js";
export { Sessions } from "./sessions.js";
