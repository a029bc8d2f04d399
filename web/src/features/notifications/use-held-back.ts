import { useState } from "react";

import type { Notification } from "@/lib/contracts/frames.gen";
import { compareMoments } from "@/realtime/rows";

/** The list as it stood when somebody began to read it. */
interface Held {
  top: Notification;
  rows: ReadonlyMap<string, Notification>;
}

export interface HeldBack {
  shown: readonly Notification[];
  /** Unread ones that came, or were added to, since the list holds still. */
  waiting: number;
  release: () => void;
}

/**
 * Holds a list still while somebody reads in it: what is new waits above, and what is added to a row that is there
 * changes it in its place. What goes, goes.
 */
export function useHeldBack(items: readonly Notification[], isHolding: boolean): HeldBack {
  const [held, setHeld] = useState<Held | null>(null);
  if (isHolding && held === null && items.length > 0) setHeld(standing(items));
  if (!isHolding && held !== null) setHeld(null);
  const release = () => setHeld(isHolding ? standing(items) : null);
  if (held === null) return { shown: items, waiting: 0, release };

  const { top, rows } = held;
  const isNewer = (item: Notification) => compareMoments(item.updated_at, top.updated_at) > 0;
  const stoodAt = (item: Notification) => rows.get(item.id)?.updated_at ?? item.updated_at;
  const shown = items
    .filter((item) => rows.has(item.id) || !isNewer(item))
    .sort((one, other) => compareMoments(stoodAt(other), stoodAt(one)));
  const waiting = items.filter(
    (item) => item.read_at === null && isNewer(item) && item.count > (rows.get(item.id)?.count ?? 0),
  ).length;
  return { shown, waiting, release };
}

function standing(items: readonly Notification[]): Held | null {
  const top = items[0];
  return top === undefined ? null : { top, rows: new Map(items.map((item) => [item.id, item])) };
}
