/** The channel on which the windows of one browser, and the parts of one window, say which task was changed. */
export const TASK_CHANNEL = "taskify.tasks";

/** Says that something of a task was changed, to all who listen in this browser. */
export function tellOfTask(taskId: string): void {
  const channel = new BroadcastChannel(TASK_CHANNEL);
  channel.postMessage(taskId);
  channel.close();
}
