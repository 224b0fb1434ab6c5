/** Receipt files: what they hold, read as strictly as `hypernode receipt verify` reads them. */
import * as v from "valibot";
import { canonicalBytes } from "./canonical";

export const MAX_FILE_BYTES = 1 << 20;
const MAX_PROOF = 64;
const SUPPLY = 10 ** 15;

const text = v.pipe(
  v.string(),
  v.check((value) => !/\p{Surrogate}/u.test(value), "half a surrogate pair is no text"),
);
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits"));
const moment = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, "expected a UTC time with milliseconds"),
);
const count = v.pipe(
  v.number(),
  v.safeInteger("expected a whole number below 2^53"),
  v.minValue(0, "expected no negative number"),
);
const money = v.pipe(count, v.maxValue(SUPPLY, "expected no more base units than there are"));

const Receipt = v.strictObject({
  receiptId: text,
  jobId: text,
  customer: text,
  provider: text,
  nodeId: text,
  jobType: text,
  model: text,
  inputDigest: digest,
  resultDigest: digest,
  artifacts: v.array(digest),
  unit: text,
  units: count,
  cost: money,
  providerPart: money,
  networkPart: money,
  verdict: v.picklist(["passed", "failed", "unverified"]),
  assurance: text,
  createdAt: moment,
  startedAt: moment,
  endedAt: moment,
  network: text,
  version: v.optional(v.literal(1), 1),
});

const ReceiptFile = v.strictObject({
  receipt: Receipt,
  signature: text,
  signer: text,
  merkle: v.nullish(
    v.strictObject({
      leafIndex: count,
      treeSize: count,
      root: digest,
      proof: v.pipe(v.array(digest), v.maxLength(MAX_PROOF, `expected at most ${MAX_PROOF} hashes`)),
    }),
    null,
  ),
  anchor: v.nullish(v.strictObject({ transaction: text, slot: count, genesisHash: text }), null),
});

export type Receipt = v.InferOutput<typeof Receipt>;
export type ReceiptFile = v.InferOutput<typeof ReceiptFile>;

/** What it says is meant for people. */
export class UnreadableReceipt extends Error {
  override readonly name = "UnreadableReceipt";
}

/** A receipt file's content. Unknown fields are refused: they would be unproved. Throws UnreadableReceipt. */
export function readReceipt(content: string): ReceiptFile {
  if (new TextEncoder().encode(content).length > MAX_FILE_BYTES) {
    throw new UnreadableReceipt(`A receipt file has at most ${MAX_FILE_BYTES} bytes.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new UnreadableReceipt(
      `This is no JSON: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  const read = v.safeParse(ReceiptFile, unwrapped(value));
  if (read.success) return read.output;
  throw new UnreadableReceipt(`This is no receipt file: ${read.issues.map(said).join("; ")}.`);
}

/** The bytes that the network signs and the Merkle leaf hashes. */
export function signedBytes(receipt: Receipt): Uint8Array {
  return canonicalBytes(receipt);
}

/** The API's answer holds the file in `receipt`. */
function unwrapped(value: unknown): unknown {
  const isAnswer = typeof value === "object" && value !== null && "success" in value && "receipt" in value;
  return isAnswer ? value.receipt : value;
}

function said(issue: v.BaseIssue<unknown>): string {
  const place = v.getDotPath(issue) ?? "the whole";
  if (issue.type === "strict_object" && issue.expected === "never") return `${place} is no field of it`;
  if (issue.received === "undefined") return `${place} is missing`;
  return `${place}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
}
