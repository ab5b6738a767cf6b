// What the main thread may ask the data path between two turns: one kind of question a file.

import type { Work } from "../../insight/work.ts";
import type { DataPath } from "../data-path.ts";

/** Turns what was asked, plain data, into work whose answer is plain data too. What it throws is
 * told to whoever asked, and harms nobody else. */
export type Question<Asked, Reply> = (dataPath: DataPath, asked: Asked) => Work<Reply>;

/** Where there is nothing to be told with a question. */
export type Nothing = Readonly<Record<string, never>>;
