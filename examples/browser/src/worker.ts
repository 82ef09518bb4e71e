import { serveDetector } from "@callsign/infer/web";

serveDetector();

// What a worker loads is not in the page's own list of resources.
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) postMessage({ loaded: entry.toJSON() as unknown });
}).observe({ type: "resource", buffered: true });
