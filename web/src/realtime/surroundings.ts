/** What happens around the page: the network comes and goes, the window is looked at. */
export type Occasion = "online" | "offline" | "looked_at";

export interface Surroundings {
  isOnline: () => boolean;
  watch: (listener: (occasion: Occasion) => void) => () => void;
}

export function browserSurroundings(page: Window): Surroundings {
  return {
    isOnline: () => page.navigator.onLine,
    watch: (listener) => {
      const ending = new AbortController();
      const on = (target: EventTarget, event: string, occasion: Occasion, holds = () => true) =>
        target.addEventListener(event, () => holds() && listener(occasion), { signal: ending.signal });
      on(page, "online", "online");
      on(page, "offline", "offline");
      on(page, "focus", "looked_at");
      on(page.document, "visibilitychange", "looked_at", () => page.document.visibilityState === "visible");
      return () => ending.abort();
    },
  };
}
