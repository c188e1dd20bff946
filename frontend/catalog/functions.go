package catalog

import (
	"slices"
	"strings"

	"github.com/heddle-lang/heddle/ir"
)

// Value is an expression while a call is lowered.
type Value interface {
	// Type is the type of the value. It may be nullable although no NULL occurs.
	Type() ir.Type
}

// Builder makes expressions of the IR. Operands have the types that the op table
// asks for.
type Builder interface {
	Const(t ir.Type, value ir.Datum) Value
	Null(t ir.Type) Value
	Op(code ir.Opcode, operands ...Value) Value
	// Extract takes a part of a date or a timestamp, as the op extract does.
	Extract(part string, operand Value) Value
	// If chooses between two values of one type.
	If(condition, then, otherwise Value) Value
	// Cast converts. The NULL-ness of t does not matter.
	Cast(v Value, t ir.Type) Value
	// Aggregate is an aggregate of the group over an argument, nil for count(*). It
	// is DISTINCT and has a FILTER when the call is and has.
	Aggregate(function ir.AggregateFunction, argument Value) Value
	// Grouped reports whether every group is sure to have a row.
	Grouped() bool
	// Filtered reports whether the call leaves out rows by FILTER.
	Filtered() bool
	// Distinct reports whether the call is of distinct values.
	Distinct() bool
}

// Class says which arguments fit a parameter.
type Class uint8

// The classes. A NULL and a string literal fit every class whose type can be told.
const (
	Any      Class = iota // any type
	Common                // all arguments of this class get their common type
	Text                  // string
	AnyText               // any type, converted to a string
	Position              // an integer, converted to i64
	Number                // an integer, a decimal or a float, as it is
	Integer               // an integer, as it is
	Boolean               // bool
	Moment                // a date or a timestamp, as it is
	Part                  // a literal: the name of a part of a date
)

var classNames = [...]string{
	Any: "any", Common: "any", Text: "text", AnyText: "any", Position: "integer", Number: "number",
	Integer: "integer", Boolean: "boolean", Moment: "date or timestamp", Part: "'part'",
}

func (c Class) String() string { return classNames[c] }

// Overload is one way to call a function.
type Overload struct {
	Parameters []Class
	Variadic   bool // the last parameter may repeat
	// Lower writes the call; arguments fit Parameters.
	Lower func(b Builder, arguments []Value) Value
}

// Takes reports whether a call with n arguments can be meant.
func (o *Overload) Takes(n int) bool {
	return n == len(o.Parameters) || o.Variadic && n >= len(o.Parameters)
}

// Class gives the class of an argument.
func (o *Overload) Class(argument int) Class {
	return o.Parameters[min(argument, len(o.Parameters)-1)]
}

// Function is a built-in function.
type Function struct {
	Name      string
	Aggregate bool
	Star      bool // count(*): the overload without parameters
	Doc       string
	Overloads []Overload // no two take the same number of arguments of the same classes
}

// Signatures prints the ways to call a function.
func (f *Function) Signatures() []string {
	signatures := make([]string, len(f.Overloads))
	for i := range f.Overloads {
		o := &f.Overloads[i]
		var b strings.Builder
		b.WriteString(f.Name)
		b.WriteByte('(')
		for j, class := range o.Parameters {
			if j > 0 {
				b.WriteString(", ")
			}
			b.WriteString(class.String())
		}
		if len(o.Parameters) == 0 && f.Star {
			b.WriteByte('*')
		}
		if o.Variadic {
			b.WriteString(", ...")
		}
		b.WriteByte(')')
		signatures[i] = b.String()
	}
	return signatures
}

var (
	functions = map[string]*Function{}
	names     []string
)

func init() {
	for _, list := range [][]Function{texts, conditionals, numbers, moments, aggregates} {
		for i := range list {
			f := &list[i]
			if functions[f.Name] != nil {
				panic("BUG: two functions are named " + f.Name)
			}
			functions[f.Name] = f
			names = append(names, f.Name)
		}
	}
	for alias, name := range synonyms {
		f := *functions[name]
		f.Name = alias
		functions[alias] = &f
		names = append(names, alias)
	}
	slices.Sort(names)
}

// Lookup finds a function by its name in lower case, nil if there is none.
func Lookup(name string) *Function { return functions[name] }

// Names lists the functions in ascending order.
func Names() []string { return slices.Clone(names) }

// NotYet reports whether a name is that of a function of the dialect that is not
// there yet.
func NotYet(name string) bool { return slices.Contains(notYet, name) }

// synonyms are other names of functions.
var synonyms = map[string]string{
	"substr": "substring", "char_length": "length", "character_length": "length", "ucase": "upper", "lcase": "lower",
	"every": "bool_and", "first": "any_value", "arbitrary": "any_value", "mean": "avg", "datepart": "date_part",
}

// notYet are functions that people will look for, in ascending order.
var notYet = strings.Fields(`
acos age array_agg array_length ascii asin atan atan2 bit_and bit_length bit_or bit_xor btrim cbrt ceil ceiling chr concat_ws
corr cos cot count_if covar_pop covar_samp cume_dist current_date current_time current_timestamp date_bin date_diff
date_trunc datediff decode degrees dense_rank encode exp first_value floor format generate_series gen_random_uuid
group_concat grouping hash ifnull initcap json_agg json_build_object json_extract jsonb_agg lag last_value lead list
listagg ln localtime localtimestamp log log10 log2 lpad ltrim make_date make_timestamp max_by md5 median min_by mode
now nth_value ntile octet_length overlay percent_rank percentile_cont percentile_disc pi position power pow quantile
radians random rank regexp_extract regexp_matches regexp_replace regexp_split_to_array regr_slope repeat replace reverse
round row_number rpad rtrim sha256 sin split_part sqrt stddev stddev_pop stddev_samp string_agg string_split strftime
strpos strptime tan to_char to_date to_number to_timestamp translate trim trunc unnest uuid var_pop var_samp variance
width_bucket`)
