import { useState, type ReactNode, type SubmitEvent } from "react";

import { useAnnounce } from "@/components/announcer";
import { Button } from "@/components/button";
import { Card } from "@/components/card";
import { TextField } from "@/components/field";
import { useToast } from "@/components/toasts";
import { useSession } from "@/features/session/session-context";
import { useApi } from "@/lib/api-context";
import { explain, ProblemError } from "@/lib/problems";

import styles from "./account-forms.module.css";

/** One's own name and password. */
export function AccountForms() {
  const { me } = useApi();
  return (
    <Card title="Account" about={`You are logged in as ${me.email}.`}>
      <NameForm key={me.name} name={me.name} />
      <PasswordForm />
    </Card>
  );
}

function NameForm({ name }: { name: string }) {
  const { session } = useSession();
  const [typed, setTyped] = useState(name);
  const { send, isSending, problem, general } = useForm("Your name is changed");
  return (
    <Form
      action="Save name"
      isSending={isSending}
      isReady={typed.trim() !== "" && typed.trim() !== name}
      general={general(["name"])}
      onSubmit={() => void send(() => session.rename(typed.trim()))}
    >
      <TextField
        label="Name"
        name="name"
        required
        maxLength={100}
        autoComplete="name"
        value={typed}
        problem={problem("name")}
        onChange={({ target }) => setTyped(target.value)}
      />
    </Form>
  );
}

function PasswordForm() {
  const { session } = useSession();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const { send, isSending, problem, general } = useForm("Your password is changed");
  const change = async () => {
    const isChanged = await send(() => session.changePassword({ old, new: fresh }));
    if (!isChanged) return;
    setOld("");
    setFresh("");
  };
  return (
    <Form
      action="Change password"
      isSending={isSending}
      isReady={old !== "" && fresh !== ""}
      general={general(["old", "new"])}
      onSubmit={() => void change()}
    >
      <TextField
        label="Current password"
        name="old"
        type="password"
        required
        maxLength={200}
        autoComplete="current-password"
        value={old}
        problem={problem("old")}
        onChange={({ target }) => setOld(target.value)}
      />
      <TextField
        label="New password"
        name="new"
        type="password"
        required
        minLength={8}
        maxLength={200}
        autoComplete="new-password"
        value={fresh}
        problem={problem("new")}
        hint="At least 8 characters. Your other devices are logged out."
        onChange={({ target }) => setFresh(target.value)}
      />
    </Form>
  );
}

interface FormProps {
  action: string;
  isSending: boolean;
  isReady: boolean;
  general: string | null;
  onSubmit: () => void;
  children: ReactNode;
}

function Form({ action, isSending, isReady, general, onSubmit, children }: FormProps) {
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!isSending && isReady) onSubmit();
  };
  return (
    <form className={styles.form} onSubmit={submit} aria-label={action}>
      {children}
      {general !== null && (
        <p role="alert" className={styles.problem}>
          {general}
        </p>
      )}
      <div>
        <Button type="submit" disabled={isSending || !isReady}>
          {isSending ? "One moment…" : action}
        </Button>
      </div>
    </form>
  );
}

/** Sends what a form holds, and keeps what was wrong with it; says so when it is done. */
function useForm(done: string) {
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const toast = useToast();
  const announce = useAnnounce();
  const problem = (field: string) => (error instanceof ProblemError ? error.about(field) : null);
  return {
    isSending,
    problem,
    /** What is wrong, where no field of the form says it. */
    general: (fields: readonly string[]) =>
      error === null || fields.some((field) => problem(field) !== null) ? null : explain(error),
    send: async (change: () => Promise<void>): Promise<boolean> => {
      setSending(true);
      setError(null);
      try {
        await change();
      } catch (caught) {
        setError(caught);
        return false;
      } finally {
        setSending(false);
      }
      toast({ id: done, title: done });
      announce(done);
      return true;
    },
  };
}
