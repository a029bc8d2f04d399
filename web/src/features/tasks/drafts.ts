import type { Task, User } from "@/features/tasks/api";

export interface OpenEdit {
  /** The task as it was when the edit began. */
  seen: Task;
  title: string;
  description: string;
}

export interface NewTaskDraft {
  title: string;
  description: string;
  assignee: User | null;
}

/** Of each kind; the one that was touched longest ago goes first. */
export const KEPT_DRAFTS = 100;

/** What was typed and not yet sent, for as long as this page lives: closing a card or a dialog loses nothing. */
export class Drafts {
  readonly #comments = new Map<string, string>();
  readonly #edits = new Map<string, OpenEdit>();
  #newTask: NewTaskDraft | null = null;

  comment(taskId: string): string {
    return this.#comments.get(taskId) ?? "";
  }

  keepComment(taskId: string, body: string): void {
    keep(this.#comments, taskId, body === "" ? null : body);
  }

  edit(taskId: string): OpenEdit | null {
    return this.#edits.get(taskId) ?? null;
  }

  keepEdit(taskId: string, edit: OpenEdit | null): void {
    keep(this.#edits, taskId, edit);
  }

  newTask(): NewTaskDraft | null {
    return this.#newTask;
  }

  keepNewTask(draft: NewTaskDraft | null): void {
    this.#newTask = draft;
  }
}

function keep<T>(drafts: Map<string, T>, id: string, draft: T | null): void {
  drafts.delete(id);
  if (draft === null) return;
  drafts.set(id, draft);
  for (const oldest of drafts.keys()) {
    if (drafts.size <= KEPT_DRAFTS) return;
    drafts.delete(oldest);
  }
}
