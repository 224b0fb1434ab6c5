/** The checks say what our own Python says of the same files; `tests/chain/receipt_vectors.py` writes the vectors. */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { canonicalText, type Json, NotCanonical } from "./canonical";
import { readReceipt, type ReceiptFile, signedBytes, UnreadableReceipt } from "./file";
import { leafHash, rootFrom } from "./merkle";
import { changes, proven, restored } from "./original";
import { type Rpc, RpcError } from "./rpc";
import { checkAnchor, checkFile } from "./verify";
import vectors from "./vectors.json";

const [text = ""] = vectors.text;
const honest = readReceipt(text);

/** A node whose answers are known. */
function recorded(chain: number): Rpc {
  const answers: Record<string, unknown> = vectors.chains[chain] ?? {};
  return {
    url: "https://rpc.example",
    call: (method) =>
      method in answers
        ? Promise.resolve(answers[method])
        : Promise.reject(new RpcError(`${method}: Method not found (-32601)`, "Name another RPC.")),
  };
}

function fileNamed(name: string): ReceiptFile {
  return readReceipt(JSON.stringify(vectors.files.find((vector) => vector.name === name)?.file));
}

describe("every check agrees with Python's", () => {
  it.each(vectors.files)("$name", async ({ file, chain, trusted, checks }) => {
    const read = readReceipt(JSON.stringify(file));
    const found = [...checkFile(read, trusted), await checkAnchor(read, recorded(chain))];
    expect(found.map(({ name, verdict, detail }) => [name, verdict, detail])).toEqual(checks);
  });
});

it("says what was expected and what was found", async () => {
  const tampered = fileNamed("root altered");
  const inclusion = checkFile(tampered, null).find(({ name }) => name === "inclusion");
  expect(inclusion?.difference).toMatchObject({ expected: "0".repeat(64), found: honest.merkle?.root });
  const anchor = await checkAnchor(tampered, recorded(0));
  expect(anchor.difference).toMatchObject({ expected: `${honest.merkle?.root ?? ""} of 5` });
});

it("leaves the anchor unchecked without a node, and says so", async () => {
  expect(await checkAnchor(honest, null)).toMatchObject({
    verdict: "not checked",
    detail: "needs an RPC node",
  });
});

describe("canonical JSON", () => {
  it.each(vectors.canonical)("is $text", ({ value, text: expected }) => {
    expect(canonicalText(value as Json)).toBe(expected);
  });

  it.each([1.5, 2 ** 53, NaN, "\ud800"])("has no text for %j", (value) => {
    expect(() => canonicalText(value)).toThrow(NotCanonical);
  });
});

describe("Merkle proofs", () => {
  it.each(vectors.merkle)("of leaf $index in a tree of $size", ({ data, index, size, proof, root }) => {
    const siblings = proof.map(hexToBytes);
    const reached = rootFrom(leafHash(Uint8Array.of(data)), index, size, siblings);
    expect(reached && bytesToHex(reached)).toBe(root);
    expect(rootFrom(leafHash(Uint8Array.of(data)), size, size, siblings)).toBeNull();
    expect(
      rootFrom(leafHash(Uint8Array.of(data)), index, size, [...siblings, leafHash(Uint8Array.of())]),
    ).toBeNull();
  });
});

describe("a receipt file", () => {
  it("is read from the API's answer too", () => {
    expect(readReceipt(`{"success": true, "receipt": ${text}}`)).toEqual(honest);
  });

  it("has the bytes that the leaf of its proof is made of", () => {
    expect(new TextDecoder().decode(signedBytes(honest.receipt))).toBe(canonicalText(honest.receipt));
  });

  it.each(vectors.noFiles)("is not %j", (content) => {
    expect(() => readReceipt(content)).toThrow(UnreadableReceipt);
  });

  it.each(vectors.spoilers)("has no %s as %s", (old = "", spoiled = "") => {
    expect(text).toContain(old);
    expect(() => readReceipt(text.replace(old, () => spoiled))).toThrow(UnreadableReceipt);
  });

  it("has a size that a browser bears", () => {
    expect(() => readReceipt(`${text}${" ".repeat(1 << 20)}`)).toThrow(UnreadableReceipt);
  });
});

describe("the original of a tampered receipt", () => {
  it.each(["cost altered", "verdict altered", "network altered"])("is known from the file: %s", (name) => {
    expect(restored(fileNamed(name))).toEqual(honest.receipt);
  });

  it("is not guessed", () => {
    expect(restored(fileNamed("units altered"))).toBeNull();
    expect(restored(fileNamed("signature of another"))).toBeNull();
    expect(restored(fileNamed("root altered"))).toBeNull(); // The receipt is as it was.
  });

  it("is believed from elsewhere if it proves itself", () => {
    const believed = (name: string) => proven(JSON.stringify(fileNamed(name)), honest.signer);
    expect(proven(text, honest.signer)).toEqual(honest);
    expect(believed("not anchored yet")?.receipt).toEqual(honest.receipt);
    for (const name of ["units altered", "root altered", "signer altered"]) expect(believed(name)).toBeNull();
    expect(proven(text, "9C6hybhQ6Aycep9jaUnP6uL9ZYvDjUp1aSkFWPUFJtpj")).toBeNull();
    expect(proven("{}", honest.signer)).toBeNull();
  });

  it("shows what was changed", () => {
    expect(changes(fileNamed("units altered"), honest)).toEqual([
      { field: "receipt.units", original: "64", found: "65" },
    ]);
    expect(changes(fileNamed("leaf index altered"), honest)).toEqual([
      { field: "merkle.leafIndex", original: "2", found: "1" },
    ]);
    expect(changes(honest, fileNamed("not anchored yet"))).toContainEqual({
      field: "merkle.leafIndex",
      original: "nothing",
      found: "2",
    });
    expect(changes(honest, honest)).toEqual([]);
  });
});
