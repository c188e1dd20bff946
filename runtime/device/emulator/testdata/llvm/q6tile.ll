target triple = "nvptx64-nvidia-cuda"

@sh_q6t = internal addrspace(3) global [8 x i64] undef, align 16

define ptx_kernel void @q6tile(i32 addrspace(1)* noalias nocapture readonly align 16 %ship, i8 addrspace(1)* noalias nocapture readonly align 16 %disc, i8 addrspace(1)* noalias nocapture readonly align 16 %qty, i32 addrspace(1)* noalias nocapture readonly align 16 %price, i64 addrspace(1)* nocapture %out, i64 %n, i32 %dlo, i32 %dhi) nounwind {
entry:
	%0 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%1 = zext i32 %0 to i64
	%2 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
	%3 = zext i32 %2 to i64
	%4 = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
	%5 = zext i32 %4 to i64
	%6 = mul i64 %3, 1024
	%7 = mul i64 %5, 1024
	br label %head.1

head.1:
	%8 = phi i64 [ %6, %entry ], [ %177, %pj.27 ]
	%9 = phi i64 [ 0, %entry ], [ %176, %pj.27 ]
	%10 = icmp ult i64 %8, %n
	br i1 %10, label %body.2, label %exit.3

body.2:
	%11 = add i64 %8, 0
	%12 = add i64 %11, %1
	%13 = icmp ult i64 %12, %n
	%14 = select i1 %13, i64 %12, i64 0
	%15 = getelementptr inbounds i32, i32 addrspace(1)* %ship, i64 %14
	%16 = load i32, i32 addrspace(1)* %15, align 4, !invariant.load !1
	%17 = sub i32 %16, %dlo
	%18 = sub i32 %dhi, %dlo
	%19 = icmp ult i32 %17, %18
	%20 = and i1 %13, %19
	%21 = add i64 %8, 256
	%22 = add i64 %21, %1
	%23 = icmp ult i64 %22, %n
	%24 = select i1 %23, i64 %22, i64 0
	%25 = getelementptr inbounds i32, i32 addrspace(1)* %ship, i64 %24
	%26 = load i32, i32 addrspace(1)* %25, align 4, !invariant.load !1
	%27 = sub i32 %26, %dlo
	%28 = sub i32 %dhi, %dlo
	%29 = icmp ult i32 %27, %28
	%30 = and i1 %23, %29
	%31 = add i64 %8, 512
	%32 = add i64 %31, %1
	%33 = icmp ult i64 %32, %n
	%34 = select i1 %33, i64 %32, i64 0
	%35 = getelementptr inbounds i32, i32 addrspace(1)* %ship, i64 %34
	%36 = load i32, i32 addrspace(1)* %35, align 4, !invariant.load !1
	%37 = sub i32 %36, %dlo
	%38 = sub i32 %dhi, %dlo
	%39 = icmp ult i32 %37, %38
	%40 = and i1 %33, %39
	%41 = add i64 %8, 768
	%42 = add i64 %41, %1
	%43 = icmp ult i64 %42, %n
	%44 = select i1 %43, i64 %42, i64 0
	%45 = getelementptr inbounds i32, i32 addrspace(1)* %ship, i64 %44
	%46 = load i32, i32 addrspace(1)* %45, align 4, !invariant.load !1
	%47 = sub i32 %46, %dlo
	%48 = sub i32 %dhi, %dlo
	%49 = icmp ult i32 %47, %48
	%50 = and i1 %43, %49
	br i1 %20, label %pl.4, label %pj.5

exit.3:
	%51 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%52 = and i32 %51, 31
	%53 = lshr i32 %51, 5
	%54 = trunc i64 %9 to i32
	%55 = lshr i64 %9, 32
	%56 = trunc i64 %55 to i32
	%57 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %54, i32 16, i32 31)
	%58 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %56, i32 16, i32 31)
	%59 = zext i32 %57 to i64
	%60 = zext i32 %58 to i64
	%61 = shl i64 %60, 32
	%62 = or i64 %59, %61
	%63 = add i64 %9, %62
	%64 = trunc i64 %63 to i32
	%65 = lshr i64 %63, 32
	%66 = trunc i64 %65 to i32
	%67 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %64, i32 8, i32 31)
	%68 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %66, i32 8, i32 31)
	%69 = zext i32 %67 to i64
	%70 = zext i32 %68 to i64
	%71 = shl i64 %70, 32
	%72 = or i64 %69, %71
	%73 = add i64 %63, %72
	%74 = trunc i64 %73 to i32
	%75 = lshr i64 %73, 32
	%76 = trunc i64 %75 to i32
	%77 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %74, i32 4, i32 31)
	%78 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %76, i32 4, i32 31)
	%79 = zext i32 %77 to i64
	%80 = zext i32 %78 to i64
	%81 = shl i64 %80, 32
	%82 = or i64 %79, %81
	%83 = add i64 %73, %82
	%84 = trunc i64 %83 to i32
	%85 = lshr i64 %83, 32
	%86 = trunc i64 %85 to i32
	%87 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %84, i32 2, i32 31)
	%88 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %86, i32 2, i32 31)
	%89 = zext i32 %87 to i64
	%90 = zext i32 %88 to i64
	%91 = shl i64 %90, 32
	%92 = or i64 %89, %91
	%93 = add i64 %83, %92
	%94 = trunc i64 %93 to i32
	%95 = lshr i64 %93, 32
	%96 = trunc i64 %95 to i32
	%97 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %94, i32 1, i32 31)
	%98 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %96, i32 1, i32 31)
	%99 = zext i32 %97 to i64
	%100 = zext i32 %98 to i64
	%101 = shl i64 %100, 32
	%102 = or i64 %99, %101
	%103 = add i64 %93, %102
	%104 = icmp eq i32 %52, 0
	br i1 %104, label %warp.store.28, label %warp.join.29

pl.4:
	%105 = getelementptr inbounds i8, i8 addrspace(1)* %disc, i64 %12
	%106 = load i8, i8 addrspace(1)* %105, align 1, !invariant.load !1
	%107 = zext i8 %106 to i32
	br label %pj.5

pj.5:
	%108 = phi i32 [ 0, %body.2 ], [ %107, %pl.4 ]
	%109 = sub i32 %108, 5
	%110 = icmp ule i32 %109, 2
	%111 = and i1 %20, %110
	br i1 %30, label %pl.6, label %pj.7

pl.6:
	%112 = getelementptr inbounds i8, i8 addrspace(1)* %disc, i64 %22
	%113 = load i8, i8 addrspace(1)* %112, align 1, !invariant.load !1
	%114 = zext i8 %113 to i32
	br label %pj.7

pj.7:
	%115 = phi i32 [ 0, %pj.5 ], [ %114, %pl.6 ]
	%116 = sub i32 %115, 5
	%117 = icmp ule i32 %116, 2
	%118 = and i1 %30, %117
	br i1 %40, label %pl.8, label %pj.9

pl.8:
	%119 = getelementptr inbounds i8, i8 addrspace(1)* %disc, i64 %32
	%120 = load i8, i8 addrspace(1)* %119, align 1, !invariant.load !1
	%121 = zext i8 %120 to i32
	br label %pj.9

pj.9:
	%122 = phi i32 [ 0, %pj.7 ], [ %121, %pl.8 ]
	%123 = sub i32 %122, 5
	%124 = icmp ule i32 %123, 2
	%125 = and i1 %40, %124
	br i1 %50, label %pl.10, label %pj.11

pl.10:
	%126 = getelementptr inbounds i8, i8 addrspace(1)* %disc, i64 %42
	%127 = load i8, i8 addrspace(1)* %126, align 1, !invariant.load !1
	%128 = zext i8 %127 to i32
	br label %pj.11

pj.11:
	%129 = phi i32 [ 0, %pj.9 ], [ %128, %pl.10 ]
	%130 = sub i32 %129, 5
	%131 = icmp ule i32 %130, 2
	%132 = and i1 %50, %131
	br i1 %111, label %pl.12, label %pj.13

pl.12:
	%133 = getelementptr inbounds i8, i8 addrspace(1)* %qty, i64 %12
	%134 = load i8, i8 addrspace(1)* %133, align 1, !invariant.load !1
	%135 = icmp ult i8 %134, 24
	br label %pj.13

pj.13:
	%136 = phi i1 [ false, %pj.11 ], [ %135, %pl.12 ]
	br i1 %118, label %pl.14, label %pj.15

pl.14:
	%137 = getelementptr inbounds i8, i8 addrspace(1)* %qty, i64 %22
	%138 = load i8, i8 addrspace(1)* %137, align 1, !invariant.load !1
	%139 = icmp ult i8 %138, 24
	br label %pj.15

pj.15:
	%140 = phi i1 [ false, %pj.13 ], [ %139, %pl.14 ]
	br i1 %125, label %pl.16, label %pj.17

pl.16:
	%141 = getelementptr inbounds i8, i8 addrspace(1)* %qty, i64 %32
	%142 = load i8, i8 addrspace(1)* %141, align 1, !invariant.load !1
	%143 = icmp ult i8 %142, 24
	br label %pj.17

pj.17:
	%144 = phi i1 [ false, %pj.15 ], [ %143, %pl.16 ]
	br i1 %132, label %pl.18, label %pj.19

pl.18:
	%145 = getelementptr inbounds i8, i8 addrspace(1)* %qty, i64 %42
	%146 = load i8, i8 addrspace(1)* %145, align 1, !invariant.load !1
	%147 = icmp ult i8 %146, 24
	br label %pj.19

pj.19:
	%148 = phi i1 [ false, %pj.17 ], [ %147, %pl.18 ]
	br i1 %136, label %pl.20, label %pj.21

pl.20:
	%149 = getelementptr inbounds i32, i32 addrspace(1)* %price, i64 %12
	%150 = load i32, i32 addrspace(1)* %149, align 4, !invariant.load !1
	%151 = sext i32 %150 to i64
	%152 = zext i32 %108 to i64
	%153 = mul i64 %151, %152
	br label %pj.21

pj.21:
	%154 = phi i64 [ 0, %pj.19 ], [ %153, %pl.20 ]
	%155 = add i64 %9, %154
	br i1 %140, label %pl.22, label %pj.23

pl.22:
	%156 = getelementptr inbounds i32, i32 addrspace(1)* %price, i64 %22
	%157 = load i32, i32 addrspace(1)* %156, align 4, !invariant.load !1
	%158 = sext i32 %157 to i64
	%159 = zext i32 %115 to i64
	%160 = mul i64 %158, %159
	br label %pj.23

pj.23:
	%161 = phi i64 [ 0, %pj.21 ], [ %160, %pl.22 ]
	%162 = add i64 %155, %161
	br i1 %144, label %pl.24, label %pj.25

pl.24:
	%163 = getelementptr inbounds i32, i32 addrspace(1)* %price, i64 %32
	%164 = load i32, i32 addrspace(1)* %163, align 4, !invariant.load !1
	%165 = sext i32 %164 to i64
	%166 = zext i32 %122 to i64
	%167 = mul i64 %165, %166
	br label %pj.25

pj.25:
	%168 = phi i64 [ 0, %pj.23 ], [ %167, %pl.24 ]
	%169 = add i64 %162, %168
	br i1 %148, label %pl.26, label %pj.27

pl.26:
	%170 = getelementptr inbounds i32, i32 addrspace(1)* %price, i64 %42
	%171 = load i32, i32 addrspace(1)* %170, align 4, !invariant.load !1
	%172 = sext i32 %171 to i64
	%173 = zext i32 %129 to i64
	%174 = mul i64 %172, %173
	br label %pj.27

pj.27:
	%175 = phi i64 [ 0, %pj.25 ], [ %174, %pl.26 ]
	%176 = add i64 %169, %175
	%177 = add nuw nsw i64 %8, %7
	br label %head.1

warp.store.28:
	%178 = getelementptr inbounds [8 x i64], [8 x i64] addrspace(3)* @sh_q6t, i32 0, i32 %53
	store i64 %103, i64 addrspace(3)* %178
	br label %warp.join.29

warp.join.29:
	call void @llvm.nvvm.barrier0()
	%179 = icmp ult i32 %51, 32
	br i1 %179, label %first.warp.30, label %block.end.31

first.warp.30:
	%180 = icmp ult i32 %51, 8
	br i1 %180, label %first.load.32, label %first.merge.33

block.end.31:
	ret void

first.load.32:
	%181 = getelementptr inbounds [8 x i64], [8 x i64] addrspace(3)* @sh_q6t, i32 0, i32 %51
	%182 = load i64, i64 addrspace(3)* %181
	br label %first.merge.33

first.merge.33:
	%183 = phi i64 [ 0, %first.warp.30 ], [ %182, %first.load.32 ]
	%184 = trunc i64 %183 to i32
	%185 = lshr i64 %183, 32
	%186 = trunc i64 %185 to i32
	%187 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %184, i32 16, i32 31)
	%188 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %186, i32 16, i32 31)
	%189 = zext i32 %187 to i64
	%190 = zext i32 %188 to i64
	%191 = shl i64 %190, 32
	%192 = or i64 %189, %191
	%193 = add i64 %183, %192
	%194 = trunc i64 %193 to i32
	%195 = lshr i64 %193, 32
	%196 = trunc i64 %195 to i32
	%197 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %194, i32 8, i32 31)
	%198 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %196, i32 8, i32 31)
	%199 = zext i32 %197 to i64
	%200 = zext i32 %198 to i64
	%201 = shl i64 %200, 32
	%202 = or i64 %199, %201
	%203 = add i64 %193, %202
	%204 = trunc i64 %203 to i32
	%205 = lshr i64 %203, 32
	%206 = trunc i64 %205 to i32
	%207 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %204, i32 4, i32 31)
	%208 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %206, i32 4, i32 31)
	%209 = zext i32 %207 to i64
	%210 = zext i32 %208 to i64
	%211 = shl i64 %210, 32
	%212 = or i64 %209, %211
	%213 = add i64 %203, %212
	%214 = trunc i64 %213 to i32
	%215 = lshr i64 %213, 32
	%216 = trunc i64 %215 to i32
	%217 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %214, i32 2, i32 31)
	%218 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %216, i32 2, i32 31)
	%219 = zext i32 %217 to i64
	%220 = zext i32 %218 to i64
	%221 = shl i64 %220, 32
	%222 = or i64 %219, %221
	%223 = add i64 %213, %222
	%224 = trunc i64 %223 to i32
	%225 = lshr i64 %223, 32
	%226 = trunc i64 %225 to i32
	%227 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %224, i32 1, i32 31)
	%228 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %226, i32 1, i32 31)
	%229 = zext i32 %227 to i64
	%230 = zext i32 %228 to i64
	%231 = shl i64 %230, 32
	%232 = or i64 %229, %231
	%233 = add i64 %223, %232
	%234 = icmp eq i32 %51, 0
	br i1 %234, label %final.34, label %block.end.31

final.34:
	%235 = atomicrmw add i64 addrspace(1)* %out, i64 %233 syncscope("device") monotonic
	br label %block.end.31
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()

declare i32 @llvm.nvvm.shfl.sync.down.i32(i32 %0, i32 %1, i32 %2, i32 %3) convergent nounwind

declare void @llvm.nvvm.barrier0() convergent nounwind

!nvvm.annotations = !{!0}

!0 = !{void (i32 addrspace(1)*, i8 addrspace(1)*, i8 addrspace(1)*, i32 addrspace(1)*, i64 addrspace(1)*, i64, i32, i32)* @q6tile, !"maxntidx", i32 256}
!1 = !{}
