// A build in a process of its own, for tests that end it: folder of sources, folder of the build, workers.
import { CallsignError } from "@callsign/audio/internal";
import { runBuild, smallContext } from "./small-build.ts";

const [folder = "", out = "", workers = "1"] = process.argv.slice(2);
// Loading the sources takes longer than the build; what is of interest begins here.
process.stdout.write("building\n");
try {
  await runBuild(smallContext(folder, { out, workers: Number(workers) }));
  process.exit(0);
} catch (error) {
  process.stderr.write(error instanceof CallsignError ? `${error.code} ${error.message}` : String(error));
  process.exit(1);
}
