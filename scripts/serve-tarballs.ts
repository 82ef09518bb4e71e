import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";

/**
 * A registry of these tarballs alone, on a free port of this machine: with `npm_config_@callsign:registry` set to its
 * address, npm installs them as it would the published packages.
 */
export async function serveTarballs(
  tarballs: readonly string[],
): Promise<{ readonly url: string; readonly server: Server }> {
  const packages = tarballs.map((tarball): Packed => {
    const manifest = execFileSync("tar", ["-xzOf", tarball, "package/package.json"], { encoding: "utf8" });
    return { tarball, manifest: JSON.parse(manifest) as Packed["manifest"] };
  });
  let url = "";
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.slice(1));
    const file = packages.find(({ tarball }) => basename(tarball) === path);
    const known = packages.find(({ manifest }) => manifest.name === path);
    if (file !== undefined) response.end(readFileSync(file.tarball));
    else if (known === undefined) response.writeHead(404).end("{}");
    else response.end(JSON.stringify(packument(known, url)));
  });
  // oxlint-disable-next-line promise/avoid-new -- listening is an event
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, server };
}

/** What a registry says of a package: here always one version. */
function packument({ tarball, manifest }: Packed, url: string): object {
  const { name, version } = manifest;
  const integrity = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
  const dist = { tarball: `${url}${basename(tarball)}`, integrity };
  return { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } };
}

interface Packed {
  readonly tarball: string;
  readonly manifest: { readonly name: string; readonly version: string };
}
