// Command argocd is the part of Argo CD that an engine needs: the application controller, the repo-server, and the
// small program git calls for credentials.
//
// It must be called "argocd": the repo-server runs git with GIT_ASKPASS=argocd and
// ARGOCD_BINARY_NAME=argocd-git-ask-pass, so its folder must be on PATH. As upstream, the part is chosen by
// ARGOCD_BINARY_NAME or else by the name the program is called by.
//
// The lines below refuse archives (charts, mostly) whose file names point outside the folder they are unpacked into.
//
//go:debug tarinsecurepath=0
//go:debug zipinsecurepath=0
package main

import (
	"fmt"
	"os"
	"path/filepath"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	askpass "github.com/argoproj/argo-cd/v3/cmd/argocd-git-ask-pass/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

const usage = `argocd: %q is not a part of this program.

Set ARGOCD_BINARY_NAME, or call the program by a link of that name, to one of:
  argocd-application-controller
  argocd-repo-server
  argocd-git-ask-pass

There is no API server, UI or CLI here: Argosy drives Argo CD only through its objects.
`

func main() {
	name := os.Getenv("ARGOCD_BINARY_NAME")
	if name == "" {
		name = filepath.Base(os.Args[0])
	}
	command := part(name)
	if command == nil {
		fmt.Fprintf(os.Stderr, usage, name)
		os.Exit(2)
	}
	// Cobra has printed the error already.
	if err := command.Execute(); err != nil {
		os.Exit(1)
	}
}

func part(name string) *cobra.Command {
	switch name {
	case "argocd-application-controller":
		return controller.NewCommand()
	case "argocd-repo-server":
		return reposerver.NewCommand()
	case "argocd-git-ask-pass":
		return askpass.NewCommand()
	default:
		return nil
	}
}
