/** A download of the page or of its worker. */
interface Download {
  readonly name: string;
  readonly encodedBodySize: number;
}

/** What the page has downloaded, as the browser measured it: bytes as sent, without headers. */
export class LoadWeight {
  readonly #bytes = new Map<string, number>();
  readonly #onChange: (bytes: number, parts: ReadonlyMap<string, number>) => void;

  constructor(onChange: (bytes: number, parts: ReadonlyMap<string, number>) => void) {
    this.#onChange = onChange;
    const observe = (type: string): void =>
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) this.add(entry as PerformanceResourceTiming);
      }).observe({ type, buffered: true });
    observe("navigation");
    observe("resource");
  }

  /** A file that is downloaded twice (or taken from the cache) counts once. */
  add({ name, encodedBodySize }: Download): void {
    const { origin, pathname } = new URL(name);
    const key = origin + pathname;
    this.#bytes.set(key, Math.max(encodedBodySize, this.#bytes.get(key) ?? 0));
    const parts = new Map<string, number>();
    let total = 0;
    for (const [file, bytes] of this.#bytes) {
      const part = PARTS.find(({ pattern }) => pattern.test(file))!.name;
      parts.set(part, (parts.get(part) ?? 0) + bytes);
      total += bytes;
    }
    this.#onChange(total, parts);
  }
}

const PARTS = [
  { name: "runtime", pattern: /\.wasm(\.gz)?$/ },
  { name: "embedding", pattern: /\/embeddings\// },
  { name: "sample", pattern: /\.wav$/ },
  { name: "model", pattern: /\/models\// },
  { name: "page", pattern: /./ },
] as const;
