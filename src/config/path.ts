// Where in the document something stands: keys, and indices of lists.

export type Path = readonly (string | number)[];

/** "peerings.a--b.peering.a.expose[0]". */
export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`,
    "",
  );
}
