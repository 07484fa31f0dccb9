// A worker thread of runtime.test.mjs.

import { parentPort, workerData } from "node:worker_threads";

import { Sessions } from "h3s";

import { PASSWORD, cookieOf } from "./support.mjs";

const { cookie, rounds, ends } = workerData;

if (ends) {
  const slow = new Sessions({ password: PASSWORD, seal: { format: "h3-2", iterations: 100_000 } });
  for (let i = 0; i < 8; i++) {
    const session = slow.open({});
    session.set("i", i);
    session.setCookies();
  }
  parentPort.postMessage("at work");
} else {
  const sessions = new Sessions({ password: PASSWORD });
  const { id } = sessions.open({ cookie });
  let cookies;
  for (let round = 1; round <= rounds; round++) {
    const session = sessions.open({ cookie: cookies });
    session.set("rounds", round);
    cookies = cookieOf(session.setCookies());
    session.free();
  }
  parentPort.postMessage({ id, cookies });
}
