/** `models.json`, which vite.config.ts writes: the models that the page was built with. */
export interface Catalogue {
  readonly models: CatalogueModel[];
  /** Addresses of the speech embeddings that they need. */
  readonly embeddings: { "callsign-embedding"?: string; "google-speech-embedding"?: string };
}

export interface CatalogueModel {
  readonly name: string;
  /** Address of the model's folder, or of an .onnx file. */
  readonly url: string;
  /** An .onnx file without a card. */
  readonly isBareHead: boolean;
  /** Address of a recording in which its words are said. */
  readonly sample: string;
}
