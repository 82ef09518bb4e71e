import { InvalidArgumentError } from "commander";

/** Where Wyoming is spoken, as the reference servers' `--uri` says it. */
export type WyomingUri =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "stdio" };

/** Reads `tcp://HOST:PORT`, `unix:///PATH` or `stdio://`. @throws InvalidArgumentError */
export function parseWyomingUri(text: string): WyomingUri {
  const wrong = (why: string): InvalidArgumentError =>
    new InvalidArgumentError(`Expected tcp://HOST:PORT, unix:///PATH or stdio://, got "${text}"${why}.`);
  const match = /^(tcp|unix|stdio):\/\/(.*)$/is.exec(text);
  if (match === null) throw wrong("");
  const [, scheme, rest] = match as unknown as [string, string, string];
  switch (scheme.toLowerCase()) {
    case "stdio":
      if (rest !== "") throw wrong(": stdio has no address");
      return { kind: "stdio" };
    case "unix":
      if (!rest.startsWith("/")) throw wrong(": the path is absolute, with three slashes");
      return { kind: "unix", path: rest };
    default: {
      const address = /^(?:\[([^\]]+)\]|([^:/?#[\]]+)):(\d{1,5})\/?$/.exec(rest);
      const port = Number(address?.[3]);
      if (address === null || port > 65_535) throw wrong(": a host and a port 0 to 65535 are needed");
      return { kind: "tcp", host: address[1] ?? address[2]!, port };
    }
  }
}
