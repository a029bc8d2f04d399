import type { Status } from "@/features/tasks/api";

/** In the order of the board. */
export const STATUSES: readonly { status: Status; name: string }[] = [
  { status: "todo", name: "To do" },
  { status: "in_progress", name: "In progress" },
  { status: "in_review", name: "In review" },
  { status: "done", name: "Done" },
];

export function statusName(status: Status): string {
  return STATUSES.find((one) => one.status === status)?.name ?? status;
}

/** The column beside, or null at the edge of the board. */
export function besides(status: Status, step: -1 | 1): Status | null {
  const at = STATUSES.findIndex((one) => one.status === status);
  return STATUSES[at + step]?.status ?? null;
}
