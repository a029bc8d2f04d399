/** A number in [0, 1), like Math.random. */
export type Random = () => number;

export interface BackoffBounds {
  baseMs: number;
  capMs: number;
}

/**
 * Exponential backoff with full jitter: anywhere between nothing and min(cap, base · 2^attempt), in milliseconds.
 * `attempt` counts from 0. Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
 */
export function fullJitter(attempt: number, { baseMs, capMs }: BackoffBounds, random: Random): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 32));
}

/** `ms` give or take `share` of it, so that many windows do not act in the same moment. */
export function jittered(ms: number, share: number, random: Random): number {
  return ms * (1 - share + 2 * share * random());
}
