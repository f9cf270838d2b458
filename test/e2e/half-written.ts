import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll } from 'vitest';
import { useLab } from '../lab/lab.ts';
import { destinationSections, type Sandbox } from './cli.ts';

const lab = useLab();
const s3 = new S3Client({
  endpoint: lab.s3.endpoint,
  region: lab.s3.region,
  forcePathStyle: true,
  credentials: { accessKeyId: lab.s3.accessKey, secretAccessKey: lab.s3.secretKey },
});
afterAll(() => s3.destroy());

/** Waits for what another process does. */
export async function until(what: string, happened: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await happened())) {
    if (Date.now() > deadline) throw new Error(`It did not happen: ${what}`);
    await delay(50);
  }
}

/** Files below a folder, relative to it. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path), { throwIfNoEntry: false })?.isFile(),
  );
}

/** A folder of 40 MB that do not compress, so that an upload to S3 has several parts. */
export function makeFolder(sandbox: Sandbox): string {
  for (let part = 0; part < 40; part += 1) sandbox.file(`slow/${part}`, randomBytes(1 << 20));
  return join(sandbox.dir, 'slow');
}

/** Puts a `zstd` first in PATH that does its work and then does not end while the returned file exists. */
export function holdZstdOpen(sandbox: Sandbox): { readonly gate: string; readonly path: string } {
  const gate = sandbox.file('gate', '');
  const script = `#!/bin/sh\n/usr/bin/zstd "$@"\nwhile [ -e '${gate}' ]; do sleep 0.1; done\n`;
  chmodSync(sandbox.file('bin/zstd', script), 0o755);
  return { gate, path: `${join(sandbox.dir, 'bin')}:${process.env['PATH']}` };
}

/** A destination, and how to see from outside what lies there half-written. */
export interface Place {
  readonly sections: ReturnType<typeof destinationSections>;
  halfWritten(): Promise<string[]>;
  whole(): Promise<string[]>;
}

function folderPlace(folder: string, sections: Place['sections']): Place {
  const files = async (partial: boolean) =>
    filesBelow(folder).filter((path) => path.includes('.partial') === partial);
  return { sections, halfWritten: () => files(true), whole: () => files(false) };
}

export const PLACES = {
  local: (sandbox: Sandbox): Place => {
    const sections = destinationSections('local', sandbox, lab);
    return folderPlace(String(sections['local']?.['backup_dir']), sections);
  },
  ssh: (sandbox: Sandbox): Place => {
    const sections = destinationSections('ssh', sandbox, lab);
    return folderPlace(String(sections['ssh']?.['backup_dir']), sections);
  },
  s3: (sandbox: Sandbox, host = hostname()): Place => ({
    sections: destinationSections('s3', sandbox, lab),
    async halfWritten() {
      const { Uploads = [] } = await s3.send(
        new ListMultipartUploadsCommand({ Bucket: lab.s3.bucket, Prefix: `${host}/` }),
      );
      return Uploads.map((upload) => upload.Key ?? '').filter((key) =>
        key.includes(sandbox.dir.replaceAll('/', '_')),
      );
    },
    async whole() {
      const { stdout } = await sandbox.run('ls');
      return stdout.split('\n').filter((line) => line.includes(sandbox.dir.replaceAll('/', '_')));
    },
  }),
};
