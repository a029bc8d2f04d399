import styles from "./skeleton.module.css";

/** The place of something that is still coming. */
export function Skeleton({ width = "100%", height }: { width?: string | number; height: number }) {
  return <span aria-hidden="true" className={styles.bone} style={{ width, height }} />;
}
