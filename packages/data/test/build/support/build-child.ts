// A build in a process of its own, for tests that end it: folder of sources, folder of the build, workers, the event
// after which SIGKILL ends it ("features 25"): a stage and what is done of it.
import { writeSync } from "node:fs";

import { buildData } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import { smallContext } from "./small-build.ts";

const [folder = "", out = "", workers = "1", killAt = ""] = process.argv.slice(2);
// Loading the sources takes longer than the build; what is of interest begins here.
writeSync(1, "building\n");
try {
  for await (const event of buildData(smallContext(folder, { out, workers: Number(workers) })))
    // Not at once: in the middle of what comes next.
    if (`${event.stage} ${event.done}` === killAt) setTimeout(() => process.kill(process.pid, "SIGKILL"), 2);
  process.exit(0);
} catch (error) {
  process.stderr.write(error instanceof CallsignError ? `${error.code} ${error.message}` : String(error));
  process.exit(1);
}
