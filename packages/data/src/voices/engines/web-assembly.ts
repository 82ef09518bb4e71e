import type { WASI } from "@bjorn3/browser_wasi_shim";

/** A compiled module; opaque. */
export interface WasmModule {
  readonly [Symbol.toStringTag]?: string;
}

interface WebAssemblyInterface {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  instantiate(module: WasmModule, imports: object): Promise<Parameters<WASI["start"]>[0]>;
}

/** WebAssembly as Node has it; its types come with the DOM library, which this package does without. */
export const webAssembly: WebAssemblyInterface = Reflect.get(globalThis, "WebAssembly");
