import { useEffect, useState, type SubmitEvent } from "react";
import { useLocation } from "react-router";

import { Avatar } from "@/components/avatar";
import { Button } from "@/components/button";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { Icon } from "@/components/icon";
import { RelativeMoment } from "@/components/relative-moment";
import { submitOnCommandEnter } from "@/components/submit";
import { useToast } from "@/components/toasts";
import type { Comment } from "@/features/tasks/api";
import { useTasks } from "@/features/tasks/tasks-context";
import { useApi } from "@/lib/api-context";
import { classNames } from "@/lib/class-names";
import { explain } from "@/lib/problems";

import styles from "./comments.module.css";

interface CommentsProps {
  taskId: string;
  comments: readonly Comment[];
  isTruncated: boolean;
  onChanged: () => Promise<void>;
}

export function Comments({ taskId, comments, isTruncated, onChanged }: CommentsProps) {
  const { hash, key } = useLocation();
  const target = hash.startsWith("#comment-") ? hash.slice(1) : null;
  const isThere = comments.some(({ id }) => `comment-${id}` === target);

  useEffect(() => {
    // `key` is new with each navigation, so following the same link twice goes there twice.
    if (target === null || !isThere) return;
    const comment = document.getElementById(target);
    comment?.scrollIntoView({ block: "center" });
    comment?.focus({ preventScroll: true });
  }, [target, isThere, key]);

  return (
    <section className={styles.comments} aria-labelledby="comments-title">
      <h2 id="comments-title">
        Comments <span className={styles.count}>{comments.length}</span>
      </h2>
      {isTruncated && <p className={styles.none}>Only the first {comments.length} comments are shown.</p>}
      {comments.length === 0 && <p className={styles.none}>No comments yet.</p>}
      <ol aria-label="Comments">
        {comments.map((comment) => (
          <CommentItem
            key={comment.id}
            taskId={taskId}
            comment={comment}
            isTarget={`comment-${comment.id}` === target}
            onChanged={onChanged}
          />
        ))}
      </ol>
      <Composer taskId={taskId} onChanged={onChanged} />
    </section>
  );
}

interface CommentItemProps {
  taskId: string;
  comment: Comment;
  isTarget: boolean;
  onChanged: () => Promise<void>;
}

function CommentItem({ taskId, comment, isTarget, onChanged }: CommentItemProps) {
  const { api } = useTasks();
  const { me } = useApi();
  const toast = useToast();
  const [isAsking, setAsking] = useState(false);
  const isMine = comment.author.id === me.id;
  const remove = async () => {
    setAsking(false);
    try {
      await api.removeComment(taskId, comment.id);
      await onChanged();
    } catch (error) {
      toast({ title: "The comment was not deleted", detail: explain(error), look: "problem" });
    }
  };
  return (
    <li
      id={`comment-${comment.id}`}
      tabIndex={-1}
      className={classNames(styles.comment, isTarget && styles.target)}
    >
      <Avatar person={comment.author} />
      <div className={styles.said}>
        <p className={styles.who}>
          <strong>{comment.author.name}</strong> <RelativeMoment moment={comment.created_at} />
        </p>
        <p className={styles.body}>{comment.body}</p>
      </div>
      {(isMine || me.role === "administrator") && (
        <Button
          look="quiet"
          square
          aria-label="Delete comment"
          className={styles.remove}
          onClick={() => setAsking(true)}
        >
          <Icon name="trash" size={14} />
        </Button>
      )}
      {isAsking && (
        <ConfirmDialog
          title="Delete this comment?"
          action="Delete comment"
          onConfirm={() => void remove()}
          onClose={() => setAsking(false)}
        >
          {isMine ? "Your comment" : `The comment of ${comment.author.name}`} will be gone for everybody. This
          cannot be undone.
        </ConfirmDialog>
      )}
    </li>
  );
}

function Composer({ taskId, onChanged }: { taskId: string; onChanged: () => Promise<void> }) {
  const { api, drafts } = useTasks();
  const { me } = useApi();
  const [body, setBody] = useState(() => drafts.comment(taskId));
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const write = (text: string) => {
    setBody(text);
    drafts.keepComment(taskId, text);
  };
  const send = async () => {
    setSending(true);
    setError(null);
    try {
      await api.comment(taskId, body.trim());
      // What was typed while it was on its way is the next comment.
      if (drafts.comment(taskId) === body) write("");
      await onChanged();
    } catch (caught) {
      setError(caught);
    }
    setSending(false);
  };
  const onSubmit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (body.trim() !== "" && !isSending) void send();
  };

  return (
    <form className={styles.composer} onSubmit={onSubmit}>
      <Avatar person={me} />
      <div className={styles.box}>
        <textarea
          aria-label="Write a comment"
          placeholder="Write a comment…"
          rows={2}
          maxLength={10_000}
          value={body}
          onChange={(event) => write(event.target.value)}
          onKeyDown={(event) => {
            submitOnCommandEnter(event);
            // With something written Escape leaves the box alone, not the task.
            if (event.key !== "Escape" || body.trim() === "") return;
            event.stopPropagation();
            event.currentTarget.blur();
          }}
        />
        {error !== null && (
          <p role="alert" className={styles.problem}>
            {explain(error)}
          </p>
        )}
        <div className={styles.send}>
          <span className={styles.hint}>Ctrl + Enter sends</span>
          <Button look="primary" type="submit" disabled={isSending || body.trim() === ""}>
            Comment
          </Button>
        </div>
      </div>
    </form>
  );
}
