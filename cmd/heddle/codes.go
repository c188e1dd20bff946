package main

import "github.com/heddle-lang/heddle/internal/diag"

// The codes of the command line. Those that begin with E091 end with exit code 2.
var (
	codeCommand = diag.Register(diag.CodeInfo{
		Code: "E0910", Title: "unknown command",
		Explanation: `The first word after "heddle" is not one of its commands.

Example:

    heddle runn q1.sql

What to do: "heddle help" lists the commands. To run a file, write
"heddle run q1.sql".`,
	})
	codeFlag = diag.Register(diag.CodeInfo{
		Code: "E0911", Title: "unknown flag",
		Explanation: `The command has no flag of that name.

Example:

    heddle run q1.sql --formt csv

What to do: "heddle help run" lists the flags of a command. An argument that
begins with a dash stands behind "--".`,
	})
	codeFlagValue = diag.Register(diag.CodeInfo{
		Code: "E0912", Title: "bad value of a flag",
		Explanation: `A flag needs a value that it did not get, or got one that it does not take.

Example:

    heddle run q1.sql --memory lots

What to do: the message says what the flag takes, as --memory 512MiB.`,
	})
	codeArguments = diag.Register(diag.CodeInfo{
		Code: "E0913", Title: "arguments missing, or too many",
		Explanation: `The command takes other arguments than it got.

Example:

    heddle build --data data/sf1

names no program to build.

What to do: the message shows how the command is used.`,
	})
	codeNotForTerminal = diag.Register(diag.CodeInfo{
		Code: "E0914", Title: "binary output to a terminal",
		Explanation: `Arrow, Parquet and bundles are bytes that a terminal cannot show.

Example:

    heddle run q1.sql --format parquet

What to do: write to a file with -o result.parquet, or into a pipe.`,
	})
	codeFailed = diag.Register(diag.CodeInfo{
		Code: "E0920", Title: "an operation failed",
		Explanation: `Something outside of Heddle failed: a file could not be written, a process had no
memory left.

Example: the terminal went away while a result was written.

What to do: the message ends with the system's own reason.`,
	})
	codeProgram = diag.Register(diag.CodeInfo{
		Code: "E0924", Title: "a program cannot be read",
		Explanation: `The file that holds the program, or the bundle, cannot be read.

Example:

    heddle run q1.sq

where the file is called q1.sql.

What to do: the message ends with the system's own reason. To run SQL from the
command line, write it behind -c.`,
	})
	codeNoCode = diag.Register(diag.CodeInfo{
		Code: "E0921", Title: "no such diagnostic code",
		Explanation: `A code was asked for that Heddle does not have.

What to do: "heddle help codes" lists them all.`,
	})
	codeSource = diag.Register(diag.CodeInfo{
		Code: "E0922", Title: "a program that the command cannot take",
		Explanation: `The command needs a program of another form: a single statement, or SQL text where a
bundle was given.

Example: heddle build with a file of two statements: a bundle holds one.

What to do: the message says what is needed.`,
	})
	codeScale = diag.Register(diag.CodeInfo{
		Code: "E0923", Title: "a scale factor that TPC-H has not",
		Explanation: `Scale factors go from 0.001 to 10000. At 1 the data has about 1 GB as text, at 0.01
10 MB.

Example: heddle gen tpch --sf 0 --out data

What to do: choose another scale factor, such as --sf 0.1.`,
	})
)
