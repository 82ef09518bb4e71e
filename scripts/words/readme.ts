import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandLabels, type ModelCard, parseModelCard } from "@callsign/infer/internal";
import type { Measured } from "./measure.ts";

/** Writes the README of the package: a table of its words and what was measured, from their cards. */
export function writeWordsReadme(folder: string): void {
  const names = readdirSync(join(folder, "models")).toSorted();
  const rows = names.flatMap((name) => {
    const file = join(folder, "models", name, "model.json");
    return rowsOf(parseModelCard(readFileSync(file, "utf8"), { name: file }), name);
  });
  writeFileSync(join(folder, "README.md"), `${INTRODUCTION}\n${rows.join("\n")}\n\n${EXPLANATION}`);
}

function rowsOf(card: ModelCard, name: string): string[] {
  const measured = card.training?.["measured"] as Measured | undefined;
  const perHour = (found: Measured["speech"] | undefined, label: string): string =>
    found ? `${found.falseAccepts[label]} in ${found.hours} h` : "not measured";
  return commandLabels(card).map((label) => {
    const said = measured?.said?.[label];
    const missed = said ? `${said.missed} of ${said.recordings}` : "not measured";
    return `| \`${name}\` | ${label} | ${missed} | ${perHour(measured?.speech, label)} | ${perHour(measured?.noise, label)} |`;
  });
}

const INTRODUCTION = `# @callsign/words

Ready detectors for Callsign, on the speech embedding that \`@callsign/infer\` contains. Their names can be given wherever a model
can: \`callsign listen computer\`, \`callsign detect call.flac --model computer\`, and

\`\`\`sh
npm install @callsign/words @callsign/infer
npm install --ignore-scripts onnxruntime-node@1.30.0
\`\`\`

\`\`\`js
import { loadDetector } from "@callsign/infer/node";

const detector = await loadDetector("computer");
console.log(detector.card.labels.join(", "));
await detector.dispose();
\`\`\`

In a page, a bundler gives the files' addresses ([docs/browser.md](../../docs/browser.md)).

| name | label | missed, of people's recordings | false accepts on speech | on noise |
| --- | --- | --- | --- | --- |`;

const EXPLANATION = `"Not measured" means that no recordings of people saying the word were at hand; synthetic voices are not people. \`--false-alarms-per-day\`
(in code \`falseAlarmsPerDay\`) sets the threshold by the curve on the card.

Each folder of \`models/\` has the graph, its card and a README with figures and the data with its licences. They were trained by
the recipe of \`callsign new\` on synthetic voices and on recordings whose licences allow it (CC0, CC BY), named there with their
authors' credit. \`npm run build-words\` in the repository makes them from \`configs/words/\` (docs/words.md).
`;
