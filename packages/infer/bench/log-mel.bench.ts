import { readFileSync } from "node:fs";
import { buildLogMelModel } from "@callsign/infer/graphs/internal";
import { logMel, LOG_MEL_IO } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import type { BenchRow } from "../../../test-support/bench-row.ts";
import { hasSharedData, sharedPath } from "../../../test-support/shared-data.ts";
import { noise } from "../../../test-support/random.ts";
import { interleave } from "./interleave.ts";

const group = "log-mel";

/** Samples and rounds: one chunk of a stream, the published window, and the length of the challenge clip. */
const CASES = [
  { name: "chunk of 1760 samples", length: 1760, rounds: 400 },
  { name: "window of 13,000 samples", length: 13_000, rounds: 150 },
  { name: "clip of 964,000 samples", length: 964_000, rounds: 15 },
] as const;

/** Our graph against its definition in float64 and, where it is at hand, the graph openWakeWord uses. */
export async function bench(): Promise<BenchRow[]> {
  const createSession = createNodeSession();
  const ours = await createSession(buildLogMelModel({ floor: "window" }), { name: "ours" });
  const path = sharedPath("reference", "melspectrogram.onnx");
  const reference = hasSharedData
    ? await createSession(readFileSync(path), { name: "reference" })
    : undefined;
  const rows: BenchRow[] = [];
  for (const { name, length, rounds } of CASES) {
    const tensor = { data: noise(length, { seed: 1, peak: 3000 }), dims: [1, length] };
    const graph = () => ours.run({ [LOG_MEL_IO.input]: tensor });
    const rivals: Record<string, () => Promise<unknown>> = { graph };
    if (reference) rivals["reference"] = () => reference.run({ input: tensor });
    const times = await interleave(rivals, { rounds });
    const rival = { baseline: "melspectrogram.onnx", time: times["reference"] };
    rows.push({ group, name, ...comparison(times["graph"]!, rival) });
  }
  rows.push(await againstDefinition(() => ours.run({ [LOG_MEL_IO.input]: DEFINITION_INPUT })));
  await Promise.all([ours.dispose(), reference?.dispose()]);
  return rows;
}

const DEFINITION_INPUT = { data: noise(13_000, { seed: 2, peak: 3000 }), dims: [1, 13_000] };

async function againstDefinition(graph: () => Promise<unknown>): Promise<BenchRow> {
  const definition = () => Promise.resolve(logMel(DEFINITION_INPUT.data, { floor: "window" }));
  const times = await interleave({ graph, definition }, { rounds: 9 });
  const name = "window of 13,000 samples, definition";
  return {
    group,
    name,
    ...comparison(times.graph, { baseline: "definition in float64", time: times.definition }),
  };
}

function comparison(ours: number, rival: { baseline: string; time: number | undefined }) {
  const row = { value: ours * 1000, unit: "us" };
  return rival.time === undefined ? row : { ...row, ratio: rival.time / ours, baseline: rival.baseline };
}
