import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";

/** Hardware and software a timing was measured on; nothing that identifies the machine or its user. */
export interface MachineFacts {
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
}

export const machineFacts = (): MachineFacts => ({
  node: process.version,
  platform: `${platform()} ${release()} ${arch()}`,
  cpu: cpus()[0]?.model.trim() || "unknown",
  cores: availableParallelism(),
  memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
});
