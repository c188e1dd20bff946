target triple = "nvptx64-nvidia-cuda"

@sh_q6 = internal addrspace(3) global [8 x double] undef, align 16

define ptx_kernel void @q6f64(i32 addrspace(1)* noalias nocapture readonly align 16 %ship, double addrspace(1)* noalias nocapture readonly align 16 %disc, double addrspace(1)* noalias nocapture readonly align 16 %qty, double addrspace(1)* noalias nocapture readonly align 16 %price, double addrspace(1)* nocapture %out, i64 %n, i32 %dlo, i32 %dhi) nounwind {
entry:
	%0 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%1 = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
	%2 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
	%3 = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
	%4 = zext i32 %2 to i64
	%5 = zext i32 %1 to i64
	%6 = mul i64 %4, %5
	%7 = zext i32 %0 to i64
	%8 = add i64 %6, %7
	%9 = zext i32 %3 to i64
	%10 = zext i32 %1 to i64
	%11 = mul i64 %9, %10
	br label %head.1

head.1:
	%12 = phi i64 [ %8, %entry ], [ %35, %body.2 ]
	%13 = phi double [ 0.0, %entry ], [ %34, %body.2 ]
	%14 = icmp ult i64 %12, %n
	br i1 %14, label %body.2, label %exit.3

body.2:
	%15 = getelementptr inbounds i32, i32 addrspace(1)* %ship, i64 %12
	%16 = load i32, i32 addrspace(1)* %15, align 4, !invariant.load !1
	%17 = getelementptr inbounds double, double addrspace(1)* %disc, i64 %12
	%18 = load double, double addrspace(1)* %17, align 8, !invariant.load !1
	%19 = getelementptr inbounds double, double addrspace(1)* %qty, i64 %12
	%20 = load double, double addrspace(1)* %19, align 8, !invariant.load !1
	%21 = getelementptr inbounds double, double addrspace(1)* %price, i64 %12
	%22 = load double, double addrspace(1)* %21, align 8, !invariant.load !1
	%23 = icmp sge i32 %16, %dlo
	%24 = icmp slt i32 %16, %dhi
	%25 = and i1 %23, %24
	%26 = fcmp oge double %18, 0x3FA999999999999A
	%27 = and i1 %25, %26
	%28 = fcmp ole double %18, 0x3FB1EB851EB851EC
	%29 = and i1 %27, %28
	%30 = fcmp olt double %20, 24.0
	%31 = and i1 %29, %30
	%32 = fmul reassoc contract double %22, %18
	%33 = select i1 %31, double %32, double 0.0
	%34 = fadd reassoc nsz contract double %13, %33
	%35 = add nuw nsw i64 %12, %11
	br label %head.1

exit.3:
	%36 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%37 = and i32 %36, 31
	%38 = lshr i32 %36, 5
	%39 = bitcast double %13 to i64
	%40 = trunc i64 %39 to i32
	%41 = lshr i64 %39, 32
	%42 = trunc i64 %41 to i32
	%43 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %40, i32 16, i32 31)
	%44 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %42, i32 16, i32 31)
	%45 = zext i32 %43 to i64
	%46 = zext i32 %44 to i64
	%47 = shl i64 %46, 32
	%48 = or i64 %45, %47
	%49 = bitcast i64 %48 to double
	%50 = fadd reassoc nsz contract double %13, %49
	%51 = bitcast double %50 to i64
	%52 = trunc i64 %51 to i32
	%53 = lshr i64 %51, 32
	%54 = trunc i64 %53 to i32
	%55 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %52, i32 8, i32 31)
	%56 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %54, i32 8, i32 31)
	%57 = zext i32 %55 to i64
	%58 = zext i32 %56 to i64
	%59 = shl i64 %58, 32
	%60 = or i64 %57, %59
	%61 = bitcast i64 %60 to double
	%62 = fadd reassoc nsz contract double %50, %61
	%63 = bitcast double %62 to i64
	%64 = trunc i64 %63 to i32
	%65 = lshr i64 %63, 32
	%66 = trunc i64 %65 to i32
	%67 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %64, i32 4, i32 31)
	%68 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %66, i32 4, i32 31)
	%69 = zext i32 %67 to i64
	%70 = zext i32 %68 to i64
	%71 = shl i64 %70, 32
	%72 = or i64 %69, %71
	%73 = bitcast i64 %72 to double
	%74 = fadd reassoc nsz contract double %62, %73
	%75 = bitcast double %74 to i64
	%76 = trunc i64 %75 to i32
	%77 = lshr i64 %75, 32
	%78 = trunc i64 %77 to i32
	%79 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %76, i32 2, i32 31)
	%80 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %78, i32 2, i32 31)
	%81 = zext i32 %79 to i64
	%82 = zext i32 %80 to i64
	%83 = shl i64 %82, 32
	%84 = or i64 %81, %83
	%85 = bitcast i64 %84 to double
	%86 = fadd reassoc nsz contract double %74, %85
	%87 = bitcast double %86 to i64
	%88 = trunc i64 %87 to i32
	%89 = lshr i64 %87, 32
	%90 = trunc i64 %89 to i32
	%91 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %88, i32 1, i32 31)
	%92 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %90, i32 1, i32 31)
	%93 = zext i32 %91 to i64
	%94 = zext i32 %92 to i64
	%95 = shl i64 %94, 32
	%96 = or i64 %93, %95
	%97 = bitcast i64 %96 to double
	%98 = fadd reassoc nsz contract double %86, %97
	%99 = icmp eq i32 %37, 0
	br i1 %99, label %warp.store.4, label %warp.join.5

warp.store.4:
	%100 = getelementptr inbounds [8 x double], [8 x double] addrspace(3)* @sh_q6, i32 0, i32 %38
	store double %98, double addrspace(3)* %100
	br label %warp.join.5

warp.join.5:
	call void @llvm.nvvm.barrier0()
	%101 = icmp ult i32 %36, 32
	br i1 %101, label %first.warp.6, label %block.end.7

first.warp.6:
	%102 = icmp ult i32 %36, 8
	br i1 %102, label %first.load.8, label %first.merge.9

block.end.7:
	ret void

first.load.8:
	%103 = getelementptr inbounds [8 x double], [8 x double] addrspace(3)* @sh_q6, i32 0, i32 %36
	%104 = load double, double addrspace(3)* %103
	br label %first.merge.9

first.merge.9:
	%105 = phi double [ 0.0, %first.warp.6 ], [ %104, %first.load.8 ]
	%106 = bitcast double %105 to i64
	%107 = trunc i64 %106 to i32
	%108 = lshr i64 %106, 32
	%109 = trunc i64 %108 to i32
	%110 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %107, i32 16, i32 31)
	%111 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %109, i32 16, i32 31)
	%112 = zext i32 %110 to i64
	%113 = zext i32 %111 to i64
	%114 = shl i64 %113, 32
	%115 = or i64 %112, %114
	%116 = bitcast i64 %115 to double
	%117 = fadd reassoc nsz contract double %105, %116
	%118 = bitcast double %117 to i64
	%119 = trunc i64 %118 to i32
	%120 = lshr i64 %118, 32
	%121 = trunc i64 %120 to i32
	%122 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %119, i32 8, i32 31)
	%123 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %121, i32 8, i32 31)
	%124 = zext i32 %122 to i64
	%125 = zext i32 %123 to i64
	%126 = shl i64 %125, 32
	%127 = or i64 %124, %126
	%128 = bitcast i64 %127 to double
	%129 = fadd reassoc nsz contract double %117, %128
	%130 = bitcast double %129 to i64
	%131 = trunc i64 %130 to i32
	%132 = lshr i64 %130, 32
	%133 = trunc i64 %132 to i32
	%134 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %131, i32 4, i32 31)
	%135 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %133, i32 4, i32 31)
	%136 = zext i32 %134 to i64
	%137 = zext i32 %135 to i64
	%138 = shl i64 %137, 32
	%139 = or i64 %136, %138
	%140 = bitcast i64 %139 to double
	%141 = fadd reassoc nsz contract double %129, %140
	%142 = bitcast double %141 to i64
	%143 = trunc i64 %142 to i32
	%144 = lshr i64 %142, 32
	%145 = trunc i64 %144 to i32
	%146 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %143, i32 2, i32 31)
	%147 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %145, i32 2, i32 31)
	%148 = zext i32 %146 to i64
	%149 = zext i32 %147 to i64
	%150 = shl i64 %149, 32
	%151 = or i64 %148, %150
	%152 = bitcast i64 %151 to double
	%153 = fadd reassoc nsz contract double %141, %152
	%154 = bitcast double %153 to i64
	%155 = trunc i64 %154 to i32
	%156 = lshr i64 %154, 32
	%157 = trunc i64 %156 to i32
	%158 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %155, i32 1, i32 31)
	%159 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %157, i32 1, i32 31)
	%160 = zext i32 %158 to i64
	%161 = zext i32 %159 to i64
	%162 = shl i64 %161, 32
	%163 = or i64 %160, %162
	%164 = bitcast i64 %163 to double
	%165 = fadd reassoc nsz contract double %153, %164
	%166 = icmp eq i32 %36, 0
	br i1 %166, label %final.10, label %block.end.7

final.10:
	%167 = atomicrmw fadd double addrspace(1)* %out, double %165 syncscope("device") monotonic
	br label %block.end.7
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()

declare i32 @llvm.nvvm.shfl.sync.down.i32(i32 %0, i32 %1, i32 %2, i32 %3) convergent nounwind

declare void @llvm.nvvm.barrier0() convergent nounwind

!nvvm.annotations = !{!0}

!0 = !{void (i32 addrspace(1)*, double addrspace(1)*, double addrspace(1)*, double addrspace(1)*, double addrspace(1)*, i64, i32, i32)* @q6f64, !"maxntidx", i32 256}
!1 = !{}
