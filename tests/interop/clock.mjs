// The time of everything in this process, which moves only when a test says so.

import { mock } from "node:test";

export class Clock {
  constructor() {
    mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
  }

  now() {
    return Date.now();
  }

  forward(ms) {
    mock.timers.setTime(Date.now() + ms);
  }
}
