/** Sign-In With Solana: the wallet signs the coordinator's challenge, and a session begins. */
import { useSignIn, useSignMessage } from "@solana/react";
import { useMutation } from "@tanstack/react-query";
import type { UiWalletAccount } from "@wallet-standard/react";
import { answered, api } from "@/api/client";
import { Address } from "@/ui/Address";
import { Button } from "@/ui/Button";
import { Problem } from "@/ui/Problem";
import { notify } from "@/ui/notify";
import { session } from "./session";
import { signInFields } from "./siws";
import styles from "./WalletDialog.module.css";

interface Props {
  account: UiWalletAccount;
  onDone: () => void;
  onBack: () => void;
}

interface Signed {
  signedMessage: Uint8Array;
  signature: Uint8Array;
}

type Sign = (message: string) => Promise<Signed>;

/** A wallet that knows sign-ins shows one as such; any other signs the same text as a message. */
export function SignIn(props: Props) {
  return props.account.features.includes("solana:signIn") ? (
    <ByFeature {...props} />
  ) : (
    <ByMessage {...props} />
  );
}

function ByFeature(props: Props) {
  const signIn = useSignIn(props.account);
  const sign: Sign = (message) => {
    const { address, ...fields } = signInFields(message); // The account says which it is.
    return signIn(fields);
  };
  return <Form {...props} sign={sign} />;
}

function ByMessage(props: Props) {
  const signMessage = useSignMessage(props.account);
  return <Form {...props} sign={(message) => signMessage({ message: new TextEncoder().encode(message) })} />;
}

function Form({ account, onDone, onBack, sign }: Props & { sign: Sign }) {
  const signing = useMutation({
    mutationFn: async () => {
      const walletAddress = account.address;
      const challenge = await answered(api.POST("/api/auth/challenge", { body: { walletAddress } }));
      const { signedMessage, signature } = await sign(challenge.message);
      const message = new TextDecoder().decode(signedMessage);
      const body = { walletAddress, message, signature: base64(signature) };
      return answered(api.POST("/api/auth/verify", { body }));
    },
    onSuccess: ({ token, walletAddress, expiresAt }) => {
      session.begin({ token, walletAddress, expiresAt });
      notify({ title: "Signed in", type: "good" });
      onDone();
    },
  });
  return (
    <div className={styles.account}>
      <Address value={account.address} long />
      <p className="muted">
        Sign a message to prove that this wallet is yours. It moves no money and costs nothing.
      </p>
      {signing.error && <Problem error={signing.error} />}
      <div className={styles.actions}>
        <Button variant="ghost" onClick={onBack}>
          Another wallet
        </Button>
        <Button variant="primary" busy={signing.isPending} onClick={() => signing.mutate()}>
          Sign in
        </Button>
      </div>
    </div>
  );
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
