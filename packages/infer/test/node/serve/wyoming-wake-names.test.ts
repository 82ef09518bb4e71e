import { describe, expect, it } from "vitest";
import { WakeNames } from "../../../src/node/serve/wyoming-wake-names.ts";
import { exampleCard } from "../../support/example-card.ts";

const card = (name: string, labels = [name], training?: Record<string, unknown>) =>
  exampleCard({
    name,
    labels,
    decision: {
      thresholds: Object.fromEntries(labels.map((label) => [label, 0.5])),
      patience: 1,
      refractorySeconds: 1,
    },
    ...(training && { training }),
  });
const CARDS = [
  card("hey_nimbus_v0.1"),
  card("timers", ["start", "stop"]),
  card("nimbus", ["nimbus"], { phrases: { nimbus: ["hey there nimbus"] } }),
  card("Café Olé"),
  card("v2"),
];

const NAMES = new WakeNames(CARDS);

describe("a wake word's name", () => {
  it.each([
    ["hey_nimbus_v0.1", "hey_nimbus_v0.1"],
    ["hey_nimbus", "hey_nimbus_v0.1"],
    ["Hey Nimbus", "hey_nimbus_v0.1"],
    ["HEY-NIMBUS", "hey_nimbus_v0.1"],
    [" hey  nimbus ", "hey_nimbus_v0.1"],
    ["hey_nimbus_v2", "hey_nimbus_v0.1"],
    ["nimbus_v0.1", "nimbus"],
    ["Hey there, Nimbus", "nimbus"],
    ["café olé", "Café Olé"],
    ["cafe\u0301_ole\u0301", "Café Olé"],
    ["timers/stop", "timers/stop"],
    ["Timers Stop", "timers/stop"],
    ["stop", "timers/stop"],
    ["v2", "v2"],
  ])("%j means %s and is answered as asked", (asked, wakeName) => {
    const [model, label = model] = wakeName.split("/");
    expect(NAMES.find(asked)).toEqual([{ name: asked, model, label }]);
  });

  it("takes a model's name for all its labels", () => {
    expect(NAMES.find("TIMERS").map(({ label }) => label)).toEqual(["start", "stop"]);
  });

  it.each(["", " ", "_", "hey", "nimbuss", "v3", "_".repeat(100_000)])("finds none for %j", (asked) => {
    expect(NAMES.find(asked)).toEqual([]);
  });
});

it("info has the phrase a person says and every field that the reference's data classes need", () => {
  const [program] = NAMES.info("1.2.3").wake as Record<string, unknown>[];
  expect(program).toMatchObject({ name: "callsign", version: "1.2.3", installed: true });
  const models = program!.models as Record<string, unknown>[];
  expect(models.map(({ phrase }) => phrase)).toEqual([
    "Hey Nimbus",
    "Start",
    "Stop",
    "hey there nimbus",
    "Café Olé",
    "V2",
  ]);
  for (const model of models)
    expect(model).toEqual({
      name: expect.any(String) as string,
      description: model.phrase,
      phrase: model.phrase,
      attribution: { name: expect.any(String) as string, url: expect.any(String) as string },
      installed: true,
      languages: [],
      version: expect.any(String) as string,
    });
});
