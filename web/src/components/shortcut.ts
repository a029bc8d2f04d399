import { useEffect } from "react";

const TYPING = 'input, textarea, select, [contenteditable="true"], [role="menu"]';

/** One key alone, when nobody is typing and no dialog is open. `run` should be stable. */
export function useShortcut(key: string, run: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented)
        return;
      if (event.target instanceof Element && event.target.closest(TYPING) !== null) return;
      if (document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      run();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [key, run]);
}
