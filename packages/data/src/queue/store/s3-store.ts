import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { writeFileAtomic } from "@callsign/infer/node/internal";
import type * as Sdk from "@aws-sdk/client-s3";

import { loadOptional } from "../load-optional.ts";
import type { ArtifactStore } from "./artifact-store.ts";

/** A bucket of S3 or of a server with its protocol. It must honour `If-None-Match: *` on PUT, which is tried when it is opened. */
export async function openS3Store(
  where: string,
  { env }: { readonly env: Readonly<Record<string, string | undefined>> },
): Promise<ArtifactStore> {
  const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]+)\/?(.*?)\/?$/i.exec(where) ?? [];
  if (bucket === "")
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `--store: expected s3://bucket/prefix, got ${JSON.stringify(where)}`,
    );
  const { S3Client, GetObjectCommand, HeadObjectCommand, PutObjectCommand, DeleteObjectCommand } =
    await loadOptional<typeof Sdk>("@aws-sdk/client-s3", {
      load: () => import("@aws-sdk/client-s3"),
      use: "a store in S3",
    });
  const endpoint = env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"];
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  const client = new S3Client({
    // Other servers than Amazon's rarely have a host name for each bucket.
    ...(endpoint && { endpoint, forcePathStyle: true }),
    ...(env["AWS_REGION"] && { region: env["AWS_REGION"] }),
    // Without keys the SDK looks for a profile, or for the role of the machine.
    ...(accessKeyId &&
      secretAccessKey && {
        credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
      }),
    // Jobs and machines come and go: a bucket that is busy for a minute must not end a build of days.
    maxAttempts: 8,
    // Servers that are not Amazon's may not know the checksums that the SDK adds by itself; content is checked by its key anyway.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const at = (key: string) => ({ Bucket: bucket, Key: prefix === "" ? key : `${prefix}/${key}` });
  /** Result of a request; undefined for the statuses `absent`. */
  const request = async <Result>(send: Promise<Result>, ...absent: number[]): Promise<Result | undefined> =>
    send.catch((cause: unknown) => {
      const status = (cause as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      if (status !== undefined && absent.includes(status)) return undefined;
      const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
      throw new CallsignError("STORE_FAILED", `${where}: the store cannot be used: ${reason}`, { cause });
    });
  const store: ArtifactStore = {
    name: where,
    has: async (key) => (await request(client.send(new HeadObjectCommand(at(key))), 404)) !== undefined,
    async read(key) {
      const found = await request(
        client.send(new GetObjectCommand(at(key))).then(async ({ Body }) => Body!.transformToByteArray()),
        404,
      );
      return found;
    },
    async write(key, bytes) {
      const put = new PutObjectCommand({ ...at(key), Body: bytes, IfNoneMatch: "*" });
      // 412: something is there. 409: another writer is at it; the SDK has tried again by then.
      return (await request(client.send(put), 412, 409)) !== undefined;
    },
    send: async (key, path) => store.write(key, await readFile(path)),
    async fetch(key, path) {
      const bytes = await store.read(key);
      if (bytes === undefined) return false;
      await mkdir(dirname(path), { recursive: true });
      await writeFileAtomic(path, bytes);
      return true;
    },
    remove: async (key) => void (await request(client.send(new DeleteObjectCommand(at(key))), 404)),
  };
  await checkConditional(store);
  return store;
}

/** A server that ignores the condition would let one machine overwrite what another has written. */
async function checkConditional(store: ArtifactStore): Promise<void> {
  const mark = new TextEncoder().encode("conditional\n");
  await store.write("conditional", mark);
  if (await store.write("conditional", mark))
    throw new CallsignError(
      "STORE_FAILED",
      `${store.name}: expected a server that refuses to overwrite (If-None-Match: * on PUT), got one that overwrites; ` +
        "use Amazon S3, MinIO, Ceph or another server that has conditional writes",
    );
}
