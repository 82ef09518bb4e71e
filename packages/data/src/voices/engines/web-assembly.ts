import type { WASI } from "@bjorn3/browser_wasi_shim";

/** A compiled module; opaque. */
export interface WasmModule {
  readonly [Symbol.toStringTag]?: string;
}

/** What a WASI program exports. */
export type WasmInstance = Parameters<WASI["start"]>[0];

interface WebAssemblyInterface {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  readonly Instance: new (module: WasmModule, imports: object) => WasmInstance;
}

/** WebAssembly as Node has it; its types come with the DOM library, which this package does without. */
export const webAssembly: WebAssemblyInterface = Reflect.get(globalThis, "WebAssembly");
