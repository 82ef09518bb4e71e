import { serveDetector } from "@callsign/infer/web";

serveDetector();
