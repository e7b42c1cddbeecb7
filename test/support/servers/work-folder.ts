// A fresh temporary folder for one server's configuration and data, which the server's own user may enter.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface WorkFolder {
  readonly path: string;
  /** Writes a file below the folder, making the folders on the way, and returns its full path. */
  write(name: string, content: string): Promise<string>;
  remove(): Promise<void>;
}

/** Makes `mailgate-<name>-XXXXXX` in the system's folder for temporary files. */
export async function makeWorkFolder(name: string): Promise<WorkFolder> {
  const path = await mkdtemp(join(tmpdir(), `mailgate-${name}-`));
  await chmod(path, 0o755); // servers give up root, and must still read their configuration
  return {
    path,
    async write(file, content) {
      const target = join(path, file);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
      return target;
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
