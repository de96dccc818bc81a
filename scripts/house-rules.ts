// SPDX-License-Identifier: Apache-2.0
// What every source file of the house keeps to, as data; scripts/house.ts applies it.

export type ImportRule = {
  /** Who: a pattern over the importing file's path. */
  readonly from: RegExp;
  /** What it must not import: a pattern over a path of the repository, a package name or "node:NAME". */
  readonly never: RegExp;
  /** Importers that may all the same. */
  readonly except?: RegExp;
  readonly reason: string;
};

const anywhere = /./;

export const importRules: readonly ImportRule[] = [
  {
    from: /^lib\//,
    never: /^(cmd|scripts|test)\//,
    reason: "imports point down: only cmd wires",
  },
  {
    from: /^(cmd|lib)\//,
    never: /^(scripts|test)\//,
    reason: "what ships does not need what builds and tests it",
  },
  { from: /^lib\/ip\//, never: /^(?!lib\/ip\/)/, reason: "ip is numbers only, also for the plugin" },
  {
    from: /^lib\/pool\//,
    never: /^(?!lib\/(pool|ip)\/)/,
    reason: "pool is the pure domain: no I/O, no packages",
  },
  { from: /^lib\/log\//, never: /^lib\/(?!log\/)/, reason: "everybody logs, so log knows nobody" },
  { from: /^lib\/http\//, never: /^lib\/(?!http\/)/, reason: "the small server knows nobody it serves" },
  {
    from: /^lib\/rpc\//,
    never: /^lib\/(?!rpc\/|log\/)/,
    reason: "the wire carries plain messages; their meaning is node's and cni's",
  },
  {
    from: /^lib\/cni\//,
    never: /^(?!lib\/(cni|rpc|ip)\/|lib\/pool\/pool\.ts$)/,
    except: /^lib\/cni\/[\w-]*node[\w-]*\.ts$/,
    reason: "the plugin is compiled for QuickJS: no Node API and no package is there",
  },
  {
    from: /^lib\/(node|controller)\//,
    never: /^lib\/(cni|kube|debug)\//,
    reason: "node and controller declare the shapes they need; cmd passes the objects in",
  },
  {
    from: /^lib\/node\//,
    never: /^lib\/rpc\/(?!messages|error|code|handlers)/,
    reason: "the service is a function of messages; the server that carries them is cmd's choice",
  },
  {
    from: /^lib\/kube\//,
    never: /^lib\/(?!kube\/|pool\/|ip\/|log\/)/,
    reason: "kube brings pools and pods; what is made of them is not its matter",
  },
  {
    from: /^lib\/debug\//,
    never: /^lib\/(cni|kube|controller)\//,
    reason: "debug commands talk to the daemon or read its store",
  },
  {
    from: /^lib\/picture\//,
    never: /^(?!lib\/(picture|pool|ip)\/)/,
    reason: "pictures are drawn from pools and numbers: no I/O, no packages",
  },
  {
    from: /^lib\/kubectl\//,
    never: /^lib\/(?!(kubectl|picture|pool|ip|log)\/|debug\/(json-array|table|terminal)\.ts$)/,
    reason: "the kubectl plugin declares the API it asks; cmd passes the cluster in",
  },
  {
    from: /^lib\/completion\//,
    never: /^lib\/(?!completion\/|log\/)/,
    reason: "a command line is completed from its declaration",
  },
  { from: anywhere, never: /^@grpc\//, except: /^(lib\/rpc|test)\//, reason: "one folder knows grpc-js" },
  {
    from: anywhere,
    never: /^node:sqlite$/,
    except: /^(lib\/node\/store[\w-]*\.ts$|test\/|scripts\/bench)/,
    reason: "all SQL sits behind the store",
  },
  {
    from: anywhere,
    never: /^yaml$/,
    except:
      /^(lib\/node\/(pools|manifest)[\w-]*\.ts$|lib\/kube\/kubeconfig[\w-]*\.ts$|scripts\/reference-kinds\.ts$|test\/)/,
    reason: "YAML is read where manifests and kubeconfigs are read",
  },
  {
    from: anywhere,
    never: /^@kubernetes\//,
    except: /^(lib\/kube|test)\//,
    reason: "one folder knows client-node",
  },
  {
    from: anywhere,
    never: /^prom-client$/,
    except: /^(lib\/metrics\/prom-client\.d\.ts$|test\/)/,
    reason: "the package's entry costs 16 MB: its parts are imported one by one",
  },
  {
    from: anywhere,
    never: /^prom-client\//,
    except: /^(lib\/metrics|test)\//,
    reason: "one folder knows prom-client",
  },
  {
    from: /^lib\/metrics\//,
    never: /^lib\/(?!(metrics|http)\/)/,
    reason: "metrics expose what they are told; cmd brings the meters to those who call them",
  },
  {
    from: /^lib\//,
    never: /^lib\/metrics\//,
    except: /^lib\/metrics\//,
    reason: "node and controller declare the meters they call",
  },
  {
    from: anywhere,
    never: /^commander$/,
    except: /^(cmd|lib\/(completion|debug|kubectl)|test)\//,
    reason:
      "flags never reach the library; debug commands and the kubectl plugin are command lines themselves",
  },
  {
    from: /^(cmd|lib|scripts)\//,
    never: /^ip-address$/,
    reason: "ip-address is the tests' oracle, not a part",
  },
];

/** Entries whose whole import graph, types left out, must stay inside the repository. */
export const selfContained = ["cmd/nv-ipam.ts"];

export const longestFile = 300;

/** Names that say nothing about the one idea of a file. */
export const bannedNames = /^(utils?|commons?|helpers?|types?|misc|manager|base|impl|index)$/;
