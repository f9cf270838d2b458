import { quoteLocation } from '../../copies/quote-location.ts';
import { type RestoredData, SAVED_CONFIG_PREFIX } from '../../mysql/copy/advice.ts';
import { quote } from '../../mysql/copy/quote.ts';
import { hasBlanked } from '../../mysql/server/blank-secrets.ts';
import { lineOf } from './actions.ts';
import type { InstallPlan } from './plan-install.ts';

type Data = Pick<RestoredData, 'dst' | 'flavour' | 'config' | 'galera'>;

/** The operator's next steps on this host, a line each: the actions of the plan (contract: restore mysql). */
export function printSteps(data: Data, plan: InstallPlan): string[] {
  const what = `The data of ${data.flavour.title} are in ${quoteLocation(data.dst)}`;
  return [
    plan.isInPlace ? `${what}, the data directory of their server. To use them:` : `${what}. To use them:`,
    ...plan.actions.map(lineOf),
    ...remarks(data, plan),
  ];
}

/** What there is to say of data that are put into place, however that is done. */
export function remarks(
  { config, galera, flavour }: Data,
  { savedConfig }: Pick<InstallPlan, 'savedConfig'>,
): string[] {
  return [
    ...(galera ? [adviseGalera(flavour)] : []),
    ...(savedConfig === undefined
      ? []
      : [
          `The server's configuration files as they were are then ${quote(savedConfig)}/${SAVED_CONFIG_PREFIX}@*, with @ for each slash.`,
        ]),
    ...(hasBlanked(config)
      ? ['Passwords in them are left out, as the status of an encrypted copy is not encrypted: fill them in.']
      : []),
  ];
}

function adviseGalera({ family, service }: RestoredData['flavour']): string {
  const bootstrap = family === 'mariadb' ? 'galera_new_cluster' : `systemctl start ${service}@bootstrap`;
  return `When no other node of the cluster runs: set safe_to_bootstrap to 1 in grastate.dat, and run ${bootstrap} instead of the last command.`;
}
