import { join } from "node:path";
import { writeFileAtomic } from "@callsign/infer/node/internal";

/** Paths of a report's two files. */
export interface ReportFiles {
  readonly jsonPath: string;
  readonly htmlPath: string;
}

/** Writes `report.json` and `report.html` into a folder, each atomically. @throws CallsignError `FILE_WRITE_FAILED`, `ABORTED` */
export async function writeReport(
  folder: string,
  { report, page }: { readonly report: unknown; readonly page: string },
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReportFiles> {
  const jsonPath = join(folder, "report.json");
  const htmlPath = join(folder, "report.html");
  await writeFileAtomic(jsonPath, `${JSON.stringify(report)}\n`, options);
  await writeFileAtomic(htmlPath, page, options);
  return { jsonPath, htmlPath };
}
