import { type CliContext, commandPrefix } from "../../context.ts";
import { assetStatuses } from "../models.ts";
import type { Check } from "./check.ts";
import { inferenceChecks } from "./inference-checks.ts";
import { microphoneChecks } from "./microphone-checks.ts";
import { speechChecks } from "./speech-checks.ts";
import { trainingChecks } from "./training-checks.ts";

/** Runs all checks of `callsign doctor`. Downloads nothing. */
export async function runChecks(env: CliContext["env"]): Promise<Check[]> {
  return [
    nodeCheck(),
    ...(await inferenceChecks()),
    ...(await trainingChecks()),
    ...(await speechChecks(env)),
    ...(await microphoneChecks()),
    ...(await modelFileChecks(env)),
  ];
}

function nodeCheck(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const found = major > 20 || (major === 20 && minor >= 19);
  return {
    group: "runtime",
    name: "Node",
    found,
    required: true,
    detail: `${process.versions.node} on ${process.platform}-${process.arch}`,
    fix: "install Node 20.19 or later from https://nodejs.org/",
  };
}

async function modelFileChecks(env: CliContext["env"]): Promise<Check[]> {
  const statuses = await assetStatuses(env);
  return statuses.map(({ id, path, origin, problem }) => ({
    group: "model files",
    name: id,
    found: path !== null,
    required: false,
    detail: path === null ? (problem ?? "not on this machine") : `${path} (${origin})`,
    fix: `${commandPrefix(env)} models pull ${id}`,
  }));
}
