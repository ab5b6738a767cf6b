// What differs between two packets in notation, field by field.

import type { Change } from "./explanation.ts";

/** Words that stand at a place of their own: protocol, source, ">", destination. */
const PLACES = ["protocol", "source", "", "destination"];

/** Both as `describePacket` writes them; what only one of them has is no change. */
export function changesOf(before: string, after: string): Change[] {
  if (before === "" || after === "") return [];
  const news = fieldsOf(after);
  return [...fieldsOf(before)].flatMap(([field, was]) => {
    const is = news.get(field);
    return is === undefined || is === was ? [] : { field, before: was, after: is };
  });
}

/** By name. The packet in braces has names of its own. */
function fieldsOf(notation: string): Map<string, string> {
  const fields = new Map<string, string>();
  let prefix = "";
  let place = 0;
  for (const word of notation.split(" ")) {
    if (word === "{") {
      prefix += "quoted ";
      place = 0;
      continue;
    }
    const at = word.indexOf("=");
    if (at > 0) fields.set(`${prefix}${word.slice(0, at)}`, word.slice(at + 1));
    else if (place < PLACES.length) fields.set(`${prefix}${PLACES[place]}`, word);
    place++;
  }
  return fields;
}
