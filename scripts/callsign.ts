// `npm run callsign`: npm runs scripts in the repository's root, but a path given to a command is meant from where it was typed.
const { INIT_CWD } = process.env;
if (INIT_CWD) process.chdir(INIT_CWD);
await import("../packages/cli/src/main.ts");
