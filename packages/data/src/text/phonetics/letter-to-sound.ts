import { parsePhonemes, type Phonemes } from "./phonemes.ts";

/**
 * A likely English pronunciation of a word no dictionary has, by letter-to-sound rules of our own: at each place the
 * first rule that fits is taken. Meant for invented names ("snowbix"); English spelling leaves some guesses wrong.
 * Letters only; anything else is skipped.
 */
export function spellingToSound(word: string): Phonemes {
  const sounds: string[] = [];
  let place = 0;
  while (place < word.length) {
    const [length, sound] = firstFit(word, place);
    sounds.push(sound);
    place += length;
  }
  return parsePhonemes(sounds.join(" "));
}

function firstFit(word: string, place: number): [length: number, sound: string] {
  for (const [pattern, sound] of RULES[word[place]!] ?? []) {
    pattern.lastIndex = place;
    const match = pattern.exec(word);
    if (match !== null) return [match[0].length, sound];
  }
  return [1, ""];
}

/** One consonant letter (or a pair that sounds as one) and a last, silent e: the vowel before it is long. */
const LONG = "(?=(?:[bcdfgjklmnprstvz]|th|ch|qu)e(?:[sd]?$|ly$|ment))";
/** One consonant and i + vowel, as in "radio", "medium". */
const LONG_IO = "(?=[bcdfglmnrt]i[aou])";

type Rule = readonly [pattern: RegExp, sound: string];

/** Rules as `letter: pattern -> sound`, longer and narrower ones first. Patterns stick to the current place. */
const RULES: Readonly<Record<string, readonly Rule[]>> = rules({
  a: [
    ["augh", "AO"],
    ["ai(?=r)", "EH"],
    ["aye?(?=s?$)", "EY"],
    ["a[iy]", "EY"],
    ["au|aw", "AO"],
    ["al(?=k)", "AO"],
    ["al(?=l$|ls$|lb|d|t)", "AO L"],
    ["are(?=s?$)", "EH R"],
    ["arr(?=[aeiouy])", "AE R"],
    ["(?<=w)ar", "AO R"],
    ["ar(?=[aeiouy])", "EH R"],
    ["ar", "AA R"],
    ["(?<=[wq]u?)a(?=[nst])", "AA"],
    ["a(?=ge$)", "IH"],
    ["(?<=[bcdfgklmnprstvz])a(?=tion|sion|cial)", "EY"],
    [`a${LONG}`, "EY"],
    [`a${LONG_IO}`, "EY"],
    ["a(?=ste$|[bpfdtk]le)", "EY"],
    ["a$", "AH"],
    ["^a(?=[bcdfglmnprstv][aeiou])", "AH"],
    ["aa|ah", "AA"],
    ["a(?=l$|ls$|n$)", "AH"],
    ["a", "AE"],
  ],
  b: [
    ["(?<=m)b$", ""],
    ["bb?", "B"],
  ],
  c: [
    ["^ch(?=r)", "K"],
    ["(?<=s)ch(?=[eo])", "K"],
    ["tch|ch", "CH"],
    ["ck", "K"],
    ["cc(?=[eiy])", "K S"],
    ["ci(?=[ao])", "SH"],
    ["c(?=[eiy])", "S"],
    ["cc?", "K"],
  ],
  d: [
    ["dge", "JH"],
    ["(?<=[pkfscx])ed$", "T"],
    ["dd?", "D"],
  ],
  e: [
    ["eigh", "EY"],
    ["ei(?=n|l)", "EY"],
    ["ei", "IY"],
    ["ear(?=[nltc])", "ER"],
    ["ear", "IH R"],
    ["ea(?=d|lth|ther|sure)", "EH"],
    ["ee(?=r)", "IH"],
    ["ea|ee", "IY"],
    ["ey$", "IY"],
    ["ey", "EY"],
    ["(?<=[rljds])ew", "UW"],
    ["eu|ew", "Y UW"],
    ["(?<=[td])ed$", "IH D"],
    ["(?<=[pkfscxh])ed$", "T"],
    ["(?<=..)ed$", "D"],
    ["(?<=[sxz]|ch|sh|[cg])es$", "IH Z"],
    ["er(?=$|s$|[bcdfgklmnpstvz])", "ER"],
    ["err?(?=[aeiouy])", "EH R"],
    ["(?<=[bcdfgkptz])el$", "AH L"],
    ["e(?=ment|ly$)", ""],
    [`e${LONG}`, "IY"],
    [`e${LONG_IO}`, "IY"],
    ["(?<=^[bcdfghjklmnprstvwy]{1,2})e$", "IY"],
    ["(?<=[aeiouy].*)e(?=s?$)", ""],
    ["^e(?=[lmnv][aeiou])", "IH"],
    ["(?<=^[bdr])e(?=[bcdfglmnpstv][aeiou])", "IH"],
    ["e(?=n$|ns$|nt$|l$|t$)", "AH"],
    ["e", "EH"],
  ],
  f: [["ff?", "F"]],
  g: [
    ["(?<=[aeiou])gh(?=t|$)", ""],
    ["gh", "G"],
    ["^gn", "N"],
    ["gn$", "N"],
    ["gg", "G"],
    ["gu(?=[eiy])", "G"],
    ["ge$", "JH"],
    ["(?<!^)g(?=[eiy])", "JH"],
    ["^g(?=e[nom])", "JH"],
    ["g", "G"],
  ],
  h: [
    ["(?<=[aeiou])h(?=$|[bcdfgklmnprstvz])", ""],
    ["h", "HH"],
  ],
  i: [
    ["igh", "AY"],
    ["ign$", "AY N"],
    ["(?<=[bcdfglmnprstvz])ie$", "IY"],
    ["ie(?=[ds]?$)", "AY"],
    ["ie(?=r$)", "IY"],
    ["ie", "IY"],
    ["i(?=nd$|ld$)", "AY"],
    ["ique", "IY K"],
    ["ir(?=[aeiou])", "AY R"],
    ["ir", "ER"],
    [`i${LONG}`, "AY"],
    ["(?<=[aeiouy].*)i(?=[aou])", "IY"],
    ["i(?=[aou])", "AY"],
    ["i$", "IY"],
    ["i", "IH"],
  ],
  j: [["jj?", "JH"]],
  k: [
    ["^kn", "N"],
    ["kk?", "K"],
  ],
  l: [
    ["(?<=[bcdfgkptz])le(?=s?$)", "AH L"],
    ["ll?", "L"],
  ],
  m: [
    ["^mn", "N"],
    ["mm?", "M"],
  ],
  n: [
    ["ng(?=[aeiou]r?$|le)", "NG G"],
    ["ng", "NG"],
    ["n(?=k|c[ao]|x)", "NG"],
    ["nn?", "N"],
  ],
  o: [
    ["ough(?=t)", "AO"],
    ["ough", "OW"],
    ["oa(?=r)", "AO"],
    ["oa", "OW"],
    ["oe$", "OW"],
    ["oi|oy", "OY"],
    ["oo(?=k|d$)", "UH"],
    ["oor", "AO R"],
    ["oo", "UW"],
    ["ous$", "AH S"],
    ["ould", "UH D"],
    ["our(?=[st]|$)", "AO R"],
    ["oup", "UW P"],
    ["ou", "AW"],
    ["ow(?=n$|l$|er)", "AW"],
    ["(?<=^[bhncwv])ow$", "AW"],
    ["ow$", "OW"],
    ["(?<=[bglnrs])ow", "OW"],
    ["ow", "AW"],
    ["(?<=w)or", "ER"],
    ["(?<=[aeiouy].+)or$", "ER"],
    ["orr?", "AO R"],
    ["ol(?=d|t|k)", "OW L"],
    ["o(?=st$)", "OW"],
    ["o(?=th(?:er))", "AH"],
    [`o${LONG}`, "OW"],
    [`o${LONG_IO}`, "OW"],
    ["(?<=[aeiouy].+)on$", "AH N"],
    ["os?$", "OW"],
    ["o(?=[bcdfglmnprtvz][aeiouy])", "OW"],
    ["o", "AA"],
  ],
  p: [
    ["ph", "F"],
    ["^p(?=[sn])", ""],
    ["pp?", "P"],
  ],
  q: [
    ["que$", "K"],
    ["qu", "K W"],
    ["q", "K"],
  ],
  r: [["rh|rr|r", "R"]],
  s: [
    ["sch(?=[aeiou])", "S K"],
    ["sh", "SH"],
    ["ssion", "SH AH N"],
    ["(?<=[aeiou])sion", "ZH AH N"],
    ["sion", "SH AH N"],
    ["(?<=[aeiou])sure$", "ZH ER"],
    ["sc(?=[eiy])", "S"],
    ["ss", "S"],
    ["(?<=[ui])s$", "S"],
    ["(?<=[bdglmnrvwaeoy])s$", "Z"],
    ["(?<=[aeiou])s(?=e$|es$|ed$|y$|m$)", "Z"],
    ["s", "S"],
  ],
  t: [
    ["tch", "CH"],
    ["tion", "SH AH N"],
    ["ti(?=[ao])", "SH"],
    ["ture", "CH ER"],
    ["tu(?=al|ou)", "CH UW"],
    ["^th(?=e(?:$|m$|n$|y|re|se|ir)|is$|at$|an$|us$|ough)", "DH"],
    ["(?<=[aeo])th(?=er)", "DH"],
    ["th", "TH"],
    ["tt?", "T"],
  ],
  u: [
    ["ui(?=[td])", "UW"],
    ["uy", "AY"],
    ["(?<=[bglrsd])ue(?=s?$)", "UW"],
    ["ue(?=s?$)", "Y UW"],
    ["ur(?=[aeiou])", "Y UH R"],
    ["ur", "ER"],
    [`(?<=[rljdst])u${LONG}`, "UW"],
    [`u${LONG}`, "Y UW"],
    ["(?<=[rljds])u(?=[bcdfglmnpstv][aeiou])", "UW"],
    ["u(?=[bcdfglmnpstv][aeiou])", "Y UW"],
    ["^uni", "Y UW N IH"],
    ["u$", "UW"],
    ["(?<=p)u(?=ll|t$|sh)", "UH"],
    ["u", "AH"],
  ],
  v: [["vv?", "V"]],
  w: [
    ["wh(?=o(?!r))", "HH"],
    ["wh", "W"],
    ["^wr", "R"],
    ["(?<=[aeiou])w$", ""],
    ["w", "W"],
  ],
  x: [
    ["^x", "Z"],
    ["x", "K S"],
  ],
  y: [
    ["y(?=[aeou])", "Y"],
    ["(?<=^[bcdfghjklmnprstvw]{1,3})y$", "AY"],
    ["y$", "IY"],
    [`y${LONG}`, "AY"],
    ["y", "IH"],
  ],
  z: [["zz?", "Z"]],
});

function rules(
  table: Readonly<Record<string, readonly (readonly [pattern: string, sound: string])[]>>,
): Record<string, Rule[]> {
  const compile = ([pattern, sound]: readonly [string, string]): Rule => [
    new RegExp(`(?:${pattern})`, "y"),
    sound,
  ];
  return Object.fromEntries(Object.entries(table).map(([letter, list]) => [letter, list.map(compile)]));
}
