import { expect, it } from "vitest";
import { parseWyomingUri } from "../src/wyoming-uri.ts";

it.each([
  ["tcp://0.0.0.0:10400", { kind: "tcp", host: "0.0.0.0", port: 10_400 }],
  ["tcp://[::]:10400", { kind: "tcp", host: "::", port: 10_400 }],
  ["TCP://kitchen.local:0/", { kind: "tcp", host: "kitchen.local", port: 0 }],
  ["unix:///run/user/1000/wake word.sock", { kind: "unix", path: "/run/user/1000/wake word.sock" }],
  ["stdio://", { kind: "stdio" }],
])("%s", (text, uri) => expect(parseWyomingUri(text)).toEqual(uri));

it.each([
  "10400",
  "http://127.0.0.1:10400",
  "tcp://127.0.0.1",
  "tcp://:10400",
  "tcp://::1:10400",
  "tcp://127.0.0.1:70000",
  "unix://wake.sock",
  "unix://",
  "stdio://x",
])("%s is refused", (text) =>
  expect(() => parseWyomingUri(text)).toThrow("Expected tcp://HOST:PORT, unix:///PATH or stdio://"),
);
