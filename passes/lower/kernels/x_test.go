package kernels_test
import ("testing";"fmt"
 "github.com/heddle-lang/heddle/internal/diag"
 "github.com/heddle-lang/heddle/ir"
 "github.com/heddle-lang/heddle/backends/wasm"
 "github.com/heddle-lang/heddle/backends/wasm/encode"
 "github.com/heddle-lang/heddle/passes/lower/kernels"
 "github.com/heddle-lang/heddle/passes/lower/pipelines"
 "os"; "encoding/json"; "time"
)
func TestX(t *testing.T){
 b,_:=os.ReadFile(os.Getenv("CIR"))
 m,d:=ir.Parse(diag.NewFile("x",string(b)))
 if d.HasErrors(){t.Fatal(diag.RenderText(d,diag.Options{}))}
 if d:=ir.Verify(m);d.HasErrors(){t.Fatal(diag.RenderText(d,diag.Options{}))}
 t0:=time.Now()
 if err:=pipelines.Lower(m,nil);err!=nil{t.Fatal(err)}
 fmt.Println(m.String())
 k,p,err:=kernels.Lower(m,kernels.Options{}); if err!=nil{t.Fatal(err)}
 t1:=time.Now()
 if os.Getenv("KERN")!=""{fmt.Println(k.String())}
 w,err:=wasm.Generate(k,wasm.Options{Names:true}); if err!=nil{t.Fatal(err)}
 fmt.Println(len(w),"bytes", t1.Sub(t0), time.Since(t1))
 if os.Getenv("WAT")!=""{d,err:=encode.Decode(w); if err!=nil{t.Fatal(err)}; d.WriteText(os.Stdout)}
 j,_:=json.MarshalIndent(p,""," "); if os.Getenv("PROG")!=""{fmt.Println(string(j))}
}
