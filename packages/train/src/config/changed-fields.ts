/** Fields in which two JSON values differ, each with both values: `train.epochs was 20, is 30`. At most ten. */
export function changedFields(before: unknown, after: unknown): string[] {
  const differences = [...differencesOf(before, after, "")];
  const shown = differences.slice(0, MAX_SHOWN);
  if (differences.length > shown.length) shown.push(`and ${differences.length - shown.length} more`);
  return shown;
}

const MAX_SHOWN = 10;

function* differencesOf(before: unknown, after: unknown, path: string): Generator<string> {
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      yield* differencesOf(before[key], after[key], path === "" ? key : `${path}.${key}`);
  } else if (JSON.stringify(before) !== JSON.stringify(after))
    yield `${path} was ${show(before)}, is ${show(after)}`;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const show = (value: unknown): string =>
  value === undefined ? "not set" : JSON.stringify(value).slice(0, 80);
