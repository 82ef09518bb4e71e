import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(`${root}/${file}`, "utf8");

/** Names that an entry exports, types included, in alphabetical order. */
function namesOf(entry: string): string[] {
  const lists = [...read(`packages/${entry}`).matchAll(/^export (?:type )?\{([^}]*)\}/gm)];
  return lists
    .flatMap((list) => list[1]!.split(","))
    .map((name) => name.trim().replace(/^type /, ""))
    .filter((name) => name !== "")
    .toSorted((a, b) => a.localeCompare(b, "en"));
}

/** A paragraph of names, so that a change of the list is a readable change of this file. */
const paragraph = (entry: string): string => `\n${namesOf(entry).join(" ")}\n`;

const ENTRIES = {
  "@callsign/audio": "audio/src/index.ts",
  "@callsign/audio/node": "audio/src/node/index.ts",
  "@callsign/audio/web": "audio/src/web/index.ts",
  "@callsign/data": "data/src/index.ts",
  "@callsign/eval": "eval/src/index.ts",
  "@callsign/infer": "infer/src/index.ts",
  "@callsign/infer/node": "infer/src/node/index.ts",
  "@callsign/infer/web": "infer/src/web/index.ts",
  "@callsign/onnx": "onnx/src/index.ts",
  "@callsign/serve": "serve/src/index.ts",
  "@callsign/train": "train/src/index.ts",
};

// A name here is a promise to users: it is documented, and taking it away breaks them. Siblings use `./internal`.
describe("public names", () => {
  it("are listed, never everything of a file", () => {
    for (const entry of Object.values(ENTRIES)) {
      expect(read(`packages/${entry}`), entry).not.toMatch(/export \*/);
      expect(new Set(namesOf(entry)).size, entry).toBe(namesOf(entry).length);
    }
  });

  it("of @callsign/infer", () => {
    expect(paragraph(ENTRIES["@callsign/infer"])).toMatchInlineSnapshot(`
      "
      AbortLike Audio AudioNote AudioVariant BareHeadOptions CallsignError CallsignErrorCode commandLabels costThreshold Decision DecisionPolicy Detection detections DetectionSource Detector DetectorStep DetectorStream formatModelCard fromInt16 LevelGateOptions ListenCallbacks ModelCard ModelDetection MutedAudio MutedSpan MuteGatePolicy OpenStreamOptions parseModelCard Pcm PcmDecoder PcmEncoding Progress readWav resample ResampleOptions Resampler SAMPLE_RATE_HZ Sensitivity Session SessionFactory SpeechMuter SpeechMuterOptions StopListening Tensor TensorInfo toInt16 Windowing withSensitivity writeWav WriteWavOptions
      "
    `);
  });

  it("of @callsign/infer/node", () => {
    expect(paragraph(ENTRIES["@callsign/infer/node"])).toMatchInlineSnapshot(`
      "
      Asset AssetOptions AudioInput CALLSIGN_EMBEDDING createDetectionTransform createMuteTransform createNodeSession decodeAudio DecodeOptions DetectionTransformOptions DownloadOptions DownloadProgress listen ListenOptions listMicrophones loadDetector LoadDetectorOptions MicrophoneInfo MicrophoneProgram ModelSource MuteTransformOptions NodeProvider NodeSessionOptions openMicrophone OpenMicrophone OpenMicrophoneOptions ProviderFallback readAudioChunks ReadAudioChunksOptions readAudioFile ReadAudioOptions resolveAsset SPEECH_EMBEDDING
      "
    `);
  });

  it("of @callsign/infer/web", () => {
    expect(paragraph(ENTRIES["@callsign/infer/web"])).toMatchInlineSnapshot(`
      "
      createWebSession EmbeddingId listen ListenOptions loadWebDetector openWebMicrophone serveDetector WebLoadOptions WebMicrophone WebMicrophoneOptions WebMicrophoneState WebModel WebModelSource WebProvider WebSessionOptions WorkerDetector WorkerLoadOptions WorkerModels WorkerScope
      "
    `);
  });

  it("of @callsign/audio", () => {
    expect(paragraph(ENTRIES["@callsign/audio"])).toMatchInlineSnapshot(`
      "
      Audio AudioNote CallsignError CallsignErrorCode fromInt16 Pcm PcmDecoder PcmEncoding readWav resample ResampleOptions Resampler SAMPLE_RATE_HZ toInt16 writeWav WriteWavOptions
      "
    `);
  });

  it("of @callsign/audio/node", () => {
    expect(paragraph(ENTRIES["@callsign/audio/node"])).toMatchInlineSnapshot(`
      "
      AudioInput decodeAudio DecodeOptions listMicrophones MicrophoneInfo MicrophoneProgram openMicrophone OpenMicrophone OpenMicrophoneOptions readAudioChunks ReadAudioChunksOptions readAudioFile ReadAudioOptions
      "
    `);
  });

  it("of @callsign/audio/web", () => {
    expect(paragraph(ENTRIES["@callsign/audio/web"])).toMatchInlineSnapshot(`
      "
      openWebMicrophone WebMicrophone WebMicrophoneOptions WebMicrophoneState
      "
    `);
  });

  it("of @callsign/onnx", () => {
    expect(paragraph(ENTRIES["@callsign/onnx"])).toMatchInlineSnapshot(`
      "
      AttributeProto AttributeValue decodeOnnx dimension encodeOnnx findConsumers findInitializer findProducer graphInputs GraphProto makeFloatTensor makeGraph makeInt64Tensor makeModel makeNode makeValueInfo ModelProto NodeProto OnnxModel removeUnusedInitializers renameValues replaceNode setInitializer setValueDims tensorFloats tensorInt64s TensorProto valueDims ValueInfoProto
      "
    `);
  });

  it("of @callsign/serve", () => {
    expect(paragraph(ENTRIES["@callsign/serve"])).toMatchInlineSnapshot(`
      "
      CloseReason DetectorServer ListenAddress serveDetectors ServeLimits ServeLogRecord ServeMetrics ServeOptions ServeProtocol
      "
    `);
  });

  it("of @callsign/data", () => {
    expect(paragraph(ENTRIES["@callsign/data"])).toMatchInlineSnapshot(`
      "
      BUILD_STAGES BuildContext buildData BuildEnvironment BuildIndex BuildPlan BuildReport BuildStage ClipKind createEspeakEngine createFliteEngine createGnuspeechEngine createPicoEngine createRandom createVitsEngine createWaveglowEngine DataConfig DataConfigInput EspeakOptions FeatureBlock FeatureFile FeatureOrigin FeatureShard findBuildProblems FliteOptions GnuspeechOptions HubEnvironment inspectBuild LeftOut LeftOutReason LicenceSummary loadPronunciations ManifestClip parseDataConfig Phonemes PhraseConcern phraseConcerns PicoOptions planBuild PlannedSet planTexts Progress Pronunciations Provenance PulledSource pullSources Random readManifest readShard SaidSounds sampleClips SetSummary ShardClip ShardEntry ShardMetadata SpeechEngine Split SplitSummary SpokenSet throwProblems toolIdentity ToolIdentity VitsOptions Voice VoiceParameters WaveglowOptions WeightedSound WordSounds
      "
    `);
  });

  it("of @callsign/eval", () => {
    expect(paragraph(ENTRIES["@callsign/eval"])).toMatchInlineSnapshot(`
      "
      ChallengeClip ChallengeMode ChallengeOptions ChallengeResult ChallengeTruth ClipResult ClipsSummary CommandInterval ComparedModel compareModels Conditions Confusion Conversation ConversationOptions createDetectorLabeller DecisionTiming DetCurve DetectedTwice DetPoint evaluateChallenge evaluateClips evaluateKeyword EvaluateKeywordOptions FalseAcceptGroup findRecordings FindRecordingsOptions FrameLabel HitGroup Interval KeywordEvaluation KeywordFigures KeywordPoint LabelledRun Labeller LookAheadPoint makeConversations ModelComparison ModelPair NamedSamples poissonInterval Progress readChallengeTruth readNoises readRooms Recording RecordingContent RunTiming ScoredRecording scoreRecordings ScoreRecordingsOptions ScoreTrack StagedRecording summarizeClips ThresholdFigures wilsonInterval
      "
    `);
  });

  it("of @callsign/train", () => {
    expect(paragraph(ENTRIES["@callsign/train"])).toMatchInlineSnapshot(`
      "
      Architecture ArchitectureConfig ARCHITECTURES Backend BackendName BACKENDS createArchitecture DetectorConfig EmbeddingConfig EmbeddingProgress EpochRecord EvaluationConfig exportCheckpoint ExportCheckpointOptions ExportedModel exportModel ExportModelOptions FinishedTraining Initialisation initialWeights loadBackend LoadedBackend MadeEmbedding makeEmbedding MakeEmbeddingOptions MlpConfig Parameterised ParameterSpec parseDetectorConfig parseEmbeddingConfig Progress RecipeBudget RecipeOptions SequenceConfig SkippedBackend toolIdentity ToolIdentity TrainConfig trainDetector TrainDetectorOptions TrainedDetector TrainEvent Validation Weights writeRecipe
      "
    `);
  });
});

describe("documentation and examples", () => {
  const patterns = [
    "README.md",
    "docs/*.md",
    "packages/*/README.md",
    "examples/*.mjs",
    "examples/*.ts",
    "examples/*.md",
    // Tests of the examples are not for people to copy.
    ":!examples/test",
  ];
  const listed = execFileSync("git", ["ls-files", ...patterns], { cwd: root, encoding: "utf8" });
  const files = listed.split("\n").filter((file) => file !== "");
  const imports = files.flatMap((file) =>
    [...read(file).matchAll(/import\s+(?:type\s+)?\{([^}]*)\}\s+from\s+["'](@callsign\/[^"']+)["']/g)].map(
      (match) => ({
        file,
        entry: match[2]!,
        names: match[1]!.split(",").map((name) => name.trim().replace(/^type /, "")),
      }),
    ),
  );

  it("import what is public, and nothing else", () => {
    expect(imports.length).toBeGreaterThan(10);
    const wrong = imports.flatMap(({ file, entry, names }) => {
      const known = entry in ENTRIES ? namesOf(ENTRIES[entry as keyof typeof ENTRIES]) : [];
      return names
        .filter((name) => name !== "" && !known.includes(name))
        .map((name) => `${file}: ${name} of ${entry}`);
    });
    expect(wrong).toEqual([]);
  });
});
