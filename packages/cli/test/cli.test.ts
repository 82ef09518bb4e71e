import { createProgram } from "@callsign/cli";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { runCaptured } from "./support/run-captured.ts";

function leaves(command: Command, path: readonly string[] = []): string[][] {
  if (command.commands.length === 0) return [[...path]];
  return command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
}

const ignore = (): void => undefined;
const program = createProgram({
  stdout: ignore,
  stderr: ignore,
  env: {},
  signal: new AbortController().signal,
  interactive: false,
});

describe("every command", () => {
  it.each(leaves(program).map((path) => [path.join(" "), path] as const))(
    "%s has help with an example and a --json flag",
    async (_name, path) => {
      const { exitCode, stdout } = await runCaptured([...path, "--help"]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`Usage: callsign ${path.join(" ")}`);
      expect(stdout).toMatch(new RegExp(`Examples?:\\n  callsign ${path.join(" ")}`));
      expect(stdout).toContain("--json");
    },
  );
});

describe("bad usage", () => {
  it("exits 2 and suggests a command for a misspelt one", async () => {
    const { exitCode, stdout, stderr } = await runCaptured(["detetc"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("Did you mean detect?");
    expect(stdout).toBe("");
  });

  it("exits 2 and names a required option that is missing", async () => {
    const { exitCode, stderr } = await runCaptured(["detect", "a.wav"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("--model <dir>");
  });

  it("reports a misspelt option before a missing one", async () => {
    const misspelt = await runCaptured(["detect", "a.wav", "--modle", "m"]);
    expect(misspelt).toMatchObject({ exitCode: 2, stdout: "" });
    expect(misspelt.stderr).toMatch(/unknown option '--modle'\n\(Did you mean --model\?\)/);
  });

  it("exits 2 for an argument that is not a number", async () => {
    const { exitCode, stderr } = await runCaptured([
      "detect",
      "a.wav",
      "--model",
      "m",
      "--threshold",
      "high",
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Expected a number, got "high"');
  });

  it("exits 2 for a provider that does not exist", async () => {
    const { exitCode, stderr } = await runCaptured(["detect", "a.wav", "--model", "m", "--provider", "tpu"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("'tpu' is invalid. Allowed choices are auto, cuda, webgpu, cpu.");
  });

  it("exits 2 for an architecture that does not exist", async () => {
    const { exitCode, stderr } = await runCaptured(
      "export --checkpoint a --architecture mpl --label a --threshold 0.5 --out /tmp/none".split(" "),
    );
    expect(exitCode).toBe(2);
    expect(stderr).toContain("did you mean mlp?");
  });
});

describe("failure", () => {
  it("exits 1 with the code and path of a missing model", async () => {
    const { exitCode, stdout, stderr } = await runCaptured([
      "detect",
      "a.wav",
      "--model",
      "/nonexistent/model",
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error \[MODEL_NOT_FOUND\] .*\/nonexistent\/model/m);
    expect(stdout).toBe("");
  });
});
