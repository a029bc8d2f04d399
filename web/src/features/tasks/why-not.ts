import type { IconName } from "@/components/icon";
import type { components } from "@/lib/contracts/notification-worker.gen";
import type { Send } from "@/lib/http";

type Schemas = components["schemas"];
export type JudgedEvent = Schemas["JudgedEvent"];

export async function fetchWhyNot(send: Send, taskId: string): Promise<readonly JudgedEvent[]> {
  const path = `/api/notifications/why-not?task_id=${encodeURIComponent(taskId)}`;
  return (await send<Schemas["JudgedEvents"]>(path)).data.items;
}

interface Verdict {
  words: string;
  /** What the person can do about it. */
  help: "notification" | "preferences" | null;
  icon: IconName;
}

const VERDICTS: Record<Schemas["Outcome"], Verdict> = {
  told: { words: "You were told", help: "notification", icon: "check" },
  waits_for_digest: { words: "Waits for your next digest", help: "preferences", icon: "clock" },
  own_action: { words: "You did this yourself", help: null, icon: "person" },
  muted: { words: "You had muted this task", help: null, icon: "muted" },
  preference: { words: "You had turned this off", help: "preferences", icon: "sliders" },
  not_watching: { words: "You were not watching then", help: null, icon: "eye" },
  not_the_assignee: { words: "It was assigned to somebody else", help: null, icon: "person" },
  withdrawn: { words: "Taken back: it was undone within a minute", help: null, icon: "undo" },
};

const TURNED_OFF: Record<string, string | undefined> = {
  "taskify.task.assigned.v1": "You had turned assignments off",
  "taskify.task.status_changed.v1": "You had turned status changes off",
  "taskify.task.comment_added.v1": "You had turned comments off",
};

const PREFERENCE: Record<string, string | undefined> = {
  "taskify.task.assigned.v1": "task_assigned",
  "taskify.task.status_changed.v1": "status_changed",
  "taskify.task.comment_added.v1": "comment_added",
};

/** What became of an event for this person, in words. */
export function verdict({ outcome, event }: JudgedEvent): Verdict {
  const known = VERDICTS[outcome];
  return outcome === "preference" ? { ...known, words: TURNED_OFF[event.type] ?? known.words } : known;
}

/** Where the choice about events of this type is. */
export function preferencePath({ event }: JudgedEvent): string {
  const type = PREFERENCE[event.type];
  return type === undefined ? "/preferences" : `/preferences#${type}`;
}
