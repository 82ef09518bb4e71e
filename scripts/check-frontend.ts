import { buildLogMelModel } from "@callsign/infer/graphs/internal";
import { createRandom } from "@callsign/data/internal";
import { LOG_MEL, LOG_MEL_IO, logMel, logMelInput, type LogMelFloor } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";

/** Largest difference allowed, in output units: float32 against float64. */
const TOLERANCE = 1e-3;
const LENGTH = 2 * LOG_MEL.sampleRateHz;

/**
 * Compares the log-mel graph that detectors run with its float64 definition on generated signals and prints the
 * largest difference of each. Returns an exit code.
 */
export async function checkFrontend(print: (line: string) => void): Promise<0 | 1> {
  print(`The front-end against its definition: largest difference in output units, ${TOLERANCE} allowed`);
  const differences: number[] = [];
  for (const floor of ["window", "chunk"] as const) {
    for (const [name, samples] of Object.entries(signals())) {
      const difference = await differenceFromDefinition(samples, floor);
      differences.push(difference);
      print(`  ${name.padEnd(28)} ${floor.padEnd(8)} ${difference.toExponential(1)}`);
    }
  }
  const agrees = differences.every((difference) => difference <= TOLERANCE);
  print(
    agrees ? "It agrees." : "It does NOT agree: the scores of every model would be off. Please report it.",
  );
  return agrees ? 0 : 1;
}

async function differenceFromDefinition(samples: Float32Array, floor: LogMelFloor): Promise<number> {
  const session = await createNodeSession()(buildLogMelModel({ floor }), { name: `log-mel (${floor})` });
  const input = logMelInput(samples, { floor });
  const outputs = await session.run({ [LOG_MEL_IO.input]: { data: input, dims: [1, input.length] } });
  await session.dispose();
  const expected = logMel(samples, { floor }).data;
  const actual = outputs[LOG_MEL_IO.output]!.data;
  // A length that differs leaves NaN, which no bound admits.
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - Number(actual[i]))), 0);
}

/** Two seconds each, at int16 magnitudes. */
function signals(): Record<string, Float32Array> {
  const random = createRandom("check-frontend");
  const make = (sample: (i: number) => number): Float32Array =>
    Float32Array.from({ length: LENGTH }, (_, i) => sample(i));
  const phase = (hz: number, i: number): number => (2 * Math.PI * hz * i) / LOG_MEL.sampleRateHz;
  return {
    "tone, 1 kHz": make((i) => 8000 * Math.sin(phase(1000, i))),
    "sweep, 0 to 4 kHz": make((i) => 8000 * Math.sin(phase((2000 * i) / LENGTH, i))),
    noise: make(() => 3000 * random.normal()),
    "silence, then a click": make((i) => (i === 20_000 ? 20_000 : 0)),
    silence: make(() => 0),
    "full scale, square": make((i) => (Math.floor(i / 40) % 2 === 0 ? 32_767 : -32_768)),
  };
}
