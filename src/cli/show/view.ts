// What a list of the API looks like as a table.

import type { Column } from "../table.ts";

export interface View<T> extends TableView<T> {
  /** The word behind `show`. */
  readonly name: string;
  readonly description: string;
  readonly path: string;
}

export interface TableView<T> {
  readonly columns: readonly Column[];
  row(item: T): readonly string[];
  /** Said when there are none. */
  readonly none: string;
  /** Order of the rows; default that of the API. */
  compare?(a: T, b: T): number;
  /** Sentences under the table. */
  notes?(items: readonly T[]): readonly string[];
}

/** Of what is not known, or not there. */
export const NOTHING = "-";
