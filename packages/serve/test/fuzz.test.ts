import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { noise } from "../../../test-support/noise.ts";
import { fuzzServer } from "./support/protocol-fuzz.ts";
import { serveSet } from "./support/serve-set.ts";
import { greet } from "./support/socket-client.ts";

/** 50,000 with `CALLSIGN_FUZZ_MESSAGES=50000`. */
const MESSAGES = Number(process.env.CALLSIGN_FUZZ_MESSAGES ?? 4000);

describe("hostile messages over both protocols", () => {
  it("cause no crash and no leak, and do not affect other clients", async () => {
    const served = await serveSet({
      limits: { messagesPerSecond: 1e6, audioFactor: 1e6, audioBurstSeconds: 1e6 },
    });
    const samples = noise(160_000);
    const bytes = new Uint8Array(Int16Array.from(samples).buffer);
    const expected = await served.set.open().push(samples);
    const honest = await greet(served.socketUrl, { scores: true });
    const faults: unknown[] = [];
    const note = (fault: unknown): void => void faults.push(fault);
    process.on("uncaughtExceptionMonitor", note).on("unhandledRejection", note);
    const fuzzed = new AbortController();
    const fuzz = fuzzServer({ messages: MESSAGES, seed: 20_261_126, ...served }).finally(() =>
      fuzzed.abort(),
    );
    // One honest client among them all the while, at least once through its recording.
    let rounds = 0;
    const speak = async (): Promise<void> => {
      for (let at = 0; at < bytes.length; at += 2560) {
        honest.send(bytes.subarray(at, at + 2560));
        await sleep(1);
      }
      honest.send({ type: "reset" });
      rounds++;
    };
    do await speak();
    while (!fuzzed.signal.aborted);
    const count = await fuzz;
    honest.send({ type: "end" });
    await honest.closed;
    expect(count.websocket + count.wyoming).toBeGreaterThanOrEqual(MESSAGES);
    expect(faults).toEqual([]);
    process.off("uncaughtExceptionMonitor", note).off("unhandledRejection", note);
    const times = honest.of("scores").map(({ model, timestampMs, scores }) => ({
      model,
      timestampMs,
      scores: Object.values(scores as object),
    }));
    const once = expected.map(({ model, timestampMs, scores }) => ({
      model,
      timestampMs,
      scores: [...scores],
    }));
    expect(times).toHaveLength(once.length * rounds);
    for (let round = 0; round < rounds; round++)
      expect(times.slice(round * once.length, (round + 1) * once.length)).toEqual(once);
    expect(served.records.filter(({ level }) => level === "error")).toEqual([]);
    await expect.poll(() => served.server.metrics.streams).toBe(0);
    await served.close();
  });
});
