/** Registers a machine, and gives the one command that starts its node. */
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { answered, api, type Schemas } from "@/api/client";
import { Button } from "@/ui/Button";
import { Code } from "@/ui/Code";
import { Dialog } from "@/ui/Dialog";
import { fromApi } from "@/ui/money";
import { Status } from "@/ui/Status";
import { firstStart } from "./command";
import dialogs from "./dialogs.module.css";
import { type Node, nodeName, stateOf } from "./node";
import styles from "./RegisterDialog.module.css";
import { RegisterForm } from "./RegisterForm";
import type { Market } from "./reasons";
import { useNodesChanged } from "./useNodes";

interface Props {
  wallet: string;
  nodes: readonly Node[];
  market: Market | undefined;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function RegisterDialog({ wallet, nodes, market, open, onOpenChange }: Props) {
  const registering = useRegistering();
  const registered = registering.data;
  const change = (next: boolean): void => {
    if (!next) registering.reset();
    onOpenChange(next);
  };
  const node =
    registered && (nodes.find(({ nodeId }) => nodeId === registered.node.nodeId) ?? registered.node);
  return (
    <Dialog
      open={open}
      onOpenChange={change}
      title={node ? `Start ${nodeName(node)}` : "Register a GPU"}
      description={
        node
          ? "Run this on the machine with the GPU. The token proves that the machine is yours; it is shown once."
          : "A name and a price are enough: the node measures its hardware itself when it starts."
      }
    >
      {node ? (
        <Started node={node} token={registered.nodeToken ?? ""} onDone={() => change(false)} />
      ) : (
        <RegisterForm
          wallet={wallet}
          taken={nodes.map(({ machineId }) => machineId)}
          market={market}
          busy={registering.isPending}
          refused={registering.error}
          onSubmit={(body) => registering.mutate(body)}
        />
      )}
    </Dialog>
  );
}

/** The same description is the same request: if its answer was lost, a second try still gets the token. */
function useRegistering() {
  const changed = useNodesChanged();
  const last = useRef({ text: "", key: "" });
  return useMutation({
    mutationFn: (body: Schemas["RegisterNode"]) => {
      const text = JSON.stringify(body);
      if (last.current.text !== text) last.current = { text, key: crypto.randomUUID() };
      const header = { "Idempotency-Key": last.current.key };
      return answered(api.POST("/api/nodes/register", { body, params: { header } }));
    },
    onSuccess: () => {
      last.current = { text: "", key: "" };
      return changed();
    },
  });
}

function Started({ node, token, onDone }: { node: Node; token: string; onDone: () => void }) {
  const state = stateOf(node);
  return (
    <>
      <Code label="Command">
        {firstStart({ origin: location.origin, price: fromApi(node.price), token })}
      </Code>
      <p className="muted small">
        <code>hypernode node doctor --coordinator {location.origin}</code> says beforehand what the machine
        can run, and what is missing. A second node on the same machine needs a <code>--home</code> of its
        own.
      </p>
      <p className={styles.state} role="status">
        <Status of={state} />
        {state === "not started"
          ? "Waiting for the node to connect…"
          : "The node has connected. Jobs can come."}
      </p>
      <div className={dialogs.actions}>
        <Button variant={state === "not started" ? "secondary" : "primary"} onClick={onDone}>
          {state === "not started" ? "I have the command" : "Done"}
        </Button>
      </div>
    </>
  );
}
