/**
 * A model written by the Python package onnx 1.23.1 (helper.make_model, 498 bytes): MatMul, LeakyRelu, Softmax and an If
 * with a subgraph; initializers in raw_data, int64_data and int32_data (float16); a metadata property.
 */
export const goldenModel = (): Uint8Array => new Uint8Array(Buffer.from(BASE64, "base64"));

const BASE64 =
  "CAgSC29ubnguaGVscGVyOskDChoKAmluCgF3EgJtbRoFZmlyc3QiBk1hdE11bAolCgJtbRIDYWN0IglMZWFreVJlbHUqDwoFYWxwaGEVAACAPqAB" +
  "AQogCgNhY3QSA291dCIHU29mdG1heCoLCgRheGlzGACgAQIKpQEKBGZsYWcSAXoiAklmKkoKC2Vsc2VfYnJhbmNoMjgKEAoBeBIBeSIISWRlbnRp" +
  "dHkSBGJvZHkqDQgBEAEiBAAAIEBCAXhiDwoBeRIKCggIARIECgIIAaABBSpKCgt0aGVuX2JyYW5jaDI4ChAKAXgSAXkiCElkZW50aXR5EgRib2R5" +
  "Kg0IARABIgQAACBAQgF4Yg8KAXkSCgoICAESBAoCCAGgAQUSBmdvbGRlbiojCAIIAxABQgF3ShgAAAAAAACAPgAAAD8AAEA/AACAPwAAoD8qHwgC" +
  "EAc6Ev///////////wGBgICAgICAEEIFc2hhcGUqFAgDEAoqCIB4gIABgIQBQgRoYWxmWhkKAmluEhMKEQgBEg0KBxIFYmF0Y2gKAggCWg4KBGZs" +
  "YWcSBgoECAkSAGIaCgNvdXQSEwoRCAESDQoHEgViYXRjaAoCCANiDwoBehIKCggIARIECgIIAUIECgAQEXIPCgVmbG9vchIGd2luZG93";
