// What is captured, as a pcapng file that grows: an interface for each VPC, each packet as it came
// and as it left, with comments.

import { LINK_ETHERNET, LINK_RAW } from "../../drivers/capture.ts";
import { PcapngWriter } from "../../drivers/pcapng-write.ts";
import { DROP, type DropName } from "../../packet/verdict.ts";
import type { Tapped } from "./tap.ts";

const NANOS = 1_000_000;

export class CaptureFile {
  readonly #writer: PcapngWriter;
  readonly #interfaces = new Map<string, number>();
  #nanos = 0n;

  /** The file begins at once. */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#writer = new PcapngWriter(write);
  }

  add(tapped: Tapped): void {
    const { from, to = "", came, isFrame, left, leftLengths } = tapped;
    this.#nanos = BigInt(Math.round(tapped.millis * 1000)) * BigInt(NANOS / 1000);
    if (came !== undefined) {
      const name = isFrame || from === undefined ? tapped.interface : from;
      const iface = this.#interface(name, isFrame && tapped.link === "ethernet");
      this.#add(iface, came, tapped.cameLength, describeCame(tapped));
    }
    const iface = left.length > 0 ? this.#interface(to, false) : -1;
    for (const [index, packet] of left.entries()) {
      const piece = left.length > 1 ? `fragment ${index + 1} of ${left.length}, ` : "";
      this.#add(iface, packet, leftLengths[index]!, `${piece}${describeLeft(tapped)}`);
    }
  }

  /** Says, in the file, how many were missed so far; and `why` it ends here, if too soon. */
  missed(count: number, why?: string): void {
    this.#writer.statistics(
      this.#interfaces.values().next().value ?? this.#interface("", false),
      this.#nanos,
      count,
      why,
    );
  }

  #interface(name: string, isEthernet: boolean): number {
    const key = `${isEthernet} ${name}`;
    const known = this.#interfaces.get(key);
    if (known !== undefined) return known;
    const made = this.#writer.interface(name, isEthernet ? LINK_ETHERNET : LINK_RAW);
    this.#interfaces.set(key, made);
    return made;
  }

  #add(iface: number, bytes: Uint8Array, originalLength: number, comment: string): void {
    this.#writer.packet({ iface, nanos: this.#nanos, bytes, originalLength, comment });
  }
}

/** "#7 in from blue", and of one that does not leave why. */
export function describeCame(tapped: Tapped): string {
  const { count, from = "no VPC", verdict } = tapped;
  const came = `#${count} in from ${from}`;
  if (verdict === "sent" || verdict === "held") return came;
  if (verdict === "waiting") return `${came}, waits for other fragments`;
  if (verdict === "consumed") return `${came}, for the gateway itself`;
  const { sentence, advice } = DROP[verdict as DropName];
  const where = placesOf(tapped);
  const said = `${came}, dropped: ${verdict}. ${sentence} ${advice}`;
  return where.length > 0 ? `${said} Where: ${where.join(", ")}.` : said;
}

/** "#7 out to green, peering blue--green, expose 1 of blue (gateway.yaml:12:9)". */
export function describeLeft(tapped: Tapped): string {
  const { count, to = "no VPC", verdict } = tapped;
  const when = verdict === "held" ? " when its neighbor is found" : "";
  return [`#${count} out to ${to}${when}`, ...placesOf(tapped)].join(", ");
}

function placesOf({ peering, source, destination, acl }: Tapped): string[] {
  const places = [source, destination, acl].flatMap((each) => (each === undefined ? [] : [each]));
  return [
    ...(peering === undefined ? [] : [`peering ${peering}`]),
    ...places.map(({ label, place }) => `${label} (${place.file}:${place.line}:${place.column})`),
  ];
}
