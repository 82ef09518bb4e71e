/** Name the processor registers itself under. */
export const CAPTURE_PROCESSOR = "callsign-capture";

/**
 * The worklet's module as text, for pages that give no `workletUrl`: no bundler has to know of it. The same text is the
 * file `assets/capture-processor.js`; a test compares them.
 */
export const CAPTURE_SOURCE = `// AudioWorklet module of openWebMicrophone: mixes to mono and posts blocks of 1,024 samples.
class Capture extends AudioWorkletProcessor {
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
}

registerProcessor("${CAPTURE_PROCESSOR}", Capture);
`;
