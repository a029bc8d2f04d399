/**
 * Writes the types of src/lib/contracts/*.gen.ts from ../contracts/schemas.
 * With --check it writes nothing and exits with 1 if a file is not what it would write.
 */
import { compile } from "json-schema-to-typescript";
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTypescript, { astToString } from "openapi-typescript";

const schemas = new URL("../../contracts/schemas/", import.meta.url);
const target = new URL("../src/lib/contracts/", import.meta.url);
const banner = "// Generated from contracts/schemas by `npm run generate`; not edited by hand.\n\n";

const readSchema = async (path) => JSON.parse(await readFile(new URL(path, schemas), "utf8"));

/** Pydantic titles each property, and a default beside a reference is a schema of its own: both would become named types. */
function withoutTitlesAndDefaults(node) {
  if (Array.isArray(node)) return node.map(withoutTitlesAndDefaults);
  if (node === null || typeof node !== "object") return node;
  const rest = Object.entries(node).filter(
    ([key, value]) => !(key === "title" && typeof value === "string") && key !== "default",
  );
  return Object.fromEntries(rest.map(([key, value]) => [key, withoutTitlesAndDefaults(value)]));
}

async function frames() {
  const [server, client, notification] = await Promise.all(
    ["server_frame", "client_frame", "notification"].map((name) => readSchema(`socket/${name}.json`)),
  );
  const { $defs: notificationParts, ...notificationItself } = notification;
  const definitions = {
    ...notificationParts,
    ...server.$defs,
    ...client.$defs,
    Notification: notificationItself,
  };
  const schema = {
    title: "Contract",
    oneOf: ["ServerFrame", "ClientFrame", "Notification"].map((name) => ({ $ref: `#/$defs/${name}` })),
    $defs: {
      ...withoutTitlesAndDefaults(definitions),
      ServerFrame: { oneOf: server.oneOf },
      ClientFrame: { oneOf: client.oneOf },
    },
  };
  return compile(schema, "Contract", {
    additionalProperties: false,
    bannerComment: "",
    format: true,
  });
}

async function closeCodes() {
  const codes = await readSchema("socket/close_codes.json");
  return [
    `export const CLOSE_CODES = ${JSON.stringify(codes, null, 2)} as const;\n`,
    'export type ComeBack = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES]["come_back"];\n',
  ].join("\n");
}

async function problem() {
  const schema = withoutTitlesAndDefaults(await readSchema("problem.json"));
  return compile(schema, "Problem", { additionalProperties: false, bannerComment: "" });
}

/** The schemas of requests and answers; the page names the paths itself, each in one place. */
async function rest(service) {
  const { openapi, info, components } = await readSchema(`openapi/${service}.json`);
  return astToString(await openapiTypescript({ openapi, info, components, paths: {} }));
}

const generated = {
  "frames.gen.ts": frames,
  "close-codes.gen.ts": closeCodes,
  "problem.gen.ts": problem,
  "task-service.gen.ts": () => rest("task_service"),
  "notification-worker.gen.ts": () => rest("notification_worker"),
};

const check = process.argv.includes("--check");
let stale = false;
for (const [name, make] of Object.entries(generated)) {
  const path = fileURLToPath(new URL(name, target));
  const wanted = banner + (await make());
  const present = await readFile(path, "utf8").catch(() => null);
  if (present === wanted) continue;
  if (check) {
    console.error(`${basename(path)} is not what the contracts say: run \`npm run generate\`.`);
    stale = true;
  } else {
    await writeFile(path, wanted);
    console.log(`wrote ${basename(path)}`);
  }
}
process.exitCode = stale ? 1 : 0;
