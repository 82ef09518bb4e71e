/**
 * Puts the numbers of a text into words: `21st` twenty-first, `3.5` three point five, `$2` two dollars, `1984` nineteen
 * eighty-four, `1/2` one half, `5:30` five thirty, `90s` nineties, `3D` three D.
 */
export function spellNumbers(text: string): string {
  return (
    text
      // With a comma it is no year.
      .replaceAll(/(?<![$£€¥₹\d.,])\d{1,3}(?:,\d{3})+\b(?![.,]\d)/g, (number) =>
        cardinal(number.replaceAll(",", "")),
      )
      .replaceAll(/(\d),(?=\d{3}\b)/g, "$1")
      .replaceAll(
        /([$£€¥₹]\d+(?:\.\d+)?) (thousand|million|billion)\b/gi,
        (_match, amount: string, scale: string) => {
          const { number, unit } = splitMoney(amount);
          return `${plain(number)} ${scale} ${unit.many}`;
        },
      )
      .replaceAll(/[$£€¥₹]\d+(?:\.\d{2})?/g, money)
      .replaceAll(/\b(\d{1,2}):([0-5]\d)\b/g, (_match, hour: string, minute: string) => time(hour, minute))
      .replaceAll(/\b(\d+)\/(\d+)\b/g, (match, part: string, of: string) => fraction(part, of) ?? match)
      .replaceAll(
        /(\d*)\.(\d+)/g,
        (_match, whole: string, rest: string) =>
          `${whole === "" ? "" : cardinal(whole)} point ${digits(rest)}`,
      )
      .replaceAll(/(\d+)(?:st|nd|rd|th)\b/gi, (_match, number: string) => ordinal(cardinal(number)))
      .replaceAll(/(\d+)'?s\b/g, (_match, number: string) => pluralOf(plain(number)))
      .replaceAll(/(?<=\p{L})(?=\d)|(?<=\d)(?=\p{L})/gu, " ")
      .replaceAll(/\d+/g, plain)
  );
}

const plain = (number: string): string =>
  number.includes(".")
    ? number
        .split(".")
        .map((part, i) => (i === 0 ? cardinal(part) : digits(part)))
        .join(" point ")
    : isYear(number)
      ? year(number)
      : cardinal(number);

/** The last word in the plural: twenties, one hundreds. */
const pluralOf = (words: string): string =>
  words.endsWith("y") ? `${words.slice(0, -1)}ies` : /[sx]$/.test(words) ? `${words}es` : `${words}s`;

function time(hour: string, minute: string): string {
  if (minute === "00") return `${cardinal(String(Number(hour)))} o'clock`;
  const minutes = minute.startsWith("0") ? `oh ${cardinal(minute.slice(1))}` : cardinal(minute);
  return `${cardinal(String(Number(hour)))} ${minutes}`;
}

/** Up to tenths, and of a whole: `24/7` and `9/11` are two numbers. */
function fraction(part: string, of: string): string | undefined {
  const [above, below] = [Number(part), Number(of)];
  if (!(above > 0 && above < below && below <= 10)) return undefined;
  const name = below === 2 ? "half" : below === 4 ? "quarter" : ordinal(cardinal(String(below)));
  return `${cardinal(String(above))} ${above === 1 ? name : `${name}s`}`;
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

interface Currency {
  readonly one: string;
  readonly many: string;
  readonly small: string;
  readonly smalls: string;
}

const CURRENCIES: Readonly<Record<string, Currency>> = {
  $: { one: "dollar", many: "dollars", small: "cent", smalls: "cents" },
  "£": { one: "pound", many: "pounds", small: "penny", smalls: "pence" },
  "€": { one: "euro", many: "euros", small: "cent", smalls: "cents" },
  "¥": { one: "yen", many: "yen", small: "sen", smalls: "sen" },
  "₹": { one: "rupee", many: "rupees", small: "paisa", smalls: "paise" },
};

const splitMoney = (amount: string): { number: string; unit: Currency } => ({
  number: amount.slice(1),
  unit: CURRENCIES[amount[0]!]!,
});

function money(amount: string): string {
  const { number, unit } = splitMoney(amount);
  const [whole = "0", cents = "00"] = number.split(".");
  const parts = [
    ...(Number(whole) > 0 || cents === "00" ? [count(whole, [unit.one, unit.many])] : []),
    ...(cents === "00" ? [] : [count(String(Number(cents)), [unit.small, unit.smalls])]),
  ];
  return parts.join(", ");
}

const count = (number: string, [one, many]: readonly [string, string]): string =>
  `${cardinal(number)} ${Number(number) === 1 ? one : many}`;

/** 1100 to 2099, save the first decade of the century, which is said as a number. */
const isYear = (number: string): boolean => /^(1[1-9]|20)\d\d$/.test(number) && !/^200\d$/.test(number);

function year(number: string): string {
  const [century, rest] = [Number(number.slice(0, 2)), Number(number.slice(2))];
  if (rest === 0) return `${belowHundred(century)} hundred`;
  return `${belowHundred(century)} ${rest < 10 ? `oh ${ONES[rest]}` : belowHundred(rest)}`;
}
