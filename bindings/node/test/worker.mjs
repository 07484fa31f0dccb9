// A worker thread of runtime.test.mjs; or, by itself, a process that ends while jobs are at work.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread, parentPort, workerData } from "node:worker_threads";

import { Sessions } from "h3s";

import { PASSWORD, cookieOf } from "./support.mjs";

const { cookie, rounds, ends } = workerData ?? { ends: true };

if (ends) {
  // Of each kind of job some: four are at work at once, and the others wait.
  const seal = { format: "h3-2", iterations: 100_000 };
  const slow = new Sessions({ password: PASSWORD, seal });
  const file = join(mkdtempSync(join(tmpdir(), "h3s-")), "revoked");
  const revoking = new Sessions({ password: PASSWORD, maxAge: 100, revocation: { file } });
  const token = await slow.ironSeal({ a: 1 });
  for (let i = 0; i < 4; i++) {
    const session = slow.open({});
    session.set("i", i);
    session.setCookies();
    Sessions.create({ password: PASSWORD, seal });
    slow.open({ cookie: `h3=${token.replace("Fe26.2**", `Fe26.2**${i}`)}` });
    slow.ironUnseal(token);
    slow.ironSeal({ i });
    revoking.revokeSession("id");
    revoking.revocations.poll();
  }
  if (isMainThread) process.exit(7);
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
