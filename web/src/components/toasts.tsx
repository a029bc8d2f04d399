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
}

interface Shown extends Toast {
  key: number;
}

type ShowToast = (toast: Toast) => void;

const ToastContext = createContext<ShowToast>(() => undefined);

export const TOAST_MS = 7_000;
const MOST_TOASTS = 3;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Shown[]>([]);
  const lastKey = useRef(0);
  const show = useCallback<ShowToast>((toast) => {
    lastKey.current += 1;
    const shown = { ...toast, key: lastKey.current };
    setToasts((before) => [...before, shown].slice(-MOST_TOASTS));
  }, []);
  const dismiss = useCallback((key: number) => {
    setToasts((before) => before.filter((toast) => toast.key !== key));
  }, []);
  return (
    <ToastContext value={show}>
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

export function useToast(): ShowToast {
  return useContext(ToastContext);
}

function ToastCard({ toast, onDismiss }: { toast: Shown; onDismiss: (key: number) => void }) {
  const [isHeld, setHeld] = useState(false);
  const { key, action } = toast;
  const dismiss = useMemo(() => () => onDismiss(key), [key, onDismiss]);
  useEffect(() => {
    if (isHeld) return undefined;
    const timer = setTimeout(dismiss, TOAST_MS);
    return () => clearTimeout(timer);
  }, [dismiss, isHeld]);
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
