/** Files of a job: read with the proof of who asks, and handed on as blobs. */
import { useQuery } from "@tanstack/react-query";
import { authorized, type Schemas } from "@/api/client";

export type FileRef = Schemas["ArtifactRef"];

/** What browsers show, by the endings of names. */
const PICTURES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  bmp: "image/bmp",
};

/** The media type of a name that is a picture's. */
export function pictureType(name: string): string | undefined {
  return PICTURES[name.split(".").at(-1)?.toLowerCase() ?? ""];
}

async function read(sha256: string): Promise<Blob> {
  return (await authorized(`/api/artifacts/${sha256}`)).blob();
}

/** A file's content, once it is read. */
export function useFile(sha256: string, type: string): { blob: Blob | undefined; error: Error | null } {
  const { data, error } = useQuery({
    queryKey: ["artifact", sha256, type],
    queryFn: async () => new Blob([await read(sha256)], { type }),
    staleTime: Infinity, // Its digest names it.
  });
  return { blob: data, error };
}

/** Saves a file under its name. */
export async function save({ sha256, name }: FileRef): Promise<void> {
  const url = URL.createObjectURL(await read(sha256));
  const link = document.createElement("a");
  link.href = url;
  link.download = name.split("/").at(-1) || sha256;
  link.click();
  URL.revokeObjectURL(url);
}
