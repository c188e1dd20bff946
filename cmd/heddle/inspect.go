package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/cmd/heddle/internal/present"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/bundle"
)

const inspectUsage = `heddle inspect BUNDLE [--wat | --ptx | --cir | --source]`

func (a *app) inspectCommand() *cobra.Command {
	var wat, ptx, cir, text bool
	var format string
	cmd := &cobra.Command{
		Use: "inspect BUNDLE", Short: "Show what is in a bundle",
		Long: `Checks a bundle and shows its manifest: what it was built from, what it may read, which
parameters it takes, which GPUs it has code for, the sizes and digests of its sections,
and what its code imports and exports. Nothing in it is run.`,
		Example: `heddle inspect q1.heddle
heddle inspect q1.heddle --wat | less
heddle inspect q1.heddle --format json`,
		Args: arguments(1, 1, inspectUsage),
		RunE: func(_ *cobra.Command, arguments []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			src, err := a.readSource("", false, arguments, inspectUsage)
			if err != nil {
				return err
			}
			if src.bundle == nil {
				return diag.New(codeSource, "%s is not a bundle", src.file.Name).Helpf("heddle build makes one")
			}
			switch {
			case wat:
				return writeWAT(a.stdout, src.bundle.Wasm)
			case ptx && src.bundle.Manifest.GPU == nil:
				return diag.New(codeSource, "%s has no code for GPUs", arguments[0]).Helpf("heddle build --target wasm,ptx makes a bundle that has")
			case ptx:
				_, err = a.stdout.Write(src.bundle.PTX)
				return err
			case cir:
				_, err = io.WriteString(a.stdout, src.bundle.Flow)
				return err
			case text:
				_, err = io.WriteString(a.stdout, strings.TrimRight(src.bundle.Source, "\n")+"\n")
				return err
			}
			return a.inspect(src.bundle, format)
		},
		ValidArgsFunction: completeFiles("heddle"),
	}
	flags := cmd.Flags()
	flags.BoolVar(&wat, "wat", false, "show the WebAssembly as text")
	flags.BoolVar(&ptx, "ptx", false, "show the code for GPUs, which is text")
	flags.BoolVar(&cir, "cir", false, "show the optimised program as CIR text")
	flags.BoolVar(&text, "source", false, "show the SQL that it was built from")
	flags.StringVarP(&format, "format", "f", "text", "`FORMAT`: text or json")
	cmd.MarkFlagsMutuallyExclusive("wat", "ptx", "cir", "source")
	complete(cmd, "format", "text", "json")
	return cmd
}

// inspected is the JSON form of what is in a bundle.
type inspected struct {
	Digest   string           `json:"digest"`
	Sections []bundle.Section `json:"sections"`
	Imports  []string         `json:"imports"`
	Exports  []string         `json:"exports"`
	Manifest bundle.Manifest  `json:"manifest"`
}

func (a *app) inspect(b *bundle.Bundle, format string) error {
	decoded, err := encode.Decode(b.Wasm)
	if err != nil {
		return err
	}
	out := inspected{Digest: b.Digest, Sections: b.Sections, Imports: []string{}, Exports: []string{}, Manifest: b.Manifest}
	for _, imported := range decoded.Imports {
		out.Imports = append(out.Imports, imported.Module+"."+imported.Name)
	}
	for _, exported := range decoded.Exports {
		out.Exports = append(out.Exports, exported.Name)
	}
	if format == "json" {
		return a.writeJSON(a.stdout, out)
	}
	var text strings.Builder
	heading := func(name, value string) { fmt.Fprintf(&text, "%-13s %s\n", name, value) }
	heading("bundle", b.Manifest.Name)
	heading("digest", b.Digest)
	heading("compiler", "heddle "+b.Manifest.Compiler)
	heading("needs", "WebAssembly 2.0 with "+orNone(strings.Join(b.Manifest.Features, ", ")))
	if gpu := b.Manifest.GPU; gpu != nil {
		heading("", fmt.Sprintf("a GPU of sm_%d or later for PTX %d.%d, made with LLVM %s; or none", gpu.Architecture, gpu.PTX/10, gpu.PTX%10, gpu.LLVM))
	}
	for i, capability := range b.Manifest.Capabilities {
		name := "may read"
		if i > 0 {
			name = ""
		}
		heading(name, capability.Table+" ("+strings.Join(capability.Columns, ", ")+")")
	}
	if len(b.Manifest.Capabilities) == 0 {
		heading("may read", "nothing")
	}
	for _, parameter := range b.Manifest.Program.Parameters {
		if parameter.Argument >= 0 {
			heading("parameter", fmt.Sprintf("$%d %s", parameter.Argument+1, present.TypeName(parameter.Type)))
		}
	}
	for i, column := range b.Manifest.Program.Output.Columns {
		name := "gives"
		if i > 0 {
			name = ""
		}
		heading(name, column.Label+" "+present.TypeName(column.Type))
	}
	for i, p := range b.Manifest.Program.Pipelines {
		heading(fmt.Sprintf("pipeline %d", i+1), p.Title)
		switch {
		case p.Kernel != nil:
			heading("", "kernel "+p.Kernel.Function)
		case p.NoKernel != "":
			heading("", "no kernel: "+p.NoKernel)
		}
	}
	heading("imports", orNone(strings.Join(out.Imports, " ")))
	heading("exports", orNone(strings.Join(out.Exports, " ")))
	text.WriteByte('\n')
	if _, err := io.WriteString(a.stdout, printableLines(text.String())); err != nil {
		return err
	}
	rows := [][]string{{"section", "size", "SHA-256"}}
	for _, section := range b.Sections {
		rows = append(rows, []string{section.Name, sizeText(section.Length), section.SHA256})
	}
	return a.writeGrid(a.stdout, rows, 0, 2)
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// printableLines keeps what a bundle says from steering the terminal.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = present.Printable(lines[i])
	}
	return strings.Join(lines, "\n")
}
