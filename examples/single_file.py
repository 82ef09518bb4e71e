"""Runs a Callsign model in one ONNX file in Python, with onnxruntime and numpy and nothing of Callsign:

    callsign export --single-file --model computer --out computer.onnx
    pip install onnxruntime numpy
    python single_file.py computer.onnx recording.wav

The recording must be 16 kHz mono 16-bit PCM. Prints time and scores of each step of 80 ms at or above a threshold.
"""

import sys
import wave

import numpy as np
import onnxruntime

model, recording = sys.argv[1:3]
threshold = float(sys.argv[3]) if len(sys.argv) > 3 else 0.5

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
shapes = {value.name: value.shape for value in session.get_inputs()}
chunk_length, state_length = shapes["samples"][1], shapes["state"][1]

with wave.open(recording) as file:
    form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
    if form != (16000, 1, 2):
        sys.exit(f"{recording}: expected 16 kHz mono 16-bit PCM, got {form[0]} Hz, {form[1]} channels, {8 * form[2]} bits")
    # int16 magnitudes held in float32, not -1 to 1.
    samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32)

# Zeros start a stream, as if silence had come before.
state = np.zeros((1, state_length), np.float32)
for end in range(chunk_length, len(samples) + 1, chunk_length):
    chunk = samples[None, end - chunk_length : end]
    scores, state = session.run(["scores", "nextState"], {"samples": chunk, "state": state})
    if scores.max() >= threshold:
        print(f"{end / 16000:.2f}", *(f"{score:.6f}" for score in scores.ravel()), sep="\t")
