import type { Problem } from "@/lib/contracts/problem.gen";
import { ProblemError, UnreachableError } from "@/lib/problems";

export interface RequestOptions {
  method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Lets the request outlive the page, for marks that are made while leaving it. */
  keepalive?: boolean;
  credentials?: RequestCredentials;
  /** A file is handed on as it comes, however long that takes; all else is JSON, and has to come in time. */
  as?: "json" | "file";
}

export interface Answer<T> {
  data: T;
  headers: Headers;
}

/** Sends a request and gives its answer; the type is what the contract promises for that path. */
export type Send = <T>(path: string, options?: RequestOptions) => Promise<Answer<T>>;

export const REQUEST_DEADLINE_MS = 20_000;

function retryAfterMs(headers: Headers): number | null {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : null;
}

async function problemOf(response: Response): Promise<Problem> {
  const bare: Problem = {
    type: response.status >= 500 ? "unavailable" : "invalid_request",
    title: response.statusText || "Error",
    status: response.status,
    detail: "",
    errors: [],
  };
  if (!(response.headers.get("content-type") ?? "").includes("json")) return bare;
  try {
    return { ...bare, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return bare;
  }
}

/**
 * A sender of JSON to one origin. Answers outside 200–299 are thrown as ProblemError; no answer, or none within
 * REQUEST_DEADLINE_MS, as UnreachableError. An abort by the caller's own signal passes through. What is asked for as
 * a file is a Blob.
 */
export function createSend(origin: string, fetcher: typeof fetch): Send {
  return async <T>(path: string, options: RequestOptions = {}): Promise<Answer<T>> => {
    const { body, headers = {}, signal, as = "json", ...rest } = options;
    const signals = [
      ...(signal ? [signal] : []),
      ...(as === "json" ? [AbortSignal.timeout(REQUEST_DEADLINE_MS)] : []),
    ];
    const init: RequestInit = {
      ...rest,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      signal: AbortSignal.any(signals),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    let response: Response;
    let text: string;
    try {
      response = await fetcher(origin + path, init);
      if (!response.ok) throw new ProblemError(await problemOf(response), retryAfterMs(response.headers));
      if (as === "file") return { data: (await response.blob()) as T, headers: response.headers };
      text = await response.text();
    } catch (error) {
      if (error instanceof ProblemError || signal?.aborted) throw error;
      throw new UnreachableError({ cause: error });
    }
    return { data: (text === "" ? undefined : JSON.parse(text)) as T, headers: response.headers };
  };
}
