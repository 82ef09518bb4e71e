/** Version of this package, as in its package.json: a constant, because a bundle has no package.json beside it. */
export const VERSION = "0.1.0";
