// Fe26.2 here (benches/fe26.c, whose path is the argument) beside h3 2 in one run: CPU time of a whole request with 1 KiB of data.

import { execFileSync } from "node:child_process";

import { cookieHeader, h3Server2 } from "../tests/interop/peers.mjs";

const config = { password: "correct horse battery staple, and more of it", maxAge: 3600 };
const visit = h3Server2(config);
const write = (update) => async (event, h3) => {
  const session = await h3.useSession(event, config);
  await session.update(update);
};

async function h3(rounds) {
  const { setCookies } = await visit({}, write({ text: "x".repeat(1000) }));
  const cookie = cookieHeader(setCookies);
  const start = process.cpuUsage();
  for (let i = 0; i < rounds; i++) await visit({ cookie }, write({ count: 2 }));
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / rounds;
}

await h3(20);
const theirs = [await h3(50)];
const output = execFileSync(process.argv[2], { encoding: "utf8" });
theirs.push(await h3(50));
const h3ns = (theirs[0] + theirs[1]) / 2;
const ours = Object.fromEntries(output.trim().split("\n").map((line) => [line.split(" ")[0], Number(line.split(" ")[1])]));

const rows = [
  ["h3 2: open, write, cookie", h3ns, ""],
  ["h3s1", ours.native, "at least 8000"],
  ["Fe26.2, keys remembered", ours.request, "at least 2500"],
  ["Fe26.2, cold", ours.cold, "at least 1"],
  ["a forged token", ours.forged, ""],
  ["a forged token over the lid", ours.refused, ""],
  ["a forged token that has expired", ours.expired, ""],
];
console.log("\nFe26.2 at 1 KiB                      CPU us   h3 is slower by   budget");
for (const [what, ns, budget] of rows) {
  console.log(`${what.padEnd(32)}${(ns / 1000).toFixed(2).padStart(11)}${(h3ns / ns).toFixed(1).padStart(18)}   ${budget}`);
}
