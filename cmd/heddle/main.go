package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/heddle-lang/heddle/internal/system"
)

// version is set when the program is linked: -X main.version=v1.2.3.
var version = "unknown"

func main() {
	a := &app{system: system.Real(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(a.main(os.Args[1:]))
}

// main runs one command line and gives the exit code.
func (a *app) main(arguments []string) int {
	// A reader that has gone away, as in "heddle run ... | head", shall be an error of
	// the write, which ends the command quietly, and not the end of the process.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := interruptible()
	defer stop()
	return a.finish(ctx, a.execute(ctx, arguments))
}

// interruptible gives a context that the first Ctrl-C or SIGTERM cancels: queries then
// end in good order and delete their files. The second ends the process at once.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-done:
			return
		case <-signals:
			cancel()
		}
		select {
		case <-done:
		case <-signals:
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}

// isBrokenPipe reports that the reader of the output has gone away.
func isBrokenPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}
