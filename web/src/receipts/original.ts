/** What a tampered receipt said before: an original is believed because of its own signature, wherever it came from. */
import { readReceipt, type Receipt, type ReceiptFile, UnreadableReceipt } from "./file";
import { type CheckName, checkFile, isSigned } from "./verify";

/** A field that was changed. */
export interface Change {
  field: string;
  original: string;
  found: string;
}

const VERDICTS: readonly Receipt["verdict"][] = ["passed", "failed", "unverified"];

/** The receipt that was signed, if one field was altered whose value the rest of the file tells; else null. */
export function restored(file: ReceiptFile): Receipt | null {
  const { receipt, anchor } = file;
  if (isSigned(file, receipt)) return null;
  const { cost, providerPart, networkPart } = receipt;
  const guesses: Partial<Receipt>[] = [
    { cost: providerPart + networkPart },
    { providerPart: cost - networkPart },
    { networkPart: cost - providerPart },
    ...VERDICTS.map((verdict) => ({ verdict })),
    ...(anchor ? [{ network: anchor.genesisHash }] : []),
  ];
  const originals = guesses.map((guess) => ({ ...receipt, ...guess }));
  return originals.find((original) => isSigned(file, original)) ?? null;
}

const PROOFS: readonly CheckName[] = ["signer", "signature", "inclusion"];

/** A receipt from elsewhere, if it proves itself as one that `signer` signed; else null. */
export function proven(content: string, signer: string): ReceiptFile | null {
  try {
    const other = readReceipt(content);
    const broken = checkFile(other, signer).filter(
      ({ name, verdict }) => verdict === "failed" && PROOFS.includes(name),
    );
    return broken.length === 0 ? other : null;
  } catch (error) {
    if (error instanceof UnreadableReceipt) return null;
    throw error;
  }
}

/** The fields in which a file differs from an original: of the receipt, and of the proofs that the file has. */
export function changes(file: ReceiptFile, original: ReceiptFile): Change[] {
  const before = fields(original);
  return Object.entries(fields(file)).flatMap(([field, found]) => {
    const was = before[field] ?? "nothing";
    return was === found ? [] : [{ field, original: was, found }];
  });
}

/** Every value of a file by its path, as text. */
function fields({ receipt, merkle, anchor, signature, signer }: ReceiptFile): Record<string, string> {
  const groups = { receipt, merkle: merkle ?? {}, anchor: anchor ?? {} };
  const inner = Object.entries(groups).flatMap(([group, values]) =>
    Object.entries(values).map(([name, value]) => [`${group}.${name}`, text(value)] as const),
  );
  return { ...Object.fromEntries(inner), signature, signer };
}

function text(value: string | number | readonly string[]): string {
  return typeof value === "object" ? value.join(", ") || "none" : String(value);
}
