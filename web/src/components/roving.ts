import type { KeyboardEvent } from "react";

const STEPS: Record<string, (at: number, count: number) => number> = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_at, count) => count - 1,
};

/** Moves the focus among what `selector` finds inside: arrows, Home and End. True if the key was one of these. */
export function moveFocus(event: KeyboardEvent<HTMLElement>, selector: string): boolean {
  const step = STEPS[event.key];
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>(selector)];
  if (step === undefined || items.length === 0) return false;
  const focused = items.findIndex((item) => item.contains(document.activeElement));
  const start = focused === -1 && event.key === "ArrowUp" ? 0 : focused;
  event.preventDefault();
  items[step(start, items.length)]?.focus();
  return true;
}
