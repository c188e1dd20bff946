target triple = "nvptx64-nvidia-cuda"

@sh_hjp = internal addrspace(3) global [8 x double] undef, align 16
@sh_hjc = internal addrspace(3) global [8 x i64] undef, align 16

define ptx_kernel void @hj_build(i64 addrspace(1)* noalias nocapture readonly align 16 %key, i64 addrspace(1)* noalias nocapture readonly align 16 %val, i64 addrspace(1)* nocapture %ht_key, i64 addrspace(1)* nocapture %ht_val, i64 %mask, i64 %n) nounwind {
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
	%12 = phi i64 [ %8, %entry ], [ %34, %found.6 ]
	%13 = icmp ult i64 %12, %n
	br i1 %13, label %body.2, label %exit.3

body.2:
	%14 = getelementptr inbounds i64, i64 addrspace(1)* %key, i64 %12
	%15 = load i64, i64 addrspace(1)* %14, align 8, !invariant.load !1
	%16 = getelementptr inbounds i64, i64 addrspace(1)* %val, i64 %12
	%17 = load i64, i64 addrspace(1)* %16, align 8, !invariant.load !1
	%18 = lshr i64 %15, 33
	%19 = xor i64 %15, %18
	%20 = mul i64 %19, -49064778989728563
	%21 = lshr i64 %20, 33
	%22 = xor i64 %20, %21
	%23 = mul i64 %22, -4265267296055464877
	%24 = lshr i64 %23, 33
	%25 = xor i64 %23, %24
	%26 = and i64 %25, %mask
	br label %probe.4

exit.3:
	ret void

probe.4:
	%27 = phi i64 [ %26, %body.2 ], [ %32, %next.5 ]
	%28 = getelementptr inbounds i64, i64 addrspace(1)* %ht_key, i64 %27
	%29 = load volatile i64, i64 addrspace(1)* %28
	%30 = icmp eq i64 %29, %15
	br i1 %30, label %found.6, label %try.7

next.5:
	%31 = add i64 %27, 1
	%32 = and i64 %31, %mask
	br label %probe.4

found.6:
	%33 = getelementptr inbounds i64, i64 addrspace(1)* %ht_val, i64 %27
	store i64 %17, i64 addrspace(1)* %33
	%34 = add nuw nsw i64 %12, %11
	br label %head.1

try.7:
	%35 = icmp eq i64 %29, -1
	br i1 %35, label %cas.8, label %next.5

cas.8:
	%36 = cmpxchg i64 addrspace(1)* %28, i64 -1, i64 %15 syncscope("device") monotonic monotonic
	%37 = extractvalue { i64, i1 } %36, 0
	%38 = icmp eq i64 %37, -1
	%39 = icmp eq i64 %37, %15
	%40 = or i1 %38, %39
	br i1 %40, label %found.6, label %next.5
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()

define ptx_kernel void @hj_probe(i64 addrspace(1)* noalias nocapture readonly align 16 %key, double addrspace(1)* noalias nocapture readonly align 16 %amt, i64 addrspace(1)* noalias nocapture readonly align 16 %ht_key, i64 addrspace(1)* noalias nocapture readonly align 16 %ht_val, i64 %mask, i64 %n, double addrspace(1)* nocapture %sum, i64 addrspace(1)* nocapture %cnt) nounwind {
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
	%12 = phi i64 [ %8, %entry ], [ %108, %pdone.8 ]
	%13 = phi double [ 0.0, %entry ], [ %106, %pdone.8 ]
	%14 = phi i64 [ 0, %entry ], [ %107, %pdone.8 ]
	%15 = icmp ult i64 %12, %n
	br i1 %15, label %body.2, label %exit.3

body.2:
	%16 = getelementptr inbounds i64, i64 addrspace(1)* %key, i64 %12
	%17 = load i64, i64 addrspace(1)* %16, align 8, !invariant.load !1
	%18 = lshr i64 %17, 33
	%19 = xor i64 %17, %18
	%20 = mul i64 %19, -49064778989728563
	%21 = lshr i64 %20, 33
	%22 = xor i64 %20, %21
	%23 = mul i64 %22, -4265267296055464877
	%24 = lshr i64 %23, 33
	%25 = xor i64 %23, %24
	%26 = and i64 %25, %mask
	br label %probe.4

exit.3:
	%27 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%28 = and i32 %27, 31
	%29 = lshr i32 %27, 5
	%30 = bitcast double %13 to i64
	%31 = trunc i64 %30 to i32
	%32 = lshr i64 %30, 32
	%33 = trunc i64 %32 to i32
	%34 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %31, i32 16, i32 31)
	%35 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %33, i32 16, i32 31)
	%36 = zext i32 %34 to i64
	%37 = zext i32 %35 to i64
	%38 = shl i64 %37, 32
	%39 = or i64 %36, %38
	%40 = bitcast i64 %39 to double
	%41 = fadd reassoc nsz contract double %13, %40
	%42 = bitcast double %41 to i64
	%43 = trunc i64 %42 to i32
	%44 = lshr i64 %42, 32
	%45 = trunc i64 %44 to i32
	%46 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %43, i32 8, i32 31)
	%47 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %45, i32 8, i32 31)
	%48 = zext i32 %46 to i64
	%49 = zext i32 %47 to i64
	%50 = shl i64 %49, 32
	%51 = or i64 %48, %50
	%52 = bitcast i64 %51 to double
	%53 = fadd reassoc nsz contract double %41, %52
	%54 = bitcast double %53 to i64
	%55 = trunc i64 %54 to i32
	%56 = lshr i64 %54, 32
	%57 = trunc i64 %56 to i32
	%58 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %55, i32 4, i32 31)
	%59 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %57, i32 4, i32 31)
	%60 = zext i32 %58 to i64
	%61 = zext i32 %59 to i64
	%62 = shl i64 %61, 32
	%63 = or i64 %60, %62
	%64 = bitcast i64 %63 to double
	%65 = fadd reassoc nsz contract double %53, %64
	%66 = bitcast double %65 to i64
	%67 = trunc i64 %66 to i32
	%68 = lshr i64 %66, 32
	%69 = trunc i64 %68 to i32
	%70 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %67, i32 2, i32 31)
	%71 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %69, i32 2, i32 31)
	%72 = zext i32 %70 to i64
	%73 = zext i32 %71 to i64
	%74 = shl i64 %73, 32
	%75 = or i64 %72, %74
	%76 = bitcast i64 %75 to double
	%77 = fadd reassoc nsz contract double %65, %76
	%78 = bitcast double %77 to i64
	%79 = trunc i64 %78 to i32
	%80 = lshr i64 %78, 32
	%81 = trunc i64 %80 to i32
	%82 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %79, i32 1, i32 31)
	%83 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %81, i32 1, i32 31)
	%84 = zext i32 %82 to i64
	%85 = zext i32 %83 to i64
	%86 = shl i64 %85, 32
	%87 = or i64 %84, %86
	%88 = bitcast i64 %87 to double
	%89 = fadd reassoc nsz contract double %77, %88
	%90 = icmp eq i32 %28, 0
	br i1 %90, label %warp.store.9, label %warp.join.10

probe.4:
	%91 = phi i64 [ %26, %body.2 ], [ %97, %next.6 ]
	%92 = getelementptr inbounds i64, i64 addrspace(1)* %ht_key, i64 %91
	%93 = load i64, i64 addrspace(1)* %92, align 8, !invariant.load !1
	%94 = icmp eq i64 %93, %17
	br i1 %94, label %hit.7, label %chk.5

chk.5:
	%95 = icmp eq i64 %93, -1
	br i1 %95, label %pdone.8, label %next.6

next.6:
	%96 = add i64 %91, 1
	%97 = and i64 %96, %mask
	br label %probe.4

hit.7:
	%98 = getelementptr inbounds i64, i64 addrspace(1)* %ht_val, i64 %91
	%99 = load i64, i64 addrspace(1)* %98, align 8, !invariant.load !1
	%100 = sitofp i64 %99 to double
	%101 = getelementptr inbounds double, double addrspace(1)* %amt, i64 %12
	%102 = load double, double addrspace(1)* %101, align 8, !invariant.load !1
	%103 = fmul reassoc contract double %100, %102
	%104 = fadd reassoc nsz contract double %13, %103
	%105 = add i64 %14, 1
	br label %pdone.8

pdone.8:
	%106 = phi double [ %13, %chk.5 ], [ %104, %hit.7 ]
	%107 = phi i64 [ %14, %chk.5 ], [ %105, %hit.7 ]
	%108 = add nuw nsw i64 %12, %11
	br label %head.1

warp.store.9:
	%109 = getelementptr inbounds [8 x double], [8 x double] addrspace(3)* @sh_hjp, i32 0, i32 %29
	store double %89, double addrspace(3)* %109
	br label %warp.join.10

warp.join.10:
	call void @llvm.nvvm.barrier0()
	%110 = icmp ult i32 %27, 32
	br i1 %110, label %first.warp.11, label %block.end.12

first.warp.11:
	%111 = icmp ult i32 %27, 8
	br i1 %111, label %first.load.13, label %first.merge.14

block.end.12:
	call void @llvm.nvvm.barrier0()
	%112 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%113 = and i32 %112, 31
	%114 = lshr i32 %112, 5
	%115 = trunc i64 %14 to i32
	%116 = lshr i64 %14, 32
	%117 = trunc i64 %116 to i32
	%118 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %115, i32 16, i32 31)
	%119 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %117, i32 16, i32 31)
	%120 = zext i32 %118 to i64
	%121 = zext i32 %119 to i64
	%122 = shl i64 %121, 32
	%123 = or i64 %120, %122
	%124 = add i64 %14, %123
	%125 = trunc i64 %124 to i32
	%126 = lshr i64 %124, 32
	%127 = trunc i64 %126 to i32
	%128 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %125, i32 8, i32 31)
	%129 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %127, i32 8, i32 31)
	%130 = zext i32 %128 to i64
	%131 = zext i32 %129 to i64
	%132 = shl i64 %131, 32
	%133 = or i64 %130, %132
	%134 = add i64 %124, %133
	%135 = trunc i64 %134 to i32
	%136 = lshr i64 %134, 32
	%137 = trunc i64 %136 to i32
	%138 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %135, i32 4, i32 31)
	%139 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %137, i32 4, i32 31)
	%140 = zext i32 %138 to i64
	%141 = zext i32 %139 to i64
	%142 = shl i64 %141, 32
	%143 = or i64 %140, %142
	%144 = add i64 %134, %143
	%145 = trunc i64 %144 to i32
	%146 = lshr i64 %144, 32
	%147 = trunc i64 %146 to i32
	%148 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %145, i32 2, i32 31)
	%149 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %147, i32 2, i32 31)
	%150 = zext i32 %148 to i64
	%151 = zext i32 %149 to i64
	%152 = shl i64 %151, 32
	%153 = or i64 %150, %152
	%154 = add i64 %144, %153
	%155 = trunc i64 %154 to i32
	%156 = lshr i64 %154, 32
	%157 = trunc i64 %156 to i32
	%158 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %155, i32 1, i32 31)
	%159 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %157, i32 1, i32 31)
	%160 = zext i32 %158 to i64
	%161 = zext i32 %159 to i64
	%162 = shl i64 %161, 32
	%163 = or i64 %160, %162
	%164 = add i64 %154, %163
	%165 = icmp eq i32 %113, 0
	br i1 %165, label %warp.store.16, label %warp.join.17

first.load.13:
	%166 = getelementptr inbounds [8 x double], [8 x double] addrspace(3)* @sh_hjp, i32 0, i32 %27
	%167 = load double, double addrspace(3)* %166
	br label %first.merge.14

first.merge.14:
	%168 = phi double [ 0.0, %first.warp.11 ], [ %167, %first.load.13 ]
	%169 = bitcast double %168 to i64
	%170 = trunc i64 %169 to i32
	%171 = lshr i64 %169, 32
	%172 = trunc i64 %171 to i32
	%173 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %170, i32 16, i32 31)
	%174 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %172, i32 16, i32 31)
	%175 = zext i32 %173 to i64
	%176 = zext i32 %174 to i64
	%177 = shl i64 %176, 32
	%178 = or i64 %175, %177
	%179 = bitcast i64 %178 to double
	%180 = fadd reassoc nsz contract double %168, %179
	%181 = bitcast double %180 to i64
	%182 = trunc i64 %181 to i32
	%183 = lshr i64 %181, 32
	%184 = trunc i64 %183 to i32
	%185 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %182, i32 8, i32 31)
	%186 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %184, i32 8, i32 31)
	%187 = zext i32 %185 to i64
	%188 = zext i32 %186 to i64
	%189 = shl i64 %188, 32
	%190 = or i64 %187, %189
	%191 = bitcast i64 %190 to double
	%192 = fadd reassoc nsz contract double %180, %191
	%193 = bitcast double %192 to i64
	%194 = trunc i64 %193 to i32
	%195 = lshr i64 %193, 32
	%196 = trunc i64 %195 to i32
	%197 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %194, i32 4, i32 31)
	%198 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %196, i32 4, i32 31)
	%199 = zext i32 %197 to i64
	%200 = zext i32 %198 to i64
	%201 = shl i64 %200, 32
	%202 = or i64 %199, %201
	%203 = bitcast i64 %202 to double
	%204 = fadd reassoc nsz contract double %192, %203
	%205 = bitcast double %204 to i64
	%206 = trunc i64 %205 to i32
	%207 = lshr i64 %205, 32
	%208 = trunc i64 %207 to i32
	%209 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %206, i32 2, i32 31)
	%210 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %208, i32 2, i32 31)
	%211 = zext i32 %209 to i64
	%212 = zext i32 %210 to i64
	%213 = shl i64 %212, 32
	%214 = or i64 %211, %213
	%215 = bitcast i64 %214 to double
	%216 = fadd reassoc nsz contract double %204, %215
	%217 = bitcast double %216 to i64
	%218 = trunc i64 %217 to i32
	%219 = lshr i64 %217, 32
	%220 = trunc i64 %219 to i32
	%221 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %218, i32 1, i32 31)
	%222 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %220, i32 1, i32 31)
	%223 = zext i32 %221 to i64
	%224 = zext i32 %222 to i64
	%225 = shl i64 %224, 32
	%226 = or i64 %223, %225
	%227 = bitcast i64 %226 to double
	%228 = fadd reassoc nsz contract double %216, %227
	%229 = icmp eq i32 %27, 0
	br i1 %229, label %final.15, label %block.end.12

final.15:
	%230 = atomicrmw fadd double addrspace(1)* %sum, double %228 syncscope("device") monotonic
	br label %block.end.12

warp.store.16:
	%231 = getelementptr inbounds [8 x i64], [8 x i64] addrspace(3)* @sh_hjc, i32 0, i32 %114
	store i64 %164, i64 addrspace(3)* %231
	br label %warp.join.17

warp.join.17:
	call void @llvm.nvvm.barrier0()
	%232 = icmp ult i32 %112, 32
	br i1 %232, label %first.warp.18, label %block.end.19

first.warp.18:
	%233 = icmp ult i32 %112, 8
	br i1 %233, label %first.load.20, label %first.merge.21

block.end.19:
	ret void

first.load.20:
	%234 = getelementptr inbounds [8 x i64], [8 x i64] addrspace(3)* @sh_hjc, i32 0, i32 %112
	%235 = load i64, i64 addrspace(3)* %234
	br label %first.merge.21

first.merge.21:
	%236 = phi i64 [ 0, %first.warp.18 ], [ %235, %first.load.20 ]
	%237 = trunc i64 %236 to i32
	%238 = lshr i64 %236, 32
	%239 = trunc i64 %238 to i32
	%240 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %237, i32 16, i32 31)
	%241 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %239, i32 16, i32 31)
	%242 = zext i32 %240 to i64
	%243 = zext i32 %241 to i64
	%244 = shl i64 %243, 32
	%245 = or i64 %242, %244
	%246 = add i64 %236, %245
	%247 = trunc i64 %246 to i32
	%248 = lshr i64 %246, 32
	%249 = trunc i64 %248 to i32
	%250 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %247, i32 8, i32 31)
	%251 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %249, i32 8, i32 31)
	%252 = zext i32 %250 to i64
	%253 = zext i32 %251 to i64
	%254 = shl i64 %253, 32
	%255 = or i64 %252, %254
	%256 = add i64 %246, %255
	%257 = trunc i64 %256 to i32
	%258 = lshr i64 %256, 32
	%259 = trunc i64 %258 to i32
	%260 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %257, i32 4, i32 31)
	%261 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %259, i32 4, i32 31)
	%262 = zext i32 %260 to i64
	%263 = zext i32 %261 to i64
	%264 = shl i64 %263, 32
	%265 = or i64 %262, %264
	%266 = add i64 %256, %265
	%267 = trunc i64 %266 to i32
	%268 = lshr i64 %266, 32
	%269 = trunc i64 %268 to i32
	%270 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %267, i32 2, i32 31)
	%271 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %269, i32 2, i32 31)
	%272 = zext i32 %270 to i64
	%273 = zext i32 %271 to i64
	%274 = shl i64 %273, 32
	%275 = or i64 %272, %274
	%276 = add i64 %266, %275
	%277 = trunc i64 %276 to i32
	%278 = lshr i64 %276, 32
	%279 = trunc i64 %278 to i32
	%280 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %277, i32 1, i32 31)
	%281 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %279, i32 1, i32 31)
	%282 = zext i32 %280 to i64
	%283 = zext i32 %281 to i64
	%284 = shl i64 %283, 32
	%285 = or i64 %282, %284
	%286 = add i64 %276, %285
	%287 = icmp eq i32 %112, 0
	br i1 %287, label %final.22, label %block.end.19

final.22:
	%288 = atomicrmw add i64 addrspace(1)* %cnt, i64 %286 syncscope("device") monotonic
	br label %block.end.19
}

declare i32 @llvm.nvvm.shfl.sync.down.i32(i32 %0, i32 %1, i32 %2, i32 %3) convergent nounwind

declare void @llvm.nvvm.barrier0() convergent nounwind

!nvvm.annotations = !{!0, !2}

!0 = !{void (i64 addrspace(1)*, i64 addrspace(1)*, i64 addrspace(1)*, i64 addrspace(1)*, i64, i64)* @hj_build, !"maxntidx", i32 256}
!1 = !{}
!2 = !{void (i64 addrspace(1)*, double addrspace(1)*, i64 addrspace(1)*, i64 addrspace(1)*, i64, i64, double addrspace(1)*, i64 addrspace(1)*)* @hj_probe, !"maxntidx", i32 256}
