/**
 * Milliseconds of a clock that never steps and that all threads of the process share (`performance.now` counts from
 * each thread's own start). A double holds it to the nanosecond for 104 days since boot.
 */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
