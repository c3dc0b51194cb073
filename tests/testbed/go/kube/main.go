// Command kube is a Kubernetes control plane in one program: etcd, kube-apiserver, kube-controller-manager and
// kube-scheduler, each as a subcommand that takes upstream's own flags. The testbed starts one process per part.
//
// One program and not four, because all four link mostly the same packages: one link and one file of 125 MB instead of
// several. kwok stays a program of its own (a tool of this module): its --version flag collides with Kubernetes'.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"k8s.io/component-base/cli"
	// Without these three the parts refuse --logging-format=json and lack client and version metrics; upstream's own
	// main packages import them too.
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

const usage = `usage: kube PART [FLAGS]

parts:
  etcd                 one etcd member, no cluster
  apiserver            kube-apiserver
  controller-manager   kube-controller-manager
  scheduler            kube-scheduler

"kube PART --help" lists the flags of a part.
`

// Exit codes: 1 the part failed, 2 it was called wrongly. 0 only after an orderly end.
const (
	failed  = 1
	misused = 2
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(misused)
	}
	part, rest := os.Args[1], os.Args[2:]
	// Upstream's commands read os.Args themselves, so they must see only what is theirs.
	os.Args = append([]string{"kube-" + part}, rest...)
	os.Exit(run(part, rest))
}

func run(part string, args []string) int {
	switch part {
	case "etcd":
		return runEtcd(args)
	case "apiserver":
		return cli.Run(apiserver.NewAPIServerCommand())
	case "controller-manager":
		return cli.Run(controllers.NewControllerManagerCommand())
	case "scheduler":
		return cli.Run(scheduler.NewSchedulerCommand())
	case "help", "-h", "--help":
		fmt.Print(usage)
		return 0
	default:
		fmt.Fprintf(os.Stderr, "kube: there is no part %q\n\n%s", part, usage)
		return misused
	}
}

func runEtcd(args []string) int {
	settings, err := parseEtcd(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(os.Stderr, "kube etcd:", err)
		return misused
	}
	if err := serveEtcd(settings); err != nil {
		fmt.Fprintln(os.Stderr, "kube etcd:", err)
		return failed
	}
	return 0
}
