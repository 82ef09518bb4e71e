import type { BuildContext, BuildIndex, BuildStage, JobQueue } from "@callsign/data/internal";
import type { Progress } from "@callsign/infer/internal";

import type { CliContext } from "../context.ts";
import { openGivenStore, printOnce } from "../flags/queue.ts";
import { RemainingTime } from "../output/remaining-time.ts";
import { drain } from "./data.ts";

interface QueuedBuild {
  readonly building: BuildContext;
  readonly options: { readonly until?: BuildStage };
  readonly queue?: string;
  readonly store?: string;
}

/** Builds data on the workers of a queue, with the bytes of a build in this process. */
export async function buildOnQueue(
  context: CliContext,
  { building, options, queue: url, store }: QueuedBuild,
): Promise<BuildIndex | undefined> {
  const { buildData, findBuildProblems, openJobQueue, openQueuePool, throwProblems } =
    await import("@callsign/data/internal");
  throwProblems(await findBuildProblems(building, options));
  const queue = await openJobQueue({
    url: url!,
    store: await openGivenStore(context, store),
    identity: building.identity,
    onNote: printOnce(context),
  });
  const remaining = await estimateTime(building);
  try {
    const openPool = openQueuePool(queue);
    return await drain(
      context,
      (onNote) =>
        reported(buildData({ ...building, onNote, openPool }, { ...options, isChecked: true }), {
          queue,
          remaining,
          build: building.config.name,
        }),
      { remaining },
    );
  } finally {
    await queue.close();
  }
}

/** Estimate of the stages; only their proportion matters, since it is scaled by what is measured. */
async function estimateTime(building: BuildContext): Promise<RemainingTime> {
  const { expectedSets, planBuild } = await import("@callsign/data/internal");
  const { estimateStages, parseDetectorConfig } = await import("@callsign/train/internal");
  const { labels, name } = building.config;
  const { train } = parseDetectorConfig({ name, labels }, { name });
  const plan = await planBuild(building, expectedSets(building.config));
  return new RemainingTime({ ...estimateStages(plan, { train, workers: building.workers }), train: 0 });
}

/** Passes progress on, and records it where `callsign worker --status` finds it. */
async function* reported<Result>(
  events: AsyncGenerator<Progress, Result>,
  { queue, build, remaining }: { queue: JobQueue; build: string; remaining: RemainingTime },
): AsyncGenerator<Progress, Result> {
  for (;;) {
    const { done, value } = await events.next();
    if (done === true) return value;
    queue.report(build, { ...value, leftSeconds: remaining.after(value) });
    yield value;
  }
}
