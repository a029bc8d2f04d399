import { useCallback, useEffect, useMemo, useState } from "react";

import { privacyApi, type ExportStatus } from "@/features/privacy/api";
import { useApi } from "@/lib/api-context";
import { ProblemError } from "@/lib/problems";

/** Where this window remembers which copy it has asked for; it names nobody, and is worth nothing without a token. */
const REMEMBERED = "taskify.export";
export const ASK_AGAIN_MS = 1_500;

export interface Exporting {
  status: ExportStatus | null;
  isAsking: boolean;
  error: unknown;
  /** Asks for a copy; one that is being gathered goes on. */
  begin: () => Promise<void>;
  /** Gives the content of the file. */
  fetchFile: () => Promise<Blob>;
}

/** A copy of one's data, from the wish to the file; a page that was loaded again finds the one that it began. */
export function useExport(): Exporting {
  const { tasks } = useApi();
  const api = useMemo(() => privacyApi(tasks), [tasks]);
  const [status, setStatus] = useState<ExportStatus | null>(null);
  const [id, setId] = useState(recall);
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [asked, setAsked] = useState(0);

  useEffect(() => {
    const progressOf = async (wanted: string): Promise<ExportStatus | "unknown" | null> => {
      try {
        return await api.progress(wanted);
      } catch (caught) {
        // It is of somebody else, or gone. Whatever else went wrong may be well the next time.
        return caught instanceof ProblemError && caught.status === 404 ? "unknown" : null;
      }
    };
    if (id === null || (status?.id === id && status.state !== "gathering")) return;
    let isOver = false;
    const look = async () => {
      const found = await progressOf(id);
      if (isOver) return;
      if (found === "unknown" || found?.state === "expired") forget();
      if (found === "unknown") setId(null);
      else if (found !== null) setStatus(found);
      setAsked((times) => times + 1);
    };
    const timer = setTimeout(() => void look(), asked === 0 ? 0 : ASK_AGAIN_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [api, id, status, asked]);

  const begin = useCallback(async () => {
    setAsking(true);
    setError(null);
    try {
      const begun = await api.begin();
      remember(begun.id);
      setStatus(begun);
      setAsked(1);
      setId(begun.id);
    } catch (caught) {
      setError(caught);
    } finally {
      setAsking(false);
    }
  }, [api]);

  const fetchFile = useCallback(async () => {
    if (typeof status?.file !== "string") throw new Error("there is no file before it is ready");
    return api.file(status.file);
  }, [api, status]);

  return { status, isAsking, error, begin, fetchFile };
}

function recall(): string | null {
  try {
    return sessionStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

function remember(id: string): void {
  try {
    sessionStorage.setItem(REMEMBERED, id);
  } catch {
    // Where nothing can be kept, a page that is loaded again asks anew.
  }
}

function forget(): void {
  try {
    sessionStorage.removeItem(REMEMBERED);
  } catch {
    // There is nothing to remove.
  }
}
