import { INT16_SCALE, SAMPLE_RATE_HZ } from "@callsign/infer";

export interface PlayOptions {
  /** Called on every frame of the screen with the time played so far. */
  readonly onProgress: (playedMs: number) => void;
  /** Called once, at the end or when playing is stopped. */
  readonly onEnd: () => void;
}

/** Plays pieces of audio, one at a time. */
export class Player {
  #context: AudioContext | undefined;
  #stop: (() => void) | undefined;

  /** Call it from a click: browsers want one. */
  play(samples: Float32Array, { onProgress, onEnd }: PlayOptions): void {
    this.stop();
    if (samples.length === 0) return onEnd();
    const context = (this.#context ??= new AudioContext());
    void context.resume();
    const buffer = context.createBuffer(1, samples.length, SAMPLE_RATE_HZ);
    buffer.copyToChannel(
      samples.map((sample) => sample / INT16_SCALE),
      0,
    );
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    const start = context.currentTime;
    let frame = 0;
    const tick = (): void => {
      onProgress((context.currentTime - start) * 1000);
      frame = requestAnimationFrame(tick);
    };
    const finish = (): void => {
      if (this.#stop !== stop) return;
      this.#stop = undefined;
      cancelAnimationFrame(frame);
      onEnd();
    };
    const stop = (): void => {
      finish();
      source.stop();
    };
    this.#stop = stop;
    source.addEventListener("ended", finish);
    source.start();
    tick();
  }

  get isPlaying(): boolean {
    return this.#stop !== undefined;
  }

  stop(): void {
    this.#stop?.();
  }
}
