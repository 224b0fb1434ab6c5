/** Checks a receipt here, in the browser: of what this server says, nothing is believed. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { useChain } from "@/api/chain";
import { readReceipt, type ReceiptFile, UnreadableReceipt } from "@/receipts/file";
import { httpRpc, refusedUrl } from "@/receipts/rpc";
import { type Check, checkAnchor, checkFile } from "@/receipts/verify";
import { Page } from "@/ui/Page";
import { Checks } from "./Checks";
import { Elsewhere } from "./Elsewhere";
import { Parties, Statement } from "./ReceiptFacts";
import { ReceiptInput } from "./ReceiptInput";
import { Sources } from "./Sources";
import { Tampered } from "./Tampered";
import { useReceiptOf } from "./useReceiptOf";
import styles from "./verify.module.css";

export default function Verify() {
  const [search, setSearch] = useSearchParams();
  const jobId = search.get("job") ?? "";
  const [pasted, setPasted] = useState<string | null>(null);
  const fetched = useReceiptOf(pasted === null ? jobId : "");
  const content = pasted ?? (fetched.data ? JSON.stringify(fetched.data.receipt, null, 2) : "");
  const { file, problem } = read(content);

  const chain = useChain().data;
  const [chosenRpc, setChosenRpc] = useState<string | null>(null);
  const [chosenKey, setChosenKey] = useState<string | null>(null);
  const rpcUrl = chosenRpc ?? chain?.rpcUrl ?? "";
  const networkKey = chosenKey ?? chain?.receiptKey ?? "";
  const anchor = useAnchorCheck(file, rpcUrl);
  const checks = file && [...checkFile(file, networkKey || null), anchor.data];

  return (
    <Page
      title="Verify a receipt"
      lead="A receipt proves what a job was, what it cost and what checking found. It is checked here, in your browser, against a Solana node that you choose: you need not trust this server."
    >
      <div className={styles.sides}>
        <div className={styles.side}>
          <div className={styles.first}>
            <ReceiptInput
              content={content}
              jobId={jobId}
              problem={problem ?? (pasted === null && fetched.error)}
              loading={fetched.isFetching}
              onContent={setPasted}
              onJob={(id) => {
                setPasted(null);
                setSearch(id ? { job: id } : {});
              }}
            />
          </div>
          <Sources
            rpcUrl={rpcUrl}
            networkKey={networkKey}
            isOwnKey={chosenKey === null}
            onRpcUrl={setChosenRpc}
            onNetworkKey={setChosenKey}
          />
          {file && <Statement file={file} />}
        </div>
        <div className={styles.side}>
          <div className={styles.second}>
            <Checks
              checks={checks}
              isUnreadable={problem !== undefined}
              onAgain={anchor.refetch}
              asking={anchor.isFetching}
            />
            {file && <Tampered file={file} checks={checks ?? []} networkKey={networkKey || file.signer} />}
          </div>
          {file && <Parties file={file} />}
        </div>
      </div>
      <Elsewhere jobId={file?.receipt.jobId} rpcUrl={rpcUrl} networkKey={networkKey} />
    </Page>
  );
}

function read(content: string): { file?: ReceiptFile; problem?: UnreadableReceipt } {
  if (content.trim() === "") return {};
  try {
    return { file: readReceipt(content) };
  } catch (error) {
    if (error instanceof UnreadableReceipt) return { problem: error };
    throw error;
  }
}

/** Asks the chain anew when something that it answers for changes. */
function useAnchorCheck(file: ReceiptFile | undefined, rpcUrl: string) {
  const { receipt, merkle, anchor, signer } = file ?? {};
  const asked = [receipt?.network, merkle?.root, merkle?.treeSize, anchor, signer, rpcUrl];
  return useQuery({
    queryKey: ["anchor", ...asked],
    enabled: file !== undefined,
    retry: false,
    queryFn: ({ signal }): Promise<Check> => {
      if (file === undefined) throw new Error("there is no receipt to check");
      const refused = rpcUrl === "" ? "Name an RPC of the receipt's network." : refusedUrl(rpcUrl);
      return refused === undefined ? checkAnchor(file, httpRpc(rpcUrl, signal)) : withoutNode(file, refused);
    },
  });
}

async function withoutNode(file: ReceiptFile, advice: string): Promise<Check> {
  const check = await checkAnchor(file, null);
  return check.verdict === "not checked" && file.anchor ? { ...check, advice } : check;
}
