import { type FileHandle, open } from "node:fs/promises";
import { CallsignError } from "@callsign/audio/internal";
import type { DownloadOptions } from "./download-options.ts";
import { errorCode } from "@callsign/audio/node/internal";
import { createFetch } from "./proxy-fetch.ts";
import { writeError } from "../files/write-error.ts";

/** A failure that another try may get past. */
export class Retry extends Error {
  /** What the server asked to wait. */
  readonly afterMs: number | undefined;

  constructor(
    message: string,
    options: { readonly afterMs?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.afterMs = options.afterMs;
  }
}

/**
 * One request that continues the file at `path` to its full length, or starts it anew where the server will not
 * continue it. @throws Retry, or CallsignError `DOWNLOAD_FAILED`, `CHECKSUM_MISMATCH`, `FILE_WRITE_FAILED`
 */
export async function receive(path: string, url: string, options: DownloadOptions): Promise<void> {
  const file = await open(path, "a").catch((cause: unknown) => {
    throw writeError(path, cause);
  });
  const watch = new StallWatch(options.stallMs ?? 30_000);
  const signal = options.signal ? AbortSignal.any([options.signal, watch.signal]) : watch.signal;
  try {
    let offset = (await file.stat()).size;
    if (offset > options.bytes) {
      await file.truncate(0);
      offset = 0;
    }
    if (offset === options.bytes) return;
    const response = await request(url, { ...options, offset, signal });
    const from = await startOf(response, { url, offset, file });
    await copyBody(response, { url, from, file, watch, options });
    await file.sync();
  } catch (error) {
    if (watch.signal.aborted && !options.signal?.aborted)
      throw new Retry("the connection stalled", { cause: error });
    throw error;
  } finally {
    watch.stop();
    await file.close();
  }
}

/** Aborts its signal when it is not fed for so long. */
class StallWatch {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(stallMs: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), stallMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  feed(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

async function request(
  url: string,
  options: DownloadOptions & { readonly offset: number; readonly signal: AbortSignal },
): Promise<Response> {
  const { fetch: get = createFetch(), headers, offset, signal } = options;
  try {
    return await get(url, {
      // Ranges count bytes as sent, so the transfer must not be compressed.
      headers: {
        "accept-encoding": "identity",
        ...(offset > 0 && { range: `bytes=${offset}-` }),
        ...headers,
      },
      signal,
    });
  } catch (cause) {
    throw networkError(url, cause);
  }
}

/** What went wrong below HTTP: no way to the host fails at once, a broken connection may be tried again. */
function networkError(url: string, cause: unknown): Error {
  if (cause instanceof Error && cause.name === "AbortError") return cause;
  const inner = cause instanceof Error ? cause.cause : undefined;
  const code = errorCode(inner) ?? "";
  const reason = inner instanceof Error && inner.message !== "" ? inner.message : String(cause);
  if (BROKEN.has(code)) return new Retry(`the connection broke: ${reason}`, { cause });
  const message = OFFLINE.has(code)
    ? `${new URL(url).host} cannot be reached; is this machine offline? ${reason}; behind a proxy, set HTTPS_PROXY`
    : `failed: ${reason}`;
  return new CallsignError("DOWNLOAD_FAILED", `${url}: ${message}`, { cause });
}

const OFFLINE = new Set(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH"]);
const BROKEN = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_SOCKET",
]);

/** Where in the file the response's body belongs. */
async function startOf(
  response: Response,
  { url, offset, file }: { readonly url: string; readonly offset: number; readonly file: FileHandle },
): Promise<number> {
  const continues = new RegExp(`^bytes ${offset}-`).test(response.headers.get("content-range") ?? "");
  if (response.status === 206 && continues) return offset;
  const ok = response.status === 200;
  if (!ok) await response.body?.cancel();
  if (ok || response.status === 206 || response.status === 416) await file.truncate(0);
  if (ok) return 0;
  if (response.status === 206 || response.status === 416)
    throw new Retry("the server would not continue the file");
  throw statusError(url, response);
}

function statusError(url: string, response: Response): Error {
  const { status, headers } = response;
  const said = `HTTP ${status} ${response.statusText}`.trim();
  if (status === 429 || status === 408 || status >= 500) {
    const afterMs = retryAfterMs(headers.get("retry-after"));
    if (afterMs === undefined || afterMs <= LONGEST_WAIT_MS) return new Retry(said, { afterMs });
    const seconds = Math.ceil(afterMs / 1000);
    return new CallsignError(
      "DOWNLOAD_FAILED",
      `${url}: ${said}: the server asks to wait ${seconds} s; try then`,
    );
  }
  const why = STATUS_REASONS[status] ?? "";
  return new CallsignError("DOWNLOAD_FAILED", `${url}: ${said}${why}`);
}

/** Nobody waits longer in front of a terminal; a longer request is passed on instead. */
const LONGEST_WAIT_MS = 60_000;

const STATUS_REASONS: Readonly<Record<number, string>> = {
  401: ": access denied; if the repository is private or gated, set HF_TOKEN to a token that may read it",
  403: ": access denied; if the repository is private or gated, set HF_TOKEN to a token that may read it",
  404: ": there is no such file, repository or revision",
};

/** Seconds or an HTTP date (RFC 9110, 10.2.3); undefined for neither. */
function retryAfterMs(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

interface Copy {
  readonly url: string;
  readonly from: number;
  readonly file: FileHandle;
  readonly watch: StallWatch;
  readonly options: DownloadOptions;
}

async function copyBody(response: Response, { url, from, file, watch, options }: Copy): Promise<void> {
  const { bytes, target } = options;
  const startMs = performance.now();
  let done = from;
  for await (const chunk of bodyOf(response, url)) {
    watch.feed();
    done += chunk.length;
    if (done > bytes)
      throw new CallsignError("CHECKSUM_MISMATCH", `${url}: expected ${bytes} bytes, the server sends more`);
    await file.appendFile(chunk).catch((cause: unknown) => {
      throw writeError(target, cause);
    });
    const bytesPerSecond = ((done - from) * 1000) / Math.max(performance.now() - startMs, 1);
    const etaSeconds = (bytes - done) / bytesPerSecond;
    options.onProgress?.({
      stage: "download",
      done,
      total: bytes,
      unit: "bytes",
      bytesPerSecond,
      etaSeconds,
    });
  }
  if (done < bytes) throw new Retry(`the connection ended after ${done} of ${bytes} bytes`);
}

async function* bodyOf(response: Response, url: string): AsyncGenerator<Uint8Array> {
  try {
    const body: AsyncIterable<Uint8Array> | null = response.body;
    if (body !== null) yield* body;
  } catch (cause) {
    throw networkError(url, cause);
  }
}
