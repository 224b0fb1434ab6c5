/** One node of the wallet: how it is, what it does, why jobs come, and what its owner can do. */
import { Pause, Play, Tag, Terminal, Trash2 } from "lucide-react";
import { useState } from "react";
import { Ago } from "@/ui/Ago";
import { Amount } from "@/ui/Amount";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Facts } from "@/ui/Facts";
import { Problem } from "@/ui/Problem";
import { Status } from "@/ui/Status";
import { number, short, words } from "@/ui/text";
import { DeregisterDialog, PriceDialog, StartDialog } from "./dialogs";
import { Load } from "./Load";
import { gpuName, type Node, nodeName, stateOf } from "./node";
import styles from "./NodeCard.module.css";
import { Reasons } from "./Reasons";
import { type Market, reasonsFor } from "./reasons";
import { useDraining } from "./useNodes";

type Open = "price" | "start" | "deregister" | null;

export function NodeCard({ node, market }: { node: Node; market: Market | undefined }) {
  const [open, setOpen] = useState<Open>(null);
  const draining = useDraining(node);
  const state = stateOf(node);
  const dialog = (name: Open) => ({
    node,
    open: open === name,
    onOpenChange: (next: boolean) => setOpen(next ? name : null),
  });
  return (
    <Card
      title={
        <span className={styles.title}>
          <span title={node.machineId}>{nodeName(node)}</span>
          <Status of={state} />
        </span>
      }
      aside={
        <div className={styles.actions}>
          {state === "offline" && (
            <Button size="small" icon={<Terminal />} onClick={() => setOpen("start")}>
              Start again
            </Button>
          )}
          {(state === "online" || state === "busy") && (
            <Button
              size="small"
              icon={<Pause />}
              busy={draining.isPending}
              onClick={() => draining.mutate("draining")}
            >
              Drain
            </Button>
          )}
          {state === "draining" && (
            <Button
              size="small"
              icon={<Play />}
              busy={draining.isPending}
              onClick={() => draining.mutate("online")}
            >
              Resume
            </Button>
          )}
          {state !== "offline" && state !== "suspended" && (
            <Button size="small" icon={<Tag />} onClick={() => setOpen("price")}>
              Set price
            </Button>
          )}
          <Button size="small" variant="danger" icon={<Trash2 />} onClick={() => setOpen("deregister")}>
            Deregister
          </Button>
        </div>
      }
    >
      {draining.error && <Problem error={draining.error} />}
      <div className={styles.columns}>
        <Facts facts={factsOf(node)} />
        <div className={styles.side}>
          <section className={styles.side}>
            <h3 className={styles.heading}>Why jobs come, or not</h3>
            <Reasons reasons={reasonsFor(node, market)} />
          </section>
          {Object.keys(node.metrics).length > 0 && state !== "offline" && <Load node={node} />}
        </div>
      </div>
      <PriceDialog {...dialog("price")} />
      <StartDialog {...dialog("start")} />
      <DeregisterDialog {...dialog("deregister")} />
    </Card>
  );
}

function factsOf(node: Node): (readonly [string, React.ReactNode])[] {
  const { city = "Unknown", country = "Unknown" } = node.location;
  const place = [city, country].filter((each) => each !== "Unknown" && each !== "").join(", ");
  return [
    ["Hardware", gpuName(node)],
    ["Asks an hour", <Amount key="price" value={node.price} />],
    ["Earned", <Amount key="earned" value={node.totalEarned} />],
    ["Jobs done", number(node.jobsCompleted)],
    ["Reputation", `${number(node.reputation)} of 100`],
    [
      "Offers",
      node.engines.length === 0
        ? null
        : node.engines.map(({ jobType, models }) => (
            <span key={jobType} className={styles.offer}>
              {words(jobType)}
              {models[0] !== undefined && (
                <span className="muted small" title={models.join(", ")}>
                  {" "}
                  {models.length > 1 ? `${models[0]} and ${models.length - 1} more` : models[0]}
                </span>
              )}
            </span>
          )),
    ],
    ["Isolation", words(node.isolation)],
    ["Slots", number(node.capacity)],
    ["Stands in", place || null],
    ["Last heard of", <Ago key="seen" at={node.lastSeen} />],
    [
      "Node",
      <span key="id" className="mono" title={node.nodeId}>
        {short(node.nodeId, 6)}
      </span>,
    ],
  ];
}
