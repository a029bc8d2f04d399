import { useState, type SubmitEvent } from "react";

import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { TextField } from "@/components/field";
import { useSession } from "@/features/session/session-context";
import { explain, ProblemError } from "@/lib/problems";

import styles from "./delete-account-dialog.module.css";

/** Asks for the password, since this cannot be undone, and an open window may be anybody's. */
export function DeleteAccountDialog({ onClose }: { onClose: () => void }) {
  const { session } = useSession();
  const [password, setPassword] = useState("");
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isWrong = error instanceof ProblemError && error.status === 403;

  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (isSending || password === "") return;
    setSending(true);
    setError(null);
    try {
      await session.erase(password);
    } catch (caught) {
      setError(caught);
      setSending(false);
    }
  };

  return (
    <Dialog title="Delete your account?" onClose={onClose}>
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <ul>
          <li>You are logged out everywhere at once, and cannot come back to this account.</li>
          <li>Your notifications, preferences, e-mail address and name are erased in every service.</li>
          <li>Your tasks and comments stay for your team, by “a former member”.</li>
        </ul>
        <p>This cannot be undone. You get a receipt of what was erased where.</p>
        <TextField
          label="Your password"
          name="password"
          type="password"
          required
          maxLength={200}
          autoComplete="current-password"
          value={password}
          problem={isWrong ? "This is not your password." : null}
          onChange={({ target }) => setPassword(target.value)}
        />
        {error !== null && !isWrong && (
          <p role="alert" className={styles.problem}>
            {explain(error)}
          </p>
        )}
        <div className={styles.buttons}>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="danger" type="submit" disabled={isSending || password === ""}>
            {isSending ? "One moment…" : "Delete my account"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
