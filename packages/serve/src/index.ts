// A server of detectors over WebSocket and Wyoming.
export {
  type DetectorServer,
  type ListenAddress,
  serveDetectors,
  type ServeOptions,
} from "./serve-detectors.ts";
export type { CloseReason, ServeLogRecord } from "./connection/connection.ts";
export type { ServeLimits } from "./server/limits.ts";
export type { ServeMetrics, ServeProtocol } from "./server/metrics.ts";
