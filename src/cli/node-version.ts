// Old ones must be able to read this file.

/** The oldest Node that the published package runs on. */
export const NODE_MIN = 22;

/** What to tell somebody whose Node, such as "20.20.2", is too old; undefined when it is not. */
export function refusal(version: string): string | undefined {
  const major = Number(version.split(".")[0]);
  if (major >= NODE_MIN) return undefined;
  return `isthmus needs Node ${NODE_MIN} or newer; this is Node ${version}.`;
}
