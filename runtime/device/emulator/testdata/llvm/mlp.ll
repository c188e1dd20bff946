target triple = "nvptx64-nvidia-cuda"

@smem = external addrspace(3) global [0 x float], align 16
@sh_mlp = internal addrspace(3) global [8 x float] undef, align 16

define ptx_kernel void @mlp(float addrspace(1)* noalias nocapture readonly align 16 %x, float addrspace(1)* noalias nocapture readonly align 16 %w1, float addrspace(1)* noalias nocapture readonly align 16 %b1, float addrspace(1)* noalias nocapture readonly align 16 %w2, float addrspace(1)* nocapture %y, float %b2, i32 %din, i32 %dh) nounwind {
entry:
	%0 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%1 = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
	%2 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
	%3 = zext i32 %2 to i64
	%4 = zext i32 %din to i64
	%5 = mul i64 %3, %4
	br label %head.1

head.1:
	%6 = phi i32 [ %0, %entry ], [ %13, %body.2 ]
	%7 = icmp ult i32 %6, %din
	br i1 %7, label %body.2, label %exit.3

body.2:
	%8 = zext i32 %6 to i64
	%9 = add i64 %5, %8
	%10 = getelementptr inbounds float, float addrspace(1)* %x, i64 %9
	%11 = load float, float addrspace(1)* %10, align 4, !invariant.load !1
	%12 = getelementptr [0 x float], [0 x float] addrspace(3)* @smem, i32 0, i32 %6
	store float %11, float addrspace(3)* %12
	%13 = add nuw nsw i32 %6, %1
	br label %head.1

exit.3:
	call void @llvm.nvvm.barrier0()
	br label %head.4

head.4:
	%14 = phi i32 [ %0, %exit.3 ], [ %64, %exit.9 ]
	%15 = phi float [ 0.0, %exit.3 ], [ %63, %exit.9 ]
	%16 = icmp ult i32 %14, %dh
	br i1 %16, label %body.5, label %exit.6

body.5:
	br label %head.7

exit.6:
	%17 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%18 = and i32 %17, 31
	%19 = lshr i32 %17, 5
	%20 = bitcast float %15 to i32
	%21 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %20, i32 16, i32 31)
	%22 = bitcast i32 %21 to float
	%23 = fadd reassoc nsz contract float %15, %22
	%24 = bitcast float %23 to i32
	%25 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %24, i32 8, i32 31)
	%26 = bitcast i32 %25 to float
	%27 = fadd reassoc nsz contract float %23, %26
	%28 = bitcast float %27 to i32
	%29 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %28, i32 4, i32 31)
	%30 = bitcast i32 %29 to float
	%31 = fadd reassoc nsz contract float %27, %30
	%32 = bitcast float %31 to i32
	%33 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %32, i32 2, i32 31)
	%34 = bitcast i32 %33 to float
	%35 = fadd reassoc nsz contract float %31, %34
	%36 = bitcast float %35 to i32
	%37 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %36, i32 1, i32 31)
	%38 = bitcast i32 %37 to float
	%39 = fadd reassoc nsz contract float %35, %38
	%40 = icmp eq i32 %18, 0
	br i1 %40, label %warp.store.10, label %warp.join.11

head.7:
	%41 = phi i32 [ 0, %body.5 ], [ %53, %body.8 ]
	%42 = phi float [ 0.0, %body.5 ], [ %52, %body.8 ]
	%43 = icmp ult i32 %41, %din
	br i1 %43, label %body.8, label %exit.9

body.8:
	%44 = mul i32 %41, %dh
	%45 = add i32 %44, %14
	%46 = zext i32 %45 to i64
	%47 = getelementptr inbounds float, float addrspace(1)* %w1, i64 %46
	%48 = load float, float addrspace(1)* %47, align 4, !invariant.load !1
	%49 = getelementptr [0 x float], [0 x float] addrspace(3)* @smem, i32 0, i32 %41
	%50 = load float, float addrspace(3)* %49
	%51 = fmul reassoc contract float %48, %50
	%52 = fadd reassoc nsz contract float %42, %51
	%53 = add nuw nsw i32 %41, 1
	br label %head.7

exit.9:
	%54 = zext i32 %14 to i64
	%55 = getelementptr inbounds float, float addrspace(1)* %b1, i64 %54
	%56 = load float, float addrspace(1)* %55, align 4, !invariant.load !1
	%57 = fadd reassoc nsz contract float %42, %56
	%58 = call float @llvm.maxnum.f32(float %57, float 0.0)
	%59 = zext i32 %14 to i64
	%60 = getelementptr inbounds float, float addrspace(1)* %w2, i64 %59
	%61 = load float, float addrspace(1)* %60, align 4, !invariant.load !1
	%62 = fmul reassoc contract float %58, %61
	%63 = fadd reassoc nsz contract float %15, %62
	%64 = add nuw nsw i32 %14, %1
	br label %head.4

warp.store.10:
	%65 = getelementptr inbounds [8 x float], [8 x float] addrspace(3)* @sh_mlp, i32 0, i32 %19
	store float %39, float addrspace(3)* %65
	br label %warp.join.11

warp.join.11:
	call void @llvm.nvvm.barrier0()
	%66 = icmp ult i32 %17, 32
	br i1 %66, label %first.warp.12, label %block.end.13

first.warp.12:
	%67 = icmp ult i32 %17, 8
	br i1 %67, label %first.load.14, label %first.merge.15

block.end.13:
	ret void

first.load.14:
	%68 = getelementptr inbounds [8 x float], [8 x float] addrspace(3)* @sh_mlp, i32 0, i32 %17
	%69 = load float, float addrspace(3)* %68
	br label %first.merge.15

first.merge.15:
	%70 = phi float [ 0.0, %first.warp.12 ], [ %69, %first.load.14 ]
	%71 = bitcast float %70 to i32
	%72 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %71, i32 16, i32 31)
	%73 = bitcast i32 %72 to float
	%74 = fadd reassoc nsz contract float %70, %73
	%75 = bitcast float %74 to i32
	%76 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %75, i32 8, i32 31)
	%77 = bitcast i32 %76 to float
	%78 = fadd reassoc nsz contract float %74, %77
	%79 = bitcast float %78 to i32
	%80 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %79, i32 4, i32 31)
	%81 = bitcast i32 %80 to float
	%82 = fadd reassoc nsz contract float %78, %81
	%83 = bitcast float %82 to i32
	%84 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %83, i32 2, i32 31)
	%85 = bitcast i32 %84 to float
	%86 = fadd reassoc nsz contract float %82, %85
	%87 = bitcast float %86 to i32
	%88 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %87, i32 1, i32 31)
	%89 = bitcast i32 %88 to float
	%90 = fadd reassoc nsz contract float %86, %89
	%91 = icmp eq i32 %17, 0
	br i1 %91, label %final.16, label %block.end.13

final.16:
	%92 = fadd reassoc nsz contract float %90, %b2
	%93 = fmul float %92, 0xBFF7154760000000
	%94 = call float @llvm.nvvm.ex2.approx.f(float %93)
	%95 = fadd float %94, 1.0
	%96 = fdiv float 1.0, %95
	%97 = zext i32 %2 to i64
	%98 = getelementptr inbounds float, float addrspace(1)* %y, i64 %97
	store float %96, float addrspace(1)* %98
	br label %block.end.13
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare void @llvm.nvvm.barrier0() convergent nounwind

declare float @llvm.maxnum.f32(float %0, float %1)

declare i32 @llvm.nvvm.shfl.sync.down.i32(i32 %0, i32 %1, i32 %2, i32 %3) convergent nounwind

declare float @llvm.nvvm.ex2.approx.f(float %0)

!nvvm.annotations = !{!0}

!0 = !{void (float addrspace(1)*, float addrspace(1)*, float addrspace(1)*, float addrspace(1)*, float addrspace(1)*, float, i32, i32)* @mlp, !"maxntidx", i32 256}
!1 = !{}
