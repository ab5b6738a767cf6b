// The demonstration: a real network, a gateway that somebody else starts, ordinary programs.

import { withLab } from "../lab.ts";
import { makeNetwork, type Network } from "../network.ts";
import { serve } from "../serve.ts";
import { DEMO_NETWORK, DEMO_SERVERS } from "./demo-network.ts";
import { payVisit, type Visited } from "./pay-visit.ts";
import { DEMO_VISITS } from "./visits.ts";

/**
 * Makes the network and calls `startGateway`, which starts one in `network.gateway` for DEMO_CONFIG
 * and waits until it is ready; then tells each visit as it ends. All is gone afterwards, also
 * the gateway's process if `network.gateway.start` started it. Throws an Error that says why where
 * no laboratory can be opened (`whyNoLab`). Programs may be missing (`provideTools`).
 */
export async function takeTour(
  startGateway: (network: Network) => Promise<void>,
  tell: (visited: Visited) => void,
): Promise<void> {
  await withLab(async (lab) => {
    const network = makeNetwork(lab, DEMO_NETWORK);
    await startGateway(network);
    await serve(network.host("green1"), DEMO_SERVERS);
    for (const visit of DEMO_VISITS) tell(await payVisit(network, visit));
  });
}
