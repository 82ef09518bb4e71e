// `npm run config-reference`: writes docs/config-reference.md from the schemas that check the configs.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configReference } from "./describe-config.ts";

writeFileSync(fileURLToPath(new URL("../docs/config-reference.md", import.meta.url)), configReference());
