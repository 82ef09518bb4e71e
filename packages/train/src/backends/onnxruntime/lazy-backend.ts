import { CallsignError, type Session, type SessionFactory, type Tensor } from "@callsign/infer";
import { type BackendValues, DataStorage, type DataType, engine, KernelBackend } from "@tensorflow/tfjs-core";
import { given, type LazyValue } from "./lazy-value.ts";
import { encodeTrace, trace, type Trace } from "./trace.ts";

/** A tensor's values and how many tensors share them. */
interface Stored {
  readonly value: LazyValue;
  references: number;
}

/** Graphs kept ready: a training has one for its step, and a few for scoring. */
const KEPT_SESSIONS = 16;

/**
 * A TensorFlow.js backend that calculates nothing when it is asked to, but notes the operations; when values are read,
 * everything since the last reading (a whole training step, gradient and optimiser included) becomes one ONNX graph
 * that onnxruntime optimises and runs on all cores. The graph of the second step is that of the first, and kept.
 */
export class LazyBackend extends KernelBackend {
  readonly #makeSession: SessionFactory;
  readonly #stored: DataStorage<Stored>;
  readonly #sessions = new Map<string, Promise<Session>>();
  #pending: LazyValue[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(makeSession: SessionFactory) {
    super();
    this.#makeSession = makeSession;
    this.#stored = new DataStorage(this, engine());
  }

  /** Notes a value to be calculated, after all that it reads. */
  note(value: LazyValue): LazyValue {
    this.#pending.push(value);
    return value;
  }

  /** Holds a value for a tensor; returns the tensor's key. */
  hold(value: LazyValue): object {
    const dataId = {};
    this.#hold(dataId, value, 1);
    return dataId;
  }

  /** What the tensor with this key holds. */
  heldBy(dataId: object): LazyValue {
    return this.#stored.get(dataId).value;
  }

  /** Calculates whatever tensors hold. @throws CallsignError `SESSION_FAILED` */
  submit(): Promise<void> {
    this.#running = this.#running.catch(() => undefined).then(() => this.#run());
    return this.#running;
  }

  override async read(dataId: object): Promise<Float32Array> {
    const value = this.heldBy(dataId);
    if (value.data === undefined) await this.submit();
    return value.data!;
  }

  override readSync(dataId: object): Float32Array {
    const { data } = this.heldBy(dataId);
    if (data !== undefined) return data;
    throw new CallsignError(
      "INVALID_ARGUMENT",
      "backend onnxruntime: these values are not calculated yet, and that takes await: use data(), not dataSync()",
    );
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): object {
    return this.hold(given(toFloats(values, dtype), shape));
  }

  // oxlint-disable-next-line max-params -- TensorFlow.js's signature
  override move(
    dataId: object,
    values: BackendValues,
    shape: number[],
    dtype: DataType,
    references: number,
  ): void {
    this.#hold(dataId, given(toFloats(values, dtype), shape), references);
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.#stored.has(dataId)) return true;
    const stored = this.#stored.get(dataId);
    stored.references--;
    if (!force && stored.references > 0) return false;
    this.#stored.delete(dataId);
    stored.value.holders--;
    return true;
  }

  override refCount(dataId: object): number {
    return this.#stored.has(dataId) ? this.#stored.get(dataId).references : 0;
  }

  override incRef(dataId: object): void {
    this.#stored.get(dataId).references++;
  }

  override numDataIds(): number {
    return this.#stored.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {
    for (const session of this.#sessions.values())
      void session.then((one) => one.dispose()).catch(() => undefined);
    this.#sessions.clear();
  }

  #hold(dataId: object, value: LazyValue, references: number): void {
    this.#stored.set(dataId, { value, references });
    value.holders++;
  }

  async #run(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    const traced = trace(pending, ({ holders }) => holders > 0);
    if (traced.wanted.length === 0) return;
    const session = await this.#sessionOf(traced);
    const feeds: Record<string, Tensor> = {};
    for (const [i, { data, shape }] of traced.inputs.entries())
      feeds[`in${i}`] = { data: data!, dims: shape };
    const results = await session.run(feeds);
    for (const i of traced.wanted) {
      const value = traced.values[i]!;
      value.data = results[`v${i}`]!.data as Float32Array;
    }
    // Lets go of what was read.
    for (const value of pending) value.source = undefined;
  }

  #sessionOf(traced: Trace): Promise<Session> {
    const { signature } = traced;
    const kept = this.#sessions.get(signature);
    if (kept) {
      // The last used are at the end.
      this.#sessions.delete(signature);
      this.#sessions.set(signature, kept);
      return kept;
    }
    for (const [oldest, session] of this.#sessions) {
      if (this.#sessions.size < KEPT_SESSIONS) break;
      this.#sessions.delete(oldest);
      void session.then((one) => one.dispose()).catch(() => undefined);
    }
    const session = this.#makeSession(encodeTrace(traced), { name: "training step" });
    this.#sessions.set(signature, session);
    return session;
  }
}

function toFloats(values: BackendValues, dtype: DataType): Float32Array {
  if (values instanceof Float32Array) return values;
  if (dtype === "string" || dtype === "complex64")
    throw new CallsignError("INVALID_ARGUMENT", `backend onnxruntime: no tensors of ${dtype}`);
  return Float32Array.from(values as ArrayLike<number>);
}
