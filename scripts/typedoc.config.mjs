// `npm run docs`: the API reference of every package's public names, as pages in docs/api.
import { Converter, OptionDefaults, ReflectionKind } from "typedoc";

const doors = {
  audio: ["index", "node/index", "web/index"],
  onnx: ["index"],
  infer: ["index", "node/index", "web/index"],
  serve: ["index"],
  data: ["index"],
  eval: ["index"],
  train: ["index"],
  cli: ["cli"],
};

// oxlint-disable-next-line import/no-default-export -- TypeDoc reads its options from there
export default {
  name: "Callsign",
  tsconfig: "tsconfig.typedoc.json",
  entryPoints: Object.entries(doors).flatMap(([name, files]) =>
    files.map((file) => `../packages/${name}/src/${file}.ts`),
  ),
  out: "../docs/api",
  readme: "none",
  // `npm run typecheck` checks each package with its own libraries; here those of Node and the DOM are mixed.
  skipErrorChecking: true,
  // onnx_pb.ts is generated.
  blockTags: [...OptionDefaults.blockTags, "@generated"],
  excludeTags: ["@generated"],
  excludePrivate: true,
  excludeInternal: true,
  disableSources: true,
  treatWarningsAsErrors: true,
  plugin: [nameByPackage],
};

/** Names modules as they are imported: `infer/src/node` is `@callsign/infer/node`. */
function nameByPackage({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getChildrenByKind(ReflectionKind.Module))
      module.name = `@callsign/${module.name.replace("/src", "").replace("/cli", "")}`;
  });
}
