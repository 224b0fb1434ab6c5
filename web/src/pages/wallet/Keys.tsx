/** API keys for programs and agents. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { api, queries } from "@/api/client";
import { Ago } from "@/ui/Ago";
import { Amount } from "@/ui/Amount";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Dialog } from "@/ui/Dialog";
import { Empty } from "@/ui/Empty";
import { notify } from "@/ui/notify";
import { Problem } from "@/ui/Problem";
import { Status } from "@/ui/Status";
import { type Column, Table } from "@/ui/Table";
import { words } from "@/ui/text";
import { type ApiKey, stateOf } from "./keys";
import forms from "./forms.module.css";
import styles from "./lists.module.css";
import { NewKeyDialog } from "./NewKeyDialog";

const EVERY_MS = 15_000;
const MOST = 200;

export function Keys() {
  const { data, error, refetch, isRefetching, dataUpdatedAt } = queries.useQuery(
    "get",
    "/api/keys",
    { params: { query: { limit: MOST } } },
    { refetchInterval: EVERY_MS },
  );
  const [isMaking, setMaking] = useState(false);
  const [ending, setEnding] = useState<ApiKey | null>(null);
  const make = (
    <Button size="small" icon={<Plus />} onClick={() => setMaking(true)}>
      New key
    </Button>
  );
  return (
    <Card title="API keys" aside={data?.keys.length !== 0 && make} flush>
      {error && (
        <div className={styles.inset}>
          <Problem error={error} onRetry={refetch} retrying={isRefetching} />
        </div>
      )}
      {(data !== undefined || !error) && (
        <Table
          caption="API keys"
          columns={columnsAt(dataUpdatedAt, setEnding)}
          rows={data?.keys}
          rowKey={({ keyId }) => keyId}
          skeletons={2}
          empty={
            <Empty icon={<KeyRound />} title="No API key yet" action={make}>
              A key lets a program or an agent act for this wallet: as far as its scopes go, for as long and
              for as much as you say.
            </Empty>
          }
        />
      )}
      <NewKeyDialog open={isMaking} onOpenChange={setMaking} />
      <RevokeDialog key={ending?.keyId} ending={ending} onDone={() => setEnding(null)} />
    </Card>
  );
}

function columnsAt(now: number, onRevoke: (key: ApiKey) => void): Column<ApiKey>[] {
  return [
    { name: "Name", cell: ({ name }) => name || <span className="muted">Without a name</span> },
    { name: "Scopes", cell: ({ scopes }) => scopes.map(words).join(", ") },
    { name: "Made", cell: ({ createdAt }) => <Ago at={createdAt} /> },
    {
      name: "Ends",
      cell: ({ expiresAt }) =>
        expiresAt === null ? <span className="muted">Never</span> : <Ago at={expiresAt} />,
    },
    {
      name: "Spent",
      numeric: true,
      cell: ({ spent, spendingLimit }) => (
        <>
          <Amount value={spent} />
          {spendingLimit !== null && (
            <span className="muted">
              {" "}
              of <Amount value={spendingLimit} />
            </span>
          )}
        </>
      ),
    },
    {
      name: "State",
      cell: (key) => {
        const state = stateOf(key, now);
        return <Status of={state} tone={state === "active" ? "good" : "quiet"} />;
      },
    },
    {
      name: "Revoke",
      cell: (key) =>
        stateOf(key, now) === "active" && (
          <Button
            size="small"
            variant="danger"
            onClick={() => onRevoke(key)}
            aria-label={`Revoke ${key.name || "the key without a name"}`}
          >
            Revoke
          </Button>
        ),
    },
  ];
}

function RevokeDialog({ ending, onDone }: { ending: ApiKey | null; onDone: () => void }) {
  const client = useQueryClient();
  const revoking = useMutation({
    mutationFn: (keyId: string) => api.DELETE("/api/keys/{key_id}", { params: { path: { key_id: keyId } } }),
    onSuccess: () => {
      notify({ title: "The key is revoked", type: "good" });
      onDone();
      return client.invalidateQueries({ queryKey: ["get", "/api/keys"] });
    },
  });
  return (
    <Dialog
      open={ending !== null}
      onOpenChange={(next) => !next && onDone()}
      title={`Revoke ${ending?.name || "this key"}?`}
      description="What uses it is refused from now on. Its jobs go on."
      size="small"
    >
      {revoking.error && <Problem error={revoking.error} />}
      <div className={forms.end}>
        <Button variant="ghost" onClick={onDone}>
          Keep it
        </Button>
        <Button
          variant="danger"
          busy={revoking.isPending}
          onClick={() => ending && revoking.mutate(ending.keyId)}
        >
          Revoke
        </Button>
      </div>
    </Dialog>
  );
}
