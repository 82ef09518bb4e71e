import type { Detector, ModelCard } from "@callsign/infer/internal";
import {
  type DetectorServer,
  serveDetectors,
  type ServeLogRecord,
  type ServeOptions,
} from "@callsign/serve/internal";
import { exampleCard } from "../../../infer/test/support/example-card.ts";
import { makeSet } from "../../../infer/test/support/make-set.ts";

export const HELLO: ModelCard = exampleCard({
  name: "hello",
  decision: { thresholds: { hello: 0.5 }, patience: 2, refractorySeconds: 0.4 },
  gate: { release: 0.99, holdSeconds: 0.24, longestSeconds: 2 },
});
export const WORLD: ModelCard = exampleCard({
  name: "world",
  labels: ["one", "two"],
  windowing: { kind: "embedding-sequence", embeddings: 3, hopLength: 1280 },
  decision: { thresholds: { one: 0.5, two: 0.6 }, patience: 1, refractorySeconds: 1 },
});

export interface ServedSet {
  readonly set: Detector;
  readonly server: DetectorServer;
  readonly httpUrl: string;
  readonly socketUrl: string;
  readonly wyomingPort: number;
  readonly records: ServeLogRecord[];
  close(): Promise<void>;
}

/** Two small models served on free ports of loopback. */
export async function serveSet(options: Partial<ServeOptions> = {}): Promise<ServedSet> {
  const set = await makeSet([HELLO, WORLD]);
  const records: ServeLogRecord[] = [];
  const server = await serveDetectors(set, {
    http: { port: 0 },
    wyoming: { port: 0 },
    log: (record) => records.push(record),
    ...options,
  });
  return {
    set,
    server,
    records,
    httpUrl: `http://127.0.0.1:${server.http?.port}`,
    socketUrl: `ws://127.0.0.1:${server.http?.port}/v1/stream`,
    wyomingPort: server.wyoming?.port ?? 0,
    close: async () => {
      await server.close();
      await set.dispose();
    },
  };
}
