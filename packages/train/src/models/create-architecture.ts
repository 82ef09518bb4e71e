import type { Architecture } from "./architecture.ts";
import { convAttention, type SequenceConfig } from "./conv-attention.ts";
import { crnn } from "./crnn.ts";
import { dnn } from "./dnn.ts";
import { mlp, type MlpConfig } from "./mlp.ts";

/** Names of the networks there are. */
export const ARCHITECTURES = ["mlp", "conv-attention", "crnn", "dnn"] as const;

/** A network's name and its sizes; what is left out has the network's default. */
export type ArchitectureConfig =
  | ({ readonly name: "mlp" } & MlpConfig)
  | ({ readonly name: "conv-attention" | "crnn" | "dnn" } & SequenceConfig);

/** Builds the network a config names. */
export function createArchitecture({ name, ...config }: ArchitectureConfig): Architecture {
  return MAKERS[name](config);
}

const MAKERS = { mlp, "conv-attention": convAttention, crnn, dnn };
