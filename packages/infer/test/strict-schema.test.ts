import { describe, expect, it } from "vitest";
import * as z from "zod";
import { CallsignError, parseStrict } from "@callsign/infer";

const schema = z.strictObject({
  seed: z.int().default(1),
  voices: z.array(z.strictObject({ speed: z.number(), pitch: z.number().optional() })).optional(),
  engines: z.record(z.string(), z.strictObject({ path: z.string() })).default({}),
  mode: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("fast") }),
      z.strictObject({ kind: z.literal("exact"), tolerance: z.number() }),
    ])
    .optional(),
});

function refusal(value: unknown): string {
  let thrown: unknown;
  try {
    parseStrict(schema, value, { name: "config.yaml", code: "CONFIG_INVALID" });
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof CallsignError)) throw new Error("expected a CallsignError", { cause: thrown });
  expect(thrown.code).toBe("CONFIG_INVALID");
  return thrown.message;
}

describe("parseStrict", () => {
  it("returns the value with its defaults", () => {
    expect(parseStrict(schema, {}, { name: "config.yaml", code: "CONFIG_INVALID" })).toEqual({
      seed: 1,
      engines: {},
    });
  });

  it("suggests keys wherever the object lies: lists, records, unions, behind defaults", () => {
    expect(refusal({ sead: 2 })).toBe('config.yaml: at the top: unknown key "sead"; did you mean "seed"?');
    expect(refusal({ voices: [{ speed: 1 }, { speed: 1, picth: 2 }] })).toBe(
      'config.yaml: voices[1]: unknown key "picth"; did you mean "pitch"?',
    );
    expect(refusal({ engines: { espeak: { path: "x", pathh: 1 } } })).toContain(
      'engines.espeak: unknown key "pathh"; did you mean "path"?',
    );
    expect(refusal({ mode: { kind: "exact", tolerance: 1, tolerence: 2 } })).toContain(
      'did you mean "tolerance"?',
    );
    expect(refusal({ mode: { kind: "fast", tolerance: 1 } })).toContain(
      'unknown key "tolerance"; known keys: kind',
    );
  });

  it("says what was found", () => {
    expect(refusal({ seed: 1.5 })).toMatch(/^config\.yaml: seed: .*, got 1\.5$/);
    expect(refusal({ voices: {} })).toMatch(/voices: .*expected array.*, got an object/);
    expect(refusal({ voices: [{ speed: [] }] })).toMatch(/voices\[0\]\.speed: .*, got a list of 0/);
    expect(refusal(null)).toMatch(/at the top: .*got null/);
  });

  it("stays short whatever it is given", () => {
    const long = "x".repeat(100_000);
    expect(refusal({ [long]: 1, seed: long }).length).toBeLessThan(800);
    expect(refusal({ mode: { kind: long } }).length).toBeLessThan(800);
    const keys = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key${i}`, 1]));
    expect(refusal(keys)).toMatch(/^(?:.*\n){11} {2}and 990 more$/);
  });

  it("is not confused by keys of Object.prototype", () => {
    expect(refusal({ constructor: 1 })).toContain('unknown key "constructor"');
    expect(refusal(JSON.parse('{"__proto__": 1}'))).toContain("__proto__");
  });
});
