// Why a flow did not survive a configuration.

export const END_REASONS = {
  "vpc-gone": "No VPC has the VNI of its opener any more.",
  "destination-not-exposed": "No expose covers its destination any more.",
  "source-not-exposed": "No expose covers its source any more.",
  "other-peer": "Its destination leads to another VPC now.",
  "stateless-now": "Both exposes translate without flows now.",
  "other-destination": "Its destination would be translated otherwise.",
  "other-source": "Its source would be translated otherwise.",
  "acl-denied": "The ACL denies it now.",
} as const satisfies Record<string, string>;

export type EndReason = keyof typeof END_REASONS;
