import { useState } from "react";

import { useAnnounce } from "@/components/announcer";
import { Button } from "@/components/button";
import { Card } from "@/components/card";
import { Icon } from "@/components/icon";
import { HELD_BY } from "@/features/privacy/api";
import { DeleteAccountDialog } from "@/features/privacy/delete-account-dialog";
import { useExport, type Exporting } from "@/features/privacy/use-export";
import { explain } from "@/lib/problems";

import styles from "./data-card.module.css";

/** What Taskify holds about a person: a copy of it, and the end of it. */
export function DataCard() {
  const [isDeleting, setDeleting] = useState(false);
  return (
    <Card
      title="Your data"
      about="You can have a copy of all that Taskify holds about you, or have it erased."
    >
      <ExportRow />
      <div className={styles.row}>
        <div className={styles.words}>
          <h3>Delete your account</h3>
          <p>Your tasks and comments stay, by “a former member”. Everything else about you is erased.</p>
        </div>
        <Button look="danger" onClick={() => setDeleting(true)}>
          Delete account…
        </Button>
      </div>
      {isDeleting && <DeleteAccountDialog onClose={() => setDeleting(false)} />}
    </Card>
  );
}

function ExportRow() {
  const exporting = useExport();
  const { status, isAsking, error, begin } = exporting;
  const isGathering = status?.state === "gathering";
  return (
    <div className={styles.row}>
      <div className={styles.words}>
        <h3>A copy of your data</h3>
        <p>One file, in JSON. It is gathered from every service, and kept for you for a day.</p>
        {isGathering && (
          <ul className={styles.services} aria-label="What is being gathered">
            {status.services.map(({ service, state }) => (
              <li key={service} data-state={state}>
                <Icon name={state === "complete" ? "check" : "clock"} size={14} />
                {HELD_BY[service] ?? service}
                <span>
                  {{ complete: "there", gathering: "on its way", missing: "late; we go on asking" }[state]}
                </span>
              </li>
            ))}
          </ul>
        )}
        {error !== null && (
          <p role="alert" className={styles.problem}>
            {explain(error)}
          </p>
        )}
      </div>
      {status?.state === "ready" ? (
        <Download exporting={exporting} />
      ) : (
        <Button onClick={() => void begin()} disabled={isAsking || isGathering}>
          {isGathering ? "Gathering…" : "Get a copy"}
        </Button>
      )}
    </div>
  );
}

function Download({ exporting }: { exporting: Exporting }) {
  const [isFetching, setFetching] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const announce = useAnnounce();
  const download = async () => {
    setFetching(true);
    setError(null);
    try {
      save(await exporting.fetchFile());
      announce("Your data is downloaded");
    } catch (caught) {
      setError(caught);
    } finally {
      setFetching(false);
    }
  };
  return (
    <div className={styles.download}>
      <Button look="primary" onClick={() => void download()} disabled={isFetching}>
        {isFetching ? "One moment…" : "Download"}
      </Button>
      {error !== null && (
        <p role="alert" className={styles.problem}>
          {explain(error)}
        </p>
      )}
    </div>
  );
}

/** Hands a file to the browser; a plain link could not, since the file is for who shows a token. */
function save(file: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `taskify-data-${new Date().toISOString().slice(0, 10)}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}
