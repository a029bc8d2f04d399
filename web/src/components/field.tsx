import { useId, type ComponentProps } from "react";

import styles from "./field.module.css";

interface About {
  label: string;
  problem?: string | null;
  hint?: string;
}

function describe(id: string, { problem, hint }: About) {
  const text = problem ?? hint;
  return {
    described: text === undefined ? undefined : `${id}-about`,
    about: text !== undefined && (
      <span id={`${id}-about`} className={problem ? styles.problem : styles.hint}>
        {text}
      </span>
    ),
  };
}

export function TextField({ label, problem, hint, ...rest }: About & ComponentProps<"input">) {
  const id = useId();
  const { described, about } = describe(id, { label, ...(problem && { problem }), ...(hint && { hint }) });
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input {...rest} id={id} aria-invalid={problem ? true : undefined} aria-describedby={described} />
      {about}
    </div>
  );
}

export function TextArea({ label, problem, hint, ...rest }: About & ComponentProps<"textarea">) {
  const id = useId();
  const { described, about } = describe(id, { label, ...(problem && { problem }), ...(hint && { hint }) });
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <textarea {...rest} id={id} aria-invalid={problem ? true : undefined} aria-describedby={described} />
      {about}
    </div>
  );
}
