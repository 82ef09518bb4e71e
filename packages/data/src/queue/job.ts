import { randomUUID } from "node:crypto";

import { CallsignError } from "@callsign/audio/internal";

import { sha256Of } from "../store/build-folder.ts";
import type { ArtifactStore } from "./store/artifact-store.ts";

/** A file that a job reads or has made; its content is in the store under its hash. */
export interface JobFile {
  /** Relative to the job's folder, forward slashes. */
  readonly path: string;
  readonly sha256: string;
}

/** Work that any machine can do. Plain data: it decides the output, byte for byte. */
export interface JobRequest {
  readonly task: string;
  /** Engines, models and settings that many jobs share. */
  readonly setup: unknown;
  readonly input: unknown;
  readonly files: readonly JobFile[];
}

/** Result of a job. */
export interface JobOutput {
  readonly value: unknown;
  readonly files: readonly JobFile[];
}

/** A job as Redis holds it; all else is in the store, so that a million jobs fit. */
export interface QueuedJob {
  /** `requirementsId` of the planner. */
  readonly needs: string;
}

/** The same work has the same id, whoever asks for it, so it is done once. */
export const jobId = (request: JobRequest, needs: string): string =>
  sha256Of({ version: 1, needs, ...request });

/** Reads and writes the records of jobs in a store. */
export function jobRecords(store: ArtifactStore) {
  const write = (key: string, value: unknown): Promise<boolean> =>
    store.write(key, new TextEncoder().encode(JSON.stringify(value)));
  const read = async (key: string): Promise<unknown> => {
    const bytes = await store.read(key);
    if (bytes === undefined) return undefined;
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch (cause) {
      await store.remove(key);
      throw new CallsignError(
        "CHECKSUM_MISMATCH",
        `${store.name}: ${key} is damaged and was removed; run the build again`,
        { cause },
      );
    }
  };
  return {
    readRequest: (id: string) => read(requestKey(id)) as Promise<JobRequest | undefined>,
    writeRequest: (id: string, request: JobRequest) => write(requestKey(id), request),
    readOutput: (id: string) => read(outputKey(id)) as Promise<JobOutput | undefined>,
    writeOutput: (id: string, output: JobOutput) => write(outputKey(id), output),
    removeOutput: (id: string) => store.remove(outputKey(id)),
  };
}

const requestKey = (id: string): string => `jobs/${id.slice(0, 2)}/${id}.json`;
const outputKey = (id: string): string => `results/${id.slice(0, 2)}/${id}.json`;

/** Id of a store, made when it is first used, so that planner and workers find out if they use different ones. */
export async function storeId(store: ArtifactStore): Promise<string> {
  const key = "store-id";
  await store.write(key, new TextEncoder().encode(randomUUID()));
  return new TextDecoder().decode(await store.read(key));
}
