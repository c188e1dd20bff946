// Command heddle is the command line of Heddle: it compiles SQL to WebAssembly and
// runs it over tables in files.
//
// There is one file for each command. A command reads flags and files, hands them to
// package local, and shows what comes back: data on stdout, all else on stderr. How
// things look is in the packages below internal: present for rows, plan for plans,
// page for help and manual, progress for what a terminal shows during a query.
//
// # Exit codes
//
//	0    done; also when the reader of the output went away
//	1    the program, its data or its options are wrong: see the diagnostics
//	2    the command line is wrong
//	4    a failure while running: overflow, division by zero, memory, disk
//	130  interrupted by Ctrl-C or SIGTERM
package main
