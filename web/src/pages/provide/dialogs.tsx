/** What an owner decides about a node. */
import { useState } from "react";
import { asApiError } from "@/api/errors";
import { Button } from "@/ui/Button";
import { Code } from "@/ui/Code";
import { Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { fromApi, parseHyper, toApi } from "@/ui/money";
import { notify } from "@/ui/notify";
import { Problem } from "@/ui/Problem";
import { nextStart } from "./command";
import styles from "./dialogs.module.css";
import { type Node, nodeName } from "./node";
import { usePricing, useRemoval } from "./useNodes";

interface Props {
  node: Node;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function PriceDialog({ node, open, onOpenChange }: Props) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={`Price of ${nodeName(node)}`} size="small">
      <Price node={node} onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

function Price({ node, onDone }: { node: Node; onDone: () => void }) {
  const [text, setText] = useState(() => toApi(fromApi(node.price)));
  const pricing = usePricing(node, () => {
    notify({ title: `${nodeName(node)} asks ${text.trim()} HYPER an hour`, type: "good" });
    onDone();
  });
  const price = parseHyper(text);
  const refused = pricing.error && asApiError(pricing.error);
  const submit = (event: React.SyntheticEvent): void => {
    event.preventDefault();
    if (price !== null) pricing.mutate(price);
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <Field
        label="Price an hour"
        hint="Jobs that have begun keep the price that they began with. When you start the node again, give this price there as well: its command decides then."
        error={price === null ? "An amount with at most 6 decimals" : refused?.expected("price")}
      >
        <Input
          value={text}
          inputMode="decimal"
          autoComplete="off"
          unit="HYPER"
          onChange={(event) => setText(event.target.value)}
        />
      </Field>
      {refused && refused.expected("price") === undefined && <Problem error={refused} />}
      <div className={styles.actions}>
        <Button type="submit" variant="primary" busy={pricing.isPending} disabled={price === null}>
          Set the price
        </Button>
      </div>
    </form>
  );
}

export function StartDialog({ node, open, onOpenChange }: Props) {
  const start = { origin: location.origin, price: fromApi(node.price), wallet: node.walletAddress };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Start ${nodeName(node)} again`}
      description="On the machine where it ran: its token is kept there, in the node's home."
    >
      <Code label="Command">{nextStart(start)}</Code>
      <p className="muted small">
        Did it have a home of its own? Give the same <code>--home</code> again. Is the token lost? Deregister
        the node and register the machine anew.
      </p>
    </Dialog>
  );
}

export function DeregisterDialog({ node, open, onOpenChange }: Props) {
  const removal = useRemoval(node, () => {
    notify({ title: `${nodeName(node)} is deregistered`, type: "good" });
    onOpenChange(false);
  });
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Deregister ${nodeName(node)}?`}
      description="It gets no more jobs, its token ends, and its reputation is lost. What it earned is paid all the same. Stop the node on its machine first, and it finishes the jobs in hand."
      size="small"
    >
      {removal.error && <Problem error={removal.error} />}
      <div className={styles.actions}>
        <Button variant="ghost" onClick={() => onOpenChange(false)}>
          Keep it
        </Button>
        <Button variant="danger" busy={removal.isPending} onClick={() => removal.mutate()}>
          Deregister
        </Button>
      </div>
    </Dialog>
  );
}
