target triple = "nvptx64-nvidia-cuda"

define ptx_kernel void @exp64(double addrspace(1)* noalias nocapture readonly align 16 %x, double addrspace(1)* nocapture %o, i64 %n) nounwind {
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
	%12 = phi i64 [ %8, %entry ], [ %51, %body.2 ]
	%13 = icmp ult i64 %12, %n
	br i1 %13, label %body.2, label %exit.3

body.2:
	%14 = getelementptr inbounds double, double addrspace(1)* %x, i64 %12
	%15 = load double, double addrspace(1)* %14, align 8, !invariant.load !1
	%16 = fmul double %15, 0x3FF71547652B82FE
	%17 = call double @llvm.rint.f64(double %16)
	%18 = call double @llvm.fma.f64(double %17, double 0xBFE62E42FEE00000, double %15)
	%19 = call double @llvm.fma.f64(double %17, double 0xBDEA39EF35793C76, double %18)
	%20 = call double @llvm.fma.f64(double 0x3DE6124613A86D09, double %19, double 0x3E21EED8EFF8D898)
	%21 = call double @llvm.fma.f64(double %20, double %19, double 0x3E5AE64567F544E4)
	%22 = call double @llvm.fma.f64(double %21, double %19, double 0x3E927E4FB7789F5C)
	%23 = call double @llvm.fma.f64(double %22, double %19, double 0x3EC71DE3A556C734)
	%24 = call double @llvm.fma.f64(double %23, double %19, double 0x3EFA01A01A01A01A)
	%25 = call double @llvm.fma.f64(double %24, double %19, double 0x3F2A01A01A01A01A)
	%26 = call double @llvm.fma.f64(double %25, double %19, double 0x3F56C16C16C16C17)
	%27 = call double @llvm.fma.f64(double %26, double %19, double 0x3F81111111111111)
	%28 = call double @llvm.fma.f64(double %27, double %19, double 0x3FA5555555555555)
	%29 = call double @llvm.fma.f64(double %28, double %19, double 0x3FC5555555555555)
	%30 = call double @llvm.fma.f64(double %29, double %19, double 0.5)
	%31 = call double @llvm.fma.f64(double %30, double %19, double 1.0)
	%32 = call double @llvm.fma.f64(double %31, double %19, double 1.0)
	%33 = fptosi double %17 to i32
	%34 = ashr i32 %33, 1
	%35 = add i32 %34, 1023
	%36 = zext i32 %35 to i64
	%37 = shl i64 %36, 52
	%38 = bitcast i64 %37 to double
	%39 = fmul double %32, %38
	%40 = sub i32 %33, %34
	%41 = add i32 %40, 1023
	%42 = zext i32 %41 to i64
	%43 = shl i64 %42, 52
	%44 = bitcast i64 %43 to double
	%45 = fmul double %39, %44
	%46 = fcmp olt double %15, 0xC08749999999999A
	%47 = fcmp ogt double %15, 0x40862E51EB851EB8
	%48 = select i1 %46, double 0.0, double %45
	%49 = select i1 %47, double 0x7FF0000000000000, double %48
	%50 = getelementptr inbounds double, double addrspace(1)* %o, i64 %12
	store double %49, double addrspace(1)* %50
	%51 = add nuw nsw i64 %12, %11
	br label %head.1

exit.3:
	ret void
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()

declare double @llvm.fma.f64(double %0, double %1, double %2)

declare double @llvm.rint.f64(double %0)

!nvvm.annotations = !{!0}

!0 = !{void (double addrspace(1)*, double addrspace(1)*, i64)* @exp64, !"maxntidx", i32 256}
!1 = !{}
