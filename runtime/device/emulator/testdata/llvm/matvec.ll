target triple = "nvptx64-nvidia-cuda"

define ptx_kernel void @matvec(<4 x float> addrspace(1)* noalias nocapture readonly align 16 %w, <4 x float> addrspace(1)* noalias nocapture readonly align 16 %x, float addrspace(1)* noalias nocapture readonly align 16 %b, float addrspace(1)* nocapture %y, i64 %rows, i64 %cols4) nounwind {
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
	%12 = lshr i64 %8, 5
	%13 = lshr i64 %11, 5
	%14 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%15 = and i32 %14, 31
	%16 = zext i32 %15 to i64
	br label %head.1

head.1:
	%17 = phi i64 [ %12, %entry ], [ %63, %nx.8 ]
	%18 = icmp ult i64 %17, %rows
	br i1 %18, label %body.2, label %exit.3

body.2:
	%19 = mul i64 %17, %cols4
	br label %head.4

exit.3:
	ret void

head.4:
	%20 = phi i64 [ %16, %body.2 ], [ %29, %body.5 ]
	%21 = phi <4 x float> [ zeroinitializer, %body.2 ], [ %28, %body.5 ]
	%22 = icmp ult i64 %20, %cols4
	br i1 %22, label %body.5, label %exit.6

body.5:
	%23 = add i64 %19, %20
	%24 = getelementptr inbounds <4 x float>, <4 x float> addrspace(1)* %w, i64 %23
	%25 = load <4 x float>, <4 x float> addrspace(1)* %24, align 16, !invariant.load !1
	%26 = getelementptr inbounds <4 x float>, <4 x float> addrspace(1)* %x, i64 %20
	%27 = load <4 x float>, <4 x float> addrspace(1)* %26, align 16, !invariant.load !1
	%28 = call <4 x float> @llvm.fma.v4f32(<4 x float> %25, <4 x float> %27, <4 x float> %21)
	%29 = add nuw nsw i64 %20, 32
	br label %head.4

exit.6:
	%30 = extractelement <4 x float> %21, i32 0
	%31 = extractelement <4 x float> %21, i32 1
	%32 = fadd reassoc nsz contract float %30, %31
	%33 = extractelement <4 x float> %21, i32 2
	%34 = extractelement <4 x float> %21, i32 3
	%35 = fadd reassoc nsz contract float %33, %34
	%36 = fadd reassoc nsz contract float %32, %35
	%37 = bitcast float %36 to i32
	%38 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %37, i32 16, i32 31)
	%39 = bitcast i32 %38 to float
	%40 = fadd reassoc nsz contract float %36, %39
	%41 = bitcast float %40 to i32
	%42 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %41, i32 8, i32 31)
	%43 = bitcast i32 %42 to float
	%44 = fadd reassoc nsz contract float %40, %43
	%45 = bitcast float %44 to i32
	%46 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %45, i32 4, i32 31)
	%47 = bitcast i32 %46 to float
	%48 = fadd reassoc nsz contract float %44, %47
	%49 = bitcast float %48 to i32
	%50 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %49, i32 2, i32 31)
	%51 = bitcast i32 %50 to float
	%52 = fadd reassoc nsz contract float %48, %51
	%53 = bitcast float %52 to i32
	%54 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %53, i32 1, i32 31)
	%55 = bitcast i32 %54 to float
	%56 = fadd reassoc nsz contract float %52, %55
	%57 = icmp eq i64 %16, 0
	br i1 %57, label %st.7, label %nx.8

st.7:
	%58 = getelementptr inbounds float, float addrspace(1)* %b, i64 %17
	%59 = load float, float addrspace(1)* %58, align 4, !invariant.load !1
	%60 = fadd reassoc nsz contract float %56, %59
	%61 = call float @llvm.maxnum.f32(float %60, float 0.0)
	%62 = getelementptr inbounds float, float addrspace(1)* %y, i64 %17
	store float %61, float addrspace(1)* %62
	br label %nx.8

nx.8:
	%63 = add nuw nsw i64 %17, %13
	br label %head.1
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()

declare <4 x float> @llvm.fma.v4f32(<4 x float> %0, <4 x float> %1, <4 x float> %2)

declare i32 @llvm.nvvm.shfl.sync.down.i32(i32 %0, i32 %1, i32 %2, i32 %3) convergent nounwind

declare float @llvm.maxnum.f32(float %0, float %1)

!nvvm.annotations = !{!0}

!0 = !{void (<4 x float> addrspace(1)*, <4 x float> addrspace(1)*, float addrspace(1)*, float addrspace(1)*, i64, i64)* @matvec, !"maxntidx", i32 256}
!1 = !{}
