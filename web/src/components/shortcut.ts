import { useEffect } from "react";

const TYPING = 'input, textarea, select, [contenteditable="true"], [role="menu"]';

/**
 * One key, when nobody is typing and no dialog is open; a capital letter is the key with Shift. `run` should be stable.
 */
export function useShortcut(key: string, run: () => void): void {
  useEffect(() => {
    const isLetter = key.toUpperCase() !== key.toLowerCase();
    const withShift = key !== key.toLowerCase();
    const onKey = (event: KeyboardEvent) => {
      // With Caps Lock the key of `c` is `C`; with Shift it is another shortcut.
      if (isLetter && event.shiftKey !== withShift) return;
      if (
        event.key.toLowerCase() !== key.toLowerCase() ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        event.defaultPrevented
      )
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
