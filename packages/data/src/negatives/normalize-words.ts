/**
 * The words of a text as a dictionary spells them: lower case, accents dropped, apostrophes kept inside words, digits
 * read out one whole number (up to 999) or one digit at a time, everything else a gap.
 */
export function normalizeWords(text: string): string[] {
  const plain = text
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[‘’`´]/g, "'")
    .replaceAll(/\d+/g, (digits) => ` ${readNumber(digits)} `);
  return plain.match(/[a-z]+(?:'[a-z]+)*/g) ?? [];
}

const ONES = (
  "zero one two three four five six seven eight nine ten eleven twelve " +
  "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split(" ");
const TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

function readNumber(digits: string): string {
  const value = Number(digits);
  // A long number, or one that begins with 0, is a code: people read it digit by digit.
  if (digits.length > 3 || (digits.length > 1 && digits.startsWith("0")))
    return Array.from(digits, (digit) => ONES[Number(digit)]).join(" ");
  if (value < 20) return ONES[value]!;
  if (value < 100)
    return [TENS[Math.floor(value / 10)], value % 10 > 0 ? ONES[value % 10] : ""].join(" ").trim();
  const rest = value % 100 > 0 ? ` ${readNumber(String(value % 100))}` : "";
  return `${ONES[Math.floor(value / 100)]} hundred${rest}`;
}
