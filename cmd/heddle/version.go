package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/runtime/engine"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version and how heddle was built",
		Args: arguments(0, 0, "heddle version"),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.stdout, "heddle %s\n%s %s/%s, engines: %s\n",
				version, runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.Join(engine.Names(), ", "))
			return err
		},
	}
}
