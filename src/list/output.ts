// What the writer needs of the place its bytes go to, whether a file or a stream.

export interface Output {
  /** Takes bytes that must stay as they are until the promise is kept. @throws MailgateError of kind `output` */
  write(bytes: Buffer): Promise<void>;
  /** True once the reader of a pipe has gone; further bytes are dropped. */
  readonly readerGone: boolean;
  /** Makes what was written visible, all at once where the place can do so. */
  commit(): Promise<void>;
  /** Leaves everything as it was before, as far as the place can do so; may be called at any time, also twice. */
  abort(): Promise<void>;
}
