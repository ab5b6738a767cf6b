// What tshark says about what was captured.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Capture } from "../../src/lab/capture.ts";
import { badPackets } from "../../src/lab/judge-capture.ts";

/** Ends the capture; its bad packets (src/lab/judge-capture.ts). */
export function judge(capture: Capture, quoted = false): string[] {
  assert.ok(capture.stop().length > 100);
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus-"));
  try {
    capture.save(`${folder}/lab.pcapng`);
    return badPackets(`${folder}/lab.pcapng`, { quoted });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
