/** Puts the numbers of a text into words: `21st` twenty-first, `3.5` three point five, `$2` two dollars, `1984` nineteen eighty-four. */
export function spellNumbers(text: string): string {
  return text
    .replaceAll(/(\d),(?=\d{3}\b)/g, "$1")
    .replaceAll(/[$£]\d+(?:\.\d{2})?/g, money)
    .replaceAll(
      /(\d+)\.(\d+)/g,
      (_match, whole: string, rest: string) => `${cardinal(whole)} point ${digits(rest)}`,
    )
    .replaceAll(/(\d+)(?:st|nd|rd|th)\b/g, (_match, number: string) => ordinal(cardinal(number)))
    .replaceAll(/\d+/g, (number) => (isYear(number) ? year(number) : cardinal(number)));
}

const ONES =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES = ["", " thousand", " million", " billion"];
const ORDINALS: Readonly<Record<string, string>> = {
  one: "first",
  two: "second",
  three: "third",
  five: "fifth",
  eight: "eighth",
  nine: "ninth",
  twelve: "twelfth",
};

/** Up to 999 billion as a number; longer ones digit by digit, as one reads out a card. */
function cardinal(number: string): string {
  if (number.length > 12 || (number.length > 1 && number.startsWith("0"))) return digits(number);
  let rest = Number(number);
  if (rest === 0) return ONES[0]!;
  const groups: string[] = [];
  for (let scale = 0; rest > 0; scale++, rest = Math.floor(rest / 1000)) {
    if (rest % 1000 > 0) groups.unshift(`${belowThousand(rest % 1000)}${SCALES[scale]}`);
  }
  return groups.join(" ");
}

function belowThousand(number: number): string {
  const hundreds = Math.floor(number / 100);
  const rest = number % 100;
  const below = rest > 0 || hundreds === 0 ? belowHundred(rest) : "";
  return [hundreds > 0 ? `${ONES[hundreds]} hundred` : "", below].filter((part) => part !== "").join(" ");
}

function belowHundred(number: number): string {
  if (number < 20) return ONES[number]!;
  const one = number % 10;
  return one === 0 ? TENS[(number - one) / 10]! : `${TENS[(number - one) / 10]}-${ONES[one]}`;
}

const digits = (number: string): string => Array.from(number, (digit) => ONES[Number(digit)]).join(" ");

function ordinal(words: string): string {
  const last = /[a-z]+$/.exec(words)![0];
  const stem = words.slice(0, -last.length);
  if (ORDINALS[last] !== undefined) return stem + ORDINALS[last];
  return stem + (last.endsWith("y") ? `${last.slice(0, -1)}ieth` : `${last}th`);
}

function money(amount: string): string {
  const [unit, small] = amount.startsWith("$") ? ["dollar", "cent"] : ["pound", "penny"];
  const [whole = "0", cents = "00"] = amount.slice(1).split(".");
  const parts = [
    ...(Number(whole) > 0 || cents === "00" ? [plural(whole, unit)] : []),
    ...(cents === "00" ? [] : [plural(String(Number(cents)), small)]),
  ];
  return parts.join(", ");
}

const plural = (number: string, unit: string): string =>
  `${cardinal(number)} ${Number(number) === 1 ? unit : unit === "penny" ? "pence" : `${unit}s`}`;

/** 1100 to 2099, save the first decade of the century, which is said as a number. */
const isYear = (number: string): boolean => /^(1[1-9]|20)\d\d$/.test(number) && !/^200\d$/.test(number);

function year(number: string): string {
  const [century, rest] = [Number(number.slice(0, 2)), Number(number.slice(2))];
  if (rest === 0) return `${belowHundred(century)} hundred`;
  return `${belowHundred(century)} ${rest < 10 ? `oh ${ONES[rest]}` : belowHundred(rest)}`;
}
