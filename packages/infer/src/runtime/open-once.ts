/** Opens a resource at the first call and returns the same one afterwards. A failed attempt is repeated by the next call. */
export class OpenOnce<Resource> {
  readonly #open: () => Promise<Resource>;
  #opened: Promise<Resource> | undefined;

  constructor(open: () => Promise<Resource>) {
    this.#open = open;
  }

  get(): Promise<Resource> {
    this.#opened ??= this.#tryOpen();
    return this.#opened;
  }

  /** Resource if it was opened, after waiting for a pending attempt; undefined if it was never opened or failed to open. */
  async ifOpened(): Promise<Resource | undefined> {
    return this.#opened?.catch(() => undefined);
  }

  async #tryOpen(): Promise<Resource> {
    try {
      return await this.#open();
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }
}
