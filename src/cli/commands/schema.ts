// `isthmus schema`: a JSON Schema of the configuration, for editors.

import type { Command } from "commander";
import { configJsonSchema } from "../../config/shape.ts";
import { natModes } from "../../nat/modes.ts";
import type { CliIo } from "../io.ts";

export function registerSchema(program: Command, io: CliIo): void {
  program
    .command("schema")
    .description("print the JSON Schema of a configuration, for editors")
    .action(() => io.out(`${JSON.stringify(configJsonSchema(natModes), null, 2)}\n`));
}
