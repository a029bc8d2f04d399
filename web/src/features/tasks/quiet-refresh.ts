import { useEffect } from "react";

import { jittered } from "@/lib/backoff";

/** Changes that notify nobody here are on the screen after this time, give or take JITTER of it. */
export const REFRESH_MS = 30_000;
const JITTER = 0.2;

/** Runs again and again while the page is visible, one at a time; a failure waits for the next. `run` should be stable. */
export function useQuietRefresh(run: () => Promise<unknown>): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const plan = () => {
      if (!isOver) timer = setTimeout(tick, jittered(REFRESH_MS, JITTER, Math.random));
    };
    const tick = () => {
      if (document.visibilityState === "visible") run().then(plan, plan);
      else plan();
    };
    plan();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [run]);
}
