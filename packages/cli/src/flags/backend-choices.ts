/** What `--backend` takes; written out, because asking `@callsign/train` would load it for every command. */
export const BACKEND_CHOICES = "auto, tensorflow-gpu, onnxruntime, tensorflow, webgpu, wasm or cpu";
