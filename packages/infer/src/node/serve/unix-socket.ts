import { once } from "node:events";
import { chmod, lstat, unlink } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { isMainThread } from "node:worker_threads";
import { CallsignError } from "../../errors.ts";

/**
 * Listens on a Unix socket that only this user may connect to. A socket file that nobody listens on any more (left by a
 * process that was killed) is replaced; anything else at the path is left alone. Closing the server removes the file.
 * @throws CallsignError `SERVE_FAILED`
 */
export async function listenOnUnixSocket(server: Server, path: string): Promise<void> {
  const refuse = (why: string, cause?: unknown): CallsignError =>
    new CallsignError("SERVE_FAILED", `cannot listen on unix://${path}: ${why}`, { cause });
  // Node would cut a longer one and listen elsewhere.
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw refuse(`the path is too long for a socket, ${MAX_PATH_BYTES} bytes at most`);
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isSocket() === false)
    throw refuse("a file that is no socket is there; remove it or choose another path");
  if (stats !== undefined && (await isListening(path)))
    throw refuse("another program listens there; choose another path");
  try {
    if (stats !== undefined) await unlink(path);
    listenPrivately(server, path);
    await once(server, "listening");
    await chmod(path, 0o600);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw refuse(
      code === "ENOENT" || code === "EACCES" ? "its folder is missing or may not be written to" : message,
      cause,
    );
  }
}

/** The file gets its mode in this call, so nobody else can connect for even a moment. A worker may not set the mask. */
function listenPrivately(server: Server, path: string): void {
  const mask = isMainThread ? process.umask(0o177) : undefined;
  try {
    server.listen({ path });
  } finally {
    if (mask !== undefined) process.umask(mask);
  }
}

/** What `sockaddr_un` holds on macOS; Linux has four bytes more. */
const MAX_PATH_BYTES = 103;

/** Whether a program accepts connections at the socket. Any failure but a refusal counts as one that might. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "ECONNREFUSED"));
  });
}
