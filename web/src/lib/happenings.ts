const WORDS: Record<string, [passive: string, by: string] | undefined> = {
  "taskify.task.assigned.v1": ["It was assigned", "assigned it"],
  "taskify.task.status_changed.v1": ["Its status was changed", "changed its status"],
  "taskify.task.comment_added.v1": ["A comment was added", "commented"],
  "taskify.notification.requested.v1": ["Another service asked to tell you", "asked to tell you"],
};

/** What an event says has happened, in words, with who did it where that is known. */
export function happening(eventType: string, actor: string | null): string {
  const words = WORDS[eventType];
  if (words === undefined) return "Something happened";
  return actor === null ? words[0] : `${actor} ${words[1]}`;
}

/** The service that an event comes from, as its source names it: `/billing-service` is "billing". */
export function serviceName(source: string): string {
  const last = source.split("/").filter(Boolean).at(-1) ?? source;
  return last.replace(/[-_]?service$/u, "").replaceAll(/[-_]+/gu, " ") || last;
}
