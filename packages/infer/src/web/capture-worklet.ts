/** Name of the processor. */
export const CAPTURE_PROCESSOR = "callsign-capture";

/**
 * The worklet's module, as text: an AudioWorklet wants an address of its own, and every bundler writes that differently.
 * It mixes to mono and posts blocks of 1,024 samples; runs on the audio thread, so it allocates one block at a time.
 */
const SOURCE = `
registerProcessor("${CAPTURE_PROCESSOR}", class extends AudioWorkletProcessor {
  block = new Float32Array(1024);
  filled = 0;
  process([channels]) {
    const length = channels.length === 0 ? 0 : channels[0].length;
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.block[this.filled++] = sum / channels.length;
      if (this.filled < this.block.length) continue;
      this.port.postMessage(this.block, [this.block.buffer]);
      this.block = new Float32Array(1024);
      this.filled = 0;
    }
    return true;
  }
});
`;

/** An address of the worklet's module; revoke it once it is added. */
export const captureModuleUrl = (): string =>
  URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" }));
