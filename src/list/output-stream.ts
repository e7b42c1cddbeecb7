// Writes to a stream such as standard output, no faster than it takes, and takes a reader that goes early for no error.
import type { Writable } from 'node:stream';
import type { Output } from './output.ts';
import { errorCode, outputError } from './output-errors.ts';

/** The stream stays open: whoever made it closes it. */
export function createStreamOutput(stream: Writable, name: string): Output {
  let readerGone = false;
  // The callback of the write tells of the failure; without a listener the event would end the process.
  stream.on('error', () => {});
  return {
    get readerGone() {
      return readerGone;
    },
    write(bytes) {
      if (readerGone) return Promise.resolve();
      return new Promise((resolve, reject) => {
        // The callback comes when the bytes are handed on, which is both back-pressure and leave to use the buffer again.
        stream.write(bytes, (error) => {
          if (error && !READER_GONE.has(errorCode(error))) return reject(outputError(name, error));
          if (error) readerGone = true;
          resolve();
        });
      });
    },
    commit: async () => {},
    abort: async () => {},
  };
}

/** `head` has seen enough, or the pager was closed. */
const READER_GONE: ReadonlySet<string> = new Set([
  'EPIPE',
  'ECONNRESET',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);
