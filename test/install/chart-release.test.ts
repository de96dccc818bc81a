// SPDX-License-Identifier: Apache-2.0
// helm installs the chart over the Go nv-ipam, upgrades and uninstalls it.
import { test } from "tap";
import { cached } from "../support/cache.ts";
import { run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { noDifference } from "./applying.ts";
import { startGoCluster, usersKeepTheirs } from "./go-cluster.ts";
import { chart, renderChart, rollbacks } from "./rendering.ts";

const skip = skipUnless("apiserver", "helm");

test("the chart, with --take-ownership", { skip }, async (t) => {
  const api = await startGoCluster(t, "no-webhook");
  const helm = (...args: string[]) =>
    run(cached.helm, [...args, "--namespace=kube-system", `--kubeconfig=${api.kubeconfig}`], {
      env: { ...process.env, HELM_CACHE_HOME: api.dir, HELM_CONFIG_HOME: api.dir, HELM_DATA_HOME: api.dir },
    });
  // helm merges into what is there: what only the old pods have would stay. (Without "orphan", for which a controller would
  // be needed here.)
  t.match(
    await api.kubectl("delete", "-n", "kube-system", "ds/nv-ipam-node-ds", "deploy/nv-ipam-controller"),
    {
      status: 0,
    },
  );
  const upgrade = ["upgrade", "--install", "nv-ipam", chart, "--take-ownership"];
  const first = await helm(...upgrade);
  t.match(first, {
    status: 0,
    stdout: /STATUS: deployed\n(.*\n)*NOTES:\nnv-ipam .* is in namespace kube-system/,
  });
  const text = await renderChart([]);
  await noDifference(t, api, text);
  t.match(await helm(...upgrade, "--set=webhook.enabled=true"), { status: 0 });
  await noDifference(t, api, await renderChart(["--set=webhook.enabled=true"]));
  const { flags } = rollbacks.rollback!;
  t.match(await helm(...upgrade, ...flags), { status: 0 }, "the daemon of the Go nv-ipam, and back to ours");
  await noDifference(t, api, await renderChart(flags));
  t.match(await helm(...upgrade, "--set=rollback.enabled=false"), { status: 0 });
  await noDifference(t, api, text);
  await usersKeepTheirs(t, api);

  t.match(await helm("uninstall", "nv-ipam"), { status: 0 });
  const left = await api.kubectl("get", "daemonset,deployment,serviceaccount,crd", "-A", "-o", "name");
  t.notMatch(left.stdout, /nv-ipam-(node|controller)/);
  t.match(left.stdout, /ippools\.nv-ipam/, "uninstalling keeps the definitions");
  await usersKeepTheirs(t, api);
});
