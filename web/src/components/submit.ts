import type { KeyboardEvent } from "react";

/** Ctrl+Enter or ⌘+Enter in a text area sends its form. */
export function submitOnCommandEnter(event: KeyboardEvent<HTMLTextAreaElement>): void {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.currentTarget.form?.requestSubmit();
}
