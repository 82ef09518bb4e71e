/** The memory of an Emscripten module; the view is replaced when the memory grows. */
interface HeapOwner {
  readonly HEAPU8: Uint8Array;
}

/**
 * Remembers a module's memory and returns the function that puts it back. State that lives on from clip to clip (noise
 * generators, filters) is reset by it in some 3 ms, where a fresh instance takes 15 to 60, so the bytes of a clip do not
 * depend on the clips before it.
 */
export function snapshotHeap(owner: HeapOwner): () => void {
  const { HEAPU8 } = owner;
  // Without the zeros at its end, which are most of it.
  const untouched = HEAPU8.slice(0, HEAPU8.findLastIndex((byte) => byte !== 0) + 1);
  return () => {
    owner.HEAPU8.set(untouched);
    owner.HEAPU8.fill(0, untouched.length);
  };
}
