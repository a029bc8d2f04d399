import type { ComponentProps } from "react";

import { classNames } from "@/lib/class-names";

import styles from "./button.module.css";

export interface ButtonProps extends ComponentProps<"button"> {
  look?: "primary" | "plain" | "quiet" | "danger";
  /** For an icon alone; such a button has an aria-label. */
  square?: boolean;
  large?: boolean;
}

export function Button({
  look = "plain",
  square = false,
  large = false,
  className,
  type = "button",
  ...rest
}: ButtonProps) {
  const names = classNames(
    styles.button,
    styles[look],
    square && styles.square,
    large && styles.large,
    className,
  );
  return <button {...rest} type={type} className={names} />;
}
