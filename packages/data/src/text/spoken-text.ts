import { EVERYDAY_WORDS } from "./sentences/sentences.ts";
import { spellNumbers } from "./spell-numbers.ts";

/**
 * Words of a text as they are spoken: lower case, one space between words, no digits, symbols or accents. `10%` is "ten
 * percent", `Dr. Who` "doctor who", `AC/DC` "ay c d c" (the letter a; "a" alone is the article). This is what voices are
 * given and what pronunciations, near-misses and warnings are made from. Said again it stays the same.
 */
export const spokenText = (text: string): string => spokenWords(text).join(" ");

/** The words of `spokenText`. Letters of other scripts than Latin are left out: see `unspeakableParts`. */
export const spokenWords = (text: string): string[] => readAloud(text).match(WORD) ?? [];

/** Replaces each word of a text that is already spoken text. Words with capitals count as well. */
export const replaceWords = (text: string, replace: (word: string) => string): string =>
  text.replaceAll(WORD, replace);

const WORD = /[a-z]+(?:'[a-z]+)*/gi;

/** `spokenText` with its punctuation and with letters of other scripts left in. */
export function readAloud(text: string): string {
  const plain = plainCharacters(text);
  if (/^[a-z ]*$/.test(plain)) return nameLetters(plain);
  return nameLetters(readNumbers(readSymbols(readAbbreviations(plain))));
}

/**
 * The parts of a text that have no reading, such as emoji and other scripts; the whole text where nothing is left to be
 * said. Empty for a text that can be spoken.
 */
export function unspeakableParts(text: string): string[] {
  const parts: string[] = [];
  let open = false;
  for (const { segment } of new Intl.Segmenter("en").segment(text)) {
    const isKnown = KNOWN.test(plainCharacters(segment));
    if (!isKnown && open) parts[parts.length - 1] += segment;
    else if (!isKnown) parts.push(segment);
    open = !isKnown;
  }
  return parts.length === 0 && spokenWords(text).length === 0 ? [text] : parts;
}

/** Characters that have a reading, or are punctuation. */
const KNOWN = /^[a-z0-9\s.,!?;:'"()[\]{}_/&@#%+=$£€¥₹¢°×÷±¡¿·•⁄-]*$/i;

/** Without accents, typographic forms and invisible characters. */
function plainCharacters(text: string): string {
  if (/^[a-z ]*$/.test(text)) return text;
  return (
    text
      // Before they are taken apart: "2½" would become "21/2", and "™" the letters TM.
      .replaceAll(/(?<=\d)\s*(?=[\u00BC-\u00BE\u2150-\u215E])/g, " and ")
      .replaceAll(/[™®©℠℗]/g, "")
      .replaceAll("№", " number ")
      .replaceAll(/[‘’‚‛`´ʼ′]/g, "'")
      .replaceAll(/[“”„‟«»‹›″]/g, '"')
      .normalize("NFKD")
      .replaceAll(/[\p{M}\p{Cf}]/gu, "")
      .replaceAll(/[\s\p{Cc}\p{Cs}\p{Co}]+/gu, " ")
      .replaceAll(/[‐‑‒–—―−]/g, "-")
      .replaceAll("⁄", "/")
      .replaceAll(/[ßæœøđðþłı]/gi, (letter) => LETTERS.get(letter.toLowerCase())!)
  );
}

/** Latin letters that Unicode does not take apart. */
const LETTERS: ReadonlyMap<string, string> = new Map([
  ["ß", "ss"],
  ["æ", "ae"],
  ["œ", "oe"],
  ["ø", "o"],
  ["đ", "d"],
  ["ð", "d"],
  ["þ", "th"],
  ["ł", "l"],
  ["ı", "i"],
]);

function readAbbreviations(text: string): string {
  const shouted = !/[a-z]/.test(text) && /[A-Z]{4,}/.test(text);
  return (
    text
      .replaceAll(/(\d)\s*([ap])\.?m\b\.?/gi, (_match, digit: string, half: string) => `${digit} ${half}.m.`)
      .replaceAll(
        /\b(?:[a-z]\.){2,}[a-z]?(?![a-z])/gi,
        (letters) => ` ${spell(letters.replaceAll(".", ""))} `,
      )
      // A road comes after its name: "Main St.", but "St. James".
      .replaceAll(/(?<=[a-z] )(st|dr)\b(?:\.|(?!\.))(?!\s*[a-z])/gi, (short) =>
        /^st/i.test(short) ? "street" : "drive",
      )
      .replaceAll(/\b(st|dr)\b\.?/gi, (short) => (/^st/i.test(short) ? "saint" : "doctor"))
      .replaceAll(/\bno\.\s*(?=\d)/gi, "number ")
      .replaceAll(DOTTED, (_match, short: string) => SHORT_WITH_DOT[short.toLowerCase()]!)
      .replaceAll(UNDOTTED, (_match, short: string) => SHORT[short.toLowerCase()]!)
      .replaceAll(/(?<![A-Za-z])(?<!\d(?=ST|ND|RD|TH))[A-Z]{2,}(?![a-z])/g, (capitals) =>
        ROMAN[capitals] !== undefined && !shouted
          ? String(ROMAN[capitals])
          : isSpelled(capitals, shouted)
            ? ` ${spell(capitals)} `
            : capitals,
      )
      .replaceAll(/(?<=[^\s"'([{] )A(?![\w'])/g, "ay")
  );
}

/** Capitals that are said letter by letter. */
function isSpelled(capitals: string, shouted: boolean): boolean {
  const word = capitals.toLowerCase();
  if (!VOWEL.test(word)) return !SOUNDS.has(word);
  if (shouted || capitals.length > 3 || everyday.has(word)) return false;
  // "HAL" is a word, "USB", "API" and "AC" are not.
  return !/^[^aeiou][aeiou][^aeiou]$/.test(word);
}

const VOWEL = /[aeiouy]/;
/** Said as they are written, for all that they have no vowel. */
const SOUNDS: ReadonlySet<string> = new Set([
  "hm",
  "hmm",
  "mm",
  "mmm",
  "sh",
  "shh",
  "psst",
  "pst",
  "brr",
  "tsk",
  "nth",
]);
const everyday: ReadonlySet<string> = new Set([
  ...EVERYDAY_WORDS,
  ..."add age ago aid aim air all and any are arm art ask bee bye eat egg end eve eye ice ill its odd off oil old one our out own use".split(
    " ",
  ),
]);

/** "a" alone would be the article. */
const spell = (letters: string): string =>
  Array.from(letters.toLowerCase(), (letter) => (letter === "a" ? "ay" : letter)).join(" ");

/** Lower case; words without a vowel letter by letter: `tv` is "t v". */
const nameLetters = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/(?<![a-z]|[a-z]')[bcdfghjklmnpqrstvwxz]{2,}(?![a-z]|'[a-z])/g, (word) =>
      SOUNDS.has(word) ? word : spell(word),
    );

const ROMAN: Readonly<Record<string, number>> = {
  II: 2,
  III: 3,
  IV: 4,
  VI: 6,
  VII: 7,
  VIII: 8,
  IX: 9,
  XI: 11,
  XII: 12,
};

/** Abbreviations that are no words of their own. */
const SHORT: Readonly<Record<string, string>> = {
  mr: "mister",
  mrs: "missus",
  ms: "miz",
  jr: "junior",
  sr: "senior",
  prof: "professor",
  capt: "captain",
  sgt: "sergeant",
  lt: "lieutenant",
  ltd: "limited",
  vs: "versus",
  etc: "et cetera",
  dept: "department",
  blvd: "boulevard",
  ok: "okay",
};

/** Abbreviations that would be words without their full stop. */
const SHORT_WITH_DOT: Readonly<Record<string, string>> = {
  co: "company",
  col: "colonel",
  maj: "major",
  gen: "general",
  rev: "reverend",
  hon: "honorable",
  inc: "incorporated",
  ave: "avenue",
  rd: "road",
  mt: "mount",
  ft: "fort",
  esq: "esquire",
  drs: "doctors",
  approx: "approximately",
};

const UNDOTTED = new RegExp(String.raw`\b(${Object.keys(SHORT).join("|")})\b\.?`, "gi");
const DOTTED = new RegExp(String.raw`\b(${Object.keys(SHORT_WITH_DOT).join("|")})\.`, "gi");

function readSymbols(text: string): string {
  return text
    .replaceAll(/(?<![\w.])-(?=[$£€¥₹]?\.?\d)/g, " minus ")
    .replaceAll(/°\s*c\b/gi, " degrees celsius ")
    .replaceAll(/°\s*f\b/gi, " degrees fahrenheit ")
    .replaceAll(/\b([A-G])#/g, "$1 sharp ")
    .replaceAll(/#(?=\d)/g, " number ")
    .replaceAll(/[&@#%+=°×÷±]/g, (symbol) => ` ${SYMBOLS[symbol]!} `);
}

const SYMBOLS: Readonly<Record<string, string>> = {
  "&": "and",
  "@": "at",
  "#": "hashtag",
  "%": "percent",
  "+": "plus",
  "=": "equals",
  "°": "degrees",
  "×": "times",
  "÷": "divided by",
  "±": "plus or minus",
};

function readNumbers(text: string): string {
  const units = text
    // An amount before its sign: "5 €" is "€5".
    .replaceAll(/(?<![$£€¥₹\d.,])(\d[\d,]*(?:\.\d+)?)\s?([$£€¥₹])(?!\d)/g, "$2$1")
    .replaceAll(/\b(\d+)\s?¢/g, (_match, count: string) => `${count} ${count === "1" ? "cent" : "cents"}`)
    .replaceAll(UNIT, (_match, count: string, unit: string) => {
      const name = UNITS[unit.toLowerCase()]!;
      return `${count} ${count === "1" ? name : name.replace(/^(\S+?)s?\b/, (word) => (word.endsWith("hertz") ? word : `${word}s`))}`;
    });
  return spellNumbers(units)
    .replaceAll(/[$£€¥₹¢]/g, (sign) => ` ${CURRENCY[sign]!} `)
    .replaceAll(/ {2,}/g, " ")
    .trim();
}

const CURRENCY: Readonly<Record<string, string>> = {
  $: "dollar",
  "£": "pound",
  "€": "euro",
  "¥": "yen",
  "₹": "rupee",
  "¢": "cent",
};

/** Units in the singular. */
const UNITS: Readonly<Record<string, string>> = {
  km: "kilometer",
  cm: "centimeter",
  mm: "millimeter",
  kg: "kilogram",
  mg: "milligram",
  ml: "milliliter",
  lb: "pound",
  lbs: "pound",
  oz: "ounce",
  mb: "megabyte",
  gb: "gigabyte",
  tb: "terabyte",
  hz: "hertz",
  khz: "kilohertz",
  mhz: "megahertz",
  ghz: "gigahertz",
  kw: "kilowatt",
  mph: "mile per hour",
  "km/h": "kilometer per hour",
  kph: "kilometer per hour",
  hr: "hour",
  hrs: "hour",
  min: "minute",
  mins: "minute",
  sec: "second",
  secs: "second",
};

const UNIT = new RegExp(
  String.raw`\b(\d[\d.,]*)\s?(${Object.keys(UNITS)
    .toSorted((a, b) => b.length - a.length)
    .join("|")})\b`,
  "gi",
);
