// Lists of ports as text: "80", "80,443", "8000-8100, 9000".

import type { PortRange } from "../wire/port.ts";

/** Undefined when the text is no port list. Blanks are allowed around the commas only. */
export function parsePorts(text: string): PortRange[] | undefined {
  const result: PortRange[] = [];
  for (const item of text.split(",")) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(item.trim()) ?? [];
    if (first === undefined) return undefined;
    const range = { first: Number(first), last: Number(last) };
    if (range.last > 65535 || range.first > range.last) return undefined;
    result.push(range);
  }
  return result;
}

/** Why `parsePorts` gives nothing. */
export function portsProblem(text: string | number): string {
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(String(text).trim()) ?? [];
  if (Number(first) > Number(last)) return `"${text}" counts backwards.`;
  const beyond = /^[\d\s,-]+$/.test(String(text)) && String(text).match(/\d+/g)?.some(isTooHigh);
  return beyond ? `"${text}" goes beyond port 65535.` : `"${text}" is no list of ports.`;
}

function isTooHigh(number: string): boolean {
  return Number(number) > 65535;
}
