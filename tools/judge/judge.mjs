// Compiles a CQL library with the reference compiler and runs it with cql-execution:
//
//   node judge.mjs library.cql < parameters.ndjson > verdicts.ndjson
//
// Each line in is an object of parameters, each line out the values of the library's definitions, in the order of the first line
// out, which is their names. Anything the compiler has to say, a warning too, is a failure: exit code 1, with its place.

import { webcrypto } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

globalThis.require = createRequire(import.meta.url); // the compiler looks for it
globalThis.crypto ??= webcrypto; // and for this, which Node 18 does not have by itself
const { CqlCompilerOptions, CqlTranslator, LibraryManager, ModelManager, createModelInfoProvider, stringAsSource } = await import(
  "@cqframework/cql/cql-to-elm"
);
const { default: cql } = await import("cql-execution");

// The types of the language itself; the compiler comes without. No FHIR model is needed: facts are parameters.
const SIMPLE = ["Boolean", "Integer", "Long", "Decimal", "String", "DateTime", "Date", "Time"];
const CLASSES = {
  Quantity: { value: "Decimal", unit: "String" },
  Ratio: { numerator: "Quantity", denominator: "Quantity" },
  Code: { code: "String", system: "String", version: "String", display: "String" },
  Concept: { display: "String" },
  Vocabulary: { id: "String", version: "String", name: "String" },
  CodeSystem: {},
  ValueSet: {},
};

function systemTypes() {
  const type = (kind, name, of, inside = "") =>
    `<typeInfo xsi:type="${kind}" name="System.${name}"${of ? ` baseType="System.${of}"` : ""}>${inside}</typeInfo>`;
  const elements = (fields) =>
    Object.entries(fields).map(([name, of]) => `<element name="${name}" elementType="System.${of}"/>`).join("");
  const types = [
    type("SimpleTypeInfo", "Any"),
    ...SIMPLE.map((name) => type("SimpleTypeInfo", name, "Any")),
    ...Object.entries(CLASSES).map(([name, fields]) =>
      type("ClassInfo", name, ["CodeSystem", "ValueSet"].includes(name) ? "Vocabulary" : "Any", elements(fields)),
    ),
  ];
  return `<modelInfo xmlns="urn:hl7-org:elm-modelinfo:r1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    name="System" version="1.0.0" url="urn:hl7-org:elm-types:r1">${types.join("")}</modelInfo>`;
}

function compile(text) {
  const models = new ModelManager();
  const provider = createModelInfoProvider((name) => (name === "System" ? stringAsSource(systemTypes()) : null));
  models.modelInfoLoader.registerModelInfoProvider(provider);
  const options = new CqlCompilerOptions();
  const { DisableListDemotion, DisableListPromotion } = CqlCompilerOptions.Options;
  options.setOptions([DisableListDemotion, DisableListPromotion]); // the defaults, but for notes that nobody reads here
  const translator = CqlTranslator.fromText(text, new LibraryManager(models, options));
  const elm = JSON.parse(translator.toJson());
  const said = elm.library.annotation.filter((note) => note.type === "CqlToElmError");
  const count = translator.exceptions.asJsReadonlyArrayView().length;
  for (const { startLine, startChar, errorSeverity, message } of said) {
    console.error(`${startLine}:${startChar}: ${errorSeverity}: ${message}`);
  }
  if (said.length || count) {
    console.error(`the compiler has ${count} objection(s)`);
    process.exit(1);
  }
  return elm;
}

const elm = compile(readFileSync(process.argv[2], "utf8"));
const library = new cql.Library(elm);
const nobody = new cql.PatientSource([]);
const names = elm.library.statements.def.filter((one) => one.type !== "FunctionDef").map((one) => one.name);

async function say(value) {
  if (!process.stdout.write(JSON.stringify(value) + "\n")) await once(process.stdout, "drain");
}

await say(names);
for await (const line of createInterface({ input: process.stdin })) {
  const results = await new cql.Executor(library, null, JSON.parse(line)).exec(nobody);
  await say(names.map((name) => results.unfilteredResults[name]));
}
