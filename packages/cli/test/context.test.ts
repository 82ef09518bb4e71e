import { expect, it } from "vitest";

import { commandPrefix } from "../src/context.ts";

it("names the command by which this process was started", () => {
  expect(commandPrefix({})).toBe("callsign");
  expect(commandPrefix({ npm_lifecycle_event: "test" })).toBe("callsign");
  expect(commandPrefix({ npm_lifecycle_event: "callsign" })).toBe("npm run -s callsign --");
  expect(commandPrefix({ npm_package_name: "callsign-workspace" })).toBe("npm run -s callsign --");
});
