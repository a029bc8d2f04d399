import {
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from "react";
import { createPortal } from "react-dom";

import { Icon } from "@/components/icon";
import { usePopup } from "@/components/popup";
import { moveFocus } from "@/components/roving";
import { classNames } from "@/lib/class-names";

import styles from "./menu.module.css";

export interface MenuItem {
  key: string;
  label: string;
  leading?: ReactNode;
  /** Given for items of which one is chosen. */
  isChosen?: boolean;
  isDanger?: boolean;
  hint?: string;
  run: () => void;
}

interface MenuProps {
  /** The accessible name of the button; what it shows may be a drawing alone. */
  label: string;
  items: readonly MenuItem[];
  children: ReactNode;
  className?: string | undefined;
  header?: ReactNode;
  disabled?: boolean;
  /** Told when it opens and closes: what it offers may have to be asked for. */
  onOpen?: (isOpen: boolean) => void;
}

const ROW = '[role^="menuitem"]';
const HOSTS = 'dialog, [role="dialog"], aside, main, header';
const GAP = 6;
const MARGIN = 8;

/** A button with a menu: arrows, Home, End, first letters, Enter and Escape, as the ARIA practices describe. */
export function Menu({ label, items, children, className, header, disabled = false, onOpen }: MenuProps) {
  const { isOpen, open, close, trigger, content } = usePopup<HTMLButtonElement, HTMLDivElement>();
  const id = useId();
  const typed = useRef({ text: "", at: 0 });
  const host = useHost(trigger, isOpen);

  useEffect(() => onOpen?.(isOpen), [isOpen, onOpen]);

  useLayoutEffect(() => {
    if (!isOpen || trigger.current === null || content.current === null) return;
    place(content.current, trigger.current.getBoundingClientRect());
  }, [isOpen, host, trigger, content]);

  useEffect(() => {
    if (!isOpen) return;
    const rows = content.current?.querySelectorAll<HTMLElement>(ROW) ?? [];
    const chosen = [...rows].find(
      (row) => row.ariaChecked === "true" || row.getAttribute("aria-checked") === "true",
    );
    (chosen ?? rows[0])?.focus();
  }, [isOpen, host, content]);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    event.stopPropagation();
    if (event.key === "Tab") close({ keepFocus: true });
    if (moveFocus(event, ROW) || event.key.length !== 1 || event.key === " ") return;
    const isNew = event.timeStamp - typed.current.at > 700;
    typed.current = {
      text: (isNew ? "" : typed.current.text) + event.key.toLowerCase(),
      at: event.timeStamp,
    };
    const found = items.findIndex((item) => item.label.toLowerCase().startsWith(typed.current.text));
    content.current?.querySelectorAll<HTMLElement>(ROW)[found]?.focus();
  };

  return (
    <>
      <button
        type="button"
        ref={trigger}
        className={className}
        disabled={disabled}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={(event) => {
          event.stopPropagation();
          if (isOpen) close();
          else open();
        }}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          event.stopPropagation();
          open();
        }}
      >
        {children}
      </button>
      {isOpen &&
        host !== null &&
        createPortal(
          <div
            ref={content}
            id={id}
            role="menu"
            aria-label={label}
            tabIndex={-1}
            className={styles.menu}
            onKeyDown={onKeyDown}
          >
            {header !== undefined && <div className={styles.header}>{header}</div>}
            {items.map((item) => (
              <button
                key={item.key}
                type="button"
                role={item.isChosen === undefined ? "menuitem" : "menuitemradio"}
                aria-checked={item.isChosen}
                tabIndex={-1}
                className={classNames(styles.item, item.isDanger === true && styles.danger)}
                onClick={(event) => {
                  event.stopPropagation();
                  close();
                  item.run();
                }}
              >
                {item.leading}
                <span className={styles.label}>{item.label}</span>
                {item.hint !== undefined && <kbd aria-hidden="true">{item.hint}</kbd>}
                {item.isChosen === true && <Icon name="check" size={14} />}
              </button>
            ))}
          </div>,
          host,
        )}
    </>
  );
}

/** In the landmark of its button; and inside what is open around it, which else would see a press outside. */
function useHost(trigger: { current: HTMLElement | null }, isOpen: boolean): Element | null {
  const [host, setHost] = useState<Element | null>(null);
  useLayoutEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- where the button stands is known once it is drawn
    if (isOpen) setHost(trigger.current?.closest(HOSTS) ?? document.body);
  }, [isOpen, trigger]);
  return host;
}

/** Below the button where there is room, else above it; never over the edge of the window. */
function place(menu: HTMLElement, button: DOMRect): void {
  const { width, height } = menu.getBoundingClientRect();
  const below = button.bottom + GAP;
  const above = button.top - GAP - height;
  const top = below + height > window.innerHeight - MARGIN && above > MARGIN ? above : below;
  const left = Math.min(button.left, window.innerWidth - width - MARGIN);
  menu.style.top = `${top}px`;
  menu.style.left = `${Math.max(MARGIN, left)}px`;
  menu.style.maxHeight = `${Math.max(160, window.innerHeight - top - MARGIN)}px`;
}
