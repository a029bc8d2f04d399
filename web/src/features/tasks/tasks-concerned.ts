import type { FeedEvent } from "@/realtime/feed";

/** More tasks than this are not asked for one by one. */
const SINGLY = 3;

/** The tasks that an event of the feed speaks of, which are therefore to be asked for again. */
export function tasksConcerned(event: FeedEvent): "all" | readonly string[] {
  switch (event.kind) {
    case "backlog":
      return "all";
    case "arrived":
      return event.notification.task_id === null ? [] : [event.notification.task_id];
    case "changed":
      return event.taskIds.length > SINGLY ? "all" : event.taskIds;
    case "refused":
      return [];
  }
}
