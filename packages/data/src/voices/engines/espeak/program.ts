import { CallsignError, readWav } from "@callsign/audio/internal";
import { VOLUME, type EspeakBackend } from "./backend.ts";
import { runProgram } from "./run-program.ts";
import { replaceWords } from "../../../text/spoken-text.ts";
import { synthesisFailed } from "../../synthesis-error.ts";

/**
 * The installed espeak-ng, one process a clip, the text on its standard input. From version 1.52 on it seeds its
 * breath noise by the clock, so clips of some voices differ from run to run (`deterministic` is then false).
 * @throws CallsignError `DEPENDENCY_MISSING`
 */
export async function openEspeakProgram(options: EspeakProgramOptions = {}): Promise<EspeakBackend> {
  const { command = "espeak-ng", timeoutSeconds = 30 } = options;
  const run = async (args: readonly string[], input: Input): Promise<Buffer> => {
    const { code, stdout, stderr } = await runProgram(command, args, { ...input, timeoutSeconds });
    if (code === 0) return stdout;
    throw synthesisFailed({
      engine: "espeak",
      text: input.stdin ?? args.join(" "),
      reason: `${command}: ${stderr}`,
    });
  };
  const version = await readVersion(run, command);
  const listing = (await run(["--voices=variant"], {})).toString("utf8");
  return {
    kind: "program",
    deterministic: version.major === 1 && version.minor < 52,
    variants: new Set([...listing.matchAll(/!v\/(.+?) *(?:\(.*)?$/gm)].map((match) => match[1]!)),
    async speak({ text, speaker, rate, pitch, wordGap, words, signal }) {
      const settings = `-a ${VOLUME} -s ${rate} -p ${pitch} -g ${wordGap ?? 0} --stdin --stdout`;
      const args = ["-v", speaker, ...settings.split(" ")];
      const wav = await run(args, { stdin: withPhonemes(text, words), ...(signal && { signal }) });
      return readWav(withTrueSizes(wav), { name: `${command} output` });
    },
    async transcribe({ text, speaker, words, signal }) {
      const args = ["-v", speaker, "-q", "--ipa", "--sep=_", "--stdin"];
      return (await run(args, { stdin: withPhonemes(text, words), ...(signal && { signal }) })).toString(
        "utf8",
      );
    },
  };
}

/** Marks phonemes for the program: it reads `[[...]]` as phoneme names, separated by bars. */
const withPhonemes = (text: string, words: Readonly<Record<string, string>> = {}): string =>
  replaceWords(text, (word) =>
    Object.hasOwn(words, word)
      ? `[[${words[word]!.replaceAll(" ", "|").replaceAll(/([',])\|/g, "$1")}]]`
      : word,
  );

/** Program and time limit for one clip. */
export interface EspeakProgramOptions {
  readonly command?: string;
  readonly timeoutSeconds?: number;
}

interface Input {
  readonly stdin?: string;
  readonly signal?: AbortSignal;
}

async function readVersion(
  run: (args: readonly string[], input: Input) => Promise<Buffer>,
  command: string,
): Promise<{ major: number; minor: number }> {
  const text = (await run(["--version"], {})).toString("utf8");
  const match = /text-to-speech: (\d+)\.(\d+)/.exec(text);
  if (match === null) {
    throw new CallsignError(
      "DEPENDENCY_MISSING",
      `espeak: expected ${command} to be espeak-ng; its --version says ${JSON.stringify(text.slice(0, 80))}; ` +
        "install it: apt-get install espeak-ng",
    );
  }
  return { major: Number(match[1]), minor: Number(match[2]) };
}

/** On a pipe espeak-ng cannot go back to fill in the sizes of its 44-byte header and leaves 0x7ffff000 there. */
function withTrueSizes(wav: Buffer): Uint8Array {
  const fixed = Buffer.from(wav);
  if (fixed.length >= 44) {
    fixed.writeUInt32LE(fixed.length - 8, 4);
    fixed.writeUInt32LE(fixed.length - 44, 40);
  }
  return fixed;
}
