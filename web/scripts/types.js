// Writes src/api/schema.d.ts from the coordinator's OpenAPI description; with --check, says whether it is current.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const root = new URL("../../", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);
const python = process.env.PYTHON ?? new URL(".venv/bin/python", root).pathname;

const description = execFileSync(python, ["-m", "hypernode.wiring.reference", "--openapi"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
});
const types = await openapiTS(description, {
  alphabetize: true, // The same routes give the same file, in whatever order they are registered.
  defaultNonNullable: false, // A field with a default may be left out of a request.
  emptyObjectsUnknown: true, // An object of any JSON is not an object without fields.
});
const text = `// Written by \`npm run types\` from the coordinator's OpenAPI description.\n\n${astToString(types)}`;

if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("src/api/schema.d.ts is not what the API says now: run `npm run types` and commit it");
  process.exit(1);
}
