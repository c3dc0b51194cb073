package main

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
)

type etcdSettings struct {
	dir    string
	client url.URL
	peer   url.URL
	fsync  bool
}

// parseEtcd reads the flags. Ports are the caller's to choose: nothing here has a default that two testbeds would share.
func parseEtcd(args []string) (etcdSettings, error) {
	var settings etcdSettings
	flags := flag.NewFlagSet("kube etcd", flag.ContinueOnError)
	flags.StringVar(&settings.dir, "dir", "", "`folder` of the data; made if it is not there (required)")
	client := flags.String("client-url", "", "`URL` to serve clients on, such as http://127.0.0.1:2379 (required)")
	peer := flags.String("peer-url", "", "`URL` for other members; there are none, but etcd wants it (required)")
	flags.BoolVar(&settings.fsync, "fsync", false,
		"wait for the disk on every write. Off is for tests: faster, and data may be lost when the machine stops")
	if err := flags.Parse(args); err != nil {
		return settings, err
	}
	if flags.NArg() > 0 {
		return settings, fmt.Errorf("takes no arguments, only flags; got %q", flags.Args())
	}
	if settings.dir == "" {
		return settings, errors.New("--dir is required")
	}
	return settings, errors.Join(
		parseURL("--client-url", *client, &settings.client),
		parseURL("--peer-url", *peer, &settings.peer),
	)
}

func parseURL(name, raw string, into *url.URL) error {
	parsed, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if parsed.Scheme == "" || parsed.Port() == "" {
		return fmt.Errorf("%s must be a URL with scheme and port, such as http://127.0.0.1:2379; got %q", name, raw)
	}
	*into = *parsed
	return nil
}

// serveEtcd runs until a signal asks it to end (nil), or until etcd stops by itself (an error).
func serveEtcd(settings etcdSettings) error {
	// Listen for signals first: one that comes while etcd starts must end it as well.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)

	etcd, err := embed.StartEtcd(settings.config())
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer etcd.Close()

	ready := etcd.Server.ReadyNotify()
	for {
		select {
		case <-ready:
			fmt.Println("etcd is ready on", settings.client.String())
			ready = nil // a nil channel is never chosen again
		case <-stop:
			return nil
		case err := <-etcd.Err():
			return fmt.Errorf("a listener failed: %w", err)
		case <-etcd.Server.StopNotify():
			return errors.New("the server stopped by itself; its log says why")
		}
	}
}

func (settings etcdSettings) config() *embed.Config {
	config := embed.NewConfig()
	config.Dir = settings.dir
	config.ListenClientUrls = []url.URL{settings.client}
	config.AdvertiseClientUrls = []url.URL{settings.client}
	config.ListenPeerUrls = []url.URL{settings.peer}
	config.AdvertisePeerUrls = []url.URL{settings.peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.UnsafeNoFsync = !settings.fsync
	config.LogLevel = "error" // at "warn" a slow disk fills the log with timings that help nobody here
	return config
}
