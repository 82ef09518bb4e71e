/** A detector of a tone, made without training: what a browser or an installed package hears must be what Node hears. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createFrontend, type ModelCard } from "@callsign/infer/internal";
import { CALLSIGN_EMBEDDING, createNodeSession } from "@callsign/infer/node/internal";
import { exampleCard } from "./example-card.ts";
import { tinyHead } from "./tiny-head.ts";

const RATE = 16_000;

export interface ToneDetector {
  readonly card: ModelCard;
  readonly classifier: Uint8Array;
  readonly embedding: Uint8Array;
}

/** Six seconds at 16 kHz with a tone from 1.5 to 2.5 s and from 4 to 5 s; else faint noise. */
export function tones(): Int16Array {
  return Int16Array.from({ length: 6 * RATE }, (_, i) => {
    const seconds = i / RATE;
    const sounds = (seconds >= 1.5 && seconds < 2.5) || (seconds >= 4 && seconds < 5);
    return Math.round(sounds ? tone(i) : 20 * Math.sin(i * i * 0.37));
  });
}

const tone = (i: number): number => 8000 * Math.sin((2 * Math.PI * 1000 * i) / RATE);

/** The head is one matrix: 4 above zero at the tone's embedding, 4 below at that of faint noise. */
export async function toneDetector(): Promise<ToneDetector> {
  const embedding = await readFile(CALLSIGN_EMBEDDING.packaged);
  const frontend = await createFrontend({ createSession: createNodeSession(), embedding, floor: "chunk" });
  const last = async (samples: Float32Array): Promise<Float32Array> => {
    const { data } = await frontend.features(samples);
    return data.slice(-96);
  };
  const [loud, quiet] = [
    await last(Float32Array.from({ length: 2 * RATE }, (_, i) => tone(i))),
    await last(Float32Array.from(tones().subarray(0, RATE * 1.4))),
  ];
  await frontend.dispose();
  const weights = solve(loud, quiet);
  const classifier = tinyHead({ embeddings: 1, weight: (row) => weights[row]! });
  const card = exampleCard({
    name: "tone",
    labels: ["tone"],
    classifier: { file: "model.onnx", sha256: sha256(classifier), bytes: classifier.length },
    frontend: {
      id: "callsign-log-mel-1",
      floor: "chunk",
      embedding: { id: CALLSIGN_EMBEDDING.id, sha256: CALLSIGN_EMBEDDING.sha256 },
    },
    windowing: { kind: "embedding-sequence", embeddings: 1, hopLength: 1280 },
    decision: { thresholds: { tone: 0.5 }, patience: 1, refractorySeconds: 2 },
  });
  return { card, classifier, embedding };
}

/** The shortest w with w . a = 4 and w . b = -4: a combination of the two. */
function solve(a: Float32Array, b: Float32Array): Float32Array {
  const dot = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  const [aa, ab, bb] = [dot(a, a), dot(a, b), dot(b, b)];
  const determinant = aa * bb - ab * ab;
  const [p, q] = [(4 * bb + 4 * ab) / determinant, (-4 * aa - 4 * ab) / determinant];
  return a.map((value, i) => p * value + q * b[i]!);
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
