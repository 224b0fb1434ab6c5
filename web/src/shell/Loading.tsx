/** Holds a page's place while its code is loaded. */
import { Skeleton } from "@/ui/Skeleton";
import page from "@/ui/Page.module.css";

export function Loading() {
  return (
    <div aria-busy="true" aria-label="Loading" role="status">
      <header className={page.header}>
        <div>
          <h1>
            <Skeleton width="10rem" />
          </h1>
          <p className={page.lead}>
            <Skeleton width="min(28rem, 80vw)" />
          </p>
        </div>
      </header>
      <Skeleton width="100%" height="18rem" />
    </div>
  );
}
