/** What a node's price of a job type is for, where it is not for time: `1,000 tokens`. */
import { queries } from "@/api/client";
import { number } from "@/ui/text";

export type PriceUnits = ReadonlyMap<string, string>;

/** Not asked for until it is `wanted`: most nodes ask for time alone. */
export function usePriceUnits(wanted: boolean): PriceUnits | undefined {
  return queries.useQuery("get", "/api/job-types", undefined, {
    enabled: wanted,
    staleTime: Infinity,
    select: ({ jobTypes }) => new Map(jobTypes.map(({ jobType, unit }) => [jobType, priceUnit(unit)])),
  }).data;
}

function priceUnit({ name, per }: { name: string; per: number }): string {
  return `${number(per)} ${name}`;
}
