/** A picture that was read with the proof of who asks. */
import { useCallback } from "react";

interface Props {
  blob: Blob;
  alt: string;
  className?: string | undefined;
}

export function Shown({ blob, alt, className }: Props) {
  const show = useCallback(
    (image: HTMLImageElement) => {
      const url = URL.createObjectURL(blob);
      image.src = url;
      return () => URL.revokeObjectURL(url);
    },
    [blob],
  );
  return <img ref={show} alt={alt} className={className} />;
}
