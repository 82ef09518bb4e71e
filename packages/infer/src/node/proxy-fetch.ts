import type { EnvHttpProxyAgent, RequestInit as UndiciInit } from "undici";
import { CallsignError } from "../errors.ts";
import { errorCode } from "./error-code.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A `fetch` that goes through the proxy named by HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, except for the hosts in NO_PROXY;
 * each variable in either case, the lower first. Without one of them it is the global `fetch`. A request rejects with
 * CallsignError `CONFIG_INVALID` where the proxy is not an HTTP one.
 */
export function createFetch(env: Environment = process.env): typeof fetch {
  return async (input, init) => {
    const http = find(env, ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]);
    const https = find(env, ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]) ?? http;
    if (https === undefined) return fetch(input, init);
    const url = input instanceof Request ? input.url : String(input);
    const options = { ...init, dispatcher: await agentFor({ http, https, env }) } as unknown as UndiciInit;
    try {
      // Not the global fetch: it may belong to another version of undici, whose agents differ.
      const { fetch: fetchThroughAgent } = await import("undici");
      return await fetchThroughAgent(url, options);
    } catch (error) {
      throw withProxy(error, url.startsWith("https:") ? https : http);
    }
  };
}

interface Proxies {
  readonly http: Proxy | undefined;
  readonly https: Proxy;
  readonly env: Environment;
}

async function agentFor({ http, https, env }: Proxies): Promise<EnvHttpProxyAgent> {
  const noProxy = env["no_proxy"] ?? env["NO_PROXY"] ?? "";
  const key = JSON.stringify([http?.url, https.url, noProxy]);
  // Loaded only where a proxy is set.
  const undici = await import("undici");
  const agent =
    agents.get(key) ??
    new undici.EnvHttpProxyAgent({ httpProxy: http?.url ?? "", httpsProxy: https.url, noProxy });
  agents.set(key, agent);
  return agent;
}

/** One for each setting: it keeps connections open between requests. */
const agents = new Map<string, EnvHttpProxyAgent>();

interface Proxy {
  readonly url: string;
  /** The variable that names it. */
  readonly variable: string;
}

function find(env: Environment, variables: readonly string[]): Proxy | undefined {
  const variable = variables.find((name) => env[name]?.trim());
  if (variable === undefined) return undefined;
  const value = env[variable]!.trim();
  // `proxy:3128` is a URL of scheme `proxy:` to a parser, and a host to curl and everyone else.
  const url = value.includes("://") ? value : `http://${value}`;
  if (URL.canParse(url) && /^https?:/i.test(url)) return { url, variable };
  const shown = value.replace(/\/\/.*@/, "//");
  throw new CallsignError(
    "CONFIG_INVALID",
    `${variable}: expected an HTTP proxy such as http://proxy.example:3128, got ${JSON.stringify(shown)}`,
  );
}

/** The same error, naming the proxy. */
function withProxy(error: unknown, proxy: Proxy | undefined): unknown {
  if (!(error instanceof Error) || error.name === "AbortError" || proxy === undefined) return error;
  const inner = deepestCause(error);
  const { protocol, host } = new URL(proxy.url);
  const message = `${inner.message || inner.name} (${proxy.variable} is ${protocol}//${host})`;
  const code = errorCode(inner) ?? "";
  const cause = new Error(message, { cause: inner });
  return new TypeError(error.message, {
    cause: NO_CONNECTION.has(code) ? cause : Object.assign(cause, { code }),
  });
}

/** Where the reason is: "fetch failed" and "Request was cancelled" say nothing. */
const deepestCause = (error: Error): Error =>
  error.cause instanceof Error ? deepestCause(error.cause) : error;

/** Left out: with a proxy they do not tell whether this machine is offline. */
const NO_CONNECTION = new Set(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH"]);
