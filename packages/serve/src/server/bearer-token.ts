import { createHash, timingSafeEqual } from "node:crypto";

/** Whether a token equals the expected one, in constant time. */
export function sameToken(got: string | undefined, expected: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(got ?? ""), digest(expected)) && got !== undefined;
}

/** Token of an `Authorization: Bearer` header. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer (?<token>\S+)$/i.exec(header ?? "")?.groups?.token;
}
