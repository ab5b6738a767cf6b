// Data path.
// In which state a flow is, and how a packet changes that (RFC 5382, REQ-2; RFC 7857, 2.1, 2.2).
// The state is of the flow, both directions together.

/** Only the side that opened it has sent something. */
export const ONE_WAY = 1;
export const TWO_WAY = 2;
export const ESTABLISHED = 3;
/** The side that opened the flow has sent FIN; then the other. */
export const ORIGINAL_CLOSING = 4;
export const REPLY_CLOSING = 5;
/** The FIN has been acknowledged. */
export const ORIGINAL_HALF_CLOSED = 6;
export const REPLY_HALF_CLOSED = 7;
/** Both have sent FIN; the last acknowledgement is missing. */
export const LAST_ACK = 8;
export const CLOSED = 9;
/** A reset broke it off while it was established; if anything follows, that was not meant. */
export const RESET = 10;
export const STATES = 11;

export const STATE_NAMES: readonly string[] = [
  "free",
  "one-way",
  "two-way",
  "established",
  "original-closing",
  "reply-closing",
  "original-half-closed",
  "reply-half-closed",
  "last-ack",
  "closed",
  "reset",
];

export const TCP_FIN = 1;
export const TCP_SYN = 2;
export const TCP_RST = 4;
export const TCP_ACK = 16;

/** The state after a packet of TCP with these flags, from the side that opened the flow or not. */
export function nextTcpState(state: number, original: boolean, flags: number): number {
  const ack = (flags & TCP_ACK) !== 0;
  const fin = (flags & TCP_FIN) !== 0;
  const syn = (flags & TCP_SYN) !== 0;
  if ((flags & TCP_RST) !== 0) return state === ESTABLISHED || state === RESET ? RESET : CLOSED;
  // RFC 6146, 3.5.2.2.
  if (state === RESET && !syn) return fin ? firstFin(original) : ESTABLISHED;
  if (state > ESTABLISHED) return nextClosingState(state, original, ack, fin);
  // A bare SYN from the other side is a simultaneous open (RFC 5382, REQ-2).
  if (state === ONE_WAY) return !original && (syn || ack) ? TWO_WAY : ONE_WAY;
  if (state === TWO_WAY && (!original || !ack || syn)) return TWO_WAY;
  return fin ? firstFin(original) : ESTABLISHED;
}

function firstFin(original: boolean): number {
  return original ? ORIGINAL_CLOSING : REPLY_CLOSING;
}

/** From the first FIN on. */
function nextClosingState(state: number, original: boolean, ack: boolean, fin: boolean): number {
  switch (state) {
    case ORIGINAL_CLOSING:
      if (original || !ack) return state;
      return fin ? LAST_ACK : ORIGINAL_HALF_CLOSED;
    case REPLY_CLOSING:
      if (!original || !ack) return state;
      return fin ? LAST_ACK : REPLY_HALF_CLOSED;
    case ORIGINAL_HALF_CLOSED:
      return !original && fin ? LAST_ACK : state;
    case REPLY_HALF_CLOSED:
      return original && fin ? LAST_ACK : state;
    case LAST_ACK:
      return ack && !fin ? CLOSED : state;
    default:
      return state;
  }
}

/** The same for protocols without flags; only `mayEstablish` ones get beyond two-way. */
export function nextPlainState(state: number, original: boolean, mayEstablish: boolean): number {
  if (state === ONE_WAY) return original ? ONE_WAY : TWO_WAY;
  return state === TWO_WAY && original && mayEstablish ? ESTABLISHED : state;
}
