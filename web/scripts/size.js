// Fails when the first page's JavaScript (entry, the network page, and all that they import statically) is too big.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const MOST_KB = 150;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const seen = new Set();
const visit = (name) => {
  if (seen.has(name)) return;
  seen.add(name);
  manifest[name].imports?.forEach(visit);
};
visit("index.html");
visit("src/pages/network/index.tsx");

const sizes = [...seen].map((name) => {
  const file = manifest[name].file;
  return { file, kb: gzipSync(readFileSync(new URL(file, dist))).length / 1000 };
});
const total = sizes.reduce((sum, { kb }) => sum + kb, 0);
for (const { file, kb } of sizes.sort((a, b) => b.kb - a.kb)) console.log(kb.toFixed(1).padStart(7), file);
console.log(`${total.toFixed(1).padStart(7)} kB gzip of ${MOST_KB} kB`);
if (total > MOST_KB) {
  console.error("The first page is too big: load what it does not need at once by import()");
  process.exit(1);
}
