import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type ClipFault, type ClipSource, createSource, type SourceClip } from "@callsign/data/internal";

import { writeTree } from "./corpora.ts";
import { HubServer } from "./hub-server.ts";

const REPOSITORY = "someone/common_voice_17_0";

/** Fields of a common-voice config; lengths that suit the made-up clips unless said otherwise. */
export type Config = Partial<Extract<Parameters<typeof createSource>[0], { kind: "common-voice" }>>;

const LENGTHS = { minSeconds: 0.4, maxSeconds: 1 };

/** A temporary folder, and a hub when one is asked for; both gone after `close`. */
export class Place {
  readonly folder: string;
  #hub: HubServer | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Place> {
    return new Place(await mkdtemp(join(tmpdir(), "callsign-cv-")));
  }

  async close(): Promise<void> {
    await this.#hub?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async serve(
    files: ReadonlyMap<string, Uint8Array>,
    options: { token?: string; repository?: string } = {},
  ): Promise<HubServer> {
    await this.#hub?.stop();
    this.#hub = await HubServer.start({ repository: REPOSITORY, files, ...options });
    return this.#hub;
  }

  hubSource(server: HubServer, config: Config = {}, access: Access = {}): ClipSource {
    const hub = {
      endpoint: server.endpoint,
      fetch,
      cacheDir: join(this.folder, "cache"),
      sleep: noWait,
      ...access,
    };
    return createSource({ kind: "common-voice", repository: REPOSITORY, ...LENGTHS, ...config }, { hub });
  }

  async onDisk(files: ReadonlyMap<string, Uint8Array>, config: Config = {}): Promise<ClipSource> {
    await writeTree(this.folder, files);
    return createSource({ kind: "common-voice", path: this.folder, ...LENGTHS, ...config });
  }

  /** How reading a source ends, its message without this folder's name. */
  async failure(source: ClipSource): Promise<{ code: string; message: string }> {
    try {
      await readAll(source);
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return { code, message: message.replaceAll(this.folder, "") };
    }
    return { code: "none", message: "" };
  }
}

interface Access {
  readonly token?: string;
  readonly attempts?: number;
  readonly fetch?: typeof fetch;
  readonly sleep?: (milliseconds: number) => Promise<void>;
  readonly cacheDir?: string;
}

const noWait = (): Promise<void> => Promise.resolve();

export async function readAll(source: ClipSource, faults: ClipFault[] = []): Promise<SourceClip[]> {
  const clips: SourceClip[] = [];
  for await (const clip of source.clips({ onFault: (fault) => faults.push(fault) })) clips.push(clip);
  return clips;
}

export const idsOf = (clips: readonly SourceClip[]): string[] => clips.map(({ id }) => id).toSorted();
