import { useState, type SubmitEvent } from "react";

import { Button } from "@/components/button";
import { TextField } from "@/components/field";
import { Logo } from "@/components/logo";
import { Scene } from "@/features/session/scene";
import { useSession } from "@/features/session/session-context";
import { explain, ProblemError } from "@/lib/problems";

import styles from "./login-screen.module.css";

type Mode = "login" | "register";

const WORDS: Record<Mode, { title: string; lead: string; send: string; ask: string; other: string }> = {
  login: {
    title: "Welcome back",
    lead: "Log in to see what happened while you were away.",
    send: "Log in",
    ask: "New here?",
    other: "Create an account",
  },
  register: {
    title: "Create your account",
    lead: "Join your team’s board. It takes half a minute.",
    send: "Create account",
    ask: "Have an account?",
    other: "Log in",
  },
};

function sentence(error: unknown, mode: Mode): string {
  if (error instanceof ProblemError && error.status === 401) return "That e-mail or password is not right.";
  if (error instanceof ProblemError && error.status === 403 && mode === "register")
    return "Registration is closed. Ask an administrator for an account.";
  return explain(error);
}

export function LoginScreen({ hasEnded }: { hasEnded: boolean }) {
  const { session } = useSession();
  const [mode, setMode] = useState<Mode>("login");
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const words = WORDS[mode];
  const about = (field: string) => (error instanceof ProblemError ? error.about(field) : null);
  const isEmailTaken = error instanceof ProblemError && error.problem.type === "email_taken";
  const emailProblem = isEmailTaken ? "There is an account with this e-mail already." : about("email");
  const isSaid = emailProblem !== null || about("name") !== null || about("password") !== null;

  const send = async (form: FormData) => {
    const text = (name: string) => {
      const value = form.get(name);
      return typeof value === "string" ? value : "";
    };
    const credentials = { email: text("email").trim(), password: text("password") };
    setSending(true);
    setError(null);
    try {
      if (mode === "login") await session.login(credentials);
      else await session.register({ ...credentials, name: text("name").trim() });
    } catch (caught) {
      setError(caught);
      setSending(false);
    }
  };
  const onSubmit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!isSending) void send(new FormData(event.currentTarget));
  };

  return (
    <div className={styles.screen}>
      <main className={styles.door}>
        <div className={styles.brand}>
          <Logo size={28} />
          <span>Taskify</span>
        </div>
        <form className={styles.form} onSubmit={onSubmit} aria-labelledby="door-title">
          <div>
            <h1 id="door-title">{words.title}</h1>
            <p className={styles.lead}>{words.lead}</p>
          </div>
          {hasEnded && error === null && (
            <p role="status" className={styles.ended}>
              Your session has ended. Log in again to go on.
            </p>
          )}
          {mode === "register" && (
            <TextField
              label="Name"
              name="name"
              required
              maxLength={100}
              autoComplete="name"
              problem={about("name")}
              placeholder="Ann Miller"
            />
          )}
          <TextField
            label="E-mail"
            name="email"
            type="email"
            required
            maxLength={254}
            autoComplete="username"
            problem={emailProblem}
            placeholder="ann@example.com"
          />
          <TextField
            label="Password"
            name="password"
            type="password"
            required
            minLength={mode === "register" ? 8 : undefined}
            maxLength={200}
            autoComplete={mode === "login" ? "current-password" : "new-password"}
            problem={about("password")}
            {...(mode === "register" && { hint: "At least 8 characters." })}
          />
          {error !== null && !isSaid && (
            <p role="alert" className={styles.problem}>
              {sentence(error, mode)}
            </p>
          )}
          <Button look="primary" large type="submit" disabled={isSending}>
            {isSending ? "One moment…" : words.send}
          </Button>
          <p className={styles.switch}>
            {words.ask}{" "}
            <button
              type="button"
              onClick={() => {
                setError(null);
                setMode(mode === "login" ? "register" : "login");
              }}
            >
              {words.other}
            </button>
          </p>
        </form>
      </main>
      <Scene />
    </div>
  );
}
