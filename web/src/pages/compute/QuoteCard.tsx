/** What the job would cost and how long it would wait; where no node matches, what would help. */
import { Amount } from "@/ui/Amount";
import { Button } from "@/ui/Button";
import { Facts } from "@/ui/Facts";
import { Problem } from "@/ui/Problem";
import { Skeleton } from "@/ui/Skeleton";
import { count, duration } from "@/ui/text";
import type { Schemas } from "@/api/client";
import { type Json, problemsOf } from "./draft";
import styles from "./NewJob.module.css";
import { labelOf } from "./shape";
import type { Quoted } from "./useQuote";

interface Props extends Quoted {
  onRelax: (change: Json) => void;
}

export function QuoteFacts({ quote, error, isOld, onRelax }: Props) {
  if (error && error.fields.length === 0) return <Problem error={error} />;
  if (error)
    return (
      <div className={styles.wrong}>
        <p>Something is not right yet:</p>
        <ul>
          {[...problemsOf(error.fields)].map(([path, expected]) => (
            <li key={path}>
              <code>{path}</code>: {expected}
            </li>
          ))}
        </ul>
      </div>
    );
  return (
    <div className={isOld ? styles.old : undefined} aria-busy={isOld} aria-live="polite">
      <Facts
        facts={[
          ["Cost", quote ? <Cost cost={quote.cost} /> : <Skeleton width="9ch" />],
          ["Matching nodes", quote ? quote.matchingNodes : <Skeleton width="2ch" />],
          ["Free now", quote ? quote.freeNodes : <Skeleton width="2ch" />],
          ["Expected wait", quote ? <Wait quote={quote} /> : <Skeleton width="6ch" />],
        ]}
      />
      {quote?.matchingNodes === 0 && <NoMatch explanation={quote.explanation} onRelax={onRelax} />}
    </div>
  );
}

function Cost({ cost }: { cost: Schemas["Quote"]["cost"] }) {
  if (cost === null) return "—";
  if (cost.lowest === cost.highest) return <Amount value={cost.highest} />;
  return (
    <>
      {cost.lowest} to <Amount value={cost.highest} />
    </>
  );
}

function Wait({ quote: { expectedWaitSeconds: wait, matchingNodes } }: { quote: Schemas["Quote"] }) {
  if (wait === null) return matchingNodes === 0 ? "—" : "Not known yet";
  return wait === 0 ? "None" : `About ${duration(wait)}`;
}

function NoMatch({ explanation, onRelax }: { explanation: Schemas["Explanation"] } & Pick<Props, "onRelax">) {
  const { obstacles, relaxation, onlineNodes } = explanation;
  return (
    <div className={styles.none}>
      <p className={styles.noneTitle}>
        {onlineNodes === 0 ? "No node is online" : `None of ${count(onlineNodes, "online node")} matches`}
      </p>
      {obstacles.length > 0 && (
        <ul>
          {obstacles.map(({ requirement, asked, failingNodes }) => (
            <li key={requirement}>
              {failingNodes} of {onlineNodes} fail {labelOf(requirement)} {asked}
            </li>
          ))}
        </ul>
      )}
      {relaxation ? (
        <Button size="small" onClick={() => onRelax(relaxation.change)}>
          Set{" "}
          {Object.entries(relaxation.change)
            .map(([name, value]) => `${labelOf(name)} to ${valueText(value)}`)
            .join(", ")}
          : {count(relaxation.nodes, "node")}
        </Button>
      ) : (
        <p>You may submit all the same: the job waits until a node comes that fits.</p>
      )}
    </div>
  );
}

function valueText(value: unknown): string {
  return (Array.isArray(value) ? value.join(", ") : String(value)) || "any";
}
