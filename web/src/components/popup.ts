import { useCallback, useEffect, useRef, useState, type RefObject } from "react";

export interface Popup<Trigger extends HTMLElement, Content extends HTMLElement> {
  isOpen: boolean;
  open: () => void;
  /** Focus goes back to the trigger, unless it was closed by using something else. */
  close: (options?: { keepFocus?: boolean }) => void;
  trigger: RefObject<Trigger | null>;
  content: RefObject<Content | null>;
}

/** What opens beside its button, and closes by Escape, a press outside, or when the focus goes elsewhere. */
export function usePopup<Trigger extends HTMLElement, Content extends HTMLElement>(): Popup<
  Trigger,
  Content
> {
  const [isOpen, setOpen] = useState(false);
  const trigger = useRef<Trigger>(null);
  const content = useRef<Content>(null);

  const open = useCallback(() => setOpen(true), []);
  const close = useCallback(({ keepFocus = false } = {}) => {
    setOpen(false);
    if (!keepFocus) trigger.current?.focus();
  }, []);

  useEffect(() => {
    if (!isOpen) return undefined;
    const ending = new AbortController();
    const isInside = (target: EventTarget | null) =>
      target instanceof Node &&
      (content.current?.contains(target) === true || trigger.current?.contains(target) === true);
    const isForWhatIsOpenInside = (target: EventTarget | null) => {
      const innermost = target instanceof Element ? target.closest('[role="menu"], dialog[open]') : null;
      return innermost !== content.current && content.current?.contains(innermost) === true;
    };
    const onPress = (event: PointerEvent) => {
      if (!isInside(event.target)) close({ keepFocus: true });
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || isForWhatIsOpenInside(event.target)) return;
      event.preventDefault();
      event.stopPropagation();
      close();
    };
    const onFocus = (event: FocusEvent) => {
      if (!isInside(event.target)) close({ keepFocus: true });
    };
    document.addEventListener("pointerdown", onPress, { signal: ending.signal, capture: true });
    document.addEventListener("keydown", onKey, { signal: ending.signal, capture: true });
    document.addEventListener("focusin", onFocus, { signal: ending.signal });
    return () => ending.abort();
  }, [isOpen, close]);

  return { isOpen, open, close, trigger, content };
}
