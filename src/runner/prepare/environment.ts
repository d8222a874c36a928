import { directTo } from '../../git/loopback-remote.ts';
import type { ClaimedTask, RunOrder } from '../protocol.ts';
import { metricsPath } from '../proxy/metrics-intake.ts';
import type { RunFolder } from './run-folder.ts';

/** The run whose environment is made, and the addresses that it gets. */
export interface EnvironmentOf {
  readonly order: RunOrder;
  readonly place: RunFolder;
  readonly task: ClaimedTask | undefined;
  /** URL of the gateway for the run. */
  readonly url: string;
  /** Fingerprint of the key that proves the gateway's address. */
  readonly gatewayKey: string;
  readonly path: string;
  /** The proxy to the hosts that the profile names, if the run needs one. */
  readonly proxy: string | undefined;
  /** Variables that mark every process of the run, so that it can be found again. */
  readonly marks: Readonly<Record<string, string>>;
  /** The environment of the runner, for variables that the profile passes on. */
  readonly outer: Readonly<Record<string, string | undefined>>;
}

/**
 * The whole environment of a run: built from nothing, then the profile's variables, then those that must not
 * differ. The contract of `command` agents.
 */
export function environmentOf(of: EnvironmentOf): Record<string, string> {
  const { order, place, task, url } = of;
  const passed = Object.fromEntries(
    order.settings.pass.flatMap((name) =>
      of.outer[name] === undefined ? [] : [[name, of.outer[name] ?? '']],
    ),
  );
  return {
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    NO_COLOR: '1',
    ...passed,
    ...order.settings.env,
    PATH: `${place.bin}:${of.path}`,
    HOME: place.home,
    TMPDIR: place.tmp,
    ANDON_URL: url,
    ANDON_GATEWAY_KEY: of.gatewayKey,
    ANDON_PROJECT: order.project,
    ANDON_TOKEN: order.token,
    ANDON_TOKEN_FILE: place.tokenFile,
    ANDON_RUN: order.id,
    ANDON_AGENT: order.agent,
    ANDON_TIER: order.tier,
    ANDON_ROLE: order.role,
    ANDON_TASK_FILE: place.taskFile,
    ANDON_VERDICT: place.verdictFile,
    ANDON_INBOX: place.inboxFile,
    ...(order.model === null ? {} : { ANDON_MODEL: order.model }),
    ...(order.change === null ? {} : { ANDON_CHANGE: order.change }),
    ...judgedEnvironment(order),
    ...taskEnvironment(task),
    ...gitOf(order, url),
    ...metricsOf(order, url),
    ...proxyOf(of.proxy, passed.NO_PROXY ?? passed.no_proxy),
    ...of.marks,
  };
}

const judgedEnvironment = ({ judges }: RunOrder): Record<string, string> =>
  judges === undefined ? {} : { ANDON_TASK: judges.task, ANDON_EPOCH: String(judges.epoch) };

const taskEnvironment = (task: ClaimedTask | undefined): Record<string, string> =>
  task === undefined
    ? {}
    : { ANDON_TASK: task.id, ANDON_EPOCH: String(task.epoch), ANDON_BRANCH: task.branch };

const gitConfig = (rows: readonly (readonly [key: string, value: string])[]): Record<string, string> => ({
  GIT_CONFIG_COUNT: String(rows.length),
  ...Object.fromEntries(
    rows.flatMap(([key, value], n) => [
      [`GIT_CONFIG_KEY_${n}`, key],
      [`GIT_CONFIG_VALUE_${n}`, value],
    ]),
  ),
});

/** Settings by which git reaches the gateway with a token: it lies in no file of the clone and in no argument. */
export const gitOf = (order: RunOrder, url: string): Record<string, string> => ({
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_NOSYSTEM: '1',
  ...gitConfig([[`http.${url}/.extraHeader`, `Authorization: Bearer ${order.token}`], ...directTo(url)]),
  GIT_AUTHOR_NAME: order.agent,
  GIT_AUTHOR_EMAIL: `${order.agent.replace(/^agent:/, '')}@agents.invalid`,
  GIT_COMMITTER_NAME: order.agent,
  GIT_COMMITTER_EMAIL: `${order.agent.replace(/^agent:/, '')}@agents.invalid`,
});

/** The address for metrics, in the variables that the specification of OpenTelemetry gives to exporters. */
const metricsOf = ({ settings: { usage }, token }: RunOrder, url: string): Record<string, string> =>
  usage === 'otel'
    ? {
        OTEL_METRICS_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json',
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}${metricsPath}`,
        OTEL_EXPORTER_OTLP_METRICS_HEADERS: `authorization=Bearer%20${token}`,
        OTEL_METRIC_EXPORT_INTERVAL: '1000',
      }
    : {};

/** The gateway of the run is on this machine: a proxy, even one that a profile passes on, is never asked for it. */
function proxyOf(proxy: string | undefined, passed: string | undefined): Record<string, string> {
  const direct = ['127.0.0.1', 'localhost', ...(passed === undefined ? [] : [passed])].join(',');
  const asked = proxy === undefined ? [] : ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'];
  return Object.fromEntries([
    ...asked.map((name) => [name, proxy ?? ''] as const),
    ...['NO_PROXY', 'no_proxy'].map((name) => [name, direct] as const),
  ]);
}
