/**
 * Polybolt as a library: build a topology, run it in this process or on a cluster, write components in TypeScript. Invariant: everything exported here is kept stable;
 * nothing inside imports this file.
 */

export { NimbusClient, type NimbusClientOptions, type SubmitOptions, type WaitOptions } from './daemon/client/nimbus-client.js';
export type { LogLine, LogOptions } from './daemon/client/nimbus-client-logs.js';
export { LocalCluster, type LocalClusterEvents, type LocalClusterOptions } from './daemon/local/local-cluster.js';
export type { ComponentSummary, RootSummary, TopologySummary } from './daemon/local/summary.js';
export type {
  ClusterAnswer,
  ComponentAnswer,
  RebalanceRequest,
  SubmitAnswer,
  SupervisorAnswer,
  TopologyAnswer,
  TopologyDetail,
  WorkerAnswer,
} from './daemon/nimbus/nimbus-api.js';
export type { CustomGrouping, CustomGroupingContext } from './grouping/custom.js';
export type { ComponentFigures, TopologyFigures } from './metrics/aggregate.js';
export type { WindowName } from './metrics/rolling-windows.js';
export type { ReportedError } from './model/cluster-records.js';
export * from './model/component-api.js';
export { inline, type ModuleOptions, module, type OutputOptions, type ShellOptions, shell } from './model/component-implementation.js';
export { ERROR_CODES, type ErrorCode } from './model/error-codes.js';
export { describeError, PolyboltError } from './model/errors.js';
export type { Log } from './model/log.js';
export type { Component, Config, Grouping, Implementation, StreamDeclaration, Topology } from './model/topology.js';
export { TopologyBuilder } from './model/topology-builder.js';
export { formatMistake, loadTopologyFile, type TopologyMistake } from './model/topology-file/load.js';
