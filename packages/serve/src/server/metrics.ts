import type { DetectorStep } from "@callsign/infer/internal";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** Which protocol a client speaks. */
export type ServeProtocol = "websocket" | "wyoming";

/** Counters of one server since its start, and of its process, for Prometheus. */
export class ServeMetrics {
  readonly #registry = new Registry();
  readonly #open: Record<ServeProtocol, number> = { websocket: 0, wyoming: 0 };
  readonly #startedMs = performance.now();
  readonly #uptime = this.#gauge("callsign_uptime_seconds", "Since the server started.");
  readonly #streams = this.#gauge("callsign_streams", "Clients now that said hello.", ["protocol"]);
  readonly #connections = this.#counter("callsign_connections_total", "Clients that connected.", [
    "protocol",
  ]);
  readonly #disconnections = this.#counter("callsign_disconnections_total", "Clients that left, by reason.", [
    "reason",
  ]);
  readonly #refused = this.#counter("callsign_refused_total", "Connections refused, by reason.", ["reason"]);
  readonly #throttled = this.#counter(
    "callsign_throttled_total",
    "Warnings that a client is read slowly, by reason.",
    ["reason"],
  );
  readonly #audio = this.#counter("callsign_audio_seconds_total", "Audio heard.");
  readonly #steps = this.#counter("callsign_steps_total", "Steps of all models.");
  readonly #skipped = this.#counter("callsign_skipped_steps_total", "Steps that the level gate skipped.");
  readonly #overruns = this.#counter(
    "callsign_overruns_total",
    "Steps done more than 80 ms after their audio came in.",
  );
  readonly #latency = new Histogram({
    name: "callsign_step_latency_seconds",
    help: "From a step's audio to its scores.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1, 5],
    registers: [this.#registry],
  });
  readonly #detections = this.#counter("callsign_detections_total", "Detections, by model and label.", [
    "model",
    "label",
  ]);

  constructor() {
    this.#show();
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Clients now that said hello. */
  get streams(): number {
    return this.#open.websocket + this.#open.wyoming;
  }

  /** Of what `render` gives. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  connected(protocol: ServeProtocol): void {
    this.#connections.inc({ protocol });
  }

  /** A client said hello and takes a stream. */
  greeted(protocol: ServeProtocol): void {
    this.#open[protocol]++;
    this.#show();
  }

  disconnected(protocol: ServeProtocol, { reason, greeted }: { reason: string; greeted: boolean }): void {
    if (greeted) this.#open[protocol]--;
    this.#show();
    this.#disconnections.inc({ reason });
  }

  throttled(reason: string): void {
    this.#throttled.inc({ reason });
  }

  refused(reason: string): void {
    this.#refused.inc({ reason });
  }

  heard(seconds: number): void {
    this.#audio.inc(seconds);
  }

  /** Steps of one chunk, done `latencySeconds` after its audio came in. */
  stepped(steps: readonly DetectorStep[], latencySeconds: number): void {
    for (const { detections, skipped } of steps) {
      this.#steps.inc();
      if (skipped) this.#skipped.inc();
      if (latencySeconds > OVERRUN_SECONDS) this.#overruns.inc();
      this.#latency.observe(latencySeconds);
      for (const { model, label } of detections) this.#detections.inc({ model, label });
    }
  }

  /** In Prometheus' text exposition format. */
  render(): Promise<string> {
    this.#uptime.set((performance.now() - this.#startedMs) / 1000);
    return this.#registry.metrics();
  }

  #show(): void {
    for (const protocol of ["websocket", "wyoming"] as const)
      this.#streams.set({ protocol }, this.#open[protocol]);
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[] = []): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: Label[] = []): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }
}

/** A step done later than a step's length after its audio came is one the machine did not keep up with. */
const OVERRUN_SECONDS = 0.08;
