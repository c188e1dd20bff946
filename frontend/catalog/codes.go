package catalog

import "github.com/heddle-lang/heddle/internal/diag"

// ErrNoSuchTable is a name that stands for no table.
var ErrNoSuchTable = diag.Register(diag.CodeInfo{Code: "E0201", Title: "no such table", Explanation: `FROM names a table that the database does not have.

Example:

    SELECT * FROM custmers
                  ^^^^^^^^ did you mean "customers"?

Names without quotes match in any letter case; names in quotes match exactly. A
file is read by its name in single quotes: FROM 'data/customers.parquet'.`})
