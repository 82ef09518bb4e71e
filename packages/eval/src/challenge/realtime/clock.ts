/**
 * Monotonic time in milliseconds, the same for all threads of the process (`performance.now` starts at each thread's
 * own start). A double keeps nanosecond resolution for 104 days after boot.
 */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
