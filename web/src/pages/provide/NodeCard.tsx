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
import { hardwareOf, hasNeverRun, type Node, nodeName, stateOf } from "./node";
import styles from "./NodeCard.module.css";
import { usePriceUnits } from "./priceUnits";
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
          <Part title="Why jobs come, or not">
            <Reasons reasons={reasonsFor(node, market)} />
          </Part>
          {Object.keys(node.metrics).length > 0 && state !== "offline" && (
            <Part title="What it does now">
              <Load node={node} />
            </Part>
          )}
          {node.engines.length > 0 && (
            <Part title="What it offers">
              <Offers node={node} />
            </Part>
          )}
        </div>
      </div>
      <PriceDialog {...dialog("price")} />
      <StartDialog {...dialog("start")} />
      <DeregisterDialog {...dialog("deregister")} />
    </Card>
  );
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className={styles.part}>
      <h3 className={styles.heading}>{title}</h3>
      {children}
    </section>
  );
}

function Offers({ node }: { node: Node }) {
  const priceUnits = usePriceUnits(node.engines.some(({ pricePerUnit }) => pricePerUnit !== null));
  return (
    <ul className={styles.offers}>
      {node.engines.map(({ jobType, models, pricePerUnit }) => (
        <li key={jobType}>
          {words(jobType)}
          {models[0] !== undefined && (
            <span className="muted" title={models.join(", ")}>
              {" "}
              {models[0]}
              {models.length > 1 && ` and ${models.length - 1} more`}
            </span>
          )}
          {pricePerUnit !== null && (
            <span className="muted">{`, ${pricePerUnit} HYPER for ${priceUnits?.get(jobType) ?? "a unit"}`}</span>
          )}
        </li>
      ))}
    </ul>
  );
}

function factsOf(node: Node): (readonly [string, React.ReactNode])[] {
  const { city = "Unknown", country = "Unknown" } = node.location;
  const hasRun = !hasNeverRun(node);
  const place = [city, country].filter((each) => each !== "Unknown" && each !== "").join(", ");
  return [
    ["Hardware", hardwareOf(node)],
    ["Asks an hour", <Amount key="price" value={node.price} />],
    ["Earned", hasRun ? <Amount key="earned" value={node.totalEarned} /> : null],
    ["Jobs done", hasRun ? number(node.jobsCompleted) : null],
    ["Reputation", hasRun ? `${number(node.reputation)} of 100` : null],
    ["Isolation", hasRun ? words(node.isolation) : null],
    ["Slots", hasRun ? number(node.capacity) : null],
    ["Stands in", place || null],
    hasRun
      ? ["Last heard of", <Ago key="seen" at={node.lastSeen} />]
      : ["Registered", <Ago key="made" at={node.registeredAt} />],
    [
      "Node",
      <span key="id" className="mono" title={node.nodeId}>
        {short(node.nodeId, 6)}
      </span>,
    ],
  ];
}
