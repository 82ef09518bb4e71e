/**
 * From a microphone to an action: runs a function for each detected label.
 *   node microphone.mjs                          the default microphone, the ready word "computer"
 *   node microphone.mjs computer call.flac       a recording instead of the microphone
 *   node microphone.mjs runs/hey-nimbus/model    a model of your own
 * A microphone needs `npm install decibri`, or `arecord` on Linux.
 */
import { detections } from "@callsign/infer";
import { loadDetector, openMicrophone, readAudioChunks } from "@callsign/infer/node";

const [model = "computer", recording] = process.argv.slice(2);

let isOn = false;
/** What to do for each label; `otherwise` for labels that are not listed. */
const actions = {
  computer: () => {
    isOn = !isOn;
    console.log(`the lamp is ${isOn ? "on" : "off"}`);
  },
  otherwise: (label) => console.log(`no action for ${label}`),
};

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const { signal } = stop;
const detector = await loadDetector(model);
const chunks =
  recording === undefined ? (await openMicrophone({ signal })).chunks : readAudioChunks(recording);
console.log(`listening for ${detector.card.labels.join(", ")}; stop with Ctrl-C`);
for await (const { label, score, timestampMs } of detections(detector, chunks, { signal })) {
  console.log(`${(timestampMs / 1000).toFixed(2)} s  ${label}  ${score.toFixed(2)}`);
  (actions[label] ?? actions.otherwise)(label);
}
await detector.dispose();
