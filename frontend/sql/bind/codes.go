package bind

import "github.com/heddle-lang/heddle/internal/diag"

// Names.
var (
	//nolint:misspell // the example mistypes on purpose
	codeColumn = diag.Register(diag.CodeInfo{Code: "E0213", Title: "no such column", Explanation: `An expression names a column that no table in FROM has.

Example:

    SELECT nmae FROM customers
           ^^^^ did you mean "name"?

Names without quotes match in any letter case; names in double quotes match exactly.
Strings stand in single quotes: WHERE name = 'Ann'. The names that SELECT gives are
not known in WHERE, which comes before it.`})
	codeAmbiguous = diag.Register(diag.CodeInfo{Code: "E0203", Title: "name is ambiguous", Explanation: `A name fits several columns.

Example:

    SELECT id FROM a JOIN b ON a.id = b.id
           ^^ a.id or b.id?

Write which one is meant: a.id. JOIN b USING (id) makes one column of both.`})
	codeAlias = diag.Register(diag.CodeInfo{Code: "E0204", Title: "table name is unknown or taken", Explanation: `A qualified name begins with a table that is not in FROM, or FROM has two tables of
one name.

Example:

    SELECT o.id FROM orders
           ^ orders is there, o is not

A table with an alias is known by the alias alone: FROM orders o. A table that
stands twice in FROM needs an alias: FROM nation n1, nation n2.`})
	//nolint:misspell // the example mistypes on purpose
	codeFunction = diag.Register(diag.CodeInfo{Code: "E0205", Title: "no such function", Explanation: `A call names a function that does not exist, or a part of a date that does not.

Example:

    SELECT lenght(name) FROM t
           ^^^^^^ did you mean length?`})
	codeArguments = diag.Register(diag.CodeInfo{Code: "E0206", Title: "wrong number of arguments", Explanation: `A function is called with more or fewer arguments than it takes.

Example:

    SELECT upper(a, b) FROM t        -- upper takes one

The message lists the ways to call the function.`})
	codeUngrouped = diag.Register(diag.CodeInfo{Code: "E0207", Title: "column is not grouped", Explanation: `In a query with GROUP BY or aggregates an expression uses a column that may have
several values in a group.

Example:

    SELECT city, name, count(*) FROM people GROUP BY city
                 ^^^^ which of the names?

Either group by it as well (GROUP BY city, name), or say which value is wanted:
min(name), max(name), any_value(name).`})
	codeAggregate = diag.Register(diag.CodeInfo{Code: "E0208", Title: "aggregate at the wrong place", Explanation: `An aggregate such as sum stands where rows are not grouped yet (WHERE, ON, GROUP BY,
VALUES), or inside another aggregate.

Example:

    SELECT city FROM people WHERE count(*) > 5 GROUP BY city

Conditions on groups stand in HAVING: GROUP BY city HAVING count(*) > 5. To
aggregate twice, aggregate in a query in FROM first.`})
	codeOrdinal = diag.Register(diag.CodeInfo{Code: "E0209", Title: "no such column of the result", Explanation: `ORDER BY or GROUP BY has a number, which counts the columns of SELECT from 1, and
there is no such column; or an expression that must be a column of the result and
is not.

Example:

    SELECT a, b FROM t ORDER BY 3`})
	codeColumns = diag.Register(diag.CodeInfo{Code: "E0210", Title: "numbers of columns differ", Explanation: `Rows that come together have different numbers of columns: the sides of UNION, the
rows of VALUES, or a list of names and the columns that it names.

Example:

    SELECT a, b FROM t UNION ALL SELECT a FROM u`})
	codeStar = diag.Register(diag.CodeInfo{Code: "E0211", Title: "star at the wrong place", Explanation: `A star stands for all columns of a table as an item of SELECT, and for rows in
count(*). It means nothing elsewhere, nor without FROM.

Example:

    SELECT a + * FROM t`})
	codeLimit = diag.Register(diag.CodeInfo{Code: "E0212", Title: "LIMIT or OFFSET is not a number of rows", Explanation: `LIMIT and OFFSET take an integer that is known before the query runs and is not
negative.

Example:

    SELECT * FROM t LIMIT -1

LIMIT ALL, or no LIMIT, is for all rows.`})
	codeDuplicate = diag.Register(diag.CodeInfo{Code: "E0214", Title: "name given twice", Explanation: `A list that must name each thing once names one twice: the tables of WITH, the
columns of USING.

Example:

    WITH a AS (SELECT 1), a AS (SELECT 2) SELECT * FROM a`})
	codeTooMany = diag.Register(diag.CodeInfo{Code: "E0215", Title: "query is too large", Explanation: `A query nests conditions, repeats WITH queries, lists columns or tables, or numbers
parameters beyond what Heddle takes. The message says which limit is reached.

Example:

    SELECT CASE WHEN a = 1 THEN 'x' WHEN a = 2 THEN 'y' ... END   -- several hundred WHENs

A long CASE, or a long list of IN, is better a table of its values that is joined.`})
)

// Types.
var (
	codeTypes = diag.Register(diag.CodeInfo{Code: "E0301", Title: "types do not fit together", Explanation: `An operator or a list takes values of types that have no common type.

Example:

    SELECT id + name FROM t
           --   ---- text
           integer

Numbers convert to larger numbers, and dates to timestamps. Strings never convert
by themselves: write CAST(name AS integer), or CAST(id AS text) for the other way.`})
	codeArgumentType = diag.Register(diag.CodeInfo{Code: "E0302", Title: "type does not fit", Explanation: `A function, a condition or a cast takes a value of another type.

Example:

    SELECT * FROM t WHERE name        -- text is no condition
    SELECT upper(5)                   -- upper takes text

Convert it: CAST(x AS text), or write a comparison where a condition is wanted.`})
	codeLiteral = diag.Register(diag.CodeInfo{Code: "E0303", Title: "malformed literal", Explanation: `A string stands where its place asks for another type, and is not a value of it.

Example:

    SELECT * FROM orders WHERE day >= '1994-13-01'

Dates are written '1994-12-31', timestamps '1994-12-31 23:59:59', intervals
'1 year 2 months'.`})
	codeNumber = diag.Register(diag.CodeInfo{Code: "E0304", Title: "number or type has too many digits", Explanation: `Exact numbers have at most 38 digits, and a decimal type has a precision from 1 to
38 and a scale from 0 to the precision.

Example:

    SELECT CAST(1 AS decimal(50, 2))

Use double precision where rounding does no harm.`})
	codeUnknownType = diag.Register(diag.CodeInfo{Code: "E0305", Title: "no such type", Explanation: `A cast names a type that does not exist.

Example:

    SELECT CAST(a AS intger) FROM t
                     ^^^^^^ did you mean integer?`})
	codeParameterType = diag.Register(diag.CodeInfo{Code: "E0306", Title: "type of a parameter is unknown", Explanation: `A parameter stands where nothing says what type it has.

Example:

    SELECT $1

Write the type: SELECT $1::bigint. In x = $1 it has the type of x.`})
)

var codeNotYet = diag.Register(diag.CodeInfo{Code: "E0403", Title: "not there yet", Explanation: `A query uses a part of SQL that Heddle reads but cannot run yet. The message names
it.

Example:

    SELECT sum(x) OVER (ORDER BY day) FROM t        -- window functions

Where there is another way to write the query, the message says so.`})
