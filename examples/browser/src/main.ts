import {
  CallsignError,
  Decision,
  fromUnitFloat,
  readWav,
  resample,
  SAMPLE_RATE_HZ,
  withSensitivity,
} from "@callsign/infer";
import { openWebMicrophone, WorkerDetector, type WebMicrophone } from "@callsign/infer/web";
import { colourOf, ScorePlot } from "./score-plot.ts";

/** Where vite.config.ts puts the model and the embedding its card names. */
const MODEL = "model/";
const EMBEDDING = "model/embedding.onnx";
const RUNTIME = "runtime.wasm.gz";

const find = (id: string): HTMLElement => document.getElementById(id)!;
const listen = find("listen") as HTMLButtonElement;
const file = find("file") as HTMLInputElement;
const sensitivity = find("sensitivity") as HTMLSelectElement;
const plot = new ScorePlot(find("plot") as HTMLCanvasElement);

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const detector = await WorkerDetector.load(worker, {
  model: MODEL,
  embedding: EMBEDDING,
  wasmUrl: RUNTIME,
  providers: chosenProviders(),
}).catch(tellAndStop);
const { labels } = detector.card;
let decision = new Decision(labels, detector.card.decision);
let microphone: WebMicrophone | undefined;
let heardSeconds = 0;

find("words").textContent = `Listens for ${labels.map((label) => `“${label}”`).join(", ")}.`;
for (const [i, label] of labels.entries()) {
  const name = document.createElement("span");
  name.textContent = `● ${label} `;
  name.style.color = colourOf(i);
  find("legend").append(name);
}
offerSensitivities();
for (const control of [listen, file, sensitivity]) control.disabled = false;
tell("Ready.");

listen.addEventListener("click", () => void (microphone ? stop() : listenToMicrophone()).catch(tellFault));
file.addEventListener("change", () => void listenToFile(file.files![0]!).catch(tellFault));
sensitivity.addEventListener("change", applySensitivity);

/** The address may ask for the GPU: `?gpu`, with wasm where there is none, or `?gpu=only`. */
function chosenProviders(): ("webgpu" | "wasm")[] {
  const gpu = new URLSearchParams(location.search).get("gpu");
  if (gpu === null) return ["wasm"];
  return gpu === "only" ? ["webgpu"] : ["webgpu", "wasm"];
}

async function listenToMicrophone(): Promise<void> {
  await startAnew();
  microphone = await openWebMicrophone({
    onDropped: (seconds) => tell(`The page fell behind: ${seconds.toFixed(1)} s were not heard.`, true),
  });
  listen.textContent = "Stop";
  tell(`Listening to ${microphone.label || "the microphone"}.`);
  try {
    for await (const chunk of microphone) await hear(chunk);
  } finally {
    await stop();
  }
}

async function stop(): Promise<void> {
  const open = microphone;
  microphone = undefined;
  listen.textContent = "Listen";
  await open?.close();
}

async function listenToFile(recording: File): Promise<void> {
  await stop();
  tell(`Hearing ${recording.name} …`);
  const samples = await readRecording(recording);
  await startAnew(samples.length / SAMPLE_RATE_HZ);
  for (let from = 0; from < samples.length; from += SAMPLE_RATE_HZ)
    await hear(samples.subarray(from, from + SAMPLE_RATE_HZ));
  tell(`Heard ${recording.name}, ${(samples.length / SAMPLE_RATE_HZ).toFixed(1)} s.`);
  file.value = "";
}

/** Wav is read and resampled as Callsign does everywhere; other kinds as the browser does. */
async function readRecording(recording: File): Promise<Float32Array> {
  const bytes = await recording.arrayBuffer();
  if (/\.wav$/i.test(recording.name)) {
    const { samples, sampleRateHz } = readWav(new Uint8Array(bytes), { name: recording.name });
    return resample(samples, { fromHz: sampleRateHz, toHz: SAMPLE_RATE_HZ });
  }
  const decoded = await new OfflineAudioContext(1, 1, SAMPLE_RATE_HZ).decodeAudioData(bytes);
  return fromUnitFloat(decoded.getChannelData(0));
}

/** @param seconds of the recording to be heard; none for a microphone */
async function startAnew(seconds?: number): Promise<void> {
  await detector.reset();
  decision.reset();
  plot.clear(seconds);
  find("span").textContent = clock(plot.spanSeconds * 1000);
  find("heard").replaceChildren();
  find("nothing").hidden = false;
}

async function hear(samples: Float32Array): Promise<void> {
  for (const { scores, timestampMs } of await detector.push(samples)) {
    plot.add({ scores, timestampMs });
    for (const detection of decision.step(scores, timestampMs)) show(detection);
  }
  heardSeconds += samples.length / SAMPLE_RATE_HZ;
  const share = detector.busyMs / heardSeconds;
  const cost = find("cost");
  cost.textContent = `${share.toFixed(1)} ms of computing for each second of audio.`;
  cost.dataset["msPerSecond"] = String(share);
}

function show({ label, score, timestampMs }: { label: string; score: number; timestampMs: number }): void {
  plot.mark(timestampMs, labels.indexOf(label));
  const item = document.createElement("li");
  Object.assign(item.dataset, { label, score: String(score), ms: String(timestampMs) });
  for (const [tag, text] of [
    ["span", clock(timestampMs)],
    ["b", label],
    ["span", `score ${score.toFixed(2)}`],
  ] as const) {
    const part = document.createElement(tag);
    part.textContent = text;
    item.append(part);
  }
  find("heard").prepend(item);
  find("nothing").hidden = true;
}

/** The card's own thresholds, and rates of its curve where it has one. */
function offerSensitivities(): void {
  const offer = (value: string, text: string): void => sensitivity.add(new Option(text, value));
  offer("", "as trained");
  for (const perDay of [1, 5, 24, 120]) {
    try {
      withSensitivity(detector.card, { falseAlarmsPerDay: perDay });
      offer(String(perDay), `at most ${perDay} a day`);
    } catch {
      // The card's curve does not say.
    }
  }
  applySensitivity();
}

function applySensitivity(): void {
  const { card } = detector;
  const chosen =
    sensitivity.value === "" ? card : withSensitivity(card, { falseAlarmsPerDay: Number(sensitivity.value) });
  decision = new Decision(labels, chosen.decision);
  plot.thresholds = labels.map((label) => chosen.decision.thresholds[label]!);
}

const clock = (ms: number): string =>
  `${Math.floor(ms / 60_000)}:${((ms % 60_000) / 1000).toFixed(1).padStart(4, "0")}`;

function tell(text: string, isBad = false): void {
  const status = find("status");
  status.textContent = text;
  status.className = isBad ? "bad" : "";
}

function tellFault(error: unknown): void {
  tell(error instanceof CallsignError ? error.message : String(error), true);
}

function tellAndStop(error: unknown): never {
  tellFault(error);
  find("words").textContent = "The model did not load.";
  throw error;
}
