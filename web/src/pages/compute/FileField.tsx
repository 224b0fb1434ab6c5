/** A file that a job takes: chosen here and uploaded, or named by the digest of one that was uploaded before. */
import { useMutation } from "@tanstack/react-query";
import { FileCheck, Upload } from "lucide-react";
import { type ChangeEvent, useRef } from "react";
import { Button } from "@/ui/Button";
import { Input } from "@/ui/Field";
import { notify } from "@/ui/notify";
import { asApiError } from "@/api/errors";
import { bytes, short } from "@/ui/text";
import { useWallet } from "@/wallet/WalletContext";
import { fileOf, type FileRef, upload } from "./files";
import styles from "./form.module.css";

interface Props {
  value: string;
  onChange: (sha256: string) => void;
}

export function FileField({ value, onChange }: Props) {
  const file = fileOf(value);
  return (
    <div className={styles.file}>
      {file ? (
        <p className={styles.chosen}>
          <FileCheck aria-hidden />
          <span className={styles.fileName}>{file.name || short(value, 6)}</span>
          <span className="muted small">{bytes(file.size)}</span>
        </p>
      ) : (
        <Input
          value={value}
          placeholder="SHA-256 of an uploaded file"
          className="mono"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value.trim())}
        />
      )}
      <FileButton onFiles={([first]) => first && onChange(first.sha256)} />
    </div>
  );
}

interface ButtonProps {
  onFiles: (files: FileRef[]) => void;
  multiple?: boolean;
}

/** Uploads what is chosen; the wallet that does so has to be known first. */
export function FileButton({ onFiles, multiple = false }: ButtonProps) {
  const { address, open } = useWallet();
  const input = useRef<HTMLInputElement>(null);
  const uploading = useMutation({
    mutationFn: (files: File[]) => Promise.all(files.map((file) => upload(file, file.name))),
    onSuccess: onFiles,
    onError: (error) =>
      notify({ title: "The upload failed", description: asApiError(error).message, type: "bad" }),
  });
  const chosen = ({ target }: ChangeEvent<HTMLInputElement>): void => {
    uploading.mutate([...(target.files ?? [])]);
    target.value = ""; // The same file may be chosen again.
  };
  return (
    <>
      <input ref={input} type="file" multiple={multiple} hidden onChange={chosen} aria-label="File" />
      <Button
        size="small"
        icon={<Upload />}
        busy={uploading.isPending}
        onClick={() => (address === null ? open() : input.current?.click())}
      >
        {multiple ? "Add files" : "Choose"}
      </Button>
    </>
  );
}
