// SPDX-License-Identifier: Apache-2.0
import { type Address, parseAddress } from "../ip/address.ts";
import { formatCidr, formatSubnet, networkOf, parseCidr, type Subnet, subnetContains } from "../ip/subnet.ts";

/** A network; undefined, and reported, when the text is none. Host bits are reported and cut off: what depends on it is judged too. */
export function readNetwork(text: string | undefined, report: (message: string) => void): Subnet | undefined {
  if (text === undefined) return undefined;
  const cidr = parseCidr(text);
  if (cidr === undefined) {
    report(`"${text}" is not a network as ADDRESS/LENGTH`);
    return undefined;
  }
  const network = networkOf(cidr);
  if (formatCidr(cidr) !== formatSubnet(network))
    report(`${text} has host bits set; its network is ${formatSubnet(network)}`);
  return network;
}

/** An address of the network; undefined, and reported, when it is none. */
export function readAddressOf(
  network: Subnet | undefined,
  text: string | undefined,
  report: (message: string) => void,
): Address | undefined {
  if (text === undefined) return undefined;
  const address = parseAddress(text);
  if (address === undefined) report(`"${text}" is not an IP address`);
  else if (network !== undefined && !subnetContains(network, address)) {
    report(`${text} is not an address of ${formatSubnet(network)}`);
  }
  return address;
}
