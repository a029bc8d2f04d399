import { useCallback, useEffect, useRef, useState, type PointerEvent as ReactPointerEvent } from "react";

import type { Status, Task } from "@/features/tasks/api";

export interface Drag {
  task: Task;
  over: Status | null;
  left: number;
  top: number;
  width: number;
}

interface Grip {
  task: Task;
  pointer: number;
  startX: number;
  startY: number;
  offsetX: number;
  offsetY: number;
  width: number;
  isHeld: boolean;
}

const MOUSE_SLACK = 5;
const TOUCH_SLACK = 8;
const TOUCH_HOLD_MS = 260;
const EDGE = 56;
const EDGE_STEP = 14;

/** The column under a point: columns carry `data-status`. */
function columnAt(x: number, y: number): Status | null {
  const column = document
    .elementsFromPoint(x, y)
    .map((element) => element.closest<HTMLElement>("[data-status]"))
    .find((element) => element !== null);
  return (column?.dataset.status as Status | undefined) ?? null;
}

/** Takes a card with the mouse at once, with a finger after a short hold (a swipe scrolls the board). */
export function useCardDrag(onDrop: (task: Task, status: Status) => void) {
  const [drag, setDrag] = useState<Drag | null>(null);
  const grip = useRef<Grip | null>(null);
  const isDragging = drag !== null;
  const wasDragged = useRef(false);

  const begin = useCallback((x: number, y: number) => {
    const held = grip.current;
    if (held === null) return;
    wasDragged.current = true;
    setDrag({
      task: held.task,
      over: columnAt(x, y),
      left: x - held.offsetX,
      top: y - held.offsetY,
      width: held.width,
    });
  }, []);

  const onPointerDown = useCallback(
    (event: ReactPointerEvent<HTMLElement>, task: Task) => {
      if (event.button !== 0 || (event.target instanceof Element && event.target.closest("button") !== null))
        return;
      const box = event.currentTarget.getBoundingClientRect();
      const { clientX: startX, clientY: startY, pointerId: pointer } = event;
      wasDragged.current = false;
      const taken: Grip = {
        task,
        pointer,
        startX,
        startY,
        offsetX: startX - box.left,
        offsetY: startY - box.top,
        width: box.width,
        isHeld: event.pointerType === "mouse",
      };
      grip.current = taken;
      if (taken.isHeld) return;
      setTimeout(() => {
        if (grip.current !== taken) return;
        taken.isHeld = true;
        begin(startX, startY);
      }, TOUCH_HOLD_MS);
    },
    [begin],
  );

  useEffect(() => {
    const ending = new AbortController();
    const on = <E extends keyof DocumentEventMap>(
      name: E,
      listener: (event: DocumentEventMap[E]) => void,
      options: AddEventListenerOptions = {},
    ) => document.addEventListener(name, listener, { ...options, signal: ending.signal });
    const finish = () => {
      grip.current = null;
      setDrag(null);
    };
    on("pointermove", (event) => {
      const held = grip.current;
      if (event.pointerId !== held?.pointer) return;
      const moved = Math.hypot(event.clientX - held.startX, event.clientY - held.startY);
      if (!held.isHeld) {
        if (moved > TOUCH_SLACK) grip.current = null;
      } else if (isDragging || moved > MOUSE_SLACK) {
        begin(event.clientX, event.clientY);
        scrollAtEdge(event.clientX);
      }
    });
    on("pointerup", (event) => {
      const held = grip.current;
      if (held !== null && event.pointerId === held.pointer && isDragging) {
        const status = columnAt(event.clientX, event.clientY);
        if (status !== null) onDrop(held.task, status);
      }
      finish();
    });
    on("pointercancel", finish);
    on("keydown", (event) => {
      if (event.key !== "Escape" || !isDragging) return;
      event.preventDefault();
      finish();
    });
    // A long press on a link would open the browser's menu, and take the finger away from the card.
    on("contextmenu", (event) => grip.current !== null && event.preventDefault());
    // While a card is held the finger moves the card, not the page.
    on("touchmove", (event) => isDragging && event.cancelable && event.preventDefault(), { passive: false });
    return () => ending.abort();
  }, [begin, isDragging, onDrop]);

  /** The click that ends a drag opens nothing. */
  const onClickCapture = useCallback((event: { preventDefault: () => void; stopPropagation: () => void }) => {
    if (!wasDragged.current) return;
    wasDragged.current = false;
    event.preventDefault();
    event.stopPropagation();
  }, []);

  return { drag, onPointerDown, onClickCapture };
}

function scrollAtEdge(x: number): void {
  const board = document.querySelector("[data-board]");
  if (board === null) return;
  const box = board.getBoundingClientRect();
  if (x > box.right - EDGE) board.scrollBy(EDGE_STEP, 0);
  else if (x < box.left + EDGE) board.scrollBy(-EDGE_STEP, 0);
}
