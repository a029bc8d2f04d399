/**
 * Lets AsyncAPI's own parser read documents: `node validate.mjs FILE…`.
 * Prints every error and warning with its place; exits with 1 if there is one, or if the parser gives no document.
 */
import { Parser } from "@asyncapi/parser";
import { readFile } from "node:fs/promises";

const ERROR = 0;
const WARNING = 1;
const words = { [ERROR]: "error", [WARNING]: "warning" };

const parser = new Parser();
let wrong = process.argv.length < 3;
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await parser.parse(await readFile(file, "utf8"), { source: file });
  const told = diagnostics.filter(({ severity }) => severity in words);
  for (const { severity, path, message } of told) {
    console.error(`${file}: ${words[severity]} at ${path.join(".") || "the document"}: ${message}`);
  }
  wrong ||= told.length > 0 || document === undefined;
}
process.exitCode = wrong ? 1 : 0;
