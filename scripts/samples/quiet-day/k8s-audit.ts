import { byTime, type K8sEvent } from '../k8s-event.ts';
import { DAY, HOUR } from '../time.ts';
import { controlPlane } from './control-plane.ts';
import { controllers } from './controllers.ts';
import { deployments } from './deployments.ts';
import { eksServices } from './eks-services.ts';
import { gitops } from './gitops.ts';
import { nodes } from './nodes.ts';
import { outsiders } from './outsiders.ts';
import { people } from './people.ts';
import { previewNamespace } from './preview-namespace.ts';

const MIDNIGHT = new Date(DAY + 24 * HOUR).toISOString();

/** One ordinary day of one cluster, oldest answer first. Streams still open at midnight have not ended in the log. */
export function quietDay(): K8sEvent[] {
  const parts = [
    controlPlane,
    nodes,
    controllers,
    deployments,
    gitops,
    eksServices,
    people,
    previewNamespace,
    outsiders,
  ];
  return byTime(parts.flatMap((part) => part())).filter((event) => event.stageTimestamp < MIDNIGHT);
}
