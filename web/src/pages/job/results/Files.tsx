/** The files that a job made, to be downloaded. */
import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { asApiError } from "@/api/errors";
import { Address } from "@/ui/Address";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { notify } from "@/ui/notify";
import { Table } from "@/ui/Table";
import { bytes } from "@/ui/text";
import { type FileRef, save } from "./artifacts";

export function Files({ files }: { files: readonly FileRef[] }) {
  return (
    <Card title="Files" flush>
      <Table
        caption="Files that the job made"
        rows={files}
        rowKey={({ sha256, name }) => `${sha256} ${name}`}
        empty={null}
        columns={[
          { name: "File", cell: ({ name, sha256 }) => name || sha256.slice(0, 12) },
          { name: "SHA-256", cell: ({ sha256 }) => <Address value={sha256} kind="digest" /> },
          { name: "Size", cell: ({ size }) => bytes(size), numeric: true },
          { name: "Download", cell: (file) => <Save file={file} />, numeric: true },
        ]}
      />
    </Card>
  );
}

function Save({ file }: { file: FileRef }) {
  const saving = useMutation({
    mutationFn: () => save(file),
    onError: (error) =>
      notify({ title: "The download failed", description: asApiError(error).message, type: "bad" }),
  });
  return (
    <Button
      size="small"
      variant="ghost"
      icon={<Download />}
      busy={saving.isPending}
      onClick={() => saving.mutate()}
      aria-label={`Download ${file.name || file.sha256}`}
      title="Download"
    />
  );
}
