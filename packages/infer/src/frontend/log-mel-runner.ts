import { CallsignError } from "@callsign/audio/internal";
import { floatOutput, type Session, type SessionFactory } from "../runtime/session.ts";
import { LOG_MEL, type LogMelFloor, logMelFrameCount, logMelInput, type LogMelOptions } from "./log-mel.ts";
import { LOG_MEL_IO } from "./graph-names.ts";
import { type GraphSource } from "./frontend-graphs.ts";
import type { Matrix, MatrixBatch } from "../runtime/matrix.ts";

/** Frames per run, a multiple of the 8 in a chunk. Measured fastest near this: intermediate values stay in the cache. */
const BLOCK_FRAMES = 512;

const { melBins, hopLength, fftLength } = LOG_MEL;
const NAME = "callsign-log-mel";

/** Session of the log-mel graph for clips of any length. */
export class LogMelRunner {
  readonly floor: LogMelFloor;
  readonly #session: Session;

  private constructor(session: Session, floor: LogMelFloor) {
    this.floor = floor;
    this.#session = session;
  }

  static async create(
    createSession: SessionFactory,
    { floor, graphs }: { readonly floor: LogMelFloor; readonly graphs: GraphSource },
  ): Promise<LogMelRunner> {
    const model = await graphs(`log-mel-${floor}`);
    return new LogMelRunner(await createSession(model, { name: NAME, isTrusted: true }), floor);
  }

  /** Log-mel frames `[frames, 32]`, as defined by `logMel`. @throws CallsignError `AUDIO_TOO_SHORT` */
  async run(samples: Float32Array, options: Pick<LogMelOptions, "context">): Promise<Matrix> {
    const input = logMelInput(samples, { ...options, floor: this.floor });
    const rows = logMelFrameCount(input.length);
    if (rows <= BLOCK_FRAMES) {
      const frames = { data: input, batch: 1 };
      return { data: await this.#runBlock(frames, rows), rows, columns: melBins };
    }
    const data = new Float32Array(rows * melBins);
    for (let row = 0; row < rows; row += BLOCK_FRAMES) {
      const count = Math.min(BLOCK_FRAMES, rows - row);
      const start = row * hopLength;
      const block = input.subarray(start, start + (count - 1) * hopLength + fftLength);
      data.set(await this.#runBlock({ data: block, batch: 1 }, count), row * melBins);
    }
    if (this.floor === "window") raiseToFloor(data);
    return { data, rows, columns: melBins };
  }

  /** Log-mels of the rows of `samples`, each a clip. @throws CallsignError `AUDIO_TOO_SHORT` */
  async runBatch(samples: Matrix): Promise<MatrixBatch> {
    if (samples.data.length !== samples.rows * samples.columns) {
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `${NAME}: expected ${samples.rows} clips of ${samples.columns} samples, got ${samples.data.length} samples`,
      );
    }
    const row = (i: number): Float32Array =>
      logMelInput(samples.data.subarray(i * samples.columns, (i + 1) * samples.columns), {
        floor: this.floor,
      });
    const rows = logMelFrameCount(samples.columns, this.floor);
    const data = new Float32Array(samples.rows * rows * melBins);
    const atOnce = Math.max(1, Math.floor(BLOCK_FRAMES / rows));
    for (let first = 0; first < samples.rows; first += atOnce) {
      const clips = Array.from({ length: Math.min(atOnce, samples.rows - first) }, (_, i) => row(first + i));
      const input = new Float32Array(clips.length * clips[0]!.length);
      clips.forEach((clip, i) => input.set(clip, i * clip.length));
      data.set(await this.#runBlock({ data: input, batch: clips.length }, rows), first * rows * melBins);
    }
    return { data, batch: samples.rows, rows, columns: melBins };
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }

  async #runBlock(input: { data: Float32Array; batch: number }, rows: number): Promise<Float32Array> {
    const { data, batch } = input;
    const outputs = await this.#session.run({
      [LOG_MEL_IO.input]: { data, dims: [batch, data.length / batch] },
    });
    return floatOutput(outputs, { output: LOG_MEL_IO.output, dims: [batch, rows, melBins], name: NAME });
  }
}

/** Applies the floor of the whole clip. A block's own floor is never higher, so it changed no value that stays above this one. */
function raiseToFloor(data: Float32Array): void {
  let maximum = -Infinity;
  for (const value of data) maximum = Math.max(maximum, value);
  // The graph rounds to float32 here.
  const floor = Math.fround(maximum - LOG_MEL.rangeDb / 10);
  for (let i = 0; i < data.length; i++) data[i] = Math.max(data[i]!, floor);
}
