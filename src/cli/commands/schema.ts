// `isthmus schema`: a JSON Schema of the configuration, for editors.

import type { Command } from "commander";
import { configJsonSchema } from "../../config/shape.ts";
import { natModes } from "../../nat/modes.ts";
import type { CliIo } from "../io.ts";

const HELP = `
Write it to a file, and name that in the first line of a configuration:
  isthmus schema > isthmus.schema.json
  # yaml-language-server: $schema=isthmus.schema.json`;

export function registerSchema(program: Command, io: CliIo): void {
  program
    .command("schema")
    .description("print the JSON Schema of a configuration, for editors")
    .addHelpText("after", HELP)
    .action(() => io.out(`${JSON.stringify(configJsonSchema(natModes), null, 2)}\n`));
}
