import { once } from "node:events";
import { chmod, lstat, unlink } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { CallsignError } from "../../errors.ts";

/**
 * Listens on a Unix socket that only this user may connect to. A socket file that nobody listens on any more (left by a
 * process that was killed) is replaced; anything else at the path is left alone. Closing the server removes the file.
 * @throws CallsignError `SERVE_FAILED`
 */
export async function listenOnUnixSocket(server: Server, path: string): Promise<void> {
  try {
    await removeStaleSocket(path);
    server.listen({ path });
    await once(server, "listening");
    await chmod(path, 0o600);
  } catch (cause) {
    if (cause instanceof CallsignError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const why =
      code === "ENOENT" || code === "EACCES"
        ? "its folder is missing or may not be written to"
        : code === "EINVAL"
          ? "the path is too long for a socket (about 100 bytes)"
          : message;
    throw new CallsignError("SERVE_FAILED", `cannot listen on unix://${path}: ${why}`, { cause });
  }
}

async function removeStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return;
  if (!stats.isSocket())
    throw new CallsignError(
      "SERVE_FAILED",
      `cannot listen on unix://${path}: a file that is no socket is there; remove it or choose another path`,
    );
  if (await isListening(path))
    throw new CallsignError(
      "SERVE_FAILED",
      `cannot listen on unix://${path}: another program listens there; choose another path`,
    );
  await unlink(path);
}

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
