import type { Command } from "commander";
import { type CliContext, printJson } from "../context.ts";
import { parseNumber } from "../parse-number.ts";

interface ExportFlags {
  readonly checkpoint: string;
  readonly architecture: string;
  readonly label: string;
  readonly threshold: number;
  readonly out: string;
  readonly json?: boolean;
}

/** `callsign export`: a checkpoint becomes model.onnx + model.json. */
export function registerExport(program: Command, context: CliContext): void {
  program
    .command("export")
    .description("Turn a trained checkpoint into a model folder: model.onnx and its card, model.json.")
    .requiredOption("--checkpoint <file>", "weights in safetensors, PyTorch tensor names")
    .requiredOption("--architecture <name>", "network the weights belong to: mlp", "mlp")
    .requiredOption("--label <name>", "what a detection is called")
    .requiredOption("--threshold <score>", "score in 0..1 from which on it is a detection", parseNumber, 0.5)
    .requiredOption("--out <dir>", "folder to write the model to")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  callsign export --checkpoint galactic.safetensors --architecture mlp --label galactic --threshold 0.73 --out models/galactic",
    )
    .action(async (flags: ExportFlags) => {
      const { exportCheckpoint } = await import("@callsign/train");
      const exported = await exportCheckpoint(flags);
      if (flags.json) printJson(context, exported);
      else
        context.stdout(
          `${exported.parameterCount.toLocaleString("en-US")} parameters -> ${exported.modelFile}, ${exported.cardFile}\n`,
        );
    });
}
