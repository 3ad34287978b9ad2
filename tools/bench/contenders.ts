import type { Contender, ContenderName } from './contender.js';
import { bouncer } from './contenders/bouncer.js';
import { floorC, floorNode, floorNodeDurable } from './contenders/floors.js';
import { fwknopd } from './contenders/fwknopd.js';
import { knockd } from './contenders/knockd.js';

/** In the order of the page. */
export const CONTENDERS: readonly Contender[] = [
  bouncer,
  fwknopd,
  knockd,
  floorC,
  floorNode,
  floorNodeDurable,
];

export function labelOf(name: ContenderName | 'node' | 'nobody'): string {
  if (name === 'node') return 'bare idle node';
  if (name === 'nobody') return 'nobody listens';
  return CONTENDERS.find((contender) => contender.name === name)?.label ?? name;
}
