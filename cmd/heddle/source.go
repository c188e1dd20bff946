package main

import (
	"context"
	"fmt"
	"io"

	"github.com/heddle-lang/heddle/cmd/heddle/internal/present"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/bundle"
)

// source is what a command works on: SQL text, or a bundle.
type source struct {
	file   *diag.File
	bundle *bundle.Bundle
}

// readSource takes the text behind -c, or a file, or standard input for "-".
func (a *app) readSource(command string, hasCommand bool, arguments []string, usage string) (*source, error) {
	switch {
	case hasCommand && len(arguments) > 0:
		return nil, diag.New(codeArguments, "there is a program behind -c, and also %q", arguments[0]).Helpf("usage: %s", usage)
	case hasCommand:
		return &source{file: diag.NewFile("<command line>", command)}, nil
	case len(arguments) == 0:
		return nil, diag.New(codeArguments, "no program is given").Helpf("usage: %s", usage)
	}
	name := arguments[0]
	var data []byte
	var err error
	if name == "-" {
		name = "<stdin>"
		data, err = readLimited(a.stdin, bundle.MaxSize)
	} else {
		data, err = readFile(a.system.Files, name, bundle.MaxSize)
	}
	if err != nil {
		return nil, diag.New(codeProgram, "cannot read the program: %v", err)
	}
	if bundle.Is(data) {
		read, err := bundle.Read(name, data)
		return &source{bundle: read}, err
	}
	if len(data) > sql.MaxText {
		data = data[:sql.MaxText+1] // the parser complains
	}
	return &source{file: diag.NewFile(name, string(data))}, nil
}

func readFile(files system.Files, name string, limit int64) (data []byte, err error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return readLimited(f, limit)
}

// readLimited reads all, up to one byte more than the limit.
func readLimited(r io.Reader, limit int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, limit+1))
}

// text is the source as SQL; a bundle is an error.
func (s *source) text(command string) (*diag.File, error) {
	if s.bundle != nil {
		return nil, diag.New(codeSource, "%q takes SQL text, and %s is a bundle", command, s.bundle.Manifest.Name).
			Helpf("heddle inspect shows what is in a bundle")
	}
	return s.file, nil
}

// one compiles a text of just one statement.
func one(ctx context.Context, w *local.Workspace, file *diag.File, options local.CompileOptions) (*local.Compiled, error) {
	all, err := w.Prepare(ctx, file, local.PrepareOptions{CompileOptions: options})
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, diag.New(codeSource, "%s has %s, and one is needed", file.Name, countOf(len(all), "statement"))
	}
	return all[0], nil
}

// nullArgument is how --param writes NULL, as TSV files do.
const nullArgument = `\N`

// bindArguments reads the values of $1, $2, ... in the types that the program asks for.
func bindArguments(p *program.Program, texts []string) ([]ir.Datum, error) {
	types := make([]*ir.Type, len(texts))
	wanted := 0
	for i := range p.Parameters {
		argument := p.Parameters[i].Argument
		wanted = max(wanted, argument+1)
		if argument >= 0 && argument < len(texts) && p.Parameters[i].Form != program.NullForm {
			types[argument] = &p.Parameters[i].Type
		}
	}
	if len(texts) != wanted {
		return nil, diag.New(codeArguments, "the program has %s, and --param was given %s", countOf(wanted, "parameter"), times(len(texts))).
			Helpf("give a value for each of $1, $2, ... in order: -p VALUE -p VALUE")
	}
	values := make([]ir.Datum, len(texts))
	for i, text := range texts {
		if text == nullArgument || types[i] == nil { // of no type if it does not matter
			values[i] = ir.NullDatum
			continue
		}
		value, err := ir.ParseDatum(types[i].WithNull(false), text)
		if err != nil {
			return nil, diag.New(codeFlagValue, "--param %q is not a value of $%d, which is of type %s", text, i+1, present.TypeName(types[i].WithNull(false)))
		}
		values[i] = value
	}
	return values, nil
}

func times(n int) string {
	switch n {
	case 0:
		return "not at all"
	case 1:
		return "once"
	default:
		return fmt.Sprintf("%d times", n)
	}
}
