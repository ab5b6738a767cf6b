import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { FileWatch } from "./file-watch.ts";

const NEVER = 2 ** 31 - 1;

/** Changes the file in a folder of its own; returns when the watch has told so. */
async function told(
  prepare: (folder: string) => string,
  change: (folder: string) => void,
  lookMillis = NEVER,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus watch "));
  const file = prepare(folder);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new Error("nothing was told")), 20_000);
  const watch = new FileWatch(file, resolve, lookMillis);
  try {
    change(folder);
    await promise;
  } finally {
    watch.close();
    clearTimeout(late);
    rmSync(folder, { recursive: true });
  }
}

function write(folder: string, name: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, "x");
  return file;
}

test("writing the file is noticed", () =>
  told(
    (folder) => write(folder, "a.yaml"),
    (folder) => write(folder, "a.yaml"),
  ));

test("a file that is put in its place is noticed", () =>
  told(
    (folder) => write(folder, "a.yaml"),
    (folder) => renameSync(write(folder, "b.yaml"), path.join(folder, "a.yaml")),
  ));

test("a change behind a link is noticed", () =>
  told(
    (folder) => {
      const link = path.join(folder, "a.yaml");
      symlinkSync(write(folder, "behind/b.yaml"), link);
      return link;
    },
    (folder) => write(folder, "behind/b.yaml"),
  ));

test("a link further up that turns is noticed, by looking", () =>
  told(
    (folder) => {
      write(folder, "one/etc/a.yaml");
      write(folder, "two/etc/a.yaml");
      symlinkSync("one", path.join(folder, "now"));
      return path.join(folder, "now/etc/a.yaml");
    },
    (folder) => {
      symlinkSync("two", path.join(folder, "next"));
      // Once it has been looked at.
      setTimeout(() => renameSync(path.join(folder, "next"), path.join(folder, "now")), 100);
    },
    50,
  ));
