import { createContext, useContext, useEffect, useState, type ReactNode } from "react";

const NowContext = createContext<number>(0);
const TICK_MS = 30_000;

/** One timer for every relative time on the page. */
export function NowProvider({ children }: { children: ReactNode }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return <NowContext value={now}>{children}</NowContext>;
}

export function useNow(): number {
  return useContext(NowContext);
}
