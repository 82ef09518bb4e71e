import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { CallsignError, type DetectorStream, type ModelDetection, writeWav } from "@callsign/infer";
import type { CliContext } from "./context.ts";

/** What is to be done at a detection. */
export interface DetectionActionFlags {
  readonly saveDetections?: string;
  readonly exec?: readonly string[];
}

/** Saves the audio of detections and runs a program for each, without holding up the listening. */
export class DetectionActions {
  readonly #context: CliContext;
  readonly #flags: DetectionActionFlags;
  /** Detections whose audio has not all been heard. */
  #unsaved: ModelDetection[] = [];
  readonly #pending = new Set<Promise<void>>();
  #programs = 0;

  constructor(context: CliContext, flags: DetectionActionFlags) {
    this.#context = context;
    this.#flags = flags;
  }

  /** Makes the folder for recordings. @throws CallsignError `FILE_WRITE_FAILED` */
  async prepare(): Promise<void> {
    const { saveDetections } = this.#flags;
    if (saveDetections === undefined) return;
    await mkdir(saveDetections, { recursive: true }).catch((cause: Error) => {
      const message = `--save-detections ${saveDetections}: this folder cannot be made: ${cause.message}`;
      throw new CallsignError("FILE_WRITE_FAILED", message, { cause });
    });
  }

  take(detection: ModelDetection): void {
    if (this.#flags.saveDetections !== undefined) this.#unsaved.push(detection);
    if (this.#flags.exec !== undefined) this.#run(this.#flags.exec, detection);
  }

  /** Saves the detections whose time and what comes after it lie before `ms` of the stream. */
  heardUntil(ms: number, stream: DetectorStream): void {
    const ready = this.#unsaved.filter(({ timestampMs }) => timestampMs + AFTER_MS <= ms);
    if (ready.length === 0) return;
    this.#unsaved = this.#unsaved.filter((detection) => !ready.includes(detection));
    for (const detection of ready) this.#track(this.#save(detection, stream));
  }

  /** Waits for what was begun. */
  async finish(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #save({ model, label, timestampMs }: ModelDetection, stream: DetectorStream): Promise<void> {
    const { writeFileAtomic } = await import("@callsign/infer/node");
    const dir = this.#flags.saveDetections!;
    const when = new Date().toISOString().replaceAll(/[:.]/g, "-");
    const name = `${when}_${model}_${label}_${Math.round(timestampMs)}ms.wav`.replaceAll(
      /[^\p{L}\p{M}\p{N}_.-]+/gu,
      "-",
    );
    const audio = stream.audio({
      fromMs: Math.max(0, timestampMs - BEFORE_MS),
      toMs: timestampMs + AFTER_MS,
    });
    await writeFileAtomic(join(dir, name), writeWav(audio));
  }

  #run([program, ...args]: readonly string[], { model, label, score, timestampMs }: ModelDetection): void {
    if (this.#programs >= MOST_PROGRAMS) {
      this.#context.stderr(
        `${program}: ${MOST_PROGRAMS} of it are still running, this detection starts none\n`,
      );
      return;
    }
    this.#programs++;
    const all = [...args, model, label, score.toFixed(4), String(Math.round(timestampMs))];
    const child = spawn(program!, all, { stdio: ["ignore", "ignore", "inherit"], shell: false });
    this.#track(
      new Promise<void>((resolve) => {
        child.once("error", (error) => {
          this.#context.stderr(`${program}: cannot be run: ${error.message}\n`);
          resolve();
        });
        child.once("close", () => resolve());
      }).then(() => void this.#programs--),
    );
  }

  #track(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => this.#context.stderr(`saving a detection: ${(error as Error).message}\n`))
      .finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }
}

const BEFORE_MS = 2000;
const AFTER_MS = 500;
/** A program that never ends must not pile up. */
const MOST_PROGRAMS = 8;
