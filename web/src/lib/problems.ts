import type { Problem } from "@/lib/contracts/problem.gen";

/**
 * What can go wrong between the page and an API:
 *
 *     ApiError
 *     ├── ProblemError         the server answered, with a problem (RFC 9457)
 *     ├── UnreachableError     no answer came: offline, blocked, or too slow
 *     └── SessionEndedError    nobody is signed in any more
 */
export class ApiError extends Error {}

export class ProblemError extends ApiError {
  override readonly name = "ProblemError";
  readonly status: number;
  readonly problem: Problem;
  /** Milliseconds that the server asks to wait (429, 503), if it does. */
  readonly retryAfterMs: number | null;

  constructor(problem: Problem, retryAfterMs: number | null = null) {
    super(problem.detail || problem.title);
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  /** What was wrong with one field of the request, like `title`. */
  about(field: string): string | null {
    return this.problem.errors.find(({ where }) => where.split(".").at(-1) === field)?.message ?? null;
  }
}

export class UnreachableError extends ApiError {
  override readonly name = "UnreachableError";

  constructor(options?: ErrorOptions) {
    super("The server cannot be reached.", options);
  }
}

export class SessionEndedError extends ApiError {
  override readonly name = "SessionEndedError";

  constructor() {
    super("You have been signed out.");
  }
}

const MINUTE_MS = 60_000;

/** One sentence for a person, whatever was thrown. */
export function explain(error: unknown): string {
  if (error instanceof ProblemError) {
    if (error.status === 429) return explainWait(error.retryAfterMs);
    if (error.status >= 500) return "Something went wrong on our side. Try again in a moment.";
    return error.problem.errors[0]?.message ?? error.message;
  }
  if (error instanceof ApiError) return error.message;
  return "Something went wrong. Try again.";
}

function explainWait(ms: number | null): string {
  if (ms === null || ms <= MINUTE_MS) return "That was a bit fast. Try again in a moment.";
  return `Too many tries. Try again in ${Math.ceil(ms / MINUTE_MS)} minutes.`;
}
