import { describe, expect, it } from "vitest";

import { createSend } from "@/lib/http";
import type { Problem } from "@/lib/contracts/problem.gen";
import { explain, ProblemError, UnreachableError } from "@/lib/problems";

const answering = (response: Response) => createSend("https://api.example", () => Promise.resolve(response));

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "nothing was thrown",
    (error: unknown) => error,
  );
}

describe("send", () => {
  it("gives the body and the headers of a good answer, and copes with none", async () => {
    const headers = { etag: '"3"' };
    const { data, headers: given } = await answering(new Response('{"id":"t"}', { headers }))<{ id: string }>(
      "/t",
    );
    expect(data).toEqual({ id: "t" });
    expect(given.get("etag")).toBe('"3"');
    expect((await answering(new Response(null, { status: 204 }))("/t")).data).toBeUndefined();
  });

  it("hands a file on as it comes, with no time in which it has to", async () => {
    let signal: AbortSignal | null | undefined;
    const send = createSend("", (_, init) => {
      signal = init?.signal;
      return Promise.resolve(new Response("{ not JSON"));
    });
    const { data } = await send<Blob>("/file", { as: "file" });
    expect(await data.text()).toBe("{ not JSON");
    expect(signal?.aborted).toBe(false);
  });

  it("throws a problem with its fields and the time to wait", async () => {
    const problem = {
      type: "invalid_request",
      title: "Invalid",
      status: 422,
      detail: "The request is not valid.",
      errors: [{ where: "body.title", message: "Too long" }],
    };
    const headers = { "content-type": "application/problem+json", "retry-after": "7" };
    const error = await caught(
      answering(new Response(JSON.stringify(problem), { status: 422, headers }))("/t"),
    );
    expect(error).toBeInstanceOf(ProblemError);
    const thrown = error as ProblemError;
    expect(thrown.about("title")).toBe("Too long");
    expect(thrown.about("status")).toBeNull();
    expect(thrown.retryAfterMs).toBe(7_000);
    expect(explain(error)).toBe("Too long");
  });

  it("makes a problem of an error page that is none of ours", async () => {
    const error = await caught(answering(new Response("<h1>Bad gateway</h1>", { status: 502 }))("/t"));
    expect(error).toMatchObject({ status: 502, problem: { type: "unavailable" } });
  });

  it("says how long to wait when that is longer than a moment", () => {
    const problem: Problem = { type: "too_many_requests", title: "", status: 429, detail: "", errors: [] };
    expect(explain(new ProblemError(problem))).toBe("That was a bit fast. Try again in a moment.");
    expect(explain(new ProblemError(problem, 3_000))).toBe("That was a bit fast. Try again in a moment.");
    expect(explain(new ProblemError(problem, 840_001))).toBe("Too many tries. Try again in 15 minutes.");
  });

  it("says unreachable when no answer comes, but lets a caller's abort through", async () => {
    const failing = createSend("", () => Promise.reject(new TypeError("Failed to fetch")));
    expect(await caught(failing("/t"))).toBeInstanceOf(UnreachableError);
    const ending = AbortSignal.abort(new DOMException("enough", "AbortError"));
    expect(await caught(failing("/t", { signal: ending }))).toBeInstanceOf(TypeError);
  });
});
