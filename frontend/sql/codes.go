package sql

import "github.com/heddle-lang/heddle/internal/diag"

// The codes of the parser.
var (
	codeUnexpected = diag.Register(diag.CodeInfo{Code: "E0101", Title: "unexpected text", Explanation: `The text does not continue as SQL can at this place.

Example:

    SELECT a, FROM t WHERE
                          ^ expected an expression, found the end of the statement

The message says what could stand there and what was found. A word before the
place may be the real mistake: a forgotten comma, operator or quote. Names that
are reserved words need quotes: SELECT "order" FROM t.`})
	codeMisspelt = diag.Register(diag.CodeInfo{Code: "E0102", Title: "misspelt keyword", Explanation: `A word looks like a keyword with a slip of the finger.

Example:

    SELEC 1
    ^^^^^ did you mean SELECT?

Write the keyword that the message proposes. If the word is meant as a name,
something before it is missing, such as a comma or AS.`})
	codeUnclosed = diag.Register(diag.CodeInfo{Code: "E0103", Title: "bracket or CASE is never closed", Explanation: `A parenthesis, bracket, brace or CASE is opened and not closed before the
statement ends.

Example:

    SELECT sum(price FROM sales
              ^ opened here

The second place of the message is where the closing one was missed first. A CASE
ends with END.`})
	codeClosesNothing = diag.Register(diag.CodeInfo{Code: "E0104", Title: "bracket closes nothing", Explanation: `There is a closing parenthesis, bracket or brace with no opening one.

Example:

    SELECT (a + b)) FROM t
                  ^ no bracket is open here

Remove it, or write the opening one.`})
	codeUnterminated = diag.Register(diag.CodeInfo{Code: "E0105", Title: "string, quoted name or comment is never closed", Explanation: `A string, a name in quotes or a comment is opened and the text ends inside it.

Example:

    SELECT 'it's' FROM t
               ^ opened here

A quote inside a string is written twice: 'it''s'. The message points at the last
opening quote; when quotes are missing in pairs, look at the strings before it.`})
	codeTooDeep = diag.Register(diag.CodeInfo{Code: "E0106", Title: "statement nests too deep", Explanation: `Parentheses, queries or operators are nested deeper than 1,000 levels, or more
than 5,000 operations such as + or UNION are chained. (AND and OR may be chained
without limit.)

Example:

    SELECT 1 + 1 + 1 + 1 ... a hundred thousand times

Such texts are written by programs. Put the values into a table and aggregate, use
IN (...) instead of a chain of comparisons, or name inner queries with WITH.`})
	codeNotUTF8 = diag.Register(diag.CodeInfo{Code: "E0107", Title: "text is not UTF-8", Explanation: `SQL text must be UTF-8. The message points at the first byte that is not.

Example: a file saved as Latin-1 has the byte e4 for the letter ä.

Save the file as UTF-8. Bytes as data are written X'e4'.`})
	codeNul = diag.Register(diag.CodeInfo{Code: "E0108", Title: "text has a NUL byte", Explanation: `SQL text cannot contain the byte 00.

Example: a file saved as UTF-16 has one beside every Latin letter.

Save the file as UTF-8. A NUL byte as data is written X'00'.`})
	codeTooLarge = diag.Register(diag.CodeInfo{Code: "E0109", Title: "text is too large", Explanation: `A text may have 16 MiB and 10,000 statements, and one statement three million
words and marks.

Example: a query with a list of millions of numbers in IN (...).

Put data into a file and join with it: FROM 'keys.csv'.`})
	codeStray = diag.Register(diag.CodeInfo{Code: "E0110", Title: "character without meaning", Explanation: `A character stands outside of strings and names where SQL knows no use for it.

Example:

    SELECT a ! b
             ^ unknown character

Typographic quotes from a word processor are a frequent cause: strings need the
straight quote ', names the straight quote ".`})
	codeNumber = diag.Register(diag.CodeInfo{Code: "E0111", Title: "malformed number", Explanation: `Digits are followed at once by letters.

Example:

    SELECT 2nd FROM t
           ^^^ a name cannot begin with a digit

Write a name that begins with a digit in quotes: "2nd".`})
	codeLiteral = diag.Register(diag.CodeInfo{Code: "E0112", Title: "malformed literal", Explanation: `The inside of a literal is not what its prefix demands: a backslash escape in
E'...' that does not exist, or X'...' with something else than pairs of
hexadecimal digits.

Example:

    SELECT X'0g'

In plain strings '...' a backslash has no meaning; use those where no escape is
meant.`})
	codeMisplaced = diag.Register(diag.CodeInfo{Code: "E0113", Title: "clause at the wrong place", Explanation: `A clause of a query stands too late, or there are two of it.

Example:

    SELECT a, count(*) FROM t GROUP BY a WHERE b > 0
                                         ^^^^^ too late

The order is WITH, SELECT, FROM, WHERE, GROUP BY, HAVING, WINDOW, QUALIFY, ORDER
BY, LIMIT, OFFSET. Conditions on groups belong into HAVING.`})
	codeChained = diag.Register(diag.CodeInfo{Code: "E0114", Title: "comparisons do not chain", Explanation: `A comparison of a comparison is hardly ever what was meant.

Example:

    SELECT * FROM t WHERE 1 < a < 10
                                ^ the left side is a comparison already

Write a > 1 AND a < 10, or a BETWEEN 2 AND 9. Where the truth value is meant, use
parentheses: (a = b) = c.`})
	codeStatement = diag.Register(diag.CodeInfo{Code: "E0115", Title: "not a statement", Explanation: `A statement begins with something that is no statement's first word.

Example:

    42
    ^^ expected a statement such as SELECT

To compute an expression, write SELECT before it.`})
	codeHint = diag.Register(diag.CodeInfo{Code: "E0116", Title: "hint that has no effect", Explanation: `A comment that begins with "/*+" behind SELECT holds hints, and this one cannot be
followed. That is a warning: a hint never changes a result.

Example:

    SELECT /*+ device(tpu) */ count(*) FROM t
               ^^^^^^^^^^^ unknown argument

What to do: device(auto), device(cpu), device(gpu) and device(emulator) say where the
statement's pipelines should run. Leave the plus sign out of other comments.`})
	codeStatementNotYet = diag.Register(diag.CodeInfo{Code: "E0401", Title: "statement is not there yet", Explanation: `Heddle recognises the statement but cannot run it yet.

Example:

    CREATE TABLE t (a int)
    ^^^^^^^^^^^^ Heddle cannot run this statement yet

Tables are files for now: every Parquet, CSV, Arrow or NDJSON file of the
directory given with --data is a table, and FROM 'file.parquet' reads a file by
name.`})
	codeConstructNotYet = diag.Register(diag.CodeInfo{Code: "E0402", Title: "construct is not there yet", Explanation: `Heddle recognises a part of a query but does not know it yet.

Example:

    SELECT * FROM t TABLESAMPLE BERNOULLI (10)
                    ^^^^^^^^^^^ not there yet

The message names the construct. The rest of the statement is checked all the
same.`})
)
