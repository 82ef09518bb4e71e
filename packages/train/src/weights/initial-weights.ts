import type { Random } from "@callsign/data/internal";
import { mirroredMatrix } from "./mirrored-matrix.ts";
import { type Parameterised, parameterLength, type Weights } from "./parameters.ts";

/** Random initial weights. Each parameter has its own random stream, so its values do not depend on other parameters. */
export const initialWeights = ({ parameters }: Pick<Parameterised, "parameters">, random: Random): Weights =>
  new Map(
    parameters.map((spec) => {
      const values = new Float32Array(parameterLength(spec));
      const { initialisation } = spec;
      if (initialisation.kind === "constant") return [spec.name, values.fill(initialisation.value)];
      const own = random.fork(spec.name);
      if (initialisation.kind === "mirrored") {
        const [outputs, inputs] = spec.shape as [number, number];
        return [spec.name, mirroredMatrix({ outputs, inputs, first: initialisation.first, random: own })];
      }
      const { bound } = initialisation;
      return [spec.name, values.map(() => own.uniform(-bound, bound))];
    }),
  );
