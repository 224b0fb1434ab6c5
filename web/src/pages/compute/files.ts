/** Files that jobs take: uploaded by their content, and known here by the names they had. */
import { authorized, type Schemas } from "@/api/client";

export type FileRef = Schemas["ArtifactRef"];

const known = new Map<string, FileRef>();

/** What is known of a file by its digest: uploaded here, or of an example. */
export function fileOf(sha256: string): FileRef | undefined {
  return known.get(sha256);
}

export function remember(files: readonly FileRef[]): void {
  for (const file of files) known.set(file.sha256, file);
}

/** Uploads a file of the signed-in wallet. */
export async function upload(content: Blob, name: string): Promise<FileRef> {
  const response = await authorized("/api/artifacts", {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream", "X-Artifact-Name": encodeURIComponent(name) },
    body: content,
  });
  const { artifact } = (await response.json()) as Schemas["ArtifactStored"];
  remember([artifact]);
  return artifact;
}

/** Uploads those files of an example that an input still names. */
export async function uploadExamples(
  files: readonly Schemas["ExampleFile"][],
  input: unknown,
): Promise<void> {
  const named = JSON.stringify(input);
  const needed = files.filter(({ sha256 }) => named.includes(sha256));
  await Promise.all(needed.map(async ({ url, name }) => upload(await (await authorized(url)).blob(), name)));
}
