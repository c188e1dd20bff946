package zz
import ("testing";"syscall";"fmt";"os";"time";"context";"strings";"strconv";"sort";"runtime/pprof"
 "github.com/heddle-lang/heddle/internal/diag"
 "github.com/heddle-lang/heddle/internal/system"
 "github.com/heddle-lang/heddle/internal/tpch"
 "github.com/heddle-lang/heddle/frontend/sql"
 "github.com/heddle-lang/heddle/ir"
 "github.com/heddle-lang/heddle/backends/library"
 "github.com/heddle-lang/heddle/cmd/local"
 "github.com/heddle-lang/heddle/passes/pass"
 "github.com/heddle-lang/heddle/runtime/engine"
 "github.com/heddle-lang/heddle/runtime/exec"
 "github.com/heddle-lang/heddle/runtime/store"
)
func cpu() float64 { var r syscall.Rusage; syscall.Getrusage(0,&r); return float64(r.Utime.Nano()+r.Stime.Nano())/1e6 }
func TestSQL(t *testing.T){
 ctx:=context.Background()
 db,err:=store.OpenDatabase(ctx,system.Real(),os.Getenv("DATA"),store.DatabaseOptions{}); chk(t,err)
 eng:=os.Getenv("ENGINE"); if eng==""{eng="wasmtime"}
 e,err:=engine.Open(eng); chk(t,err)
 wide:=e.Has(engine.WideArithmetic)
 threads:=2; if os.Getenv("THREADS")=="1"{threads=1}
 s,err:=exec.NewSession(ctx,exec.Options{Engine:e,Library:library.Wasm(wide),Threads:threads,Memory:2<<30}); chk(t,err)
 qs:=[]int{1,3,5,6,7,8,9,10,12,13,14,19}
 if q:=os.Getenv("Q");q!=""{ qs=nil; for _,x:=range strings.Split(q,","){n,_:=strconv.Atoi(x); qs=append(qs,n)}}
 runs:=7; if r:=os.Getenv("RUNS");r!=""{runs,_=strconv.Atoi(r)}
 sqltext:=os.Getenv("SQL"); if sqltext!=""{qs=[]int{0}}
 if p:=os.Getenv("PROF");p!=""{f,_:=os.Create(p);pprof.StartCPUProfile(f);defer pprof.StopCPUProfile()}
 for _,q:=range qs{
  txt:=tpch.Query(q); if q==0{txt=sqltext}
  file:=diag.NewFile(fmt.Sprintf("q%d",q),txt)
  tree,lst:=sql.Parse(file); chk(t,lst.Err()); st:=tree.Statements
  var last *exec.Result; _ = last
  var fronts,execs,tots,cp []float64
  for run:=0;run<runs;run++{
   t0:=time.Now()
   sql.Parse(file)
   tp:=time.Since(t0)
   c,err:=local.Compile(ctx,system.Real().Clock,file,st[0],db,local.CompileOptions{Wide:wide,After:func(p *pass.Pass,m *ir.Module,ch bool){ if run==0&&os.Getenv("PIPE")!=""&&p.Name=="pipelines"{i:=m.String();fmt.Println(i[strings.Index(i,"state @"):])}; if run==0&&os.Getenv("KERN")!=""&&p.Name=="kernels"{fmt.Println(m.String())}}})
   if err!=nil{ if l,ok:=diag.FromError(err);ok{fmt.Println(diag.RenderText(l,diag.Options{}))}; t.Error(q,err); break}
   t1:=time.Now()
   c0:=cpu(); r,err:=s.Run(ctx,exec.Query{Program:c.Program,Wasm:c.Wasm,Tables:db.Resolve,Source:file})
   if err!=nil{ if l,ok:=diag.FromError(err);ok{fmt.Println(diag.RenderText(l,diag.Options{}))}; t.Error(q,err); break}
   n:=0
   for { rb,err:=r.Next(); if err!=nil {break}; if run==0&&n<10&&os.Getenv("SHOW")!=""{fmt.Println(rb)}; n+=int(rb.NumRows()); rb.Release()}
   t2:=time.Now(); cp=append(cp,cpu()-c0)
   st:=r.Stats(); r.Close()
   if run==0 {ph:=""; for _,p:=range c.Phases{ph+=fmt.Sprintf("%s %.2f ",p.Name,float64(p.Elapsed.Microseconds())/1e3)}
    fmt.Printf("q%d rows %d parse %v %s wasm %d B, compile %v prepare %v exec %v\n",q,n,tp,ph,len(c.Wasm),st.Compile,st.Prepare,st.Execute)}
   if run>0{fronts=append(fronts,float64(t1.Sub(t0).Microseconds())/1e3); execs=append(execs,float64(t2.Sub(t1).Microseconds())/1e3); tots=append(tots,float64(t2.Sub(t0).Microseconds())/1e3)}
   if run==runs-1&&os.Getenv("PHASE")!=""{ for _,p:=range st.Pipelines{fmt.Printf("    run %8.3f fin %8.3f rows %9d %v %s\n",float64(p.Run.Microseconds())/1e3,float64(p.Finish.Microseconds())/1e3,p.Rows,p.Morsels,p.Title)}; for _,p:=range st.Scans{fmt.Printf("    %+v\n",p)}; fmt.Println("    spilled",st.SpilledBytes,"peak",st.PeakMemory)}
  }
  if len(tots)>0{ sort.Float64s(fronts);sort.Float64s(execs);sort.Float64s(tots); sort.Float64s(cp); m:=len(tots)/2
  fmt.Printf("q%-2d front %.2f (min %.2f) run %.2f (min %.2f) total median %.2f CPU min %.2f median %.2f\n",q,fronts[m],fronts[0],execs[m],execs[0],tots[m],cp[0],cp[m])}
 }
}
