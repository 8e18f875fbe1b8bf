// Checks Cucumber Messages (ndjson) line by line against the official schema, then writes the page of the official HTML formatter.
//   node render.mjs MESSAGES.ndjson PAGE.html
// Exit codes: 0 valid and written; 1 a line is not valid, with its number and what is wrong.

import { createReadStream, createWriteStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CucumberHtmlStream } from "@cucumber/html-formatter";
import Ajv from "ajv/dist/2020.js";

const [messages, page] = process.argv.slice(2);
const { resolve } = createRequire(import.meta.url);
const schema = JSON.parse(readFileSync(resolve("@cucumber/messages/schema"), "utf8"));
const parts = dirname(resolve("@cucumber/html-formatter")); // named, as its own defaults need Node.js 20.11
const look = [join(parts, "..", "main.css"), join(parts, "..", "main.js"), join(parts, "icon.url")];
const valid = new Ajv.default({ strict: false }).compile(schema);

const envelopes = [];
let number = 0;
let faults = 0;
for await (const line of createInterface({ input: createReadStream(messages, "utf8") })) {
  number += 1;
  try {
    const envelope = JSON.parse(line);
    if (!valid(envelope)) throw new Error(valid.errors.map((error) => `${error.instancePath} ${error.message}`).join("; "));
    envelopes.push(envelope);
  } catch (error) {
    faults += 1;
    console.error(`line ${number}: ${error.message}`);
  }
}
if (faults || !number) {
  console.error(number ? `${faults} of ${number} messages are not valid` : "there is no message");
  process.exit(1);
}
await pipeline(Readable.from(envelopes), new CucumberHtmlStream(...look), createWriteStream(page));
console.log(`${number} messages are valid`);
