target triple = "nvptx64-nvidia-cuda"

@sh_i128 = internal addrspace(3) global [8 x i128] undef, align 16

define ptx_kernel void @q6i128(i64 addrspace(1)* noalias nocapture readonly align 16 %a, i64 addrspace(1)* noalias nocapture readonly align 16 %b, i128 addrspace(1)* nocapture %out, i64 %n) nounwind {
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
	%12 = phi i64 [ %8, %entry ], [ %23, %body.2 ]
	%13 = phi i128 [ 0, %entry ], [ %22, %body.2 ]
	%14 = icmp ult i64 %12, %n
	br i1 %14, label %body.2, label %exit.3

body.2:
	%15 = getelementptr inbounds i64, i64 addrspace(1)* %a, i64 %12
	%16 = load i64, i64 addrspace(1)* %15, align 8, !invariant.load !1
	%17 = sext i64 %16 to i128
	%18 = getelementptr inbounds i64, i64 addrspace(1)* %b, i64 %12
	%19 = load i64, i64 addrspace(1)* %18, align 8, !invariant.load !1
	%20 = sext i64 %19 to i128
	%21 = mul i128 %17, %20
	%22 = add i128 %13, %21
	%23 = add nuw nsw i64 %12, %11
	br label %head.1

exit.3:
	%24 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%25 = and i32 %24, 31
	%26 = lshr i32 %24, 5
	%27 = trunc i128 %13 to i64
	%28 = trunc i64 %27 to i32
	%29 = lshr i64 %27, 32
	%30 = trunc i64 %29 to i32
	%31 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %28, i32 16, i32 31)
	%32 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %30, i32 16, i32 31)
	%33 = zext i32 %31 to i64
	%34 = zext i32 %32 to i64
	%35 = shl i64 %34, 32
	%36 = or i64 %33, %35
	%37 = lshr i128 %13, 64
	%38 = trunc i128 %37 to i64
	%39 = trunc i64 %38 to i32
	%40 = lshr i64 %38, 32
	%41 = trunc i64 %40 to i32
	%42 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %39, i32 16, i32 31)
	%43 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %41, i32 16, i32 31)
	%44 = zext i32 %42 to i64
	%45 = zext i32 %43 to i64
	%46 = shl i64 %45, 32
	%47 = or i64 %44, %46
	%48 = zext i64 %36 to i128
	%49 = zext i64 %47 to i128
	%50 = shl i128 %49, 64
	%51 = or i128 %48, %50
	%52 = add i128 %13, %51
	%53 = trunc i128 %52 to i64
	%54 = trunc i64 %53 to i32
	%55 = lshr i64 %53, 32
	%56 = trunc i64 %55 to i32
	%57 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %54, i32 8, i32 31)
	%58 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %56, i32 8, i32 31)
	%59 = zext i32 %57 to i64
	%60 = zext i32 %58 to i64
	%61 = shl i64 %60, 32
	%62 = or i64 %59, %61
	%63 = lshr i128 %52, 64
	%64 = trunc i128 %63 to i64
	%65 = trunc i64 %64 to i32
	%66 = lshr i64 %64, 32
	%67 = trunc i64 %66 to i32
	%68 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %65, i32 8, i32 31)
	%69 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %67, i32 8, i32 31)
	%70 = zext i32 %68 to i64
	%71 = zext i32 %69 to i64
	%72 = shl i64 %71, 32
	%73 = or i64 %70, %72
	%74 = zext i64 %62 to i128
	%75 = zext i64 %73 to i128
	%76 = shl i128 %75, 64
	%77 = or i128 %74, %76
	%78 = add i128 %52, %77
	%79 = trunc i128 %78 to i64
	%80 = trunc i64 %79 to i32
	%81 = lshr i64 %79, 32
	%82 = trunc i64 %81 to i32
	%83 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %80, i32 4, i32 31)
	%84 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %82, i32 4, i32 31)
	%85 = zext i32 %83 to i64
	%86 = zext i32 %84 to i64
	%87 = shl i64 %86, 32
	%88 = or i64 %85, %87
	%89 = lshr i128 %78, 64
	%90 = trunc i128 %89 to i64
	%91 = trunc i64 %90 to i32
	%92 = lshr i64 %90, 32
	%93 = trunc i64 %92 to i32
	%94 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %91, i32 4, i32 31)
	%95 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %93, i32 4, i32 31)
	%96 = zext i32 %94 to i64
	%97 = zext i32 %95 to i64
	%98 = shl i64 %97, 32
	%99 = or i64 %96, %98
	%100 = zext i64 %88 to i128
	%101 = zext i64 %99 to i128
	%102 = shl i128 %101, 64
	%103 = or i128 %100, %102
	%104 = add i128 %78, %103
	%105 = trunc i128 %104 to i64
	%106 = trunc i64 %105 to i32
	%107 = lshr i64 %105, 32
	%108 = trunc i64 %107 to i32
	%109 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %106, i32 2, i32 31)
	%110 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %108, i32 2, i32 31)
	%111 = zext i32 %109 to i64
	%112 = zext i32 %110 to i64
	%113 = shl i64 %112, 32
	%114 = or i64 %111, %113
	%115 = lshr i128 %104, 64
	%116 = trunc i128 %115 to i64
	%117 = trunc i64 %116 to i32
	%118 = lshr i64 %116, 32
	%119 = trunc i64 %118 to i32
	%120 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %117, i32 2, i32 31)
	%121 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %119, i32 2, i32 31)
	%122 = zext i32 %120 to i64
	%123 = zext i32 %121 to i64
	%124 = shl i64 %123, 32
	%125 = or i64 %122, %124
	%126 = zext i64 %114 to i128
	%127 = zext i64 %125 to i128
	%128 = shl i128 %127, 64
	%129 = or i128 %126, %128
	%130 = add i128 %104, %129
	%131 = trunc i128 %130 to i64
	%132 = trunc i64 %131 to i32
	%133 = lshr i64 %131, 32
	%134 = trunc i64 %133 to i32
	%135 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %132, i32 1, i32 31)
	%136 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %134, i32 1, i32 31)
	%137 = zext i32 %135 to i64
	%138 = zext i32 %136 to i64
	%139 = shl i64 %138, 32
	%140 = or i64 %137, %139
	%141 = lshr i128 %130, 64
	%142 = trunc i128 %141 to i64
	%143 = trunc i64 %142 to i32
	%144 = lshr i64 %142, 32
	%145 = trunc i64 %144 to i32
	%146 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %143, i32 1, i32 31)
	%147 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %145, i32 1, i32 31)
	%148 = zext i32 %146 to i64
	%149 = zext i32 %147 to i64
	%150 = shl i64 %149, 32
	%151 = or i64 %148, %150
	%152 = zext i64 %140 to i128
	%153 = zext i64 %151 to i128
	%154 = shl i128 %153, 64
	%155 = or i128 %152, %154
	%156 = add i128 %130, %155
	%157 = icmp eq i32 %25, 0
	br i1 %157, label %warp.store.4, label %warp.join.5

warp.store.4:
	%158 = getelementptr inbounds [8 x i128], [8 x i128] addrspace(3)* @sh_i128, i32 0, i32 %26
	store i128 %156, i128 addrspace(3)* %158
	br label %warp.join.5

warp.join.5:
	call void @llvm.nvvm.barrier0()
	%159 = icmp ult i32 %24, 32
	br i1 %159, label %first.warp.6, label %block.end.7

first.warp.6:
	%160 = icmp ult i32 %24, 8
	br i1 %160, label %first.load.8, label %first.merge.9

block.end.7:
	ret void

first.load.8:
	%161 = getelementptr inbounds [8 x i128], [8 x i128] addrspace(3)* @sh_i128, i32 0, i32 %24
	%162 = load i128, i128 addrspace(3)* %161
	br label %first.merge.9

first.merge.9:
	%163 = phi i128 [ 0, %first.warp.6 ], [ %162, %first.load.8 ]
	%164 = trunc i128 %163 to i64
	%165 = trunc i64 %164 to i32
	%166 = lshr i64 %164, 32
	%167 = trunc i64 %166 to i32
	%168 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %165, i32 16, i32 31)
	%169 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %167, i32 16, i32 31)
	%170 = zext i32 %168 to i64
	%171 = zext i32 %169 to i64
	%172 = shl i64 %171, 32
	%173 = or i64 %170, %172
	%174 = lshr i128 %163, 64
	%175 = trunc i128 %174 to i64
	%176 = trunc i64 %175 to i32
	%177 = lshr i64 %175, 32
	%178 = trunc i64 %177 to i32
	%179 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %176, i32 16, i32 31)
	%180 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %178, i32 16, i32 31)
	%181 = zext i32 %179 to i64
	%182 = zext i32 %180 to i64
	%183 = shl i64 %182, 32
	%184 = or i64 %181, %183
	%185 = zext i64 %173 to i128
	%186 = zext i64 %184 to i128
	%187 = shl i128 %186, 64
	%188 = or i128 %185, %187
	%189 = add i128 %163, %188
	%190 = trunc i128 %189 to i64
	%191 = trunc i64 %190 to i32
	%192 = lshr i64 %190, 32
	%193 = trunc i64 %192 to i32
	%194 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %191, i32 8, i32 31)
	%195 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %193, i32 8, i32 31)
	%196 = zext i32 %194 to i64
	%197 = zext i32 %195 to i64
	%198 = shl i64 %197, 32
	%199 = or i64 %196, %198
	%200 = lshr i128 %189, 64
	%201 = trunc i128 %200 to i64
	%202 = trunc i64 %201 to i32
	%203 = lshr i64 %201, 32
	%204 = trunc i64 %203 to i32
	%205 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %202, i32 8, i32 31)
	%206 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %204, i32 8, i32 31)
	%207 = zext i32 %205 to i64
	%208 = zext i32 %206 to i64
	%209 = shl i64 %208, 32
	%210 = or i64 %207, %209
	%211 = zext i64 %199 to i128
	%212 = zext i64 %210 to i128
	%213 = shl i128 %212, 64
	%214 = or i128 %211, %213
	%215 = add i128 %189, %214
	%216 = trunc i128 %215 to i64
	%217 = trunc i64 %216 to i32
	%218 = lshr i64 %216, 32
	%219 = trunc i64 %218 to i32
	%220 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %217, i32 4, i32 31)
	%221 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %219, i32 4, i32 31)
	%222 = zext i32 %220 to i64
	%223 = zext i32 %221 to i64
	%224 = shl i64 %223, 32
	%225 = or i64 %222, %224
	%226 = lshr i128 %215, 64
	%227 = trunc i128 %226 to i64
	%228 = trunc i64 %227 to i32
	%229 = lshr i64 %227, 32
	%230 = trunc i64 %229 to i32
	%231 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %228, i32 4, i32 31)
	%232 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %230, i32 4, i32 31)
	%233 = zext i32 %231 to i64
	%234 = zext i32 %232 to i64
	%235 = shl i64 %234, 32
	%236 = or i64 %233, %235
	%237 = zext i64 %225 to i128
	%238 = zext i64 %236 to i128
	%239 = shl i128 %238, 64
	%240 = or i128 %237, %239
	%241 = add i128 %215, %240
	%242 = trunc i128 %241 to i64
	%243 = trunc i64 %242 to i32
	%244 = lshr i64 %242, 32
	%245 = trunc i64 %244 to i32
	%246 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %243, i32 2, i32 31)
	%247 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %245, i32 2, i32 31)
	%248 = zext i32 %246 to i64
	%249 = zext i32 %247 to i64
	%250 = shl i64 %249, 32
	%251 = or i64 %248, %250
	%252 = lshr i128 %241, 64
	%253 = trunc i128 %252 to i64
	%254 = trunc i64 %253 to i32
	%255 = lshr i64 %253, 32
	%256 = trunc i64 %255 to i32
	%257 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %254, i32 2, i32 31)
	%258 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %256, i32 2, i32 31)
	%259 = zext i32 %257 to i64
	%260 = zext i32 %258 to i64
	%261 = shl i64 %260, 32
	%262 = or i64 %259, %261
	%263 = zext i64 %251 to i128
	%264 = zext i64 %262 to i128
	%265 = shl i128 %264, 64
	%266 = or i128 %263, %265
	%267 = add i128 %241, %266
	%268 = trunc i128 %267 to i64
	%269 = trunc i64 %268 to i32
	%270 = lshr i64 %268, 32
	%271 = trunc i64 %270 to i32
	%272 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %269, i32 1, i32 31)
	%273 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %271, i32 1, i32 31)
	%274 = zext i32 %272 to i64
	%275 = zext i32 %273 to i64
	%276 = shl i64 %275, 32
	%277 = or i64 %274, %276
	%278 = lshr i128 %267, 64
	%279 = trunc i128 %278 to i64
	%280 = trunc i64 %279 to i32
	%281 = lshr i64 %279, 32
	%282 = trunc i64 %281 to i32
	%283 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %280, i32 1, i32 31)
	%284 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %282, i32 1, i32 31)
	%285 = zext i32 %283 to i64
	%286 = zext i32 %284 to i64
	%287 = shl i64 %286, 32
	%288 = or i64 %285, %287
	%289 = zext i64 %277 to i128
	%290 = zext i64 %288 to i128
	%291 = shl i128 %290, 64
	%292 = or i128 %289, %291
	%293 = add i128 %267, %292
	%294 = icmp eq i32 %24, 0
	br i1 %294, label %final.10, label %block.end.7

final.10:
	%295 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
	%296 = zext i32 %295 to i64
	%297 = getelementptr inbounds i128, i128 addrspace(1)* %out, i64 %296
	store i128 %293, i128 addrspace(1)* %297, align 16
	br label %block.end.7
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()

declare i32 @llvm.nvvm.shfl.sync.down.i32(i32 %0, i32 %1, i32 %2, i32 %3) convergent nounwind

declare void @llvm.nvvm.barrier0() convergent nounwind

!nvvm.annotations = !{!0}

!0 = !{void (i64 addrspace(1)*, i64 addrspace(1)*, i128 addrspace(1)*, i64)* @q6i128, !"maxntidx", i32 256}
!1 = !{}
