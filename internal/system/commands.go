package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// Commands runs other programs of the machine. It is safe for concurrent use.
type Commands interface {
	// Find gives the path of a program: a name is looked up in the directories of
	// $PATH, a path with a separator must be a program itself. errors.Is finds
	// exec.ErrNotFound or fs.ErrNotExist when there is none.
	Find(name string) (path string, err error)
	// Run starts a program and waits until it ends. A program that ends with a status
	// other than 0 is no error. One that outlives the context is killed, and the error
	// is the context's; so is one that writes more than the limit, with ErrTooMuchOutput.
	Run(ctx context.Context, command Command) (CommandResult, error)
}

// Command is a program to run.
type Command struct {
	Path      string
	Arguments []string
	Input     []byte // what the program reads as its standard input
	// Limit is the most bytes that it may write to each of its two outputs; 0 stands
	// for 16 MiB.
	Limit int
}

// CommandResult is what a program left when it ended.
type CommandResult struct {
	Output, Errors []byte // what it wrote to its standard output and to its standard error
	Status         int    // 0 when all went well; -1 when a signal ended it
}

// ErrTooMuchOutput is the error of a program that wrote more than its limit.
var ErrTooMuchOutput = errors.New("the program wrote more than its limit")

type realCommands struct{}

func (realCommands) Find(name string) (string, error) { return exec.LookPath(name) }

// killDelay is how long the outputs of a killed program are waited for: children of
// its own may hold them open.
const killDelay = time.Second

func (realCommands) Run(ctx context.Context, command Command) (CommandResult, error) {
	limit := command.Limit
	if limit == 0 {
		limit = 16 << 20
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	output := limitedBuffer{limit: limit, full: cancel}
	errorOutput := limitedBuffer{limit: limit, full: cancel}
	process := exec.CommandContext(ctx, command.Path, command.Arguments...)
	process.Stdin = bytes.NewReader(command.Input)
	process.Stdout, process.Stderr = &output, &errorOutput
	process.WaitDelay = killDelay
	err := process.Run()
	result := CommandResult{Output: output.bytes, Errors: errorOutput.bytes}
	if cause := context.Cause(ctx); cause != nil {
		return result, fmt.Errorf("run %s: %w", command.Path, cause)
	}
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		result.Status = ended.ExitCode()
		return result, nil
	}
	if err != nil {
		return result, fmt.Errorf("run %s: %w", command.Path, err)
	}
	return result, nil
}

// limitedBuffer keeps what is written up to a limit, and ends the program there.
type limitedBuffer struct {
	bytes []byte
	limit int
	full  context.CancelCauseFunc
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if len(b.bytes)+len(p) > b.limit {
		b.full(ErrTooMuchOutput)
		return 0, ErrTooMuchOutput
	}
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}
