// What each step looks at, in a few words.

const LOOKS: Readonly<Record<string, string>> = {
  ingress: "the frame, and which VPC its interface belongs to",
  decap: "whether it is a VXLAN packet, and whose its VNI is",
  addressed: "whether the frame is for this gateway",
  parse: "headers and lengths",
  own: "whether it is for the gateway itself",
  "hop-limit": "how many hops it may still take",
  reassemble: "whether it is a fragment",
  "icmp-error": "whether it is an ICMP error, and about which packet",
  "flow-lookup": "the flow that it belongs to",
  admit: "the expose that has its destination, then the one that has its source",
  acl: "the access list of the peering",
  route: "the way to the destination's VPC, and how long packets may be there",
  bind: "whether it needs a flow",
  "clamp-mss": "whether it is a SYN whose MSS is too high",
  translate: "source by the sender's expose, destination by the receiver's",
  cut: "whether it must be cut",
  encap: "the headers of the way out",
  egress: "what leaves",
};

export function whatItLooksAt(step: string): string {
  return LOOKS[step] ?? "";
}
