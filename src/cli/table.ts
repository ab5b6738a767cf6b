// Columns of text that fit a terminal.

/** The first column to the left, the others, which are numbers, to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => widest(rows, column));
  const aligned = rows.map((row) =>
    row.map((cell, column) => pad(cell, widths[column]!, column > 0)).join(GAP),
  );
  return aligned.map((line) => line.trimEnd()).join("\n");
}

export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
  /** Left out where there is no room; of several the highest stay. Without a number it always
   * stays. */
  readonly drop?: number;
  /** May be cut off at its end, when leaving out was not enough. */
  readonly cut?: boolean;
}

export interface FitTable {
  /** The first line is the titles'. */
  readonly lines: readonly string[];
  /** Titles of the columns that had no room. */
  readonly left: readonly string[];
}

const GAP = "  ";
/** What is left of a column that is cut, at least; and where it could be left out instead. */
const CUT_MIN = 8;
const USEFUL = 32;

/** `width` in columns; undefined: as wide as it gets. */
export function fitTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): FitTable {
  const titled = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) => widest(titled, index));
  const least = widths.map((each, index) => (columns[index]!.cut ? Math.min(each, USEFUL) : each));
  const rank = (index: number) => columns[index]!.drop ?? Number.POSITIVE_INFINITY;
  const all = columns.map((_, index) => index);
  const room = width ?? Number.POSITIVE_INFINITY;
  let shown = all.filter((index) => columns[index]!.drop === undefined);
  for (const index of all.toSorted((a, b) => rank(b) - rank(a))) {
    const more = all.filter((each) => each === index || shown.includes(each));
    if (widthOf(more, least) <= room) shown = more;
  }
  while (widthOf(shown, widths) > room) {
    const cuttable = shown.filter((index) => columns[index]!.cut && widths[index]! > CUT_MIN);
    if (cuttable.length === 0) break;
    // The widest gives one column at a time, so that all end about equal.
    const index = cuttable.reduce((a, b) => (widths[b]! > widths[a]! ? b : a));
    widths[index] = widths[index]! - 1;
  }
  const lines = titled.map((row) =>
    shown
      .map((index) => pad(cut(row[index] ?? "", widths[index]!), widths[index]!, right(index)))
      .join(GAP)
      .trimEnd(),
  );
  function right(index: number): boolean {
    return columns[index]!.right === true;
  }
  const left = columns.flatMap(({ title }, index) => (shown.includes(index) ? [] : [title]));
  return { lines, left };
}

function widest(rows: readonly (readonly string[])[], column: number): number {
  return rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0);
}

function widthOf(shown: readonly number[], widths: readonly number[]): number {
  return shown.reduce((sum, index) => sum + widths[index]!, GAP.length * (shown.length - 1));
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}

function cut(cell: string, width: number): string {
  return cell.length > width ? `${cell.slice(0, width - 1)}…` : cell;
}
