/** The text that Sign-In With Solana asks a wallet to sign, as the fields that `solana:signIn` takes. */

export interface SignInFields {
  domain: string;
  address: string;
  statement?: string;
  uri?: string;
  version?: string;
  chainId?: string;
  nonce?: string;
  issuedAt?: string;
  expirationTime?: string;
}

const HEADER = " wants you to sign in with your Solana account:";
const LABELS = {
  URI: "uri",
  Version: "version",
  "Chain ID": "chainId",
  Nonce: "nonce",
  "Issued At": "issuedAt",
  "Expiration Time": "expirationTime",
} as const;

/** The fields of our own challenge. The coordinator checks what comes back strictly; this only reads. */
export function signInFields(message: string): SignInFields {
  const [header = "", ...parts] = message.split("\n\n");
  const [domain = "", address = ""] = header.replace(HEADER, "").split("\n");
  const fields: SignInFields = { domain, address };
  const lines = parts.pop()?.split("\n") ?? [];
  for (const line of lines) {
    const at = line.indexOf(": ");
    const label = line.slice(0, at);
    if (label in LABELS) fields[LABELS[label as keyof typeof LABELS]] = line.slice(at + 2);
  }
  const statement = parts.pop();
  return statement === undefined ? fields : { ...fields, statement };
}
