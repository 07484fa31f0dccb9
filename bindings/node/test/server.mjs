// A real Valkey or Redis on loopback, that can be killed and started again.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { Redis } from "iovalkey";

import { folder, until } from "./support.mjs";

const names = ["valkey-server", "redis-server"];
const program = names.find((name) => spawnSync(name, ["--version"]).status === 0);

export class Server {
  constructor(t) {
    this.t = t;
    this.folder = folder(t);
  }

  async start() {
    if (program === undefined) throw new Error(`this needs ${names.join(" or ")}`);
    if (this.port === undefined) {
      const probe = createServer().listen(0, "127.0.0.1");
      await once(probe, "listening");
      this.port = probe.address().port;
      probe.close();
      this.t.after(() => this.kill());
    }
    const settings = `--port ${this.port} --bind 127.0.0.1 --appendonly yes --appendfsync always`;
    const given = [...settings.split(" "), "--save", "", "--dir", this.folder];
    this.process = spawn(program, given, { stdio: "ignore" });
    const client = this.client();
    await until(() => client.call("PING").then(() => true, () => false), "the server answers");
    client.disconnect();
    return this;
  }

  client() {
    const client = new Redis({
      port: this.port,
      host: "127.0.0.1",
      maxRetriesPerRequest: 1,
      retryStrategy: () => 20,
    });
    client.on("error", () => {});
    this.t.after(() => client.disconnect());
    return client;
  }

  async kill() {
    if (this.process === undefined) return;
    this.process.kill("SIGKILL");
    await once(this.process, "exit");
    this.process = undefined;
  }

  get log() {
    const [name] = readdirSync(join(this.folder, "appendonlydir")).filter((of) => of.endsWith(".incr.aof"));
    return join(this.folder, "appendonlydir", name);
  }
}
