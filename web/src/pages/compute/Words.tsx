/** A description as the API's schemas have it: names stand between backticks. */
export function Words({ children }: { children: string }) {
  return children.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}
