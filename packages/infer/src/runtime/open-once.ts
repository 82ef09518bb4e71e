/**
 * Opens a resource at the first call and returns the same one from then on. A failure is not remembered: the next call
 * tries again.
 */
export class OpenOnce<Resource> {
  readonly #open: () => Promise<Resource>;
  #opened: Promise<Resource> | undefined;

  constructor(open: () => Promise<Resource>) {
    this.#open = open;
  }

  get(): Promise<Resource> {
    this.#opened ??= this.#openOrForget();
    return this.#opened;
  }

  /** The resource if it was opened, once it is; undefined if it never was or failed. */
  async ifOpened(): Promise<Resource | undefined> {
    return this.#opened?.catch(() => undefined);
  }

  async #openOrForget(): Promise<Resource> {
    try {
      return await this.#open();
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }
}
