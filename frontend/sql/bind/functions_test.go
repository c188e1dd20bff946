package bind_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/frontend/catalog"
	"github.com/heddle-lang/heddle/frontend/sql/bind"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// TestEveryFunction binds and runs each overload of each function over columns with
// and without NULLs.
func TestEveryFunction(t *testing.T) {
	t.Parallel()
	arguments := map[catalog.Class][]string{
		catalog.Any: {"id", "city"}, catalog.Common: {"id", "rank"}, catalog.Text: {"name", "city"}, catalog.AnyText: {"born", "score"},
		catalog.Position: {"rank", "id"}, catalog.Number: {"salary", "id"}, catalog.Integer: {"id", "rank"}, catalog.Boolean: {"active", "id > 1"},
		catalog.Moment: {"born", "born + interval '1 hour'"}, catalog.Part: {"'year'", "'MONTH'"},
	}
	tables := testCatalog(t)
	data := testData(t, tables)
	for _, name := range catalog.Names() {
		f := catalog.Lookup(name)
		for i := range f.Overloads {
			o := &f.Overloads[i]
			for variant := range 2 {
				list := make([]string, len(o.Parameters))
				for j, class := range o.Parameters {
					list[j] = arguments[class][variant]
				}
				if o.Variadic {
					list = append(list, list[len(list)-1])
				}
				if len(list) == 0 {
					list = []string{"*"}
				}
				text := fmt.Sprintf("SELECT %q(%s) FROM people", name, strings.Join(list, ", "))
				module, problems := bindText(t, text, tables)
				if problems.HasErrors() {
					t.Errorf("%s:\n%s", text, diag.RenderText(problems, diag.Options{}))
					continue
				}
				if wrong := ir.Verify(module); wrong.HasErrors() {
					t.Errorf("%s:\n%s", text, diag.RenderText(wrong, diag.Options{}))
					continue
				}
				if _, err := interp.Run(t.Context(), module, bind.Query, data, nil); err != nil {
					t.Errorf("%s: %v", text, err)
				}
			}
		}
	}
}
