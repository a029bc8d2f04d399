/**
 * Has people of Taskify told of something: `AMQP_URL=amqp://user:password@host/taskify node send.mjs KIND MESSAGE PERSON…`.
 * Uses no code of Taskify: an event is JSON, and one publish. Ends with 1 if the broker did not take it.
 */
import amqp from "amqplib";
import { randomUUID } from "node:crypto";

const [kind, message, ...recipients] = process.argv.slice(2);
const address = new URL(process.env.AMQP_URL ?? "amqp://localhost");
const service = decodeURIComponent(address.username);

const event = {
  specversion: "1.0",
  id: randomUUID(),
  type: "taskify.notification.requested.v1",
  source: `/${service}`,
  time: new Date().toISOString(),
  datacontenttype: "application/json",
  data: { recipients, kind, message },
};

/** Publishes the event, and waits until the broker has taken responsibility for it. */
async function send() {
  const connection = await amqp.connect(address.href);
  connection.on("error", () => {}); // told by the failing publish
  const channel = await connection.createConfirmChannel();
  const refused = new Promise((_, reject) => {
    channel.on("error", reject); // not allowed
    channel.on("return", () => reject(new Error("no queue takes such an event")));
  });
  channel.publish("domain.events", "notification.requested", Buffer.from(JSON.stringify(event)), {
    contentType: "application/cloudevents+json",
    messageId: event.id,
    type: event.type,
    userId: service,
    persistent: true,
    mandatory: true,
  });
  await Promise.race([channel.waitForConfirms(), refused]);
  await connection.close();
}

try {
  await send();
  console.log(event.id);
} catch (error) {
  console.error(`not sent: ${error.message}`);
  process.exit(1);
}
