target triple = "nvptx64-nvidia-cuda"

@sh_q6v = internal addrspace(3) global [8 x i64] undef, align 16

define ptx_kernel void @q6v4(<4 x i32> addrspace(1)* noalias nocapture readonly align 16 %ship, <4 x i32> addrspace(1)* noalias nocapture readonly align 16 %disc, <4 x i32> addrspace(1)* noalias nocapture readonly align 16 %qty, <2 x i64> addrspace(1)* noalias nocapture readonly align 16 %price, i64 addrspace(1)* nocapture %out, i64 %n4, i32 %dlo, i32 %dhi) nounwind {
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
	%12 = phi i64 [ %8, %entry ], [ %99, %body.2 ]
	%13 = phi i64 [ 0, %entry ], [ %98, %body.2 ]
	%14 = icmp ult i64 %12, %n4
	br i1 %14, label %body.2, label %exit.3

body.2:
	%15 = getelementptr inbounds <4 x i32>, <4 x i32> addrspace(1)* %ship, i64 %12
	%16 = load <4 x i32>, <4 x i32> addrspace(1)* %15, align 16, !invariant.load !1
	%17 = getelementptr inbounds <4 x i32>, <4 x i32> addrspace(1)* %disc, i64 %12
	%18 = load <4 x i32>, <4 x i32> addrspace(1)* %17, align 16, !invariant.load !1
	%19 = getelementptr inbounds <4 x i32>, <4 x i32> addrspace(1)* %qty, i64 %12
	%20 = load <4 x i32>, <4 x i32> addrspace(1)* %19, align 16, !invariant.load !1
	%21 = extractelement <4 x i32> %16, i32 0
	%22 = icmp sge i32 %21, %dlo
	%23 = extractelement <4 x i32> %16, i32 0
	%24 = icmp slt i32 %23, %dhi
	%25 = and i1 %22, %24
	%26 = extractelement <4 x i32> %18, i32 0
	%27 = sub i32 %26, 5
	%28 = icmp ule i32 %27, 2
	%29 = and i1 %25, %28
	%30 = extractelement <4 x i32> %20, i32 0
	%31 = icmp slt i32 %30, 2400
	%32 = and i1 %29, %31
	%33 = extractelement <4 x i32> %16, i32 1
	%34 = icmp sge i32 %33, %dlo
	%35 = extractelement <4 x i32> %16, i32 1
	%36 = icmp slt i32 %35, %dhi
	%37 = and i1 %34, %36
	%38 = extractelement <4 x i32> %18, i32 1
	%39 = sub i32 %38, 5
	%40 = icmp ule i32 %39, 2
	%41 = and i1 %37, %40
	%42 = extractelement <4 x i32> %20, i32 1
	%43 = icmp slt i32 %42, 2400
	%44 = and i1 %41, %43
	%45 = extractelement <4 x i32> %16, i32 2
	%46 = icmp sge i32 %45, %dlo
	%47 = extractelement <4 x i32> %16, i32 2
	%48 = icmp slt i32 %47, %dhi
	%49 = and i1 %46, %48
	%50 = extractelement <4 x i32> %18, i32 2
	%51 = sub i32 %50, 5
	%52 = icmp ule i32 %51, 2
	%53 = and i1 %49, %52
	%54 = extractelement <4 x i32> %20, i32 2
	%55 = icmp slt i32 %54, 2400
	%56 = and i1 %53, %55
	%57 = extractelement <4 x i32> %16, i32 3
	%58 = icmp sge i32 %57, %dlo
	%59 = extractelement <4 x i32> %16, i32 3
	%60 = icmp slt i32 %59, %dhi
	%61 = and i1 %58, %60
	%62 = extractelement <4 x i32> %18, i32 3
	%63 = sub i32 %62, 5
	%64 = icmp ule i32 %63, 2
	%65 = and i1 %61, %64
	%66 = extractelement <4 x i32> %20, i32 3
	%67 = icmp slt i32 %66, 2400
	%68 = and i1 %65, %67
	%69 = shl i64 %12, 1
	%70 = getelementptr inbounds <2 x i64>, <2 x i64> addrspace(1)* %price, i64 %69
	%71 = load <2 x i64>, <2 x i64> addrspace(1)* %70, align 16, !invariant.load !1
	%72 = or i64 %69, 1
	%73 = getelementptr inbounds <2 x i64>, <2 x i64> addrspace(1)* %price, i64 %72
	%74 = load <2 x i64>, <2 x i64> addrspace(1)* %73, align 16, !invariant.load !1
	%75 = extractelement <2 x i64> %71, i32 0
	%76 = extractelement <4 x i32> %18, i32 0
	%77 = sext i32 %76 to i64
	%78 = mul i64 %75, %77
	%79 = select i1 %32, i64 %78, i64 0
	%80 = add i64 %13, %79
	%81 = extractelement <2 x i64> %71, i32 1
	%82 = extractelement <4 x i32> %18, i32 1
	%83 = sext i32 %82 to i64
	%84 = mul i64 %81, %83
	%85 = select i1 %44, i64 %84, i64 0
	%86 = add i64 %80, %85
	%87 = extractelement <2 x i64> %74, i32 0
	%88 = extractelement <4 x i32> %18, i32 2
	%89 = sext i32 %88 to i64
	%90 = mul i64 %87, %89
	%91 = select i1 %56, i64 %90, i64 0
	%92 = add i64 %86, %91
	%93 = extractelement <2 x i64> %74, i32 1
	%94 = extractelement <4 x i32> %18, i32 3
	%95 = sext i32 %94 to i64
	%96 = mul i64 %93, %95
	%97 = select i1 %68, i64 %96, i64 0
	%98 = add i64 %92, %97
	%99 = add nuw nsw i64 %12, %11
	br label %head.1

exit.3:
	%100 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%101 = and i32 %100, 31
	%102 = lshr i32 %100, 5
	%103 = trunc i64 %13 to i32
	%104 = lshr i64 %13, 32
	%105 = trunc i64 %104 to i32
	%106 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %103, i32 16, i32 31)
	%107 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %105, i32 16, i32 31)
	%108 = zext i32 %106 to i64
	%109 = zext i32 %107 to i64
	%110 = shl i64 %109, 32
	%111 = or i64 %108, %110
	%112 = add i64 %13, %111
	%113 = trunc i64 %112 to i32
	%114 = lshr i64 %112, 32
	%115 = trunc i64 %114 to i32
	%116 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %113, i32 8, i32 31)
	%117 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %115, i32 8, i32 31)
	%118 = zext i32 %116 to i64
	%119 = zext i32 %117 to i64
	%120 = shl i64 %119, 32
	%121 = or i64 %118, %120
	%122 = add i64 %112, %121
	%123 = trunc i64 %122 to i32
	%124 = lshr i64 %122, 32
	%125 = trunc i64 %124 to i32
	%126 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %123, i32 4, i32 31)
	%127 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %125, i32 4, i32 31)
	%128 = zext i32 %126 to i64
	%129 = zext i32 %127 to i64
	%130 = shl i64 %129, 32
	%131 = or i64 %128, %130
	%132 = add i64 %122, %131
	%133 = trunc i64 %132 to i32
	%134 = lshr i64 %132, 32
	%135 = trunc i64 %134 to i32
	%136 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %133, i32 2, i32 31)
	%137 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %135, i32 2, i32 31)
	%138 = zext i32 %136 to i64
	%139 = zext i32 %137 to i64
	%140 = shl i64 %139, 32
	%141 = or i64 %138, %140
	%142 = add i64 %132, %141
	%143 = trunc i64 %142 to i32
	%144 = lshr i64 %142, 32
	%145 = trunc i64 %144 to i32
	%146 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %143, i32 1, i32 31)
	%147 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %145, i32 1, i32 31)
	%148 = zext i32 %146 to i64
	%149 = zext i32 %147 to i64
	%150 = shl i64 %149, 32
	%151 = or i64 %148, %150
	%152 = add i64 %142, %151
	%153 = icmp eq i32 %101, 0
	br i1 %153, label %warp.store.4, label %warp.join.5

warp.store.4:
	%154 = getelementptr inbounds [8 x i64], [8 x i64] addrspace(3)* @sh_q6v, i32 0, i32 %102
	store i64 %152, i64 addrspace(3)* %154
	br label %warp.join.5

warp.join.5:
	call void @llvm.nvvm.barrier0()
	%155 = icmp ult i32 %100, 32
	br i1 %155, label %first.warp.6, label %block.end.7

first.warp.6:
	%156 = icmp ult i32 %100, 8
	br i1 %156, label %first.load.8, label %first.merge.9

block.end.7:
	ret void

first.load.8:
	%157 = getelementptr inbounds [8 x i64], [8 x i64] addrspace(3)* @sh_q6v, i32 0, i32 %100
	%158 = load i64, i64 addrspace(3)* %157
	br label %first.merge.9

first.merge.9:
	%159 = phi i64 [ 0, %first.warp.6 ], [ %158, %first.load.8 ]
	%160 = trunc i64 %159 to i32
	%161 = lshr i64 %159, 32
	%162 = trunc i64 %161 to i32
	%163 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %160, i32 16, i32 31)
	%164 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %162, i32 16, i32 31)
	%165 = zext i32 %163 to i64
	%166 = zext i32 %164 to i64
	%167 = shl i64 %166, 32
	%168 = or i64 %165, %167
	%169 = add i64 %159, %168
	%170 = trunc i64 %169 to i32
	%171 = lshr i64 %169, 32
	%172 = trunc i64 %171 to i32
	%173 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %170, i32 8, i32 31)
	%174 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %172, i32 8, i32 31)
	%175 = zext i32 %173 to i64
	%176 = zext i32 %174 to i64
	%177 = shl i64 %176, 32
	%178 = or i64 %175, %177
	%179 = add i64 %169, %178
	%180 = trunc i64 %179 to i32
	%181 = lshr i64 %179, 32
	%182 = trunc i64 %181 to i32
	%183 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %180, i32 4, i32 31)
	%184 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %182, i32 4, i32 31)
	%185 = zext i32 %183 to i64
	%186 = zext i32 %184 to i64
	%187 = shl i64 %186, 32
	%188 = or i64 %185, %187
	%189 = add i64 %179, %188
	%190 = trunc i64 %189 to i32
	%191 = lshr i64 %189, 32
	%192 = trunc i64 %191 to i32
	%193 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %190, i32 2, i32 31)
	%194 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %192, i32 2, i32 31)
	%195 = zext i32 %193 to i64
	%196 = zext i32 %194 to i64
	%197 = shl i64 %196, 32
	%198 = or i64 %195, %197
	%199 = add i64 %189, %198
	%200 = trunc i64 %199 to i32
	%201 = lshr i64 %199, 32
	%202 = trunc i64 %201 to i32
	%203 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %200, i32 1, i32 31)
	%204 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %202, i32 1, i32 31)
	%205 = zext i32 %203 to i64
	%206 = zext i32 %204 to i64
	%207 = shl i64 %206, 32
	%208 = or i64 %205, %207
	%209 = add i64 %199, %208
	%210 = icmp eq i32 %100, 0
	br i1 %210, label %final.10, label %block.end.7

final.10:
	%211 = atomicrmw add i64 addrspace(1)* %out, i64 %209 syncscope("device") monotonic
	br label %block.end.7
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()

declare i32 @llvm.nvvm.shfl.sync.down.i32(i32 %0, i32 %1, i32 %2, i32 %3) convergent nounwind

declare void @llvm.nvvm.barrier0() convergent nounwind

!nvvm.annotations = !{!0}

!0 = !{void (<4 x i32> addrspace(1)*, <4 x i32> addrspace(1)*, <4 x i32> addrspace(1)*, <2 x i64> addrspace(1)*, i64 addrspace(1)*, i64, i32, i32)* @q6v4, !"maxntidx", i32 256}
!1 = !{}
