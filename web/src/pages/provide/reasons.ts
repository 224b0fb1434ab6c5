/** Why jobs come to a node, or why they do not. */
import { formatHyper, fromApi } from "@/ui/money";
import { count, number } from "@/ui/text";
import { gigabytes, hasNeverRun, type Node } from "./node";

export interface Reason {
  /** What it means for the jobs that come. */
  weight: "stops" | "limits" | "tells" | "helps";
  text: string;
}

/** What other nodes ask. */
export interface Market {
  nodes: number;
  /** Base units an hour. */
  medianPrice: bigint;
}

/** A job that names no requirements asks for this much, and for inference. */
const USUAL_VRAM_MB = 8 * 1024 * 0.97; // A card of 8 GB reports a little less.
const TRUSTED_AFTER = 3;

/** The median of what nodes ask; undefined where there are none. */
export function marketOf(nodes: readonly Pick<Node, "price">[]): Market | undefined {
  const prices = nodes.map(({ price }) => fromApi(price)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const low = prices[Math.floor((prices.length - 1) / 2)];
  const high = prices[Math.floor(prices.length / 2)];
  if (low === undefined || high === undefined) return undefined;
  return { nodes: prices.length, medianPrice: (low + high) / 2n };
}

/** What stops all jobs comes alone; else what keeps some away, then what speaks for the node. */
export function reasonsFor(node: Node, market: Market | undefined): Reason[] {
  const stop = whatStops(node);
  if (stop !== undefined) return [{ weight: "stops", text: stop }];
  const reasons = [
    ofOwnership(node),
    ofSlots(node),
    ofPrice(node, market),
    ...ofHardware(node),
    ...ofTrust(node),
  ];
  const order = { stops: 0, limits: 1, tells: 2, helps: 3 };
  return reasons.filter((each) => each !== undefined).sort((a, b) => order[a.weight] - order[b.weight]);
}

function whatStops(node: Node): string | undefined {
  if (node.status === "suspended")
    return "A check proved one of its results forged: it gets no more jobs. See that its models and engines are what their names say, deregister it, and register it anew.";
  if (hasNeverRun(node))
    return "It was registered and has not been started yet: run its command on the machine. Is its token lost? Deregister it, and register the machine anew.";
  if (node.status === "offline")
    return "Nothing was heard of it for two minutes: see that the machine is on, and start the node again.";
  if (node.status === "draining")
    return "It is draining: it finishes the jobs in hand and gets no new ones until you resume it.";
  return undefined;
}

function ofOwnership({ ownJobsOnly, isolation }: Node): Reason | undefined {
  if (ownJobsOnly && isolation !== "sandbox") {
    const text =
      "It takes your own jobs alone, since its sandbox does not hold. Run hypernode node doctor on the machine: it says what to do.";
    return { weight: "limits", text };
  }
  if (ownJobsOnly)
    return {
      weight: "limits",
      text: "It takes your own jobs alone, as it was started with --own-jobs-only.",
    };
  if (isolation !== "sandbox")
    return {
      weight: "limits",
      text: "It takes strangers' jobs without a whole sandbox: customers who ask for one pass it over.",
    };
  return { weight: "helps", text: "Its sandbox holds: it may have anybody's jobs." };
}

function ofSlots({ status, capacity }: Node): Reason {
  if (status !== "busy")
    return { weight: "helps", text: `It is online and takes ${count(capacity, "job")} at once.` };
  return {
    weight: "limits",
    text: `It works: ${capacity === 1 ? "its only slot is" : `all ${number(capacity)} slots are`} taken. More at once: --capacity.`,
  };
}

function ofPrice({ price }: Node, market: Market | undefined): Reason | undefined {
  const asked = fromApi(price);
  if (asked === 0n) return { weight: "limits", text: "Its price is 0: jobs come, and bring nothing." };
  if (market === undefined) return undefined;
  const middle = `the median of ${count(market.nodes, "online node")} is ${formatHyper(market.medianPrice)}`;
  return asked > market.medianPrice
    ? {
        weight: "limits",
        text: `It asks ${formatHyper(asked)} HYPER an hour, ${middle}: cheaper nodes get jobs first.`,
      }
    : { weight: "helps", text: `It asks ${formatHyper(asked)} HYPER an hour, ${middle}.` };
}

function ofHardware({ vram, capabilities }: Node): Reason[] {
  const reasons: Reason[] = [];
  if (vram < USUAL_VRAM_MB) {
    const has = vram === 0 ? "none" : gigabytes(vram);
    reasons.push({
      weight: "limits",
      text: `Jobs that name no requirements ask for 8 GB of VRAM, and it has ${has}: it gets those that ask for less.`,
    });
  }
  if (!capabilities.includes("inference"))
    reasons.push({
      weight: "limits",
      text: "Jobs that name no requirements ask for inference: hypernode node doctor --fix llm_inference installs it.",
    });
  return reasons;
}

function ofTrust({ checksPassed, jobsFailed, reputation }: Node): Reason[] {
  const reasons: Reason[] = [
    checksPassed < TRUSTED_AFTER
      ? {
          weight: "tells",
          text: `${checksPassed} of its first ${TRUSTED_AFTER} checks passed: until then its results are checked before they are paid.`,
        }
      : {
          weight: "helps",
          text: `${count(checksPassed, "check")} passed: now one result in ten is checked.`,
        },
  ];
  if (jobsFailed > 0)
    reasons.push({
      weight: "limits",
      text: `${count(jobsFailed, "job")} failed here and ended well elsewhere: its reputation is ${number(reputation)} of 100. Each job that ends well mends it.`,
    });
  return reasons;
}
