import type { Architecture } from "./architecture.ts";
import { convAttention, type ConvAttentionConfig, type SequenceConfig } from "./conv-attention.ts";
import { crnn } from "./crnn.ts";
import { dnn } from "./dnn.ts";
import { ensemble } from "./ensemble.ts";
import { mlp, type MlpConfig } from "./mlp.ts";

/** Names of the available networks. */
export const ARCHITECTURES = ["mlp", "conv-attention", "crnn", "dnn"] as const;

/** Name and sizes of a network; omitted sizes have the network's defaults. With `members` above 1 an ensemble of such networks. */
export type ArchitectureConfig = { readonly members?: number } & (
  | ({ readonly name: "mlp" } & MlpConfig)
  | ({ readonly name: "conv-attention" } & ConvAttentionConfig)
  | ({ readonly name: "crnn" | "dnn" } & SequenceConfig)
);

/** Builds a network from its config. */
export function createArchitecture({ name, members = 1, ...config }: ArchitectureConfig): Architecture {
  const network = MAKERS[name](config);
  return members === 1 ? network : ensemble(network, members);
}

const MAKERS = { mlp, "conv-attention": convAttention, crnn, dnn };
