import { join } from "node:path";

import type { VariantResult } from "@callsign/train/internal";

import type { CliContext } from "../../context.ts";
import { openGivenStore, printOnce } from "../../flags/queue.ts";
import { ProgressLine } from "../../output/progress.ts";
import type { trainingSummary } from "../train.ts";
import { resultOf } from "./sweep-here.ts";
import type { CheckedVariant } from "./sweep.ts";
import { trainRequest } from "./train-job.ts";

interface QueueOptions {
  readonly dataDir: string;
  readonly backend?: string | undefined;
  readonly queue: string;
  readonly store?: string | undefined;
}

/** Trains variants on the workers of a queue, and fetches their models. */
export async function sweepOnQueue(
  context: CliContext,
  variants: readonly CheckedVariant[],
  { dataDir, backend, queue: url, store }: QueueOptions,
): Promise<VariantResult[]> {
  const { fetchFiles, openJobQueue, readBuildIndex, sendFiles } = await import("@callsign/data/internal");
  const { sha256File, toolIdentity } = await import("@callsign/infer/node/internal");
  const { shards } = await readBuildIndex(dataDir);
  const files = [
    { path: "index.json", sha256: await sha256File(join(dataDir, "index.json")) },
    ...shards.map(({ path, sha256 }) => ({ path, sha256 })),
  ];
  const queue = await openJobQueue({
    url,
    store: await openGivenStore(context, store),
    identity: toolIdentity(),
    onNote: printOnce(context),
  });
  const line = new ProgressLine(context);
  try {
    await sendFiles(queue.store, { files, folder: dataDir, known: new Set() });
    let done = 0;
    return await Promise.all(
      variants.map(async ({ name, values, config, outDir }) => {
        const output = await queue.run(trainRequest({ config, backend, files }), context.signal);
        const made = output.files.map(({ path, sha256 }) => ({ path: path.replace(/^model\//, ""), sha256 }));
        await fetchFiles(queue.store, { files: made, folder: outDir });
        line.update({ stage: "sweep", done: ++done, total: variants.length, unit: "trainings", note: name });
        return resultOf({ name, values }, output.value as ReturnType<typeof trainingSummary>);
      }),
    );
  } finally {
    line.finish();
    await queue.close();
  }
}
