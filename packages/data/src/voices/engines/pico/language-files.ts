import type { Asset } from "@callsign/infer/node/internal";

/** Languages that are used; Pico also has German, Spanish, French and Italian. */
export const PICO_LANGUAGES = ["en-US", "en-GB"] as const;

export type PicoLanguage = (typeof PICO_LANGUAGES)[number];

/** A copy of the Android Open Source Project's external/svox, whose own server has files as base64 only. */
const SOURCE =
  "https://raw.githubusercontent.com/naggety/picotts/21089d223e177ba3cb7e385db8613a093dff74b5/pico/lang";

const languageFile = (name: string, bytes: number, sha256: string): Asset => ({
  id: `pico-${name.replace(".bin", "")}`,
  fileNames: [name],
  sha256,
  bytes,
  licence: "Apache-2.0",
  url: `${SOURCE}/${name}`,
});

/** Text analysis and signal generation of each language. */
export const LANGUAGE_FILES: Readonly<Record<PicoLanguage, readonly [Asset, Asset]>> = {
  "en-US": [
    languageFile("en-US_ta.bin", 650_668, "3a2a4d23de2a44dbbff50f69dcb9486be53b6d0a871d77cdc35f45c3e25e82aa"),
    languageFile(
      "en-US_lh0_sg.bin",
      777_396,
      "d6946526696d9eb085f7b23b1fbdf7a9986caca658b645e9eb73c6514fd4789d",
    ),
  ],
  "en-GB": [
    languageFile("en-GB_ta.bin", 412_248, "57998f6423236dea25cd572a73b13f371e64155840e31b571eba7fca0b521b7e"),
    languageFile(
      "en-GB_kh0_sg.bin",
      584_436,
      "8f9f5d13a920a9f3371517178d42ce89b835f1e587760c2db280beb593c388fa",
    ),
  ],
};
