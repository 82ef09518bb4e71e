import { CallsignError, Decision, SAMPLE_RATE_HZ, type Sensitivity, withSensitivity } from "@callsign/infer";
import workletUrl from "@callsign/audio/capture-processor.js?url";
import {
  openWebMicrophone,
  type WebModel,
  type WebMicrophone,
  type WebMicrophoneState,
  type WorkerDetector,
} from "@callsign/infer/web";
import { acceptDrops } from "./drop-target.ts";
import { HeardList } from "./heard-list.ts";
import { KeptAudio } from "./kept-audio.ts";
import { fetchCatalogue, isModelFile, loadModels, readOwnModels } from "./load-models.ts";
import { LoadWeight } from "./load-weight.ts";
import { Meters } from "./meters.ts";
import { Player } from "./player.ts";
import { readRecording } from "./recording.ts";
import { ScorePlot } from "./score-plot.ts";
import { sensitivitiesOf } from "./sensitivities.ts";
import { clock, type Series, seriesOf, spoken } from "./series.ts";

/** Values of the model menu that are no index of the catalogue. */
const ALL = "all";
const OWN = "own";
/** A voice at arm's length is louder than that. */
const QUIET_DB = -40;

const find = (id: string): HTMLElement => document.getElementById(id)!;
const listen = find("listen") as HTMLButtonElement;
const prompt = find("prompt") as HTMLButtonElement;
const sample = find("sample") as HTMLButtonElement;
const play = find("play") as HTMLButtonElement;
const file = find("file") as HTMLInputElement;
const own = find("own") as HTMLInputElement;
const model = find("model") as HTMLSelectElement;
const sensitivity = find("sensitivity") as HTMLSelectElement;
const plot = new ScorePlot(find("plot") as HTMLCanvasElement);
const meters = new Meters(find("meters"));
const heard = new HeardList({
  list: find("heard"),
  nothing: find("nothing"),
  onPlay: ({ timestampMs }) => playRange({ fromMs: timestampMs - 1500, toMs: timestampMs + 500 }),
});
const player = new Player();
/** A recording is kept whole; of a stream, what the plot shows and a little more. */
let kept = new KeptAudio({ maxSeconds: 60 });
const weight = new LoadWeight(showWeight);
const canListen = isSecureContext;

let detector: WorkerDetector | undefined;
/** Value of the model menu for the models that are loaded. */
let modelInUse: string | undefined;
let ownModels: readonly WebModel[] = [];
let series: readonly Series[] = [];
/** One for each model, with the sensitivity that is chosen. */
let decisions = new Map<string, Decision>();
let microphone: WebMicrophone | undefined;
/** Counts what the page was asked to do: whoever awaits something checks that nothing newer has begun. */
let turn = 0;
let opening: AbortController | undefined;
let isLoading = false;
let isPrompting = false;
/** The microphone is open or a recording is being heard: Listen is Stop. */
let isHearing = false;
let audioSeconds = 0;
/** What "Say it now" watches while it waits. */
let watched: { readonly series: number; highest: number; levelDb: number; isDetected: boolean } | undefined;
let promptedSeries = -1;

find("insecure").hidden = canListen;
listen.addEventListener("click", ({ detail }) => {
  // The second click of a double click is not for Stop.
  if (detail < 2) void (isHearing ? stop() : startListening()).catch(tellFault);
});
prompt.addEventListener("click", () => void sayItNow().catch(tellFault));
sample.addEventListener("click", () => void hearSample().catch(tellFault));
file.addEventListener("change", () => void hearFiles([...file.files!]));
own.addEventListener("change", () => void hearFiles([...own.files!]));
play.addEventListener("click", () => (player.isPlaying ? player.stop() : playRange(plot.range)));
find("plot").addEventListener("click", ({ offsetX }) => {
  if (!play.disabled) playRange({ fromMs: plot.timeAt(offsetX), toMs: plot.range.toMs });
});
model.addEventListener("change", () => void chooseModel().catch(tellFault));
sensitivity.addEventListener("change", applySensitivity);
acceptDrops(find("drop"), (files) => void hearFiles(files));

const catalogue = await fetchCatalogue().catch(tellAndStop);
for (const [i, { name, isBareHead }] of catalogue.models.entries())
  model.add(new Option(isBareHead ? `${name} (openWakeWord head)` : name, String(i)));
if (catalogue.models.length > 1) model.add(new Option("all of them", ALL));
await chooseModel().catch(tellFault);

// ---- models

async function chooseModel(): Promise<void> {
  const { models } = catalogue;
  const { value } = model;
  const chosen = value === ALL ? models : models.slice(Number(value), Number(value) + 1);
  await useModels(value === OWN ? ownModels : chosen.map(({ url }) => url));
  modelInUse = value;
  updateControls();
}

/** Keeps the models in use where others do not load. */
async function useModels(models: readonly WebModel[]): Promise<void> {
  const mine = await begin();
  isLoading = true;
  updateControls();
  tell("Loading the model…");
  try {
    const loaded = await loadModels(models, {
      embeddings: catalogue.embeddings,
      onLoaded: (download) => weight.add(download),
    });
    if (mine !== turn) return void loaded.dispose();
    void detector?.dispose();
    detector = loaded;
    series = seriesOf(loaded.cards);
    plot.series = series;
    meters.series = series;
    showWords();
    offerSensitivities();
    startAnew();
    tell(["Ready.", ...loaded.notes].join(" "));
  } catch (error) {
    if (modelInUse !== undefined) model.value = modelInUse;
    else find("words").textContent = "The model did not load";
    throw error;
  } finally {
    isLoading = false;
    updateControls();
  }
}

function updateControls(): void {
  const isReady = detector !== undefined && !isLoading;
  for (const control of [model, own]) control.disabled = isLoading;
  for (const control of [file, sensitivity]) control.disabled = !isReady;
  // The samples are of the page's own models.
  sample.disabled = !isReady || modelInUse === OWN;
  listen.disabled = !isReady || opening !== undefined || (!canListen && !isHearing);
  prompt.disabled = !isReady || opening !== undefined || !canListen || isPrompting;
  play.disabled = !isReady || kept.isEmpty;
}

function showWords(): void {
  const words = [...new Set(series.map(({ label }) => spoken(label)))];
  const shown = words.slice(0, 4).map((word) => {
    const part = document.createElement("em");
    part.textContent = `“${word}”`;
    return part;
  });
  const between = (i: number): string =>
    i === 0 ? (canListen ? "Say " : "Finds ") : i === words.length - 1 ? " or " : ", ";
  const rest = words.length > shown.length ? [`, or ${words.length - shown.length} more`] : [];
  find("words").replaceChildren(...shown.flatMap((word, i) => [between(i), word]), ...rest);
}

function offerSensitivities(): void {
  sensitivity.replaceChildren(
    ...sensitivitiesOf(detector!.cards).map(({ text, value }) => new Option(text, JSON.stringify(value))),
  );
  applySensitivity();
}

function applySensitivity(): void {
  const chosen = JSON.parse(sensitivity.value) as Sensitivity;
  const cards = detector!.cards.map((card) => withSensitivity(card, chosen));
  decisions = new Map(cards.map((card) => [card.name, new Decision(card.labels, card.decision)]));
  const thresholds = series.map(
    (one) => cards.find(({ name }) => name === one.model)!.decision.thresholds[one.label]!,
  );
  plot.thresholds = thresholds;
  meters.thresholds = thresholds;
}

// ---- what is heard

/** Ends whatever goes on; the number is that of what begins now. */
async function begin(): Promise<number> {
  const mine = ++turn;
  opening?.abort();
  player.stop();
  watched = undefined;
  const open = microphone;
  microphone = undefined;
  showHearing(false);
  await open?.close();
  return mine;
}

async function stop(): Promise<void> {
  const mine = await begin();
  if (mine === turn) tell(`Stopped after ${clock(kept.endMs)}: ${describePlot()}.`);
}

/** True once the microphone is open. */
async function startListening(): Promise<boolean> {
  const mine = await begin();
  if (mine !== turn) return false;
  const started = new AbortController();
  opening = started;
  updateControls();
  tell("Opening the microphone; the browser may ask for it.");
  try {
    const opened = await openWebMicrophone({
      signal: started.signal,
      workletUrl,
      onDropped: (seconds) => tell(`This device is too slow: ${seconds.toFixed(1)} s were not heard.`, "bad"),
      onStateChange: (state) => {
        if (mine === turn) showState(state);
      },
    });
    if (mine !== turn) {
      await opened.close();
      return false;
    }
    microphone = opened;
  } catch (error) {
    if (mine !== turn) return false;
    throw error;
  } finally {
    if (opening === started) opening = undefined;
    updateControls();
  }
  startAnew();
  await detector!.reset();
  if (mine !== turn) return false;
  showHearing(true);
  showState(microphone.state);
  void hearMicrophone(microphone, mine).catch((error: unknown) => {
    if (mine === turn) void begin().then(() => tellFault(error));
  });
  return true;
}

async function hearMicrophone(source: WebMicrophone, mine: number): Promise<void> {
  for await (const chunk of source) {
    if (mine !== turn) return;
    await hear(chunk, mine);
  }
}

function showState(state: WebMicrophoneState): void {
  if (state === "open") tell(`Listening to ${microphone?.label || "the microphone"}.`);
  else if (state === "interrupted")
    tell(
      "The microphone is interrupted: by a call, the lock screen or a mute switch. Listening goes on by itself after that.",
      "bad",
    );
}

function showHearing(isOn: boolean): void {
  isHearing = isOn;
  listen.textContent = isOn ? "Stop" : "Listen";
  listen.classList.toggle("is-on", isOn);
  updateControls();
}

/** Files that were picked or dropped: a model, or a recording. */
async function hearFiles(files: readonly File[]): Promise<void> {
  try {
    if (files.some(isModelFile)) await useOwnModels(files);
    else if (detector !== undefined && files.length > 0) await hearRecording(files[0]!, files[0]!.name);
  } catch (error) {
    tellFault(error);
  } finally {
    // The same file can be picked again.
    file.value = own.value = "";
  }
}

async function useOwnModels(files: readonly File[]): Promise<void> {
  const models = await readOwnModels(files);
  await useModels(models);
  ownModels = models;
  modelInUse = OWN;
  updateControls();
  const option = [...model.options].find(({ value }) => value === OWN) ?? new Option("", OWN);
  option.text = `yours: ${detector!.cards.map(({ name }) => name).join(", ")}`;
  model.add(option);
  model.value = OWN;
}

async function hearSample(): Promise<void> {
  const chosen = catalogue.models[Number(model.value)] ?? catalogue.models[0]!;
  const response = await fetch(chosen.sample);
  if (!response.ok) throw new Error(`${chosen.sample}: the server answered ${response.status}`);
  await hearRecording(await response.blob(), "the sample");
}

async function hearRecording(blob: Blob, name: string): Promise<void> {
  const mine = await begin();
  tell(`Reading ${name}…`);
  const samples = await readRecording(blob, name);
  if (mine !== turn) return;
  const seconds = samples.length / SAMPLE_RATE_HZ;
  startAnew(seconds);
  showHearing(true);
  await detector!.reset();
  for (let from = 0; from < samples.length; from += SAMPLE_RATE_HZ) {
    await hear(samples.subarray(from, from + SAMPLE_RATE_HZ), mine);
    if (mine !== turn) return;
  }
  showHearing(false);
  tell(`Heard ${name}, ${seconds.toFixed(1)} s: ${describePlot()}.`);
}

/** @param seconds length of the recording that begins; none for a stream */
function startAnew(seconds?: number): void {
  kept = new KeptAudio({ maxSeconds: seconds ?? 60 });
  for (const decision of decisions.values()) decision.reset();
  plot.clear(seconds);
  meters.clear({ isLive: seconds === undefined });
  heard.clear();
  updateControls();
}

async function hear(samples: Float32Array, mine: number): Promise<void> {
  const steps = await detector!.push(samples);
  if (mine !== turn) return;
  kept.push(samples);
  updateControls();
  const levelDb = meters.hear(samples, kept.endMs);
  if (watched) watched.levelDb = Math.max(watched.levelDb, levelDb);
  for (const { model: name, scores, timestampMs } of steps) {
    for (const [i, one] of series.entries())
      if (one.model === name) showScore(i, { score: scores[one.index]!, timestampMs });
    for (const detection of decisions.get(name)!.step(scores, timestampMs)) {
      const i = series.findIndex((one) => one.model === name && one.label === detection.label);
      plot.mark(i, timestampMs);
      heard.add({ ...detection, series: i }, series[i]!);
      if (watched?.series === i) watched.isDetected = true;
    }
  }
  showCost(samples.length / SAMPLE_RATE_HZ);
}

function showScore(i: number, step: { readonly score: number; readonly timestampMs: number }): void {
  plot.add(i, step);
  meters.score(i, step);
  heard.score(i, step);
  if (watched?.series === i) watched.highest = Math.max(watched.highest, step.score);
}

/** Says how many detections there are, and lets the plot say it, too. */
function describePlot(): string {
  const count = document.querySelectorAll("#heard li").length;
  const text = count === 1 ? "1 detection" : `${count || "no"} detections`;
  find("plot").ariaLabel = `Scores over ${clock(kept.endMs)}: ${text}`;
  return text;
}

// ---- "Say it now"

async function sayItNow(): Promise<void> {
  if (microphone === undefined && !(await startListening())) return;
  const mine = turn;
  isPrompting = true;
  updateControls();
  try {
    promptedSeries = (promptedSeries + 1) % series.length;
    const word = `“${spoken(series[promptedSeries]!.label)}”`;
    for (const count of [3, 2, 1]) {
      tell(`Say ${word} in ${count}…`, "cue");
      await delay(800);
      if (mine !== turn) return;
    }
    tell(`Say ${word} now.`, "cue");
    const attempt = { series: promptedSeries, highest: 0, levelDb: -Infinity, isDetected: false };
    watched = attempt;
    // Half a second more: the peak comes after the detection.
    for (let left = 35; left > 0; left = attempt.isDetected ? Math.min(left - 1, 5) : left - 1) {
      await delay(100);
      if (mine !== turn) return;
    }
    watched = undefined;
    tellAttempt(word, attempt);
  } finally {
    isPrompting = false;
    updateControls();
  }
}

function tellAttempt(
  word: string,
  { highest, levelDb, isDetected }: { highest: number; levelDb: number; isDetected: boolean },
): void {
  if (isDetected) return tell(`Heard ${word}, peak score ${highest.toFixed(2)}. Still listening.`);
  const advice =
    levelDb < QUIET_DB
      ? ` It was very quiet (${Math.round(levelDb)} dB): come closer, or turn the microphone up.`
      : " Say it again, or choose a more sensitive setting.";
  tell(`Not heard: the highest score of ${word} was ${highest.toFixed(2)}.${advice}`, "bad");
}

// ---- playback

function playRange(range: { readonly fromMs: number; readonly toMs: number }): void {
  // Or the detector would hear the loudspeaker.
  if (microphone !== undefined) void stop();
  const { samples, startMs } = kept.read(range);
  player.play(samples, {
    onProgress: (playedMs) => (plot.playheadMs = startMs + playedMs),
    onEnd: () => {
      plot.playheadMs = undefined;
      play.textContent = "Play";
    },
  });
  if (player.isPlaying) play.textContent = "Stop playing";
}

// ---- messages

function showCost(seconds: number): void {
  audioSeconds += seconds;
  const share = detector!.busyMs / audioSeconds;
  const cost = find("cost");
  cost.textContent = `${share.toFixed(1)} ms of computing for each second of audio`;
  cost.dataset["msPerSecond"] = String(share);
}

function showWeight(bytes: number, parts: ReadonlyMap<string, number>): void {
  const listed = [...parts].map(([name, size]) => `${name} ${megabytes(size)}`).join(", ");
  find("weight").textContent = `${megabytes(bytes)} MB loaded: ${listed}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function tell(text: string, kind: "" | "bad" | "cue" = ""): void {
  const status = find("status");
  status.textContent = text;
  status.className = kind;
}

function tellFault(error: unknown): void {
  tell(error instanceof CallsignError ? error.message : String(error), "bad");
}

function tellAndStop(error: unknown): never {
  tellFault(error);
  find("words").textContent = "The model did not load";
  throw error;
}

function delay(ms: number): Promise<void> {
  // oxlint-disable-next-line promise/avoid-new -- a timer is an event
  return new Promise((resolve) => setTimeout(resolve, ms));
}
