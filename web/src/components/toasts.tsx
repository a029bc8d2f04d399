import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  type ReactNode,
} from "react";

import { Button } from "@/components/button";
import { Icon } from "@/components/icon";

import styles from "./toasts.module.css";

export interface Toast {
  title: string;
  detail?: string;
  look?: "news" | "problem";
  /** The same thing is done elsewhere too: a toast is never the only way to it. */
  action?: { label: string; run: () => void };
  leading?: ReactNode;
  /** A later one of the same id takes its place, and stays for the whole time again. */
  id?: string;
  /** What it is about: it goes when that is looked at. */
  topic?: string | null;
}

interface Shown extends Toast {
  key: number;
  /** How often it was shown. */
  version: number;
}

interface Toasts {
  show: (toast: Toast) => void;
  dismissTopic: (topic: string) => void;
  dismissAll: () => void;
}

const ToastContext = createContext<Toasts>({
  show: () => undefined,
  dismissTopic: () => undefined,
  dismissAll: () => undefined,
});

export const TOAST_MS = 7_000;
const MOST_TOASTS = 3;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Shown[]>([]);
  const lastKey = useRef(0);
  const show = useCallback((toast: Toast) => {
    lastKey.current += 1;
    const key = lastKey.current;
    setToasts((before) => {
      const same = toast.id === undefined ? undefined : before.find((one) => one.id === toast.id);
      if (same === undefined) return [...before, { ...toast, key, version: 0 }].slice(-MOST_TOASTS);
      const renewed = { ...toast, key: same.key, version: same.version + 1 };
      return before.map((one) => (one === same ? renewed : one));
    });
  }, []);
  const dismiss = useCallback((key: number) => {
    setToasts((before) => before.filter((toast) => toast.key !== key));
  }, []);
  const dismissTopic = useCallback((topic: string) => {
    setToasts((before) => before.filter((toast) => toast.topic !== topic));
  }, []);
  const dismissAll = useCallback(() => setToasts([]), []);
  const value = useMemo(() => ({ show, dismissTopic, dismissAll }), [show, dismissTopic, dismissAll]);
  return (
    <ToastContext value={value}>
      {children}
      <section aria-label="Messages" className={styles.stack}>
        <ol>
          {toasts.map((toast) => (
            <ToastCard key={toast.key} toast={toast} onDismiss={dismiss} />
          ))}
        </ol>
      </section>
    </ToastContext>
  );
}

export function useToast(): Toasts["show"] {
  return useContext(ToastContext).show;
}

export function useToasts(): Toasts {
  return useContext(ToastContext);
}

function ToastCard({ toast, onDismiss }: { toast: Shown; onDismiss: (key: number) => void }) {
  const [isHeld, setHeld] = useState(false);
  const { key, version, action } = toast;
  const dismiss = useMemo(() => () => onDismiss(key), [key, onDismiss]);
  useEffect(() => {
    if (isHeld) return undefined;
    const timer = setTimeout(dismiss, TOAST_MS);
    return () => clearTimeout(timer);
  }, [dismiss, isHeld, version]);
  return (
    // The pointer or the focus on it only keeps it from going.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <li
      className={styles.toast}
      data-look={toast.look ?? "news"}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {toast.leading !== undefined && <span className={styles.leading}>{toast.leading}</span>}
      <div className={styles.words}>
        <p className={styles.title}>{toast.title}</p>
        {toast.detail !== undefined && <p className={styles.detail}>{toast.detail}</p>}
        {action !== undefined && (
          <button
            type="button"
            className={styles.action}
            onClick={() => {
              dismiss();
              action.run();
            }}
          >
            {action.label}
          </button>
        )}
      </div>
      <Button look="quiet" square aria-label="Dismiss" onClick={dismiss}>
        <Icon name="close" size={14} />
      </Button>
    </li>
  );
}
