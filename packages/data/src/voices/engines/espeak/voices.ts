/**
 * Accents of English as espeak-ng names their voice files (`en` is Great Britain; the package does not know it as
 * `en-gb`), with how often each is drawn: American and British most.
 */
export const ACCENTS: Readonly<Record<string, number>> = {
  "en-us": 1,
  en: 0.8,
  "en-gb-x-rp": 0.6,
  "en-gb-scotland": 0.4,
  "en-029": 0.4,
  "en-gb-x-gbclan": 0.4,
  "en-gb-x-gbcwmd": 0.4,
  "en-us-nyc": 0.4,
};

/**
 * Voice variants (formants, breath, flutter) as they are named in espeak-ng-data/voices/!v. Left out are those that no
 * person sounds like: whisper, whisperf, croak, Demonic, Tweaky, fast, announcer, UniRobot, anikaRobot, robosoft to
 * robosoft8.
 */
export const VARIANTS: readonly string[] = (
  "m1, m2, m3, m4, m5, m6, m7, m8, f1, f2, f3, f4, f5, adam, Alex, Alicia, Andrea, Andy, anika, Annie, antonio, " +
  "AnxiousAndy, aunty, belinda, benjamin, boris, caleb, david, Denis, Diogo, ed, edward, edward2, Gene, Gene2, " +
  "grandma, grandpa, gustave, Henrique, Hugo, iven, iven2, iven3, iven4, Jacky, john, kaukovalta, klatt, klatt2, " +
  "klatt3, klatt4, klatt5, klatt6, Lee, linda, marcelo, Marco, Mario, max, Michael, michel, miguel, Mike, " +
  "Mr serious, Nguyen, norbert, pablo, paul, pedro, quincy, RicishayMax, RicishayMax2, RicishayMax3, rob, robert, " +
  "sandro, shelby, steph, steph2, steph3, Storm, travis, victor, zac"
).split(", ");

/**
 * Languages other than English as espeak-ng names them, for negatives that sound like no English: those whose spelling
 * reads a Latin text, and those that have only their own numbers of it (docs/recipe.md says what they buy).
 */
export const OTHER_LANGUAGES: readonly string[] = (
  "af, bs, ca, cs, cy, da, de, eo, es, es-419, et, eu, fi, fr-be, ga, gn, haw, hr, ht, hu, id, is, it, ku, lt, lv, ms, mt, nb, " +
  "nl, om, pl, pt, pt-br, qu, ro, sk, sl, sq, sv, sw, tn, tr, uz, am, ar, bg, bn, cmn, el, fa, he, hi, hy, ja, ka, ko, " +
  "ru, ta, te, th, uk, ur, vi, yue"
).split(", ");
