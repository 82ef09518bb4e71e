import type { Interval } from "../statistics/confidence-interval.ts";
import type { TableColumn } from "../report/sections.ts";

/** False accepts per hour. */
export const rate = (perHour: number): string => perHour.toFixed(perHour < 10 ? 2 : 1);
export const whole = (count: number): string => count.toLocaleString("en-US");
export const hours = (count: number): string => `${count.toFixed(1)} hours`;
export const between = ({ low, high }: Interval, format: (value: number) => string): string =>
  `${format(low).replace(" %", "")}–${format(high)}`;

/** Column of numbers. */
export const numberColumn = (heading: string): TableColumn => ({ heading, kind: "number" });
