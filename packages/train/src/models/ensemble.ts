import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { Architecture, ForwardContext } from "./architecture.ts";

/**
 * Several networks of one architecture whose logits are averaged, as one architecture: their parameters are named `0.output.bias`,
 * `1.output.bias` and so on. They differ by their initial weights and are trained on the same batches, each with its own loss
 * (Lakshminarayanan et al. 2017, arXiv 1612.01474).
 */
export function ensemble(member: Architecture, members: number): Architecture {
  const prefixes = Array.from({ length: members }, (_, i) => `${i}.`);
  const forwardMembers = (context: ForwardContext, features: Tensor): Tensor2D[] =>
    prefixes.map((prefix) =>
      member.forward({ ...context, parameter: (name) => context.parameter(prefix + name) }, features),
    );
  return {
    ...member,
    members,
    parameters: prefixes.flatMap((prefix) =>
      member.parameters.map((spec) => ({ ...spec, name: prefix + spec.name })),
    ),
    forwardMembers,
    forward(context, features) {
      const { tf } = context;
      const sum = forwardMembers(context, features).reduce((total, one) => tf.add(total, one));
      return tf.div(sum, members);
    },
    addNodes(graph, features) {
      const logits = prefixes.map((prefix) => graph.within(prefix, () => member.addNodes(graph, features)));
      const sum = logits.reduce((total, one) => graph.add("Add", [total, one]));
      return graph.add("Mul", [sum, graph.constant("share", { values: [1 / members], dims: [1] })]);
    },
  };
}
