/** How often figures that are looked at are read anew. */
export const FRESH_MS = 15_000;
