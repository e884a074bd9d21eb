import { BlockList, isIP } from 'node:net';

/** Whose word on where a request came from counts. */
export type TrustedProxies = Pick<BlockList, 'check'>;

/** `10.0.0.7`, `10.0.0.0/8`, `::1`, `fd00::/8`. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** Each is an address or a network, as `isNetwork` has them. */
export function trustedProxies(networks: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}

/**
 * Who sent a request: its connection's other end, or, as long as that is a trusted proxy, whom it names as the one
 * before. Whatever stands further left in the header may have been written by the client itself.
 */
export function clientAddress(peer: string, forwardedFor: string, trusted: TrustedProxies): string {
  let client = canonical(peer) ?? '';
  if (forwardedFor === '') return client;
  for (const named of forwardedFor.split(',').reverse()) {
    if (client === '' || !trusted.check(client, familyOf(client))) break;
    const before = canonical(named.trim());
    if (before === undefined) break;
    client = before;
  }
  return client;
}

/** What a limit counts as one sender: an IPv4 address, or the /64 that a single IPv6 host has all of. */
export function senderOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [before, after] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const [head = [], tail = []] = [before, after];
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`;
}

/** One way of writing for each address; IPv4 within IPv6 as IPv4. */
function canonical(text: string): string | undefined {
  const [address = ''] = text.split('%', 1);
  const family = isIP(address);
  if (family !== 6) return family === 4 ? address : undefined;
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const bytes = [high, low].flatMap((half) => [
    Number.parseInt(half, 16) >> 8,
    Number.parseInt(half, 16) & 255,
  ]);
  return bytes.join('.');
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
