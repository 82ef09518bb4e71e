import { afterEach, beforeAll, beforeEach } from "vitest";

import { describeLayout, type LayoutCase } from "../support/common-voice-layout.ts";
import { type MadeClip, makeClips, parquetRepository, tarRepository } from "../support/corpora.ts";
import { Place } from "../support/place.ts";

let made: MadeClip[];
let place: Place;
beforeAll(async () => {
  made = await makeClips();
});
beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.close());

const layout = (name: string, open: LayoutCase["open"]): void =>
  describeLayout({ name, made: () => made, place: () => place, open });

layout("parquet on a hub, page index", async (config) =>
  place.hubSource(await place.serve(parquetRepository(made)), config),
);
layout("parquet on a hub, no index", async (config) =>
  place.hubSource(await place.serve(parquetRepository(made, { offsetIndex: false })), config),
);
layout("tar and tsv on a hub", async (config) =>
  place.hubSource(await place.serve(await tarRepository(made)), config),
);
