// Numbers as people read them.

const STEPS = ["", "k", "M", "G", "T", "P"];

/** 1234567 is "1.23 M"; up to 99,999 all digits are shown. */
export function count(number: number): string {
  return number < 100_000 ? digits(number) : scaled(number, 1);
}

/** 1234567 is "1.23 MB". */
export function bytes(number: number): string {
  return number < 1000 ? `${Math.round(number)} B` : `${scaled(number, 1)}B`;
}

/** Bytes a second as bits a second: 1234567 is "9.88 Mbit/s". */
export function bitRate(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  return bits < 1000 ? `${Math.round(bits)} bit/s` : `${scaled(bits, 1)}bit/s`;
}

/** Three digits and the step of thousands; `from` is the first step to use. */
function scaled(number: number, from: number): string {
  let step = from;
  let value = number / 1000 ** from;
  // What would be written "1000" is one of the next step.
  while (value >= 999.5 && step < STEPS.length - 1) {
    value /= 1000;
    step++;
  }
  const places = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${value.toFixed(places)} ${STEPS[step]}`;
}

function digits(number: number): string {
  return Math.round(number)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ",");
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "m"],
  [1, "s"],
];

/** The two highest units: 3661 seconds are "1h 1m". */
export function duration(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [size, unit] of UNITS) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0) parts.push(`${whole}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0s";
}

/** "1 flow", "2 flows". */
export function counted(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? "" : "s"}`;
}
