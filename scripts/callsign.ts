/** `npm run callsign`: npm runs scripts in the repository's root, but paths on the command line are relative to where it was typed. */
const { INIT_CWD } = process.env;
if (INIT_CWD) process.chdir(INIT_CWD);
await import(new URL("../packages/cli/src/main.ts", import.meta.url).href);
