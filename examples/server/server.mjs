/**
 * An Express server with a page, an API and the detection WebSocket on one port of this machine:
 *   node server.mjs                      the ready word "computer" on http://127.0.0.1:3000
 *   PORT=8000 node server.mjs stop runs/hey-nimbus/model
 * The page sends its microphone's audio to the server; docs/serve.md describes the messages.
 */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import express from "express";
import { loadDetector } from "@callsign/infer/node";
import { serveDetectors } from "@callsign/serve";

const models = process.argv.slice(2);
const detector = await loadDetector(models.length > 0 ? models : ["computer"]);

const app = express();
app.get("/", (_request, response) =>
  response.sendFile(fileURLToPath(new URL("index.html", import.meta.url))),
);
app.get("/api/models", (_request, response) =>
  response.json(detector.cards.map(({ name, labels }) => ({ name, labels }))),
);

// Other machines could use the WebSocket on any other address than 127.0.0.1: give serveDetectors a `token` there.
const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
await once(server, "listening");
const detection = await serveDetectors(detector, { server });
console.log(`http://127.0.0.1:${server.address().port}`);

process.once("SIGINT", async () => {
  await detection.close();
  server.close();
  server.closeIdleConnections();
  await detector.dispose();
});
