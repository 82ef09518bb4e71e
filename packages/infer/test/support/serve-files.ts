import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A file as it is, one whose connection ends half-way, one that stops half-way and stays open, or a page. */
export type ServedFile =
  | Uint8Array
  | string
  | { readonly cut: Uint8Array }
  | { readonly stall: Uint8Array }
  | { readonly html: string };

export interface ServedFiles {
  /** Ends in a slash. */
  readonly url: string;
  /** Paths asked for, in order. */
  readonly requests: string[];
  close(): void;
}

/** Serves files by their path on a free port of this machine; others are 404. */
export async function serveFiles(files: Readonly<Record<string, ServedFile>>): Promise<ServedFiles> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url!.split("?")[0]!;
    requests.push(path);
    const file = files[path];
    if (file === undefined) response.writeHead(404).end();
    else if (typeof file === "string" || file instanceof Uint8Array) response.end(file);
    else if ("html" in file) response.writeHead(200, { "content-type": "text/html" }).end(file.html);
    else {
      const bytes = "cut" in file ? file.cut : file.stall;
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, bytes.length / 2), () => {
        if ("cut" in file) response.destroy();
      });
    }
  });
  // oxlint-disable-next-line promise/avoid-new -- listening is an event
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
