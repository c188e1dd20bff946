package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/place"
)

// workspaceFlags are the flags of commands that read tables.
type workspaceFlags struct {
	data, engine, memory, tempDir string
	threads                       int
	types                         []string
	device, deviceMemory, gpu     string
	requireDevice                 bool
}

// addData adds the flags that say which tables there are.
func (f *workspaceFlags) addData(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.data, "data", "d", "", "`DIR` with tables: files and directories of any format")
	cmd.Flags().StringArrayVar(&f.types, "type", nil, "`TABLE.COLUMN=TYPE` instead of the guessed type of a CSV or NDJSON column")
	_ = cmd.MarkFlagDirname("data") // fails only for flags that are not there
}

// addEngine adds the flags that say how to execute.
func (f *workspaceFlags) addEngine(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.engine, "engine", "", "WebAssembly `ENGINE`: wasmtime (fast) or wazero (pure Go)")
	cmd.Flags().IntVar(&f.threads, "threads", 0, "number of workers `N`; 0: all processors")
	cmd.Flags().StringVar(&f.memory, "memory", "1GiB", "`SIZE` that joins, groups and sorts may use before they spill to disk")
	cmd.Flags().StringVar(&f.tempDir, "temp-dir", "", "`DIR` for what spills (default $HEDDLE_TEMP_DIR or the system's)")
	complete(cmd, "engine", "wasmtime", "wazero")
	_ = cmd.MarkFlagDirname("temp-dir")
}

// addDevice adds the flags that say where pipelines run.
func (f *workspaceFlags) addDevice(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.device, "device", "auto", "`WHERE` pipelines run: auto, cpu, gpu or emulator (the code for GPUs on the CPU, slowly)")
	cmd.Flags().BoolVar(&f.requireDevice, "require-device", false, "end with an error where a pipeline cannot run on the GPU that it was placed on")
	cmd.Flags().StringVar(&f.deviceMemory, "device-memory", "", "`SIZE` of the GPU's memory that may be used (default: most of it)")
	complete(cmd, "device", deviceModes...)
}

// addPlannedGPU adds the flag that names a GPU to plan for.
func (f *workspaceFlags) addPlannedGPU(cmd *cobra.Command) {
	names := plannedGPUs()
	cmd.Flags().StringVar(&f.gpu, "gpu", "", "plan for this `GPU`, which need not be there: "+strings.Join(names, ", ")+" or the file of a profile (.json)")
	complete(cmd, "gpu", names...)
}

// plannedGPUs are the built-in profiles that have a GPU.
func plannedGPUs() []string {
	return slices.DeleteFunc(place.Names(), func(name string) bool {
		profile, err := place.Builtin(name)
		return err != nil || profile.GPU == nil
	})
}

var deviceModes = []string{"auto", "cpu", "gpu", "emulator"}

// deviceOptions checks the values of those flags.
func (f *workspaceFlags) deviceOptions() (local.DeviceOptions, error) {
	options := local.DeviceOptions{Mode: place.Mode(f.device), Require: f.requireDevice, GPU: f.gpu}
	if f.device != "" {
		if err := oneOf("device", f.device, deviceModes...); err != nil {
			return options, err
		}
	}
	var err error
	if f.deviceMemory != "" {
		options.Memory, err = parseSize("device-memory", f.deviceMemory)
	}
	return options, err
}

// options checks the values of the flags.
func (f *workspaceFlags) options(a *app) (local.Options, error) {
	options := local.Options{System: a.system, Data: f.data, Engine: f.engine, Threads: f.threads, TempDir: f.tempDir}
	var err error
	if f.engine != "" {
		if err := oneOf("engine", f.engine, "wasmtime", "wazero"); err != nil {
			return options, err
		}
	}
	if f.threads < 0 {
		return options, diag.New(codeFlagValue, "--threads takes a number from 0, not %d", f.threads)
	}
	if f.memory != "" {
		if options.Memory, err = parseSize("memory", f.memory); err != nil {
			return options, err
		}
	}
	if options.Device, err = f.deviceOptions(); err != nil {
		return options, err
	}
	options.Types, err = parseTypes(f.types)
	return options, err
}

// parseTypes reads TABLE.COLUMN=TYPE.
func parseTypes(texts []string) (map[string]map[string]ir.Type, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	types := map[string]map[string]ir.Type{}
	for _, text := range texts {
		name, typeName, ok := strings.Cut(text, "=")
		dot := strings.LastIndexByte(name, '.')
		if !ok || dot <= 0 || dot == len(name)-1 {
			return nil, diag.New(codeFlagValue, "--type takes TABLE.COLUMN=TYPE, not %q", text).
				Helpf("for example: --type orders.o_totalprice='decimal(15,2)'")
		}
		t, err := parseType(typeName)
		if err != nil {
			return nil, diag.New(codeFlagValue, "--type %s: %v", text, err).
				Helpf("types are boolean, smallint, integer, bigint, real, double, decimal(p,s), date, time, timestamp, timestamptz, varchar")
		}
		table, column := name[:dot], name[dot+1:]
		if types[table] == nil {
			types[table] = map[string]ir.Type{}
		}
		types[table][column] = t
	}
	return types, nil
}

// typeNames are the SQL names of types that the text form of the IR calls otherwise.
var typeNames = map[string]string{
	"boolean": "bool", "tinyint": "i8", "smallint": "i16", "integer": "i32", "int": "i32", "bigint": "i64", "hugeint": "i128",
	"real": "f32", "float": "f32", "double": "f64", "double precision": "f64", "varchar": "string", "text": "string", "blob": "bytes",
}

// parseType reads a type as SQL or the text form of the IR writes it. What is read
// from text files can be NULL unless the file says otherwise.
func parseType(text string) (ir.Type, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if name, ok := typeNames[text]; ok {
		text = name
	}
	if inner, ok := strings.CutPrefix(text, "numeric"); ok {
		text = "decimal" + inner
	}
	if strings.HasPrefix(text, "decimal(") {
		text = strings.NewReplacer("(", "<", ")", ">", " ", "").Replace(text)
	}
	t, err := ir.ParseType(text)
	if err == nil && (!t.IsScalar() || t.Kind == ir.Null) {
		return t, fmt.Errorf("no column has the type %s", t)
	}
	return t, err
}

// parseSize reads the number of bytes of a flag such as --memory: 64MiB, 2GB, 1073741824.
func parseSize(flag, text string) (int64, error) {
	digits := strings.TrimRightFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	unit := strings.ToLower(strings.TrimSpace(text[len(digits):]))
	units := map[string]float64{
		"": 1, "b": 1, "k": 1 << 10, "kib": 1 << 10, "kb": 1e3, "m": 1 << 20, "mib": 1 << 20, "mb": 1e6,
		"g": 1 << 30, "gib": 1 << 30, "gb": 1e9, "t": 1 << 40, "tib": 1 << 40, "tb": 1e12,
	}
	number, err := strconv.ParseFloat(digits, 64)
	factor, known := units[unit]
	if err != nil || !known || number*factor < 1 || number*factor > 1<<50 {
		return 0, diag.New(codeFlagValue, "--%s takes a size such as 512MiB or 2GiB, not %q", flag, text)
	}
	return int64(number * factor), nil
}

// oneOf checks a flag with a fixed set of values.
func oneOf(flag, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	d := diag.New(codeFlagValue, "--%s takes %s, not %q", flag, alternatives(allowed), value)
	if near, ok := diag.Suggest(value, allowed); ok {
		return d.Helpf("did you mean %q?", near)
	}
	return d
}

// alternatives writes "a, b or c".
func alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// complete makes the shell offer the values of a flag.
func complete(cmd *cobra.Command, flag string, values ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic("BUG: " + err.Error())
	}
}

// arguments checks how many arguments a command gets; most is -1 for any number.
func arguments(least, most int, usage string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		switch {
		case len(given) < least:
			return diag.New(codeArguments, "%q needs %s", cmd.CommandPath(), countOf(least, "argument")).Helpf("usage: %s", usage)
		case most >= 0 && len(given) > most:
			return diag.New(codeArguments, "%q does not take the argument %q", cmd.CommandPath(), given[most]).Helpf("usage: %s", usage)
		}
		return nil
	}
}

func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
