import { EMBEDDING, embeddingCount } from "./embedding.ts";
import { EMBEDDING_IO } from "./graph-names.ts";
import { type GraphSource } from "./frontend-graphs.ts";
import { CallsignError } from "@callsign/audio/internal";
import { floatOutput, type Session, type SessionFactory } from "../runtime/session.ts";
import { LOG_MEL } from "./log-mel.ts";
import type { Matrix, MatrixBatch } from "../runtime/matrix.ts";
import { OpenOnce } from "../runtime/open-once.ts";

/** Steps per run of a clip: more exceed the processor's cache, fewer recompute more of the overlap. */
const BLOCK_STEPS = 128;
/** Windows per run of the reference graph. */
const BLOCK_WINDOWS = 16;

const { windowFrames, strideFrames, dimension } = EMBEDDING;
const { melBins } = LOG_MEL;
const NAME = "speech embedding";

/** Session of the reference graph, opened on first use since most programs do not need it. */
interface Windows {
  readonly session: Session;
  readonly input: string;
  readonly output: string;
}

/** Speech embedding in two sessions: the graph for whole clips, and the published graph for separate windows. */
export class EmbeddingRunner {
  readonly #clips: Session;
  readonly #windows: OpenOnce<Windows>;

  private constructor(clips: Session, openWindows: () => Promise<Windows>) {
    this.#clips = clips;
    this.#windows = new OpenOnce(openWindows);
  }

  /** @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH` */
  static async create(
    createSession: SessionFactory,
    { graphs, embedding }: { readonly graphs: GraphSource; readonly embedding: () => Promise<Uint8Array> },
  ): Promise<EmbeddingRunner> {
    const clips = await createSession(await graphs("clips"), { name: NAME, isTrusted: true });
    return new EmbeddingRunner(clips, async () => {
      const session = await createSession(await embedding(), { name: NAME });
      return { session, input: session.inputs[0]!.name, output: session.outputs[0]!.name };
    });
  }

  /** Embeddings of clips of equal length; a long clip is computed in blocks. */
  async run(logMels: MatrixBatch): Promise<MatrixBatch> {
    checkLogMel(logMels);
    const { data, batch, rows } = logMels;
    const steps = embeddingCount(rows);
    const result = new Float32Array(batch * steps * dimension);
    const clipsAtOnce = Math.max(1, Math.floor(BLOCK_STEPS / steps));
    for (let clip = 0; clip < batch; clip += clipsAtOnce) {
      const clips = Math.min(clipsAtOnce, batch - clip);
      for (let step = 0; step < steps; step += BLOCK_STEPS) {
        const count = Math.min(BLOCK_STEPS, steps - step);
        // A run holds several whole clips or a block of steps of one clip; either is contiguous.
        const frames = clips > 1 ? rows : framesOf(count);
        const start = (clip * rows + step * strideFrames) * melBins;
        const block = data.subarray(start, start + clips * frames * melBins);
        result.set(await this.#runClips(block, { clips, frames }), (clip * steps + step) * dimension);
      }
    }
    return { data: result, batch, rows: steps, columns: dimension };
  }

  /** Embeddings of separate windows, 8 frames apart, by the published graph: nine times the work of `run`. */
  async runWindows(logMel: Matrix): Promise<Matrix> {
    checkLogMel({ ...logMel, batch: 1 });
    const { session, input, output } = await this.#windows.get();
    const steps = embeddingCount(logMel.rows);
    const result = new Float32Array(steps * dimension);
    for (let step = 0; step < steps; step += BLOCK_WINDOWS) {
      const count = Math.min(BLOCK_WINDOWS, steps - step);
      const data = unfold(logMel, { step, count });
      const outputs = await session.run({ [input]: { data, dims: [count, windowFrames, melBins, 1] } });
      result.set(
        floatOutput(outputs, { output, dims: [count, 1, 1, dimension], name: NAME }),
        step * dimension,
      );
    }
    return { data: result, rows: steps, columns: dimension };
  }

  async dispose(): Promise<void> {
    const windows = await this.#windows.ifOpened();
    await Promise.all([this.#clips.dispose(), windows?.session.dispose()]);
  }

  async #runClips(data: Float32Array, shape: { clips: number; frames: number }): Promise<Float32Array> {
    const { clips, frames } = shape;
    const outputs = await this.#clips.run({
      [EMBEDDING_IO.input]: { data, dims: [clips, frames, melBins] },
    });
    const dims = [clips, embeddingCount(frames), dimension];
    return floatOutput(outputs, { output: EMBEDDING_IO.output, dims, name: NAME });
  }
}

const framesOf = (steps: number): number => windowFrames + (steps - 1) * strideFrames;

/** Copies overlapping windows of 76 frames, `[count, 76, 32]`. */
function unfold(logMel: Matrix, range: { step: number; count: number }): Float32Array {
  const length = windowFrames * melBins;
  const windows = new Float32Array(range.count * length);
  for (let i = 0; i < range.count; i++) {
    const start = (range.step + i) * strideFrames * melBins;
    windows.set(logMel.data.subarray(start, start + length), i * length);
  }
  return windows;
}

function checkLogMel(logMels: MatrixBatch): void {
  const { data, batch, rows, columns } = logMels;
  if (columns !== melBins || data.length !== batch * rows * columns) {
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${NAME}: expected log-mel frames of ${melBins} values, got ${batch} x ${rows} x ${columns} in ${data.length} values`,
    );
  }
  if (rows < windowFrames) {
    throw new CallsignError(
      "AUDIO_TOO_SHORT",
      `${NAME}: expected at least ${windowFrames} log-mel frames (0.8 s of audio), got ${rows}; give it longer audio or pad it`,
    );
  }
}
