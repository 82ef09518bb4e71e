import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError, readWav, writeWav } from "@callsign/audio/internal";
import { sha256Hex } from "@callsign/infer/node/internal";

import { sha256Of } from "../../store/build-folder.ts";
import { createSpeechEngines, type EngineEnvironment } from "../../voices/create-engines.ts";
import type { Attempt, MadeClip } from "../../voices/make-clip.ts";
import type { AttemptInput, AttemptSetup } from "../../voices/open-attempts.ts";
import { withoutUnusedVoices } from "../../voices/synthesize-clips.ts";
import { createPool, type WorkerPool } from "../../workers/pool.ts";
import type { JobFile, JobRequest } from "../job.ts";
import type { JobQueue } from "../job-queue.ts";
import type { JobHandler, OpenHandler } from "../run-worker.ts";
import { readBlob, writeBlob } from "../store/artifact-store.ts";

/** Clips of one job: some seconds of work, and as many as a batch of the build, so that a rerun asks for the same jobs. */
const BLOCK_CLIPS = 50;
/** Jobs asked for before their clips are needed: enough for some hundred threads. */
const BLOCKS_AHEAD = 500;
/** Attempts that a worker makes at an announced clip until one passes; the planner may ask for more. */
const ATTEMPTS_IN_A_ROW = 10;

/** A request whose long lists, equal in thousands of jobs, are files. */
type SentRequest = Omit<AttemptInput["request"], "voices" | "sounds"> & {
  readonly voices?: string | undefined;
  readonly sounds?: string | undefined;
};

interface SentInput {
  readonly request: SentRequest;
  /** The first attempt to make. */
  readonly attempt: number;
  /** Attempts to make until one passes. */
  readonly tries: number;
}

/** An attempt whose audio is a file with the hash `wav`. */
type SentAttempt = Omit<Attempt, "result"> & {
  readonly result:
    | Extract<Attempt["result"], { rejection: unknown }>
    | (Omit<MadeClip, "audio"> & { readonly wav: string });
};

/** Job of some clips, and the attempts at each. */
interface Block {
  readonly request: Promise<JobRequest>;
  readonly attempts: Promise<readonly (readonly SentAttempt[])[]>;
}

/** The planner's side of `synthesis`: clips are made in blocks, ahead of those asked for. */
export function queueSynthesis(queue: JobQueue, { engines }: AttemptSetup): WorkerPool<"synthesis"> {
  const stop = new AbortController();
  /** Hashes of the lists of one set; between sets, lists of voices grow. */
  let shared = new WeakMap<object, Promise<string>>();
  /** Blocks not yet passed, in order, and where each clip is in them. */
  let blocks: Block[] = [];
  const places = new Map<string, { readonly block: Block; readonly place: number }>();
  let inputs: Iterator<AttemptInput> = [].values();

  const share = (list: object): Promise<string> => {
    const known = shared.get(list) ?? writeBlob(queue.store, new TextEncoder().encode(JSON.stringify(list)));
    shared.set(list, known);
    return known;
  };

  async function requestOf(some: readonly AttemptInput[], tries: number): Promise<JobRequest> {
    const files = new Map<string, JobFile>();
    const refer = async (list: object | undefined): Promise<string | undefined> => {
      if (list === undefined) return undefined;
      const sha256 = await share(list);
      files.set(sha256, { path: sharedPath(sha256), sha256 });
      return sha256;
    };
    const sent: SentInput[] = [];
    for (const { request, attempt } of some) {
      const { voices, sounds, ...rest } = request;
      const lists = { voices: await refer(voices), sounds: await refer(sounds) };
      sent.push({ request: { ...rest, ...lists }, attempt, tries });
    }
    return { task: "synthesis", setup: { engines }, input: sent, files: [...files.values()] };
  }

  function start(some: readonly AttemptInput[], { tries }: { readonly tries: number }): Block {
    const request = requestOf(some, tries);
    const attempts = request
      .then((job) => queue.run(job, stop.signal))
      .then(({ value }) => value as readonly (readonly SentAttempt[])[]);
    // A failure is reported when a clip of the block is asked for.
    attempts.catch(() => undefined);
    return { request, attempts };
  }

  function startAhead(): void {
    while (blocks.length < BLOCKS_AHEAD) {
      const some: AttemptInput[] = [];
      for (let next = inputs.next(); !next.done; next = inputs.next()) {
        some.push(next.value);
        if (some.length === BLOCK_CLIPS) break;
      }
      if (some.length === 0) return;
      const block = start(some, { tries: ATTEMPTS_IN_A_ROW });
      blocks.push(block);
      for (const [place, { request }] of some.entries()) places.set(keyOf(request), { block, place });
    }
  }

  /** Clips are asked for in order, so blocks before the one of this clip are over. */
  function pass(block: Block): void {
    const over = new Set(blocks.slice(0, Math.max(0, blocks.indexOf(block))));
    if (over.size === 0) return;
    blocks = blocks.filter((one) => !over.has(one));
    for (const [key, place] of places) if (over.has(place.block)) places.delete(key);
    startAhead();
  }

  return {
    atOnce: BLOCK_CLIPS,
    prepare(given) {
      blocks = [];
      places.clear();
      shared = new WeakMap();
      inputs = given[Symbol.iterator]();
      startAhead();
    },
    async run(input, signal) {
      const found = places.get(keyOf(input.request));
      if (found !== undefined) pass(found.block);
      const announced = found && (await found.block.attempts)[found.place]![input.attempt];
      if (announced !== undefined) return load(announced, found!.block);
      if (signal?.aborted) throw new CallsignError("ABORTED", "synthesis: stopped");
      // Never announced, or the planner has turned down what passed, as a duplicate.
      const block = start([input], { tries: 1 });
      return load((await block.attempts)[0]![0]!, block);
    },
    async dispose() {
      stop.abort();
      await Promise.allSettled(blocks.map(({ attempts }) => attempts));
    },
  };

  async function load(attempt: SentAttempt, block: Block): Promise<Attempt> {
    const { result, ...rest } = attempt;
    if ("rejection" in result) return { ...rest, result };
    const { wav, ...made } = result;
    const bytes = await readBlob(queue.store, wav).catch(async () => {
      // Somebody removed or changed it in the store: the same job makes the same bytes again.
      const request = await block.request;
      await queue.discard(request);
      await queue.run(request, stop.signal);
      return readBlob(queue.store, wav);
    });
    return { ...rest, result: { ...made, audio: readWav(bytes, { name: `${queue.store.name} ${wav}` }) } };
  }
}

const keyOf = ({ seed, index }: { readonly seed: string | number; readonly index: number }): string =>
  JSON.stringify([seed, index]);

const sharedPath = (sha256: string): string => `shared/${sha256}.json`;

/** The worker's side: engines of its own in a thread; models of a hub are downloaded once. */
export function synthesisJobs({ cacheDir, env, hub }: EngineEnvironment): OpenHandler {
  const located = new Map<string, Promise<void>>();
  return async (given, { folder }): Promise<JobHandler> => {
    const { engines } = given as Pick<AttemptSetup, "engines">;
    const key = sha256Of(engines);
    const locate = async (): Promise<void> => {
      const opened = await createSpeechEngines(engines, { cacheDir, env, hub });
      await Promise.all(opened.map(({ engine }) => engine.dispose()));
    };
    located.set(key, located.get(key) ?? locate());
    await located.get(key);
    const pool = createPool("synthesis", {
      setup: { engines, cacheDir, assets: env?.["CALLSIGN_ASSETS"] },
      workers: 1,
    });
    return {
      run: (input) => makeBlock(input as readonly SentInput[], { folder, pool }),
      dispose: () => pool.dispose(),
    };
  };
}

interface Making {
  readonly folder: string;
  readonly pool: Pick<WorkerPool<"synthesis">, "run">;
}

async function makeBlock(
  inputs: readonly SentInput[],
  { folder, pool }: Making,
): Promise<{ value: readonly (readonly SentAttempt[])[]; files: readonly string[] }> {
  const lists = new Map<string, Promise<unknown>>();
  const listOf = (sha256: string | undefined): Promise<unknown> => {
    if (sha256 === undefined) return Promise.resolve(undefined);
    const list = lists.get(sha256) ?? readFile(join(folder, sharedPath(sha256)), "utf8").then(JSON.parse);
    lists.set(sha256, list);
    return list;
  };
  const files: string[] = [];
  await mkdir(join(folder, "clips"), { recursive: true });
  const value = await Promise.all(
    inputs.map(async ({ request, attempt: first, tries }) => {
      const full = {
        ...request,
        voices: (await listOf(request.voices)) as AttemptInput["request"]["voices"],
        sounds: (await listOf(request.sounds)) as AttemptInput["request"]["sounds"],
      } as AttemptInput["request"];
      const attempts: SentAttempt[] = [];
      for (let attempt = first; attempt < first + tries; attempt++) {
        const { result, ...rest } = await pool.run(withoutUnusedVoices({ request: full, attempt }));
        if ("rejection" in result) {
          attempts.push({ ...rest, result });
          continue;
        }
        const { audio, ...made } = result;
        const path = `clips/${request.index}.wav`;
        const bytes = writeWav(audio);
        await writeFile(join(folder, path), bytes);
        files.push(path);
        attempts.push({ ...rest, result: { ...made, wav: sha256Hex(bytes) } });
        break;
      }
      return attempts;
    }),
  );
  return { value, files: files.toSorted() };
}
