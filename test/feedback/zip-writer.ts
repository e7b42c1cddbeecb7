// Writes zip archives for tests: honest ones, and ones that lie about their members.
import { deflateRawSync } from 'node:zlib';

export interface ZipMember {
  readonly name: string;
  readonly content?: Buffer;
  /** Deflated content, where it was made before. */
  readonly packed?: Buffer;
  /** The size the headers give, if another than the true one. */
  readonly claimedSize?: number;
  readonly encrypted?: boolean;
  /** 8 (deflate) unless given. */
  readonly method?: number;
}

/** An archive by APPNOTE.TXT sections 4.3.7, 4.3.12 and 4.3.16, without checksums, which yauzl does not compare. */
export function zipOf(members: readonly ZipMember[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.name);
    const packed = member.packed ?? deflateRawSync(member.content ?? Buffer.alloc(0));
    const fields = fieldsOf(member, packed.length, name.length);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4, 20, 0]), fields, name, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0, 20, 0]), fields, tail, name]));
    locals.push(local);
    offset += local.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, entries, end]);
}

/** The fields a local header and a directory entry share, from the flags to the length of the extra field. */
function fieldsOf(member: ZipMember, packedLength: number, nameLength: number): Buffer {
  const fields = Buffer.alloc(24);
  fields.writeUInt16LE(member.encrypted === true ? 1 : 0, 0);
  fields.writeUInt16LE(member.method ?? 8, 2);
  fields.writeUInt32LE(packedLength, 12);
  fields.writeUInt32LE(member.claimedSize ?? member.content?.length ?? 0, 16);
  fields.writeUInt16LE(nameLength, 20);
  return fields;
}
