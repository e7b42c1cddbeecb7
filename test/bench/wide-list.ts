// Writes a list of addresses at the domains of the wide world: a few domains with thousands, most with a handful.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { seededRandom } from './random.ts';
import { wideDomain } from './wide-world.ts';

/** Writes so many addresses below a header, all different, in no order. The same for the same numbers. */
export async function writeWideList(path: string, size: { addresses: number; domains: number }): Promise<void> {
  const random = seededRandom(size.addresses);
  const names = Array.from({ length: size.domains }, (_, i) => wideDomain(i, random()));
  const out = createWriteStream(path);
  let chunk = 'id,email\n';
  for (let user = 1; user <= size.addresses; user += 1) {
    chunk += `${user},user${user}@${names[domainOf(user, { random, domains: size.domains })]}\n`;
    if (chunk.length < 1 << 18) continue;
    if (!out.write(chunk)) await once(out, 'drain');
    chunk = '';
  }
  out.end(chunk);
  await once(out, 'close');
}

/** Every domain once, then by a power law: with 100,000 domains the largest has 3 addresses in a thousand. */
function domainOf(user: number, { random, domains }: { random: () => number; domains: number }): number {
  return user <= domains ? user - 1 : Math.floor(domains * random() ** 2);
}
