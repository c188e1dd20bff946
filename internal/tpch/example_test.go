package tpch_test

import (
	"fmt"
	"os"

	"github.com/heddle-lang/heddle/internal/tpch"
)

func ExampleGenerate() {
	nation, _ := tpch.Lookup("nation")
	batches, err := tpch.Generate(nation, 0.01, 11, 12)
	if err != nil {
		fmt.Println(err)
		return
	}
	for batch := range batches {
		fmt.Printf("%d rows of %s, the second is %s\n", batch.Rows, nation.Name, batch.Columns[1].Text(1))
		if err := tpch.WriteTBL(os.Stdout, batch); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 2 rows of nation, the second is UNITED STATES
	// 23|UNITED KINGDOM|3|carefully pending courts sleep above the ironic, regular theo
	// 24|UNITED STATES|1|ly ironic requests along the slyly bold ideas hang after the blithely special notornis; blithely even accounts
}
