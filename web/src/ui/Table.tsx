/** Rows of data. On a narrow screen each row stands as a card, each cell behind its column's name. */
import type { ReactNode } from "react";
import { Skeleton } from "./Skeleton";
import styles from "./Table.module.css";
import { classes } from "./text";

export interface Column<Row> {
  /** The heading, and the key: two columns have two names. */
  name: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the end of their column. */
  numeric?: boolean;
}

interface Props<Row> {
  /** What the table shows, for screen readers. */
  caption: string;
  columns: readonly Column<Row>[];
  /** Undefined while loading: rows of skeletons are shown. */
  rows: readonly Row[] | undefined;
  rowKey: (row: Row) => string;
  /** What stands there instead of no rows: an Empty. */
  empty: ReactNode;
  skeletons?: number;
}

export function Table<Row>({ caption, columns, rows, rowKey, empty, skeletons = 5 }: Props<Row>) {
  if (rows?.length === 0) return empty;
  const line = (key: string, cell: (column: Column<Row>) => ReactNode): ReactNode => (
    <tr key={key} role="row" className={styles.row}>
      {columns.map((column) => (
        <td key={column.name} role="cell" className={classes(styles.cell, column.numeric && styles.numeric)}>
          <span className={styles.name} aria-hidden>
            {column.name}
          </span>
          <span className={styles.value}>{cell(column)}</span>
        </td>
      ))}
    </tr>
  );
  // The roles hold where `display` makes cards of the rows: browsers forget what a table is then.
  return (
    <div className={styles.scroll}>
      <table role="table" className={styles.table} aria-busy={rows === undefined}>
        <caption className="visually-hidden">{caption}</caption>
        <thead role="rowgroup" className={styles.head}>
          <tr role="row">
            {columns.map(({ name, numeric }) => (
              <th key={name} role="columnheader" scope="col" className={classes(numeric && styles.numeric)}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows
            ? rows.map((row) => line(rowKey(row), (column) => column.cell(row)))
            : Array.from({ length: skeletons }, (_, index) =>
                line(String(index), () => <Skeleton width="5rem" />),
              )}
        </tbody>
      </table>
    </div>
  );
}
