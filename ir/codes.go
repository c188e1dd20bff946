package ir

import "github.com/heddle-lang/heddle/internal/diag"

// The codes of traps: what ends a running program. The interpreter and every
// backend raise the same code for the same program and data.
var (
	// CodeOverflow: an arithmetic result does not fit its type.
	CodeOverflow = diag.Register(diag.CodeInfo{
		Code: "E0601", Title: "arithmetic overflow",
		Explanation: `A result does not fit its type. Heddle never wraps around or rounds to infinity
in exact arithmetic.

Example:

    SELECT CAST(9223372036854775807 AS BIGINT) + 1

Why: the sum needs 65 bits, and BIGINT has 64. A sum over a column of BIGINT is
computed with 128 bits, a sum over DECIMAL with 38 digits, so sums rarely end here.

What to do: compute in a wider type, such as CAST(x AS DECIMAL(38,0)) + 1, or leave
out the rows that cause it.`,
	})

	// CodeDivisionByZero: an exact quotient or remainder by zero.
	CodeDivisionByZero = diag.Register(diag.CodeInfo{
		Code: "E0602", Title: "division by zero",
		Explanation: `A divisor is zero.

Example:

    SELECT revenue / visits FROM shops        -- visits is 0 in some row

Why: no number is the answer. REAL and DOUBLE PRECISION follow IEEE 754 instead: they
give an infinity or NaN.

What to do: write NULLIF(visits, 0), which makes the quotient NULL in that row, or
filter such rows out.`,
	})

	// CodeConversion: a cast of a value that the target type does not have.
	CodeConversion = diag.Register(diag.CodeInfo{
		Code: "E0603", Title: "value does not convert",
		Explanation: `A value cannot be converted to the type that was asked for.

Example:

    SELECT CAST('12x' AS INTEGER), CAST(300 AS TINYINT)

Why: '12x' is not a number, and 300 lies outside of -128 to 127.

What to do: clean the text first, or convert to a wider type.`,
	})

	// CodeBadArgument: a function does not take this value.
	CodeBadArgument = diag.Register(diag.CodeInfo{
		Code: "E0604", Title: "argument out of range",
		Explanation: `A function was given a value that it has no meaning for.

Example:

    SELECT SUBSTRING('heddle' FROM 2 FOR -1), 'a' LIKE 'a\'

Why: a length cannot be negative, and a LIKE pattern cannot end in its escape
character.

What to do: correct the argument; GREATEST(n, 0) keeps a length from being negative.`,
	})
)

// The codes of the text form and the verifier.
var (
	codeSyntax = diag.Register(diag.CodeInfo{
		Code: "E0801", Title: "syntax error in CIR text",
		Explanation: `A CIR file does not follow the grammar of the text form.

Example:

    cir 1
    flow @q( -> bag<{n: i64}> {

Why: the list of parameters after @q is not closed.

What to do: see docs/cir.md for the grammar. Any module that Heddle prints parses.`,
	})
	codeVersion = diag.Register(diag.CodeInfo{
		Code: "E0802", Title: "unknown version of CIR text",
		Explanation: `A CIR file must begin with a version that this Heddle reads.

Example:

    cir 7

What to do: use the Heddle that wrote the file, or print the module anew. This Heddle
reads "cir 1".`,
	})
	codeUnknownName = diag.Register(diag.CodeInfo{
		Code: "E0803", Title: "unknown name in CIR",
		Explanation: `An op, value, table, column or state is used that is not defined, or not yet
defined, or defined inside a region that has ended.

Example:

    %a = add %b, %c        ; no %c above this line

What to do: define it before; a value is visible until the end of the block in which it
is defined, and in the regions there.`,
	})
	codeDuplicateName = diag.Register(diag.CodeInfo{
		Code: "E0804", Title: "name defined twice in CIR",
		Explanation: `Tables, functions and states have unique names in a module, values in a
function, and columns across all operators of a flow function.

Example:

    %a = field %r "x"
    %a = field %r "y"

What to do: rename one of them.`,
	})
	codeLiteral = diag.Register(diag.CodeInfo{
		Code: "E0805", Title: "literal does not fit its type in CIR",
		Explanation: `A literal is not a value of the type that stands beside it.

Example:

    %a = const 1.5 : i32
    %b = const null : bool

Why: i32 has no fractions, and NULL needs a nullable type such as bool?.

What to do: change the literal or the type.`,
	})
	codeMisfit = diag.Register(diag.CodeInfo{
		Code: "E0806", Title: "CIR op does not fit",
		Explanation: `Operands, attributes and regions of an op do not fit each other.

Example:

    %a = add %x, %y        ; %x is i32, %y is i64

What to do: see the op's entry in docs/cir.md; conversions are explicit, with cast.`,
	})
	codeNesting = diag.Register(diag.CodeInfo{
		Code: "E0807", Title: "CIR nested too deeply",
		Explanation: `Types or regions of a CIR file are nested in each other more than 200 times.

What to do: name parts of it as functions of their own.`,
	})
	codeStructure = diag.Register(diag.CodeInfo{
		Code: "E0808", Title: "malformed CIR module",
		Explanation: `A module breaks a rule of the IR: a value is used where it is not visible, a
block does not end in a terminator or has one in its middle, an op stands at a level
where it does not belong, or an attribute is absent.

Example:

    flow @q() -> bag<{n: i64}> {
      %a = scan @t columns [n] : bag<{n: i64}>
    }

Why: the function does not end in return.

What to do: in a file written by hand, mend the line that the message names. If Heddle
made the module, a pass is at fault: please report it.`,
	})
)
