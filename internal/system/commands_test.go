package system

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCommands(t *testing.T) {
	commands := Real().Commands
	shell, err := commands.Find("sh")
	if err != nil {
		t.Skip("no shell on this machine: ", err)
	}
	run := func(ctx context.Context, script, input string, limit int) (CommandResult, error) {
		return commands.Run(ctx, Command{Path: shell, Arguments: []string{"-c", script}, Input: []byte(input), Limit: limit})
	}
	t.Run("outputs and status", func(t *testing.T) {
		got, err := run(context.Background(), "cat; echo wrong >&2; exit 3", "in", 0)
		if err != nil || string(got.Output) != "in" || string(got.Errors) != "wrong\n" || got.Status != 3 {
			t.Errorf("%q and %q, status %d, %v", got.Output, got.Errors, got.Status, err)
		}
	})
	t.Run("input that nobody reads", func(t *testing.T) {
		if got, err := run(context.Background(), "exit 0", strings.Repeat("x", 1<<20), 0); err != nil || got.Status != 0 {
			t.Errorf("status %d, %v", got.Status, err)
		}
	})
	t.Run("too much output", func(t *testing.T) {
		got, err := run(context.Background(), "while :; do echo more; done", "", 1000)
		if !errors.Is(err, ErrTooMuchOutput) || len(got.Output) > 1000 {
			t.Errorf("%d bytes, %v", len(got.Output), err)
		}
	})
	t.Run("deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		if _, err := run(ctx, "while :; do :; done", "", 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("no such program", func(t *testing.T) {
		if path, err := commands.Find("no-such-program-of-heddle"); err == nil {
			t.Errorf("found %s", path)
		}
		if _, err := commands.Run(context.Background(), Command{Path: "/no/such/program"}); err == nil {
			t.Error("it ran")
		}
	})
}
