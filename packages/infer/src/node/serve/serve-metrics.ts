import type { ModelStep } from "../../feature-track.ts";

/** Which protocol a client speaks. */
export type ServeProtocol = "websocket" | "wyoming";

/** What a server has done since it started, and the same as Prometheus text. */
export class ServeMetrics {
  readonly #started = Date.now();
  readonly #counters = new Map<string, number>();
  readonly #streams: Record<ServeProtocol, number> = { websocket: 0, wyoming: 0 };
  readonly #latencyBuckets = new Float64Array(LATENCY_SECONDS.length);
  #latencySum = 0;
  #latencyCount = 0;

  /** Clients now that said hello. */
  get streams(): number {
    return this.#streams.websocket + this.#streams.wyoming;
  }

  connected(protocol: ServeProtocol): void {
    this.#add(`callsign_connections_total{protocol="${protocol}"}`, 1);
  }

  /** A client said hello and takes a stream. */
  greeted(protocol: ServeProtocol): void {
    this.#streams[protocol]++;
  }

  disconnected(protocol: ServeProtocol, { reason, greeted }: { reason: string; greeted: boolean }): void {
    if (greeted) this.#streams[protocol]--;
    this.#add(`callsign_disconnections_total{reason="${reason}"}`, 1);
  }

  throttled(reason: string): void {
    this.#add(`callsign_throttled_total{reason="${reason}"}`, 1);
  }

  refused(reason: string): void {
    this.#add(`callsign_refused_total{reason="${reason}"}`, 1);
  }

  heard(seconds: number): void {
    this.#add("callsign_audio_seconds_total", seconds);
  }

  /** Steps of one chunk, done `latencySeconds` after its audio came in. */
  stepped(steps: readonly ModelStep[], latencySeconds: number): void {
    for (const { detections, skipped } of steps) {
      this.#add("callsign_steps_total", 1);
      if (skipped) this.#add("callsign_skipped_steps_total", 1);
      if (latencySeconds > OVERRUN_SECONDS) this.#add("callsign_overruns_total", 1);
      this.#latencyCount++;
      this.#latencySum += latencySeconds;
      for (const [i, bound] of LATENCY_SECONDS.entries())
        if (latencySeconds <= bound) this.#latencyBuckets[i]!++;
      for (const { model, label } of detections)
        this.#add(`callsign_detections_total{model=${quote(model)},label=${quote(label)}}`, 1);
    }
  }

  /** In Prometheus' text exposition format, version 0.0.4. */
  render(): string {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const gauges = new Map<string, number>([
      [`callsign_streams{protocol="websocket"}`, this.#streams.websocket],
      [`callsign_streams{protocol="wyoming"}`, this.#streams.wyoming],
      ["callsign_uptime_seconds", (Date.now() - this.#started) / 1000],
      ["process_resident_memory_bytes", rss],
      ["nodejs_heap_used_bytes", heapUsed],
      ["process_cpu_seconds_total", (user + system) / 1e6],
    ]);
    const lines: string[] = [];
    for (const { name, kind, help } of SERIES) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`);
      if (kind === "histogram") lines.push(...this.#renderLatency(name));
      const samples = [...this.#counters, ...gauges].filter(([key]) => key.split("{", 1)[0] === name);
      if (samples.length === 0 && kind === "counter" && !LABELLED.has(name)) samples.push([name, 0]);
      lines.push(...samples.map(([key, value]) => `${key} ${value}`));
    }
    return `${lines.join("\n")}\n`;
  }

  #renderLatency(name: string): string[] {
    return [
      ...LATENCY_SECONDS.map((bound, i) => `${name}_bucket{le="${bound}"} ${this.#latencyBuckets[i]}`),
      `${name}_bucket{le="+Inf"} ${this.#latencyCount}`,
      `${name}_sum ${this.#latencySum}`,
      `${name}_count ${this.#latencyCount}`,
    ];
  }

  #add(key: string, amount: number): void {
    this.#counters.set(key, (this.#counters.get(key) ?? 0) + amount);
  }
}

/** A step done later than a step's length after its audio came is one the machine did not keep up with. */
const OVERRUN_SECONDS = 0.08;

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1, 5];

const SERIES: readonly { readonly name: string; readonly kind: string; readonly help: string }[] = [
  { name: "callsign_streams", kind: "gauge", help: "Clients now that said hello." },
  { name: "callsign_connections_total", kind: "counter", help: "Clients that connected." },
  { name: "callsign_disconnections_total", kind: "counter", help: "Clients that left, by reason." },
  { name: "callsign_refused_total", kind: "counter", help: "Clients refused at the door, by reason." },
  {
    name: "callsign_throttled_total",
    kind: "counter",
    help: "Warnings that a client is read slowly, by reason.",
  },
  { name: "callsign_audio_seconds_total", kind: "counter", help: "Audio heard." },
  { name: "callsign_steps_total", kind: "counter", help: "Steps of all models." },
  { name: "callsign_skipped_steps_total", kind: "counter", help: "Steps the voice gate passed over." },
  {
    name: "callsign_overruns_total",
    kind: "counter",
    help: "Steps done more than 80 ms after their audio came in.",
  },
  { name: "callsign_step_latency_seconds", kind: "histogram", help: "From a step's audio to its scores." },
  { name: "callsign_detections_total", kind: "counter", help: "Detections, by model and label." },
  { name: "callsign_uptime_seconds", kind: "gauge", help: "Since the server started." },
  { name: "process_resident_memory_bytes", kind: "gauge", help: "Memory of the process." },
  { name: "nodejs_heap_used_bytes", kind: "gauge", help: "JavaScript heap in use." },
  { name: "process_cpu_seconds_total", kind: "counter", help: "CPU time of the process." },
];

const LABELLED = new Set([
  "callsign_connections_total",
  "callsign_disconnections_total",
  "callsign_refused_total",
  "callsign_throttled_total",
  "callsign_detections_total",
]);

const quote = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
