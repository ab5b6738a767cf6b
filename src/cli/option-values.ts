// Values of options, checked before anybody is asked.

import { InvalidArgumentError } from "commander";
import { parseDuration } from "../config/duration.ts";
import { parseIpAddress } from "../wire/ip-address.ts";
import { parsePrefix } from "../wire/prefix.ts";

export function addressOf(text: string): string {
  if (parseIpAddress(text) === undefined && parsePrefix(text) === undefined) {
    throw new InvalidArgumentError("It is no IP address, and no prefix like 10.0.0.0/24.");
  }
  return text;
}

export function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError("It is a number from 0 to 65535.");
  }
  return port;
}

/** How many at most, or which of those that are counted from 1. */
export function limitOf(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new InvalidArgumentError("It is a whole number from 1.");
  }
  return limit;
}

/** Whole seconds of a time. */
export function secondsOf(text: string): number {
  const millis = parseDuration(text);
  if (millis === undefined || millis < 1000) {
    throw new InvalidArgumentError("It is a time from 1s, e.g. 60s or 5m.");
  }
  return Math.round(millis / 1000);
}
