import { join } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { sha256Hex } from "@callsign/infer/node/internal";

import { createRandom } from "../../random.ts";
import { openFrontend, type ShardFile, type ShardSetup } from "../../features/write-shard.ts";
import type { ClipRef, ShardPlan } from "../../features/shard-plan.ts";
import { createPool, type WorkerPool } from "../../workers/pool.ts";
import type { JobFile, JobRequest } from "../job.ts";
import { fetchFiles, sendFiles } from "../job-files.ts";
import type { JobQueue } from "../job-queue.ts";
import type { JobHandler } from "../run-worker.ts";
import { blobKey } from "../store/artifact-store.ts";

/** Setup of `features` without the paths of one machine. */
interface FeaturesSetup extends Pick<ShardSetup, "settings" | "identity"> {
  /** Hash of the embeddings of `probe`, which tells machines apart that compute other numbers. */
  readonly probeSha256: string;
}

/** Shards asked for at a time: enough for some hundred threads. */
const SHARDS_AT_ONCE = 1000;

const EMBEDDING_FILE = "embedding.onnx";

/** The planner's side of `features`: each shard is a job. */
export function queueFeatures(
  queue: JobQueue,
  { out, embeddingPath, ...setup }: ShardSetup,
): WorkerPool<"features"> {
  const known = new Set<string>();
  // One job that fails ends the build; the others are then left to the workers.
  const stop = new AbortController();
  let tied: AbortSignal | undefined;
  let probed: Promise<string> | undefined;
  return {
    atOnce: SHARDS_AT_ONCE,
    async run(plan, signal) {
      // One signal is given for all shards.
      if (signal !== tied) signal?.addEventListener("abort", () => stop.abort(), { once: true });
      tied = signal;
      const embedding = { path: EMBEDDING_FILE, sha256: setup.settings.embeddingSha256 };
      if (!known.has(embedding.sha256)) await queue.store.send(blobKey(embedding.sha256), embeddingPath);
      known.add(embedding.sha256);
      const clips = filesOf(plan);
      await sendFiles(queue.store, { files: clips, folder: out, known });
      probed ??= probe({ ...setup, embeddingPath });
      const request: JobRequest = {
        task: "features",
        setup: { ...setup, probeSha256: await probed } satisfies FeaturesSetup,
        input: plan,
        files: [...clips, embedding],
      };
      for (let tries = 1; ; tries++) {
        const output = await queue.run(request, stop.signal).catch((error: unknown) => {
          // After the error itself has been seen.
          setImmediate(() => stop.abort());
          throw error;
        });
        try {
          await fetchFiles(queue.store, { files: output.files, folder: out });
          return output.value as ShardFile;
        } catch (error) {
          // Somebody changed or removed a shard of an earlier run in the store: it is made again.
          if (!(error instanceof CallsignError) || tries === 2) throw error;
          await queue.discard(request);
        }
      }
    },
    dispose: async () => stop.abort(),
  };
}

/** Every clip that a shard draws from, once. */
function filesOf({ items, noises, impulseResponses, speech, commands }: ShardPlan): JobFile[] {
  const clips: ClipRef[] = [
    ...items.flatMap((item) => ("clips" in item ? item.clips : [])),
    ...noises,
    ...impulseResponses,
    ...speech,
    ...commands,
  ];
  return [...new Map(clips.map(({ path, sha256 }) => [path, { path, sha256 }])).values()];
}

/** The worker's side: the same shard writer as on one machine, in a thread of its own. */
export async function openFeaturesJob(
  given: unknown,
  { folder }: { readonly folder: string },
): Promise<JobHandler> {
  const { settings, identity, probeSha256 } = given as FeaturesSetup;
  const setup: ShardSetup = { settings, identity, out: folder, embeddingPath: join(folder, EMBEDDING_FILE) };
  const found = await probe(setup);
  if (found !== probeSha256)
    throw new CallsignError(
      "VERSION_MISMATCH",
      "worker: this machine computes other embeddings than the planner (expected the hash " +
        `${probeSha256.slice(0, 12)}, got ${found.slice(0, 12)}); use machines with the same kind of processor and onnxruntime-node`,
    );
  const pool = createPool("features", { setup, workers: 1 });
  return {
    async run(plan) {
      const file = await pool.run(plan as ShardPlan);
      return { value: file, files: [file.path] };
    },
    dispose: () => pool.dispose(),
  };
}

/** Hash of the embeddings of two seconds of noise. */
async function probe({
  settings,
  embeddingPath,
}: Pick<ShardSetup, "settings" | "embeddingPath">): Promise<string> {
  const frontend = await openFrontend({ settings, embeddingPath });
  try {
    const random = createRandom("probe");
    const samples = Float32Array.from({ length: 32_000 }, () => Math.round(2000 * random.normal()));
    const { data } = await frontend.features(samples);
    return sha256Hex(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } finally {
    await frontend.dispose();
  }
}
