/**
 * Has the CloudEvents SDK read events: a JSON list of bodies on standard input, a list of what it understood on standard output.
 * Each body is read as a message in structured mode and validated; the first that is refused ends it with 1.
 */
import { HTTP } from "cloudevents";
import { text } from "node:stream/consumers";

const bodies = JSON.parse(await text(process.stdin));
const understood = bodies.map((body) => {
  const event = HTTP.toEvent({ headers: { "content-type": "application/cloudevents+json" }, body });
  event.validate();
  return event.toJSON();
});
console.log(JSON.stringify(understood));
