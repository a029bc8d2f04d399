import { useEffect, useState } from "react";

import { Icon } from "@/components/icon";
import { Logo } from "@/components/logo";
import { StateMessage } from "@/components/state-message";
import { HELD_BY, receiptOf, type ErasureReceipt } from "@/features/privacy/api";
import type { Send } from "@/lib/http";
import { ProblemError } from "@/lib/problems";
import { exactTime } from "@/lib/relative-time";

import styles from "./receipt-screen.module.css";

export const LOOK_AGAIN_MS = 2_000;
const PATH = /^\/erasures\/([^/]+)\/?$/u;

export const receiptPath = (id: string): string => `/erasures/${id}`;

/** The receipt that an address names, or null for any other address. */
export const receiptAt = (path: string): string | null => PATH.exec(path)?.[1] ?? null;

/** What was erased where. Nobody has to be signed in: who has this address was given it. */
export function ReceiptScreen({ id, send }: { id: string; send: Send }) {
  const [receipt, setReceipt] = useState<ErasureReceipt | null>(null);
  const [isUnknown, setUnknown] = useState(false);
  const [looked, setLooked] = useState(0);
  const isOver = isUnknown || (receipt?.services.every(({ state }) => state !== "waiting") ?? false);

  useEffect(() => {
    if (isOver) return;
    let isLeft = false;
    const look = async () => {
      try {
        const found = await receiptOf(send, id);
        if (!isLeft) setReceipt(found);
      } catch (error) {
        if (!isLeft && error instanceof ProblemError && error.status === 404) setUnknown(true);
      }
      if (!isLeft) setLooked((times) => times + 1);
    };
    const timer = setTimeout(() => void look(), looked === 0 ? 0 : LOOK_AGAIN_MS);
    return () => {
      isLeft = true;
      clearTimeout(timer);
    };
  }, [id, send, looked, isOver]);

  return (
    <main className={styles.screen}>
      <div className={styles.brand}>
        <Logo size={28} />
        <span>Taskify</span>
      </div>
      {isUnknown && (
        <StateMessage
          isProblem
          icon="search"
          title="There is no such receipt"
          detail="The address is not complete, or the receipt was removed when its time was over."
        />
      )}
      {receipt !== null && <Receipt receipt={receipt} />}
      <p className={styles.back}>
        <a href="/">Go to Taskify</a>
      </p>
    </main>
  );
}

function Receipt({ receipt }: { receipt: ErasureReceipt }) {
  return (
    <article className={styles.receipt} aria-labelledby="receipt-title" aria-live="polite">
      <header>
        <h1 id="receipt-title">
          {receipt.completed_at === null ? "Your account is deleted" : "Everything is erased"}
        </h1>
        <p>
          Asked for on {exactTime(receipt.requested_at)}. Keep the address of this page: it is your receipt,
          and names nobody.
        </p>
      </header>
      {receipt.services.map((service) => (
        <section key={service.service} data-state={service.state}>
          <h2>
            <Icon name={service.state === "complete" ? "check" : "clock"} size={16} />
            {HELD_BY[service.service] ?? service.service}
          </h2>
          {service.state === "waiting" && <p>On its way…</p>}
          {service.removed.length > 0 && (
            <ul aria-label="Erased">
              {service.removed.map(({ what, count }) => (
                <li key={what}>
                  <span>{words(what)}</span>
                  <span>{count.toLocaleString()}</span>
                </li>
              ))}
            </ul>
          )}
          {service.pending.map(({ what, gone_by }) => (
            <p key={what}>
              {words(what)}: gone by {exactTime(gone_by)}.
            </p>
          ))}
        </section>
      ))}
    </article>
  );
}

/** `delivery_stream` as a person would write it. */
function words(what: string): string {
  const text = what.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
