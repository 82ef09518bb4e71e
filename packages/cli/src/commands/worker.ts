import type { FailedJob, QueueState, ReportedProgress, WorkerEvent } from "@callsign/data/internal";
import { type Command, Option } from "commander";

import { type CliContext, printJson } from "../context.ts";
import { parseCount, parseWorkers } from "../flags/numbers.ts";
import { openGivenStore, queueOption, storeOption } from "../flags/queue.ts";
import { formatDuration, ProgressLine } from "../output/progress.ts";

interface WorkerFlags {
  readonly queue: string;
  readonly store?: string;
  readonly workers?: number;
  readonly idle?: number;
  readonly status?: boolean;
  readonly failed?: boolean;
  readonly retry?: boolean;
  readonly discard?: boolean;
  readonly json?: boolean;
}

/** Registers `callsign worker`: jobs of builds and sweeps on many machines. */
export function registerWorker(program: Command, context: CliContext): void {
  const instead = (flags: string, text: string): Option =>
    new Option(flags, text).conflicts(["store", "idle"]);
  program
    .command("worker")
    .description("Do jobs of `data build --queue` and `sweep --queue`, on any number of machines.")
    .addOption(queueOption().makeOptionMandatory())
    .addOption(storeOption())
    .option("--workers <n>", "jobs at a time (default: one per core)", parseWorkers)
    .option(
      "--idle <seconds>",
      "end when there has been no job for so long (default: wait for more)",
      parseCount,
    )
    .addOption(instead("--status", "print jobs, workers, rate and the time left, and take no job"))
    .addOption(instead("--failed", "print the jobs that failed for good, with reasons"))
    .addOption(instead("--retry", "have the failed jobs tried again"))
    .addOption(instead("--discard", "discard the jobs that wait"))
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  callsign worker --queue redis://queue.lan --store /mnt/callsign\n" +
        "  callsign worker --queue redis://queue.lan --status\n\n" +
        "Ctrl-C or SIGTERM: finishes the jobs in progress and takes no more. See docs/scale.md.",
    )
    .action((flags: WorkerFlags) => worker(context, flags));
}

async function worker(context: CliContext, flags: WorkerFlags): Promise<void> {
  const { discardJobs, listFailedJobs, readQueueState, retryFailedJobs } =
    await import("@callsign/data/internal");
  const print = (value: unknown, text: string): void =>
    flags.json ? printJson(context, value) : context.stdout(text);
  if (flags.status) {
    const state = await readQueueState(flags.queue);
    return print(state, formatState(state));
  }
  if (flags.failed) {
    const failed = await listFailedJobs(flags.queue);
    return print(failed, formatFailed(failed));
  }
  if (flags.retry) {
    const retried = await retryFailedJobs(flags.queue);
    return print({ retried }, `${retried} failed jobs are tried again\n`);
  }
  if (flags.discard) {
    const discarded = await discardJobs(flags.queue);
    return print({ discarded }, `${discarded} jobs discarded\n`);
  }
  const done = await work(context, flags);
  print({ done }, `${done} jobs done\n`);
}

/** Takes jobs until it is stopped. @returns their number */
async function work(context: CliContext, flags: WorkerFlags): Promise<number> {
  const { availableParallelism } = await import("node:os");
  const { cacheDirectory, createFetch, toolIdentity } = await import("@callsign/infer/node/internal");
  const { dataJobs, runWorker } = await import("@callsign/data/internal");
  const { trainJob } = await import("./sweep/train-job.ts");
  const { env, signal } = context;
  const workers = flags.workers ?? availableParallelism();
  const line = new ProgressLine(context);
  let done = 0;
  const onEvent = (event: WorkerEvent): void => {
    if (event.kind === "done") {
      done++;
      return line.update({ stage: "worker", done, unit: "jobs", note: event.task });
    }
    line.finish();
    context.stderr(
      event.kind === "ready"
        ? `worker: takes jobs of ${event.url}, ${workers} at a time\n`
        : `worker: ${event.task} ${event.id.slice(0, 12)}: ${event.reason}\n`,
    );
  };
  try {
    await runWorker({
      url: flags.queue,
      store: await openGivenStore(context, flags.store),
      identity: toolIdentity(),
      handlers: {
        ...dataJobs({
          cacheDir: cacheDirectory({ env }),
          env,
          hub: {
            hubUrl: env.HF_ENDPOINT || "https://huggingface.co",
            fetch: createFetch(env),
            ...(env.HF_TOKEN && { accessToken: env.HF_TOKEN }),
          },
        }),
        train: trainJob(context),
      },
      workers,
      idleSeconds: flags.idle,
      signal,
      onEvent,
    });
    return done;
  } finally {
    line.finish();
  }
}

function formatState({ jobs, workers, donePerMinute, builds }: QueueState): string {
  const { waiting, running, retried, failed } = jobs;
  const minutes = donePerMinute.length;
  const rate = donePerMinute.reduce((sum, count) => sum + count, 0) / Math.max(1, minutes);
  return [
    `jobs: ${waiting} waiting, ${running} running, ${retried} to be tried again, ${failed} failed`,
    `rate: ${minutes === 0 ? "not known in the first minute" : `${rate.toFixed(1)} jobs a minute over ${minutes} minutes`}`,
    `workers: ${workers.length}${workers.map((name) => `\n  ${name}`).join("")}`,
    ...Object.entries(builds).map(([name, progress]) => `build ${name}: ${formatReported(progress)}`),
    "",
  ].join("\n");
}

function formatReported({ stage, done, total, unit, leftSeconds, at }: ReportedProgress): string {
  const count = `${done.toLocaleString("en-US")}${total === undefined ? "" : ` of ${total.toLocaleString("en-US")}`}`;
  const left = leftSeconds === undefined ? "" : `, about ${formatDuration(leftSeconds)} left in all stages`;
  return `${stage} ${count} ${unit}${left} (${formatDuration((Date.now() - at) / 1000)} ago)`;
}

function formatFailed(failed: readonly FailedJob[]): string {
  if (failed.length === 0) return "no job has failed\n";
  const lines = failed.map(
    ({ id, task, reason, tries, failedAt }) =>
      `${failedAt.toISOString()} ${task} ${id.slice(0, 12)}, ${tries} tries: ${reason}\n`,
  );
  return lines.join("");
}
